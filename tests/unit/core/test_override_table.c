/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"
#include "cardwatch/overrides.h"

enum { NUMBER, TEXT, TIME, PARAMS };

static const struct cw_value defaults[PARAMS] = {
        [NUMBER] = {.type = CW_VALUE_NUMBER, .known = true},
        [TEXT] = {.type = CW_VALUE_STRING, .known = true, .string = ""},
        [TIME] = {.type = CW_VALUE_DURATION, .known = true},
};

static int add(struct cw_override_table *table, struct cw_override_row row, int64_t number, uint32_t *ret_line)
{
        struct cw_value params[PARAMS] = {[NUMBER] = {.type = CW_VALUE_NUMBER, .known = true, .number = number}};
        bool given[PARAMS] = {[NUMBER] = true};

        row.params = params;
        row.given = given;
        return cw_override_table_add(table, &row, ret_line);
}

/* The number of the row that counts, 0: none. */
static int64_t find(const struct cw_override_table *table, const char *source, int64_t customer, int64_t id,
                    const char *currency)
{
        struct cw_card card = {.id = id, .customer = customer};
        struct cw_value params[PARAMS] = {{0}};

        strcpy(card.currency, currency);
        return cw_override_table_apply(table, source, &card, params) ? params[NUMBER].number : 0;
}

static const struct cw_override_row rows[] = {
        {.filled = CW_OVERRIDE_CUSTOMER | CW_OVERRIDE_CARD, .customer = 1, .card = 10, .line = 2},
        {.filled = CW_OVERRIDE_SOURCE | CW_OVERRIDE_CURRENCY, .source = "main", .currency = "EUR", .line = 3},
        {.filled = CW_OVERRIDE_CUSTOMER, .customer = 1, .line = 4},
        {.filled = CW_OVERRIDE_CUSTOMER, .customer = 0, .line = 5},
        {.filled = CW_OVERRIDE_CARD, .card = 1, .line = 6},
        {.filled = CW_OVERRIDE_SOURCE, .source = "other", .line = 7},
};

static void fill(struct cw_override_table **ret_table)
{
        uint32_t line;

        assert_int_equal(cw_override_table_new(defaults, PARAMS, ret_table), 0);
        for (size_t i = 0; i < CW_ARRAY_SIZE(rows); i++)
                assert_int_equal(add(*ret_table, rows[i], (int64_t)i + 1, &line), 0);
}

static void test_the_first_row_that_matches_counts(void **state)
{
        static const struct {
                const char *name, *source;
                int64_t customer, card;
                const char *currency;
                int64_t row;
        } cases[] = {
                {"both keys", "main", 1, 10, "EUR", 1},
                {"one of them is not enough", "main", 2, 10, "USD", 0},
                {"an earlier row counts before one that says more", "main", 1, 11, "EUR", 2},
                {"the other currency", "main", 1, 11, "USD", 3},
                {"a customer of id 0 is not any customer", "main", 0, 11, "USD", 4},
                {"a card is not a customer of that id", "main", 5, 1, "USD", 5},
                {"the other source", "other", 5, 5, "EUR", 6},
                {"no source of that name", "mai", 5, 5, "EUR", 0},
                {"none", "main", 5, 5, "USD", 0},
        };
        struct cw_override_table *table;

        (void)state;
        fill(&table);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                print_message("  %s\n", cases[i].name);
                assert_int_equal(find(table, cases[i].source, cases[i].customer, cases[i].card, cases[i].currency),
                                 cases[i].row);
        }
        cw_override_table_free(table);
}

static void test_a_row_for_everything_ends_the_search(void **state)
{
        struct cw_override_table *table;
        uint32_t line = 0;

        (void)state;
        fill(&table);
        assert_int_equal(add(table, (struct cw_override_row){.line = 8}, 7, &line), 0);
        assert_int_equal(find(table, "main", 5, 5, "USD"), 7);
        assert_int_equal(find(table, "main", 1, 10, "USD"), 1);
        assert_int_equal(cw_override_table_rows(table), 7);
        cw_override_table_free(table);
}

static void test_a_row_for_the_same_cards_never_counts(void **state)
{
        struct cw_override_table *table;

        (void)state;
        fill(&table);
        for (size_t i = 0; i < CW_ARRAY_SIZE(rows); i++) {
                uint32_t line = 0;

                assert_int_equal(add(table, rows[i], 99, &line), CW_OVERRIDE_DUPLICATE);
                assert_int_equal(line, rows[i].line);
        }
        assert_int_equal(cw_override_table_rows(table), CW_ARRAY_SIZE(rows));
        assert_int_equal(find(table, "main", 1, 10, "EUR"), 1);
        cw_override_table_free(table);
}

