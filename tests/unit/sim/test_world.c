/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <cardwatch/buf.h>
#include <cardwatch/cleanup.h>

#include "action.h"
#include "options.h"
#include "render.h"
#include "sim.h"
#include "sim_json.h"

static void start(struct cw_sim *sim, const char *customers, const char *cards)
{
        char *const argv[] = {"sim",   "--customers", (char *)customers, "--cards", (char *)cards,
                              "--low", "3",           "--suppressed",    "2"};
        struct cw_buf message cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        struct cw_sim_options options;

        assert_int_equal(cw_sim_options_parse(CW_ARRAY_SIZE(argv), argv, &options, &message), 0);
        assert_int_equal(cw_sim_init(sim, &options), 0);
}

static int act(struct cw_sim *sim, const char *what, const char *text)
{
        struct cw_sim_json *json cw_cleanup(cw_sim_json_free_cleanup) = NULL;
        struct cw_buf why cw_cleanup(cw_buf_deinit) = CW_BUF_NULL, result cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        int r;

        assert_int_equal(cw_sim_json_parse(text, strlen(text), &why, &json), 0);
        r = cw_sim_act(sim, what, json, &why, &result);
        assert_true(r >= 0 || why.len > 0);
        return r;
}

static void expect_card(const struct cw_sim *sim, int64_t id, const char *expected)
{
        struct cw_buf buf cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;

        assert_non_null(cw_sim_world_card(&sim->world, id));
        cw_sim_render_card(&buf, cw_sim_world_card(&sim->world, id));
        assert_string_equal(cw_buf_text(&buf), expected);
}

static void test_a_page_is_json_with_the_customers_that_belong_on_it(void **state)
{
        static const struct {
                const char *name;
                struct cw_sim_page page;
                const char *first; /* customer's id; NULL: none */
                size_t n;
                const char *pages;
        } cases[] = {
                {"the first page", {.number = 1, .served = 1, .size = 10}, "11001", 10, "3"},
                {"the last page is short", {.number = 3, .served = 3, .size = 10}, "11021", 5, "3"},
                {"beyond the end is nothing", {.number = 4, .served = 4, .size = 10}, NULL, 0, "3"},
                {"far beyond the end is nothing", {.number = INT64_MAX, .served = INT64_MAX, .size = 10}, NULL, 0, "3"},
                {"a page as large as the world", {.number = 1, .served = 1, .size = 25}, "11001", 25, "1"},
                {"a repeated page", {.number = 2, .served = 1, .size = 10}, "11001", 10, "3"},
                {"an empty page", {.number = 2, .served = 2, .size = 10, .empty = true}, NULL, 0, "3"},
                {"a page that is cut short", {.number = 2, .served = 2, .size = 10, .left_out = 3}, "11011", 7, "3"},
                {"a page that is cut to nothing", {.number = 3, .served = 3, .size = 10, .left_out = 9}, NULL, 0, "3"},
                {"a page that counts no pages",
                 {.number = 1, .served = 1, .size = 10, .no_pages_count = true},
                 "11001",
                 10,
                 NULL},
        };
        struct cw_sim sim cw_cleanup(cw_sim_deinit) = {0};

        (void)state;
        start(&sim, "25", "2");
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_sim_json *json cw_cleanup(cw_sim_json_free_cleanup) = NULL;
                struct cw_buf buf cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
                const struct cw_sim_json *details, *value = NULL;

                print_message("  %s\n", cases[i].name);
                cw_sim_render_page(&buf, &sim.world, &cases[i].page);
                assert_int_equal(cw_sim_json_parse(buf.data, buf.len, NULL, &json), 0);
                assert_true(cw_sim_json_member(json, "details", &details));
                assert_int_equal(cw_sim_json_length(details), cases[i].n);
                if (cases[i].first) {
                        assert_true(cw_sim_json_member(cw_sim_json_at(details, 0), "customersId", &value));
                        assert_string_equal(cw_sim_json_text(value), cases[i].first);
                }
                assert_int_equal(cw_sim_json_member(json, "numberOfPages", &value), cases[i].pages != NULL);
                if (cases[i].pages)
                        assert_string_equal(cw_sim_json_text(value), cases[i].pages);
        }
}

static void test_the_same_seed_and_moves_give_the_same_world(void **state)
{
        const struct cw_sim_page page = {.number = 1, .served = 1, .size = 100};
        struct cw_buf texts[3] = {CW_BUF_NULL, CW_BUF_NULL, CW_BUF_NULL};

        (void)state;
        for (size_t i = 0; i < 3; i++) {
                struct cw_sim sim cw_cleanup(cw_sim_deinit) = {0};

                start(&sim, "50", "2");
                for (size_t tick = 0; tick < (i == 2 ? 101 : 100); tick++)
                        cw_sim_world_move(&sim.world, 10);
                cw_sim_render_page(&texts[i], &sim.world, &page);
        }
        assert_string_equal(texts[0].data, texts[1].data);
        assert_string_not_equal(texts[0].data, texts[2].data);
        for (size_t i = 0; i < 3; i++)
                cw_buf_deinit(&texts[i]);
}

static void test_the_first_cards_are_the_low_and_the_deactivated_ones(void **state)
{
        struct cw_sim sim cw_cleanup(cw_sim_deinit) = {0};

        (void)state;
        start(&sim, "3", "2");
        for (int64_t id = 1; id <= 6; id++) {
                const struct cw_sim_card *card = cw_sim_world_card(&sim.world, id);

                assert_int_equal(card->available_cents < 10000, id <= 3);
                assert_int_equal(card->suppressed, id <= 2);
        }
}

