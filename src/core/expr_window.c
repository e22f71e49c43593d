/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: every function of the past says two things: its value, and when that value may be another one although nothing
 * changed. What is at rest between these times is not reckoned again.
 */
#include <string.h>

#include "expr_evaluation.h"
#include "trail_private.h"

/* Less of a window than this was observed, and no rate is told from it. */
#define RUNWAY_SHARE 4

struct view {
        struct cw_evaluation *evaluation;
        struct cw_trail_window window;
        int64_t window_ms;
};

/* A card of which nothing changed has none: it is at rest since it was first seen. */
static const struct cw_trail *trail_of(const struct cw_expr_context *context, struct cw_trail *at_rest)
{
        if (context->trail)
                return context->trail;
        *at_rest = (struct cw_trail){.begins_at = context->first_seen_at, .amounts_at = context->first_seen_at};
        return at_rest;
}

static struct cw_value amount_of(const struct view *view, int64_t amount)
{
        const struct cw_card *now = view->evaluation->context->now;
        struct cw_value value = {.type = CW_VALUE_AMOUNT, .known = true, .number = amount};

        memcpy(value.currency, now->currency, sizeof(value.currency));
        return value;
}

static struct cw_value delta(const struct view *view)
{
        int64_t difference;

        if (cw_amount_sub(view->window.last, view->window.first, &difference) < 0)
                return cw_value_unknown(CW_VALUE_AMOUNT);
        return amount_of(view, difference);
}

static struct cw_value sum(const struct view *view, int64_t amount)
{
        return amount < 0 ? cw_value_unknown(CW_VALUE_AMOUNT) : amount_of(view, amount);
}

/* Half to even; neither factor is negative, and the divisor is not zero. */
static bool share(int64_t a, int64_t b, int64_t divisor, int64_t *ret_quotient)
{
        unsigned __int128 product = (unsigned __int128)a * (unsigned __int128)b;
        unsigned __int128 quotient = product / (unsigned __int128)divisor, rest = product % (unsigned __int128)divisor;

        if (rest * 2 > (unsigned __int128)divisor || (rest * 2 == (unsigned __int128)divisor && (quotient & 1)))
                quotient++;
        if (quotient > INT64_MAX)
                return false;
        *ret_quotient = (int64_t)quotient;
        return true;
}

static struct cw_value runway(const struct view *view)
{
        const struct cw_trail_window *window = &view->window;
        struct cw_evaluation *evaluation = view->evaluation;
        struct cw_value value = {.type = CW_VALUE_DURATION};
        int64_t observed_ms = evaluation->context->at - window->begins_at;
        int64_t least_ms = view->window_ms / RUNWAY_SHARE + (view->window_ms % RUNWAY_SHARE != 0);

        /* What only rose may leave: nothing is spent then either. */
        if (window->fell != 0 || window->changes == 0)
                cw_evaluation_look_at(evaluation, window->moves_at);
        if (window->fell <= 0)
                return value;
        if (observed_ms < least_ms) {
                cw_evaluation_look_at(evaluation, window->begins_at + least_ms);
                return value;
        }
        if (window->last > 0) {
                if (observed_ms == view->window_ms)
                        cw_evaluation_look_at(evaluation, window->stretches_at);
                else
                        cw_evaluation_look_at_next(evaluation);
                value.known = share(window->last, observed_ms, window->fell, &value.duration_ms);
                return value;
        }
        value.known = true;
        return value;
}

static struct cw_value value_of(const struct view *view, enum cw_function function)
{
        switch (function) {
        case CW_FUNCTION_DELTA:
                return delta(view);
        case CW_FUNCTION_MIN:
                return amount_of(view, view->window.least);
        case CW_FUNCTION_MAX:
                return amount_of(view, view->window.greatest);
        case CW_FUNCTION_AVG:
                return amount_of(view, view->window.average);
        case CW_FUNCTION_CHANGES:
                return (struct cw_value){
                        .type = CW_VALUE_NUMBER, .known = true, .number = view->window.changes * CW_AMOUNT_UNIT};
        case CW_FUNCTION_SPENT:
                return sum(view, view->window.fell);
        default:
                return sum(view, view->window.rose);
        }
}

static enum cw_field field_of(const struct cw_expr *expr, const struct cw_node *call)
{
        const struct cw_node *nodes = expr->nodes;

        switch (call->function) {
        case CW_FUNCTION_SPENT:
        case CW_FUNCTION_ADDED:
        case CW_FUNCTION_RUNWAY:
                return CW_FIELD_AVAILABLE;
        default:
                return nodes[nodes[call->left].left].field;
        }
}

