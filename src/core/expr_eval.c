/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: evaluation cannot fail, it can only not know. Types are looked at again as values are met, because an override
 * may give a parameter in a currency where the rule has a plain number; what does not go together is unknown. Nothing
 * is allocated, and the stack is bounded by the depth that the parser allowed.
 */
#include <string.h>

#include "cardwatch/text.h"
#include "expr_evaluation.h"
#include "expr_vocabulary.h"

static struct cw_value evaluate(struct cw_evaluation *evaluation, uint32_t index);

static struct cw_value bool_of(bool boolean)
{
        return (struct cw_value){.type = CW_VALUE_BOOL, .known = true, .boolean = boolean};
}

static struct cw_value amount_of(cw_amount amount, const char currency[4])
{
        struct cw_value value = {.type = CW_VALUE_AMOUNT, .known = true, .number = amount};

        memcpy(value.currency, currency, sizeof(value.currency));
        return value;
}

static struct cw_value integer_of(int64_t integer)
{
        return (struct cw_value){.type = CW_VALUE_INTEGER, .known = true, .integer = integer};
}

/* No reference is the empty text: it is known that there is none. */
static struct cw_value string_of(const char *string)
{
        return (struct cw_value){.type = CW_VALUE_STRING, .known = true, .string = string ? string : ""};
}

static struct cw_value field_of(const struct cw_evaluation *evaluation, enum cw_field field, bool previous)
{
        const struct cw_card *card = previous ? evaluation->context->previous : evaluation->context->now;

        if (!card)
                return cw_value_unknown(cw_vocabulary_field(field)->type);
        switch (field) {
        case CW_FIELD_AVAILABLE:
                return amount_of(card->available, card->currency);
        case CW_FIELD_PENDING:
                return amount_of(card->pending, card->currency);
        case CW_FIELD_TOTAL:
                return amount_of(card->total, card->currency);
        case CW_FIELD_SUPPRESSED:
                return bool_of(card->suppressed);
        case CW_FIELD_CURRENCY:
                return string_of(card->currency);
        case CW_FIELD_REFERENCE:
                return string_of(card->reference);
        case CW_FIELD_SOURCE:
                return string_of(evaluation->context->source);
        case CW_FIELD_CUSTOMER:
                return integer_of(card->customer);
        case CW_FIELD_CARD:
                return integer_of(card->id);
        }
        return cw_value_unknown(CW_VALUE_BOOL);
}

/* The currency of what two values make together: false when they have different ones. */
static bool join_currencies(const struct cw_value *a, const struct cw_value *b, char ret_currency[4])
{
        if (a->type == CW_VALUE_AMOUNT && b->type == CW_VALUE_AMOUNT && strcmp(a->currency, b->currency) != 0)
                return false;
        memcpy(ret_currency, a->type == CW_VALUE_AMOUNT ? a->currency : b->currency, 4);
        return true;
}

/* All quantities are 64-bit counts, and numbers are counts of 10^-6: one arithmetic serves money, numbers and time. */
static int64_t count_of(const struct cw_value *value)
{
        return value->type == CW_VALUE_DURATION ? value->duration_ms : value->number;
}

static struct cw_value quantity_of(enum cw_value_type type, int64_t count, const char currency[4])
{
        struct cw_value value = {.type = type, .known = true};

        if (type == CW_VALUE_DURATION)
                value.duration_ms = count;
        else
                value.number = count;
        if (type == CW_VALUE_AMOUNT)
                memcpy(value.currency, currency, sizeof(value.currency));
        return value;
}

static struct cw_value calculate(enum cw_node_kind kind, const struct cw_value *a, const struct cw_value *b)
{
        enum cw_value_type type = a->type;
        char currency[4] = "";
        int64_t count;
        int r;

        if (cw_vocabulary_result(kind, a->type, b->type, &type) < 0 || !a->known || !b->known ||
            !join_currencies(a, b, currency))
                return cw_value_unknown(type);
        if (kind == CW_NODE_ADD)
                r = cw_amount_add(count_of(a), count_of(b), &count);
        else if (kind == CW_NODE_SUB)
                r = cw_amount_sub(count_of(a), count_of(b), &count);
        else if (kind == CW_NODE_MUL)
                r = cw_amount_mul(count_of(a), count_of(b), &count);
        else
                r = cw_amount_div(count_of(a), count_of(b), &count);
        return r < 0 ? cw_value_unknown(type) : quantity_of(type, count, currency);
}

static struct cw_value negate(const struct cw_value *value)
{
        int64_t count;

