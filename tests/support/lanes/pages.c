/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: an object is a list of members whose order the style drew; each member knows how to write its value. */
#include "pages.h"

#include <inttypes.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"

enum level { ENVELOPE, CUSTOMER, CARD };

static const char *const keys[3][PAGES_FIELDS] = {
        [ENVELOPE] = {"id", "details", "pageSize", "pageNumber", "numberOfPages", "status", "errors", "took", "hint",
                      "next"},
        [CUSTOMER] = {"customersId", "customersReference", "cards", "name", "tier", "since"},
        [CARD] = {"id", "currency", "cardNumber", "totalBalance", "availableBalance", "pendingBalance", "bSuppressed",
                  "kind", "limit", "expires"},
};

static const unsigned known[3] = {7, 3, 7};

struct writer {
        const struct pages_style *style;
        uint64_t *state;
        struct cw_buf *buf;
        unsigned customers, odd, depth;
        int64_t next_card, next_customer;
};

unsigned pages_chance(uint64_t *state, unsigned n)
{
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (unsigned)(*state >> 33) % n;
}

static unsigned chance(struct writer *writer, unsigned n)
{
        return pages_chance(writer->state, n);
}

static bool is_odd(struct writer *writer)
{
        return writer->odd > 0 && chance(writer, writer->odd) == 0;
}

static void line(struct writer *writer)
{
        if (writer->style->space == 1)
                cw_buf_putc(writer->buf, ' ');
        if (writer->style->space < 2)
                return;
        cw_buf_puts(writer->buf, writer->style->space == 3 ? "\r\n" : "\n");
        for (unsigned i = 0; i < writer->depth * 2; i++)
                cw_buf_putc(writer->buf, ' ');
}

static void write_amount(struct writer *writer)
{
        static const char *const odd[] = {
                "1.5e3",         "-0",        "0.1000000", "1e-7", "01",   "9223372036854.775807",
                "9223372036855", "1.",        "\"\"",      "null", "-",    "99999999999999999999",
                "0.0000000",     "true",      "\" 1\"",    "1.0 ", "-0.0", "1E2",
                "\"1e2\"",       "12345678.9"};
        const char *quote = writer->style->quoted ? "\"" : "";
        uint64_t whole = chance(writer, 2000000000), decimals = chance(writer, 1000000);
        unsigned places = chance(writer, 7);

        if (is_odd(writer)) {
                cw_buf_puts(writer->buf, odd[chance(writer, CW_ARRAY_SIZE(odd))]);
                return;
        }
        for (unsigned i = places; i < 6; i++)
                decimals /= 10;
        for (unsigned i = chance(writer, 10); i > 0; i--)
                whole /= 10;
        cw_buf_printf(writer->buf, "%s%s%" PRIu64, quote, chance(writer, 5) ? "" : "-", whole);
        if (places > 0)
                cw_buf_printf(writer->buf, ".%0*" PRIu64, (int)places, decimals);
        cw_buf_puts(writer->buf, quote);
}

static void write_text(struct writer *writer)
{
        static const char *const plain[] = {
                "acme",  "",
                "a b c", "caf\xc3\xa9",
                "1234",  "\xf0\x9f\x92\xb3 blue",
                "it's",  "a text of more than sixteen bytes, and of more than thirty-two bytes too"};
        static const char *const odd[] = {"\\u00e9",      "a\\\"b",
                                          "\\\\",         "\xc3",
                                          "\x01",         "4111111111111111",
                                          "\\u0000",      "4111 1111 1111 1111",
                                          "\\ud800",      "\x7f",
                                          "\xed\xa0\x80", "\t"};

        cw_buf_putc(writer->buf, '"');
        if (is_odd(writer))
                cw_buf_puts(writer->buf, odd[chance(writer, CW_ARRAY_SIZE(odd))]);
        for (unsigned i = 0; i < 1 + chance(writer, 3); i++)
                cw_buf_puts(writer->buf, plain[chance(writer, CW_ARRAY_SIZE(plain))]);
        cw_buf_putc(writer->buf, '"');
}