struct cw_value cw_evaluate_window(struct cw_evaluation *evaluation, const struct cw_node *call,
                                   const struct cw_value *window)
{
        const struct cw_expr_context *context = evaluation->context;
        struct view view = {.evaluation = evaluation};
        struct cw_trail at_rest;

        if (!window->known || window->type != CW_VALUE_DURATION || window->duration_ms <= 0)
                return cw_value_unknown(call->type);
        view.window_ms = window->duration_ms;
        cw_trail_look(trail_of(context, &at_rest), field_of(evaluation->expr, call), view.window_ms, context->at,
                      context->now, &view.window);
        if (call->function == CW_FUNCTION_RUNWAY)
                return runway(&view);
        if (call->function == CW_FUNCTION_AVG && view.window.changes > 0)
                cw_evaluation_look_at_next(evaluation);
        cw_evaluation_look_at(evaluation, view.window.moves_at);
        return value_of(&view, call->function);
}

bool cw_node_is_growing(const struct cw_node *node)
{
        return node->kind == CW_NODE_CALL &&
               (node->function == CW_FUNCTION_AGE || node->function == CW_FUNCTION_UNCHANGED);
}

static int64_t begin_of(const struct cw_evaluation *evaluation, const struct cw_node *call)
{
        const struct cw_expr_context *context = evaluation->context;
        struct cw_trail at_rest;

        if (call->function == CW_FUNCTION_AGE)
                return context->first_seen_at;
        return cw_trail_since(trail_of(context, &at_rest), field_of(evaluation->expr, call));
}

struct cw_value cw_evaluate_growing(const struct cw_evaluation *evaluation, const struct cw_node *call)
{
        const struct cw_expr_context *context = evaluation->context;
        struct cw_value value = {.type = CW_VALUE_DURATION};

        value.known = !__builtin_sub_overflow(context->at, begin_of(evaluation, call), &value.duration_ms);
        if (value.duration_ms < 0)
                value.duration_ms = 0;
        return value;
}

void cw_evaluation_note_turn(struct cw_evaluation *evaluation, const struct cw_node *call, enum cw_node_kind kind,
                             int64_t limit_ms)
{
        int64_t now_ms = cw_evaluate_growing(evaluation, call).duration_ms, turn_ms = limit_ms, turns_at;

        /* What is below becomes equal, and what is equal becomes greater; not every comparison tells these apart. */
        if (now_ms > limit_ms)
                return;
        if (kind == CW_NODE_LESS_EQUAL || kind == CW_NODE_GREATER || now_ms == limit_ms) {
                if (kind == CW_NODE_LESS || kind == CW_NODE_GREATER_EQUAL ||
                    __builtin_add_overflow(limit_ms, 1, &turn_ms))
                        return;
        }
        if (!__builtin_add_overflow(begin_of(evaluation, call), turn_ms, &turns_at))
                cw_evaluation_look_at(evaluation, turns_at);
}

/* The window of a call, CW_NODE_NONE: it has none. */
static uint32_t window_of(const struct cw_expr *expr, const struct cw_node *call)
{
        uint32_t last = CW_NODE_NONE;

        for (uint32_t link = call->left; link != CW_NODE_NONE; link = expr->nodes[link].right)
                last = expr->nodes[link].left;
        return last != CW_NODE_NONE && expr->nodes[last].type == CW_VALUE_DURATION ? last : CW_NODE_NONE;
}

static void need_window(const struct cw_expr *expr, const struct cw_node *call, const int64_t *longest_ms,
                        struct cw_trail_needs *needs)
{
        uint32_t window = window_of(expr, call);
        enum cw_field field;
        int64_t window_ms;

        if (window == CW_NODE_NONE)
                return;
        field = field_of(expr, call);
        window_ms = expr->nodes[window].kind == CW_NODE_LITERAL ? expr->nodes[window].literal.duration_ms
                                                                : longest_ms[expr->nodes[window].param];
        if (window_ms > needs->window_ms[field])
                needs->window_ms[field] = window_ms;
}

void cw_expr_needs(const struct cw_expr *expr, const int64_t *longest_ms, struct cw_trail_needs *needs)
{
        for (uint32_t i = 0; i < expr->n_nodes; i++) {
                const struct cw_node *node = &expr->nodes[i];

                if (node->kind != CW_NODE_CALL || node->function == CW_FUNCTION_ABS)
                        continue;
                if (node->function == CW_FUNCTION_UNCHANGED)
                        needs->kept = (uint16_t)(needs->kept | 1u << field_of(expr, node));
                else
                        need_window(expr, node, longest_ms, needs);
        }
}