        if (!value->known || cw_amount_sub(0, count_of(value), &count) < 0)
                return cw_value_unknown(value->type);
        return quantity_of(value->type, count, value->currency);
}

/* A parameter may be overridden by an amount where the rule has a number; any other change of type is not known. */
static struct cw_value param_of(const struct cw_evaluation *evaluation, const struct cw_node *node)
{
        struct cw_value value = evaluation->context->params[node->param];
        bool was_money = node->type == CW_VALUE_NUMBER || node->type == CW_VALUE_AMOUNT;
        bool is_money = value.type == CW_VALUE_NUMBER || value.type == CW_VALUE_AMOUNT;

        return value.type == node->type || (was_money && is_money) ? value : cw_value_unknown(node->type);
}

static int order(__int128 a, __int128 b)
{
        return (a > b) - (a < b);
}

/* An id as a count of 10^-6, so that it meets a number exactly. */
static __int128 wide_count_of(const struct cw_value *value)
{
        return value->type == CW_VALUE_INTEGER ? (__int128)value->integer * CW_AMOUNT_UNIT : count_of(value);
}

/* The order is below, at or above zero, as of strcmp. False: it is not known. */
static bool compare(const struct cw_value *a, const struct cw_value *b, bool ignore_case, int *ret_order)
{
        char currency[4];

        if (!a->known || !b->known || !cw_vocabulary_comparable(a->type, b->type) || !join_currencies(a, b, currency))
                return false;
        if (a->type == CW_VALUE_BOOL)
                *ret_order = (int)a->boolean - (int)b->boolean;
        else if (a->type == CW_VALUE_STRING)
                *ret_order = ignore_case ? !cw_text_equal_nocase(a->string, b->string) : strcmp(a->string, b->string);
        else
                *ret_order = order(wide_count_of(a), wide_count_of(b));
        return true;
}

static bool is_currency(const struct cw_node *node)
{
        return node->kind == CW_NODE_FIELD && node->field == CW_FIELD_CURRENCY;
}

/* As seen from the other side. */
static enum cw_node_kind turned(enum cw_node_kind kind)
{
        switch (kind) {
        case CW_NODE_LESS:
                return CW_NODE_GREATER;
        case CW_NODE_LESS_EQUAL:
                return CW_NODE_GREATER_EQUAL;
        case CW_NODE_GREATER:
                return CW_NODE_LESS;
        case CW_NODE_GREATER_EQUAL:
                return CW_NODE_LESS_EQUAL;
        default:
                return kind;
        }
}

/* Of a duration that grows and one that does not it is known when their order changes: nobody need look before. */
static void evaluate_sides(struct cw_evaluation *evaluation, const struct cw_node *node, struct cw_value *ret_a,
                           struct cw_value *ret_b)
{
        const struct cw_node *left = &evaluation->expr->nodes[node->left];
        const struct cw_node *right = &evaluation->expr->nodes[node->right];

        if (cw_node_is_growing(left) == cw_node_is_growing(right)) {
                *ret_a = evaluate(evaluation, node->left);
                *ret_b = evaluate(evaluation, node->right);
        } else if (cw_node_is_growing(left)) {
                *ret_a = cw_evaluate_growing(evaluation, left);
                *ret_b = evaluate(evaluation, node->right);
                if (ret_a->known && ret_b->known && ret_b->type == CW_VALUE_DURATION)
                        cw_evaluation_note_turn(evaluation, left, node->kind, ret_b->duration_ms);
        } else {
                *ret_a = evaluate(evaluation, node->left);
                *ret_b = cw_evaluate_growing(evaluation, right);
                if (ret_a->known && ret_b->known && ret_a->type == CW_VALUE_DURATION)
                        cw_evaluation_note_turn(evaluation, right, turned(node->kind), ret_a->duration_ms);
        }
}

static struct cw_value evaluate_comparison(struct cw_evaluation *evaluation, const struct cw_node *node)
{
        const struct cw_node *nodes = evaluation->expr->nodes;
        struct cw_value a, b;
        int sign;

        evaluate_sides(evaluation, node, &a, &b);

        if (!compare(&a, &b, is_currency(&nodes[node->left]) || is_currency(&nodes[node->right]), &sign))
                return cw_value_unknown(CW_VALUE_BOOL);
        switch (node->kind) {
        case CW_NODE_LESS:
                return bool_of(sign < 0);
        case CW_NODE_LESS_EQUAL:
                return bool_of(sign <= 0);
        case CW_NODE_GREATER:
                return bool_of(sign > 0);
        case CW_NODE_GREATER_EQUAL:
                return bool_of(sign >= 0);
        case CW_NODE_EQUAL:
                return bool_of(sign == 0);
        default:
                return bool_of(sign != 0);
        }
}

