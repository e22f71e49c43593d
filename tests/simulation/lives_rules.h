/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_LIVES_RULES_H
#define CARDWATCH_TESTS_LIVES_RULES_H

#include "chance.h"
#include "ruleset.h"

/*
 * Random rulesets with everything that a rule's life depends on.
 */

/* Other rules, routes as they are. `timeless`: of those that know no past. */
void lives_draw_rules(struct chance *chance, struct ruleset_spec *spec, bool timeless);
/* Notifiers n0 and n1, clocks of groups. `ret_no_ends` by their number. */
void lives_draw_route(struct chance *chance, struct ruleset_spec *spec, bool *ret_no_ends);

/* What a failing seed is played with. */
void lives_print(const struct ruleset_spec *spec);

#endif
