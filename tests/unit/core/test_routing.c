/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who hears of what, when: the tree, windows, inhibitions and escalations, played step by step; each history with a
 * restart after every step too, which must change nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/core/engine_private.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "receivers.h"

#define MINUTE CW_MINUTE_MS
#define STEPS  14

/* The world begins on a Tuesday at 22:13:20 UTC; the baseline is polled a minute later. */
#define QUARTER                                                                                                        \
        {                                                                                                              \
                .name = "quarter", .from = "22:15", .to = "22:30"                                                      \
        }

#define RULES                                                                                                          \
        .rules = {{.name = "low",                                                                                      \
                   .levels = {{CW_SEVERITY_WARNING, "available < 100"}, {CW_SEVERITY_CRITICAL, "available < 0"}},      \
                   .label = "team",                                                                                    \
                   .label_value = "treasury"},                                                                         \
                  {.name = "pending", .when = "pending > 50", .severity = CW_SEVERITY_INFO},                           \
                  {.name = "moved", .on = "changed(suppressed)"}},                                                     \
        .notifiers = {{.name = "chat"}, {.name = "mail"}, {.name = "pager"}}, .builtins_off = 1u << CW_BUILTIN_STALE

enum what { END, SET, PENDING, SWITCH, PASS, ACK, UNACK, RELOAD, DEAF, HEAR };

struct step {
        enum what what;
        int64_t card; /* of SET, PENDING and SWITCH: then there is a poll; the customer is (card + 1) / 2 */
        const char *amount;
        int64_t ms; /* of PASS, and of ACK */
        const char *told;
        size_t notifier; /* of DEAF and HEAR */
};

struct history {
        const char *name;
        struct ruleset_spec spec;
        struct step steps[STEPS];
};

static void acknowledge(struct world *world, int64_t for_ms, bool end)
{
        struct cw_event event = {.kind = end ? CW_EVENT_UNACK : CW_EVENT_ACK};
        const struct cw_entry *entry;
        size_t cursor = 0;

        assert_true(cw_engine_next_alert(world->engine, &cursor, &entry));
        event.act.by = (struct cw_act){.by = "ana", .why = "calling them", .uid = -1};
        event.act.fingerprint = entry->fingerprint;
        event.act.until_at = world->now + for_ms;
        world_step(world, &event);
        world_commit(world);
        world_deliver(world);
}

static void poll_card(struct world *world, const struct step *step)
{
        struct world_card *card = world_card(world, (step->card + 1) / 2, step->card,
                                             step->what == SET ? step->amount : NULL);

        if (step->what == PENDING)
                card->card.pending = 60 * CW_AMOUNT_UNIT;
        if (step->what == SWITCH)
                card->card.suppressed ^= true;
        world_pass(world, MINUTE);
        world_poll(world, &(struct world_poll){.source = 0});
        world_deliver(world);
}

static void take_step(struct world *world, const struct history *history, const struct step *step)
{
        switch (step->what) {
        case PASS:
                world_pass(world, step->ms);
                break;
        case ACK:
        case UNACK:
                acknowledge(world, step->ms, step->what == UNACK);
                break;
        case RELOAD:
                world_reload(world, ruleset_build(&history->spec));
                world_deliver(world);
                break;
        case DEAF:
        case HEAR:
                world->receivers[step->notifier].mood = step->what == DEAF ? FAILS : ACCEPTS;
                break;
        default:
                poll_card(world, step);
        }
}

static void play(const struct history *history, bool restarts)
{
        struct world world;

        print_message("  %s%s\n", history->name, restarts ? ", with restarts" : "");
        world_init(&world, ruleset_build(&history->spec));
        for (int64_t id = 1; id <= 4; id++)
                world_card(&world, (id + 1) / 2, id, "600");
        assert_string_equal(world_polled(&world), "");
        for (size_t i = 0; i < STEPS && history->steps[i].what; i++) {
                take_step(&world, history, &history->steps[i]);
                if (restarts)
                        world_restart(&world, NULL);
                world_deliver(&world);
                assert_string_equal(world_told(&world), history->steps[i].told ? history->steps[i].told : "");
        }
        world_deinit(&world);
}