/* As if the members were joined by `or`: one that is equal outweighs those that are unknown. */
static struct cw_value evaluate_membership(struct cw_evaluation *evaluation, const struct cw_node *node)
{
        const struct cw_node *nodes = evaluation->expr->nodes;
        struct cw_value a = evaluate(evaluation, node->left), b;
        bool all_known = true;
        int sign;

        for (uint32_t link = node->right; link != CW_NODE_NONE; link = nodes[link].right) {
                bool ignore_case = is_currency(&nodes[node->left]) || is_currency(&nodes[nodes[link].left]);

                b = evaluate(evaluation, nodes[link].left);
                if (!compare(&a, &b, ignore_case, &sign))
                        all_known = false;
                else if (sign == 0)
                        return bool_of(true);
        }
        return all_known ? bool_of(false) : cw_value_unknown(CW_VALUE_BOOL);
}

static struct cw_value evaluate_pattern(struct cw_evaluation *evaluation, const struct cw_node *node)
{
        struct cw_value text = evaluate(evaluation, node->left), pattern = evaluate(evaluation, node->right);

        if (!text.known || !pattern.known || text.type != CW_VALUE_STRING || pattern.type != CW_VALUE_STRING)
                return cw_value_unknown(CW_VALUE_BOOL);
        return bool_of(cw_text_glob(pattern.string, text.string));
}

/*
 * `decisive` on either side decides, whatever the other is and will be: only who decides is looked at again, and of two
 * who do, the one that does for longer.
 */
static struct cw_value evaluate_junction(struct cw_evaluation *evaluation, const struct cw_node *node, bool decisive)
{
        int64_t before = evaluation->look_at, look_at;
        struct cw_value a, b;
        bool decides;

        evaluation->look_at = INT64_MAX;
        a = evaluate(evaluation, node->left);
        decides = a.known && a.boolean == decisive;
        if (decides && (evaluation->look_at == INT64_MAX || !evaluation->context->look_at)) {
                evaluation->look_at = before;
                return a;
        }
        look_at = evaluation->look_at;
        evaluation->look_at = INT64_MAX;
        b = evaluate(evaluation, node->right);
        if (b.known && b.boolean == decisive) {
                if (decides && look_at > evaluation->look_at)
                        evaluation->look_at = look_at;
                decides = true;
        } else if (decides || look_at < evaluation->look_at) {
                evaluation->look_at = look_at;
        }
        if (before < evaluation->look_at)
                evaluation->look_at = before;
        if (decides)
                return bool_of(decisive);
        return a.known ? b : a;
}

/* What looks at the observation before is at rest only when that was like this one. */
static void note_previous(struct cw_evaluation *evaluation, enum cw_field field)
{
        struct cw_value now = field_of(evaluation, field, false), before = field_of(evaluation, field, true);
        int sign;

        if (!compare(&now, &before, false, &sign) || sign != 0)
                cw_evaluation_look_at_next(evaluation);
}

/* At the first observation nothing has changed; afterwards what cannot be compared is unknown. */
static struct cw_value evaluate_changed(struct cw_evaluation *evaluation, enum cw_field field)
{
        struct cw_value now = field_of(evaluation, field, false), before = field_of(evaluation, field, true);
        int sign;

        if (!evaluation->context->previous)
                return bool_of(false);
        return compare(&now, &before, false, &sign) ? bool_of(sign != 0) : cw_value_unknown(CW_VALUE_BOOL);
}

static struct cw_value evaluate_delta(struct cw_evaluation *evaluation, enum cw_field field)
{
        struct cw_value now = field_of(evaluation, field, false), before = field_of(evaluation, field, true);

        return calculate(CW_NODE_SUB, &now, &before);
}

/* Without a field: its last argument is the window. */
static struct cw_value evaluate_past(struct cw_evaluation *evaluation, const struct cw_node *node)
{
        const struct cw_node *nodes = evaluation->expr->nodes;
        uint32_t link = node->left;
        struct cw_value window;

        if (cw_node_is_growing(node)) {
                cw_evaluation_look_at_next(evaluation);
                return cw_evaluate_growing(evaluation, node);
        }
        while (nodes[link].right != CW_NODE_NONE)
                link = nodes[link].right;
        window = evaluate(evaluation, nodes[link].left);
        return cw_evaluate_window(evaluation, node, &window);
}

