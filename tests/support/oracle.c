/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the table of the language, row by row, in the words of its documentation; never mind what it costs. */
#include "oracle.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MILLION 1000000

struct reader {
        const char *at;
        const struct oracle_context *context;
};

static struct oracle_value read_or(struct reader *reader);
static struct oracle_value read_unary(struct reader *reader);

/* In every build, unlike assert: half of what is said here has to happen too. */
static void must(bool holds)
{
        if (!holds)
                abort();
}

void oracle_observe(struct oracle_past *past, int64_t at, const struct cw_card *card)
{
        struct oracle_moment moment = {.at = at, .card = *card, .anew = past->n == 0};

        for (size_t i = 0; i < past->n; i++)
                if (past->moments[i].at > at)
                        past->moments[i].at = at;
        if (past->n > 0 && strcmp(past->moments[past->n - 1].card.currency, card->currency) != 0)
                moment.anew = true;
        if (past->n == past->room) {
                past->room = past->room * 2 + 8;
                past->moments = realloc(past->moments, past->room * sizeof(*past->moments));
                must(past->moments);
        }
        past->moments[past->n++] = moment;
}

void oracle_deinit(struct oracle_past *past)
{
        free(past->moments);
        *past = (struct oracle_past){0};
}

/* values */

static struct oracle_value unknown(enum oracle_kind kind)
{
        return (struct oracle_value){.kind = kind};
}

static struct oracle_value truth(bool is_true)
{
        return (struct oracle_value){.kind = ORACLE_BOOL, .known = true, .count = is_true};
}

/* Nothing beyond 64 bits is known. */
static struct oracle_value counted(enum oracle_kind kind, __int128 count, const char *currency)
{
        struct oracle_value value = {.kind = kind, .count = count};

        value.known = count <= INT64_MAX && count >= -(__int128)INT64_MAX;
        if (currency && kind == ORACLE_AMOUNT)
                strcpy(value.currency, currency);
        return value;
}

static struct oracle_value text_of(const char *text)
{
        struct oracle_value value = {.kind = ORACLE_TEXT, .known = true};

        strncpy(value.text, text ? text : "", sizeof(value.text) - 1);
        return value;
}

