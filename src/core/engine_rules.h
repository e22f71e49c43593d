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
/* What fires gets the labels and words of its rule as it is now; before the policy asks who hears of it. */
void cw_engine_dress_alerts(struct cw_engine *engine);
/* And its severity, which is told like any change of it. */
void cw_engine_grade_alerts(struct cw_engine *engine);
/* The rows of rules that are not fresh. */
void cw_engine_remember_settled_rules(struct cw_engine *engine);
/* A rule that is in force under this name, or SIZE_MAX. */
size_t cw_engine_rule_index(const struct cw_engine *engine, const char *name);

#endif