static void play_all(const struct history *histories, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                play(&histories[i], false);
                play(&histories[i], true);
        }
}

static void test_the_tree(void **state)
{
        static const struct history cases[] = {
                {"the first child that matches takes it, the rest is the parent's",
                 {RULES, .routing.routes = {{.depth = 1, .severity = CW_SEVERITY_CRITICAL, .notify = "pager"},
                                            {.depth = 1, .rule = "low", .notify = "mail"}}},
                 {{SET, 1, "50", .told = "mail firing: low/1 firing 50.00\n"},
                  {SET, 3, "-1", .told = "pager firing: low/3 firing -1.00\n"},
                  {PENDING, 4,
                   .told = "chat firing: pending/4 firing 60.00\nmail firing: pending/4 firing 60.00\n"
                           "pager firing: pending/4 firing 60.00\n"}}},
                {"one that goes on lets the next have it too, and the parent not",
                 {RULES, .routing.routes = {{.depth = 1, .rule = "low", .notify = "mail", .goes_on = true},
                                            {.depth = 1, .severity = CW_SEVERITY_WARNING, .notify = "pager"}}},
                 {{SET, 1, "50", .told = "mail firing: low/1 firing 50.00\npager firing: low/1 firing 50.00\n"}}},
                {"who is reached twice is told once",
                 {RULES, .routing.routes = {{.depth = 1, .rule = "low", .notify = "mail", .goes_on = true},
                                            {.depth = 1, .rule = "low", .notify = "mail,pager"}}},
                 {{SET, 1, "50", .told = "mail firing: low/1 firing 50.00\npager firing: low/1 firing 50.00\n"},
                  {SET, 1, "600",
                   .told = "mail resolved: low/1 resolved 600.00\n"
                           "pager resolved: low/1 resolved 600.00\n"}}},
                {"depth first: what no grandchild takes is the child's",
                 {RULES, .routing.routes = {{.depth = 1, .rule = "low", .notify = "mail"},
                                            {.depth = 2, .customer = 2, .notify = "pager"},
                                            {.depth = 1, .customer = 1, .notify = "chat"}}},
                 {{SET, 1, "50", .told = "mail firing: low/1 firing 50.00\n"},
                  {SET, 3, "50", .told = "pager firing: low/3 firing 50.00\n"}}},
                {"routes group apart: one waits, the other does not",
                 {RULES, .one_group = true,
                  .routing.routes = {{.depth = 1, .customer = 2, .notify = "chat", .group_wait_ms = 5 * MINUTE},
                                     {.depth = 1, .notify = "chat"}}},
                 {{SET, .card = 3, .amount = "50"},
                  {SET, 1, "40", .told = "chat firing: low/1 firing 40.00\n"},
                  {SET, .card = 4, .amount = "30"},
                  {PASS, .ms = 5 * MINUTE, .told = "chat firing: low/4 firing 30.00, low/3 firing 50.00\n"}}},
                {"two that match the same ones: each has its own clocks",
                 {RULES,
                  .routing.routes = {{.depth = 1, .rule = "low", .notify = "mail", .goes_on = true},
                                     {.depth = 1, .rule = "low", .notify = "pager", .repeat_every_ms = 10 * MINUTE}}},
                 {{SET, 1, "50", .told = "mail firing: low/1 firing 50.00\npager firing: low/1 firing 50.00\n"},
                  {PASS, .ms = 10 * MINUTE, .told = "pager firing repeat 1: low/1 firing 50.00\n"},
                  {.what = RELOAD},
                  {PASS, .ms = 10 * MINUTE, .told = "pager firing repeat 2: low/1 firing 50.00\n"}}},
                {"an event goes its way too",
                 {RULES, .routing.routes = {{.depth = 1, .rule = "moved", .notify = "mail"}}},
                 {{SWITCH, 1, .told = "mail event: moved/1 event\n"}}},
                {"a built-in alert does too, save the one about a notifier: all the others hear of it",
                 {RULES, .routing.routes = {{.depth = 1, .rule = "notifier-failing", .notify = "mail"},
                                            {.depth = 1, .rule = "low", .notify = "chat"}}},
                 {{DEAF, .notifier = 0},
                  {SET, .card = 1, .amount = "50"},
                  {PASS, .ms = 10 * MINUTE,
                   .told = "mail firing: notifier-failing firing\n"
                           "pager firing: notifier-failing firing\n"}}},
        };

        (void)state;
        play_all(cases, CW_ARRAY_SIZE(cases));
}

