/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: what a condition is about is read off its text, not declared: the first amount that it names, and the
 * comparison that this amount stands in. Which way is worse follows from the comparison's sign and from every sign
 * around it.
 */
#include <string.h>

#include "cardwatch/expr_subject.h"
#include "expr_node.h"

struct found {
        uint32_t subject; /* the node of the field */
        uint32_t compared; /* the side of the comparison that holds it; CW_NODE_NONE: it is in no comparison */
        uint32_t limit; /* the other side */
        bool is_order;
        bool high_is_worse;
};

_Static_assert((int)CW_EXPR_AVAILABLE == (int)CW_FIELD_AVAILABLE && (int)CW_EXPR_PENDING == (int)CW_FIELD_PENDING &&
                       (int)CW_EXPR_TOTAL == (int)CW_FIELD_TOTAL,
               "the amounts are the first fields");

static bool is_amount(const struct cw_node *node)
{
        return node->kind == CW_NODE_FIELD && node->type == CW_VALUE_AMOUNT;
}

/* The first by place in the text; one of the observation before only if there is no other. */
static uint32_t find_subject(const struct cw_expr *expr)
{
        const struct cw_node *nodes = expr->nodes;
        uint32_t found = CW_NODE_NONE;

        for (uint32_t i = 0; i < expr->n_nodes; i++) {
                if (!is_amount(&nodes[i]))
                        continue;
                if (found == CW_NODE_NONE || nodes[i].previous < nodes[found].previous ||
                    (nodes[i].previous == nodes[found].previous && nodes[i].name_offset < nodes[found].name_offset))
                        found = i;
        }
        return found;
}

/* Whether growth of an operand on this side makes the whole fall. */
static bool is_turning(const struct cw_node *node, bool is_right)
{
        return node->kind == CW_NODE_NEGATE || (is_right && (node->kind == CW_NODE_SUB || node->kind == CW_NODE_DIV));
}

/* `node` is a comparison, and its operand `inner` falls when the subject rises if it is turned. */
static void meet_comparison(const struct cw_node *node, uint32_t inner, bool is_turned, struct found *found)
{
        bool is_right = node->right == inner;

        found->compared = inner;
        found->limit = is_right ? node->left : node->right;
        found->is_order = cw_node_is_order(node->kind);
        found->high_is_worse = node->kind == CW_NODE_GREATER || node->kind == CW_NODE_GREATER_EQUAL;
        if (found->is_order && is_turned != is_right)
                found->high_is_worse = !found->high_is_worse;
}

/* Children come before their parents: going up the array meets everything around the subject, from the inside out. */
static struct found find_comparison(const struct cw_expr *expr)
{
        struct found found = {.subject = find_subject(expr), .compared = CW_NODE_NONE};
        uint32_t inner = found.subject;
        bool is_turned = false;

        if (found.subject == CW_NODE_NONE)
                return found;
        for (uint32_t i = found.subject + 1; i < expr->n_nodes; i++) {
                const struct cw_node *node = &expr->nodes[i];

                if (node->left != inner && node->right != inner)
                        continue;
                if (found.compared == CW_NODE_NONE && cw_node_is_comparison(node->kind))
                        meet_comparison(node, inner, is_turned, &found);
                else if (found.compared == CW_NODE_NONE)
                        is_turned ^= is_turning(node, node->right == inner);
                else if (node->kind == CW_NODE_NOT && found.is_order)
                        found.high_is_worse = !found.high_is_worse;
                inner = i;
        }
        return found;
}

int cw_expr_subject(const struct cw_expr *expr, struct cw_expr_subject *ret_subject)
{
        struct found found = find_comparison(expr);

        if (found.subject == CW_NODE_NONE)
                return CW_EXPR_NONE;
        *ret_subject = (struct cw_expr_subject){
                .amount = (enum cw_expr_amount)expr->nodes[found.subject].field,
                .high_is_worse = found.high_is_worse,
        };
        return 0;
}

/* A side that says what the other is measured by. */
static bool is_given(const struct cw_node *node)
{
        return node->kind == CW_NODE_LITERAL || node->kind == CW_NODE_PARAM;
}

/* Where no amount of the card is named ("spent(1h) > 300"): the first comparison of quantities, by place in the text.
 */
static void find_first_comparison(const struct cw_expr *expr, struct found *found)
{
        uint32_t first = CW_NODE_NONE;

        for (uint32_t i = 0; i < expr->n_nodes; i++)
                if (cw_node_is_order(expr->nodes[i].kind) &&
                    (first == CW_NODE_NONE || expr->nodes[i].offset < expr->nodes[first].offset))
                        first = i;
        if (first == CW_NODE_NONE)
                return;
        found->compared = expr->nodes[first].left;
        found->limit = expr->nodes[first].right;
        if (!is_given(&expr->nodes[found->compared]) || is_given(&expr->nodes[found->limit]))
                return;
        found->compared = expr->nodes[first].right;
        found->limit = expr->nodes[first].left;
}

static struct found find_limit(const struct cw_expr *expr)
{
        struct found found = find_comparison(expr);

        if (found.subject == CW_NODE_NONE)
                find_first_comparison(expr, &found);
        return found;
}

