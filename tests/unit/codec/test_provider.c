/* SPDX-License-Identifier: Apache-2.0 */
/* From the card API's bytes to cards: what is believed, what is set aside, what fails a page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/provider.h"
#include "cardwatch/secret.h"

#define UNIT CW_AMOUNT_UNIT

static int decode(const char *text, int one_customer, struct cw_page *ret_page, struct cw_provider_error *ret_error)
{
        size_t len = strlen(text);
        char *copy = malloc(len ? len : 1);
        int r;

        assert_non_null(copy);
        memcpy(copy, text, len);
        r = cw_provider_decode_page(copy, len, one_customer, ret_page, ret_error);
        memset(copy, 'x', len);
        free(copy);
        return r;
}

static int decode_details(const char *details, int one_customer, struct cw_page *ret_page,
                          struct cw_provider_error *ret_error)
{
        struct cw_buf buf = CW_BUF_NULL;
        int r;

        cw_buf_printf(&buf, "{\"id\":0,\"details\":%s,\"status\":\"1\",\"errors\":[]}", details);
        assert_int_equal(cw_buf_error(&buf), 0);
        r = decode(buf.data, one_customer, ret_page, ret_error);
        cw_buf_deinit(&buf);
        return r;
}

static void test_a_documented_page(void **state)
{
        static const char text[] =
                "{\"id\":0,\"details\":[{\"customersId\":11057,\"customersReference\":\"acme \\u00e9\",\"cards\":["
                "{\"id\":7,\"currency\":\"usd\",\"cardNumber\":\"4111111111111111\",\"totalBalance\":1250.75,"
                "\"availableBalance\":-3,\"pendingBalance\":1.5e3,\"bSuppressed\":false},"
                "{\"id\":8,\"currency\":\"EUR\",\"totalBalance\":\"0.000001\",\"availableBalance\":-0,"
                "\"pendingBalance\":0.0,\"bSuppressed\":true}]},"
                "{\"CustomersId\":0,\"CustomersReference\":null,\"Cards\":null},"
                "{\"Id\":-5,\"Reference\":\"\"},"
                "{\"id\":9223372036854775807,\"cards\":[]}],"
                "\"pageSize\":10,\"pageNumber\":2,\"numberOfPages\":3,\"status\":\"1\",\"errors\":[],\"new\":{\"a\":[1]"
                "}}";
        struct cw_page page = CW_PAGE_NULL;
        struct cw_provider_error error = {0};

        (void)state;
        assert_int_equal(decode(text, 0, &page, &error), CW_PROVIDER_OK);
        assert_int_equal(page.page_size, 10);
        assert_int_equal(page.page_number, 2);
        assert_int_equal(page.number_of_pages, 3);
        assert_int_equal(page.n_bad, 0);
        assert_int_equal(page.n_customers, 4);
        assert_int_equal(page.n_cards, 2);
        assert_int_equal(page.customers[0].id, 11057);
        assert_string_equal(page.customers[0].reference, "acme \xc3\xa9");
        assert_int_equal(page.customers[0].first_card, 0);
        assert_int_equal(page.customers[0].n_cards, 2);
        assert_int_equal(page.customers[1].id, 0);
        assert_null(page.customers[1].reference);
        assert_int_equal(page.customers[1].first_card, 2);
        assert_int_equal(page.customers[1].n_cards, 0);
        assert_int_equal(page.customers[2].id, -5);
        assert_string_equal(page.customers[2].reference, "");
        assert_int_equal(page.customers[3].id, INT64_MAX);

        assert_int_equal(page.cards[0].id, 7);
        assert_int_equal(page.cards[0].customer, 11057);
        assert_ptr_equal(page.cards[0].reference, page.customers[0].reference);
        assert_string_equal(page.cards[0].currency, "USD");
        assert_string_equal(page.cards[0].last4, "1111");
        assert_int_equal(page.cards[0].total, 1250750000);
        assert_int_equal(page.cards[0].available, -3 * UNIT);
        assert_int_equal(page.cards[0].pending, 1500 * UNIT);
        assert_false(page.cards[0].suppressed);
        assert_string_equal(page.cards[1].last4, "");
        assert_int_equal(page.cards[1].total, 1);
        assert_int_equal(page.cards[1].available, 0);
        assert_true(page.cards[1].suppressed);
        cw_page_deinit(&page);
        assert_null(page.cards);
        cw_page_deinit(&page);
}

/* A card's members with one of them replaced (by NULL: left out), for the cases below. */
static void build_card(struct cw_buf *buf, const char *field, const char *value)
{
        static const char *const members[][2] = {
                {"id", "7"},
                {"currency", "\"usd\""},
                {"cardNumber", "\"4111111111111111\""},
                {"totalBalance", "1"},
                {"availableBalance", "2"},
                {"pendingBalance", "3"},
                {"bSuppressed", "false"},
        };
        const char *comma = "";

        cw_buf_putc(buf, '{');
        for (size_t i = 0; i < CW_ARRAY_SIZE(members); i++) {
                const char *text = strcmp(members[i][0], field) == 0 ? value : members[i][1];

                if (!text)
                        continue;
                cw_buf_printf(buf, "%s\"%s\":%s", comma, members[i][0], text);
                comma = ",";
        }
        cw_buf_putc(buf, '}');
}