static void write_card_number(struct writer *writer)
{
        static const char *const odd[] = {"4111111111111111",
                                          "\"4111\\u0031111\"",
                                          "\"411111111111111x\"",
                                          "\"123\"",
                                          "\"\"",
                                          "[\"4111111111111111\"]",
                                          "\"4111 1111 1111 1111\"",
                                          "true"};

        if (is_odd(writer))
                cw_buf_puts(writer->buf, odd[chance(writer, CW_ARRAY_SIZE(odd))]);
        else if (chance(writer, 8) == 0)
                cw_buf_puts(writer->buf, "null");
        else if (chance(writer, 4) == 0)
                cw_buf_printf(writer->buf, "\"411111******%04u\"", chance(writer, 10000));
        else
                cw_buf_printf(writer->buf, "\"4%0*u\"", 12 + (int)chance(writer, 5), chance(writer, 100000000));
}

static void write_id(struct writer *writer, int64_t *next)
{
        static const char *const odd[] = {"1",
                                          "-5",
                                          "1.0",
                                          "\"7\"",
                                          "null",
                                          "9223372036854775807",
                                          "1e3",
                                          "007",
                                          "12345678901234567",
                                          "99999999999999999999",
                                          "0"};

        *next += 1 + (chance(writer, 4) == 0 ? chance(writer, 100000000) : 0);
        if (chance(writer, 64) == 0)
                *next -= chance(writer, 2) ? *next : *next / 2; /* ids that do not rise: one may stand twice */
        if (is_odd(writer))
                cw_buf_puts(writer->buf, odd[chance(writer, CW_ARRAY_SIZE(odd))]);
        else
                cw_buf_printf(writer->buf, "%" PRId64, *next);
}

static void write_extra(struct writer *writer)
{
        static const char *const values[] = {"null", "true", "false", "[]", "{}", "12", "-3.25", "0"};
        static const char *const odd[] = {"[1]", "{\"a\":1}", "[ ]", "1e5", "1.", "-", "nul", "12345678901234567890"};

        if (is_odd(writer))
                cw_buf_puts(writer->buf, odd[chance(writer, CW_ARRAY_SIZE(odd))]);
        else if (chance(writer, 2) == 0)
                write_text(writer);
        else
                cw_buf_puts(writer->buf, values[chance(writer, CW_ARRAY_SIZE(values))]);
}

static void write_word(struct writer *writer, const char *usual)
{
        static const char *const odd[] = {"true",    "\"0\"",    "null",          "1",   "\"us\"",
                                          "\"Usd\"", "\"usdx\"", "\"u\\u0073d\"", "tru", "\"\""};

        cw_buf_puts(writer->buf, is_odd(writer) ? odd[chance(writer, CW_ARRAY_SIZE(odd))] : usual);
}

static void write_object(struct writer *writer, enum level level);

static void write_array(struct writer *writer, enum level of, unsigned n)
{
        cw_buf_putc(writer->buf, '[');
        writer->depth++;
        for (unsigned i = 0; i < n; i++) {
                if (i > 0)
                        cw_buf_putc(writer->buf, ',');
                if (i > 0 || writer->style->space >= 2)
                        line(writer);
                write_object(writer, of);
        }
        writer->depth--;
        if (n > 0 && writer->style->space >= 2)
                line(writer);
        cw_buf_putc(writer->buf, ']');
}

static void write_envelope_value(struct writer *writer, unsigned field)
{
        int64_t count = chance(writer, 1000);

        if (field == 1 && writer->style->one_customer)
                write_object(writer, CUSTOMER);
        else if (field == 1)
                write_array(writer, CUSTOMER, chance(writer, writer->customers + 1));
        else if (field >= 2 && field <= 4 && chance(writer, 10) == 0)
                cw_buf_puts(writer->buf, "null");
        else if (field >= 2 && field <= 4)
                write_id(writer, &count);
        else if (field == 5)
                write_word(writer, "\"1\"");
        else if (field == 6)
                cw_buf_puts(writer->buf, is_odd(writer) ? "[{}]" : "[]");
        else
                write_extra(writer);
}