static void test_only_what_a_row_gives_is_set(void **state)
{
        struct cw_value params[PARAMS] = {
                {.type = CW_VALUE_NUMBER, .known = true, .number = 5, .currency = "USD"},
                {.type = CW_VALUE_STRING, .known = true, .string = "here"},
                {.type = CW_VALUE_DURATION, .known = true, .duration_ms = 7200000},
        };
        struct cw_override_row row = {
                .filled = CW_OVERRIDE_CARD, .card = 1, .params = params, .given = (const bool[]){false, true, true}};
        struct cw_value found[PARAMS] = {{.type = CW_VALUE_NUMBER, .known = true, .number = 1}};
        struct cw_card card = {.id = 1, .currency = "EUR"};
        struct cw_override_table *table;
        uint32_t line;

        (void)state;
        assert_int_equal(cw_override_table_new(defaults, PARAMS, &table), 0);
        assert_int_equal(cw_override_table_add(table, &row, &line), 0);
        assert_true(cw_override_table_apply(table, "main", &card, found));
        assert_int_equal(found[NUMBER].number, 1);
        assert_string_equal(found[TEXT].string, "here");
        assert_ptr_not_equal(found[TEXT].string, params[TEXT].string);
        assert_int_equal(found[TIME].duration_ms, 7200000);
        assert_int_equal(cw_override_table_longest_ms(table, TIME), 7200000);
        assert_int_equal(cw_override_table_longest_ms(table, NUMBER), 0);

        /* A number that is given in a currency is an amount. */
        row.card = 2;
        row.given = (const bool[]){true, false, false};
        params[NUMBER].type = CW_VALUE_AMOUNT;
        assert_int_equal(cw_override_table_add(table, &row, &line), 0);
        card.id = 2;
        assert_true(cw_override_table_apply(table, "main", &card, found));
        assert_int_equal(found[NUMBER].type, CW_VALUE_AMOUNT);
        assert_string_equal(found[NUMBER].currency, "USD");
        cw_override_table_free(table);
        cw_override_table_free(NULL);
}

static uint64_t meaning(const size_t *order, size_t n)
{
        struct cw_override_table *table;
        struct cw_hash hash;
        uint32_t line;

        assert_int_equal(cw_override_table_new(defaults, PARAMS, &table), 0);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(add(table, rows[order[i]], (int64_t)order[i], &line), 0);
        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_override_table_meaning(table, &hash);
        cw_override_table_free(table);
        return cw_hash_end(&hash);
}

static void test_order_means_something_only_between_rows_that_can_both_match(void **state)
{
        (void)state;
        assert_int_equal(meaning((const size_t[]){2, 3}, 2), meaning((const size_t[]){3, 2}, 2));
        assert_int_not_equal(meaning((const size_t[]){2, 4}, 2), meaning((const size_t[]){4, 2}, 2));
        assert_int_not_equal(meaning((const size_t[]){2, 3}, 2), meaning((const size_t[]){2}, 1));
        assert_int_not_equal(meaning((const size_t[]){2}, 1), meaning((const size_t[]){3}, 1));
        assert_int_not_equal(meaning(NULL, 0), meaning((const size_t[]){2}, 1));
}

/* Against a search through all rows, with keys from so small a range that every kind of clash occurs. */
static void test_finds_what_a_search_through_all_rows_finds(void **state)
{
        static const char *const sources[] = {"main", "other"}, *const currencies[] = {"EUR", "USD"};
        struct cw_override_row all[400];
        struct cw_override_table *table;
        size_t n = 0;

        (void)state;
        srand(7);
        assert_int_equal(cw_override_table_new(defaults, PARAMS, &table), 0);
        for (int i = 0; i < 2000 && n < CW_ARRAY_SIZE(all); i++) {
                struct cw_override_row row = {.filled = (unsigned)rand() % 15 + 1,
                                              .source = sources[rand() % 2],
                                              .customer = rand() % 8,
                                              .card = rand() % 8};
                uint32_t line;

                strcpy(row.currency, currencies[rand() % 2]);
                if (add(table, row, (int64_t)n + 1, &line) == 0)
                        all[n++] = row;
        }
        for (int i = 0; i < 2000; i++) {
                const char *source = sources[rand() % 2], *currency = currencies[rand() % 2];
                int64_t customer = rand() % 9, card = rand() % 9, expected = 0;

                for (size_t j = 0; j < n && expected == 0; j++)
                        if ((!(all[j].filled & CW_OVERRIDE_SOURCE) || strcmp(all[j].source, source) == 0) &&
                            (!(all[j].filled & CW_OVERRIDE_CUSTOMER) || all[j].customer == customer) &&
                            (!(all[j].filled & CW_OVERRIDE_CARD) || all[j].card == card) &&
                            (!(all[j].filled & CW_OVERRIDE_CURRENCY) || strcmp(all[j].currency, currency) == 0))
                                expected = (int64_t)j + 1;
                assert_int_equal(find(table, source, customer, card, currency), expected);
        }
        cw_override_table_free(table);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_first_row_that_matches_counts),
                cmocka_unit_test(test_a_row_for_everything_ends_the_search),
                cmocka_unit_test(test_a_row_for_the_same_cards_never_counts),
                cmocka_unit_test(test_only_what_a_row_gives_is_set),
                cmocka_unit_test(test_order_means_something_only_between_rows_that_can_both_match),
                cmocka_unit_test(test_finds_what_a_search_through_all_rows_finds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
