/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: recursive descent, one function per level of precedence, loosest first. Every level gives the index of its
 * node; nesting and depth are counted, so that no text makes the stack grow beyond what is foreseen.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "expr_advice.h"
#include "expr_lex.h"
#include "expr_node.h"
#include "expr_vocabulary.h"

struct parser {
        struct cw_expr *expr;
        struct cw_lexer lexer;
        struct cw_token token; /* the next one */
        struct cw_token last; /* the one before it */
        size_t n_strings; /* bytes used of expr->strings */
        unsigned nesting;
};

static const char missing_comma[] = "write `,` or `)` here";
static const char misplaced_not[] = "write `not` in front: `not x in (1, 2)`";

static int parse_or(struct parser *parser, uint32_t *ret_node);
static int parse_unary(struct parser *parser, uint32_t *ret_node);

static int fail_at(struct parser *parser, const struct cw_token *token, const char *message)
{
        return cw_expr_fail(parser->lexer.error, token->offset, token->len, "%s", message);
}

static bool is_function(const struct parser *parser, const struct cw_token *token, enum cw_function *ret_function)
{
        return token->kind == CW_TOKEN_NAME &&
               cw_vocabulary_find_function(parser->lexer.text + token->offset, token->len, ret_function) == 0;
}

static bool is_value(enum cw_token_kind kind)
{
        return kind == CW_TOKEN_NUMBER || kind == CW_TOKEN_DURATION || kind == CW_TOKEN_PERCENT;
}

/* An operator, or the end of what was begun, should stand here: says what was probably meant, or else `message`. */
static int fail_unexpected(struct parser *parser, const char *message)
{
        const struct cw_token *token = &parser->token, *last = &parser->last;
        const char *advice = NULL;
        enum cw_function function;

        if (token->kind == CW_TOKEN_NOT)
                advice = misplaced_not;
        else if (is_function(parser, last, &function) && cw_vocabulary_function(function)->arguments[0])
                return cw_expr_fail(parser->lexer.error, last->offset, last->len, "this is a function: write `%s`",
                                    cw_vocabulary_function(function)->usage);
        else if (last->kind == CW_TOKEN_NAME && cw_advice_name(parser->lexer.text + last->offset, last->len))
                return fail_at(parser, last, cw_advice_name(parser->lexer.text + last->offset, last->len));
        else if (token->kind == CW_TOKEN_NAME)
                advice = cw_advice_operator(parser->lexer.text + token->offset, token->len);
        else if (token->kind == CW_TOKEN_NUMBER && cw_literal_is_currency(&parser->lexer, last))
                advice = "write a currency behind its amount: `100 USD`";
        else if (token->kind == CW_TOKEN_DURATION && is_value(last->kind))
                advice = "write a duration without spaces: `1h30m`";
        else if (token->kind == CW_TOKEN_NUMBER && is_value(last->kind))
                advice = "an operator is missing before this; a number has no spaces in it: write `1000.50`";
        return fail_at(parser, token, advice ? advice : message);
}

static int advance(struct parser *parser)
{
        parser->last = parser->token;
        return cw_lexer_next(&parser->lexer, &parser->token);
}

static size_t last_end(const struct parser *parser)
{
        return parser->last.offset + parser->last.len;
}

static int enter(struct parser *parser)
{
        if (++parser->nesting <= CW_NODE_NESTING_MAX)
                return 0;
        return fail_at(parser, &parser->token, "this is nested too deep");
}

static uint16_t depth_of(const struct cw_expr *expr, uint32_t node)
{
        return node == CW_NODE_NONE ? 0 : expr->nodes[node].depth;
}

