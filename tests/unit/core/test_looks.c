/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions that time alone moves: windows, unchanged, age. Between polls nothing is decided; the first poll at which
 * a window is over decides although nothing changed, and a restart recalls the past.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "beats.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"

#define RULE(...)                                                                                                      \
        {                                                                                                              \
                .rules = { {.name = "low", __VA_ARGS__} }                                                              \
        }
#define FALLEN      RULE(.when = "delta(available, 1h) < -100")
#define FIRING(x)   "firing " x " warning"
#define RESOLVED(x) "resolved " x " warning"

static const struct beats_case cases[] = {
        {"delta over a window: it resolves at the first poll at which the fall is out of it", FALLEN,
         .beats = {{"399", FIRING("399.00")}, {"x59", ""}, {"", RESOLVED("399.00")}, {"x99", ""}}},
        {"delta over a window: several falls add up", FALLEN,
         .beats = {{"450", ""},
                   {"x10", ""},
                   {"400", ""},
                   {"x10", ""},
                   {"399", FIRING("399.00")},
                   {"x37", ""},
                   {"", RESOLVED("399.00")}}},
        {"delta over a window: a rise back in time is none", FALLEN,
         .beats = {{"399", FIRING("399.00")}, {"x10", ""}, {"500", RESOLVED("500.00")}, {"x99", ""}}},
        {"delta over a window: a poll that comes late decides late", FALLEN,
         .beats = {{"399", FIRING("399.00")}, {"+59m", ""}, {"+2h", RESOLVED("399.00")}}},
        {"delta over a window: nothing is decided without looking", FALLEN,
         .beats = {{"399", FIRING("399.00")}, {"idle +2h", ""}, {"fails", ""}, {"", RESOLVED("399.00")}}},
        {"delta over a window: a card that is not brought stays as it is", FALLEN,
         .beats = {{"399", FIRING("399.00")}, {"unread x90", ""}, {"read", RESOLVED("399.00")}}},
        {"delta over a window: a card set aside stays as it is", FALLEN,
         .beats = {{"399", FIRING("399.00")}, {"bad x90", ""}, {"good", RESOLVED("399.00")}}},
        {"delta over a window: the faster lane may resolve it", FALLEN,
         .beats = {{"399", FIRING("399.00")}, {"+1h idle", ""}, {"idle watch", RESOLVED("399.00")}}},
        {"spent: refills do not hide it", RULE(.when = "spent(1h) > 250 and available < 10000"),
         .beats = {{"400", ""},
                   {"500", ""},
                   {"400", ""},
                   {"500", ""},
                   {"449", FIRING("449.00")},
                   {"x55", ""},
                   {"", RESOLVED("449.00")}}},
        {"added", RULE(.when = "added(1h) >= 100 and available < 10000"),
         .beats = {{"400", ""}, {"500", FIRING("500.00")}, {"300", ""}, {"x58", ""}, {"", RESOLVED("300.00")}}},
        {"changes", RULE(.when = "changes(available, 10m) > 2"),
         .beats = {{"1", ""}, {"2", ""}, {"3", FIRING("3.00")}, {"x7", ""}, {"", RESOLVED("3.00")}}},
        {"min and max: what was in force at the beginning counts",
         RULE(.when = "max(available, 10m) - min(available, 10m) > 100"),
         .beats = {{"399", FIRING("399.00")}, {"x9", ""}, {"", RESOLVED("399.00")}}},
        {"avg: it moves at every poll", RULE(.when = "avg(available, 10m) < 450"),
         .beats = {{"400", ""}, {"", ""}, {"", FIRING("400.00")}, {"500", ""}, {"", ""}, {"", RESOLVED("500.00")}}},
        {"unchanged: it fires when it was long enough, and ends with a change",
         RULE(.when = "unchanged(available) >= 1h"),
         .beats = {{"400", ""},
                   {"x59", ""},
                   {"", FIRING("400.00")},
                   {"x99", ""},
                   {"401", RESOLVED("401.00")},
                   {"x59", ""},
                   {"", FIRING("401.00")}}},
        {"unchanged: counted from when the card was first seen", RULE(.when = "unchanged(available) >= 1h"),
         .beats = {{"x59", ""}, {"", FIRING("500.00")}}},
        {"age: from when the card was first seen", RULE(.when = "age < 1h and available < 100"),
         .beats = {{"50", FIRING("50.00")}, {"x58", ""}, {"", RESOLVED("50.00")}, {"40", ""}}},
        {"runway: unknown before a quarter was observed, then it fires",
         RULE(.when = "runway(1h) < 1h and available < 10000"),
         .beats = {{"400", ""}, {"300", ""}, {"200", ""}, {"x11", ""}, {"", FIRING("200.00")}}},
        {"a window in `clear`: it holds until its time is over",
         RULE(.when = "available < 100", .clear = "min(available, 10m) >= 100"),
         .beats = {{"50", FIRING("50.00")}, {"200", ""}, {"x9", ""}, {"", RESOLVED("200.00")}}},
        {"a window and `for`", RULE(.when = "delta(available, 10m) < -100", .for_ms = 5 * CW_MINUTE_MS),
         .beats = {{"399", ""}, {"x4", ""}, {"", FIRING("399.00")}, {"x4", ""}, {"", RESOLVED("399.00")}}},
        {"a window that is over before `for` is",
         RULE(.when = "delta(available, 10m) < -100", .for_ms = 11 * CW_MINUTE_MS),
         .beats = {{"399", ""}, {"x20", ""}}},
        {"a window and keep_firing_for",
         RULE(.when = "delta(available, 10m) < -100", .keep_firing_for_ms = 5 * CW_MINUTE_MS),
         .beats = {{"399", FIRING("399.00")}, {"x14", ""}, {"", RESOLVED("399.00")}}},
        {"levels by windows: each ends in its time",
         RULE(.levels = {{CW_SEVERITY_INFO, "delta(available, 20m) < -50"},
                         {CW_SEVERITY_WARNING, "delta(available, 10m) < -50"}}),
         .beats = {{"400", "firing 400.00 warning"},
                   {"x9", ""},
                   {"", "firing 400.00 info was warning"},
                   {"x9", ""},
                   {"", "resolved 400.00 info"}}},
        {"changed, or time: whichever comes first", RULE(.when = "available < 100 or unchanged(available) > 10m"),
         .beats = {{"50", FIRING("50.00")},
                   {"x20", ""},
                   {"500", RESOLVED("500.00")},
                   {"x10", ""},
                   {"", FIRING("500.00")}}},
        {"another currency has no past", FALLEN, .beats = {{"EUR 100", ""}, {"x5", ""}, {"USD 100", ""}, {"x70", ""}}},
        {"another currency ends what the past of the one before said", FALLEN,
         .beats = {{"100", FIRING("100.00")}, {"EUR", RESOLVED("100.00")}}},
        {"a card that disappeared has no past", FALLEN,
         .beats = {{"450", ""}, {"gone x2", ""}, {"back 100", ""}, {"x70", ""}}},
        {"a rule that comes with a reload looks back over what was before it", RULE(.when = "available < 10"),
         .other = FALLEN,
         .beats = {{"399", ""},
                   {"x10", ""},
                   {"other", "baseline firing 399.00 warning"},
                   {"x47", ""},
                   {"", ""},
                   {"", RESOLVED("399.00")}}},
        {"a longer window after a reload holds longer", FALLEN, .other = RULE(.when = "delta(available, 2h) < -100"),
         .beats = {{"399", FIRING("399.00")}, {"x50", ""}, {"other", ""}, {"x68", ""}, {"", RESOLVED("399.00")}}},
        {"an event with a window is looked for when the card changes, and once more",
         RULE(.on = "delta(available, 1h) < -100"),
         .beats = {{"399", "event event 399.00 warning"},
                   {"x5", ""},
                   {"398", "event event 398.00 warning"},
                   {"x70", ""},
                   {"397", ""}}},
        {"an event that looks back is looked for at the next poll, and not after",
         {.rules = {{.name = "low", .on = "not changed(available)"},
                    {.name = "old", .when = "unchanged(available) > 3m and available < 0"}}},
         .beats = {{"399", ""}, {"", "event event 399.00 warning"}, {"x20", ""}}},
        {"the clock is set back: dates stay what they were", FALLEN,
         .beats = {{"399", FIRING("399.00")}, {"x10", ""}, {"clock-5m", ""}, {"x53", ""}, {"", RESOLVED("399.00")}}},
        {"the clock is set back to before the card was first seen: nothing lies before", FALLEN,
         .beats = {{"399", FIRING("399.00")}, {"x10", ""}, {"clock-2h", RESOLVED("399.00")}}},
        {"the clock is set forward: the past is as long ago as it then says", FALLEN,
         .beats = {{"399", FIRING("399.00")}, {"x10", ""}, {"clock+2h", RESOLVED("399.00")}}},
};

static void test_time_alone(void **state)
{
        (void)state;
        assert_int_equal(beats_play(cases, CW_ARRAY_SIZE(cases)), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_time_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
