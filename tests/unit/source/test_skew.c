/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"

#include "../../../src/source/skew.h"

#define NOW INT64_C(1790000000000)

static void test_one_answer(void **state)
{
        static const struct {
                const char *name;
                int64_t date_at, sent_at, took_ms;
                bool known;
                int64_t skew_ms;
        } cases[] = {
                {"the same second, its middle", NOW, NOW + 500, 0, true, 0},
                {"half of the way is gone when it is dated", NOW, NOW, 1000, true, 0},
                {"a minute ahead", NOW + 60000, NOW + 500, 0, true, 60000},
                {"an hour behind", NOW - 3600000, NOW + 400, 200, true, -3600000},
                {"no Date", -1, NOW, 10, false, 0},
                {"an answer that took too long says nothing", NOW, NOW, 10001, false, 0},
                {"one of year 1970", 0, NOW, 0, true, 500 - NOW},
                {"one of the far future is bounded", INT64_MAX - 1000, NOW, 0, true, 100 * 365 * CW_DAY_MS},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_skew skew = {0};
                int64_t skew_ms = 0;

                cw_skew_add(&skew, cases[i].date_at, cases[i].sent_at, cases[i].took_ms);
                if (cw_skew_median(&skew, &skew_ms) != cases[i].known || skew_ms != cases[i].skew_ms)
                        fail_msg("%s: %lld", cases[i].name, (long long)skew_ms);
        }
}

static void add(struct cw_skew *skew, int64_t skew_ms)
{
        cw_skew_add(skew, NOW + skew_ms, NOW + 500, 0);
}

static void test_the_median_of_the_last_nine(void **state)
{
        struct cw_skew skew = {0};
        int64_t skew_ms = 77;

        (void)state;
        assert_false(cw_skew_median(&skew, &skew_ms));
        assert_int_equal(skew_ms, 77);
        /* Four lies among nine say nothing, in whatever order. */
        for (int i = 0; i < 9; i++)
                add(&skew, i % 2 == 1 ? 9000000 : i);
        assert_true(cw_skew_median(&skew, &skew_ms));
        assert_in_range(skew_ms, 0, 8);
        /* A clock that was set is believed after five. */
        for (int i = 0; i < 5; i++)
                add(&skew, -20000);
        assert_true(cw_skew_median(&skew, &skew_ms));
        assert_int_equal(skew_ms, -20000);
}

static void test_a_doubt_is_no_skew(void **state)
{
        struct cw_skew skew = {0};
        int64_t skew_ms = 0;

        (void)state;
        add(&skew, 30000);
        add(&skew, 100);
        assert_true(cw_skew_median(&skew, &skew_ms));
        assert_int_equal(skew_ms, 100);
        skew = (struct cw_skew){0};
        add(&skew, -30000);
        add(&skew, 30000);
        assert_true(cw_skew_median(&skew, &skew_ms));
        assert_int_equal(skew_ms, 0);
        skew = (struct cw_skew){0};
        add(&skew, -30000);
        add(&skew, -100);
        assert_true(cw_skew_median(&skew, &skew_ms));
        assert_int_equal(skew_ms, -100);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_answer),
                cmocka_unit_test(test_the_median_of_the_last_nine),
                cmocka_unit_test(test_a_doubt_is_no_skew),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