/* Adds a node that ends with the token before the next one; its text starts at `offset`. */
static int add_node(struct parser *parser, struct cw_node node, size_t offset, uint32_t *ret_node)
{
        struct cw_expr *expr = parser->expr;
        uint16_t left = depth_of(expr, node.left), right = depth_of(expr, node.right);

        node.offset = (uint32_t)offset;
        node.len = (uint32_t)(last_end(parser) - offset);
        node.depth = left > right ? left : right;
        /* Lists are walked, not descended. */
        if (node.kind != CW_NODE_LIST)
                node.depth++;
        if (node.depth > CW_NODE_DEPTH_MAX)
                return cw_expr_fail(parser->lexer.error, node.offset, node.len, "this has too many parts");
        if (expr->n_nodes == expr->n_nodes_allocated) {
                uint32_t n = expr->n_nodes_allocated ? expr->n_nodes_allocated * 2 : 16;
                struct cw_node *nodes = realloc(expr->nodes, n * sizeof(*nodes));

                if (!nodes)
                        return -ENOMEM;
                expr->nodes = nodes;
                expr->n_nodes_allocated = n;
        }
        expr->nodes[expr->n_nodes] = node;
        *ret_node = expr->n_nodes++;
        return 0;
}

static struct cw_node node_of(enum cw_node_kind kind, uint32_t left, uint32_t right, const struct cw_token *name)
{
        return (struct cw_node){
                .kind = kind,
                .left = left,
                .right = right,
                .name_offset = (uint32_t)name->offset,
                .name_len = (uint32_t)name->len,
        };
}

/* A node of two operands, whose text reaches from the first to the last. */
static int add_binary(struct parser *parser, enum cw_node_kind kind, const struct cw_token *sign, uint32_t operands[2],
                      uint32_t *ret_node)
{
        size_t offset = parser->expr->nodes[operands[0]].offset;

        return add_node(parser, node_of(kind, operands[0], operands[1], sign), offset, ret_node);
}

static int parse_literal(struct parser *parser, uint32_t *ret_node)
{
        struct cw_token first = parser->token;
        struct cw_node node = node_of(CW_NODE_LITERAL, CW_NODE_NONE, CW_NODE_NONE, &first);
        int r = 0;

        if (first.kind == CW_TOKEN_STRING) {
                char *string = parser->expr->strings + parser->n_strings;

                parser->n_strings += cw_literal_unquote(&parser->lexer, &first, string) + 1;
                node.literal = (struct cw_value){.type = CW_VALUE_STRING, .known = true, .string = string};
        } else {
                r = cw_literal_value(&parser->lexer, &first, &node.literal);
        }
        if (r == 0)
                r = advance(parser);
        if (r == 0 && first.kind == CW_TOKEN_NUMBER && cw_literal_is_currency(&parser->lexer, &parser->token)) {
                r = cw_literal_set_currency(&parser->lexer, &parser->token, &node.literal);
                if (r == 0)
                        r = advance(parser);
        }
        if (r < 0)
                return r;
        return add_node(parser, node, first.offset, ret_node);
}

/* The elements of a list up to its closing parenthesis, chained from the first. The opening one has been read. */
static int parse_list(struct parser *parser, const struct cw_token *open, uint32_t *ret_list)
{
        uint32_t first = CW_NODE_NONE, last = CW_NODE_NONE, element, link;
        int r;

        for (;;) {
                r = parse_or(parser, &element);
                if (r < 0)
                        return r;
                r = add_node(parser, node_of(CW_NODE_LIST, element, CW_NODE_NONE, open),
                             parser->expr->nodes[element].offset, &link);
                if (r < 0)
                        return r;
                if (last == CW_NODE_NONE) {
                        first = link;
                } else {
                        parser->expr->nodes[last].right = link;
                        if (parser->expr->nodes[first].depth < parser->expr->nodes[link].depth)
                                parser->expr->nodes[first].depth = parser->expr->nodes[link].depth;
                }
                last = link;
                if (parser->token.kind != CW_TOKEN_COMMA)
                        break;
                r = advance(parser);
                if (r < 0)
                        return r;
        }
        if (parser->token.kind == CW_TOKEN_END)
                return fail_at(parser, open, "this parenthesis is never closed");
        if (parser->token.kind != CW_TOKEN_CLOSE)
                return is_value(parser->token.kind) ? fail_at(parser, &parser->token, missing_comma)
                                                    : fail_unexpected(parser, missing_comma);
        *ret_list = first;
        return advance(parser);
}

