/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: what decides is a handful of comparisons; each is said as it was written, with what its sides were worth and
 * what came of it. The values come from the evaluator itself, part by part.
 */
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "expr_node.h"

#define ELLIPSIS    "\u2026"
#define MEMBERS_MAX 8 /* of a list, whose values are said */

struct explainer {
        const struct cw_expr *expr;
        struct cw_expr_context context;
        struct cw_buf text;
        unsigned n_said; /* values of parts, behind a comparison */
};

static bool is_junction(enum cw_node_kind kind)
{
        return kind == CW_NODE_AND || kind == CW_NODE_OR || kind == CW_NODE_NOT;
}

static bool is_full(const struct explainer *explainer)
{
        return explainer->text.len > CW_EXPR_TEXT_MAX;
}

/* As it was written, on one line and without comments; what stands in quotes is left alone. */
static void put_text(struct explainer *explainer, const struct cw_node *node)
{
        const char *at = explainer->expr->text + node->offset, *end = at + node->len;
        bool quoted = false, spaced = false;

        for (; at < end; at++) {
                if (!quoted && *at == '#')
                        while (at + 1 < end && at[1] != '\n')
                                at++;
                if (!quoted && strchr(" \t\r\n#", *at)) {
                        spaced = true;
                        continue;
                }
                if (spaced)
                        cw_buf_putc(&explainer->text, ' ');
                spaced = false;
                cw_buf_putc(&explainer->text, *at);
                if (quoted && *at == '\\' && at + 1 < end)
                        cw_buf_putc(&explainer->text, *++at);
                else if (*at == '"')
                        quoted = !quoted;
        }
}

static void put_value(struct explainer *explainer, uint32_t index)
{
        struct cw_value value;

        cw_expr_eval_node(explainer->expr, &explainer->context, index, &value);
        cw_value_format(&explainer->text, &value);
}

/* The value of a field, a parameter or a function that a side is reckoned from. */
static void put_part(struct explainer *explainer, uint32_t index)
{
        cw_buf_puts(&explainer->text, explainer->n_said++ == 0 ? " (" : ", ");
        put_text(explainer, &explainer->expr->nodes[index]);
        cw_buf_puts(&explainer->text, " is ");
        put_value(explainer, index);
}

static void put_parts(struct explainer *explainer, uint32_t index)
{
        const struct cw_node *nodes = explainer->expr->nodes, *node = &nodes[index];

        switch (node->kind) {
        case CW_NODE_FIELD:
        case CW_NODE_PARAM:
                put_part(explainer, index);
                break;
        case CW_NODE_CALL:
                if (node->function == CW_FUNCTION_ABS)
                        put_parts(explainer, nodes[node->left].left);
                else
                        put_part(explainer, index);
                break;
        case CW_NODE_NEGATE:
        case CW_NODE_ADD:
        case CW_NODE_SUB:
        case CW_NODE_MUL:
        case CW_NODE_DIV:
                put_parts(explainer, node->left);
                if (node->right != CW_NODE_NONE)
                        put_parts(explainer, node->right);
                break;
        default:
                break;
        }
}

/* A side that is one word is said by its own value. */
static void put_parts_of_side(struct explainer *explainer, uint32_t index)
{
        const struct cw_node *node = &explainer->expr->nodes[index];
        bool is_word = node->kind == CW_NODE_FIELD || node->kind == CW_NODE_PARAM ||
                       (node->kind == CW_NODE_CALL && node->function != CW_FUNCTION_ABS);

        if (!is_word)
                put_parts(explainer, index);
}

static void put_members(struct explainer *explainer, uint32_t list)
{
        const struct cw_node *nodes = explainer->expr->nodes;
        unsigned n = 0;

        cw_buf_putc(&explainer->text, '(');
        for (uint32_t link = list; link != CW_NODE_NONE; link = nodes[link].right) {
                if (n == MEMBERS_MAX) {
                        cw_buf_puts(&explainer->text, ", " ELLIPSIS);
                        break;
                }
                cw_buf_puts(&explainer->text, n++ == 0 ? "" : ", ");
                put_value(explainer, nodes[link].left);
        }
        cw_buf_putc(&explainer->text, ')');
}

static void put_truth(struct explainer *explainer, uint32_t index)
{
        cw_buf_puts(&explainer->text, " is ");
        put_value(explainer, index);
}

/* What is either true or false by itself. */
static void put_decision(struct explainer *explainer, uint32_t index)
{
        const struct cw_node *node = &explainer->expr->nodes[index];
        bool has_sides = cw_node_is_comparison(node->kind) || node->kind == CW_NODE_IN || node->kind == CW_NODE_LIKE;

        put_text(explainer, node);
        if (has_sides) {
                cw_buf_puts(&explainer->text, ": ");
                put_value(explainer, node->left);
                cw_buf_putc(&explainer->text, ' ');
                cw_buf_append(&explainer->text, explainer->expr->text + node->name_offset, node->name_len);
                cw_buf_putc(&explainer->text, ' ');
                if (node->kind == CW_NODE_IN)
                        put_members(explainer, node->right);
                else
                        put_value(explainer, node->right);
        }
        put_truth(explainer, index);
        if (!cw_node_is_comparison(node->kind))
                return;
        explainer->n_said = 0;
        put_parts_of_side(explainer, node->left);
        put_parts_of_side(explainer, node->right);
        if (explainer->n_said > 0)
                cw_buf_putc(&explainer->text, ')');
}

/* In the order in which they were written. The depth was bounded by the parser. */
static void put_decisions(struct explainer *explainer, uint32_t index)
{
        const struct cw_node *node = &explainer->expr->nodes[index];

        if (is_full(explainer))
                return;
        if (!is_junction(node->kind)) {
                cw_buf_puts(&explainer->text, "; ");
                put_decision(explainer, index);
                return;
        }
        put_decisions(explainer, node->left);
        if (node->right != CW_NODE_NONE)
                put_decisions(explainer, node->right);
}

/* Texts of cards come from elsewhere: nothing of them moves a cursor or begins a line. */
static void make_harmless(char *text, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)text[i];

                if (c < 0x20 || c == 0x7f)
                        text[i] = ' ';
                else if (c == 0xc2 && i + 1 < len && ((unsigned char)text[i + 1] & 0xe0) == 0x80)
                        text[i] = text[i + 1] = ' '; /* U+0080 to U+009F */
        }
}

static size_t cut_at(const char *text, size_t len)
{
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
                len--;
        return len;
}

void cw_expr_explain(const struct cw_expr *expr, const struct cw_expr_context *context, struct cw_buf *buf)
{
        struct explainer explainer = {.expr = expr, .context = *context};
        size_t len;

        explainer.context.look_at = NULL;
        if (is_junction(expr->nodes[expr->root].kind)) {
                put_text(&explainer, &expr->nodes[expr->root]);
                put_truth(&explainer, expr->root);
                put_decisions(&explainer, expr->root);
        } else {
                put_decision(&explainer, expr->root);
        }
        len = explainer.text.len;
        if (cw_buf_error(&explainer.text) < 0)
                buf->error = buf->error ? buf->error : cw_buf_error(&explainer.text);
        if (len > 0)
                make_harmless(explainer.text.data, len);
        if (len > CW_EXPR_TEXT_MAX)
                len = cut_at(explainer.text.data, CW_EXPR_TEXT_MAX - strlen(ELLIPSIS));
        cw_buf_append(buf, cw_buf_text(&explainer.text), len);
        if (len < explainer.text.len)
                cw_buf_puts(buf, ELLIPSIS);
        cw_buf_deinit(&explainer.text);
}
