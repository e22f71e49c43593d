/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a literal is exact or refused; a whole number that no decimal can hold may still be somebody's id. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "expr_advice.h"
#include "expr_lex.h"

/* Longer numbers are zeros only, or out of range. */
#define NUMBER_MAX 64

static bool parse_integer(const char *text, size_t len, int64_t *ret_integer)
{
        int64_t value = 0;

        for (size_t i = 0; i < len; i++)
                if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, text[i] - '0', &value))
                        return false;
        *ret_integer = value;
        return true;
}

static int number_value(const struct cw_lexer *lexer, const struct cw_token *token, struct cw_value *ret_value)
{
        bool percent = token->kind == CW_TOKEN_PERCENT;
        size_t len = token->len - percent;
        struct cw_value value = {.type = CW_VALUE_NUMBER, .known = true};
        char text[NUMBER_MAX + 4];
        int r;

        if (len > NUMBER_MAX)
                return cw_expr_fail(lexer->error, token->offset, token->len, "this number is too long");
        memcpy(text, lexer->text + token->offset, len);
        memcpy(text + len, "e-2", 3);
        r = cw_amount_parse(text, len + (percent ? 3 : 0), &value.number);
        if (r == -ERANGE && !percent && parse_integer(text, len, &value.integer)) {
                value.type = CW_VALUE_INTEGER;
                r = 0;
        }
        if (r == -EINVAL)
                return cw_expr_fail(lexer->error, token->offset, token->len, "a number has no zeros in front");
        if (r == -EDOM)
                return cw_expr_fail(lexer->error, token->offset, token->len,
                                    percent ? "a percentage has at most four decimals"
                                            : "a number has at most six decimals");
        if (r < 0)
                return cw_expr_fail(lexer->error, token->offset, token->len, "this number is too large");
        *ret_value = value;
        return 0;
}

int cw_literal_value(const struct cw_lexer *lexer, const struct cw_token *token, struct cw_value *ret_value)
{
        struct cw_value value = {.known = true};

        switch (token->kind) {
        case CW_TOKEN_NUMBER:
        case CW_TOKEN_PERCENT:
                return number_value(lexer, token, ret_value);
        case CW_TOKEN_DURATION:
                value.type = CW_VALUE_DURATION;
                if (cw_duration_parse(lexer->text + token->offset, token->len, &value.duration_ms) < 0)
                        return cw_expr_fail(lexer->error, token->offset, token->len, "this is no duration");
                break;
        default:
                value.type = CW_VALUE_BOOL;
                value.boolean = token->kind == CW_TOKEN_TRUE;
                break;
        }
        *ret_value = value;
        return 0;
}

/* Three letters behind a number, unless they are a word of the language that was meant to stand elsewhere. */
int cw_literal_is_currency(const struct cw_lexer *lexer, const struct cw_token *token)
{
        static const char words[][4] = {"abs", "age", "avg", "max", "min"};
        const char *text = lexer->text + token->offset;

        if (token->kind != CW_TOKEN_NAME || token->len != 3)
                return 0;
        for (size_t i = 0; i < 3; i++)
                if ((text[i] | 0x20) < 'a' || (text[i] | 0x20) > 'z')
                        return 0;
        for (size_t i = 0; i < CW_ARRAY_SIZE(words); i++)
                if (memcmp(words[i], text, 3) == 0)
                        return 0;
        return cw_advice_operator(text, 3) == NULL;
}

int cw_literal_set_currency(const struct cw_lexer *lexer, const struct cw_token *token, struct cw_value *value)
{
        if (value->type == CW_VALUE_INTEGER)
                return cw_expr_fail(lexer->error, token->offset, token->len, "this amount is too large");
        value->type = CW_VALUE_AMOUNT;
        for (size_t i = 0; i < 3; i++)
                value->currency[i] = (char)(lexer->text[token->offset + i] & ~0x20);
        value->currency[3] = '\0';
        return 0;
}

int cw_literal_negate(struct cw_value *value)
{
        switch (value->type) {
        case CW_VALUE_NUMBER:
        case CW_VALUE_AMOUNT:
                value->number = -value->number;
                return 0;
        case CW_VALUE_INTEGER:
                value->integer = -value->integer;
                return 0;
        case CW_VALUE_DURATION:
                value->duration_ms = -value->duration_ms;
                return 0;
        default:
                return -EINVAL;
        }
}

/* A backslash hides a quote and itself; before anything else it stays, so that patterns can use it. */
size_t cw_literal_unquote(const struct cw_lexer *lexer, const struct cw_token *token, char *ret_text)
{
        const char *text = lexer->text + token->offset + 1;
        size_t len = token->len - 2, n = 0;

        for (size_t i = 0; i < len; i++) {
                if (text[i] == '\\' && i + 1 < len && (text[i + 1] == '"' || text[i + 1] == '\\'))
                        i++;
                ret_text[n++] = text[i];
        }
        ret_text[n] = '\0';
        return n;
}