static void test_an_alert_that_moves(void **state)
{
        static const struct history cases[] = {
                {"one that gets worse reaches others, and all who heard hear of its end",
                 {RULES, .routing.routes = {{.depth = 1, .severity = CW_SEVERITY_CRITICAL, .notify = "pager"},
                                            {.depth = 1, .rule = "low", .notify = "chat"}}},
                 {{SET, 1, "50", .told = "chat firing: low/1 firing 50.00\n"},
                  {SET, 1, "-5",
                   .told = "chat firing: low/1 firing -5.00 was warning\npager firing: low/1 firing -5.00\n"},
                  {SET, 1, "60",
                   .told = "chat firing: low/1 firing 60.00 was critical\n"
                           "pager firing: low/1 firing 60.00 was critical\n"},
                  {SET, 1, "600",
                   .told = "chat resolved: low/1 resolved 600.00\n"
                           "pager resolved: low/1 resolved 600.00\n"}}},
                {"a rise does not wait for the group that it comes to",
                 {RULES, .group_interval_ms = CW_HOUR_MS,
                  .routing.routes = {{.depth = 1,
                                      .severity = CW_SEVERITY_CRITICAL,
                                      .notify = "chat",
                                      .group_wait_ms = CW_HOUR_MS},
                                     {.depth = 1, .rule = "low", .notify = "chat"}}},
                 {{SET, 1, "50", .told = "chat firing: low/1 firing 50.00\n"},
                  {SET, 1, "-5", .told = "chat firing: low/1 firing -5.00 was warning\n"}}},
                {"it is repeated as the route says that it belongs to now",
                 {RULES, .routing.routes = {{.depth = 1,
                                             .severity = CW_SEVERITY_CRITICAL,
                                             .notify = "chat",
                                             .repeat_every_ms = 10 * MINUTE},
                                            {.depth = 1, .rule = "low", .notify = "chat"}}},
                 {{SET, 1, "50", .told = "chat firing: low/1 firing 50.00\n"},
                  {PASS, .ms = 30 * MINUTE},
                  {SET, 1, "-5", .told = "chat firing: low/1 firing -5.00 was warning\n"},
                  {PASS, .ms = 10 * MINUTE, .told = "chat firing repeat 1: low/1 firing -5.00\n"},
                  {.what = RELOAD},
                  {PASS, .ms = 10 * MINUTE, .told = "chat firing repeat 2: low/1 firing -5.00\n"},
                  {SET, 1, "50", .told = "chat firing: low/1 firing 50.00 was critical\n"},
                  {PASS, .ms = CW_HOUR_MS}}},
                {"its repeats are counted on in the group that it comes to",
                 {RULES, .repeat_every_ms = 10 * MINUTE,
                  .routing.routes = {{.depth = 1, .severity = CW_SEVERITY_CRITICAL, .notify = "chat"},
                                     {.depth = 1, .rule = "low", .notify = "chat"}}},
                 {{SET, 1, "50", .told = "chat firing: low/1 firing 50.00\n"},
                  {PASS, .ms = 10 * MINUTE, .told = "chat firing repeat 1: low/1 firing 50.00\n"},
                  {PASS, .ms = 10 * MINUTE, .told = "chat firing repeat 2: low/1 firing 50.00\n"},
                  {SET, 1, "-5", .told = "chat firing: low/1 firing -5.00 was warning\n"},
                  {PASS, .ms = 10 * MINUTE, .told = "chat firing repeat 3: low/1 firing -5.00\n"},
                  {SET, 1, "600", .told = "chat resolved: low/1 resolved 600.00\n"}}},
        };

        (void)state;
        play_all(cases, CW_ARRAY_SIZE(cases));
}

