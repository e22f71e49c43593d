/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_H
#define CARDWATCH_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/config_notifier.h"
#include "cardwatch/config_report.h"
#include "cardwatch/log.h"
#include "cardwatch/rules.h"

struct cw_buf;
struct cw_secret;

/*
 * Config: the YAML file as checked structs.
 *
 * Reads the file and its includes, checks every key against one table (which also gives defaults, documentation and
 * `config --defaults`), compiles the rules, resolves names and secrets, and reports every mistake in one pass with its
 * place (config_report.h). Everything is owned by the cw_config; the ruleset in it is counted and outlives it where it
 * is still used.
 */

enum cw_secret_origin { CW_SECRET_PLAIN, CW_SECRET_ENV, CW_SECRET_FILE, CW_SECRET_CREDENTIAL };

struct cw_config_watch {
        int64_t *customers;
        size_t n_customers;
        int64_t every_ms;
};

struct cw_config_source {
        char *name, *url, *username;
        struct cw_secret *password, *api_key, *totp_secret, *otp;
        bool otp_single_use;
        int64_t every_ms, timeout_ms;
        uint32_t page_size, concurrency, retries, missing_after, stale_after;
        uint64_t max_response;
        char *proxy;
        struct cw_secret *heartbeat; /* an address; NULL: none */
        struct cw_config_tls tls;
        struct cw_config_watch *watches;
        size_t n_watches;
        uint32_t suspect_above; /* thousandths of a percent; 0: off */
};

/* Where the control socket is unless the file says otherwise. */
#define CW_CONFIG_CONTROL_SOCKET "/run/cardwatch/control.sock"

struct cw_config {
        char *path;
        char *timezone; /* NULL: the system's */
        enum cw_log_level log_level;
        enum cw_log_format log_format;
        char *store_path;
        int64_t keep_history_ms, keep_audit_ms;
        uint64_t max_store_bytes;
        char *control_socket; /* NULL: none */
        char *external_url;
        struct cw_config_source *sources;
        size_t n_sources;
        struct cw_config_notifier *notifiers;
        size_t n_notifiers;
        struct cw_label *templates; /* partials, by name */
        size_t n_templates;
        struct cw_ruleset *rules;
        char hash[33]; /* of the meaning of the file, secrets left out */
};

/* The templates of a configuration that is being loaded. */
struct cw_config_texts;

/* Looks at them for whoever can read them, and complains; called once in a load. 0 or -ENOMEM. */
typedef int cw_config_text_check(struct cw_config_texts *texts);

struct cw_config_load_options {
        bool offline; /* no secret needs to exist */
        const char *system_zone; /* TZ as the process found it, "" for none; NULL: as it is now */
        cw_config_text_check *check_texts; /* NULL: templates are taken as they are */
        struct cw_buf
                *shown; /* gets all of it, defaults included and secrets concealed, if it is right; NULL: not wanted */
};

/* 0: right (warnings may stand in the report). -EINVAL: mistakes, all in the report. -ENOMEM. */
int cw_config_load(const char *path, const struct cw_config_load_options *options, struct cw_config **ret_config,
                   struct cw_config_report *report) __attribute__((warn_unused_result));
void cw_config_free(struct cw_config *config);

enum cw_config_text {
        CW_TEXT_PARTIAL, /* of `templates`, the i-th */
        CW_TEXT_SUMMARY, /* of the i-th rule */
        CW_TEXT_DESCRIPTION,
        CW_TEXT_TITLE, /* of the i-th notifier */
        CW_TEXT_BODY,
        CW_TEXT_KINDS
};

size_t cw_config_text_count(const struct cw_config_texts *texts, enum cw_config_text kind);

/* NULL: it is not given. */
const char *cw_config_text(const struct cw_config_texts *texts, enum cw_config_text kind, size_t i);

/* Of the i-th partial. */
const char *cw_config_text_name(const struct cw_config_texts *texts, size_t i);

/* `offset` is in bytes of the text. */
void cw_config_text_complain(struct cw_config_texts *texts, enum cw_config_text kind, size_t i, size_t offset,
                             const char *message);

/* Appends every supported key with its default and a line of help, as valid annotated YAML. */
void cw_config_defaults(struct cw_buf *buf);

/* Appends the same table as mdoc list items for the man page; tests compare it with packaging/man. */
void cw_config_man(struct cw_buf *buf);

#endif
