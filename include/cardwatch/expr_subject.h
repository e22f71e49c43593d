/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_EXPR_SUBJECT_H
#define CARDWATCH_EXPR_SUBJECT_H

#include "cardwatch/expr.h"

/*
 * Expr subject: what a condition is about, for messages: the amount that it names first, and what that is compared
 * with.
 */

/* An outcome: there is no such thing in this expression. */
#define CW_EXPR_NONE 1

enum cw_expr_amount { CW_EXPR_AVAILABLE, CW_EXPR_PENDING, CW_EXPR_TOTAL };

struct cw_expr_subject {
        enum cw_expr_amount amount;
        bool high_is_worse; /* compared so that it is true above a limit; else what is lower is worse */
};

/* What it is about: the first amount of the card that it names. 0 or CW_EXPR_NONE. */
int cw_expr_subject(const struct cw_expr *expr, struct cw_expr_subject *ret_subject)
        __attribute__((warn_unused_result));

struct cw_expr_limit {
        const char *label; /* a parameter's name, or the text of that side; not NUL-terminated, the expression's */
        size_t label_len;
        bool is_name; /* a parameter's */
        struct cw_value value; /* a plain number that an amount is compared with is in the card's currency */
};

/* The other side of the first comparison with the subject, or of the first at all: "was 130.00, floor 100". 0 or
 * CW_EXPR_NONE. */
int cw_expr_limit(const struct cw_expr *expr, const struct cw_expr_context *context, struct cw_expr_limit *ret_limit)
        __attribute__((warn_unused_result));

/* What is compared with that limit, when it is more than the amount itself: "spent(1h)" and its value. 0 or
 * CW_EXPR_NONE. */
int cw_expr_measure(const struct cw_expr *expr, const struct cw_expr_context *context,
                    struct cw_expr_limit *ret_measure) __attribute__((warn_unused_result));

/*
 * Both, of the first comparison that is true, where the one that they are about is not: "available < 100 or pending >
 * 500" is about `available`, but may be true of `pending`. 0 or CW_EXPR_NONE.
 */
int cw_expr_alternative(const struct cw_expr *expr, const struct cw_expr_context *context,
                        struct cw_expr_limit *ret_measure, struct cw_expr_limit *ret_limit)
        __attribute__((warn_unused_result));

static inline cw_amount cw_expr_amount_of(const struct cw_card *card, enum cw_expr_amount amount)
{
        return amount == CW_EXPR_AVAILABLE ? card->available : amount == CW_EXPR_PENDING ? card->pending : card->total;
}

#endif
