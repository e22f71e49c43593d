/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/rules.h"

static void test_matches(void **state)
{
        static char main_source[] = "main", other_source[] = "other", usd[] = "USD", eur[] = "EUR", acme[] = "acme-*",
                    any[] = "*", exact[] = "acme-1", upper[] = "ACME-1";
        static char *const sources[] = {other_source, main_source}, *const others[] = {other_source};
        static char *const dollars[] = {usd}, *const both[] = {usd, eur};
        static char *const acmes[] = {upper, acme}, *const exacts[] = {exact}, *const all[] = {any},
                           *const uppers[] = {upper};
        static int64_t ids[] = {1, 7, 9, INT64_MAX}, far_ids[] = {2, 8};
        static const struct cw_card card = {.id = 7, .customer = 9, .currency = "EUR", .reference = "acme-1"};
        static const struct cw_card nameless = {.id = 7, .customer = 9, .currency = "EUR"};
        static const struct cw_card largest = {.id = INT64_MAX, .customer = 1, .currency = "USD", .suppressed = true};
        static const struct {
                const char *name;
                struct cw_match match;
                const struct cw_card *card;
                bool expected;
        } cases[] = {
                {"a match that says nothing holds for every card", {0}, &card, true},
                {"a match that says nothing holds for deactivated cards too", {0}, &largest, true},
                {"one of several sources is enough", {.sources = (char **)sources, .n_sources = 2}, &card, true},
                {"another source is another card", {.sources = (char **)others, .n_sources = 1}, &card, false},
                {"a currency in the list", {.currencies = (char **)both, .n_currencies = 2}, &card, true},
                {"a currency not in the list", {.currencies = (char **)dollars, .n_currencies = 1}, &card, false},
                {"a customer in the list", {.customers = ids, .n_customers = 4}, &card, true},
                {"a customer not in the list", {.customers = far_ids, .n_customers = 2}, &card, false},
                {"the first id of a list", {.customers = ids, .n_customers = 4}, &largest, true},
                {"the last id of a list", {.cards = ids, .n_cards = 4}, &largest, true},
                {"a card between those of the list", {.cards = far_ids, .n_cards = 2}, &card, false},
                {"a reference that a pattern takes", {.references = (char **)acmes, .n_references = 2}, &card, true},
                {"a reference that is the pattern", {.references = (char **)exacts, .n_references = 1}, &card, true},
                {"references are compared with their case",
                 {.references = (char **)uppers, .n_references = 1},
                 &card,
                 false},
                {"no pattern takes what is not there",
                 {.references = (char **)all, .n_references = 1},
                 &nameless,
                 false},
                {"what is said must all hold",
                 {.cards = ids, .n_cards = 4, .currencies = (char **)dollars, .n_currencies = 1},
                 &card,
                 false},
                {"false: a card in use", {.suppressed = CW_SUPPRESSED_FALSE}, &card, true},
                {"false: no deactivated card", {.suppressed = CW_SUPPRESSED_FALSE}, &largest, false},
                {"true: a deactivated card", {.suppressed = CW_SUPPRESSED_TRUE}, &largest, true},
                {"true: no card in use", {.suppressed = CW_SUPPRESSED_TRUE}, &card, false},
                {"any: a deactivated card", {.suppressed = CW_SUPPRESSED_ANY}, &largest, true},
                {"any: a card in use", {.suppressed = CW_SUPPRESSED_ANY}, &card, true},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                print_message("  %s\n", cases[i].name);
                assert_int_equal(cw_match_card(&cases[i].match, "main", cases[i].card), cases[i].expected);
        }
}

static void test_a_match_lets_go_of_its_lists_and_is_empty(void **state)
{
        struct cw_match match = {.n_sources = 1, .n_cards = 1, .suppressed = CW_SUPPRESSED_ANY};

        (void)state;
        match.sources = calloc(1, sizeof(*match.sources));
        match.cards = calloc(1, sizeof(*match.cards));
        assert_non_null(match.sources);
        match.sources[0] = strdup("main");
        cw_match_deinit(&match);
        assert_null(match.sources);
        assert_int_equal(match.n_cards, 0);
        assert_int_equal(match.suppressed, CW_SUPPRESSED_UNSAID);
        cw_match_deinit(&match);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_matches),
                cmocka_unit_test(test_a_match_lets_go_of_its_lists_and_is_empty),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
