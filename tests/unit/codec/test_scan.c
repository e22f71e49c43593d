/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fast lane: what it takes, what hands the page over, and that no byte anywhere makes it say something else than
 * the reference lane (lanes.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/codec/shape.h"
#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/decoder.h"
#include "lanes.h"
#include "pages.h"

#define CARD(id)                                                                                                       \
        "{\"id\":" id ",\"currency\":\"usd\",\"cardNumber\":\"4111111111111111\",\"totalBalance\":1250.75,"            \
        "\"availableBalance\":1000.5,\"pendingBalance\":-250,\"bSuppressed\":false}"

#define PAGE                                                                                                           \
        "{\"id\":0,\"details\":[{\"customersId\":11057,\"customersReference\":\"acme-1\",\"cards\":[" CARD(            \
                "7") "," CARD("8") "]},{\"customersId\":11058,\"customersReference\":null,\"cards\":[]},"              \
                                   "{\"customersId\":11059,\"customersReference\":\"caf\xc3\xa9\",\"cards\":[" CARD(   \
                                           "5") "]}],\"pageSize\":10,\"pageNumber\":1,\"numberOfPages\":3,\"status\":" \
                                                "\"1\",\"errors\":[]}"

/* PAGE with the first `was` in it replaced. */
static void replace(const char *was, const char *is, struct cw_buf *buf)
{
        static const char page[] = PAGE;
        const char *there = strstr(page, was);

        assert_non_null(there);
        cw_buf_append(buf, page, (size_t)(there - page));
        cw_buf_puts(buf, is);
        cw_buf_puts(buf, there + strlen(was));
        assert_int_equal(cw_buf_error(buf), 0);
}

static void assert_lanes_agree(const char *name, struct cw_shape *shape, const char *bytes, size_t len,
                               int one_customer, bool scanned)
{
        bool was_scanned = false;
        const char *what = lanes_differ(shape, bytes, len, one_customer, &was_scanned);

        if (what)
                fail_msg("%s: %s", name, what);
        if (was_scanned != scanned)
                fail_msg("%s: was %sscanned", name, was_scanned ? "" : "not ");
}

static void test_what_is_a_surprise(void **state)
{
        static const struct {
                const char *name;
                const char *was, *is;
                bool scanned;
        } cases[] = {
                {"the page as it is", "7", "7", true},
                {"another amount", "1250.75", "9.1", true},
                {"an amount of zero", "1250.75", "0", true},
                {"an amount below one", "1250.75", "0.01", true},
                {"six decimals", "1250.75", "0.000001", true},
                {"many digits", "1250.75", "1234567890123.123456", true},
                {"the largest whole amount that is scanned", "1250.75", "9223372036853.999999", true},
                {"a larger one", "1250.75", "9223372036854.775807", false},
                {"one out of range", "1250.75", "9223372036854.775808", false},
                {"a negative amount", "1250.75", "-1250.75", true},
                {"a negative zero", "1250.75", "-0", true},
                {"an amount in a string", "1250.75", "\"1250.75\"", true},
                {"an amount in a string that does not end", "1250.75", "\"1250.75", false},
                {"a space in such a string", "1250.75", "\" 1250.75\"", false},
                {"seven decimals", "1250.75", "1250.7500000", false},
                {"seven decimals that count", "1250.75", "0.0000001", false},
                {"an exponent", "1250.75", "1.5e3", false},
                {"a leading zero", "1250.75", "01250.75", false},
                {"two zeros", "1250.75", "00.75", false},
                {"no decimals behind the point", "1250.75", "1250.", false},
                {"a point only", "1250.75", ".75", false},
                {"a plus", "1250.75", "+1250.75", false},
                {"a minus only", "1250.75", "-", false},
                {"a null amount", "1250.75", "null", false},
                {"an amount that is true", "1250.75", "true", false},
                {"seventeen digits", "1250.75", "12345678901234567", false},
                {"an id of one digit more", "\"id\":7", "\"id\":71", true},
                {"an id of sixteen digits", "\"id\":7", "\"id\":1234567890123456", true},
                {"an id of seventeen digits", "\"id\":7", "\"id\":12345678901234567", false},
                {"an id that stands twice", "\"id\":7", "\"id\":8", false},
                {"the id of the card before", "\"id\":5", "\"id\":8", false},
                {"a later id that stood before", "\"id\":5", "\"id\":7", false},
                {"a later id between those before", "\"id\":8", "\"id\":80", true},
                {"an id of zero", "\"id\":7", "\"id\":0", true},
                {"a negative id", "\"id\":7", "\"id\":-7", false},
                {"a real id", "\"id\":7", "\"id\":7.0", false},
                {"an id in a string", "\"id\":7", "\"id\":\"7\"", false},
                {"a null id", "\"id\":7", "\"id\":null", false},
                {"a currency in mixed case", "usd", "uSd", true},
                {"a currency of two letters", "usd", "us", false},
                {"a currency with a digit", "usd", "us1", false},
                {"a currency with an escape", "usd", "us\\u0064", false},
                {"a null currency", "\"usd\"", "null", false},
                {"a card number that is cut already", "4111111111111111", "411111******1111", true},
                {"a card number of nineteen digits", "4111111111111111", "4111111111111111110", true},
                {"a card number of three digits", "4111111111111111", "411", true},
                {"an empty card number", "4111111111111111", "", true},
                {"a card number that ends with a letter", "4111111111111111", "411111111111111x", true},
                {"a card number with an escape", "4111111111111111", "411111111111\\u00311", false},
                {"a null card number", "\"4111111111111111\"", "null", true},
                {"no card number", "\"cardNumber\":\"4111111111111111\",", "", true},
                {"a card number as a number", "\"4111111111111111\"", "4111111111111111", false},
                {"a card number in an array", "\"4111111111111111\"", "[\"4111111111111111\"]", false},
                {"a card that is suppressed", "false", "true", true},
                {"a flag as a number", "false", "0", false},
                {"a flag that is cut off", "false", "fals", false},
                {"another reference", "acme-1", "a", true},
                {"an empty reference", "acme-1", "", true},
                {"a reference beyond ASCII", "acme-1", "\xe2\x82\xac\xf0\x9f\x92\xb3", true},
                {"a reference that is no UTF-8", "acme-1", "acme\xe2\x82", false},
                {"a reference with a surrogate", "acme-1", "\xed\xa0\x80", false},
                {"a reference with an escape", "acme-1", "acme\\u002d1", true},
                {"a reference with a quote", "acme-1", "acme\\\"1", true},
                {"a reference with every short escape", "acme-1", "\\\"\\\\\\/\\b\\f\\n\\r\\t", true},
                {"a reference with an escape of no such name", "acme-1", "acme\\x", false},
                {"a reference with a short escape", "acme-1", "acme\\u12", false},
                {"a reference with half a surrogate pair", "acme-1", "\\ud83d", false},
                {"a reference with a surrogate pair", "acme-1", "\\ud83d\\ude00", false},
                {"a reference that is a card number in escapes", "acme-1",
                 "\\u0034111 1111 1111 \\u0031\\u0031\\u0031\\u0031", true},
                {"a reference with an escape for no ASCII, beside UTF-8", "acme-1", "caf\\u00e9 caf\xc3\xa9", true},
                {"a reference with an escape, no UTF-8", "acme-1", "caf\\u00e9 caf\xc3", false},
                {"a reference with a tab", "acme-1", "acme\t1", false},
                {"a reference with a NUL", "acme-1", "acme\\u00001", false},
                {"a reference that is a card number", "acme-1", "4111 1111 1111 1111", true},
                {"a reference that looks like one", "acme-1", "4111 1111 1111 1112", true},
                {"a reference that is a number", "\"acme-1\"", "17", false},
                {"a null reference", "\"acme-1\"", "null", true},
                {"no reference", ",\"customersReference\":\"acme-1\"", "", true},
                {"no cards", ",\"cards\":[]", "", true},
                {"null cards", "\"cards\":[]", "\"cards\":null", true},
                {"cards that are no array", "\"cards\":[]", "\"cards\":{}", false},
                {"space in an empty array", "\"cards\":[]", "\"cards\":[ ]", false},
                {"a key in another case", "\"id\":7", "\"Id\":7", false},
                {"a key with an escape", "\"id\":7", "\"i\\u0064\":7", false},
                {"a key that nobody knows", "\"id\":7,", "\"id\":7,\"x\":1,", false},
                {"a key twice", "\"id\":7,", "\"id\":7,\"id\":7,", false},
                {"a card number twice", "\"totalBalance\"", "\"cardNumber\":\"1\",\"totalBalance\"", false},
                {"a missing currency", "\"currency\":\"usd\",", "", false},
                {"a missing flag", ",\"bSuppressed\":false", "", false},
                {"another order", "\"id\":7,\"currency\":\"usd\"", "\"currency\":\"usd\",\"id\":7", false},
                {"a space", "\"id\":7", "\"id\": 7", false},
                {"a line", ",{\"id\":8", ",\n{\"id\":8", false},
                {"a comma too many", "},{", "},,{", false},
                {"a comma at the end", "\"bSuppressed\":false}", "\"bSuppressed\":false,}", false},
                {"a card that is null", CARD("8"), "null", false},
                {"another page size", "\"pageSize\":10", "\"pageSize\":100000", true},
                {"a null count", "\"numberOfPages\":3", "\"numberOfPages\":null", true},
                {"no number of pages", "\"numberOfPages\":3,", "", true},
                {"a negative count", "\"pageNumber\":1", "\"pageNumber\":-1", false},
                {"a real count", "\"pageNumber\":1", "\"pageNumber\":1.0", false},
                {"an error", "\"status\":\"1\"", "\"status\":\"0\"", false},
                {"a status that is a number", "\"status\":\"1\"", "\"status\":1", false},
                {"no status", ",\"status\":\"1\"", "", false},
                {"no errors", ",\"errors\":[]", "", true},
                {"errors all the same", "\"errors\":[]", "\"errors\":[{\"messageCode\":\"x\"}]", false},
                {"another id of the envelope", "{\"id\":0", "{\"id\":-1.25", true},
                {"a text as the envelope's id", "{\"id\":0", "{\"id\":\"x\"", true},
                {"a text with an escape there", "{\"id\":0", "{\"id\":\"\\u0078\"", true},
                {"a text with a NUL there", "{\"id\":0", "{\"id\":\"\\u0000\"", false},
                {"a text without an end there", "{\"id\":0", "{\"id\":\"x", false},
                {"an object there", "{\"id\":0", "{\"id\":{\"a\":1}", false},
                {"space behind the end", "\"errors\":[]}", "\"errors\":[]} ", false},
                {"more behind the end", "\"errors\":[]}", "\"errors\":[]}}", false},
                {"a NUL behind the end", "\"errors\":[]}", "\"errors\":[]}\x01", false},
                {"no end", "\"errors\":[]}", "\"errors\":[]", false},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf buf = CW_BUF_NULL;
                struct cw_shape shape;

                cw_shape_init(&shape);
                replace(cases[i].was, cases[i].is, &buf);
                assert_lanes_agree(cases[i].name, &shape, cw_buf_text(&buf), buf.len, 0, cases[i].scanned);
                cw_buf_deinit(&buf);
        }
}

/* Whatever one byte becomes, anywhere. */
static void test_every_changed_byte_is_seen(void **state)
{
        static const char page[] = PAGE, bytes[] = "0159.-eE\"\\,:{}[] \n\tunx*\x01\x80\xc3";
        char changed[sizeof(page)];
        size_t scanned = 0;

        (void)state;
        for (size_t i = 0; i < sizeof(page) - 1; i++) {
                for (size_t k = 0; k < sizeof(bytes); k++) {
                        struct cw_shape shape;
                        bool was_scanned = false;
                        const char *what;

                        cw_shape_init(&shape);
                        memcpy(changed, page, sizeof(page));
                        changed[i] = bytes[k];
                        what = lanes_differ(&shape, changed, sizeof(page) - 1, 0, &was_scanned);
                        if (what)
                                fail_msg("byte %zu as \\x%02x: %s", i, (unsigned char)bytes[k], what);
                        scanned += was_scanned;
                }
        }
        assert_true(scanned > 500);
}

/* Four bytes in the place of three letters and a quote, which the currency of no card before them is. */
static void test_zeros_are_no_currency(void **state)
{
        struct cw_shape shape;
        struct cw_buf buf = CW_BUF_NULL;

        (void)state;
        cw_shape_init(&shape);
        replace("usd\"", "0000", &buf);
        memset(strstr(buf.data, "0000"), 0, 4);
        assert_lanes_agree("zeros", &shape, buf.data, buf.len, 0, false);
        cw_buf_deinit(&buf);
}

/* Where the first member may be missing, its brace must not be missing with it. */
static void test_every_page_cut_in_front_is_seen(void **state)
{
        static const char page[] = PAGE;

        (void)state;
        for (size_t from = 0; from < sizeof(page); from++) {
                struct cw_shape shape;

                cw_shape_init(&shape);
                assert_lanes_agree("cut off in front", &shape, page + from, sizeof(page) - 1 - from, 0, from == 0);
        }
}

/* Nor the brace of a customer or a card. */
static void test_every_hole_is_seen(void **state)
{
        static const char page[] = PAGE;
        char holed[sizeof(page)];

        (void)state;
        for (size_t at = 0; at < sizeof(page) - 1; at++)
                for (size_t len = 1; len < 40 && at + len < sizeof(page); len++) {
                        struct cw_shape shape;
                        bool scanned;

                        memcpy(holed, page, at);
                        memcpy(holed + at, page + at + len, sizeof(page) - at - len);
                        cw_shape_init(&shape);
                        assert_null(lanes_differ(&shape, holed, sizeof(page) - 1 - len, 0, &scanned));
                }
}

static void test_every_cut_page_is_seen(void **state)
{
        static const char page[] = PAGE;

        (void)state;
        for (size_t len = 0; len < sizeof(page); len++) {
                struct cw_shape shape;

                cw_shape_init(&shape);
                assert_lanes_agree("cut off", &shape, page, len, 0, len == sizeof(page) - 1);
        }
}

static void test_what_is_learnt(void **state)
{
        static const struct {
                const char *name;
                const char *page;
                bool scanned; /* the second time */
        } cases[] = {
                {"space", "{ \"status\": \"1\", \"details\": [ {\"id\": 3, \"cards\": [ ] } ] } ", false},
                {"space around no cards", "{ \"status\": \"1\", \"details\": [ {\"id\": 3, \"cards\": [] } ] } ", true},
                {"an order", "{\"details\":[{\"cards\":[],\"reference\":\"x\",\"Id\":3}],\"status\":\"1\"}", true},
                {"an extra key", "{\"status\":\"1\",\"details\":[{\"id\":3,\"x\":null}],\"y\":\"\"}", true},
                {"an extra key twice", "{\"status\":\"1\",\"details\":[{\"id\":3,\"x\":1,\"x\":2}]}", true},
                {"an extra object", "{\"status\":\"1\",\"details\":[{\"id\":3,\"x\":{\"a\":1}}]}", false},
                {"both names of an id", "{\"status\":\"1\",\"details\":[{\"id\":3,\"customersId\":1}]}", false},
                {"a card number in odd places", "{\"status\":\"1\",\"cardNumber\":\"1\",\"details\":[{\"id\":3}]}",
                 false},
                {"a reference there", "{\"status\":\"1\",\"Reference\":\"1\",\"details\":[{\"id\":3}]}", false},
                {"a key beyond ASCII", "{\"status\":\"1\",\"\xc3\xa9\":\"1\",\"details\":[{\"id\":3}]}", false},
                {"a key with an escape", "{\"status\":\"1\",\"\\u0061\":\"1\",\"details\":[{\"id\":3}]}", false},
                {"a key of sixty bytes",
                 "{\"status\":\"1\",\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff\":\"1\","
                 "\"details\":[{\"id\":3}]}",
                 true},
                {"a longer one",
                 "{\"status\":\"1\",\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffg\":\"1\","
                 "\"details\":[{\"id\":3}]}",
                 false},
                {"no customer", "{\"details\":[], \"status\":\"1\"}", true},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                size_t len = strlen(cases[i].page);
                struct cw_shape shape;

                cw_shape_init(&shape);
                assert_lanes_agree(cases[i].name, &shape, cases[i].page, len, 0, false);
                assert_lanes_agree(cases[i].name, &shape, cases[i].page, len, 0, cases[i].scanned);
        }
}

static void test_one_customer(void **state)
{
        static const char object[] = "{\"status\":\"1\",\"details\":{\"customersId\":3,\"cards\":[" CARD("7") "]}}";
        static const char array[] = "{\"status\":\"1\",\"details\":[{\"customersId\":3,\"cards\":[" CARD("7") "]}]}";
        struct cw_shape shape;

        (void)state;
        cw_shape_init(&shape);
        assert_lanes_agree("an object", &shape, object, sizeof(object) - 1, 1, false);
        assert_lanes_agree("an object again", &shape, object, sizeof(object) - 1, 1, true);
        assert_lanes_agree("where a list is wanted", &shape, object, sizeof(object) - 1, 0, false);
        assert_lanes_agree("an array", &shape, array, sizeof(array) - 1, 1, false);
        assert_lanes_agree("an array again", &shape, array, sizeof(array) - 1, 1, true);
}

/* More cards of one customer than the scanner takes: how many the reference lane takes depends on their weight. */
static void test_very_many_cards_of_a_customer(void **state)
{
        static const unsigned counts[] = {4000, 4001};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(counts); i++) {
                struct cw_buf buf = CW_BUF_NULL;
                struct cw_shape shape;

                cw_shape_init(&shape);
                cw_buf_puts(&buf, "{\"id\":0,\"details\":[{\"customersId\":1,\"customersReference\":\"\",\"cards\":[");
                for (unsigned k = 1; k <= counts[i]; k++)
                        cw_buf_printf(&buf,
                                      "%s{\"id\":%u,\"currency\":\"usd\",\"cardNumber\":\"\",\"totalBalance\":0,"
                                      "\"availableBalance\":%u,\"pendingBalance\":0,\"bSuppressed\":false}",
                                      k > 1 ? "," : "", k * 7919 % 100003, k);
                cw_buf_puts(&buf,
                            "]}],\"pageSize\":1,\"pageNumber\":1,\"numberOfPages\":1,\"status\":\"1\",\"errors\":[]}");
                assert_lanes_agree("many cards", &shape, cw_buf_text(&buf), buf.len, 0, counts[i] <= 4000);
                cw_buf_deinit(&buf);
        }
}

