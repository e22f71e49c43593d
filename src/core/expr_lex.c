/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one token at a time off a text of known length; what other languages write is a table of what to write here. */
#include "expr_lex.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/text.h"
#include "expr_advice.h"

/* How much of somebody's text a message repeats. */
#define SHOWN_MAX 40

int cw_expr_fail(struct cw_expr_error *error, size_t offset, size_t len, const char *format, ...)
{
        va_list args;

        error->offset = offset;
        error->len = len;
        va_start(args, format);
        vsnprintf(error->message, sizeof(error->message), format, args);
        va_end(args);
        return -EINVAL;
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name_part(char c)
{
        return is_name_start(c) || is_digit(c);
}

static size_t span(const struct cw_lexer *lexer, size_t offset, bool (*belongs)(char))
{
        size_t n = 0;

        while (offset + n < lexer->len && belongs(lexer->text[offset + n]))
                n++;
        return n;
}

static void skip_space(struct cw_lexer *lexer)
{
        while (lexer->offset < lexer->len) {
                char c = lexer->text[lexer->offset];

                if (c == '#') {
                        while (lexer->offset < lexer->len && lexer->text[lexer->offset] != '\n')
                                lexer->offset++;
                } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
                        lexer->offset++;
                } else {
                        break;
                }
        }
}

/* Three letters that somebody wrote for a unit of time, or forgot a space before, but not for a currency. */
static bool is_no_currency(const char *text)
{
        static const char words[][4] = {"min", "sec", "day", "and", "not"};

        for (size_t i = 0; i < CW_ARRAY_SIZE(words); i++)
                if (memcmp(text, words[i], 3) == 0)
                        return true;
        return false;
}

/* `1.000.000` and `1'000`: what stands behind the digits goes on with digits. */
static bool is_separated(const struct cw_lexer *lexer, size_t end)
{
        return end + 1 < lexer->len && (lexer->text[end] == '.' || lexer->text[end] == '\'') &&
               is_digit(lexer->text[end + 1]);
}

/* The digits end at `end`, and what stands right behind them makes no sense. */
static int fail_number(const struct cw_lexer *lexer, const struct cw_token *token, size_t end)
{
        const char *text = lexer->text + token->offset, *suffix = lexer->text + end, *advice;
        size_t digits = end - token->offset, n = token->len - digits, letters = span(lexer, end, is_name_start);

        advice = cw_advice_suffix(suffix, n);
        if (advice && memchr(text, '.', digits) && strchr("smhd", suffix[0]))
                advice = "a duration has no decimals: write `1h30m`";
        if (advice)
                return cw_expr_fail(lexer->error, token->offset, token->len, "%s", advice);
        if (suffix[0] == '_')
                return cw_expr_fail(lexer->error, token->offset, token->len,
                                    "a number has no separators of thousands: write `1000.50`");
        if (n == 3 && letters == 3 && !is_no_currency(suffix))
                return cw_expr_fail(lexer->error, token->offset, token->len,
                                    "write a space between number and currency: `%.*s %.3s`",
                                    digits < SHOWN_MAX ? (int)digits : SHOWN_MAX, text, suffix);
        return cw_expr_fail(lexer->error, token->offset, token->len,
                            "`%.*s` is neither a number nor a duration such as `90s`, `5m` or `1h30m`",
                            token->len < SHOWN_MAX ? (int)token->len : SHOWN_MAX, text);
}

/* Digits, perhaps with decimals, and what stands right behind them: a per cent sign, a unit, or a mistake. */
static int lex_number(struct cw_lexer *lexer, struct cw_token *token)
{
        size_t start = token->offset, end = start + span(lexer, start, is_digit), n;
        const char *text = lexer->text + start;
        int64_t ms;
        int r;

        if (end < lexer->len && lexer->text[end] == '.') {
                n = span(lexer, end + 1, is_digit);
                if (n == 0)
                        return cw_expr_fail(lexer->error, start, end + 1 - start,
                                            "digits must follow the decimal point: write `5` or `5.0`");
                end += 1 + n;
        }
        n = span(lexer, end, is_name_part);
        token->len = end + n - start;
        if (n == 0 && is_separated(lexer, end))
                return cw_expr_fail(lexer->error, end, 1,
                                    "a number has no separators of thousands, and one decimal point: write `1000.50`");
        if (n == 0) {
                token->kind = end < lexer->len && lexer->text[end] == '%' ? CW_TOKEN_PERCENT : CW_TOKEN_NUMBER;
                token->len += token->kind == CW_TOKEN_PERCENT;
                return 0;
        }
        token->kind = CW_TOKEN_DURATION;
        r = cw_duration_parse(text, token->len, &ms);
        if (r == 0)
                return 0;
        if (r == -ERANGE)
                return cw_expr_fail(lexer->error, start, token->len, "no duration is longer than 1000 years");
        return fail_number(lexer, token, end);
}