/* Row 11 of what goes wrong with such systems. */
static void test_during_a_mute(void **state)
{
#define MUTED RULES, .one_group = true, .routing = {.windows = {QUARTER}, .root.mute = "quarter" }
#define ALL   "firing: low/1 firing 50.00"
        static const struct history cases[] = {
                {"it recovers: one resolution",
                 {MUTED, .routing.routes = {{.depth = 1, .notify = "chat"}}},
                 {{SET, .card = 1, .amount = "50"},
                  {PASS, .ms = 30 * MINUTE, .told = "chat firing: low/1 firing 50.00\n"},
                  {PASS, .ms = 23 * CW_HOUR_MS + 31 * MINUTE},
                  {SET, .card = 1, .amount = "600"},
                  {PASS, .ms = 30 * MINUTE, .told = "chat resolved: low/1 resolved 600.00\n"}}},
                {"it recovers and fires: nothing new",
                 {MUTED, .routing.routes = {{.depth = 1, .notify = "chat"}}},
                 {{SET, .card = 1, .amount = "50"},
                  {PASS, .ms = 30 * MINUTE, .told = "chat firing: low/1 firing 50.00\n"},
                  {PASS, .ms = 23 * CW_HOUR_MS + 31 * MINUTE},
                  {SET, .card = 1, .amount = "600"},
                  {SET, .card = 1, .amount = "40"},
                  {PASS, .ms = 30 * MINUTE}}},
                {"it worsens: one change",
                 {MUTED, .routing.routes = {{.depth = 1, .notify = "chat"}}},
                 {{SET, .card = 1, .amount = "50"},
                  {PASS, .ms = 30 * MINUTE, .told = "chat firing: low/1 firing 50.00\n"},
                  {PASS, .ms = 23 * CW_HOUR_MS + 31 * MINUTE},
                  {SET, .card = 1, .amount = "-5"},
                  {SET, .card = 1, .amount = "-6"},
                  {PASS, .ms = 30 * MINUTE, .told = "chat firing: low/1 firing -6.00 was warning\n"}}},
                {"a new one fires: one firing; and what came and went is history",
                 {MUTED, .routing.routes = {{.depth = 1, .notify = "chat"}}},
                 {{SET, .card = 1, .amount = "50"},
                  {SET, .card = 2, .amount = "60"},
                  {SET, .card = 2, .amount = "600"},
                  {SWITCH, .card = 3},
                  {PASS, .ms = 30 * MINUTE, .told = "chat firing: low/1 firing 50.00\n"},
                  {SWITCH, 3, .told = "chat event: moved/3 event\n"}}},
                {"outside of a window likewise",
                 {RULES, .routing = {.windows = {{.name = "later", .from = "22:30", .to = "22:40"}},
                                     .root.only = "later",
                                     .routes = {{.depth = 1, .notify = "chat"}}}},
                 {{SET, .card = 1, .amount = "50"},
                  {PASS, .ms = 30 * MINUTE, .told = "chat firing: low/1 firing 50.00\n"},
                  {SET, .card = 1, .amount = "600"},
                  {PASS, .ms = 24 * CW_HOUR_MS, .told = "chat resolved: low/1 resolved 600.00\n"}}},
                {"one of several windows is enough",
                 {RULES, .routing = {.windows = {{.name = "later", .from = "22:30", .to = "22:40"},
                                                 {.name = "morning", .from = "09:00", .to = "10:00"},
                                                 {.name = "soon", .from = "22:20", .to = "22:25"}},
                                     .root.only = "morning,later,soon",
                                     .routes = {{.depth = 1, .notify = "chat"}}}},
                 {{SET, .card = 1, .amount = "50"},
                  {PASS, .ms = 6 * MINUTE, .told = "chat firing: low/1 firing 50.00\n"},
                  {PASS, .ms = 5 * MINUTE},
                  {SET, .card = 2, .amount = "60"},
                  {PASS, .ms = 5 * MINUTE, .told = "chat firing: low/2 firing 60.00\n"}}},
                {"one route is muted, the other is not",
                 {RULES, .routing = {.windows = {QUARTER},
                                     .routes = {{.depth = 1, .severity = CW_SEVERITY_CRITICAL, .notify = "chat"},
                                                {.depth = 1, .notify = "chat", .mute = "quarter"}}}},
                 {{SET, .card = 1, .amount = "50"},
                  {SET, 3, "-5", .told = "chat firing: low/3 firing -5.00\n"},
                  {SET, 1, "-5", .told = "chat firing: low/1 firing -5.00\n"}}},
                {"by the clock of the place: 22:15 there is 21:15 here",
                 {RULES, .routing = {.zone = "Europe/Berlin",
                                     .windows = {{.name = "q", .from = "23:15", .to = "23:30"}},
                                     .routes = {{.depth = 1, .notify = "chat", .mute = "q"}}}},
                 {{SET, .card = 1, .amount = "50"},
                  {PASS, .ms = 30 * MINUTE, .told = "chat firing: low/1 firing 50.00\n"}}},
        };

        (void)state;
        play_all(cases, CW_ARRAY_SIZE(cases));
}

