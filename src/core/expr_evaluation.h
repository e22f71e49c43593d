/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_EXPR_EVALUATION_H
#define CARDWATCH_CORE_EXPR_EVALUATION_H

#include "expr_node.h"

/*
 * What one evaluation carries along, and the functions that look at a card's past: their values, and until when these
 * stay what they are if nothing changes. Nobody but the evaluator uses it.
 */

struct cw_evaluation {
        const struct cw_expr *expr;
        const struct cw_expr_context *context;
        int64_t look_at; /* the first time at which an unchanged observation may be judged otherwise */
};

static inline void cw_evaluation_look_at(struct cw_evaluation *evaluation, int64_t at)
{
        if (at <= evaluation->context->at)
                at = evaluation->context->at + 1;
        if (at < evaluation->look_at)
                evaluation->look_at = at;
}

static inline void cw_evaluation_look_at_next(struct cw_evaluation *evaluation)
{
        cw_evaluation_look_at(evaluation, evaluation->context->at + 1);
}

static inline struct cw_value cw_value_unknown(enum cw_value_type type)
{
        return (struct cw_value){.type = type};
}

/* delta, min, max, avg, changes, spent, added and runway; `window` is the value of that argument. */
struct cw_value cw_evaluate_window(struct cw_evaluation *evaluation, const struct cw_node *call,
                                   const struct cw_value *window);

/* age and unchanged grow with time: whether the call is one of them, since when, and by that their value. */
bool cw_node_is_growing(const struct cw_node *node);
struct cw_value cw_evaluate_growing(const struct cw_evaluation *evaluation, const struct cw_node *call);

/* What grows was compared with what stays: notes when that turns out otherwise. `sign`: of how it compares now; `kind`
 * with what grows on the left. */
void cw_evaluation_note_turn(struct cw_evaluation *evaluation, const struct cw_node *call, enum cw_node_kind kind,
                             int64_t limit_ms);

#endif