static void test_fields(void **state)
{
        static const struct {
                const char *name;
                const char *field, *value;
                const char *reason; /* NULL: the card is good */
                int64_t available;
        } cases[] = {
                {"the card is good as it is", "none", NULL, NULL, 2 * UNIT},
                {"a missing id", "id", NULL, "is missing", 0},
                {"a null id", "id", "null", "is null", 0},
                {"an id in a string", "id", "\"7\"", "is no integer", 0},
                {"1.0 is no integer", "id", "1.0", "is no integer", 0},
                {"1e0 is no integer", "id", "1e0", "is no integer", 0},
                {"an id beyond 64 bits", "id", "9223372036854775808", "is out of range", 0},
                {"an id far beyond 64 bits", "id", "99999999999999999999999", "is out of range", 0},
                {"an id far below 64 bits", "id", "-99999999999999999999999", "is out of range", 0},
                {"a true id", "id", "true", "is no integer", 0},
                {"a missing currency", "currency", NULL, "is missing", 0},
                {"a null currency", "currency", "null", "is null", 0},
                {"a currency of two letters", "currency", "\"us\"", "is no three-letter code", 0},
                {"a currency of four letters", "currency", "\"usdx\"", "is no three-letter code", 0},
                {"a currency with a digit", "currency", "\"us1\"", "is no three-letter code", 0},
                {"a currency beyond ASCII", "currency", "\"u\\u00e9\"", "is no three-letter code", 0},
                {"a currency in mixed case", "currency", "\"uSd\"", NULL, 2 * UNIT},
                {"a currency with an escape", "currency", "\"\\u0075sd\"", NULL, 2 * UNIT},
                {"a currency as a number", "currency", "840", "is no string", 0},
                {"a missing amount", "availableBalance", NULL, "is missing", 0},
                {"a null amount", "pendingBalance", "null", "is null", 0},
                {"an array as an amount", "totalBalance", "[1]", "is no number", 0},
                {"a boolean as an amount", "totalBalance", "true", "is no number", 0},
                {"seven decimals", "availableBalance", "0.0000001", "has more than six decimals", 0},
                {"seven decimals, the last zero", "availableBalance", "0.1000000", NULL, 100000},
                {"six decimals by an exponent", "availableBalance", "15e-1", NULL, 1500000},
                {"seven decimals by an exponent", "availableBalance", "1e-7", "has more than six decimals", 0},
                {"the largest amount", "availableBalance", "9223372036854.775807", NULL, INT64_MAX},
                {"one more than that", "availableBalance", "9223372036854.775808", "is out of range", 0},
                {"the smallest amount", "availableBalance", "-9223372036854.775807", NULL, -INT64_MAX},
                {"a large integer amount", "availableBalance", "9223372036855", "is out of range", 0},
                {"an amount beyond 64 bits", "availableBalance", "18446744073709551616", "is out of range", 0},
                {"an amount below 64 bits", "availableBalance", "-18446744073709551616", "is out of range", 0},
                {"an infinite double", "availableBalance", "1e999", "is out of range", 0},
                {"a binary double would round this", "availableBalance", "8123456789012.345679", NULL,
                 8123456789012345679},
                {"an amount in a string", "availableBalance", "\"1250.75\"", NULL, 1250750000},
                {"an amount in a string with space", "availableBalance", "\" 1\"", "is no number", 0},
                {"an amount in a string with a plus", "availableBalance", "\"+1\"", "is no number", 0},
                {"an amount in a string with a comma", "availableBalance", "\"1,5\"", "is no number", 0},
                {"an amount in an empty string", "availableBalance", "\"\"", "is no number", 0},
                {"an amount in a string with seven decimals", "availableBalance", "\"0.0000001\"",
                 "has more than six decimals", 0},
                {"a missing flag", "bSuppressed", NULL, "is missing", 0},
                {"a number as a flag", "bSuppressed", "0", "is neither true nor false", 0},
                {"a string as a flag", "bSuppressed", "\"false\"", "is neither true nor false", 0},
                {"a null flag", "bSuppressed", "null", "is null", 0},
                {"no card number", "cardNumber", NULL, NULL, 2 * UNIT},
                {"a null card number", "cardNumber", "null", NULL, 2 * UNIT},
                {"a numeric card number", "cardNumber", "4111111111111111", NULL, 2 * UNIT},
                {"two ids that differ in case", "id", "7,\"ID\":8", "stands twice", 0},
                {"an id twice", "id", "7,\"id\":7", "stands twice", 0},
                {"a currency twice", "currency", "\"usd\",\"currency\":\"usd\"", "stands twice", 0},
                {"a flag twice, once with an escape", "bSuppressed", "true,\"\\u0062Suppressed\":false", "stands twice",
                 0},
                {"a card number twice", "cardNumber", "\"1\",\"cardNumber\":\"2\"", "stands twice", 0},
                {"a key that nobody reads twice", "availableBalance", "2,\"x\":1,\"x\":[]", NULL, 2 * UNIT},
                {"a key that is another one before its NUL", "availableBalance", "2,\"availableBalance\\u0000\":3",
                 NULL, 2 * UNIT},
                {"an id before its NUL", "availableBalance", "2,\"id\\u0000x\":8", NULL, 2 * UNIT},
                {"a currency with a NUL", "currency", "\"usd\\u0000\"", "is no three-letter code", 0},
                {"an amount with a NUL", "availableBalance", "\"2\\u0000\"", "is no number", 0},
                {"two amounts that differ in case", "availableBalance", "1,\"AvailableBalance\":2", "stands twice", 0},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf details = CW_BUF_NULL;
                struct cw_page page = CW_PAGE_NULL;
                struct cw_provider_error error = {0};
                int r;

                cw_buf_puts(&details, "[{\"customersId\":1,\"cards\":[");
                build_card(&details, cases[i].field, cases[i].value);
                cw_buf_puts(&details, ",{\"id\":70,\"currency\":\"gbp\",\"totalBalance\":1,\"availableBalance\":1,"
                                      "\"pendingBalance\":1,\"bSuppressed\":false}]}]");
                r = decode_details(details.data, 0, &page, &error);
                if (r != CW_PROVIDER_OK)
                        fail_msg("%s: the page failed: %s", cases[i].name, error.reason);
                if (page.n_bad != (cases[i].reason ? 1 : 0) || page.n_cards != (cases[i].reason ? 1 : 2))
                        fail_msg("%s: %zu bad, %zu good, %s", cases[i].name, page.n_bad, page.n_cards,
                                 page.n_bad ? page.bad[0].reason : "");
                assert_int_equal(page.customers[0].n_cards, page.n_cards);
                assert_int_equal(page.cards[page.n_cards - 1].id, 70);
                if (cases[i].reason) {
                        assert_string_equal(page.bad[0].reason, cases[i].reason);
                        assert_string_equal(page.bad[0].field, cases[i].field);
                        assert_int_equal(page.bad[0].customer, 1);
                        assert_int_equal(page.bad[0].card, strcmp(cases[i].field, "id") == 0 ? 0 : 7);
                } else if (page.cards[0].available != cases[i].available) {
                        fail_msg("%s: available is %lld", cases[i].name, (long long)page.cards[0].available);
                }
                cw_page_deinit(&page);
                cw_buf_deinit(&details);
        }
}

