/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cardwatch/backoff.h"
#include "cardwatch/cleanup.h"

#define ALWAYS_LEAST 0u
#define ALWAYS_MOST  UINT32_MAX
#define HOUR_MS      INT64_C(3600000)
#define UNTOUCHED    77

static const struct cw_backoff_policy policy = {.first_ms = 1000, .longest_ms = 900000, .give_up_ms = 24 * HOUR_MS};

static void test_waits(void **state)
{
        static const struct {
                const char *name;
                uint32_t failures_before;
                int64_t asked_ms;
                uint32_t chance;
                int64_t expected_ms;
        } cases[] = {
                {"the first wait is at most the first ceiling", 0, 0, ALWAYS_MOST, 1000},
                {"a wait is never zero", 0, 0, ALWAYS_LEAST, 1},
                {"the ceiling doubles", 3, 0, ALWAYS_MOST, 8000},
                {"half the chance is half the ceiling", 3, 0, UINT32_MAX / 2, 4000},
                {"the ceiling stops at the longest", 20, 0, ALWAYS_MOST, 900000},
                {"the most failures do not overflow", UINT32_MAX, 0, ALWAYS_MOST, 900000},
                {"what the other side asks for is obeyed", 0, 120000, ALWAYS_LEAST, 120000},
                {"a longer wait of our own is kept", 10, 5, ALWAYS_MOST, 900000},
                {"a negative request is none", 0, INT64_MIN, ALWAYS_LEAST, 1},
                {"a wait may last until the very end", 0, 24 * HOUR_MS, ALWAYS_LEAST, 24 * HOUR_MS},
                {"more is asked for than there is time: once more at the end", 0, 24 * HOUR_MS + 1, ALWAYS_LEAST,
                 24 * HOUR_MS},
                {"the largest wait is asked for: once more at the end", 0, INT64_MAX, ALWAYS_MOST, 24 * HOUR_MS},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_backoff backoff = {.failures = cases[i].failures_before};
                int64_t wait_ms = UNTOUCHED;
                int r = cw_backoff_failed(&backoff, &policy, 0, cases[i].asked_ms, cases[i].chance, &wait_ms);

                if (r != 0 || wait_ms != cases[i].expected_ms)
                        fail_msg("%s", cases[i].name);
        }
}

static void test_gives_up(void **state)
{
        static const struct {
                const char *name;
                int64_t since_at, now, asked_ms;
        } cases[] = {
                {"when the next attempt would come too late", 0, 24 * HOUR_MS, 0},
                {"when more is asked for at the very end", 0, 24 * HOUR_MS, INT64_MAX},
                {"when more is asked for after the end", 0, 24 * HOUR_MS + 1, INT64_MAX},
                {"long after the end", 0, INT64_MAX, 0},
                {"when the times are further apart than can be counted", INT64_MIN, INT64_MAX, 0},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_backoff backoff = {.failures = 1, .since_at = cases[i].since_at};
                int64_t wait_ms = UNTOUCHED;
                int r = cw_backoff_failed(&backoff, &policy, cases[i].now, cases[i].asked_ms, ALWAYS_LEAST, &wait_ms);

                if (r != CW_BACKOFF_GIVE_UP || wait_ms != UNTOUCHED)
                        fail_msg("%s", cases[i].name);
        }
}

/* Whatever it asks for, and whenever: its last attempt is at the end, and there is none after it. */
static void test_what_is_asked_for_ends_with_the_time(void **state)
{
        static const struct {
                const char *name;
                int64_t since_at, now, asked_ms, expected_ms;
        } cases[] = {
                {"in the middle", 0, HOUR_MS, INT64_MAX, 23 * HOUR_MS},
                {"a little before the end", 0, 24 * HOUR_MS - 1, HOUR_MS, 1},
                {"what fits is obeyed", 0, HOUR_MS, 2 * HOUR_MS, 2 * HOUR_MS},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_backoff backoff = {.failures = 1, .since_at = cases[i].since_at};
                int64_t wait_ms = UNTOUCHED;
                int r = cw_backoff_failed(&backoff, &policy, cases[i].now, cases[i].asked_ms, ALWAYS_LEAST, &wait_ms);

                if (r != 0 || wait_ms != cases[i].expected_ms)
                        fail_msg("%s", cases[i].name);
                r = cw_backoff_failed(&backoff, &policy, cases[i].now + wait_ms, cases[i].asked_ms, ALWAYS_MOST,
                                      &wait_ms);
                if (cases[i].asked_ms > wait_ms && r != CW_BACKOFF_GIVE_UP)
                        fail_msg("%s: it ends", cases[i].name);
        }
}

static void test_no_time_at_all(void **state)
{
        static const struct cw_backoff_policy never = {.first_ms = 1000, .longest_ms = 900000, .give_up_ms = 0};
        struct cw_backoff backoff = {0};
        int64_t wait_ms = UNTOUCHED;

        (void)state;
        assert_int_equal(cw_backoff_failed(&backoff, &never, 0, HOUR_MS, ALWAYS_LEAST, &wait_ms), CW_BACKOFF_GIVE_UP);
}

static void test_the_first_failure_starts_the_clock(void **state)
{
        struct cw_backoff backoff = {.failures = 0, .since_at = -5};
        int64_t wait_ms = 0;

        (void)state;
        assert_int_equal(cw_backoff_failed(&backoff, &policy, 50 * HOUR_MS, 0, ALWAYS_MOST, &wait_ms), 0);
        assert_int_equal(backoff.since_at, 50 * HOUR_MS);
        assert_int_equal(backoff.failures, 1);
}

static void test_a_clock_set_back_neither_fails_nor_buys_time(void **state)
{
        struct cw_backoff backoff = {0};
        int64_t wait_ms = 0;

        (void)state;
        assert_int_equal(cw_backoff_failed(&backoff, &policy, 10 * HOUR_MS, 0, ALWAYS_LEAST, &wait_ms), 0);
        assert_int_equal(cw_backoff_failed(&backoff, &policy, 1 * HOUR_MS, 0, ALWAYS_LEAST, &wait_ms), 0);
        assert_int_equal(cw_backoff_failed(&backoff, &policy, 25 * HOUR_MS, 0, ALWAYS_LEAST, &wait_ms),
                         CW_BACKOFF_GIVE_UP);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_waits),
                cmocka_unit_test(test_gives_up),
                cmocka_unit_test(test_what_is_asked_for_ends_with_the_time),
                cmocka_unit_test(test_no_time_at_all),
                cmocka_unit_test(test_the_first_failure_starts_the_clock),
                cmocka_unit_test(test_a_clock_set_back_neither_fails_nor_buys_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