static int lex_string(struct cw_lexer *lexer, struct cw_token *token)
{
        bool ends_word = token->offset > 0 && is_name_part(lexer->text[token->offset - 1]);
        size_t i = token->offset + 1, valid;

        while (i < lexer->len && lexer->text[i] != '"')
                i += lexer->text[i] == '\\' ? 2 : 1;
        if (i >= lexer->len)
                return cw_expr_fail(lexer->error, token->offset, 1, "this text has no %s `\"`",
                                    ends_word ? "opening" : "closing");
        token->kind = CW_TOKEN_STRING;
        token->len = i + 1 - token->offset;
        valid = cw_text_valid_utf8(lexer->text + token->offset, token->len);
        if (valid != token->len)
                return cw_expr_fail(lexer->error, token->offset + valid, 1, "this byte is not valid UTF-8");
        if (memchr(lexer->text + token->offset, '\0', token->len))
                return cw_expr_fail(lexer->error, token->offset, token->len, "a text cannot hold a zero byte");
        return 0;
}

static const struct {
        char text[8];
        enum cw_token_kind kind;
} keywords[] = {
        {"and", CW_TOKEN_AND},   {"or", CW_TOKEN_OR},     {"not", CW_TOKEN_NOT},     {"in", CW_TOKEN_IN},
        {"like", CW_TOKEN_LIKE}, {"true", CW_TOKEN_TRUE}, {"false", CW_TOKEN_FALSE},
};

static int lex_name(struct cw_lexer *lexer, struct cw_token *token)
{
        const char *text = lexer->text + token->offset;
        char word[8];

        token->kind = CW_TOKEN_NAME;
        token->len = span(lexer, token->offset, is_name_part);
        if (token->len >= sizeof(word))
                return 0;
        memcpy(word, text, token->len);
        word[token->len] = '\0';
        for (size_t i = 0; i < CW_ARRAY_SIZE(keywords); i++) {
                if (strcmp(word, keywords[i].text) == 0)
                        token->kind = keywords[i].kind;
                else if (cw_text_equal_nocase(word, keywords[i].text))
                        return cw_expr_fail(lexer->error, token->offset, token->len, "write `%s` in lower case",
                                            keywords[i].text);
        }
        return 0;
}