static uint64_t seed_of(void)
{
        const char *text = getenv("CARDWATCH_SEED");

        return text ? strtoull(text, NULL, 0) : 1;
}

/* Of many styles, page after page with the shape of the page before. */
static void test_random_pages(void **state)
{
        size_t scanned = 0, pages = 0;

        (void)state;
        for (uint64_t seed = seed_of(), end = seed + 400; seed < end; seed++) {
                uint64_t chance = seed;
                struct pages_style style;
                struct cw_shape shape;

                cw_shape_init(&shape);
                for (int i = 0; i < 20; i++)
                        pages_chance(&chance, 2);
                pages_style_draw(&style, &chance);
                for (unsigned i = 0; i < 8; i++) {
                        struct cw_buf buf = CW_BUF_NULL;
                        bool was_scanned = false;
                        const char *what;

                        pages_write(&style, &chance, 6, i % 2 ? 100 : 0, &buf);
                        what = lanes_differ(&shape, cw_buf_text(&buf), buf.len, style.one_customer, &was_scanned);
                        if (what)
                                fail_msg("CARDWATCH_SEED=%llu, page %u: %s\n%s", (unsigned long long)seed, i, what,
                                         cw_buf_text(&buf));
                        scanned += was_scanned;
                        pages++;
                        cw_buf_deinit(&buf);
                }
        }
        print_message("%zu of %zu pages were scanned\n", scanned, pages);
        assert_true(scanned > pages / 3);
}

