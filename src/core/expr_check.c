/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: one pass over the nodes, operands first. Names become what they name, every node gets its type, and the first
 * that does not fit is told with what to write instead.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "expr_advice.h"
#include "expr_lex.h"
#include "expr_node.h"
#include "expr_vocabulary.h"

/* How much of somebody's name a message repeats. */
#define SHOWN_MAX     32
#define ARGUMENTS_MAX 3

struct checker {
        struct cw_expr *expr;
        const struct cw_expr_scope *scope;
        struct cw_expr_error *error;
};

static const struct cw_node *node_at(const struct checker *checker, uint32_t index)
{
        return &checker->expr->nodes[index];
}

static const char *name_of(const struct checker *checker, const struct cw_node *node)
{
        return checker->expr->text + node->name_offset;
}

static int shown(const struct cw_node *node)
{
        return node->name_len < SHOWN_MAX ? (int)node->name_len : SHOWN_MAX;
}

static int fail_name(const struct checker *checker, const struct cw_node *node, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Points at the word itself, not at all that belongs to it. */
static int fail_name(const struct checker *checker, const struct cw_node *node, const char *format, ...)
{
        char message[sizeof(checker->error->message)];
        va_list args;

        va_start(args, format);
        vsnprintf(message, sizeof(message), format, args);
        va_end(args);
        return cw_expr_fail(checker->error, node->name_offset, node->name_len, "%s", message);
}

static int fail_node(const struct checker *checker, const struct cw_node *node, const char *message)
{
        return cw_expr_fail(checker->error, node->offset, node->len, "%s", message);
}

static bool find_param(const struct checker *checker, const char *name, size_t len, uint32_t *ret_param)
{
        const struct cw_expr_params *params = &checker->scope->params;

        for (size_t i = 0; i < params->n; i++) {
                if (strncmp(params->names[i], name, len) != 0 || params->names[i][len])
                        continue;
                *ret_param = (uint32_t)i;
                return true;
        }
        return false;
}

/* A word of the language may be near a text that was meant as such: `source == main`. */
static int fail_near(const struct checker *checker, const struct cw_node *node, const char *nearest)
{
        const char *name = name_of(checker, node);
        enum cw_field field;
        uint32_t param;

        if (node->kind == CW_NODE_CALL || node->previous || find_param(checker, nearest, strlen(nearest), &param) ||
            cw_vocabulary_find_field(nearest, strlen(nearest), &field) == 0)
                return fail_name(checker, node, "there is no `%.*s`; did you mean `%s`?", shown(node), name, nearest);
        return fail_name(checker, node, "there is no `%.*s`; did you mean `%s`, or the text `\"%.*s\"`?", shown(node),
                         name, nearest, shown(node), name);
}

static int fail_unknown(const struct checker *checker, const struct cw_node *node)
{
        const char *name = name_of(checker, node);
        const char *advice = cw_advice_name(name, node->name_len);
        const char *nearest = cw_vocabulary_nearest(name, node->name_len, &checker->scope->params);

        if (node->name_len == strlen("previous") && memcmp(name, "previous", node->name_len) == 0)
                return fail_name(checker, node, "write the field, as in `previous.available`");
        if (advice)
                return fail_name(checker, node, "there is no `%.*s`: %s", shown(node), name, advice);
        if (nearest)
                return fail_near(checker, node, nearest);
        if (node->kind == CW_NODE_CALL)
                return fail_name(checker, node, "there is no function `%.*s`", shown(node), name);
        return fail_name(checker, node, "there is no field or parameter `%.*s`; a text is written `\"%.*s\"`",
                         shown(node), name, shown(node), name);
}

static void use_field(struct cw_expr *expr, const struct cw_node *node)
{
        if (node->field == CW_FIELD_SUPPRESSED)
                expr->uses |= CW_EXPR_USES_SUPPRESSED;
        if (node->previous)
                expr->uses |= CW_EXPR_USES_PREVIOUS;
}

static int check_function(const struct checker *checker, struct cw_node *node);

static int check_name(const struct checker *checker, struct cw_node *node)
{
        const char *name = name_of(checker, node);
        enum cw_function function;
        enum cw_field field;
        uint32_t param;

        if (cw_vocabulary_find_field(name, node->name_len, &field) == 0) {
                node->kind = CW_NODE_FIELD;
                node->field = field;
                node->type = cw_vocabulary_field(field)->type;
                use_field(checker->expr, node);
                return 0;
        }
        if (find_param(checker, name, node->name_len, &param)) {
                if (node->previous)
                        return fail_name(checker, node, "`previous` has only the fields of the card, not parameters");
                node->kind = CW_NODE_PARAM;
                node->param = param;
                node->type = checker->scope->params.types[param];
                return 0;
        }
        if (cw_vocabulary_find_function(name, node->name_len, &function) < 0)
                return fail_unknown(checker, node);
        if (node->previous)
                return fail_name(checker, node, "`previous` has only the fields of the card");
        if (cw_vocabulary_function(function)->arguments[0])
                return fail_name(checker, node, "this is a function: write `%s`",
                                 cw_vocabulary_function(function)->usage);
        node->kind = CW_NODE_CALL;
        return check_function(checker, node);
}

/* A window is known before the rule runs, so that the engine can keep as much history as rules need and no more. */
static int check_window(const struct checker *checker, const struct cw_node *argument, const char *usage)
{
        if (argument->type != CW_VALUE_DURATION)
                return cw_expr_fail(checker->error, argument->offset, argument->len,
                                    "a window is a duration such as `90s`, `1h` or `7d`: write `%s`", usage);
        if (argument->kind != CW_NODE_LITERAL && argument->kind != CW_NODE_PARAM)
                return fail_node(checker, argument, "a window is written out, such as `1h`, or is a parameter");
        if (argument->kind == CW_NODE_LITERAL && argument->literal.duration_ms <= 0)
                return fail_node(checker, argument, "a window is longer than nothing");
        return 0;
}

static int check_argument(const struct checker *checker, const struct cw_node *argument,
                          const struct cw_function_word *word, char expected)
{
        bool is_field = argument->kind == CW_NODE_FIELD && !argument->previous;

        switch (expected) {
        case 'f':
                return is_field ? 0
                                : fail_node(checker, argument, "write a field of the card here, such as `available`");
        case 'a':
                if (is_field && argument->type == CW_VALUE_AMOUNT)
                        return 0;
                return cw_expr_fail(checker->error, argument->offset, argument->len,
                                    "write `available`, `pending` or `total` here, as in `%s`", word->usage);
        case 'd':
        case 'D':
                return check_window(checker, argument, word->usage);
        default:
                if (argument->type == CW_VALUE_NUMBER || argument->type == CW_VALUE_AMOUNT ||
                    argument->type == CW_VALUE_DURATION)
                        return 0;
                return fail_node(checker, argument, "abs takes a number, an amount or a duration");
        }
}

/* Collects the arguments; there are never more than a row of the vocabulary asks for. */
static int check_arguments(const struct checker *checker, const struct cw_node *node,
                           const struct cw_function_word *word, const struct cw_node *ret_arguments[ARGUMENTS_MAX])
{
        size_t n = 0, most = strlen(word->arguments);
        uint32_t link;
        int r;

        for (link = node->left; link != CW_NODE_NONE; link = node_at(checker, link)->right) {
                const struct cw_node *argument = node_at(checker, node_at(checker, link)->left);

                if (n == most)
                        return most == 0 ? fail_node(checker, node, "this takes no arguments")
                                         : cw_expr_fail(checker->error, argument->offset, argument->len,
                                                        "there is one argument too many: write `%s`", word->usage);
                r = check_argument(checker, argument, word, word->arguments[n]);
                if (r < 0)
                        return r;
                ret_arguments[n++] = argument;
        }
        if (n < most && word->arguments[n] != 'D')
                return cw_expr_fail(checker->error, node->offset, node->len, "an argument is missing: write `%s`",
                                    word->usage);
        return 0;
}

static int check_function(const struct checker *checker, struct cw_node *node)
{
        const struct cw_node *arguments[ARGUMENTS_MAX] = {0};
        const struct cw_function_word *word;
        enum cw_function function;
        int r;

        if (cw_vocabulary_find_function(name_of(checker, node), node->name_len, &function) < 0) {
                enum cw_field field;
                uint32_t param;

                if (cw_vocabulary_find_field(name_of(checker, node), node->name_len, &field) == 0 ||
                    find_param(checker, name_of(checker, node), node->name_len, &param))
                        return fail_node(checker, node, "this is no function: write it without parentheses");
                return fail_unknown(checker, node);
        }
        word = cw_vocabulary_function(function);
        r = check_arguments(checker, node, word, arguments);
        if (r < 0)
                return r;
        if (word->is_for_events && !checker->scope->is_event)
                return fail_name(checker, node, "`%s` has a meaning only in `on:`", word->name);
        checker->expr->uses |= word->uses;
        if (function == CW_FUNCTION_DELTA)
                checker->expr->uses |= arguments[1] ? CW_EXPR_USES_PAST : CW_EXPR_USES_PREVIOUS;
        node->function = function;
        node->type = function == CW_FUNCTION_ABS ? arguments[0]->type : word->type;
        return 0;
}

static const char *verb_of(enum cw_node_kind kind)
{
        switch (kind) {
        case CW_NODE_ADD:
                return "added";
        case CW_NODE_SUB:
                return "subtracted";
        case CW_NODE_MUL:
                return "multiplied";
        default:
                return "divided";
        }
}

static const char *remedy_of(enum cw_node_kind kind)
{
        switch (kind) {
        case CW_NODE_MUL:
                return "multiply by a number, as in `20% * total`";
        case CW_NODE_DIV:
                return "divide by a number or by the like, as in `available / total`";
        default:
                return "both must be of one kind, as in `available + 5` or `age + 5m`";
        }
}

/* A literal that only an id can be equal to. */
static bool is_too_large(const struct cw_node *node)
{
        return node->kind == CW_NODE_LITERAL && node->type == CW_VALUE_INTEGER;
}

/* The currency that an amount is in whatever the card's is, or NULL. */
static const char *fixed_currency(const struct checker *checker, const struct cw_node *node)
{
        const char *currency = NULL;

        if (node->type != CW_VALUE_AMOUNT)
                return NULL;
        switch (node->kind) {
        case CW_NODE_LITERAL:
                return node->literal.currency;
        case CW_NODE_CALL:
                return node->function == CW_FUNCTION_ABS
                               ? fixed_currency(checker, node_at(checker, node_at(checker, node->left)->left))
                               : NULL;
        case CW_NODE_NEGATE:
        case CW_NODE_ADD:
        case CW_NODE_SUB:
        case CW_NODE_MUL:
        case CW_NODE_DIV:
                currency = fixed_currency(checker, node_at(checker, node->left));
                if (!currency && node->right != CW_NODE_NONE)
                        currency = fixed_currency(checker, node_at(checker, node->right));
                return currency;
        default:
                return NULL;
        }
}

/* What would be unknown for every card is a mistake. */
static int check_currencies(const struct checker *checker, const struct cw_node *left, const struct cw_node *right)
{
        const char *a = fixed_currency(checker, left), *b = fixed_currency(checker, right);

        if (!a || !b || strcmp(a, b) == 0)
                return 0;
        return cw_expr_fail(checker->error, right->offset, right->len,
                            "nothing is converted between %s and %s: write both in the same currency", a, b);
}

static int check_arithmetic(const struct checker *checker, struct cw_node *node)
{
        const struct cw_node *left = node_at(checker, node->left), *right = node_at(checker, node->right);

        if (cw_vocabulary_result(node->kind, left->type, right->type, &node->type) == 0)
                return check_currencies(checker, left, right);
        if (is_too_large(left) || is_too_large(right))
                return fail_node(checker, is_too_large(left) ? left : right, "this number is too large");
        return cw_expr_fail(checker->error, node->offset, node->len, "%s and %s cannot be %s: %s",
                            cw_value_type_name(left->type), cw_value_type_name(right->type), verb_of(node->kind),
                            remedy_of(node->kind));
}

static int check_negation(const struct checker *checker, struct cw_node *node)
{
        const struct cw_node *operand = node_at(checker, node->left);

        node->type = operand->type;
        if (operand->type == CW_VALUE_NUMBER || operand->type == CW_VALUE_AMOUNT || operand->type == CW_VALUE_DURATION)
                return 0;
        return cw_expr_fail(checker->error, node->offset, node->len, "%s has no sign",
                            cw_value_type_name(operand->type));
}

static const char *sample_of(enum cw_value_type type)
{
        static const char *const samples[] = {
                [CW_VALUE_BOOL] = "true",     [CW_VALUE_NUMBER] = "100",  [CW_VALUE_AMOUNT] = "100 USD",
                [CW_VALUE_INTEGER] = "11057", [CW_VALUE_DURATION] = "2h", [CW_VALUE_STRING] = "\"acme\"",
        };

        return samples[type];
}

/* A number where the other side is a duration: somebody forgot the unit. */
static bool is_bare_duration(const struct cw_node *node, const struct cw_node *other)
{
        return node->kind == CW_NODE_LITERAL && node->type == CW_VALUE_NUMBER && other->type == CW_VALUE_DURATION;
}

static bool is_currency_code(const char *text)
{
        size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

        return len == 3 && text[len] == '\0';
}

static int check_currency_text(const struct checker *checker, const struct cw_node *field, const struct cw_node *text)
{
        if (field->kind != CW_NODE_FIELD || field->field != CW_FIELD_CURRENCY || text->kind != CW_NODE_LITERAL ||
            is_currency_code(text->literal.string))
                return 0;
        return fail_node(checker, text, "a currency has three letters: write `\"USD\"`");
}

/* Both can be compared, or the error says what was probably meant. */
static int check_pair(const struct checker *checker, const struct cw_node *left, const struct cw_node *right)
{
        const struct cw_node *text = right->type == CW_VALUE_STRING ? right : left;
        const struct cw_node *other = text == right ? left : right;

        if (cw_vocabulary_comparable(left->type, right->type)) {
                int r = check_currencies(checker, left, right);

                if (r == 0 && left->type == CW_VALUE_STRING)
                        r = check_currency_text(checker, left, right);
                if (r == 0 && left->type == CW_VALUE_STRING)
                        r = check_currency_text(checker, right, left);
                return r;
        }
        if (text->type == CW_VALUE_STRING && text->kind == CW_NODE_LITERAL && other->type != CW_VALUE_BOOL)
                return cw_expr_fail(checker->error, text->offset, text->len,
                                    "%s cannot be compared with a text: write it without quotes",
                                    cw_value_type_name(other->type));
        if (text->type == CW_VALUE_STRING && other->kind == CW_NODE_LITERAL)
                return cw_expr_fail(checker->error, other->offset, other->len,
                                    "a text cannot be compared with %s: write it in double quotes",
                                    cw_value_type_name(other->type));
        if (is_too_large(left) || is_too_large(right))
                return fail_node(checker, is_too_large(left) ? left : right, "this number is too large");
        if (is_bare_duration(left, right) || is_bare_duration(right, left))
                return fail_node(checker, is_bare_duration(left, right) ? left : right,
                                 "a duration has a unit: `ms`, `s`, `m`, `h` or `d`, as in `90s`");
        return cw_expr_fail(checker->error, right->offset, right->len,
                            "%s cannot be compared with %s: compare it with a value such as `%s`",
                            cw_value_type_name(left->type), cw_value_type_name(right->type), sample_of(left->type));
}

static int check_comparison(const struct checker *checker, struct cw_node *node)
{
        const struct cw_node *left = node_at(checker, node->left), *right = node_at(checker, node->right);
        int r;

        node->type = CW_VALUE_BOOL;
        r = check_pair(checker, left, right);
        if (r < 0)
                return r;
        if (!cw_node_is_order(node->kind))
                return 0;
        if (left->type == CW_VALUE_BOOL)
                return cw_expr_fail(checker->error, node->name_offset, node->name_len,
                                    "true and false have no order: use `==`, `!=` or `in`");
        if (left->type == CW_VALUE_STRING)
                return cw_expr_fail(checker->error, node->name_offset, node->name_len,
                                    "texts have no order: use `==`, `!=`, `in` or `like`");
        return 0;
}

static int check_membership(const struct checker *checker, struct cw_node *node)
{
        uint32_t link;
        int r;

        node->type = CW_VALUE_BOOL;
        for (link = node->right; link != CW_NODE_NONE; link = node_at(checker, link)->right) {
                r = check_pair(checker, node_at(checker, node->left), node_at(checker, node_at(checker, link)->left));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int check_pattern(const struct checker *checker, struct cw_node *node)
{
        const struct cw_node *left = node_at(checker, node->left), *right = node_at(checker, node->right);

        node->type = CW_VALUE_BOOL;
        if (left->type != CW_VALUE_STRING)
                return cw_expr_fail(checker->error, left->offset, left->len, "`like` is for texts, this is %s",
                                    cw_value_type_name(left->type));
        if (right->type != CW_VALUE_STRING)
                return fail_node(checker, right, "write a pattern behind `like`, such as `\"acme-*\"`");
        return 0;
}

/* What `joiner` joins is true or false. */
static int check_condition(const struct checker *checker, const struct cw_node *node, const char *joiner)
{
        if (node->type == CW_VALUE_BOOL)
                return 0;
        if (node->type == CW_VALUE_STRING)
                return cw_expr_fail(checker->error, node->offset, node->len,
                                    "%s takes conditions, this is a text: write the whole comparison again, or "
                                    "`currency in (\"USD\", \"EUR\")`",
                                    joiner);
        return cw_expr_fail(checker->error, node->offset, node->len,
                            "%s takes conditions, this is %s: compare it, as in `%s`", joiner,
                            cw_value_type_name(node->type),
                            node->type == CW_VALUE_DURATION ? "age > 2h" : "available < 100");
}

static int check_logic(const struct checker *checker, struct cw_node *node)
{
        const char *joiner = node->kind == CW_NODE_AND ? "`and`" : node->kind == CW_NODE_OR ? "`or`" : "`not`";
        int r;

        node->type = CW_VALUE_BOOL;
        r = check_condition(checker, node_at(checker, node->left), joiner);
        if (r == 0 && node->right != CW_NODE_NONE)
                r = check_condition(checker, node_at(checker, node->right), joiner);
        return r;
}

static int check_node(const struct checker *checker, struct cw_node *node)
{
        switch (node->kind) {
        case CW_NODE_LITERAL:
                node->type = node->literal.type;
                return 0;
        case CW_NODE_NAME:
                return check_name(checker, node);
        case CW_NODE_CALL:
                return check_function(checker, node);
        case CW_NODE_NEGATE:
                return check_negation(checker, node);
        case CW_NODE_ADD:
        case CW_NODE_SUB:
        case CW_NODE_MUL:
        case CW_NODE_DIV:
                return check_arithmetic(checker, node);
        case CW_NODE_IN:
                return check_membership(checker, node);
        case CW_NODE_LIKE:
                return check_pattern(checker, node);
        case CW_NODE_NOT:
        case CW_NODE_AND:
        case CW_NODE_OR:
                return check_logic(checker, node);
        case CW_NODE_LIST:
                return 0;
        default:
                return check_comparison(checker, node);
        }
}

int cw_expr_check(struct cw_expr *expr, const struct cw_expr_scope *scope, struct cw_expr_error *error)
{
        struct checker checker = {.expr = expr, .scope = scope, .error = error};
        int r;

        for (uint32_t i = 0; i < expr->n_nodes; i++) {
                r = check_node(&checker, &expr->nodes[i]);
                if (r < 0)
                        return r;
        }
        return check_condition(&checker, &expr->nodes[expr->root], "a rule");
}