#define GOOD_CARD(id)                                                                                                  \
        "{\"id\":" id ",\"currency\":\"usd\",\"totalBalance\":1,\"availableBalance\":1,\"pendingBalance\":0,"          \
        "\"bSuppressed\":false}"

static void test_repeated_card_ids(void **state)
{
        struct cw_page page = CW_PAGE_NULL;
        struct cw_provider_error error = {0};

        (void)state;
        assert_int_equal(decode_details("[{\"customersId\":1,\"cards\":[" GOOD_CARD("7") "," GOOD_CARD("7") "]}]", 0,
                                        &page, &error),
                         CW_PROVIDER_OK);
        assert_int_equal(page.n_cards, 1);
        assert_int_equal(page.n_bad, 1);
        assert_int_equal(page.bad[0].card, 7);
        assert_string_equal(page.bad[0].reason, "stands twice in one answer");
        cw_page_deinit(&page);

        assert_int_equal(
                decode_details(
                        "[{\"customersId\":11,\"cards\":[" GOOD_CARD(
                                "0") "]},{\"customersId\":12,\"cards\":[" GOOD_CARD("0") "," GOOD_CARD("9") "]}]",
                        0, &page, &error),
                CW_PROVIDER_OK);
        assert_int_equal(page.n_cards, 2);
        assert_int_equal(page.cards[0].customer, 11);
        assert_int_equal(page.n_bad, 1);
        assert_int_equal(page.bad[0].customer, 12);
        assert_string_equal(page.bad[0].field, "id");
        assert_string_equal(page.bad[0].reason, "also stands under customer 11");
        assert_int_equal(page.customers[1].first_card, 1);
        assert_int_equal(page.customers[1].n_cards, 1);
        cw_page_deinit(&page);
}