static void write_customer_value(struct writer *writer, unsigned field)
{
        if (field == 0)
                write_id(writer, &writer->next_customer);
        else if (field == 1 && chance(writer, 6) == 0)
                cw_buf_puts(writer->buf, "null");
        else if (field == 1)
                write_text(writer);
        else if (field == 2 && chance(writer, 12) == 0)
                cw_buf_puts(writer->buf, "null");
        else if (field == 2)
                write_array(writer, CARD, chance(writer, 4));
        else
                write_extra(writer);
}

static void write_card_value(struct writer *writer, unsigned field)
{
        static const char *const currencies[] = {"\"usd\"", "\"EUR\"", "\"gBp\"", "\"jpy\""};

        if (field == 0)
                write_id(writer, &writer->next_card);
        else if (field == 1)
                write_word(writer, currencies[chance(writer, CW_ARRAY_SIZE(currencies))]);
        else if (field == 2)
                write_card_number(writer);
        else if (field <= 5)
                write_amount(writer);
        else if (field == 6)
                write_word(writer, chance(writer, 2) ? "true" : "false");
        else
                write_extra(writer);
}

static void write_key(struct writer *writer, const char *key)
{
        static const char *const odd[] = {"id", "ID", "cards", "reference", "cardNumber", "status", "x", "\\u0069d"};
        char first = key[0];

        if (writer->style->pascal && first >= 'a' && first <= 'z')
                first = (char)(first - 'a' + 'A');
        if (is_odd(writer))
                cw_buf_printf(writer->buf, "\"%s\":", odd[chance(writer, CW_ARRAY_SIZE(odd))]);
        else
                cw_buf_printf(writer->buf, "\"%c%s\":", first, key + 1);
        if (writer->style->space > 0)
                cw_buf_putc(writer->buf, ' ');
}

/* What may be missing: a card number and a reference. */
static bool is_left_out(struct writer *writer, enum level level, unsigned field)
{
        if (is_odd(writer))
                return true;
        return ((level == CARD && field == 2) || (level == CUSTOMER && field == 1)) && chance(writer, 8) == 0;
}

static void write_object(struct writer *writer, enum level level)
{
        bool first = true;

        cw_buf_putc(writer->buf, '{');
        writer->depth++;
        for (unsigned i = 0; i < PAGES_FIELDS; i++) {
                unsigned field = writer->style->order[level][i];

                if (field >= known[level] + writer->style->extras[level] || is_left_out(writer, level, field))
                        continue;
                if (!first)
                        cw_buf_putc(writer->buf, ',');
                if (!first || writer->style->space >= 2)
                        line(writer);
                first = false;
                write_key(writer, keys[level][field]);
                if (level == ENVELOPE)
                        write_envelope_value(writer, field);
                else if (level == CUSTOMER)
                        write_customer_value(writer, field);
                else
                        write_card_value(writer, field);
        }
        writer->depth--;
        if (!first && writer->style->space >= 2)
                line(writer);
        cw_buf_putc(writer->buf, '}');
}

void pages_style_draw(struct pages_style *style, uint64_t *state)
{
        *style = (struct pages_style){
                .space = pages_chance(state, 4),
                .pascal = pages_chance(state, 3) == 0,
                .quoted = pages_chance(state, 4) == 0,
                .one_customer = pages_chance(state, 4) == 0,
        };
        for (unsigned level = 0; level < 3; level++) {
                bool usual = pages_chance(state, 2) == 0;

                style->extras[level] = pages_chance(state, 2) ? 0 : pages_chance(state, 4);
                for (unsigned i = 0; i < PAGES_FIELDS; i++)
                        style->order[level][i] = i;
                for (unsigned i = PAGES_FIELDS - 1; i > 0 && !usual; i--) {
                        unsigned other = pages_chance(state, i + 1), field = style->order[level][i];

                        style->order[level][i] = style->order[level][other];
                        style->order[level][other] = field;
                }
        }
}

void pages_write(const struct pages_style *style, uint64_t *state, unsigned customers, unsigned odd, struct cw_buf *buf)
{
        struct writer writer = {
                .style = style, .state = state, .buf = buf, .customers = customers, .odd = odd, .next_card = 100};

        if (style->space == 3)
                cw_buf_puts(buf, " ");
        write_object(&writer, ENVELOPE);
        if (style->space >= 2)
                cw_buf_puts(buf, "\n");
}
