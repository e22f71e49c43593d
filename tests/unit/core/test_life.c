/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an alert by the clock: `for` and `keep_firing_for` (rules.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "beats.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"

#define MINUTE CW_MINUTE_MS

#define RULE(...)                                                                                                      \
        {                                                                                                              \
                .rules = { {.name = "low", __VA_ARGS__} }                                                              \
        }
#define FOR_3M     RULE(.when = "available < 100", .for_ms = 3 * MINUTE)
#define KEEP       RULE(.when = "available < 100", .keep_firing_for_ms = 3 * MINUTE)
#define KEEP_CLEAR RULE(.when = "available < 100", .clear = "available >= 120", .keep_firing_for_ms = 3 * MINUTE)

static const struct beats_case for_cases[] = {
        {"for: true long enough fires at the first poll at which it was", FOR_3M,
         .beats = {{"99", ""},
                   {"", ""},
                   {"", ""},
                   {"", "firing 99.00 warning"},
                   {"", ""},
                   {"100", "resolved 100.00 warning"}}},
        {"for: it is judged by the time of polls, not of the clock", FOR_3M,
         .beats = {{"99", ""}, {"+170s", ""}, {"+9s", ""}, {"+999ms", ""}, {"+1ms", "firing 99.00 warning"}}},
        {"for: false in between begins anew", FOR_3M,
         .beats = {{"99", ""}, {"x2", ""}, {"101", ""}, {"99", ""}, {"x2", ""}, {"", "firing 99.00 warning"}}},
        {"for: false at the very end fires nothing", FOR_3M,
         .beats = {{"99", ""}, {"x2", ""}, {"500", ""}, {"x5", ""}}},
        {"for: other values while it waits do not begin anew", FOR_3M,
         .beats = {{"99", ""}, {"98", ""}, {"97", ""}, {"96", "firing 96.00 warning"}}},
        {"for: unknown in between lets the clock run, and it fires only on true",
         RULE(.when = "available < 100 USD", .for_ms = 3 * MINUTE),
         .beats = {{"99", ""}, {"EUR", ""}, {"", ""}, {"", ""}, {"", ""}, {"USD", "firing 99.00 warning"}}},
        {"for: unknown does not begin to wait", RULE(.when = "available < 100 USD", .for_ms = 3 * MINUTE),
         .beats = {{"99 EUR", ""}, {"x5", ""}, {"USD", ""}, {"x2", ""}, {"", "firing 99.00 warning"}}},
        {"for: a gap of three beats counts", FOR_3M, .beats = {{"99", ""}, {"+3m", "firing 99.00 warning"}}},
        {"for: a longer gap counts nothing at all", FOR_3M,
         .beats = {{"99", ""}, {"+180001ms", ""}, {"x2", ""}, {"", "firing 99.00 warning"}}},
        {"for: what was waited before a gap is not lost", FOR_3M,
         .beats = {{"99", ""}, {"x2", ""}, {"+1d", ""}, {"", "firing 99.00 warning"}}},
        {"for: polls that fail are a gap for every card", FOR_3M,
         .beats = {{"99", ""},
                   {"", ""},
                   {"fails", ""},
                   {"fails", ""},
                   {"fails", ""},
                   {"", ""},
                   {"", ""},
                   {"", "firing 99.00 warning"}}},
        {"for: polls that fail for less than a gap do not matter", FOR_3M,
         .beats = {{"99", ""}, {"fails", ""}, {"fails", ""}, {"", "firing 99.00 warning"}}},
        {"for: a page that fails is a gap for its cards", FOR_3M,
         .beats = {{"99", ""}, {"", ""}, {"unread x5", ""}, {"read", ""}, {"", ""}, {"", "firing 99.00 warning"}}},
        {"for: a page that fails for less than a gap does not matter", FOR_3M,
         .beats = {{"99", ""}, {"unread x2", ""}, {"read", "firing 99.00 warning"}}},
        {"for: a card that is missing once goes on waiting", FOR_3M,
         .beats = {{"99", ""}, {"gone", ""}, {"back", ""}, {"", "firing 99.00 warning"}}},
        {"for: a card that disappears waits no more", FOR_3M,
         .beats = {{"99", ""}, {"gone x2", ""}, {"back", ""}, {"x2", ""}, {"", "firing 99.00 warning"}}},
        {"for: it ends while the card is missing, and fires when it is seen", FOR_3M,
         .beats = {{"99", ""}, {"x2", ""}, {"gone", ""}, {"back", "firing 99.00 warning"}}},
        {"for: a card that was deactivated waits no more", FOR_3M,
         .beats = {{"99", ""},
                   {"x2", ""},
                   {"suppressed", ""},
                   {"active", ""},
                   {"x2", ""},
                   {"", "firing 99.00 warning"}}},
        {"for: an alert that began to wait before the baseline's end belongs to it", FOR_3M, .baseline = true,
         .beats = {{"99", ""},
                   {"x2", ""},
                   {"", "baseline firing 99.00 warning"},
                   {"500", "resolved 500.00 warning"},
                   {"99", ""},
                   {"x2", ""},
                   {"", "firing 99.00 warning"}}},
        {"for: what begins to wait after the baseline does not belong to it", FOR_3M, .baseline = true,
         .beats = {{"", ""}, {"99", ""}, {"x2", ""}, {"", "firing 99.00 warning"}}},
        {"for: a baseline that waits, is false once and waits again, is none", FOR_3M, .baseline = true,
         .beats = {{"99", ""}, {"500", ""}, {"99", ""}, {"x2", ""}, {"", "firing 99.00 warning"}}},
        {"for: an alert that waits with a new rule belongs to its baseline", RULE(.when = "available < 10"),
         .other = FOR_3M, .beats = {{"99", ""}, {"other", ""}, {"x2", ""}, {"", "baseline firing 99.00 warning"}}},
        {"for: a rule that is removed while it waits says nothing", FOR_3M,
         .other = {.rules = {{.name = "rich", .when = "available > 1000"}}},
         .beats = {{"99", ""},
                   {"x2", ""},
                   {"other", ""},
                   {"x5", ""},
                   {"reload", ""},
                   {"x2", ""},
                   {"", "baseline firing 99.00 warning"}}},
        {"for: the clock is set forward while it waits", FOR_3M,
         .beats = {{"99", ""}, {"clock+2h", ""}, {"", ""}, {"", "firing 99.00 warning"}}},
        {"for: the clock is set back while it waits", FOR_3M,
         .beats = {{"99", ""}, {"clock-2h", ""}, {"", ""}, {"", "firing 99.00 warning"}}},
        {"for: the faster lane's readings count", FOR_3M,
         .beats = {{"99", ""}, {"idle watch", ""}, {"idle watch", ""}, {"idle watch", "firing 99.00 warning"}}},
        {"for: no poll of others helps a card that nobody reads", FOR_3M,
         .beats = {{"99", ""}, {"bad", ""}, {"x3", ""}, {"good", ""}, {"x2", ""}, {"", "firing 99.00 warning"}}},
};

static const struct beats_case keep_cases[] = {
        {"keep_firing_for: it resolves at the first poll at which it was clear long enough", KEEP,
         .beats = {{"99", "firing 99.00 warning"},
                   {"200", ""},
                   {"x2", ""},
                   {"", "resolved 200.00 warning"},
                   {"x5", ""}}},
        {"keep_firing_for: true in between begins anew", KEEP,
         .beats = {{"99", "firing 99.00 warning"},
                   {"200", ""},
                   {"x2", ""},
                   {"99", ""},
                   {"200", ""},
                   {"x2", ""},
                   {"", "resolved 200.00 warning"}}},
        {"keep_firing_for: between `when` and `clear` begins anew", KEEP_CLEAR,
         .beats = {{"99", "firing 99.00 warning"},
                   {"120", ""},
                   {"x2", ""},
                   {"119", ""},
                   {"x9", ""},
                   {"120", ""},
                   {"x2", ""},
                   {"", "resolved 120.00 warning"}}},
        {"keep_firing_for: while `clear` is unknown the clock runs, and it resolves only on true",
         RULE(.when = "available < 100 USD", .clear = "available >= 120 USD", .keep_firing_for_ms = 3 * MINUTE),
         .beats = {{"99", "firing 99.00 warning"},
                   {"120", ""},
                   {"EUR", ""},
                   {"", ""},
                   {"", ""},
                   {"", ""},
                   {"USD", "resolved 120.00 warning"}}},
        {"keep_firing_for: unknown alone resolves nothing",
         RULE(.when = "available < 100 USD", .keep_firing_for_ms = 3 * MINUTE),
         .beats = {{"99", "firing 99.00 warning"},
                   {"EUR x9", ""},
                   {"USD 200", ""},
                   {"x2", ""},
                   {"", "resolved 200.00 warning"}}},
        {"keep_firing_for: it goes on by the wall clock through a gap", KEEP,
         .beats = {{"99", "firing 99.00 warning"}, {"200", ""}, {"+2h", "resolved 200.00 warning"}}},
        {"keep_firing_for: a card that disappears does not wait for it", KEEP,
         .beats = {{"99", "firing 99.00 warning"}, {"200", ""}, {"gone", ""}, {"", "resolved 200.00 warning"}}},
        {"keep_firing_for: a deactivated card does not wait for it", KEEP,
         .beats = {{"99", "firing 99.00 warning"}, {"suppressed", "resolved 99.00 warning"}}},
        {"keep_firing_for: the clock is set forward meanwhile", KEEP,
         .beats = {{"99", "firing 99.00 warning"},
                   {"200", ""},
                   {"clock+2h", ""},
                   {"", ""},
                   {"", "resolved 200.00 warning"}}},
        {"keep_firing_for: the clock is set back meanwhile", KEEP,
         .beats = {{"99", "firing 99.00 warning"},
                   {"200", ""},
                   {"clock-2h", ""},
                   {"", ""},
                   {"", "resolved 200.00 warning"}}},
        {"keep_firing_for: shortened by a reload it ends at the next look", KEEP,
         .other = RULE(.when = "available < 100", .keep_firing_for_ms = 1 * MINUTE),
         .beats = {{"99", "firing 99.00 warning"}, {"200", ""}, {"other", "resolved 200.00 warning"}}},
        {"for and keep_firing_for: each has its own clock",
         RULE(.when = "available < 100", .for_ms = 2 * MINUTE, .keep_firing_for_ms = 2 * MINUTE),
         .beats = {{"99", ""},
                   {"", ""},
                   {"", "firing 99.00 warning"},
                   {"200", ""},
                   {"", ""},
                   {"", "resolved 200.00 warning"},
                   {"99", ""},
                   {"", ""},
                   {"", "firing 99.00 warning"}}},
};

static void test_for(void **state)
{
        (void)state;
        assert_int_equal(beats_play(for_cases, CW_ARRAY_SIZE(for_cases)), 0);
}

static void test_keep_firing_for(void **state)
{
        (void)state;
        assert_int_equal(beats_play(keep_cases, CW_ARRAY_SIZE(keep_cases)), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_for),
                cmocka_unit_test(test_keep_firing_for),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