static void test_pages(void **state)
{
        static const struct {
                const char *name;
                const char *text;
                int one_customer;
                int verdict;
                const char *code, *reason; /* reason: a part of it */
        } cases[] = {
                {"no bytes", "", 0, CW_PROVIDER_MALFORMED, "", "is empty"},
                {"no JSON", "<html>", 0, CW_PROVIDER_MALFORMED, "", "at byte 0"},
                {"JSON, but an array", "[]", 0, CW_PROVIDER_MALFORMED, "", "no object"},
                {"JSON, but a number", "4", 0, CW_PROVIDER_MALFORMED, "", "no object"},
                {"no status", "{\"details\":[]}", 0, CW_PROVIDER_MALFORMED, "", "no status"},
                {"status as a number", "{\"status\":1,\"details\":[]}", 0, CW_PROVIDER_MALFORMED, "", "no string"},
                {"status true", "{\"status\":true,\"details\":[]}", 0, CW_PROVIDER_MALFORMED, "", "no string"},
                {"status null", "{\"status\":null,\"details\":[]}", 0, CW_PROVIDER_MALFORMED, "", "no status"},
                {"status 2", "{\"status\":\"2\",\"details\":[]}", 0, CW_PROVIDER_MALFORMED, "", "another string"},
                {"an empty status", "{\"status\":\"\",\"details\":[]}", 0, CW_PROVIDER_MALFORMED, "", "another string"},
                {"status as an escape", "{\"st\\u0061tus\":\"\\u0031\",\"details\":[]}", 0, CW_PROVIDER_OK, "", ""},
                {"status in any case", "{\"Status\":\"1\",\"Details\":[]}", 0, CW_PROVIDER_OK, "", ""},
                {"status twice", "{\"status\":\"1\",\"Status\":\"0\",\"details\":[]}", 0, CW_PROVIDER_MALFORMED, "",
                 "status"},
                {"details twice", "{\"status\":\"1\",\"Details\":[],\"details\":[]}", 0, CW_PROVIDER_MALFORMED, "",
                 "details"},
                {"a key that nobody reads twice", "{\"status\":\"1\",\"x\":1,\"x\":1,\"details\":[]}", 0,
                 CW_PROVIDER_OK, "", ""},
                {"status twice in the same case", "{\"status\":\"1\",\"status\":\"1\",\"details\":[]}", 0,
                 CW_PROVIDER_MALFORMED, "", "status stands twice"},
                {"details twice, once with an escape", "{\"status\":\"1\",\"details\":[],\"d\\u0065tails\":[]}", 0,
                 CW_PROVIDER_MALFORMED, "", "details stands twice"},
                {"status with a NUL", "{\"status\":\"1\\u0000\",\"details\":[]}", 0, CW_PROVIDER_MALFORMED, "",
                 "another string"},
                {"a key that is status before its NUL", "{\"status\\u0000\":\"1\",\"details\":[]}", 0,
                 CW_PROVIDER_MALFORMED, "", "no status"},
                {"one that stands beside it", "{\"status\\u0000\":\"0\",\"status\":\"1\",\"details\":[]}", 0,
                 CW_PROVIDER_OK, "", ""},
                {"a customer's id twice", "{\"status\":\"1\",\"details\":[{\"customersId\":1,\"customersId\":1}]}", 0,
                 CW_PROVIDER_MALFORMED, "", "customersId stands twice"},
                {"an id that is not read twice",
                 "{\"status\":\"1\",\"details\":[{\"customersId\":1,\"id\":2,\"id\":3}]}", 0, CW_PROVIDER_OK, "", ""},
                {"a reference twice",
                 "{\"status\":\"1\",\"details\":[{\"id\":1,\"reference\":null,\"Reference\":null}]}", 0,
                 CW_PROVIDER_MALFORMED, "", "reference stands twice"},
                {"cards twice in the same case",
                 "{\"status\":\"1\",\"details\":[{\"id\":1,\"cards\":[],\"cards\":[]}]}", 0, CW_PROVIDER_MALFORMED, "",
                 "cards stands twice"},
                {"an id that ends with a NUL", "{\"status\":\"1\",\"details\":[{\"id\\u0000x\":1}]}", 0,
                 CW_PROVIDER_MALFORMED, "", "id is missing"},
                {"no details", "{\"status\":\"1\"}", 0, CW_PROVIDER_MALFORMED, "", "no details"},
                {"null details", "{\"status\":\"1\",\"details\":null}", 0, CW_PROVIDER_MALFORMED, "", "no details"},
                {"details as an object", "{\"status\":\"1\",\"details\":{}}", 0, CW_PROVIDER_MALFORMED, "", "no array"},
                {"details as a string", "{\"status\":\"1\",\"details\":\"\"}", 1, CW_PROVIDER_MALFORMED, "",
                 "no array"},
                {"details as one customer", "{\"status\":\"1\",\"details\":{\"id\":1}}", 1, CW_PROVIDER_OK, "", ""},
                {"one customer in an array", "{\"status\":\"1\",\"details\":[{\"id\":1}]}", 1, CW_PROVIDER_OK, "", ""},
                {"an empty customer", "{\"status\":\"1\",\"details\":[{}]}", 0, CW_PROVIDER_MALFORMED, "",
                 "id is missing"},
                {"a null customer", "{\"status\":\"1\",\"details\":[null]}", 0, CW_PROVIDER_MALFORMED, "",
                 "no customer"},
                {"a real customer id", "{\"status\":\"1\",\"details\":[{\"id\":1.0}]}", 0, CW_PROVIDER_MALFORMED, "",
                 "no integer"},
                {"two customer ids", "{\"status\":\"1\",\"details\":[{\"id\":1,\"Id\":1}]}", 0, CW_PROVIDER_MALFORMED,
                 "", "twice"},
                {"cards as an object", "{\"status\":\"1\",\"details\":[{\"id\":1,\"cards\":{}}]}", 0,
                 CW_PROVIDER_MALFORMED, "", "customer 1: cards is no array"},
                {"cards twice", "{\"status\":\"1\",\"details\":[{\"id\":1,\"cards\":[],\"Cards\":[]}]}", 0,
                 CW_PROVIDER_MALFORMED, "", "twice"},
                {"a negative page size", "{\"status\":\"1\",\"details\":[],\"pageSize\":-1}", 0, CW_PROVIDER_MALFORMED,
                 "", "pageSize"},
                {"a real page number", "{\"status\":\"1\",\"details\":[],\"pageNumber\":1.5}", 0, CW_PROVIDER_MALFORMED,
                 "", "pageNumber"},
                {"a string of pages", "{\"status\":\"1\",\"details\":[],\"numberOfPages\":\"3\"}", 0,
                 CW_PROVIDER_MALFORMED, "", "numberOfPages"},
                {"pages beyond 64 bits", "{\"status\":\"1\",\"details\":[],\"numberOfPages\":99999999999999999999}", 0,
                 CW_PROVIDER_MALFORMED, "", "numberOfPages"},
                {"null counts are not said",
                 "{\"status\":\"1\",\"details\":[],\"numberOfPages\":null,\"pageSize\":null}", 0, CW_PROVIDER_OK, "",
                 ""},
                {"an error",
                 "{\"status\":\"0\",\"details\":null,\"errors\":[{\"fieldName\":\"x\",\"messageCode\":\"Invalid\"}]}",
                 0, CW_PROVIDER_REFUSED, "Invalid", "the API refused: Invalid"},
                {"the first of two errors",
                 "{\"status\":\"0\",\"errors\":[{},7,{\"MessageCode\":\"Required\"},{\"messageCode\":\"Invalid\"}]}", 0,
                 CW_PROVIDER_REFUSED, "Required", "Required"},
                {"an error without a code", "{\"status\":\"0\",\"errors\":[]}", 0, CW_PROVIDER_REFUSED, "", "no code"},
                {"an error whose errors are no array", "{\"status\":\"0\",\"errors\":{}}", 0, CW_PROVIDER_REFUSED, "",
                 "no code"},
                {"a code cannot forge a line",
                 "{\"status\":\"0\",\"errors\":[{\"messageCode\":\"a\\nb\\u001b[1m \\\"\\u00e9\"}]}", 0,
                 CW_PROVIDER_REFUSED, "a_b_[1m___", "a_b_"},
                {"a code carries no card number",
                 "{\"status\":\"0\",\"errors\":[{\"messageCode\":\"x4111111111111111\"}]}", 0, CW_PROVIDER_REFUSED,
                 "x4111############", ""},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_page page = CW_PAGE_NULL;
                struct cw_provider_error error = {0};
                int r = decode(cases[i].text, cases[i].one_customer, &page, &error);

                if (r != cases[i].verdict || !strstr(error.reason, cases[i].reason) ||
                    strcmp(error.code, cases[i].code) != 0)
                        fail_msg("%s: %d, \"%s\", \"%s\"", cases[i].name, r, error.code, error.reason);
                assert_true(r == CW_PROVIDER_OK || page.customers == NULL);
                cw_page_deinit(&page);
        }
}