static void test_inhibitions(void **state)
{
#define CHAT .routing.routes = { {.depth = 1, .notify = "chat"} }
#define CUSTOMER                                                                                                       \
        {                                                                                                              \
                .source = "pending", .target = "low", .equal = {CW_EQUAL_CUSTOMER}, .n_equal = 1                       \
        }
        static const struct history cases[] = {
                {"while one fires, the other of the same customer is not told; then it is",
                 {RULES, CHAT, .routing.inhibit = {CUSTOMER}},
                 {{PENDING, 1, .told = "chat firing: pending/1 firing 60.00\n"},
                  {SET, .card = 2, .amount = "50"},
                  {SET, 3, "50", .told = "chat firing: low/3 firing 50.00\n"},
                  {.what = RELOAD},
                  {PASS, .ms = MINUTE}}},
                {"nothing holds itself, nor do two that are both hold each other",
                 {RULES, CHAT,
                  .routing.inhibit = {{.source = "", .target = "low", .equal = {CW_EQUAL_RULE}, .n_equal = 1}}},
                 {{SET, 1, "50", .told = "chat firing: low/1 firing 50.00\n"},
                  {SET, 2, "50", .told = "chat firing: low/2 firing 50.00\n"}}},
        };
        static const struct ruleset_spec ends = {
                .rules = {{.name = "empty", .when = "available < 0"}, {.name = "low", .when = "available < 100"}},
                .routing.inhibit =
                        {{.source = "empty", .target = "low", .equal = {CW_EQUAL_CARD, CW_EQUAL_SOURCE}, .n_equal = 2}},
                .builtins_off = 1u << CW_BUILTIN_STALE};
        static const struct history released = {
                "its end is held while the other fires, and it is told of what is true then",
                ends,
                {{SET, 1, "50", .told = "chat firing: low/1 firing 50.00\n"},
                 {SET, 1, "-5", .told = "chat firing: empty/1 firing -5.00\n"},
                 {SET, 2, "-5", .told = "chat firing: empty/2 firing -5.00\n"},
                 {SET, 2, "20", .told = "chat resolved: empty/2 resolved 20.00\nchat firing: low/2 firing 20.00\n"},
                 {SET, 1, "600",
                  .told = "chat resolved: empty/1 resolved 600.00\n"
                          "chat resolved: low/1 resolved 600.00\n"}}};

        (void)state;
        play_all(cases, CW_ARRAY_SIZE(cases));
        play_all(&released, 1);
}

