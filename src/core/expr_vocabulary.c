/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one row a word: what it is called, what it takes, what it gives, what it looks at. */
#include "expr_vocabulary.h"

#include <errno.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/text.h"

#define WORD_MAX 64

static const struct cw_field_word fields[] = {
        [CW_FIELD_AVAILABLE] = {"available", CW_VALUE_AMOUNT}, [CW_FIELD_PENDING] = {"pending", CW_VALUE_AMOUNT},
        [CW_FIELD_TOTAL] = {"total", CW_VALUE_AMOUNT},         [CW_FIELD_SUPPRESSED] = {"suppressed", CW_VALUE_BOOL},
        [CW_FIELD_CURRENCY] = {"currency", CW_VALUE_STRING},   [CW_FIELD_REFERENCE] = {"reference", CW_VALUE_STRING},
        [CW_FIELD_SOURCE] = {"source", CW_VALUE_STRING},       [CW_FIELD_CUSTOMER] = {"customer", CW_VALUE_INTEGER},
        [CW_FIELD_CARD] = {"card", CW_VALUE_INTEGER},
};

static const struct cw_function_word functions[] = {
        [CW_FUNCTION_ABS] = {"abs", "x", "abs(delta(available))", CW_VALUE_AMOUNT, false, 0},
        [CW_FUNCTION_ADDED] = {"added", "d", "added(24h)", CW_VALUE_AMOUNT, false, CW_EXPR_USES_PAST},
        [CW_FUNCTION_AGE] = {"age", "", "age", CW_VALUE_DURATION, false, CW_EXPR_USES_PAST},
        [CW_FUNCTION_APPEARED] = {"appeared", "", "appeared", CW_VALUE_BOOL, true, 0},
        [CW_FUNCTION_AVG] = {"avg", "ad", "avg(available, 24h)", CW_VALUE_AMOUNT, false, CW_EXPR_USES_PAST},
        [CW_FUNCTION_CHANGED] = {"changed", "f", "changed(available)", CW_VALUE_BOOL, false, CW_EXPR_USES_PREVIOUS},
        [CW_FUNCTION_CHANGES] = {"changes", "fd", "changes(available, 24h)", CW_VALUE_NUMBER, false, CW_EXPR_USES_PAST},
        [CW_FUNCTION_DELTA] = {"delta", "aD", "delta(available)` or `delta(available, 1h)", CW_VALUE_AMOUNT, false, 0},
        [CW_FUNCTION_DISAPPEARED] = {"disappeared", "", "disappeared", CW_VALUE_BOOL, true, CW_EXPR_USES_DISAPPEARED},
        [CW_FUNCTION_MAX] = {"max", "ad", "max(available, 24h)", CW_VALUE_AMOUNT, false, CW_EXPR_USES_PAST},
        [CW_FUNCTION_MIN] = {"min", "ad", "min(available, 24h)", CW_VALUE_AMOUNT, false, CW_EXPR_USES_PAST},
        [CW_FUNCTION_RUNWAY] = {"runway", "d", "runway(24h)", CW_VALUE_DURATION, false, CW_EXPR_USES_PAST},
        [CW_FUNCTION_SPENT] = {"spent", "d", "spent(24h)", CW_VALUE_AMOUNT, false, CW_EXPR_USES_PAST},
        [CW_FUNCTION_UNCHANGED] = {"unchanged", "f", "unchanged(available)", CW_VALUE_DURATION, false,
                                   CW_EXPR_USES_PAST},
};

static const char *const keywords[] = {"and", "or", "not", "in", "like", "true", "false", "previous"};

const struct cw_field_word *cw_vocabulary_field(enum cw_field field)
{
        return &fields[field];
}

const struct cw_function_word *cw_vocabulary_function(enum cw_function function)
{
        return &functions[function];
}

static bool is_word(const char *name, const char *word, size_t len)
{
        return strncmp(name, word, len) == 0 && name[len] == '\0';
}

int cw_vocabulary_find_field(const char *word, size_t len, enum cw_field *ret_field)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(fields); i++) {
                if (!is_word(fields[i].name, word, len))
                        continue;
                *ret_field = (enum cw_field)i;
                return 0;
        }
        return -ENOENT;
}

int cw_vocabulary_find_function(const char *word, size_t len, enum cw_function *ret_function)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(functions); i++) {
                if (!is_word(functions[i].name, word, len))
                        continue;
                *ret_function = (enum cw_function)i;
                return 0;
        }
        return -ENOENT;
}

const char *cw_vocabulary_nearest(const char *word, size_t len, const struct cw_expr_params *params)
{
        const char *candidates[CW_ARRAY_SIZE(fields) + CW_ARRAY_SIZE(functions) + CW_ARRAY_SIZE(keywords)];
        const char *nearest[2] = {0};
        char copy[WORD_MAX + 1];
        size_t n = 0;

        if (len > WORD_MAX)
                return NULL;
        for (size_t i = 0; i < len; i++)
                copy[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] | 0x20 : word[i]);
        copy[len] = '\0';
        for (size_t i = 0; i < CW_ARRAY_SIZE(fields); i++)
                candidates[n++] = fields[i].name;
        for (size_t i = 0; i < CW_ARRAY_SIZE(functions); i++)
                candidates[n++] = functions[i].name;
        for (size_t i = 0; i < CW_ARRAY_SIZE(keywords); i++)
                candidates[n++] = keywords[i];
        nearest[0] = params->n > 0 ? cw_text_nearest(copy, params->names, params->n) : NULL;
        nearest[1] = cw_text_nearest(copy, candidates, n);
        return nearest[0] && nearest[1] ? cw_text_nearest(copy, nearest, 2) : nearest[0] ? nearest[0] : nearest[1];
}

/* Ids are names that look like numbers: nothing is reckoned with them. */
static bool is_quantity(enum cw_value_type type)
{
        return type == CW_VALUE_NUMBER || type == CW_VALUE_AMOUNT || type == CW_VALUE_DURATION;
}

static bool is_money(enum cw_value_type type)
{
        return type == CW_VALUE_NUMBER || type == CW_VALUE_AMOUNT;
}

int cw_vocabulary_result(enum cw_node_kind kind, enum cw_value_type a, enum cw_value_type b,
                         enum cw_value_type *ret_type)
{
        if (!is_quantity(a) || !is_quantity(b))
                return -EINVAL;
        switch (kind) {
        case CW_NODE_ADD:
        case CW_NODE_SUB:
                if (a != b && !(is_money(a) && is_money(b)))
                        return -EINVAL;
                *ret_type = a == b ? a : CW_VALUE_AMOUNT;
                return 0;
        case CW_NODE_MUL:
                if (a != CW_VALUE_NUMBER && b != CW_VALUE_NUMBER)
                        return -EINVAL;
                *ret_type = a == CW_VALUE_NUMBER ? b : a;
                return 0;
        default:
                if (a != b && b != CW_VALUE_NUMBER)
                        return -EINVAL;
                *ret_type = a == b ? CW_VALUE_NUMBER : a;
                return 0;
        }
}

bool cw_vocabulary_comparable(enum cw_value_type a, enum cw_value_type b)
{
        if (a == b || (is_money(a) && is_money(b)))
                return true;
        return (a == CW_VALUE_INTEGER && b == CW_VALUE_NUMBER) || (a == CW_VALUE_NUMBER && b == CW_VALUE_INTEGER);
}