static void test_a_long_code_is_cut(void **state)
{
        struct cw_buf buf = CW_BUF_NULL;
        struct cw_page page = CW_PAGE_NULL;
        struct cw_provider_error error = {0};

        (void)state;
        cw_buf_puts(&buf, "{\"status\":\"0\",\"errors\":[{\"messageCode\":\"");
        for (int i = 0; i < 1000; i++)
                cw_buf_putc(&buf, 'c');
        cw_buf_puts(&buf, "\"}]}");
        assert_int_equal(decode(buf.data, 0, &page, &error), CW_PROVIDER_REFUSED);
        assert_int_equal(strlen(error.code), sizeof(error.code) - 1);
        cw_buf_deinit(&buf);
}

static void test_odd_customers(void **state)
{
        struct cw_page page = CW_PAGE_NULL;
        struct cw_provider_error error = {0};

        (void)state;
        assert_int_equal(
                decode_details("[{\"customersId\":3,\"id\":99,\"reference\":\"spare\",\"customersReference\":8,"
                               "\"cards\":[" GOOD_CARD("7") ",null,5," GOOD_CARD("8") "]}]",
                               0, &page, &error),
                CW_PROVIDER_OK);
        assert_int_equal(page.customers[0].id, 3);
        assert_null(page.customers[0].reference);
        assert_int_equal(page.n_cards, 0);
        assert_int_equal(page.n_bad, 4);
        assert_int_equal(page.bad[0].card, 7);
        assert_string_equal(page.bad[0].field, "customersReference");
        assert_string_equal(page.bad[0].reason, "is no string");
        assert_int_equal(page.bad[1].card, 0);
        assert_string_equal(page.bad[1].field, "cards");
        cw_page_deinit(&page);
}

