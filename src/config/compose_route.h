/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_COMPOSE_ROUTE_H
#define CARDWATCH_CONFIG_COMPOSE_ROUTE_H

#include "compose.h"

/*
 * What the parts share that compose routes and what holds back: lists of names, and what alerts must be.
 */

/* A list of names of things that must be there. */
struct cw_name_list {
        const struct cw_node *node; /* NULL: nothing is said */
        const char *key; /* for complaints */
        const char *what; /* "notifier" */
        const char *(*name_of)(const struct cw_ruleset *rules, size_t i); /* NULL behind the last */
};

/* Their places; what is wrong is complained about and left out, *ret_whole then false. */
void cw_compose_names(struct cw_composer *composer, const struct cw_name_list *list, size_t **ret_places, size_t *ret_n,
                      bool *ret_whole);

const char *cw_compose_notifier_name(const struct cw_ruleset *rules, size_t i);
const char *cw_compose_window_name(const struct cw_ruleset *rules, size_t i);

/* Complains that there is none of that name, and says what was probably meant. */
void cw_compose_dangling(struct cw_composer *composer, const struct cw_node *node, const struct cw_name_list *list);

/* The i-th of a list of texts, or the one that stands for it; NULL behind the last. Complains about what is none. */
const struct cw_node *cw_compose_text_item(struct cw_reader *reader, const struct cw_node *node, const char *key,
                                           size_t i);

/* Complains about a name that is none of these (separated by commas) nor a label's. */
void cw_compose_no_key(struct cw_composer *composer, const struct cw_node *node, const char *keys);

/* Whether a rule has a label of the name. */
bool cw_compose_has_label(const struct cw_ruleset *rules, const char *name);

/* Moves what was read into the filter; rules and sources must be there. `mapping` may be NULL. */
void cw_compose_filter(struct cw_composer *composer, struct cw_filter_draft *draft, const struct cw_node *mapping,
                       struct cw_filter *filter);

/* compose_fallback.c: when all notifiers are there. */
void cw_compose_fallbacks(struct cw_composer *composer);
/* Of a rate: how long a token takes, 0: no limit. */
int64_t cw_compose_token_ms(const char *rate);

#endif
