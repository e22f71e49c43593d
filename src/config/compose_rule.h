/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_COMPOSE_RULE_H
#define CARDWATCH_CONFIG_COMPOSE_RULE_H

#include "compose.h"

/*
 * Compose rule: the parts of one rule that stands in the ruleset already, each in a file of its own: what it is about,
 * its parameters and their overrides, its conditions and the life of its alerts, and what of it is right but doubtful.
 */

/* The name of the source that the first `len` bytes name, or NULL. */
const char *cw_compose_source(const struct cw_composer *composer, const char *name, size_t len);

/* What rows cannot say about a match: sources that exist, currencies in upper case. `node` may be NULL. */
void cw_compose_match(struct cw_composer *composer, const struct cw_node *node, struct cw_match *match);

/* The parameters and overrides. */
void cw_compose_params(struct cw_composer *composer, const struct cw_rule_draft *draft, const struct cw_where *where,
                       struct cw_rule *rule);

/* Fills an override's table from a file of rows; `node` is its path as written. */
void cw_compose_csv(struct cw_composer *composer, const struct cw_node *node, const char *path,
                    const struct cw_rule *rule, struct cw_override *override);

/* A value that somebody else gives a parameter: of the parameter's type, or what that says in another way. */
bool cw_compose_fits(const struct cw_value *param, struct cw_value *value);

/* Conditions, levels or the event, and the keys that go with them. */
void cw_compose_life(struct cw_composer *composer, const struct cw_rule_draft *draft, const struct cw_where *where,
                     struct cw_rule *rule);

/* Warns of what can be meant so and probably is not. */
void cw_compose_doubts(struct cw_composer *composer, const struct cw_rule_draft *draft, const struct cw_rule *rule);

#endif
