/* SPDX-License-Identifier: Apache-2.0 */
/* Who was seen, who is gone, and who is absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../src/core/roll.h"
#include "cardwatch/cleanup.h"

/* Customers 1 to n: known from before; a poll begins. */
static void begin(struct cw_roll *roll, int64_t n)
{
        static struct cw_leaves none;
        int64_t customers[256];

        cw_roll_init(roll, &none);
        for (int64_t i = 1; i <= n; i++)
                customers[i - 1] = i;
        assert_int_equal(cw_roll_know(roll, customers, (size_t)n), 0);
        cw_roll_begin(roll, 1);
}

static size_t n_absent(const struct cw_roll *roll, uint32_t poll)
{
        return cw_roll_absent(roll, poll, 0, NULL, 0);
}

static void test_who_is_neither_seen_nor_gone_is_absent(void **state)
{
        struct cw_roll roll;
        int64_t absent[4] = {0};

        (void)state;
        begin(&roll, 3);
        assert_int_equal(n_absent(&roll, 1), 3);
        assert_int_equal(cw_roll_seen(&roll, 1, 1, 0), 0);
        assert_int_equal(cw_roll_gone(&roll, 2), 0);
        assert_int_equal(cw_roll_absent(&roll, 1, 0, absent, 4), 1);
        assert_int_equal(absent[0], 3);
        assert_true(cw_roll_is_seen(&roll, 1, 1) && !cw_roll_is_seen(&roll, 1, 2));
        assert_true(cw_roll_is_gone(&roll, 2) && !cw_roll_is_gone(&roll, 3));
        assert_int_equal(cw_roll_seen(&roll, 3, 1, 0), 0);
        assert_int_equal(n_absent(&roll, 1), 0);
        cw_roll_deinit(&roll);
}

static void test_seen_twice_counts_once(void **state)
{
        struct cw_roll roll;

        (void)state;
        begin(&roll, 2);
        assert_int_equal(cw_roll_seen(&roll, 1, 1, 0), 0);
        assert_int_equal(cw_roll_seen(&roll, 1, 1, 0), 0);
        assert_int_equal(cw_roll_seen(&roll, 9, 1, 0), 0); /* unknown before */
        assert_int_equal(n_absent(&roll, 1), 1);
        cw_roll_deinit(&roll);
}

static void test_gone_lasts_until_seen_again(void **state)
{
        struct cw_roll roll;

        (void)state;
        begin(&roll, 2);
        assert_int_equal(cw_roll_gone(&roll, 2), 0);
        assert_int_equal(cw_roll_gone(&roll, 2), 0);
        for (uint32_t poll = 2; poll < 5; poll++) {
                cw_roll_begin(&roll, poll);
                assert_int_equal(n_absent(&roll, poll), 1);
                assert_int_equal(cw_roll_seen(&roll, 1, poll, 0), 0);
                assert_int_equal(n_absent(&roll, poll), 0);
        }
        cw_roll_begin(&roll, 5);
        assert_int_equal(cw_roll_seen(&roll, 1, 5, 0), 0);
        assert_int_equal(cw_roll_seen(&roll, 2, 5, 0), 0);
        assert_false(cw_roll_is_gone(&roll, 2));
        cw_roll_begin(&roll, 6);
        assert_int_equal(n_absent(&roll, 6), 2);
        cw_roll_deinit(&roll);
}

/* However many polls come after it: a row has not the room for their numbers. */
static void test_seen_once_is_seen_in_one_poll(void **state)
{
        struct cw_roll roll;

        (void)state;
        for (uint32_t poll = 8180; poll < 8200; poll++) {
                begin(&roll, 1);
                assert_int_equal(cw_roll_seen(&roll, 1, poll, 0), 0);
                assert_true(cw_roll_is_seen(&roll, 1, poll));
                for (uint32_t later = poll + 1; later < poll + 70000; later++) {
                        cw_roll_begin(&roll, later);
                        if (cw_roll_is_seen(&roll, 1, later))
                                fail_msg("seen in poll %u as well as in %u", later, poll);
                }
                cw_roll_deinit(&roll);
        }
}

