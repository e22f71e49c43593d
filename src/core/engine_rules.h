/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_RULES_H
#define CARDWATCH_CORE_ENGINE_RULES_H

#include "engine_state.h"

/*
 * Another ruleset (engine_rules.c).
 */

void cw_engine_set_rules(struct cw_engine *engine, struct cw_ruleset *rules);
/* What follows from the difference between the rules in force and those before: only names and meanings of these are
 * looked at. */
void cw_engine_compare_rules(struct cw_engine *engine, const struct cw_ruleset *before);
/* The rows of rules that are not fresh. */
void cw_engine_remember_settled_rules(struct cw_engine *engine);
/* A rule that is in force under this name, or SIZE_MAX. */
size_t cw_engine_rule_index(const struct cw_engine *engine, const char *name);

#endif
