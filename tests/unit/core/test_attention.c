/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of cards that want another look: nothing of those that do not, and no pile of times that were given up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../src/core/attention.h"

static void test_a_card_that_needs_no_look_costs_nothing(void **state)
{
        struct cw_attentions attentions = {0};

        (void)state;
        assert_int_equal(cw_attention_call(&attentions, 1, INT64_MAX), 0);
        assert_null(cw_attention_find(&attentions, 1));
        assert_int_equal(attentions.due.n, 0);

        assert_int_equal(cw_attention_call(&attentions, 1, 500), 0);
        assert_non_null(cw_attention_find(&attentions, 1));
        assert_int_equal(cw_attention_at(&attentions, 1), 500);
        assert_int_equal(cw_attention_call(&attentions, 1, INT64_MAX), 0);
        assert_null(cw_attention_find(&attentions, 1));
        assert_int_equal(cw_attention_at(&attentions, 1), INT64_MAX);
        assert_int_equal(cw_attention_next(&attentions), INT64_MAX);
        cw_attentions_deinit(&attentions);
}

static void test_only_the_last_call_counts(void **state)
{
        struct cw_attentions attentions = {0};
        int64_t card = 0, look_at = 0;

        (void)state;
        assert_int_equal(cw_attention_call(&attentions, 1, 500), 0);
        assert_int_equal(cw_attention_call(&attentions, 2, 600), 0);
        assert_int_equal(cw_attention_call(&attentions, 1, 700), 0);
        assert_int_equal(cw_attention_next(&attentions), 600);
        assert_false(cw_attention_pop(&attentions, 599, &card, &look_at));
        assert_true(cw_attention_pop(&attentions, 700, &card, &look_at));
        assert_int_equal(card, 2);
        assert_int_equal(look_at, 600);
        assert_true(cw_attention_pop(&attentions, 700, &card, &look_at));
        assert_int_equal(card, 1);
        assert_int_equal(look_at, 700);
        assert_false(cw_attention_pop(&attentions, INT64_MAX - 1, &card, &look_at));
        cw_attentions_deinit(&attentions);
}

static void test_a_card_that_is_called_often_piles_up_nothing(void **state)
{
        struct cw_attentions attentions = {0};
        int64_t card = 0, look_at = 0;
        size_t most = 0;

        (void)state;
        for (int64_t i = 1; i <= 100000; i++) {
                assert_int_equal(cw_attention_call(&attentions, 1 + i % 3, 1000 + i), 0);
                if (attentions.due.n > most)
                        most = attentions.due.n;
        }
        assert_in_range(most, 3, 100);
        for (int64_t i = 99998; i <= 100000; i++) {
                assert_true(cw_attention_pop(&attentions, INT64_MAX - 1, &card, &look_at));
                assert_int_equal(card, 1 + i % 3);
                assert_int_equal(look_at, 1000 + i);
        }
        assert_false(cw_attention_pop(&attentions, INT64_MAX - 1, &card, &look_at));
        cw_attentions_deinit(&attentions);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_card_that_needs_no_look_costs_nothing),
                cmocka_unit_test(test_only_the_last_call_counts),
                cmocka_unit_test(test_a_card_that_is_called_often_piles_up_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