static void test_numbers_begin_anew(void **state)
{
        struct cw_roll roll;

        (void)state;
        begin(&roll, 1);
        assert_int_equal(cw_roll_seen(&roll, 1, 2, 0), 0);
        cw_roll_begin(&roll, 0);
        assert_false(cw_roll_is_seen(&roll, 1, 2));
        cw_roll_deinit(&roll);
}

static void test_who_is_known_twice_is_one(void **state)
{
        int64_t customers[] = {7, 3, 7, -5, 3, 7, INT64_MIN};
        struct cw_roll roll;

        (void)state;
        begin(&roll, 0);
        assert_int_equal(cw_roll_know(&roll, customers, CW_ARRAY_SIZE(customers)), 0);
        assert_int_equal(roll.n, 4);
        assert_int_equal(n_absent(&roll, 1), 4);
        assert_int_equal(cw_roll_seen(&roll, 7, 1, 0), 0);
        assert_int_equal(cw_roll_seen(&roll, -5, 1, 0), 0);
        assert_int_equal(n_absent(&roll, 1), 2);
        cw_roll_deinit(&roll);
}

static void test_who_is_forgotten_is_not_absent(void **state)
{
        struct cw_roll roll;

        (void)state;
        begin(&roll, 3);
        assert_int_equal(cw_roll_gone(&roll, 1), 0);
        cw_roll_forget(&roll, 1);
        cw_roll_forget(&roll, 2);
        cw_roll_forget(&roll, 77);
        assert_int_equal(n_absent(&roll, 1), 1);
        assert_int_equal(cw_roll_seen(&roll, 3, 1, 0), 0);
        assert_int_equal(n_absent(&roll, 1), 0);
        cw_roll_deinit(&roll);
}

/* Extreme ids and poll numbers are ids and poll numbers like others. */
static void test_the_ends_of_the_ranges(void **state)
{
        static const int64_t ids[] = {0, -1, 1, INT64_MIN, INT64_MAX};
        int64_t customers[] = {0, -1, 1, INT64_MIN, INT64_MAX};
        struct cw_roll roll;

        (void)state;
        begin(&roll, 0);
        assert_int_equal(cw_roll_know(&roll, customers, 5), 0);
        assert_int_equal(n_absent(&roll, UINT32_MAX), 5);
        for (size_t i = 0; i < 4; i++)
                assert_int_equal(cw_roll_seen(&roll, ids[i], UINT32_MAX, 0), 0);
        assert_int_equal(n_absent(&roll, UINT32_MAX), 1);
        assert_false(cw_roll_is_seen(&roll, INT64_MAX, UINT32_MAX));
        assert_int_equal(cw_roll_gone(&roll, INT64_MAX), 0);
        assert_int_equal(n_absent(&roll, UINT32_MAX), 0);
        cw_roll_deinit(&roll);
}

/* A choice is without repetition, and every absent customer is chosen within a round of turns. */
static void test_the_choice_moves_along(void **state)
{
        bool chosen[251] = {false};
        int64_t absent[100];
        struct cw_roll roll;
        size_t n = 0;

        (void)state;
        begin(&roll, 250);
        for (uint32_t turn = 7; turn < 10; turn++) {
                bool now[251] = {false};

                assert_int_equal(cw_roll_absent(&roll, 1, turn, absent, 100), 250);
                for (size_t i = 0; i < 100; i++) {
                        assert_in_range(absent[i], 1, 250);
                        assert_false(now[absent[i]]);
                        now[absent[i]] = true;
                        n += !chosen[absent[i]];
                        chosen[absent[i]] = true;
                }
        }
        assert_int_equal(n, 250);
        cw_roll_deinit(&roll);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_is_neither_seen_nor_gone_is_absent),
                cmocka_unit_test(test_seen_twice_counts_once),
                cmocka_unit_test(test_gone_lasts_until_seen_again),
                cmocka_unit_test(test_seen_once_is_seen_in_one_poll),
                cmocka_unit_test(test_numbers_begin_anew),
                cmocka_unit_test(test_who_is_known_twice_is_one),
                cmocka_unit_test(test_who_is_forgotten_is_not_absent),
                cmocka_unit_test(test_the_ends_of_the_ranges),
                cmocka_unit_test(test_the_choice_moves_along),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
