/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/fall.h"

#define BEGIN  INT64_C(1700000000000)
#define HOUR   CW_HOUR_MS
#define STEPS  16
#define NOT    0 /* nobody can tell */
#define USD(n) ((cw_amount)(n)*CW_AMOUNT_UNIT)

/* Hours since the beginning and what the balance is then; the first is where it begins. */
struct step {
        int64_t hour, value;
};

static int64_t ends_after_hours(const struct step *steps)
{
        struct cw_fall fall = {0};
        int64_t ends_at;

        for (size_t i = 0; i < STEPS && (i == 0 || steps[i].hour != 0); i++)
                cw_fall_tell(&fall, BEGIN + steps[i].hour * HOUR, USD(steps[i].value));
        ends_at = cw_fall_ends_at(&fall);
        return ends_at ? (ends_at - BEGIN) / HOUR : NOT;
}

static void test_when_it_will_be_empty(void **state)
{
        static const struct {
                const char *name;
                struct step steps[STEPS];
                int64_t hours;
        } cases[] = {
                {"a line goes on to zero", {{0, 100}, {1, 90}, {2, 80}, {3, 70}, {4, 60}}, 10},
                {"what was told twice counts once", {{0, 100}, {1, 90}, {1, 90}, {2, 80}, {3, 70}, {4, 60}}, 10},
                {"three falls are no line", {{0, 100}, {1, 90}, {2, 80}, {3, 70}}, NOT},
                {"nothing is said of nothing", {{0, 100}}, NOT},
                {"what is empty will not be", {{0, 40}, {1, 30}, {2, 20}, {3, 10}, {4, 0}}, NOT},
                {"nor what is overdrawn", {{0, 40}, {1, 30}, {2, 20}, {3, 10}, {4, -10}}, NOT},
                {"one purchase is no rate", {{0, 100}, {1, 99}, {2, 98}, {3, 97}, {4, 50}}, NOT},
                {"half of it may be one purchase", {{0, 100}, {1, 90}, {2, 80}, {3, 70}, {4, 40}}, 6},
                {"a rush is no rate", {{0, 100}, {9, 90}, {10, 80}, {11, 70}, {12, 60}}, NOT},
                {"a pause of half of the time may be", {{0, 100}, {4, 90}, {5, 80}, {6, 70}, {8, 60}}, 20},
                {"four times as far as was seen, and no further",
                 {{0, 200}, {1, 190}, {2, 180}, {3, 170}, {4, 160}},
                 20},
                {"not any further", {{0, 211}, {1, 201}, {2, 191}, {3, 181}, {4, 171}}, NOT},
                {"what little comes back is taken off", {{0, 100}, {1, 90}, {2, 80}, {3, 85}, {3, 70}, {4, 60}}, 10},
                {"a top-up is another beginning", {{0, 50}, {1, 40}, {2, 30}, {3, 20}, {4, 100}}, NOT},
                {"from where it goes on",
                 {{0, 50}, {1, 40}, {2, 30}, {3, 20}, {4, 100}, {5, 90}, {6, 80}, {7, 70}, {8, 60}},
                 14},
                {"so is a day of silence", {{0, 100}, {1, 90}, {2, 80}, {27, 70}, {28, 60}, {29, 50}}, NOT},
                {"a clock that was set back too", {{5, 100}, {6, 90}, {7, 80}, {8, 70}, {1, 60}, {2, 50}}, NOT},
                {"the last two days say more than what was before",
                 {{0, 300},
                  {12, 250},
                  {24, 200},
                  {36, 150},
                  {48, 100},
                  {60, 90},
                  {72, 80},
                  {84, 70},
                  {96, 60},
                  {108, 50}},
                 138},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                print_message("  %s\n", cases[i].name);
                assert_int_equal(ends_after_hours(cases[i].steps), cases[i].hours);
        }
}

static void test_no_amount_is_too_large(void **state)
{
        struct cw_fall fall = {0};

        (void)state;
        for (int i = 0; i < 1000; i++) {
                cw_fall_tell(&fall, BEGIN + 2 * i, CW_AMOUNT_MAX - i);
                cw_fall_tell(&fall, BEGIN + 2 * i + 1, i % 3 == 0 ? CW_AMOUNT_MIN : CW_AMOUNT_MAX / 2 - i);
                (void)cw_fall_ends_at(&fall);
        }
        cw_fall_begin(&fall, BEGIN, CW_AMOUNT_MAX);
        for (int64_t i = 1; i <= 8; i++)
                cw_fall_tell(&fall, BEGIN + i * HOUR, CW_AMOUNT_MAX / 8 * (8 - i) + 1000);
        assert_true(cw_fall_ends_at(&fall) >= BEGIN + 8 * HOUR);
}

/* Nobody knows it better, and a time to the millisecond would claim to. */
static void test_it_is_told_in_minutes(void **state)
{
        struct cw_fall fall = {0};

        (void)state;
        for (int64_t i = 0; i < 5; i++)
                cw_fall_tell(&fall, BEGIN + i * HOUR, USD(97 - 9 * i));
        assert_int_equal(cw_fall_ends_at(&fall), BEGIN + 4 * HOUR + (6 * 60 + 47) * CW_MINUTE_MS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_when_it_will_be_empty),
                cmocka_unit_test(test_it_is_told_in_minutes),
                cmocka_unit_test(test_no_amount_is_too_large),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