/* What follows the name of a function: its arguments. */
static int parse_call(struct parser *parser, const struct cw_token *name, uint32_t *ret_node)
{
        struct cw_token open = parser->token;
        uint32_t list = CW_NODE_NONE;
        int r;

        r = enter(parser);
        if (r == 0)
                r = advance(parser);
        if (r == 0)
                r = parser->token.kind == CW_TOKEN_CLOSE ? advance(parser) : parse_list(parser, &open, &list);
        if (r < 0)
                return r;
        parser->nesting--;
        return add_node(parser, node_of(CW_NODE_CALL, list, CW_NODE_NONE, name), name->offset, ret_node);
}

static int parse_name(struct parser *parser, uint32_t *ret_node)
{
        struct cw_token first = parser->token, name = first;
        struct cw_node node;
        bool previous = false;
        int r;

        r = advance(parser);
        if (r == 0 && parser->token.kind == CW_TOKEN_DOT) {
                if (first.len != strlen("previous") ||
                    memcmp(parser->lexer.text + first.offset, "previous", first.len) != 0)
                        return fail_at(parser, &first, "only `previous` has fields: write `previous.available`");
                previous = true;
                r = advance(parser);
                if (r < 0)
                        return r;
                name = parser->token;
                if (name.kind != CW_TOKEN_NAME)
                        return fail_at(parser, &name, "write a field here, as in `previous.available`");
                r = advance(parser);
        }
        if (r < 0)
                return r;
        if (parser->token.kind == CW_TOKEN_OPEN && !previous)
                return parse_call(parser, &name, ret_node);
        node = node_of(CW_NODE_NAME, CW_NODE_NONE, CW_NODE_NONE, &name);
        node.previous = previous;
        return add_node(parser, node, first.offset, ret_node);
}

/* The parentheses belong to the text of what stands in them, so that a quoted part reads as it was written. */
static int parse_parenthesis(struct parser *parser, uint32_t *ret_node)
{
        struct cw_token open = parser->token;
        struct cw_node *node;
        uint32_t inner;
        int r;

        r = enter(parser);
        if (r == 0)
                r = advance(parser);
        if (r == 0 && parser->token.kind == CW_TOKEN_CLOSE)
                r = fail_at(parser, &parser->token, "there is nothing between these parentheses");
        if (r == 0)
                r = parse_or(parser, &inner);
        if (r < 0)
                return r;
        if (parser->token.kind == CW_TOKEN_END)
                return fail_at(parser, &open, "this parenthesis is never closed");
        if (parser->token.kind == CW_TOKEN_COMMA)
                return fail_at(parser, &parser->token, "a list stands only behind `in`");
        if (parser->token.kind != CW_TOKEN_CLOSE)
                return fail_unexpected(parser, "write an operator or `)` here");
        r = advance(parser);
        if (r < 0)
                return r;
        parser->nesting--;
        node = &parser->expr->nodes[inner];
        node->offset = (uint32_t)open.offset;
        node->len = (uint32_t)(last_end(parser) - open.offset);
        *ret_node = inner;
        return 0;
}

static int parse_primary(struct parser *parser, uint32_t *ret_node)
{
        switch (parser->token.kind) {
        case CW_TOKEN_NUMBER:
        case CW_TOKEN_PERCENT:
        case CW_TOKEN_DURATION:
        case CW_TOKEN_STRING:
        case CW_TOKEN_TRUE:
        case CW_TOKEN_FALSE:
                return parse_literal(parser, ret_node);
        case CW_TOKEN_NAME:
                return parse_name(parser, ret_node);
        case CW_TOKEN_OPEN:
                return parse_parenthesis(parser, ret_node);
        case CW_TOKEN_END:
                return fail_at(parser, &parser->token,
                               "something is missing at the end: a field, a value or a condition");
        case CW_TOKEN_NOT:
                return fail_at(parser, &parser->token, "put parentheses around `not …` here");
        case CW_TOKEN_DOT:
                return fail_at(parser, &parser->token, "write a digit before the decimal point: `0.5`");
        case CW_TOKEN_PLUS:
                return fail_at(parser, &parser->token, "a number has no plus sign: leave it out");
        case CW_TOKEN_CLOSE:
                return fail_at(parser, &parser->token, "a field or a value is missing before this parenthesis");
        default:
                return fail_at(parser, &parser->token, "a field or a value is missing before this");
        }
}

