/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published cases of JSON parsing, thrown at the strict pass and at pages: as a document, and wherever a value can
 * stand in an answer of the card API. What is JSON harms nothing where nobody reads it, and what is none fails its
 * page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/provider.h"
#include "cardwatch/text.h"

#include "../../../src/codec/strict_json.h"
#include "json_suite.h"

#define CARD                                                                                                           \
        "\"id\":7,\"currency\":\"usd\",\"totalBalance\":1,\"availableBalance\":2.50,\"pendingBalance\":3,"             \
        "\"bSuppressed\":true"

/* Where a document is put; before it and after it stands what makes a page of it. */
struct place {
        const char *name, *before, *after;
};

static const struct place unread[] = {
        {"an extra key of the envelope", "{\"status\":\"1\",\"extra\":",
         ",\"details\":[{\"customersId\":1,\"customersReference\":\"ref\",\"cards\":[{" CARD "}]}]}"},
        {"an extra key of a customer", "{\"status\":\"1\",\"details\":[{\"customersId\":1,\"extra\":",
         ",\"customersReference\":\"ref\",\"cards\":[{" CARD "}]}]}"},
        {"an extra key of a card",
         "{\"status\":\"1\",\"details\":[{\"customersId\":1,\"customersReference\":\"ref\",\"cards\":[{\"extra\":",
         "," CARD "}]}]}"},
        {"the id of the envelope", "{\"id\":",
         ",\"status\":\"1\",\"details\":[{\"customersId\":1,\"customersReference\":\"ref\",\"cards\":[{" CARD "}]}]}"},
        {"the errors of a success", "{\"status\":\"1\",\"errors\":",
         ",\"details\":[{\"customersId\":1,\"customersReference\":\"ref\",\"cards\":[{" CARD "}]}]}"},
        {"an id beside a customersId", "{\"status\":\"1\",\"details\":[{\"customersId\":1,\"id\":",
         ",\"customersReference\":\"ref\",\"cards\":[{" CARD "}]}]}"},
};

static const struct place read[] = {
        {"details", "{\"status\":\"1\",\"details\":", "}"},
        {"a customer", "{\"status\":\"1\",\"details\":[", ",{\"customersId\":9}]}"},
        {"a customer's id", "{\"status\":\"1\",\"details\":[{\"customersId\":", ",\"cards\":[{" CARD "}]}]}"},
        {"a reference",
         "{\"status\":\"1\",\"details\":[{\"customersId\":1,\"customersReference\":", ",\"cards\":[{" CARD "}]}]}"},
        {"cards", "{\"status\":\"1\",\"details\":[{\"customersId\":1,\"cards\":", ",\"x\":1}]}"},
        {"a card", "{\"status\":\"1\",\"details\":[{\"customersId\":1,\"cards\":[", ",{" CARD "}]}]}"},
        {"a card's id",
         "{\"status\":\"1\",\"details\":[{\"customersId\":1,\"cards\":[{\"id\":", ",\"currency\":\"usd\"}]}]}"},
        {"a currency", "{\"status\":\"1\",\"details\":[{\"customersId\":1,\"cards\":[{\"id\":7,\"currency\":", "}]}]}"},
        {"a card number",
         "{\"status\":\"1\",\"details\":[{\"customersId\":1,\"cards\":[{" CARD ",\"cardNumber\":", "}]}]}"},
        {"status", "{\"details\":[],\"status\":", "}"},
        {"a count", "{\"details\":[],\"status\":\"1\",\"pageSize\":", "}"},
        {"an error's code", "{\"details\":null,\"status\":\"0\",\"errors\":[{\"messageCode\":", "}]}"},
        {"a document", "", ""},
};

/* On the heap with no byte to spare, so that the sanitizer sees one read too many. */
static char *build(const struct place *place, const struct suite_case *document, size_t *ret_len)
{
        size_t before = strlen(place->before), after = strlen(place->after);
        char *bytes;

        *ret_len = before + document->len + after;
        bytes = malloc(*ret_len ? *ret_len : 1);
        assert_non_null(bytes);
        memcpy(bytes, place->before, before);
        memcpy(bytes + before, document->text, document->len);
        memcpy(bytes + before + document->len, place->after, after);
        return bytes;
}

static int decode(const struct place *place, const struct suite_case *document, int one_customer,
                  struct cw_page *ret_page)
{
        struct cw_provider_error error = {0};
        size_t len;
        char *bytes = build(place, document, &len);
        int r = cw_provider_decode_page(bytes, len, one_customer, ret_page, &error);

        assert_in_range(r, CW_PROVIDER_OK, CW_PROVIDER_REFUSED);
        if (r != CW_PROVIDER_OK)
                assert_true(error.reason[0] != '\0');
        memset(bytes, 'x', len);
        free(bytes);
        return r;
}