/* A card appears, or disappears, in one observation only. */
static struct cw_value evaluate_event(struct cw_evaluation *evaluation, bool is_now)
{
        if (is_now)
                cw_evaluation_look_at_next(evaluation);
        return bool_of(is_now);
}

static struct cw_value evaluate_call(struct cw_evaluation *evaluation, const struct cw_node *node)
{
        const struct cw_node *nodes = evaluation->expr->nodes;
        uint32_t argument = node->left == CW_NODE_NONE ? CW_NODE_NONE : nodes[node->left].left;
        struct cw_value value;

        switch (node->function) {
        case CW_FUNCTION_ABS:
                value = evaluate(evaluation, argument);
                return value.known && count_of(&value) < 0 ? negate(&value) : value;
        case CW_FUNCTION_CHANGED:
                note_previous(evaluation, nodes[argument].field);
                return evaluate_changed(evaluation, nodes[argument].field);
        case CW_FUNCTION_APPEARED:
                return evaluate_event(evaluation, evaluation->context->appeared);
        case CW_FUNCTION_DISAPPEARED:
                return evaluate_event(evaluation, evaluation->context->disappeared);
        case CW_FUNCTION_DELTA:
                if (nodes[node->left].right != CW_NODE_NONE)
                        return evaluate_past(evaluation, node);
                note_previous(evaluation, nodes[argument].field);
                return evaluate_delta(evaluation, nodes[argument].field);
        default:
                return evaluate_past(evaluation, node);
        }
}

static struct cw_value evaluate_not(struct cw_evaluation *evaluation, const struct cw_node *node)
{
        struct cw_value value = evaluate(evaluation, node->left);

        if (value.known)
                value.boolean = !value.boolean;
        return value;
}

static struct cw_value evaluate_negation(struct cw_evaluation *evaluation, const struct cw_node *node)
{
        struct cw_value value = evaluate(evaluation, node->left);

        return negate(&value);
}

static struct cw_value evaluate_arithmetic(struct cw_evaluation *evaluation, const struct cw_node *node)
{
        struct cw_value a = evaluate(evaluation, node->left), b = evaluate(evaluation, node->right);

        return calculate(node->kind, &a, &b);
}

static struct cw_value evaluate(struct cw_evaluation *evaluation, uint32_t index)
{
        const struct cw_node *node = &evaluation->expr->nodes[index];

        switch (node->kind) {
        case CW_NODE_LITERAL:
                return node->literal;
        case CW_NODE_FIELD:
                if (node->previous)
                        note_previous(evaluation, node->field);
                return field_of(evaluation, node->field, node->previous);
        case CW_NODE_PARAM:
                return param_of(evaluation, node);
        case CW_NODE_CALL:
                return evaluate_call(evaluation, node);
        case CW_NODE_NEGATE:
                return evaluate_negation(evaluation, node);
        case CW_NODE_ADD:
        case CW_NODE_SUB:
        case CW_NODE_MUL:
        case CW_NODE_DIV:
                return evaluate_arithmetic(evaluation, node);
        case CW_NODE_IN:
                return evaluate_membership(evaluation, node);
        case CW_NODE_LIKE:
                return evaluate_pattern(evaluation, node);
        case CW_NODE_NOT:
                return evaluate_not(evaluation, node);
        case CW_NODE_AND:
                return evaluate_junction(evaluation, node, false);
        case CW_NODE_OR:
                return evaluate_junction(evaluation, node, true);
        default:
                return evaluate_comparison(evaluation, node);
        }
}

void cw_expr_eval_node(const struct cw_expr *expr, const struct cw_expr_context *context, uint32_t node,
                       struct cw_value *ret_value)
{
        struct cw_evaluation evaluation = {.expr = expr, .context = context, .look_at = INT64_MAX};

        *ret_value = evaluate(&evaluation, node);
        if (context->look_at && evaluation.look_at < *context->look_at)
                *context->look_at = evaluation.look_at;
}

void cw_expr_eval(const struct cw_expr *expr, const struct cw_expr_context *context, struct cw_value *ret_value)
{
        cw_expr_eval_node(expr, context, expr->root, ret_value);
}

enum cw_truth cw_expr_truth(const struct cw_expr *expr, const struct cw_expr_context *context)
{
        struct cw_value value;

        cw_expr_eval(expr, context, &value);
        if (!value.known || value.type != CW_VALUE_BOOL)
                return CW_UNKNOWN;
        return value.boolean ? CW_TRUE : CW_FALSE;
}