/* Longer ones first. */
static const struct {
        char text[4];
        enum cw_token_kind kind;
        char advice[64]; /* not of this language: what to write */
} symbols[] = {
        {"=!=", 0, "write `!=`"},
        {"===", 0, "write `==` to compare"},
        {"!==", 0, "write `!=` to compare"},
        {"==", CW_TOKEN_EQUAL, ""},
        {"!=", CW_TOKEN_NOT_EQUAL, ""},
        {"<=", CW_TOKEN_LESS_EQUAL, ""},
        {">=", CW_TOKEN_GREATER_EQUAL, ""},
        {"=<", 0, "write `<=`"},
        {"=>", 0, "write `>=`"},
        {"<>", 0, "write `!=`"},
        {"&&", 0, "write `and`"},
        {"||", 0, "write `or`"},
        {"=!", 0, "write `!=`"},
        {"!<", 0, "write `>=`"},
        {"!>", 0, "write `<=`"},
        {"!~", 0, "write `not` in front, and `like`"},
        {"//", 0, "a comment begins with `#`"},
        {"/*", 0, "a comment begins with `#`"},
        {"::", 0, "nothing is converted here: leave it out"},
        {"=~", 0, "write `like` and a pattern such as \"acme-*\""},
        {"**", 0, "there are no powers; write `*` to multiply"},
        {"=", 0, "write `==` to compare"},
        {"&", 0, "write `and`"},
        {"|", 0, "write `or`"},
        {"!", 0, "write `not`"},
        {"'", 0, "write texts in double quotes: `\"…\"`"},
        {"`", 0, "write texts in double quotes: `\"…\"`"},
        {"[", 0, "write lists in parentheses: `(1, 2)`"},
        {"]", 0, "write lists in parentheses: `(1, 2)`"},
        {"{", 0, "write lists in parentheses: `(1, 2)`"},
        {"}", 0, "write lists in parentheses: `(1, 2)`"},
        {"%", 0, "write `%` right behind a number: `20%`"},
        {"$", 0, "write a parameter's name alone, an amount as `100 USD`"},
        {"\u20ac", 0, "write the currency by its letters, behind: `100 EUR`"},
        {"\u00a3", 0, "write the currency by its letters, behind: `100 GBP`"},
        {"\u00a5", 0, "write the currency by its letters, behind: `100 JPY`"},
        {"^", 0, "there are no powers; write `*` to multiply"},
        {"?", 0, "there is no choice of values; join conditions with `and`, `or`"},
        {":", 0, "nothing is named or chosen here: write a condition alone"},
        {";", 0, "an expression is one condition; join with `and`"},
        {"(", CW_TOKEN_OPEN, ""},
        {")", CW_TOKEN_CLOSE, ""},
        {",", CW_TOKEN_COMMA, ""},
        {".", CW_TOKEN_DOT, ""},
        {"+", CW_TOKEN_PLUS, ""},
        {"-", CW_TOKEN_MINUS, ""},
        {"*", CW_TOKEN_STAR, ""},
        {"/", CW_TOKEN_SLASH, ""},
        {"<", CW_TOKEN_LESS, ""},
        {">", CW_TOKEN_GREATER, ""},
        {"\u2264", 0, "write `<=`"},
        {"\u2265", 0, "write `>=`"},
        {"\u2260", 0, "write `!=`"},
        {"\u2212", 0, "write a plain `-`"},
        {"\u2013", 0, "write a plain `-`"},
        {"\u00d7", 0, "write `*`"},
        {"\u00f7", 0, "write `/`"},
        {"\u201c", 0, "write plain double quotes: `\"`"},
        {"\u201d", 0, "write plain double quotes: `\"`"},
        {"\u201e", 0, "write plain double quotes: `\"`"},
        {"\u2019", 0, "write plain double quotes: `\"`"},
        {"\u00a0", 0, "write a plain space"},
};

/* `< =`: the sign before it was one half. */
static bool is_second_half(const struct cw_lexer *lexer, size_t offset)
{
        while (offset > 0 && lexer->text[offset - 1] == ' ')
                offset--;
        return offset > 0 && strchr("<>=", lexer->text[offset - 1]) != NULL;
}

static int lex_symbol(struct cw_lexer *lexer, struct cw_token *token)
{
        const char *text = lexer->text + token->offset;
        size_t rest = lexer->len - token->offset, len;

        for (size_t i = 0; i < CW_ARRAY_SIZE(symbols); i++) {
                len = strnlen(symbols[i].text, sizeof(symbols[i].text));
                if (len > rest || memcmp(symbols[i].text, text, len) != 0)
                        continue;
                if (strcmp(symbols[i].text, "=") == 0 && is_second_half(lexer, token->offset))
                        return cw_expr_fail(lexer->error, token->offset, len,
                                            "write `<=`, `>=`, `==` and `!=` without a space");
                if (symbols[i].advice[0])
                        return cw_expr_fail(lexer->error, token->offset, len, "%s", symbols[i].advice);
                token->kind = symbols[i].kind;
                token->len = len;
                return 0;
        }
        len = cw_text_prefix(text, rest, 1);
        return cw_expr_fail(lexer->error, token->offset, len, "this character has no meaning here");
}

int cw_lexer_next(struct cw_lexer *lexer, struct cw_token *ret_token)
{
        struct cw_token token = {0};
        char c;
        int r;

        skip_space(lexer);
        token.offset = lexer->offset;
        if (lexer->offset >= lexer->len) {
                *ret_token = token;
                return 0;
        }
        c = lexer->text[lexer->offset];
        if (is_digit(c))
                r = lex_number(lexer, &token);
        else if (is_name_start(c))
                r = lex_name(lexer, &token);
        else if (c == '"')
                r = lex_string(lexer, &token);
        else
                r = lex_symbol(lexer, &token);
        if (r < 0)
                return r;
        lexer->offset = token.offset + token.len;
        *ret_token = token;
        return 0;
}