static int parse_unary(struct parser *parser, uint32_t *ret_node)
{
        struct cw_token sign = parser->token;
        uint32_t operand;
        struct cw_node *node;
        int r;

        if (sign.kind != CW_TOKEN_MINUS)
                return parse_primary(parser, ret_node);
        r = enter(parser);
        if (r == 0)
                r = advance(parser);
        if (r == 0)
                r = parse_unary(parser, &operand);
        if (r < 0)
                return r;
        parser->nesting--;
        node = &parser->expr->nodes[operand];
        if (node->kind == CW_NODE_LITERAL && cw_literal_negate(&node->literal) == 0) {
                node->offset = (uint32_t)sign.offset;
                node->len = (uint32_t)(last_end(parser) - sign.offset);
                *ret_node = operand;
                return 0;
        }
        return add_node(parser, node_of(CW_NODE_NEGATE, operand, CW_NODE_NONE, &sign), sign.offset, ret_node);
}

typedef int level(struct parser *parser, uint32_t *ret_node);

/* The kind of node that an operator of the level makes, or CW_NODE_NAME: the token is none of them. */
typedef enum cw_node_kind operator_kind(enum cw_token_kind token);

/* Operators of one level, from left to right. */
static int parse_chain(struct parser *parser, level *next_level, operator_kind *kind_of, uint32_t *ret_node)
{
        uint32_t operands[2];
        int r;

        r = next_level(parser, &operands[0]);
        while (r == 0) {
                struct cw_token sign = parser->token;
                enum cw_node_kind kind = kind_of(sign.kind);

                if (kind == CW_NODE_NAME)
                        break;
                r = advance(parser);
                if (r == 0)
                        r = next_level(parser, &operands[1]);
                if (r == 0)
                        r = add_binary(parser, kind, &sign, operands, &operands[0]);
        }
        if (r < 0)
                return r;
        *ret_node = operands[0];
        return 0;
}

static enum cw_node_kind multiplication(enum cw_token_kind token)
{
        return token == CW_TOKEN_STAR ? CW_NODE_MUL : token == CW_TOKEN_SLASH ? CW_NODE_DIV : CW_NODE_NAME;
}

static enum cw_node_kind addition(enum cw_token_kind token)
{
        return token == CW_TOKEN_PLUS ? CW_NODE_ADD : token == CW_TOKEN_MINUS ? CW_NODE_SUB : CW_NODE_NAME;
}

static enum cw_node_kind comparison(enum cw_token_kind token)
{
        switch (token) {
        case CW_TOKEN_LESS:
                return CW_NODE_LESS;
        case CW_TOKEN_LESS_EQUAL:
                return CW_NODE_LESS_EQUAL;
        case CW_TOKEN_GREATER:
                return CW_NODE_GREATER;
        case CW_TOKEN_GREATER_EQUAL:
                return CW_NODE_GREATER_EQUAL;
        case CW_TOKEN_EQUAL:
                return CW_NODE_EQUAL;
        case CW_TOKEN_NOT_EQUAL:
                return CW_NODE_NOT_EQUAL;
        case CW_TOKEN_IN:
                return CW_NODE_IN;
        case CW_TOKEN_LIKE:
                return CW_NODE_LIKE;
        default:
                return CW_NODE_NAME;
        }
}

static enum cw_node_kind conjunction(enum cw_token_kind token)
{
        return token == CW_TOKEN_AND ? CW_NODE_AND : CW_NODE_NAME;
}

static enum cw_node_kind disjunction(enum cw_token_kind token)
{
        return token == CW_TOKEN_OR ? CW_NODE_OR : CW_NODE_NAME;
}

static int parse_multiplicative(struct parser *parser, uint32_t *ret_node)
{
        return parse_chain(parser, parse_unary, multiplication, ret_node);
}

static int parse_additive(struct parser *parser, uint32_t *ret_node)
{
        return parse_chain(parser, parse_multiplicative, addition, ret_node);
}