static void test_escalations(void **state)
{
#define ESCALATE                                                                                                       \
        RULES, .routing.routes = {                                                                                     \
                {.depth = 1, .rule = "low", .notify = "chat", .escalate = "pager", .escalate_ms = 10 * MINUTE}         \
        }
        static const struct history cases[] = {
                {"nobody looks after it: another hears of it, and of its end",
                 {ESCALATE},
                 {{SET, 1, "50", .told = "chat firing: low/1 firing 50.00\n"},
                  {PASS, .ms = 9 * MINUTE},
                  {PASS, .ms = MINUTE, .told = "pager firing: low/1 firing 50.00\n"},
                  {PASS, .ms = CW_HOUR_MS},
                  {.what = RELOAD},
                  {SET, 1, "600",
                   .told = "chat resolved: low/1 resolved 600.00\n"
                           "pager resolved: low/1 resolved 600.00\n"}}},
                {"it is over before: nothing",
                 {ESCALATE},
                 {{SET, 1, "50", .told = "chat firing: low/1 firing 50.00\n"},
                  {SET, 1, "600", .told = "chat resolved: low/1 resolved 600.00\n"},
                  {PASS, .ms = CW_HOUR_MS}}},
                {"it is acknowledged before, and that ends: it is counted from there",
                 {ESCALATE},
                 {{SET, 1, "50", .told = "chat firing: low/1 firing 50.00\n"},
                  {ACK, .ms = 20 * MINUTE},
                  {PASS, .ms = 29 * MINUTE},
                  {PASS, .ms = MINUTE, .told = "pager firing: low/1 firing 50.00\n"}}},
                {"the acknowledgement is taken back",
                 {ESCALATE},
                 {{SET, 1, "50", .told = "chat firing: low/1 firing 50.00\n"},
                  {ACK, .ms = CW_HOUR_MS},
                  {PASS, .ms = 20 * MINUTE},
                  {.what = UNACK},
                  {PASS, .ms = 10 * MINUTE, .told = "pager firing: low/1 firing 50.00\n"}}},
                {"acknowledged after it escalated: the end is owed all the same",
                 {ESCALATE},
                 {{SET, 1, "50", .told = "chat firing: low/1 firing 50.00\n"},
                  {PASS, .ms = 10 * MINUTE, .told = "pager firing: low/1 firing 50.00\n"},
                  {ACK, .ms = CW_HOUR_MS},
                  {SET, 1, "600",
                   .told = "chat resolved: low/1 resolved 600.00\n"
                           "pager resolved: low/1 resolved 600.00\n"}}},
                {"it gets worse: the clock begins anew",
                 {ESCALATE},
                 {{SET, 1, "50", .told = "chat firing: low/1 firing 50.00\n"},
                  {PASS, .ms = 5 * MINUTE},
                  {SET, 1, "-5", .told = "chat firing: low/1 firing -5.00 was warning\n"},
                  {PASS, .ms = 9 * MINUTE},
                  {PASS, .ms = MINUTE, .told = "pager firing: low/1 firing -5.00\n"}}},
                {"whoever ought to hear of it first is dead: the clock runs all the same",
                 {ESCALATE, .group_wait_ms = 0},
                 {{DEAF, .notifier = 0},
                  {SET, .card = 1, .amount = "50"},
                  {PASS, .ms = 4 * MINUTE},
                  {HEAR, .notifier = 0},
                  {PASS, .ms = 6 * MINUTE,
                   .told = "chat firing: low/1 firing 50.00\npager firing: low/1 firing "
                           "50.00\n"}}},
                {"a new episode begins anew",
                 {ESCALATE},
                 {{SET, 1, "50", .told = "chat firing: low/1 firing 50.00\n"},
                  {PASS, .ms = 10 * MINUTE, .told = "pager firing: low/1 firing 50.00\n"},
                  {SET, 1, "600",
                   .told = "chat resolved: low/1 resolved 600.00\n"
                           "pager resolved: low/1 resolved 600.00\n"},
                  {SET, 1, "50", .told = "chat firing: low/1 firing 50.00\n"},
                  {PASS, .ms = 9 * MINUTE}}},
        };

        (void)state;
        play_all(cases, CW_ARRAY_SIZE(cases));
}