/* The decoder as a whole: what it hands out is the page it was asked for. */
static void test_the_decoder(void **state)
{
        (void)state;
        for (int reference = 0; reference <= 1; reference++) {
                struct cw_decoder *decoder = NULL;
                struct cw_provider_error error = {0};

                assert_int_equal(cw_decoder_new(reference, &decoder), 0);
                for (int i = 0; i < 3; i++) {
                        char bytes[] = PAGE, bad[] = "{\"details\":[],\"status\":\"0\"}";
                        const struct cw_page *page = NULL;

                        assert_int_equal(cw_decoder_page(decoder, bytes, sizeof(bytes) - 1, 0, &page, &error), 0);
                        assert_int_equal(page->n_customers, 3);
                        assert_int_equal(page->n_cards, 3);
                        assert_int_equal(page->cards[2].customer, 11059);
                        assert_string_equal(page->cards[2].reference, "caf\xc3\xa9");
                        assert_string_equal(page->cards[1].last4, "1111");
                        assert_int_equal(page->cards[0].total, 1250750000);
                        assert_int_equal(page->cards[0].pending, -250000000);
                        page = NULL;
                        assert_int_equal(cw_decoder_page(decoder, bad, sizeof(bad) - 1, 0, &page, &error),
                                         CW_PROVIDER_REFUSED);
                        assert_null(page);
                }
                cw_decoder_free(decoder);
        }
        cw_decoder_free(NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_a_surprise),
                cmocka_unit_test(test_every_changed_byte_is_seen),
                cmocka_unit_test(test_every_cut_page_is_seen),
                cmocka_unit_test(test_what_is_learnt),
                cmocka_unit_test(test_one_customer),
                cmocka_unit_test(test_very_many_cards_of_a_customer),
                cmocka_unit_test(test_zeros_are_no_currency),
                cmocka_unit_test(test_every_page_cut_in_front_is_seen),
                cmocka_unit_test(test_every_hole_is_seen),
                cmocka_unit_test(test_random_pages),
                cmocka_unit_test(test_the_decoder),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
