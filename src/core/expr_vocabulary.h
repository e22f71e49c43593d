/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_EXPR_VOCABULARY_H
#define CARDWATCH_CORE_EXPR_VOCABULARY_H

#include "expr_node.h"

/*
 * The words of the language and the types that go together: constant tables, shared by checker and evaluator, so that
 * what is accepted and what is reckoned cannot differ.
 */

struct cw_field_word {
        const char *name;
        enum cw_value_type type;
};

struct cw_function_word {
        const char *name;
        const char *arguments; /* f: a field, a: an amount of the card, d: a window, D: one that may be left out, x: a
                                  value */
        const char *usage;
        enum cw_value_type type; /* of the result; abs: that of its argument */
        bool is_for_events;
        unsigned uses; /* CW_EXPR_USES_…, besides those of its fields */
};

/* By enum cw_field and enum cw_function. */
const struct cw_field_word *cw_vocabulary_field(enum cw_field field);
const struct cw_function_word *cw_vocabulary_function(enum cw_function function);

/* 0 or -ENOENT. */
int cw_vocabulary_find_field(const char *word, size_t len, enum cw_field *ret_field);
int cw_vocabulary_find_function(const char *word, size_t len, enum cw_function *ret_function);

/* The word of the language or of the parameters that was meant, or NULL. */
const char *cw_vocabulary_nearest(const char *word, size_t len, const struct cw_expr_params *params);

/* The type of `a kind b` for + - * and /. -EINVAL: they do not go together. */
int cw_vocabulary_result(enum cw_node_kind kind, enum cw_value_type a, enum cw_value_type b,
                         enum cw_value_type *ret_type);

/* Whether values of the two types can be equal at all. */
bool cw_vocabulary_comparable(enum cw_value_type a, enum cw_value_type b);

#endif
