/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_TRAIL_NEEDS_H
#define CARDWATCH_CORE_TRAIL_NEEDS_H

#include <stdbool.h>
#include <stdint.h>

#include "expr_node.h"

/*
 * Trail needs: what of a card's past rules ask for.
 */

#define CW_FIELD_COUNT (CW_FIELD_CARD + 1)

struct cw_trail_needs {
        int64_t window_ms[CW_FIELD_COUNT]; /* the longest window over that field, 0: none */
        uint16_t kept; /* fields whose last change matters (unchanged), a bit each */
};

struct cw_rule;

/* Adds what the rule's expressions need, by its parameters' defaults and every override. */
void cw_rule_needs(const struct cw_rule *rule, struct cw_trail_needs *needs);

bool cw_trail_needs_any(const struct cw_trail_needs *needs);

/* How far back the changes must be handed in again for a trail that is the same: a little more than the longest window,
 * because a span that reaches into it is recalled whole. INT64_MAX: everything that is known (unchanged). */
int64_t cw_trail_needs_recall_ms(const struct cw_trail_needs *needs);

#endif