static __int128 floor_of(__int128 a, __int128 b)
{
        __int128 quotient = a / b;

        return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

static __int128 half_to_even(__int128 a, __int128 b)
{
        __int128 down = floor_of(a, b), below = a - down * b, above = b - below;

        if (b < 0) {
                below = -below;
                above = -above;
        }
        if (below < above)
                return down;
        if (below > above)
                return down + 1;
        return down % 2 == 0 ? down : down + 1;
}

static bool is_money(enum oracle_kind kind)
{
        return kind == ORACLE_NUMBER || kind == ORACLE_AMOUNT;
}

static struct oracle_value reckon(char sign, struct oracle_value a, struct oracle_value b)
{
        enum oracle_kind kind = a.kind;
        const char *currency = a.kind == ORACLE_AMOUNT ? a.currency : b.currency;

        if (sign == '/')
                kind = a.kind == b.kind ? ORACLE_NUMBER : a.kind;
        else if (a.kind == ORACLE_NUMBER)
                kind = b.kind;
        if (!a.known || !b.known)
                return unknown(kind);
        if (a.kind == ORACLE_AMOUNT && b.kind == ORACLE_AMOUNT && strcmp(a.currency, b.currency) != 0)
                return unknown(kind);
        switch (sign) {
        case '+':
                return counted(kind, a.count + b.count, currency);
        case '-':
                return counted(kind, a.count - b.count, currency);
        case '*':
                return counted(kind, half_to_even(a.count * b.count, MILLION), currency);
        default:
                if (b.count == 0)
                        return unknown(kind);
                return counted(kind, half_to_even(a.count * MILLION, b.count), currency);
        }
}

/* Whether the order of the two is known, and what it is. */
static bool order(struct oracle_value a, struct oracle_value b, int *ret_order)
{
        bool by_currency = a.kind == ORACLE_FIELD_TEXT_CURRENCY || b.kind == ORACLE_FIELD_TEXT_CURRENCY;

        if (!a.known || !b.known)
                return false;
        if (a.kind == ORACLE_TEXT || by_currency) {
                *ret_order = by_currency ? strcasecmp(a.text, b.text) : strcmp(a.text, b.text);
                return true;
        }
        if (a.kind == ORACLE_AMOUNT && b.kind == ORACLE_AMOUNT && strcmp(a.currency, b.currency) != 0)
                return false;
        if (a.kind == ORACLE_ID && is_money(b.kind))
                a.count *= MILLION;
        if (b.kind == ORACLE_ID && is_money(a.kind))
                b.count *= MILLION;
        *ret_order = a.count < b.count ? -1 : a.count > b.count;
        return true;
}

/* the past */

static int64_t amount_of(const struct cw_card *card, const char *field)
{
        return strcmp(field, "available") == 0 ? card->available
               : strcmp(field, "pending") == 0 ? card->pending
                                               : card->total;
}

static bool is_amount(const char *field)
{
        return strcmp(field, "available") == 0 || strcmp(field, "pending") == 0 || strcmp(field, "total") == 0;
}

static struct oracle_value field_of(const struct reader *reader, const struct cw_card *card, const char *field)
{
        struct oracle_value value;

        if (strcmp(field, "suppressed") == 0)
                return card ? truth(card->suppressed) : unknown(ORACLE_BOOL);
        if (strcmp(field, "customer") == 0)
                return card ? counted(ORACLE_ID, card->customer, NULL) : unknown(ORACLE_ID);
        if (strcmp(field, "card") == 0)
                return card ? counted(ORACLE_ID, card->id, NULL) : unknown(ORACLE_ID);
        if (strcmp(field, "source") == 0)
                return card ? text_of(reader->context->source) : unknown(ORACLE_TEXT);
        if (strcmp(field, "reference") == 0)
                return card ? text_of(card->reference) : unknown(ORACLE_TEXT);
        if (strcmp(field, "currency") == 0) {
                value = card ? text_of(card->currency) : unknown(ORACLE_TEXT);
                value.kind = ORACLE_FIELD_TEXT_CURRENCY;
                return value;
        }
        return card ? counted(ORACLE_AMOUNT, amount_of(card, field), card->currency) : unknown(ORACLE_AMOUNT);
}

/* Two observations in a row show another value. */
static bool differs(const struct reader *reader, size_t i, const char *field)
{
        const struct oracle_moment *moments = reader->context->past->moments;
        int sign;

        return order(field_of(reader, &moments[i - 1].card, field), field_of(reader, &moments[i].card, field), &sign) &&
               sign != 0;
}

static int64_t time_of(const struct reader *reader, size_t i)
{
        int64_t at = reader->context->past->moments[i].at;

        return at < reader->context->at ? at : reader->context->at;
}

/* The observation with which the past of the field begins. */
static size_t start_of(const struct reader *reader, const char *field)
{
        size_t start = 0;

        for (size_t i = 0; i < reader->context->past->n; i++)
                if (is_amount(field) && reader->context->past->moments[i].anew)
                        start = i;
        return start;
}

struct seen {
        __int128 first, last, least, greatest, fell, rose, changes, integral;
        __int128 begins_at;
};

static struct seen look(const struct reader *reader, const char *field, __int128 window)
{
        const struct oracle_past *past = reader->context->past;
        size_t start = start_of(reader, field);
        struct seen seen = {.begins_at = (__int128)reader->context->at - window};
        __int128 until;

        if (seen.begins_at < time_of(reader, start))
                seen.begins_at = time_of(reader, start);
        for (size_t i = start; i < past->n && time_of(reader, i) <= seen.begins_at; i++)
                seen.first = amount_of(&past->moments[i].card, field);
        seen.last = seen.least = seen.greatest = seen.first;
        until = seen.begins_at;
        for (size_t i = start + 1; i < past->n; i++) {
                __int128 value = amount_of(&past->moments[i].card, field);

                if (time_of(reader, i) <= seen.begins_at || !differs(reader, i, field))
                        continue;
                seen.changes++;
                seen.integral += seen.last * (time_of(reader, i) - until);
                until = time_of(reader, i);
                seen.fell += value < seen.last ? seen.last - value : 0;
                seen.rose += value > seen.last ? value - seen.last : 0;
                seen.least = value < seen.least ? value : seen.least;
                seen.greatest = value > seen.greatest ? value : seen.greatest;
                seen.last = value;
        }
        seen.integral += seen.last * (reader->context->at - until);
        return seen;
}

static struct oracle_value runway(const struct reader *reader, __int128 window)
{
        struct seen seen = look(reader, "available", window);
        __int128 observed = reader->context->at - seen.begins_at;

        if (observed * 4 < window || seen.fell == 0 || seen.fell > INT64_MAX)
                return unknown(ORACLE_DURATION);
        if (seen.last <= 0)
                return counted(ORACLE_DURATION, 0, NULL);
        return counted(ORACLE_DURATION, half_to_even(seen.last * observed, seen.fell), NULL);
}

static struct oracle_value over_window(const struct reader *reader, const char *name, const char *field,
                                       struct oracle_value window)
{
        const char *currency = reader->context->now->currency;
        __int128 observed;
        struct seen seen;

        if (!reader->context->past || !window.known || window.kind != ORACLE_DURATION || window.count <= 0)
                return unknown(strcmp(name, "runway") == 0    ? ORACLE_DURATION
                               : strcmp(name, "changes") == 0 ? ORACLE_NUMBER
                                                              : ORACLE_AMOUNT);
        if (strcmp(name, "runway") == 0)
                return runway(reader, window.count);
        seen = look(reader, field, window.count);
        observed = reader->context->at - seen.begins_at;
        if (strcmp(name, "delta") == 0)
                return counted(ORACLE_AMOUNT, seen.last - seen.first, currency);
        if (strcmp(name, "min") == 0)
                return counted(ORACLE_AMOUNT, seen.least, currency);
        if (strcmp(name, "max") == 0)
                return counted(ORACLE_AMOUNT, seen.greatest, currency);
        if (strcmp(name, "avg") == 0)
                return counted(ORACLE_AMOUNT, observed == 0 ? seen.last : half_to_even(seen.integral, observed),
                               currency);
        if (strcmp(name, "changes") == 0)
                return counted(ORACLE_NUMBER, seen.changes * MILLION, NULL);
        return counted(ORACLE_AMOUNT, strcmp(name, "spent") == 0 ? seen.fell : seen.rose, currency);
}

static struct oracle_value grown(const struct reader *reader, int64_t since)
{
        __int128 ms = (__int128)reader->context->at - since;

        return counted(ORACLE_DURATION, ms < 0 ? 0 : ms, NULL);
}

static struct oracle_value unchanged(const struct reader *reader, const char *field)
{
        size_t start, last;

        if (!reader->context->past)
                return unknown(ORACLE_DURATION);
        start = last = start_of(reader, field);
        for (size_t i = start + 1; i < reader->context->past->n; i++)
                if (differs(reader, i, field))
                        last = i;
        return grown(reader, time_of(reader, last));
}

/* the text */

static void skip(struct reader *reader)
{
        while (isspace((unsigned char)*reader->at) || *reader->at == '#')
                if (*reader->at++ == '#')
                        while (*reader->at && *reader->at != '\n')
                                reader->at++;
}

static bool take(struct reader *reader, const char *what)
{
        size_t len = strlen(what);

        skip(reader);
        if (strncmp(reader->at, what, len) != 0)
                return false;
        if (isalpha((unsigned char)what[0]) && (isalnum((unsigned char)reader->at[len]) || reader->at[len] == '_'))
                return false;
        reader->at += len;
        return true;
}

static bool take_word(struct reader *reader, char ret_word[64])
{
        size_t n = 0;

        skip(reader);
        if (!isalpha((unsigned char)*reader->at) && *reader->at != '_')
                return false;
        while (isalnum((unsigned char)*reader->at) || *reader->at == '_') {
                must(n < 63);
                ret_word[n++] = *reader->at++;
        }
        ret_word[n] = '\0';
        return true;
}

static struct oracle_value read_duration(struct reader *reader, __int128 number)
{
        static const struct {
                const char *unit;
                int64_t ms;
        } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
        __int128 sum = 0;

        for (;;) {
                size_t n = strspn(reader->at, "mshd"), u = 0;

                while (strlen(units[u].unit) != n || strncmp(units[u].unit, reader->at, n) != 0)
                        u++;
                sum += number * units[u].ms;
                reader->at += n;
                if (!isdigit((unsigned char)*reader->at))
                        return counted(ORACLE_DURATION, sum, NULL);
                for (number = 0; isdigit((unsigned char)*reader->at); reader->at++)
                        number = number * 10 + (*reader->at - '0');
        }
}

static struct oracle_value read_number(struct reader *reader)
{
        __int128 number = 0, unit = MILLION;
        char currency[4] = "";

        for (; isdigit((unsigned char)*reader->at); reader->at++)
                number = number * 10 + (*reader->at - '0');
        if (strchr("mshd", *reader->at) && *reader->at)
                return read_duration(reader, number);
        number *= MILLION;
        if (*reader->at == '.')
                for (reader->at++; isdigit((unsigned char)*reader->at); reader->at++)
                        number += (*reader->at - '0') * (unit /= 10);
        if (*reader->at == '%') {
                reader->at++;
                return counted(ORACLE_NUMBER, number / 100, NULL);
        }
        if (*reader->at == ' ' && isupper((unsigned char)reader->at[1]) && isupper((unsigned char)reader->at[2])) {
                memcpy(currency, reader->at + 1, 3);
                reader->at += 4;
                return counted(ORACLE_AMOUNT, number, currency);
        }
        return counted(ORACLE_NUMBER, number, NULL);
}

static struct oracle_value param_of(const struct reader *reader, const char *name)
{
        for (size_t i = 0; i < reader->context->n_params; i++) {
                const struct cw_value *param = &reader->context->params[i];
                struct oracle_value value = {.kind = (enum oracle_kind)param->type, .known = param->known};

                if (strcmp(reader->context->names[i], name) != 0)
                        continue;
                if (param->type == CW_VALUE_STRING && param->known)
                        strncpy(value.text, param->string, sizeof(value.text) - 1);
                else
                        value.count = param->type == CW_VALUE_BOOL ? param->boolean : param->number;
                strcpy(value.currency, param->currency);
                return value;
        }
        abort(); /* no such parameter */
}

/* Behind the opening parenthesis. */
static struct oracle_value read_call(struct reader *reader, const char *name)
{
        struct oracle_value value = unknown(ORACLE_BOOL), before;
        char field[64] = "available";
        int sign;

        if (strcmp(name, "abs") == 0) {
                value = read_or(reader);
                must(take(reader, ")"));
                return value.known && value.count < 0 ? reckon('-', counted(value.kind, 0, value.currency), value)
                                                      : value;
        }
        if (strcmp(name, "spent") != 0 && strcmp(name, "added") != 0 && strcmp(name, "runway") != 0) {
                must(take_word(reader, field));
                if (take(reader, ")")) {
                        if (strcmp(name, "unchanged") == 0)
                                return unchanged(reader, field);
                        value = field_of(reader, reader->context->now, field);
                        before = field_of(reader, reader->context->previous, field);
                        if (strcmp(name, "delta") == 0)
                                return reckon('-', value, before);
                        if (!reader->context->previous)
                                return truth(false);
                        return order(value, before, &sign) ? truth(sign != 0) : unknown(ORACLE_BOOL);
                }
                must(take(reader, ","));
        }
        value = read_or(reader);
        must(take(reader, ")"));
        return over_window(reader, name, field, value);
}

static struct oracle_value read_word(struct reader *reader)
{
        static const char *const fields[] = {"available", "pending",  "total",  "suppressed", "currency",
                                             "reference", "customer", "source", "card"};
        const struct cw_card *card = reader->context->now;
        char word[64];

        must(take_word(reader, word));
        if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
                return truth(word[0] == 't');
        if (strcmp(word, "previous") == 0) {
                must(take(reader, ".") && take_word(reader, word));
                card = reader->context->previous;
        }
        if (take(reader, "("))
                return read_call(reader, word);
        for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
                if (strcmp(word, fields[i]) == 0)
                        return field_of(reader, card, word);
        if (strcmp(word, "age") == 0)
                return grown(reader, reader->context->first_seen_at);
        if (strcmp(word, "appeared") == 0)
                return truth(reader->context->appeared);
        if (strcmp(word, "disappeared") == 0)
                return truth(reader->context->disappeared);
        return param_of(reader, word);
}

static struct oracle_value read_primary(struct reader *reader)
{
        struct oracle_value value;
        size_t n = 0;

        skip(reader);
        if (take(reader, "(")) {
                value = read_or(reader);
                must(take(reader, ")"));
                return value;
        }
        if (isdigit((unsigned char)*reader->at))
                return read_number(reader);
        if (*reader->at != '"')
                return read_word(reader);
        value = text_of("");
        for (reader->at++; *reader->at != '"'; reader->at++) {
                if (*reader->at == '\\' && strchr("\"\\", reader->at[1]))
                        reader->at++;
                value.text[n++] = *reader->at;
        }
        reader->at++;
        return value;
}

static struct oracle_value read_unary(struct reader *reader)
{
        struct oracle_value value;

        if (!take(reader, "-"))
                return read_primary(reader);
        value = read_unary(reader);
        value.count = -value.count;
        return value;
}

static struct oracle_value read_product(struct reader *reader)
{
        struct oracle_value value = read_unary(reader);

        for (;;) {
                if (take(reader, "*"))
                        value = reckon('*', value, read_unary(reader));
                else if (take(reader, "/"))
                        value = reckon('/', value, read_unary(reader));
                else
                        return value;
        }
}

static struct oracle_value read_sum(struct reader *reader)
{
        struct oracle_value value = read_product(reader);

        for (;;) {
                if (take(reader, "+"))
                        value = reckon('+', value, read_product(reader));
                else if (take(reader, "-"))
                        value = reckon('-', value, read_product(reader));
                else
                        return value;
        }
}

static struct oracle_value either(struct oracle_value a, struct oracle_value b)
{
        if ((a.known && a.count) || (b.known && b.count))
                return truth(true);
        return a.known && b.known ? truth(false) : unknown(ORACLE_BOOL);
}

static struct oracle_value opposite(struct oracle_value a)
{
        return a.known ? truth(!a.count) : a;
}

static struct oracle_value equal(struct oracle_value a, struct oracle_value b)
{
        int sign;

        return order(a, b, &sign) ? truth(sign == 0) : unknown(ORACLE_BOOL);
}

static struct oracle_value read_members(struct reader *reader, struct oracle_value value)
{
        struct oracle_value found = truth(false);

        must(take(reader, "("));
        do
                found = either(found, equal(value, read_or(reader)));
        while (take(reader, ","));
        must(take(reader, ")"));
        return found;
}

static struct oracle_value read_comparison(struct reader *reader)
{
        static const struct {
                const char *sign;
                bool below, same, above;
        } signs[] = {{"<=", true, true, false}, {">=", false, true, true}, {"==", false, true, false},
                     {"!=", true, false, true}, {"<", true, false, false}, {">", false, false, true}};
        struct oracle_value value = read_sum(reader), other;
        int sign;

        if (take(reader, "in"))
                return read_members(reader, value);
        if (take(reader, "like")) {
                other = read_sum(reader);
                if (!value.known || !other.known)
                        return unknown(ORACLE_BOOL);
                return truth(fnmatch(other.text, value.text, 0) == 0);
        }
        for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
                if (!take(reader, signs[i].sign))
                        continue;
                if (!order(value, read_sum(reader), &sign))
                        return unknown(ORACLE_BOOL);
                return truth(sign < 0 ? signs[i].below : sign > 0 ? signs[i].above : signs[i].same);
        }
        return value;
}

static struct oracle_value read_not(struct reader *reader)
{
        return take(reader, "not") ? opposite(read_not(reader)) : read_comparison(reader);
}

static struct oracle_value read_and(struct reader *reader)
{
        struct oracle_value value = read_not(reader);

        while (take(reader, "and"))
                value = opposite(either(opposite(value), opposite(read_not(reader))));
        return value;
}

static struct oracle_value read_or(struct reader *reader)
{
        struct oracle_value value = read_and(reader);

        while (take(reader, "or"))
                value = either(value, read_and(reader));
        return value;
}

struct oracle_value oracle_eval(const char *text, const struct oracle_context *context)
{
        struct reader reader = {.at = text, .context = context};
        struct oracle_value value = read_or(&reader);

        skip(&reader);
        must(*reader.at == '\0');
        return value;
}