/* The page says of its card what it would have said without the document. */
static bool is_unharmed(const struct cw_page *page)
{
        const struct cw_card *card = page->cards;

        return page->n_customers == 1 && page->customers[0].id == 1 && page->n_cards == 1 && page->n_bad == 0 &&
               card->id == 7 && card->customer == 1 && strcmp(card->currency, "USD") == 0 &&
               card->total == CW_AMOUNT_UNIT && card->available == 5 * CW_AMOUNT_UNIT / 2 &&
               card->pending == 3 * CW_AMOUNT_UNIT && card->suppressed && strcmp(card->reference, "ref") == 0;
}

static void check_unread(const struct suite_case *document)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(unread); i++) {
                struct cw_page page = CW_PAGE_NULL;
                int r = decode(&unread[i], document, 0, &page);

                if ((document->name[0] == 'y' && r != CW_PROVIDER_OK) ||
                    (document->name[0] == 'n' && r != CW_PROVIDER_MALFORMED))
                        fail_msg("%s as %s: verdict %d", document->name, unread[i].name, r);
                if (r == CW_PROVIDER_OK && !is_unharmed(&page))
                        fail_msg("%s as %s: the card is not what it was", document->name, unread[i].name);
                cw_page_deinit(&page);
        }
}

static void check_read(const struct suite_case *document)
{
        for (size_t i = 0; i < 2 * CW_ARRAY_SIZE(read); i++) {
                struct cw_page page = CW_PAGE_NULL;
                int r = decode(&read[i / 2], document, i % 2, &page);

                if (document->name[0] == 'n' && r != CW_PROVIDER_MALFORMED)
                        fail_msg("%s as %s: verdict %d", document->name, read[i / 2].name, r);
                for (size_t j = 0; j < page.n_cards; j++)
                        if (page.cards[j].reference)
                                assert_int_equal(
                                        cw_text_valid_utf8(page.cards[j].reference, strlen(page.cards[j].reference)),
                                        strlen(page.cards[j].reference));
                cw_page_deinit(&page);
        }
}

static void check_document(const struct suite_case *document)
{
        static const struct place whole = {"a document", "", ""};
        struct cw_strict_json_error error = {0};
        size_t len;
        char *bytes = build(&whole, document, &len);
        int r = cw_strict_json_check(bytes, len, CW_STRICT_JSON_THEIRS, &error);

        if ((document->name[0] == 'y' && r != 0) || (document->name[0] == 'n' && r == 0))
                fail_msg("%s: %d at %zu: %s", document->name, r, error.offset, error.reason ? error.reason : "-");
        free(bytes);
}

static void check_case(const struct suite_case *document)
{
        check_document(document);
        check_unread(document);
        check_read(document);
}

static void test_every_case(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(suite); i++)
                check_case(&suite[i]);
}

static void check_repeated(const char *name, const char *part, const char *end, size_t times)
{
        struct suite_case document = {.name = name};
        struct cw_buf buf = CW_BUF_NULL;

        for (size_t i = 0; i < times; i++)
                cw_buf_puts(&buf, part);
        for (size_t i = 0; i < times; i++)
                cw_buf_puts(&buf, end);
        assert_int_equal(cw_buf_error(&buf), 0);
        document.text = buf.data;
        document.len = buf.len;
        check_case(&document);
        cw_buf_deinit(&buf);
}

static void test_the_long_ones(void **state)
{
        (void)state;
        check_repeated("i_structure_500_nested_arrays", "[", "]", 500);
        check_repeated("n_structure_100000_opening_arrays", "[", "", 100000);
        check_repeated("n_structure_open_array_object", "[{\"\":", "", 50000);
}

/* A reference that no text can hold as it is, is odd, and its card none the less good. */
static void test_odd_references_are_taken(void **state)
{
        static const struct {
                const char *name, *text, *expected;
        } cases[] = {
                {"a NUL", "\"a\\u0000b\"",
                 "a\xef\xbf\xbd"
                 "b"},
                {"only a NUL", "\"\\u0000\"", "\xef\xbf\xbd"},
                {"a high surrogate", "\"\\ud800\"", "\xef\xbf\xbd"},
                {"a low surrogate", "\"x\\udfaay\"", "x\xef\xbf\xbdy"},
                {"inverted surrogates", "\"\\uDd1e\\uD834\"", "\xef\xbf\xbd\xef\xbf\xbd"},
                {"a high one before a pair", "\"\\ud800\\uD834\\uDd1e\"", "\xef\xbf\xbd\xf0\x9d\x84\x9e"},
                {"a noncharacter", "\"\\uffff\"", "\xef\xbf\xbf"},
                {"a control character", "\"\\u0012\"", "\x12"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct suite_case document = {cases[i].name, cases[i].text, strlen(cases[i].text)};
                struct cw_page page = CW_PAGE_NULL;

                assert_int_equal(decode(&read[3], &document, 0, &page), CW_PROVIDER_OK);
                if (page.n_cards != 1 || strcmp(page.cards[0].reference, cases[i].expected) != 0)
                        fail_msg("%s: %zu cards, \"%s\"", cases[i].name, page.n_cards,
                                 page.n_cards ? page.cards[0].reference : "");
                cw_page_deinit(&page);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_case),
                cmocka_unit_test(test_the_long_ones),
                cmocka_unit_test(test_odd_references_are_taken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
