/* SPDX-License-Identifier: Apache-2.0 */
/* Flapping (rules.md): said once, then quiet, and its end said once. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "beats.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"

#define WARNING  CW_SEVERITY_WARNING
#define CRITICAL CW_SEVERITY_CRITICAL
#define FLAP     .flap = {2, CW_HOUR_MS}
#define RULE(...)                                                                                                      \
        {                                                                                                              \
                .rules = { {.name = "low", __VA_ARGS__} }                                                              \
        }
#define LOW RULE(.when = "available < 100", FLAP)
#define ONE                                                                                                            \
        {"99", "firing 99.00 warning"},                                                                                \
        {                                                                                                              \
                "100", "resolved 100.00 warning"                                                                       \
        }
#define TWICE ONE, ONE
#define FLAPS                                                                                                          \
        TWICE,                                                                                                         \
        {                                                                                                              \
                "99", "firing 99.00 warning flapping"                                                                  \
        }
#define LADDER .levels = {{WARNING, "available < 100"}, {CRITICAL, "available < 10"}}

static const struct beats_case cases[] = {
        {"flap: as often as the limit is no flapping", LOW, .beats = {TWICE, {"x61", ""}, TWICE}},
        {"flap: the one after the limit says so, then it is quiet, and the resolution is owed at its end", LOW,
         .beats = {FLAPS,
                   {"100", ""},
                   {"99", ""},
                   {"100", ""},
                   {"x59", ""},
                   {"", "resolved 100.00 warning"},
                   {"x99", ""}}},
        {"flap: it says at the end that it still fires, and after ten minutes that it does", LOW,
         .beats = {FLAPS,
                   {"100", ""},
                   {"99", ""},
                   {"x9", ""},
                   {"", "firing 99.00 warning flapping"},
                   {"x49", ""},
                   {"", "firing 99.00 warning"},
                   {"x99", ""},
                   {"100", "resolved 100.00 warning"},
                   ONE}},
        {"flap: the firing that was told as flapping is not told again because it lasts", LOW,
         .beats = {FLAPS, {"x59", ""}, {"", "firing 99.00 warning"}, {"100", "resolved 100.00 warning"}}},
        {"flap: a move begins the quiet anew", LOW,
         .beats = {FLAPS,
                   {"100", ""},
                   {"x58", ""},
                   {"99", ""},
                   {"100", ""},
                   {"x59", ""},
                   {"", "resolved 100.00 warning"}}},
        {"flap: after its end it is counted anew", LOW,
         .beats = {FLAPS,
                   {"100", ""},
                   {"x59", ""},
                   {"", "resolved 100.00 warning"},
                   FLAPS,
                   {"100", ""},
                   {"x59", ""},
                   {"", "resolved 100.00 warning"}}},
        {"flap: transitions older than the window do not count", LOW,
         .beats = {TWICE, {"x57", ""}, ONE, {"", ""}, ONE, {"99", "firing 99.00 warning flapping"}}},
        {"flap: a transition at the very beginning of the window is outside", LOW, .beats = {TWICE, {"x56", ""}, ONE}},
        {"flap: and a minute earlier it is inside", LOW,
         .beats = {TWICE, {"x55", ""}, {"99", "firing 99.00 warning flapping"}}},
        {"flap: it moves at the very moment at which the quiet ends", LOW,
         .beats = {FLAPS, {"100", ""}, {"x59", ""}, {"99", "resolved 100.00 warning; firing 99.00 warning"}}},
        {"flap: with `clear`, a card that moves by a cent is one incident",
         RULE(.when = "available < 100", .clear = "available >= 120", FLAP),
         .beats = {{"99.99", "firing 99.99 warning"},
                   {"100", ""},
                   {"99.99", ""},
                   {"100.01", ""},
                   {"99.99", ""},
                   {"120", "resolved 120.00 warning"}}},
        {"flap: waiting is no transition", RULE(.when = "available < 100", FLAP, .for_ms = 2 * CW_MINUTE_MS),
         .beats = {{"99", ""},
                   {"100", ""},
                   {"99", ""},
                   {"100", ""},
                   {"99", ""},
                   {"100", ""},
                   {"99", ""},
                   {"", ""},
                   {"", "firing 99.00 warning"}}},
        {"flap: off for critical", RULE(.when = "available < 100", .severity = CRITICAL, FLAP),
         .beats = {{"99", "firing 99.00 critical"},
                   {"100", "resolved 100.00 critical"},
                   {"99", "firing 99.00 critical"},
                   {"100", "resolved 100.00 critical"},
                   {"99", "firing 99.00 critical"},
                   {"100", "resolved 100.00 critical"},
                   {"99", "firing 99.00 critical"}}},
        {"flap: on for critical when asked for",
         RULE(.when = "available < 100", .severity = CRITICAL, FLAP, .flap_critical = {2, CW_HOUR_MS}),
         .beats = {{"99", "firing 99.00 critical"},
                   {"100", "resolved 100.00 critical"},
                   {"99", "firing 99.00 critical"},
                   {"100", "resolved 100.00 critical"},
                   {"99", "firing 99.00 critical flapping"},
                   {"100", ""},
                   {"99", ""},
                   {"100", ""}}},
        {"flap: what rises to critical while it flaps is told", RULE(LADDER, FLAP),
         .beats = {FLAPS,
                   {"100", ""},
                   {"99", ""},
                   {"9", "firing 9.00 critical was warning"},
                   {"100", "resolved 100.00 critical"}}},
        {"flap: what fires as critical while it flaps is told", RULE(LADDER, FLAP),
         .beats = {FLAPS, {"100", ""}, {"9", "firing 9.00 critical was warning"}, {"100", "resolved 100.00 critical"}}},
        {"flap: a severity that changes while it flaps is told once the firing lasts",
         RULE(.levels = {{CW_SEVERITY_INFO, "available < 100"}, {WARNING, "available < 50"}}, FLAP),
         .beats = {{"99", "firing 99.00 info"},
                   {"100", "resolved 100.00 info"},
                   {"99", "firing 99.00 info"},
                   {"100", "resolved 100.00 info"},
                   {"99", "firing 99.00 info flapping"},
                   {"49", ""},
                   {"x8", ""},
                   {"", "firing 49.00 warning flapping was info"},
                   {"99", "firing 99.00 info flapping was warning"},
                   {"100", ""}}},
        {"flap: turned off by a reload, what is owed is told", LOW, .other = RULE(.when = "available < 100"),
         .beats = {FLAPS, {"100", ""}, {"other", "resolved 100.00 warning"}, ONE}},
        {"flap: turned off by a reload while it fires, that is told", LOW, .other = RULE(.when = "available < 100"),
         .beats = {FLAPS, {"other", "firing 99.00 warning"}, {"100", "resolved 100.00 warning"}}},
        {"flap: a longer window after a reload holds longer", LOW,
         .other = RULE(.when = "available < 100", .flap = {2, 2 * CW_HOUR_MS}),
         .beats = {FLAPS, {"100 x2", ""}, {"other x118", ""}, {"", "resolved 100.00 warning"}}},
        {"flap: its rule is removed: the resolution is owed at once", LOW,
         .other = {.rules = {{.name = "rich", .when = "available > 1000"}}},
         .beats = {FLAPS, {"other", "resolved 99.00 warning"}}},
        {"flap: the card disappears", LOW,
         .beats = {FLAPS, {"gone", ""}, {"", ""}, {"x59", ""}, {"", "resolved 99.00 warning"}}},
        {"flap: the clock is set forward meanwhile", LOW,
         .beats = {FLAPS, {"100", ""}, {"clock+2h", ""}, {"x58", ""}, {"", "resolved 100.00 warning"}}},
        {"flap: the clock is set back meanwhile", LOW,
         .beats = {FLAPS, {"100", ""}, {"clock-2h", ""}, {"x58", ""}, {"", "resolved 100.00 warning"}}},
        {"flap: the clock is set while a firing lasts", LOW,
         .beats = {FLAPS,
                   {"100", ""},
                   {"99", ""},
                   {"clock-2h", ""},
                   {"x8", ""},
                   {"", "firing 99.00 warning flapping"},
                   {"clock+2h", ""},
                   {"x48", ""},
                   {"", "firing 99.00 warning"}}},
        {"flap: receivers that fail meanwhile hear how it ended", LOW,
         .beats = {TWICE,
                   {"mute 99", ""},
                   {"100", ""},
                   {"99", ""},
                   {"100", ""},
                   {"loud x2", "firing 99.00 warning flapping"},
                   {"x57", ""},
                   {"", "resolved 100.00 warning"}}},
        {"flap: a slow group says of it what is true when it speaks",
         {.rules = {{.name = "low", .when = "available < 100", FLAP}}, .group_wait_ms = 150 * CW_SECOND_MS},
         .beats = {{"99", ""},
                   {"100", ""},
                   {"99", ""},
                   {"", ""},
                   {"", ""},
                   {"100", "firing 99.00 warning; resolved 100.00 warning"},
                   {"99", ""},
                   {"100", ""},
                   {"99", ""},
                   {"100", "firing 99.00 warning flapping"},
                   {"x59", ""},
                   {"", "resolved 100.00 warning"}}},
        {"flap: who refused the resolution after a flapping that fires still is told that it fires again", LOW,
         .beats = {FLAPS,
                   {"x59", ""},
                   {"", "firing 99.00 warning"},
                   {"refuse 100", ""},
                   {"loud 99", "firing 99.00 warning"},
                   {"100", "resolved 100.00 warning"}}},
        {"flap: who wants no ends is told of no firing in the quiet either",
         {.rules = {{.name = "low", .when = "available < 100", FLAP}},
          .notifiers = {{.name = "chat", .no_ends = true}}},
         .beats = {{"99", "firing 99.00 warning"},
                   {"100", ""},
                   {"99", "firing 99.00 warning"},
                   {"100", ""},
                   {"99", "firing 99.00 warning flapping"},
                   {"100", ""},
                   {"99", ""},
                   {"100", ""},
                   {"99", ""},
                   {"100", ""},
                   {"x60", ""},
                   {"99", "firing 99.00 warning"}}},
        {"flap: while it is quiet nothing is repeated",
         {.rules = {{.name = "low", .when = "available < 100", FLAP}}, .repeat_every_ms = 7 * CW_MINUTE_MS},
         .beats = {FLAPS, {"100", ""}, {"99", ""}, {"100", ""}, {"x59", ""}, {"", "resolved 100.00 warning"}}},
};

static void test_flapping(void **state)
{
        (void)state;
        assert_int_equal(beats_play(cases, CW_ARRAY_SIZE(cases)), 0);
}

static size_t lines_with(const char *told, const char *what)
{
        size_t n = 0;

        for (const char *at = told; (at = strstr(at, what)); at++)
                n++;
        return n;
}

/* Failure 13: a cent up and down, for a day. */
static void play_a_day(struct ruleset_spec *spec, struct cw_buf *told)
{
        struct world world;

        spec->builtins_off = UINT32_MAX;
        world_init(&world, ruleset_build(spec));
        world.in_full = true;
        world_card(&world, 1, 1, "100");
        for (int i = 0; i < 24 * 60; i++) {
                world_card(&world, 1, 1, i % 2 ? "99.99" : "100");
                cw_buf_puts(told, world_polled(&world));
                if (i % 97 == 0)
                        world_restart(&world, NULL);
        }
        world_card(&world, 1, 1, "100");
        for (int i = 0; i < 70; i++)
                cw_buf_puts(told, world_polled(&world));
        world_deinit(&world);
}

static void test_a_cent_for_a_day(void **state)
{
        struct ruleset_spec spec = {.rules = {{.name = "low", .when = "available < 100", .flap = {5, CW_HOUR_MS}}}};
        struct cw_buf told = CW_BUF_NULL;

        (void)state;
        play_a_day(&spec, &told);
        assert_int_equal(lines_with(cw_buf_text(&told), "chat firing"), 6);
        assert_int_equal(lines_with(cw_buf_text(&told), " flapping"), 1);
        assert_int_equal(lines_with(cw_buf_text(&told), "chat resolved"), 6);
        cw_buf_clear(&told);
        spec.rules[0].clear = "available >= 120";
        play_a_day(&spec, &told);
        assert_string_equal(cw_buf_text(&told), "chat firing: low/1 firing 99.99 warning\n");
        cw_buf_deinit(&told);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_flapping),
                cmocka_unit_test(test_a_cent_for_a_day),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