static void measure_side(const struct cw_expr *expr, const struct cw_expr_context *context, uint32_t side,
                         struct cw_expr_limit *ret_measure)
{
        const struct cw_node *measured = &expr->nodes[side];

        ret_measure->label = expr->text + measured->offset;
        ret_measure->label_len = measured->len;
        ret_measure->is_name = false;
        cw_expr_eval_node(expr, context, side, &ret_measure->value);
}

int cw_expr_measure(const struct cw_expr *expr, const struct cw_expr_context *context,
                    struct cw_expr_limit *ret_measure)
{
        struct found found = find_limit(expr);
        const struct cw_node *measured;

        if (found.compared == CW_NODE_NONE)
                return CW_EXPR_NONE;
        measured = &expr->nodes[found.compared];
        if (measured->kind == CW_NODE_FIELD || is_given(measured))
                return CW_EXPR_NONE;
        measure_side(expr, context, found.compared, ret_measure);
        return 0;
}

static void measure_limit(const struct cw_expr *expr, const struct cw_expr_context *context, const struct found *found,
                          struct cw_expr_limit *ret_limit)
{
        const struct cw_node *limit = &expr->nodes[found->limit];
        bool is_name;

        is_name = limit->kind == CW_NODE_PARAM;
        ret_limit->label = expr->text + (is_name ? limit->name_offset : limit->offset);
        ret_limit->label_len = is_name ? limit->name_len : limit->len;
        ret_limit->is_name = is_name;
        cw_expr_eval_node(expr, context, found->limit, &ret_limit->value);
        if (ret_limit->value.type == CW_VALUE_NUMBER && expr->nodes[found->compared].type == CW_VALUE_AMOUNT) {
                ret_limit->value.type = CW_VALUE_AMOUNT;
                memcpy(ret_limit->value.currency, context->now->currency, sizeof(ret_limit->value.currency));
        }
}

int cw_expr_limit(const struct cw_expr *expr, const struct cw_expr_context *context, struct cw_expr_limit *ret_limit)
{
        struct found found = find_limit(expr);

        if (found.compared == CW_NODE_NONE)
                return CW_EXPR_NONE;
        measure_limit(expr, context, &found, ret_limit);
        return 0;
}

/* A plain choice: where something is negated, what is false may be the reason. */
static bool is_choice(const struct cw_expr *expr)
{
        bool chooses = false;

        for (uint32_t i = 0; i < expr->n_nodes; i++) {
                if (expr->nodes[i].kind == CW_NODE_NOT)
                        return false;
                chooses |= expr->nodes[i].kind == CW_NODE_OR;
        }
        return chooses;
}

/* Known to be true. */
static bool is_true(const struct cw_expr *expr, const struct cw_expr_context *context, uint32_t node)
{
        struct cw_value value;

        cw_expr_eval_node(expr, context, node, &value);
        return value.known && value.boolean;
}

/* It is true, and so is each `and` around it: else it makes nothing fire. Parents come behind their children. */
static bool has_a_say(const struct cw_expr *expr, const struct cw_expr_context *context, uint32_t comparison)
{
        uint32_t inner = comparison;

        if (!is_true(expr, context, comparison))
                return false;
        for (uint32_t i = comparison + 1; i < expr->n_nodes; i++) {
                const struct cw_node *node = &expr->nodes[i];

                if (node->left != inner && node->right != inner)
                        continue;
                if (node->kind == CW_NODE_AND && !is_true(expr, context, i))
                        return false;
                inner = i;
        }
        return true;
}

/* The first comparison, by place in the text, that has a say; CW_NODE_NONE: the one found has, or none. */
static uint32_t find_true(const struct cw_expr *expr, const struct cw_expr_context *context, const struct found *found)
{
        const struct cw_node *nodes = expr->nodes;
        uint32_t first = CW_NODE_NONE;

        for (uint32_t i = 0; i < expr->n_nodes; i++) {
                if (!cw_node_is_comparison(nodes[i].kind))
                        continue;
                if (nodes[i].left == found->compared || nodes[i].right == found->compared) {
                        if (has_a_say(expr, context, i))
                                return CW_NODE_NONE;
                } else if (cw_node_is_order(nodes[i].kind) && has_a_say(expr, context, i) &&
                           (first == CW_NODE_NONE || nodes[i].offset < nodes[first].offset)) {
                        first = i;
                }
        }
        return first;
}

int cw_expr_alternative(const struct cw_expr *expr, const struct cw_expr_context *context,
                        struct cw_expr_limit *ret_measure, struct cw_expr_limit *ret_limit)
{
        struct found found = find_limit(expr);
        uint32_t truth;

        if (found.compared == CW_NODE_NONE || !is_choice(expr))
                return CW_EXPR_NONE;
        truth = find_true(expr, context, &found);
        if (truth == CW_NODE_NONE)
                return CW_EXPR_NONE;
        found.compared = expr->nodes[truth].left;
        found.limit = expr->nodes[truth].right;
        if (is_given(&expr->nodes[found.compared])) {
                found.compared = expr->nodes[truth].right;
                found.limit = expr->nodes[truth].left;
        }
        measure_side(expr, context, found.compared, ret_measure);
        measure_limit(expr, context, &found, ret_limit);
        return 0;
}