static void test_a_card_number_as_a_reference_is_cut(void **state)
{
        struct cw_page page = CW_PAGE_NULL;
        struct cw_provider_error error = {0};

        (void)state;
        assert_int_equal(decode_details("[{\"id\":3,\"reference\":\"4111 1111 1111 1111\"}]", 0, &page, &error), 0);
        assert_string_equal(page.customers[0].reference, "***************1111");
        cw_page_deinit(&page);
}

static void test_bad_cards_without_end_fail_the_page(void **state)
{
        struct cw_buf buf = CW_BUF_NULL;
        struct cw_page page = CW_PAGE_NULL;
        struct cw_provider_error error = {0};

        (void)state;
        cw_buf_puts(&buf, "[{\"id\":1,\"cards\":[0");
        for (int i = 0; i < 20000; i++)
                cw_buf_puts(&buf, ",0");
        cw_buf_puts(&buf, "]}]");
        assert_int_equal(decode_details(buf.data, 0, &page, &error), CW_PROVIDER_MALFORMED);
        assert_non_null(strstr(error.reason, "cannot be trusted"));
        cw_buf_deinit(&buf);
}

static void test_a_customer_too_large_to_build_fails_the_page(void **state)
{
        struct cw_buf buf = CW_BUF_NULL;
        struct cw_page page = CW_PAGE_NULL;
        struct cw_provider_error error = {0};

        (void)state;
        cw_buf_puts(&buf, "[{\"id\":1,\"x\":[{}");
        for (int i = 0; i < 300000; i++)
                cw_buf_puts(&buf, ",{}");
        cw_buf_puts(&buf, "]}]");
        assert_int_equal(decode_details(buf.data, 0, &page, &error), CW_PROVIDER_MALFORMED);
        assert_string_equal(error.reason, "a customer is too large");
        cw_buf_deinit(&buf);
}

