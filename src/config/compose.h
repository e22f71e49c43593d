/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_COMPOSE_H
#define CARDWATCH_CONFIG_COMPOSE_H

#include "draft.h"

/*
 * Compose: from what was read to what is meant: everything that concerns more than one key. Each part goes through all
 * of its things, complains about each, and leaves the ruleset in a state that can be let go of, whatever was wrong.
 */

struct cw_composer {
        struct cw_reader *reader;
        struct cw_draft *draft;
        struct cw_ruleset *rules;
        const struct cw_document *main;
};

/* Warnings and errors about the file as a whole. */
void cw_compose_complain(struct cw_composer *composer, bool warning, const char *message);

/* Whether the main file says nothing at the key, or an empty list: what else stands there was complained about. */
bool cw_compose_is_absent(const struct cw_composer *composer, const char *key);

/* Complains about the second of two things with one name. `name_of` gives the name's node of the i-th, or NULL. */
typedef const struct cw_node *(*cw_compose_name_fn)(const struct cw_draft *draft, size_t i);
void cw_compose_unique(struct cw_composer *composer, const char *what, size_t n, cw_compose_name_fn name_of);

void cw_compose_sources(struct cw_composer *composer);
void cw_compose_rules(struct cw_composer *composer);
void cw_compose_builtins(struct cw_composer *composer);
void cw_compose_notifiers(struct cw_composer *composer);
void cw_compose_windows(struct cw_composer *composer);
void cw_compose_digests(struct cw_composer *composer);
void cw_compose_inhibitions(struct cw_composer *composer);
void cw_compose_route(struct cw_composer *composer);

/* Paths of a TLS mapping: resolved, and there. `mapping` may be NULL. */
void cw_compose_tls(struct cw_composer *composer, const struct cw_node *mapping, struct cw_config_tls *tls);

#endif