/* Another configuration tells nobody what fires already: neither a new route nor steps whose time is past. */
static void test_another_tree_tells_nothing(void **state)
{
        struct ruleset_spec spec = {RULES, .routing.routes = {{.depth = 1, .notify = "chat"}}};
        struct world world;

        (void)state;
        world_init(&world, ruleset_build(&spec));
        world_card(&world, 1, 1, "600");
        world_polled(&world);
        world_card(&world, 1, 1, "50");
        assert_string_equal(world_polled(&world), "chat firing: low/1 firing 50.00\n");
        world_pass(&world, 20 * MINUTE);
        spec.routing.routes[0] = (struct route_spec){
                .depth = 1, .rule = "low", .notify = "mail", .escalate = "pager", .escalate_ms = 10 * MINUTE};
        world_reload(&world, ruleset_build(&spec));
        assert_string_equal(world_polled(&world), "");
        /* Nothing escalated so far: that clock begins now. */
        world_pass(&world, 7 * MINUTE);
        assert_string_equal(world_polled(&world), "");
        world_pass(&world, 2 * MINUTE);
        assert_string_equal(world_told(&world), "pager firing: low/1 firing 50.00\n");
        spec.routing.routes[0].escalate = "mail";
        spec.routing.routes[0].escalate_ms = 5 * MINUTE;
        spec.routing.routes[0].notify = "chat";
        world_reload(&world, ruleset_build(&spec));
        world_pass(&world, CW_HOUR_MS);
        spec.routing.routes[0].notify = "mail";
        world_reload(&world, ruleset_build(&spec));
        assert_string_equal(world_polled(&world), "");
        world_card(&world, 1, 1, "600");
        assert_string_equal(world_polled(&world), "chat resolved: low/1 resolved 600.00\n"
                                                  "pager resolved: low/1 resolved 600.00\n");
        world_card(&world, 1, 1, "50");
        assert_string_equal(world_polled(&world), "mail firing: low/1 firing 50.00\n");
        world_deinit(&world);
}

/* A clock that was stopped is not found running by a start: who escalates again counts from then on. */
static void test_a_stopped_clock_is_forgotten(void **state)
{
        struct ruleset_spec plain = {RULES, .routing.routes = {{.depth = 1, .notify = "chat"}}};
        struct ruleset_spec escalating = {RULES, .routing.routes = {{.depth = 1,
                                                                     .rule = "low",
                                                                     .notify = "chat",
                                                                     .escalate = "pager",
                                                                     .escalate_ms = 10 * MINUTE}}};
        struct world world;

        (void)state;
        world_init(&world, ruleset_build(&escalating));
        world_card(&world, 1, 1, "600");
        world_polled(&world);
        world_card(&world, 1, 1, "50");
        assert_string_equal(world_polled(&world), "chat firing: low/1 firing 50.00\n");
        world_reload(&world, ruleset_build(&plain));
        world_pass(&world, CW_HOUR_MS);
        world_restart(&world, ruleset_build(&escalating));
        world_pass(&world, 9 * MINUTE);
        assert_string_equal(world_told(&world), "");
        world_pass(&world, 2 * MINUTE);
        assert_string_equal(world_told(&world), "pager firing: low/1 firing 50.00\n");
        world_deinit(&world);
}

static void test_a_reload_plans_no_step_twice(void **state)
{
        struct ruleset_spec spec = {RULES, .routing.routes = {{.depth = 1,
                                                               .rule = "low",
                                                               .notify = "chat",
                                                               .escalate = "pager",
                                                               .escalate_ms = 10 * MINUTE}}};
        struct world world;

        (void)state;
        world_init(&world, ruleset_build(&spec));
        world_card(&world, 1, 1, "600");
        world_polled(&world);
        world_card(&world, 1, 1, "50");
        world_polled(&world);
        for (int i = 0; i < 3; i++)
                world_reload(&world, ruleset_build(&spec));
        assert_int_equal(world.engine->policy.escalations.n, 1);
        world_deinit(&world);
}

/* Another configuration that repeats sooner repeats nothing at once, and however often it is read again, no later. */
static void repeat_by_another_tree(const char *rule)
{
        struct ruleset_spec spec = {RULES, .routing.routes = {{.depth = 1, .notify = "chat"}}};
        struct world world;

        world_init(&world, ruleset_build(&spec));
        world_card(&world, 1, 1, "600");
        world_polled(&world);
        world_card(&world, 1, 1, "50");
        assert_string_equal(world_polled(&world), "chat firing: low/1 firing 50.00\n");
        world_pass(&world, CW_HOUR_MS);
        spec.routing.routes[0].repeat_every_ms = 30 * MINUTE;
        spec.routing.routes[0].rule = rule;
        for (int i = 0; i < 3; i++) {
                world_reload(&world, ruleset_build(&spec));
                if (i == 1)
                        world_restart(&world, NULL);
                world_pass(&world, 9 * MINUTE);
                assert_string_equal(world_told(&world), "");
        }
        world_pass(&world, 3 * MINUTE);
        assert_string_equal(world_told(&world), "chat firing repeat 1: low/1 firing 50.00\n");
        /* What was due is due all the same. */
        world_pass(&world, 29 * MINUTE);
        assert_string_equal(world_told(&world), "");
        world.now += MINUTE;
        world_reload(&world, ruleset_build(&spec));
        world_pass(&world, 1);
        assert_string_equal(world_told(&world), "chat firing repeat 2: low/1 firing 50.00\n");
        world_deinit(&world);
}

