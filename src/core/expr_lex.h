/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_EXPR_LEX_H
#define CARDWATCH_CORE_EXPR_LEX_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/value.h"

/*
 * Lexer of expressions, and the literals that are one or two tokens.
 *
 * Knows what a token looks like and how other languages write it, so that its errors can say what to write here. Knows
 * no names but the keywords. Allocates nothing; texts are not copied.
 */

enum cw_token_kind {
        CW_TOKEN_END,
        CW_TOKEN_NUMBER,
        CW_TOKEN_PERCENT,
        CW_TOKEN_DURATION,
        CW_TOKEN_STRING,
        CW_TOKEN_NAME,
        CW_TOKEN_OPEN,
        CW_TOKEN_CLOSE,
        CW_TOKEN_COMMA,
        CW_TOKEN_DOT,
        CW_TOKEN_PLUS,
        CW_TOKEN_MINUS,
        CW_TOKEN_STAR,
        CW_TOKEN_SLASH,
        CW_TOKEN_LESS,
        CW_TOKEN_LESS_EQUAL,
        CW_TOKEN_GREATER,
        CW_TOKEN_GREATER_EQUAL,
        CW_TOKEN_EQUAL,
        CW_TOKEN_NOT_EQUAL,
        CW_TOKEN_AND,
        CW_TOKEN_OR,
        CW_TOKEN_NOT,
        CW_TOKEN_IN,
        CW_TOKEN_LIKE,
        CW_TOKEN_TRUE,
        CW_TOKEN_FALSE,
};

struct cw_token {
        enum cw_token_kind kind;
        size_t offset, len;
};

struct cw_lexer {
        const char *text;
        size_t len;
        size_t offset; /* of what was not read yet */
        struct cw_expr_error *error;
};

/* -EINVAL with the lexer's error filled. */
int cw_lexer_next(struct cw_lexer *lexer, struct cw_token *ret_token) __attribute__((warn_unused_result));

/* Fills the error; returns -EINVAL, so that callers can return it. */
int cw_expr_fail(struct cw_expr_error *error, size_t offset, size_t len, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* The value of a token of a literal other than a string. -EINVAL with the error filled. */
int cw_literal_value(const struct cw_lexer *lexer, const struct cw_token *token, struct cw_value *ret_value)
        __attribute__((warn_unused_result));

/* Whether a name after a number is meant as its currency. */
int cw_literal_is_currency(const struct cw_lexer *lexer, const struct cw_token *token);

/* Makes a number an amount in the currency that the token names. */
int cw_literal_set_currency(const struct cw_lexer *lexer, const struct cw_token *token, struct cw_value *value)
        __attribute__((warn_unused_result));

/* Turns the sign of a literal around, in place. -EINVAL: it has none. */
int cw_literal_negate(struct cw_value *value) __attribute__((warn_unused_result));

/* Writes the content of a string token and a NUL to `ret_text`, at most the token's length; returns its length. */
size_t cw_literal_unquote(const struct cw_lexer *lexer, const struct cw_token *token, char *ret_text);

#endif
