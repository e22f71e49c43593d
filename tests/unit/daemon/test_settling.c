/* SPDX-License-Identifier: Apache-2.0 */
/* What is committed is settled a second after the last of it, in five at the latest, and at once where it is much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../src/daemon/settling.h"
#include "cardwatch/store_settle.h"

#define MUCH CW_STORE_MUCH_UNSETTLED

static void test_what_keeps_coming_puts_it_off(void **state)
{
        struct cw_settling settling = {0};

        (void)state;
        assert_int_equal(cw_settling_wait(&settling, 100, 50000), 1000);
        assert_int_equal(cw_settling_wait(&settling, 200, 50900), 1000);
        assert_int_equal(cw_settling_wait(&settling, 300, 53900), 1000);
        /* Until the first has waited for five. */
        assert_int_equal(cw_settling_wait(&settling, 400, 54700), 300);
        assert_int_equal(cw_settling_wait(&settling, 500, 56000), 0);
}

static void test_what_adds_nothing_does_not(void **state)
{
        struct cw_settling settling = {0};

        (void)state;
        assert_int_equal(cw_settling_wait(&settling, 0, 50000), CW_SETTLING_AS_IT_IS);
        assert_int_equal(cw_settling_wait(&settling, 100, 50000), 1000);
        assert_int_equal(cw_settling_wait(&settling, 100, 50900), CW_SETTLING_AS_IT_IS);
        /* Settled by another way. */
        assert_int_equal(cw_settling_wait(&settling, 0, 50950), CW_SETTLING_NEVER);
        assert_int_equal(cw_settling_wait(&settling, 100, 60000), 1000);
        assert_int_equal(cw_settling_wait(&settling, 200, 60900), 1000);
}

static void test_the_clock_makes_it_due(void **state)
{
        struct cw_settling settling = {0};

        (void)state;
        assert_int_equal(cw_settling_wait(&settling, 100, 50000), 1000);
        assert_false(cw_settling_is_wanted(&settling, 100, false, true));
        cw_settling_ring(&settling);
        assert_true(cw_settling_is_wanted(&settling, 100, false, true));
        assert_false(cw_settling_is_wanted(&settling, 0, false, true));
        /* A commit goes first. */
        assert_false(cw_settling_is_wanted(&settling, 100, true, true));
        assert_int_equal(cw_settling_wait(&settling, 200, 51500), CW_SETTLING_AS_IT_IS);
        /* A share that failed: there is as much as before. */
        settling.due = false;
        assert_int_equal(cw_settling_wait(&settling, 200, 51600), 1000);
}

static void test_what_was_due_may_be_settled_by_a_commit(void **state)
{
        struct cw_settling settling = {0};

        (void)state;
        assert_int_equal(cw_settling_wait(&settling, 100, 50000), 1000);
        cw_settling_ring(&settling);
        (void)cw_settling_wait(&settling, 0, 51100);
        assert_int_equal(cw_settling_wait(&settling, 100, 60000), 1000);
        assert_false(cw_settling_is_wanted(&settling, 100, false, true));
}

static void test_much_does_not_wait(void **state)
{
        static const struct {
                size_t unsettled;
                bool commit_wanted, commits_before, wanted;
        } cases[] = {
                {MUCH - 1, false, true, false}, {MUCH, false, true, true}, {MUCH, false, false, true},
                {MUCH - 1, true, true, false},  {MUCH, true, true, true},  {MUCH, true, false, false},
        };
        struct cw_settling settling = {0};

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                assert_int_equal(cw_settling_is_wanted(&settling, cases[i].unsettled, cases[i].commit_wanted,
                                                       cases[i].commits_before),
                                 cases[i].wanted);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_keeps_coming_puts_it_off),
                cmocka_unit_test(test_what_adds_nothing_does_not),
                cmocka_unit_test(test_the_clock_makes_it_due),
                cmocka_unit_test(test_what_was_due_may_be_settled_by_a_commit),
                cmocka_unit_test(test_much_does_not_wait),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