static void test_another_tree_repeats_nothing_at_once(void **state)
{
        (void)state;
        repeat_by_another_tree(NULL);
        repeat_by_another_tree("low"); /* in a group of another name */
}

/* What was held, and by what, is recorded once. */
static void test_what_is_held_is_recorded(void **state)
{
        static const struct ruleset_spec spec = {RULES, .routing = {.windows = {QUARTER}, .root.mute = "quarter"}};
        struct world world;
        size_t n = 0;

        (void)state;
        world_init(&world, ruleset_build(&spec));
        world_card(&world, 1, 1, "600");
        world_card(&world, 1, 2, "600");
        world_polled(&world);
        for (int i = 0; i < 5; i++) {
                world_card(&world, 1, 1, "50");
                world_card(&world, 1, 2, i % 2 ? "50" : "600");
                assert_string_equal(world_polled(&world), "");
        }
        for (size_t i = 0; i < world.stored.history.n; i++) {
                const struct cw_history_row *row = &world.stored.history.rows[i];

                if (strcmp(row->what, "held") != 0 || row->card != 1 || strcmp(row->notifier, "chat") != 0)
                        continue;
                assert_string_equal(row->reason, "mute quarter");
                n++;
        }
        assert_int_equal(n, 1);
        world_deinit(&world);
}

/* A child that matches these severities, with one of its own that matches all. */
static struct cw_route branch(unsigned severities, struct cw_route *own)
{
        *own = (struct cw_route){0};
        return (struct cw_route){.match = {.severities = severities}, .goes_on = true, .routes = own, .n_routes = 1};
}

/* What is remembered of a route is found again by its id, whatever comes and goes beside it. */
static void test_ids_stay_while_others_come_and_go(void **state)
{
        struct cw_route owns[4];
        struct cw_route all[] = {branch(1, &owns[0]), branch(2, &owns[1]), branch(1, &owns[2]), branch(1, &owns[3])};
        struct cw_route root = {.routes = all, .n_routes = CW_ARRAY_SIZE(all)};
        uint64_t ids[CW_ARRAY_SIZE(all)], below[CW_ARRAY_SIZE(all)];

        (void)state;
        cw_route_seal(&root);
        for (size_t i = 0; i < CW_ARRAY_SIZE(all); i++) {
                ids[i] = all[i].id;
                below[i] = owns[i].id;
                assert_int_not_equal(ids[i], below[i]);
                for (size_t k = 0; k < i; k++) {
                        assert_int_not_equal(ids[i], ids[k]);
                        assert_int_not_equal(below[i], below[k]);
                }
        }
        all[1] = all[2];
        all[2] = all[3];
        root.n_routes = 3;
        cw_route_seal(&root);
        assert_int_equal(all[0].id, ids[0]);
        assert_int_equal(all[1].id, ids[2]);
        assert_int_equal(all[2].id, ids[3]);
        assert_int_equal(owns[3].id, below[3]);
        root.n_routes = 2;
        cw_route_seal(&root);
        assert_int_equal(all[0].id, ids[0]);
        assert_int_equal(all[1].id, ids[2]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_tree),
                cmocka_unit_test(test_an_alert_that_moves),
                cmocka_unit_test(test_during_a_mute),
                cmocka_unit_test(test_inhibitions),
                cmocka_unit_test(test_escalations),
                cmocka_unit_test(test_another_tree_tells_nothing),
                cmocka_unit_test(test_a_stopped_clock_is_forgotten),
                cmocka_unit_test(test_a_reload_plans_no_step_twice),
                cmocka_unit_test(test_another_tree_repeats_nothing_at_once),
                cmocka_unit_test(test_what_is_held_is_recorded),
                cmocka_unit_test(test_ids_stay_while_others_come_and_go),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