/* What stands behind `in`. */
static int parse_members(struct parser *parser, uint32_t *ret_list)
{
        struct cw_token open = parser->token;
        int r;

        if (open.kind != CW_TOKEN_OPEN)
                return fail_at(parser, &open, "write a list in parentheses behind `in`: `in (1, 2)`");
        r = enter(parser);
        if (r == 0)
                r = advance(parser);
        if (r == 0 && parser->token.kind == CW_TOKEN_CLOSE)
                r = fail_at(parser, &parser->token, "the list behind `in` is empty");
        if (r == 0)
                r = parse_list(parser, &open, ret_list);
        parser->nesting--;
        return r;
}

static int parse_comparison(struct parser *parser, uint32_t *ret_node)
{
        struct cw_token sign;
        enum cw_node_kind kind;
        uint32_t operands[2];
        int r;

        r = parse_additive(parser, &operands[0]);
        if (r < 0)
                return r;
        sign = parser->token;
        kind = comparison(sign.kind);
        if (kind == CW_NODE_NAME) {
                *ret_node = operands[0];
                return 0;
        }
        r = advance(parser);
        if (r == 0)
                r = kind == CW_NODE_IN ? parse_members(parser, &operands[1]) : parse_additive(parser, &operands[1]);
        if (r < 0)
                return r;
        if (comparison(parser->token.kind) != CW_NODE_NAME)
                return fail_at(parser, &parser->token,
                               "comparisons cannot be chained: write `1 < available and available < 5`");
        return add_binary(parser, kind, &sign, operands, ret_node);
}

static int parse_not(struct parser *parser, uint32_t *ret_node)
{
        struct cw_token sign = parser->token;
        uint32_t operand;
        int r;

        if (sign.kind != CW_TOKEN_NOT)
                return parse_comparison(parser, ret_node);
        r = enter(parser);
        if (r == 0)
                r = advance(parser);
        if (r == 0)
                r = parse_not(parser, &operand);
        if (r < 0)
                return r;
        parser->nesting--;
        return add_node(parser, node_of(CW_NODE_NOT, operand, CW_NODE_NONE, &sign), sign.offset, ret_node);
}

static int parse_and(struct parser *parser, uint32_t *ret_node)
{
        return parse_chain(parser, parse_not, conjunction, ret_node);
}

static int parse_or(struct parser *parser, uint32_t *ret_node)
{
        return parse_chain(parser, parse_and, disjunction, ret_node);
}

/* Says why the expression did not end where a whole condition did. */
static int fail_behind(struct parser *parser)
{
        switch (parser->token.kind) {
        case CW_TOKEN_CLOSE:
                return fail_at(parser, &parser->token, "this parenthesis was never opened");
        case CW_TOKEN_COMMA:
                return fail_at(parser, &parser->token,
                               "a comma separates only arguments and list elements: write `and` between conditions, "
                               "and numbers without: `1000.50`");
        case CW_TOKEN_DOT:
                return fail_at(parser, &parser->token, "nothing may stand behind a point here");
        default:
                return fail_unexpected(parser, "write an operator such as `and` before this, or take it out");
        }
}

int cw_expr_parse(struct cw_expr *expr, struct cw_expr_error *error)
{
        size_t len = strlen(expr->text);
        struct parser parser = {.expr = expr, .lexer = {.text = expr->text, .len = len, .error = error}};
        int r;

        if (len > CW_EXPR_TEXT_MAX)
                return cw_expr_fail(error, CW_EXPR_TEXT_MAX, len - CW_EXPR_TEXT_MAX,
                                    "an expression has at most %d bytes", CW_EXPR_TEXT_MAX);
        /* Unquoted, a text and its NUL are shorter than the literal was. */
        expr->strings = malloc(len + 1);
        if (!expr->strings)
                return -ENOMEM;
        r = advance(&parser);
        if (r < 0)
                return r;
        if (parser.token.kind == CW_TOKEN_END)
                return cw_expr_fail(error, 0, len,
                                    "the expression is empty: write a condition such as `available < 100`");
        r = parse_or(&parser, &expr->root);
        if (r < 0)
                return r;
        return parser.token.kind == CW_TOKEN_END ? 0 : fail_behind(&parser);
}