static int decode_login(const char *text, struct cw_secret **ret_token, int64_t *ret_expires_ms,
                        struct cw_provider_error *ret_error)
{
        char *copy = strdup(text);
        int r;

        assert_non_null(copy);
        r = cw_provider_decode_login(copy, strlen(text), ret_token, ret_expires_ms, ret_error);
        free(copy);
        return r;
}

static void test_logins(void **state)
{
        static const struct {
                const char *name;
                const char *text;
                int verdict;
                const char *token;
                int64_t expires_ms;
                const char *code;
        } cases[] = {
                {"a token", "{\"status\":\"1\",\"details\":{\"accessToken\":\"a.b-c\",\"expiresIn\":3600}}", 0, "a.b-c",
                 3600000, ""},
                {"a token with escapes", "{\"status\":\"1\",\"details\":{\"AccessToken\":\"a\\/\\u0062\"}}", 0, "a/b",
                 -1, ""},
                {"an expiry in a string",
                 "{\"status\":\"1\",\"details\":{\"accessToken\":\"t\",\"expiresIn\":\"1.5\"}}", 0, "t", 1500, ""},
                {"a null expiry", "{\"status\":\"1\",\"details\":{\"accessToken\":\"t\",\"expiresIn\":null}}", 0, "t",
                 -1, ""},
                {"a negative expiry", "{\"status\":\"1\",\"details\":{\"accessToken\":\"t\",\"expiresIn\":-1}}", 1,
                 NULL, 0, ""},
                {"an expiry in words", "{\"status\":\"1\",\"details\":{\"accessToken\":\"t\",\"expiresIn\":\"soon\"}}",
                 1, NULL, 0, ""},
                {"no token", "{\"status\":\"1\",\"details\":{}}", 1, NULL, 0, ""},
                {"an empty token", "{\"status\":\"1\",\"details\":{\"accessToken\":\"\"}}", 1, NULL, 0, ""},
                {"a token with a line break", "{\"status\":\"1\",\"details\":{\"accessToken\":\"a\\r\\nX: y\"}}", 1,
                 NULL, 0, ""},
                {"a token as a number", "{\"status\":\"1\",\"details\":{\"accessToken\":7}}", 1, NULL, 0, ""},
                {"details as an array", "{\"status\":\"1\",\"details\":[]}", 1, NULL, 0, ""},
                {"null details", "{\"status\":\"1\",\"details\":null}", 1, NULL, 0, ""},
                {"a refusal",
                 "{\"status\":\"0\",\"details\":null,\"errors\":[{\"messageCode\":\"Username_Or_Password_Incorrect\"}]"
                 "}",
                 2, NULL, 0, "Username_Or_Password_Incorrect"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_secret *token = NULL;
                struct cw_provider_error error = {0};
                int64_t expires_ms = 77;
                int r = decode_login(cases[i].text, &token, &expires_ms, &error);

                if (r != cases[i].verdict)
                        fail_msg("%s: %d, %s", cases[i].name, r, error.reason);
                assert_string_equal(error.code, cases[i].code);
                if (cases[i].token) {
                        assert_string_equal(cw_secret_reveal(token), cases[i].token);
                        assert_int_equal(expires_ms, cases[i].expires_ms);
                } else {
                        assert_null(token);
                        assert_int_equal(expires_ms, 77);
                }
                cw_secret_free(token);
        }
}

static void test_login_body(void **state)
{
        struct cw_secret *password = NULL;
        struct cw_buf buf = CW_BUF_NULL;

        (void)state;
        assert_int_equal(cw_secret_new("p\"\\\n\xc3\xa9", 6, &password), 0);
        cw_provider_encode_login("ops@example.com", password, "123456", &buf);
        assert_string_equal(buf.data, "{\"username\":\"ops@example.com\",\"password\":\"p\\\"\\\\\\u000a\xc3\xa9\","
                                      "\"otp\":\"123456\"}");
        cw_buf_clear(&buf);
        cw_provider_encode_login("o", password, NULL, &buf);
        assert_null(strstr(buf.data, "otp"));
        cw_buf_wipe(&buf);
        cw_secret_free(password);
}

static void test_error_answers(void **state)
{
        static const struct {
                const char *text, *code, *reason;
        } cases[] = {
                {"{\"status\":\"0\",\"errors\":[{\"messageCode\":\"Account_Locked\"}]}", "Account_Locked",
                 "Account_Locked"},
                {"<html>502</html>", "", "not strict JSON"},
                {"", "", "is empty"},
                {"{\"status\":\"1\"}", "", "success"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_provider_error error;
                char *copy = strdup(cases[i].text);

                assert_non_null(copy);
                cw_provider_decode_error(copy, strlen(copy), &error);
                assert_string_equal(error.code, cases[i].code);
                assert_non_null(strstr(error.reason, cases[i].reason));
                free(copy);
        }
}

static void test_the_field_stands_beside_its_code(void **state)
{
        static const struct {
                const char *name, *text, *code, *field;
        } cases[] = {
                {"the field of the error",
                 "{\"status\":\"0\",\"errors\":[{\"fieldName\":\"customersId\",\"messageCode\":\"Invalid\"}]}",
                 "Invalid", "customersId"},
                {"any case of the names",
                 "{\"Status\":\"0\",\"Errors\":[{\"FieldName\":\"otp\",\"MessageCode\":\"Required\"}]}", "Required",
                 "otp"},
                {"no field", "{\"status\":\"0\",\"errors\":[{\"messageCode\":\"Invalid\"}]}", "Invalid", ""},
                {"null as a field", "{\"status\":\"0\",\"errors\":[{\"fieldName\":null,\"messageCode\":\"Invalid\"}]}",
                 "Invalid", ""},
                {"not the field of an error without a code",
                 "{\"status\":\"0\",\"errors\":[{\"fieldName\":\"customersId\"},{\"messageCode\":\"Invalid\"}]}",
                 "Invalid", ""},
                {"not the field of the second error",
                 "{\"status\":\"0\",\"errors\":[{\"messageCode\":\"Required\",\"fieldName\":\"otp\"},"
                 "{\"messageCode\":\"Invalid\",\"fieldName\":\"customersId\"}]}",
                 "Required", "otp"},
                {"nothing of an answer that is no envelope", "<html>", "", ""},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_provider_error error;
                char *copy = strdup(cases[i].text);

                assert_non_null(copy);
                memset(&error, 'x', sizeof(error));
                cw_provider_decode_error(copy, strlen(copy), &error);
                if (strcmp(error.code, cases[i].code) != 0 || strcmp(error.field, cases[i].field) != 0)
                        fail_msg("%s: \"%s\", \"%s\"", cases[i].name, error.code, error.field);
                free(copy);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_field_stands_beside_its_code),
                cmocka_unit_test(test_a_documented_page),
                cmocka_unit_test(test_fields),
                cmocka_unit_test(test_repeated_card_ids),
                cmocka_unit_test(test_pages),
                cmocka_unit_test(test_a_long_code_is_cut),
                cmocka_unit_test(test_odd_customers),
                cmocka_unit_test(test_a_card_number_as_a_reference_is_cut),
                cmocka_unit_test(test_bad_cards_without_end_fail_the_page),
                cmocka_unit_test(test_a_customer_too_large_to_build_fails_the_page),
                cmocka_unit_test(test_logins),
                cmocka_unit_test(test_login_body),
                cmocka_unit_test(test_error_answers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
