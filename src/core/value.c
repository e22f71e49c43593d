/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a parameter's value is one literal of the rule language, read by the same lexer. */
#include "cardwatch/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/digits.h"
#include "cardwatch/expr.h"
#include "cardwatch/hash.h"
#include "expr_lex.h"

const char *cw_value_type_name(enum cw_value_type type)
{
        static const char *const names[] = {
                [CW_VALUE_BOOL] = "true or false", [CW_VALUE_NUMBER] = "a number",     [CW_VALUE_AMOUNT] = "an amount",
                [CW_VALUE_INTEGER] = "an id",      [CW_VALUE_DURATION] = "a duration", [CW_VALUE_STRING] = "a text",
        };

        return names[type];
}

int cw_value_string(const char *text, size_t len, struct cw_value *ret_value)
{
        char *string = malloc(len + 1);

        if (!string)
                return -ENOMEM;
        memcpy(string, text, len);
        string[len] = '\0';
        *ret_value = (struct cw_value){.type = CW_VALUE_STRING, .known = true, .string = string};
        return 0;
}

int cw_value_copy(const struct cw_value *value, struct cw_value *ret_copy)
{
        if (value->type == CW_VALUE_STRING && value->known)
                return cw_value_string(value->string, strlen(value->string), ret_copy);
        *ret_copy = *value;
        return 0;
}

void cw_value_deinit(struct cw_value *value)
{
        if (value->type == CW_VALUE_STRING && value->known)
                free((char *)(uintptr_t)value->string);
        *value = (struct cw_value){0};
}

/* The first token has been read; the next one is left in *token. */
static int read_literal(struct cw_lexer *lexer, struct cw_token *token, struct cw_value *ret_value)
{
        cw_autofree char *string = NULL;
        struct cw_value value;
        struct cw_token first = *token;
        int r;

        switch (first.kind) {
        case CW_TOKEN_NUMBER:
        case CW_TOKEN_PERCENT:
        case CW_TOKEN_DURATION:
        case CW_TOKEN_TRUE:
        case CW_TOKEN_FALSE:
                r = cw_literal_value(lexer, &first, &value);
                break;
        case CW_TOKEN_STRING:
                string = malloc(first.len);
                if (!string)
                        return -ENOMEM;
                cw_literal_unquote(lexer, &first, string);
                value = (struct cw_value){.type = CW_VALUE_STRING, .known = true, .string = string};
                r = 0;
                break;
        default:
                return cw_expr_fail(lexer->error, first.offset, first.len,
                                    "write a value such as `100`, `100 USD`, `20%%`, `48h`, `\"text\"` or `true`");
        }
        if (r == 0)
                r = cw_lexer_next(lexer, token);
        if (r == 0 && first.kind == CW_TOKEN_NUMBER && cw_literal_is_currency(lexer, token)) {
                r = cw_literal_set_currency(lexer, token, &value);
                if (r == 0)
                        r = cw_lexer_next(lexer, token);
        }
        if (r < 0)
                return r;
        cw_take(string);
        *ret_value = value;
        return 0;
}

int cw_value_parse(const char *text, size_t len, struct cw_value *ret_value, struct cw_expr_error *ret_error)
{
        struct cw_lexer lexer = {.text = text, .len = len, .error = ret_error};
        struct cw_value value = {0};
        struct cw_token token, minus = {0};
        int r;

        if (len > CW_EXPR_TEXT_MAX)
                return cw_expr_fail(ret_error, 0, len, "a value has at most %d bytes", CW_EXPR_TEXT_MAX);
        r = cw_lexer_next(&lexer, &token);
        if (r == 0 && token.kind == CW_TOKEN_MINUS) {
                minus = token;
                r = cw_lexer_next(&lexer, &token);
        }
        if (r == 0)
                r = read_literal(&lexer, &token, &value);
        if (r < 0)
                return r;
        if (token.kind != CW_TOKEN_END)
                r = cw_expr_fail(ret_error, token.offset, len - token.offset, "nothing may follow the value");
        else if (minus.len > 0 && cw_literal_negate(&value) < 0)
                r = cw_expr_fail(ret_error, minus.offset, minus.len, "only numbers, amounts and durations have a sign");
        if (r < 0) {
                cw_value_deinit(&value);
                return r;
        }
        *ret_value = value;
        return 0;
}

static void format_string(struct cw_buf *buf, const char *text)
{
        cw_buf_putc(buf, '"');
        for (; *text; text++) {
                if (*text == '"' || *text == '\\')
                        cw_buf_putc(buf, '\\');
                cw_buf_putc(buf, *text);
        }
        cw_buf_putc(buf, '"');
}

void cw_value_format(struct cw_buf *buf, const struct cw_value *value)
{
        if (!value->known) {
                cw_buf_puts(buf, "unknown");
                return;
        }
        switch (value->type) {
        case CW_VALUE_BOOL:
                cw_buf_puts(buf, value->boolean ? "true" : "false");
                break;
        case CW_VALUE_NUMBER:
                cw_amount_format(buf, value->number, 0);
                break;
        case CW_VALUE_AMOUNT:
                cw_amount_format(buf, value->number, cw_currency_digits(value->currency));
                if (value->currency[0])
                        cw_buf_putc(buf, ' ');
                cw_buf_puts(buf, value->currency);
                break;
        case CW_VALUE_INTEGER:
                cw_digits_put(buf, value->integer);
                break;
        case CW_VALUE_DURATION:
                cw_duration_format(buf, value->duration_ms);
                break;
        case CW_VALUE_STRING:
                format_string(buf, value->string);
                break;
        }
}

/* Types are fed by name: the hash must outlive the order of an enum. */
void cw_value_meaning(const struct cw_value *value, struct cw_hash *hash)
{
        cw_hash_string(hash, cw_value_type_name(value->type));
        if (!value->known) {
                cw_hash_string(hash, NULL);
                return;
        }
        switch (value->type) {
        case CW_VALUE_BOOL:
                cw_hash_u64(hash, value->boolean);
                break;
        case CW_VALUE_NUMBER:
        case CW_VALUE_AMOUNT:
                cw_hash_u64(hash, (uint64_t)value->number);
                cw_hash_string(hash, value->currency);
                break;
        case CW_VALUE_INTEGER:
                cw_hash_u64(hash, (uint64_t)value->integer);
                break;
        case CW_VALUE_DURATION:
                cw_hash_u64(hash, (uint64_t)value->duration_ms);
                break;
        case CW_VALUE_STRING:
                cw_hash_string(hash, value->string);
                break;
        }
}