static void test_a_card_is_served_as_it_was_set(void **state)
{
        static const struct {
                const char *name, *change, *expected;
        } cases[] = {
                {"the total follows", "{\"card\":1,\"available\":99.99,\"pending\":\"0.01\"}",
                 "\"totalBalance\":100.00,\"availableBalance\":99.99,\"pendingBalance\":0.01,"},
                {"an exponent stays one", "{\"card\":1,\"available\":1.5e3,\"pending\":0}",
                 "\"totalBalance\":1500.00,\"availableBalance\":1.5e3,\"pendingBalance\":0,"},
                {"a long text keeps its digits", "{\"card\":1,\"available\":\"0.1234567890123456789\",\"pending\":1}",
                 "\"totalBalance\":0.1234567890123456789,\"availableBalance\":0.1234567890123456789,\"pendingBalance\":"
                 "1,"},
                {"a total that is given stays", "{\"card\":1,\"available\":1,\"total\":7}",
                 "\"totalBalance\":7,\"availableBalance\":1,\"pendingBalance\":1,"},
                {"what is not set stays", "{\"card\":1,\"available\":2}",
                 "\"totalBalance\":3.00,\"availableBalance\":2,\"pendingBalance\":1,"},
                {"raw text goes in as it is", "{\"card\":1,\"raw\":{\"availableBalance\":\"\\\"9\\\"\"}}",
                 "\"totalBalance\":3.00,\"availableBalance\":\"9\",\"pendingBalance\":1,"},
        };
        struct cw_sim sim cw_cleanup(cw_sim_deinit) = {0};

        (void)state;
        start(&sim, "1", "1");
        assert_int_equal(act(&sim, "card", "{\"card\":1,\"raw\":{\"id\":null,\"cardNumber\":null,\"currency\":null}}"),
                         0);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                char expected[200] = "{";

                print_message("  %s\n", cases[i].name);
                assert_int_equal(act(&sim, "card", cases[i].change), 0);
                strcat(strcat(expected, cases[i].expected), "\"bSuppressed\":true}");
                expect_card(&sim, 1, expected);
                cw_sim_world_move(&sim.world, 100);
                expect_card(&sim, 1, expected);
        }
}

static void test_customers_and_cards_come_and_go(void **state)
{
        struct cw_sim sim cw_cleanup(cw_sim_deinit) = {0};

        (void)state;
        start(&sim, "3", "2");
        assert_int_equal(act(&sim, "card", "{\"card\":99}"), -ENOENT);
        assert_int_equal(act(&sim, "card", "{\"card\":99,\"customer\":5}"), -ENOENT);
        assert_int_equal(act(&sim, "card", "{\"card\":1,\"customer\":11002}"), -EEXIST);
        assert_int_equal(act(&sim, "card", "{\"card\":99,\"customer\":11002,\"available\":1}"), 0);
        assert_int_equal(cw_sim_world_customer(&sim.world, 11002)->n_cards, 3);
        assert_int_equal(act(&sim, "customer", "{\"customer\":5,\"reference\":\"x\",\"cards\":[{\"card\":1}]}"),
                         -EEXIST);
        assert_int_equal(
                act(&sim, "customer", "{\"customer\":5,\"cards\":[{\"card\":100},{\"card\":101,\"suppressed\":true}]}"),
                0);
        assert_int_equal(act(&sim, "customer", "{\"customer\":5,\"cards\":[{\"card\":100,\"available\":2}]}"), 0);
        assert_int_equal(cw_sim_world_customer(&sim.world, 5)->n_cards, 1);
        assert_null(cw_sim_world_card(&sim.world, 101));
        assert_string_equal(cw_sim_world_customer(&sim.world, 5)->reference, "x");
        assert_int_equal(act(&sim, "customer", "{\"customer\":5,\"reference\":null}"), 0);
        assert_null(cw_sim_world_customer(&sim.world, 5)->reference);
        assert_int_equal(act(&sim, "remove-customer", "{\"customer\":11001}"), 0);
        assert_int_equal(act(&sim, "remove-customer", "{\"customer\":11001}"), -ENOENT);
        assert_null(cw_sim_world_card(&sim.world, 1));
        assert_int_equal(act(&sim, "remove-card", "{\"card\":3}"), 0);
        assert_int_equal(act(&sim, "remove-card", "{\"card\":3}"), -ENOENT);
        assert_int_equal(sim.world.n_customers, 3);
}

static void test_texts_are_quoted_whatever_is_in_them(void **state)
{
        static const struct {
                const char *text, *expected;
        } cases[] = {
                {"plain", "\"plain\""},
                {"a\"b\\c", "\"a\\\"b\\\\c\""},
                {"\n\t\x01\x7f", "\"\\n\\t\\u0001\\u007f\""},
                {"h\xc3\xa9 \xf0\x9f\x92\xb3", "\"h\xc3\xa9 \xf0\x9f\x92\xb3\""},
                {"a\xff\xc3", "\"a\\ufffd\\ufffd\""},
                {"\xa2x", "\"\\ufffdx\""},
                {"", "\"\""},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf buf cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;

                cw_sim_json_quote(&buf, cases[i].text, strlen(cases[i].text));
                assert_string_equal(cw_buf_text(&buf), cases[i].expected);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_page_is_json_with_the_customers_that_belong_on_it),
                cmocka_unit_test(test_the_same_seed_and_moves_give_the_same_world),
                cmocka_unit_test(test_the_first_cards_are_the_low_and_the_deactivated_ones),
                cmocka_unit_test(test_a_card_is_served_as_it_was_set),
                cmocka_unit_test(test_customers_and_cards_come_and_go),
                cmocka_unit_test(test_texts_are_quoted_whatever_is_in_them),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
