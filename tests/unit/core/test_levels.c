/* SPDX-License-Identifier: Apache-2.0 */
/* Levels: the severity of an alert rises and falls (rules.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "beats.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"

#define INFO     CW_SEVERITY_INFO
#define WARNING  CW_SEVERITY_WARNING
#define CRITICAL CW_SEVERITY_CRITICAL
#define RULE(...)                                                                                                      \
        {                                                                                                              \
                .rules = { {.name = "low", __VA_ARGS__} }                                                              \
        }
#define STEPS                                                                                                          \
        {                                                                                                              \
                {INFO, "available < 300"}, {WARNING, "available < 100"},                                               \
                {                                                                                                      \
                        CRITICAL, "available < 10"                                                                     \
                }                                                                                                      \
        }
#define LADDER RULE(.levels = STEPS)
#define WIDE   RULE(.levels = STEPS, .clear = "available >= 400")

static const struct beats_case level_cases[] = {
        {"levels: the highest that is true is the severity", LADDER,
         .beats = {{"299", "firing 299.00 info"},
                   {"300", "resolved 300.00 info"},
                   {"99", "firing 99.00 warning"},
                   {"100", "firing 100.00 info was warning"},
                   {"9", "firing 9.00 critical was info"},
                   {"500", "resolved 500.00 critical"}}},
        {"levels: a rise and a fall are told, what stays is not", LADDER,
         .beats = {{"299", "firing 299.00 info"},
                   {"298", ""},
                   {"99", "firing 99.00 warning was info"},
                   {"98", ""},
                   {"9", "firing 9.00 critical was warning"},
                   {"8", ""},
                   {"50", "firing 50.00 warning was critical"},
                   {"200", "firing 200.00 info was warning"},
                   {"300", "resolved 300.00 info"}}},
        {"levels: none true and `clear` not: the severity stays", WIDE,
         .beats = {{"9", "firing 9.00 critical"},
                   {"350", ""},
                   {"399", ""},
                   {"299", "firing 299.00 info was critical"},
                   {"350", ""},
                   {"400", "resolved 400.00 info"}}},
        {"levels: between the last level and `clear` nothing begins", WIDE,
         .beats = {{"350", ""},
                   {"299", "firing 299.00 info"},
                   {"350", ""},
                   {"400", "resolved 400.00 info"},
                   {"350", ""}}},
        {"levels: an unknown level above the true one keeps the severity",
         RULE(.levels = {{INFO, "available < 300"}, {CRITICAL, "available < 10 USD"}}),
         .beats =
                 {{"9", "firing 9.00 critical"}, {"EUR", ""}, {"200", ""}, {"USD", "firing 200.00 info was critical"}}},
        {"levels: an unknown level above the true one does not keep it from rising",
         RULE(.levels = {{INFO, "available < 300"}, {WARNING, "available < 100"}, {CRITICAL, "available < 10 USD"}}),
         .beats = {{"200 EUR", "firing 200.00 info"},
                   {"50", "firing 50.00 warning was info"},
                   {"200", ""},
                   {"USD", "firing 200.00 info was warning"}}},
        {"levels: an unknown level above a true one fires at the true one",
         RULE(.levels = {{INFO, "available < 300"}, {CRITICAL, "available < 10 USD"}}),
         .beats = {{"5 EUR", "firing 5.00 info"}, {"USD", "firing 5.00 critical was info"}}},
        {"levels: an unknown level and none true neither fires nor resolves",
         RULE(.levels = {{INFO, "available < 300 USD"}, {CRITICAL, "available < 10"}}),
         .beats = {{"200 EUR", ""},
                   {"9", "firing 9.00 critical"},
                   {"200", ""},
                   {"500", ""},
                   {"USD", "resolved 500.00 critical"}}},
        {"levels: an unknown level below the true one does not matter",
         RULE(.levels = {{INFO, "available < 300 USD"}, {CRITICAL, "available < 10"}}),
         .beats = {{"9 EUR", "firing 9.00 critical"}, {"USD", ""}}},
        {"levels: `clear` alone decides the end, unless a level is true",
         RULE(.levels = STEPS, .clear = "available > 50"),
         .beats = {{"40", "firing 40.00 warning"},
                   {"60", ""},
                   {"200", "firing 200.00 info was warning"},
                   {"300", "resolved 300.00 info"}}},
        {"levels: with `for`, the severity is the one at its end", RULE(.levels = STEPS, .for_ms = 2 * CW_MINUTE_MS),
         .beats = {{"9", ""}, {"99", ""}, {"250", "firing 250.00 info"}, {"9", "firing 9.00 critical was info"}}},
        {"levels: with keep_firing_for, what is clear keeps its severity",
         RULE(.levels = STEPS, .keep_firing_for_ms = 2 * CW_MINUTE_MS),
         .beats = {{"9", "firing 9.00 critical"},
                   {"500", ""},
                   {"99", "firing 99.00 warning was critical"},
                   {"500", ""},
                   {"", ""},
                   {"", "resolved 500.00 warning"}}},
        {"levels: other levels after a reload are told as a change", LADDER,
         .other = RULE(.levels = {{WARNING, "available < 300"}, {CRITICAL, "available < 100"}}),
         .beats = {{"99", "firing 99.00 warning"},
                   {"other", "firing 99.00 critical was warning"},
                   {"reload", "firing 99.00 warning was critical"}}},
        {"levels: a level that is gone keeps its severity while `clear` is not true", WIDE,
         .other = RULE(.levels = {{INFO, "available < 300"}}, .clear = "available >= 400"),
         .beats = {{"9", "firing 9.00 critical"},
                   {"350", ""},
                   {"other", ""},
                   {"299", "firing 299.00 info was critical"},
                   {"400", "resolved 400.00 info"}}},
        {"levels: a rule with levels becomes one with `when`", LADDER,
         .other = RULE(.when = "available < 300", .severity = CRITICAL),
         .beats = {{"299", "firing 299.00 info"},
                   {"other", "firing 299.00 critical was info"},
                   {"300", "resolved 300.00 critical"}}},
        {"levels: the baseline is told with each severity", LADDER, .baseline = true,
         .beats = {{"9", "baseline firing 9.00 critical"}, {"99", "firing 99.00 warning was critical"}}},
        {"levels: a rise that was taken back before it was told is none",
         {.rules = {{.name = "low", .levels = STEPS}}, .group_interval_ms = 150 * CW_SECOND_MS},
         .beats = {{"299", "firing 299.00 info"},
                   {"99", "firing 99.00 warning was info"},
                   {"299", ""},
                   {"99", ""},
                   {"x5", ""}}},
        {"levels: a fall waits for the group's interval",
         {.rules = {{.name = "low", .levels = STEPS}}, .group_interval_ms = 150 * CW_SECOND_MS},
         .beats = {{"99", "firing 99.00 warning"}, {"299", ""}, {"", ""}, {"", "firing 299.00 info was warning"}}},
};

#define ARMED RULE(.when = "available < 100", .clear = "available >= 120", .arm_after_clear = true)

static const struct beats_case arm_cases[] = {
        {"arm: a card of the baseline is quiet until it was seen clear", ARMED, .baseline = true,
         .beats = {{"0", ""},
                   {"50", ""},
                   {"110", ""},
                   {"99", ""},
                   {"120", ""},
                   {"99", "firing 99.00 warning"},
                   {"120", "resolved 120.00 warning"}}},
        {"arm: a card of the baseline that is clear may alert at once", ARMED, .baseline = true,
         .beats = {{"120", ""}, {"99", "firing 99.00 warning"}}},
        {"arm: between `when` and `clear` is not clear", ARMED, .baseline = true,
         .beats = {{"110", ""}, {"99", ""}, {"110", ""}, {"130", ""}, {"99", "firing 99.00 warning"}}},
        {"arm: a new card is quiet, and again when it comes anew", ARMED,
         .beats = {{"gone x2", ""},
                   {"back 0", ""},
                   {"50", ""},
                   {"200", ""},
                   {"50", "firing 50.00 warning"},
                   {"gone", ""},
                   {"", "resolved 50.00 warning"},
                   {"back", ""},
                   {"40", ""},
                   {"200", ""},
                   {"40", "firing 40.00 warning"}}},
        {"arm: a card that is missing for less than that stays armed", ARMED,
         .beats = {{"gone", ""}, {"back 50", "firing 50.00 warning"}}},
        {"arm: seen first while deactivated it is quiet until it was seen active and clear", ARMED, .baseline = true,
         .beats = {{"suppressed 500", ""}, {"active 50", ""}, {"40", ""}, {"120", ""}, {"40", "firing 40.00 warning"}}},
        {"arm: armed once it stays so while it is deactivated", ARMED,
         .beats = {{"suppressed", ""},
                   {"active 50", "firing 50.00 warning"},
                   {"suppressed", "resolved 50.00 warning"},
                   {"active", "firing 50.00 warning"}}},
        {"arm: unknown is not clear", RULE(.when = "available < 100 USD", .arm_after_clear = true), .baseline = true,
         .beats = {{"500 EUR", ""}, {"50 USD", ""}, {"100", ""}, {"50", "firing 50.00 warning"}}},
        {"arm: a rule that is new to a card that is low is quiet", RULE(.when = "available < 10"), .other = ARMED,
         .beats = {{"99", ""}, {"other", ""}, {"98", ""}, {"120", ""}, {"99", "firing 99.00 warning"}}},
        {"arm: a rule that is new to a card that is clear is armed", RULE(.when = "available < 10"), .other = ARMED,
         .beats = {{"other", ""}, {"98", "firing 98.00 warning"}}},
        {"arm: a new rule that sees the card clear in a partial poll, and low in the next",
         RULE(.when = "available < 10"), .other = ARMED,
         .beats = {{"other partial", ""},
                   {"98 partial", "baseline firing 98.00 warning"},
                   {"", ""},
                   {"99", ""},
                   {"120", "resolved 120.00 warning"},
                   {"99", "firing 99.00 warning"}}},
        {"arm: a new rule that sees the card clear in a partial poll and is gone before it saw all",
         RULE(.when = "available < 10"), .other = ARMED,
         .beats = {{"other partial", ""},
                   {"reload", ""},
                   {"98", ""},
                   {"other partial", ""},
                   {"98 partial", ""},
                   {"120 partial", ""},
                   {"98", "baseline firing 98.00 warning"}}},
        {"arm: the rule asks for it no more, and what it kept quiet is baseline", ARMED,
         .other = RULE(.when = "available < 100"), .baseline = true,
         .beats = {{"50", ""}, {"other", "baseline firing 50.00 warning"}}},
        {"arm: what fires goes on when the rule begins to ask for it", RULE(.when = "available < 100"), .other = ARMED,
         .beats = {{"50", "firing 50.00 warning"},
                   {"other", ""},
                   {"110", ""},
                   {"120", "resolved 120.00 warning"},
                   {"50", "firing 50.00 warning"}}},
        {"arm: a rule that is removed forgets what it kept quiet", ARMED,
         .other = {.rules = {{.name = "rich", .when = "available > 1000"}}}, .baseline = true,
         .beats = {{"50", ""},
                   {"other", ""},
                   {"", ""},
                   {"reload", ""},
                   {"40", ""},
                   {"120", ""},
                   {"40", "firing 40.00 warning"}}},
        {"arm: with `for`, it waits only once it is armed",
         RULE(.when = "available < 100", .arm_after_clear = true, .for_ms = 2 * CW_MINUTE_MS), .baseline = true,
         .beats = {{"50", ""}, {"x5", ""}, {"100", ""}, {"50", ""}, {"", ""}, {"", "firing 50.00 warning"}}},
        {"arm: a card set aside was not seen", ARMED, .baseline = true,
         .beats = {{"bad 500", ""}, {"good 50", ""}, {"120", ""}, {"50", "firing 50.00 warning"}}},
};

static void test_levels(void **state)
{
        (void)state;
        assert_int_equal(beats_play(level_cases, CW_ARRAY_SIZE(level_cases)), 0);
}

static void test_arm(void **state)
{
        (void)state;
        assert_int_equal(beats_play(arm_cases, CW_ARRAY_SIZE(arm_cases)), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_levels),
                cmocka_unit_test(test_arm),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
