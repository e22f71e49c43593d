/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the life of a compiled expression, and what can be told about it without a card. */
#include "cardwatch/expr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"
#include "expr_lex.h"
#include "expr_node.h"
#include "expr_vocabulary.h"

CW_DEFINE_CLEANUP(struct cw_expr *, cw_expr_free);

void cw_expr_free(struct cw_expr *expr)
{
        if (!expr)
                return;
        free(expr->text);
        free(expr->strings);
        free(expr->nodes);
        free(expr);
}

int cw_expr_compile(const char *text, const struct cw_expr_scope *scope, struct cw_expr **ret_expr,
                    struct cw_expr_error *ret_error)
{
        cw_cleanup(cw_expr_free_cleanup) struct cw_expr *expr = NULL;
        int r;

        /* Before anything is copied: the text may be as long as somebody's file. */
        if (strnlen(text, CW_EXPR_TEXT_MAX + 1) > CW_EXPR_TEXT_MAX)
                return cw_expr_fail(ret_error, CW_EXPR_TEXT_MAX, 1, "an expression has at most %d bytes",
                                    CW_EXPR_TEXT_MAX);
        expr = calloc(1, sizeof(*expr));
        if (!expr)
                return -ENOMEM;
        expr->text = strdup(text);
        if (!expr->text)
                return -ENOMEM;
        r = cw_expr_parse(expr, ret_error);
        if (r == 0)
                r = cw_expr_check(expr, scope, ret_error);
        if (r < 0)
                return r;
        *ret_expr = cw_take(expr);
        return 0;
}

int cw_expr_check_name(const char *name)
{
        static const char *const words[] = {"and", "or", "not", "in", "like", "true", "false", "previous"};
        size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
        enum cw_function function;
        enum cw_field field;

        if (len == 0 || name[len] || (name[0] >= '0' && name[0] <= '9'))
                return -EINVAL;
        for (size_t i = 0; i < CW_ARRAY_SIZE(words); i++)
                if (strcmp(name, words[i]) == 0)
                        return -EEXIST;
        if (cw_vocabulary_find_field(name, len, &field) == 0 || cw_vocabulary_find_function(name, len, &function) == 0)
                return -EEXIST;
        return 0;
}

const char *cw_expr_text(const struct cw_expr *expr)
{
        return expr->text;
}

unsigned cw_expr_uses(const struct cw_expr *expr)
{
        return expr->uses;
}

/* Names, not numbers of an enum: the meaning of a rule is stored, and outlives a program that counts differently. */
static const char *word_of(enum cw_node_kind kind)
{
        static const char *const words[] = {
                [CW_NODE_LITERAL] = "literal", [CW_NODE_NAME] = "name",    [CW_NODE_FIELD] = "field",
                [CW_NODE_PARAM] = "param",     [CW_NODE_CALL] = "call",    [CW_NODE_LIST] = "list",
                [CW_NODE_NEGATE] = "negate",   [CW_NODE_ADD] = "+",        [CW_NODE_SUB] = "-",
                [CW_NODE_MUL] = "*",           [CW_NODE_DIV] = "/",        [CW_NODE_LESS] = "<",
                [CW_NODE_LESS_EQUAL] = "<=",   [CW_NODE_GREATER] = ">",    [CW_NODE_GREATER_EQUAL] = ">=",
                [CW_NODE_EQUAL] = "==",        [CW_NODE_NOT_EQUAL] = "!=", [CW_NODE_IN] = "in",
                [CW_NODE_LIKE] = "like",       [CW_NODE_NOT] = "not",      [CW_NODE_AND] = "and",
                [CW_NODE_OR] = "or",
        };

        return words[kind];
}

static void feed(const struct cw_expr *expr, uint32_t index, struct cw_hash *hash);

static void feed_list(const struct cw_expr *expr, uint32_t first, struct cw_hash *hash)
{
        for (uint32_t link = first; link != CW_NODE_NONE; link = expr->nodes[link].right)
                feed(expr, expr->nodes[link].left, hash);
        cw_hash_string(hash, NULL);
}

static void feed(const struct cw_expr *expr, uint32_t index, struct cw_hash *hash)
{
        const struct cw_node *node = &expr->nodes[index];

        cw_hash_string(hash, word_of(node->kind));
        switch (node->kind) {
        case CW_NODE_LITERAL:
                cw_value_meaning(&node->literal, hash);
                break;
        case CW_NODE_FIELD:
                cw_hash_string(hash, cw_vocabulary_field(node->field)->name);
                cw_hash_u64(hash, node->previous);
                break;
        case CW_NODE_PARAM:
                cw_hash_u64(hash, node->name_len);
                cw_hash_bytes(hash, expr->text + node->name_offset, node->name_len);
                break;
        case CW_NODE_CALL:
                cw_hash_string(hash, cw_vocabulary_function(node->function)->name);
                feed_list(expr, node->left, hash);
                break;
        case CW_NODE_IN:
                feed(expr, node->left, hash);
                feed_list(expr, node->right, hash);
                break;
        default:
                feed(expr, node->left, hash);
                if (node->right != CW_NODE_NONE)
                        feed(expr, node->right, hash);
                break;
        }
}

void cw_expr_meaning(const struct cw_expr *expr, struct cw_hash *hash)
{
        feed(expr, expr->root, hash);
}
