/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_EXPR_NODE_H
#define CARDWATCH_CORE_EXPR_NODE_H

#include <stdint.h>

#include "cardwatch/expr.h"

/*
 * What a compiled expression is made of.
 *
 * Nodes lie in one array and name each other by index; children come before their parents, so that a pass over the
 * array sees every operand before what uses it. The parser makes nodes, the checker gives them types and turns names
 * into what they name, the evaluator only reads. Texts of literals lie in one block beside the expression's own text.
 */

#define CW_NODE_NONE        UINT32_MAX
#define CW_NODE_NESTING_MAX 64 /* parentheses and signs within each other */
#define CW_NODE_DEPTH_MAX   512 /* of the tree: a chain of `or` is as deep as it is long */

enum cw_node_kind {
        CW_NODE_LITERAL,
        CW_NODE_NAME, /* until it is checked: a field, a parameter or a function without arguments */
        CW_NODE_FIELD,
        CW_NODE_PARAM,
        CW_NODE_CALL, /* left: a list of arguments */
        CW_NODE_LIST, /* left: an element, right: the rest of the list */
        CW_NODE_NEGATE,
        CW_NODE_ADD,
        CW_NODE_SUB,
        CW_NODE_MUL,
        CW_NODE_DIV,
        CW_NODE_LESS,
        CW_NODE_LESS_EQUAL,
        CW_NODE_GREATER,
        CW_NODE_GREATER_EQUAL,
        CW_NODE_EQUAL,
        CW_NODE_NOT_EQUAL,
        CW_NODE_IN, /* right: a list */
        CW_NODE_LIKE,
        CW_NODE_NOT,
        CW_NODE_AND,
        CW_NODE_OR,
};

enum cw_field {
        CW_FIELD_AVAILABLE,
        CW_FIELD_PENDING,
        CW_FIELD_TOTAL,
        CW_FIELD_SUPPRESSED,
        CW_FIELD_CURRENCY,
        CW_FIELD_REFERENCE,
        CW_FIELD_SOURCE,
        CW_FIELD_CUSTOMER,
        CW_FIELD_CARD,
};

enum cw_function {
        CW_FUNCTION_ABS,
        CW_FUNCTION_ADDED,
        CW_FUNCTION_AGE,
        CW_FUNCTION_APPEARED,
        CW_FUNCTION_AVG,
        CW_FUNCTION_CHANGED,
        CW_FUNCTION_CHANGES,
        CW_FUNCTION_DELTA,
        CW_FUNCTION_DISAPPEARED,
        CW_FUNCTION_MAX,
        CW_FUNCTION_MIN,
        CW_FUNCTION_RUNWAY,
        CW_FUNCTION_SPENT,
        CW_FUNCTION_UNCHANGED,
};
struct cw_node {
        enum cw_node_kind kind;
        enum cw_value_type type;
        bool previous; /* of a field: at the observation before */
        uint16_t depth;
        uint32_t left, right;
        uint32_t offset, len; /* its text */
        uint32_t name_offset, name_len; /* of names, calls and operators: the word or sign itself */
        union {
                struct cw_value literal;
                enum cw_field field;
                enum cw_function function;
                uint32_t param;
        };
};

struct cw_expr {
        char *text;
        char *strings; /* of the literals, one behind the other */
        struct cw_node *nodes;
        uint32_t n_nodes, n_nodes_allocated;
        uint32_t root;
        unsigned uses;
};

/* Fills text, strings, nodes and root of an empty expression. -EINVAL with *error filled, -ENOMEM without. */
int cw_expr_parse(struct cw_expr *expr, struct cw_expr_error *error) __attribute__((warn_unused_result));

/* Resolves names, gives types, fills `uses`. -EINVAL with *error filled. */
int cw_expr_check(struct cw_expr *expr, const struct cw_expr_scope *scope, struct cw_expr_error *error)
        __attribute__((warn_unused_result));

/* The value of one node. */
void cw_expr_eval_node(const struct cw_expr *expr, const struct cw_expr_context *context, uint32_t node,
                       struct cw_value *ret_value);

static inline bool cw_node_is_order(enum cw_node_kind kind)
{
        return kind >= CW_NODE_LESS && kind <= CW_NODE_GREATER_EQUAL;
}

static inline bool cw_node_is_comparison(enum cw_node_kind kind)
{
        return kind >= CW_NODE_LESS && kind <= CW_NODE_NOT_EQUAL;
}

#endif
