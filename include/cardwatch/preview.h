/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_PREVIEW_H
#define CARDWATCH_PREVIEW_H

#include <stddef.h>
#include <stdint.h>

#include "cardwatch/card.h"
#include "cardwatch/rules.h"

/*
 * Preview: what the rules would make of cards that were just read, before anybody is told.
 *
 * Evaluates every condition on every card as a first observation would, and counts by rule and currency: what would
 * fire, what of it was never funded (all balances zero), and what a deactivated card would have made fire if it were
 * looked at. Pure; keeps the worst few cards of each line as examples.
 */

enum { CW_PREVIEW_EXAMPLES = 3 };

struct cw_preview_line {
        const struct cw_rule *rule;
        char currency[4];
        uint32_t would_fire; /* never-funded ones included */
        uint32_t never_funded;
        uint32_t deactivated; /* would fire, but for being deactivated; not in would_fire */
        uint32_t unknown; /* the condition cannot be said of these */
        struct cw_card examples[CW_PREVIEW_EXAMPLES]; /* the lowest available first, without references */
        size_t n_examples;
};

struct cw_preview {
        struct cw_preview_line *lines; /* in the order of the rules, then as currencies were met */
        size_t n_lines;
};

#define CW_PREVIEW_NULL                                                                                                \
        {                                                                                                              \
                0                                                                                                      \
        }

/* Adds one card of a source. -ENOMEM. */
int cw_preview_add(struct cw_preview *preview, const struct cw_ruleset *rules, const char *source,
                   const struct cw_card *card) __attribute__((warn_unused_result));
void cw_preview_deinit(struct cw_preview *preview);

#endif
