/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SETTINGS_H
#define CARDWATCH_SETTINGS_H

#include <stddef.h>

#include "cardwatch/config.h"
#include "cardwatch/sink.h"
#include "cardwatch/source.h"

struct cw_log;
struct cw_loop;
struct cw_wire;

/*
 * Settings: a checked configuration in the shapes that the layers below ask for.
 *
 * The configuration knows files, the sources and sinks know their own options; this is the one place that translates.
 * Counted, because a delivery under way goes on with the settings it began with while a reload brings new ones. Owns
 * the configuration.
 */

struct cw_notifier {
        struct cw_sink_options options; /* borrows from the configuration, and from what follows */
        struct cw_template *title, *body;
        struct cw_http_header *headers;
        struct cw_sink_customer *customers;
        struct cw_wire *wire; /* made when first needed */
        struct cw_wire_target target; /* of syslog and file */
        char *target_text; /* what the target points into */
};

struct cw_settings {
        unsigned refs;
        struct cw_config *config;
        struct cw_notifier *notifiers; /* as in the configuration and the ruleset */
        size_t n_notifiers;
        struct cw_templates *templates; /* compiled */
        struct cw_source_watch *watches; /* of all sources, one after the other */
};

/* Takes the configuration over, also on failure. -EINVAL: a target or a template that is none. -ENOMEM. */
int cw_settings_new(struct cw_config *config, struct cw_settings **ret_settings) __attribute__((warn_unused_result));
struct cw_settings *cw_settings_ref(struct cw_settings *settings);
void cw_settings_unref(struct cw_settings *settings);

/* The options of a source, without its faster lane; borrowed from its configuration. */
struct cw_source_options cw_settings_source(const struct cw_config_source *source);

/* Likewise, with the faster lane; borrowed from the settings. */
struct cw_source_options cw_settings_watching_source(const struct cw_settings *settings, size_t source);

/* Whether two sources are asked alike in everything, secrets included. */
bool cw_settings_same_source(const struct cw_config_source *a, const struct cw_config_source *b);

/* What differs that a running daemon cannot change, and that it needs a restart, in a literal; NULL: nothing. */
const char *cw_settings_fixed_part(const struct cw_settings *before, const struct cw_settings *after);

/* Closes the wires of these notifiers: before their loop is freed. */
void cw_settings_close_wires(struct cw_notifier *notifiers, size_t n);

/* The wire of a syslog or file notifier, made when first asked for. */
int cw_settings_wire(struct cw_notifier *notifier, struct cw_loop *loop, struct cw_wire **ret_wire)
        __attribute__((warn_unused_result));

/*
 * Loads, checks and translates a configuration, its templates included. The report tells every mistake.
 * -EINVAL: mistakes. -ENOMEM.
 */
int cw_settings_load(const char *path, const struct cw_config_load_options *options, struct cw_settings **ret_settings,
                     struct cw_config_report *report) __attribute__((warn_unused_result));

/* What was found, a line of the log each. */
void cw_settings_log_report(struct cw_log *log, const struct cw_config_report *report);

#endif
