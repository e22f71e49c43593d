/* SPDX-License-Identifier: Apache-2.0 */
/* Another ruleset: what did not change stays, what changed is looked at anew, what is gone ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "receivers.h"

#define MINUTE CW_MINUTE_MS
#define LOW                                                                                                            \
        {                                                                                                              \
                .name = "low", .when = "available < 100"                                                               \
        }
#define HIGHER                                                                                                         \
        {                                                                                                              \
                .name = "low", .when = "available < 300"                                                               \
        }
#define RICH                                                                                                           \
        {                                                                                                              \
                .name = "rich", .when = "available > 500"                                                              \
        }

static const struct ruleset_spec low = {.rules = {LOW}}, low_and_rich = {.rules = {LOW, RICH}};

/* Cards 1 to 4 of customers 1 to 4, at 50, 150, 250 and 600, of which the first is known to be low. */
static void begin(struct world *world, const struct ruleset_spec *spec)
{
        static const char *const amounts[] = {"50", "150", "250", "600"};

        world_init(world, ruleset_build(spec));
        for (int64_t id = 1; id <= 4; id++)
                world_card(world, id, id, amounts[id - 1]);
        world_polled(world);
        assert_string_equal(world_polled(world), "");
}

/* Either way other rules come in: by a reload, or by a restart after the file was edited. */
static const char *changed(struct world *world, const struct ruleset_spec *spec, bool restart)
{
        if (restart)
                world_restart(world, ruleset_build(spec));
        else
                world_reload(world, ruleset_build(spec));
        world_deliver(world);
        return world_told(world);
}

static size_t firing(const struct world *world)
{
        const struct cw_entry *entry;
        size_t cursor = 0, n = 0;

        while (cw_engine_next_alert(world->engine, &cursor, &entry))
                n++;
        return n;
}

/* Failure 4. */
static void test_the_same_file_ten_times(void **state)
{
        struct ruleset_spec spec = {.rules = {LOW, RICH}, .repeat_every_ms = CW_HOUR_MS, .group_interval_ms = MINUTE};
        struct world world;
        int64_t wake_at;

        (void)state;
        begin(&world, &spec);
        wake_at = cw_engine_wake_at(world.engine);
        for (int i = 0; i < 10; i++) {
                assert_string_equal(changed(&world, &spec, i % 2), "");
                assert_int_equal(cw_engine_wake_at(world.engine), wake_at);
                assert_int_equal(firing(&world), 2);
        }
        assert_string_equal(world_polled(&world), "");
        world_deinit(&world);
}

static void test_a_rule_that_changed(void **state)
{
        static const struct ruleset_spec higher = {.rules = {HIGHER}};

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                begin(&world, &low);
                assert_string_equal(changed(&world, &higher, restart), "");
                print_message("  what newly fires is one baseline message, what still holds is not told again\n");
                assert_string_equal(world_polled(&world),
                                    "chat firing baseline: low/2 firing 150.00, low/3 firing 250.00\n");
                assert_string_equal(world_polled(&world), "");
                print_message("  what does not hold any more ends at the next observation\n");
                assert_string_equal(changed(&world, &low, restart), "");
                assert_int_equal(firing(&world), 3);
                assert_string_equal(world_polled(&world),
                                    "chat resolved: low/2 resolved 150.00\nchat resolved: low/3 resolved 250.00\n");
                print_message("  after that nothing is baseline\n");
                world_card(&world, 4, 4, "40");
                assert_string_equal(world_polled(&world), "chat firing: low/4 firing 40.00\n");
                world_deinit(&world);
        }
}

static void test_a_new_rule_waits_for_a_complete_poll(void **state)
{
        static const struct ruleset_spec more = {.rules = {LOW, RICH, {.name = "moved", .on = "changed(available)"}}};

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                begin(&world, &low);
                assert_string_equal(changed(&world, &more, restart), "");
                world_customer(&world, 0, 4)->unread = true;
                world_card(&world, 2, 2, "700");
                print_message("  what it sees before is baseline, and its events are silent\n");
                assert_string_equal(world_polled(&world), "chat firing baseline: rich/2 firing 700.00\n");
                if (restart)
                        world_restart(&world, NULL);
                world_customer(&world, 0, 4)->unread = false;
                world_card(&world, 3, 3, "800");
                assert_string_equal(world_polled(&world),
                                    "chat firing baseline: rich/4 firing 600.00, rich/3 firing 800.00\n");
                world_card(&world, 3, 3, "900");
                assert_string_equal(world_polled(&world), "chat event: moved/3 event 900.00\n");
                world_deinit(&world);
        }
}

static void test_a_reload_during_a_poll(void **state)
{
        struct cw_event end = {.kind = CW_EVENT_POLL_ENDED};
        struct world world;

        (void)state;
        begin(&world, &low);
        world.now += MINUTE;
        world_poll(&world, &(struct world_poll){.unfinished = true});
        assert_string_equal(changed(&world, &low_and_rich, false), "");
        end.poll.pages_good = 1;
        world_step(&world, &end);
        world_deliver(&world);
        print_message("  the cards that came before are shown to the new rule by the next one\n");
        assert_string_equal(world_told(&world), "");
        assert_string_equal(world_polled(&world), "chat firing baseline: rich/4 firing 600.00\n");
        world_deinit(&world);
}

static void test_cards_that_were_not_there(void **state)
{
        static const struct ruleset_spec higher = {.rules = {HIGHER}, .builtins_off = 1u << CW_BUILTIN_BAD_DATA},
                                         quiet = {.rules = {LOW}, .builtins_off = 1u << CW_BUILTIN_BAD_DATA};

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                begin(&world, &quiet);
                world.cards[1].bad = true;
                world.cards[2].absent = true;
                changed(&world, &higher, restart);
                assert_string_equal(world_polled(&world), "");
                if (restart)
                        world_restart(&world, NULL);
                world.cards[1].bad = false;
                world.cards[2].absent = false;
                print_message("  a rule that was settled without them looks at them when they are back\n");
                assert_string_equal(world_polled(&world),
                                    "chat firing: low/2 firing 150.00\nchat firing: low/3 firing 250.00\n");
                assert_string_equal(world_polled(&world), "");
                world_deinit(&world);
        }
}

/* The newest row of that kind in what is kept of decisions. */
static const struct cw_history_row *last_of(const struct world *world, const char *what)
{
        for (size_t i = world->stored.history.n; i-- > 0;)
                if (strcmp(world->stored.history.rows[i].what, what) == 0)
                        return &world->stored.history.rows[i];
        fail_msg("nothing was %s", what);
        return NULL;
}

static void test_what_is_gone_ends(void **state)
{
        static const struct ruleset_spec rich = {.rules = {RICH}},
                                         none = {.rules = {{.name = "low",
                                                            .when = "available < 100",
                                                            .disabled = true}}},
                                         event = {.rules = {{.name = "low", .on = "available < 100"}}},
                                         elsewhere = {.sources = {"other"}, .rules = {LOW}};
        static const struct {
                const char *name;
                const struct ruleset_spec *spec;
                const char *reason;
        } cases[] = {
                {"a rule that was removed", &rich, "rule removed"},
                {"one that was disabled", &none, "rule removed"},
                {"one that became one about events", &event, "rule removed"},
                {"one of a source that was removed", &elsewhere, "source removed"},
        };

        (void)state;
        for (int restart = 0; restart < 2; restart++)
                for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                        struct world world;

                        print_message("  %s%s\n", cases[i].name, restart ? ", by a restart" : "");
                        begin(&world, &low);
                        assert_string_equal(changed(&world, cases[i].spec, restart),
                                            "chat resolved: low/1 resolved 50.00\n");
                        assert_string_equal(last_of(&world, "resolved")->reason, cases[i].reason);
                        assert_string_equal(last_of(&world, "sent")->notifier, "chat");
                        assert_int_equal(firing(&world), 0);
                        world_deinit(&world);
                }
}

static void test_a_source_that_left_and_came_back(void **state)
{
        static const struct ruleset_spec elsewhere = {.sources = {"other"}, .rules = {LOW}};
        struct world world;
        struct cw_card card;
        size_t cursor = 0;

        (void)state;
        begin(&world, &low);
        changed(&world, &elsewhere, false);
        assert_string_equal(changed(&world, &low, false), "");
        assert_false(cw_engine_next_card(world.engine, 0, &cursor, &card));
        print_message("  begins with a baseline of its own\n");
        assert_string_equal(world_polled(&world), "chat firing baseline: low/1 firing 50.00\n");
        world_restart(&world, NULL);
        assert_string_equal(world_polled(&world), "");
        world_deinit(&world);
}

static void test_another_severity_is_no_other_rule(void **state)
{
        static const struct ruleset_spec worse = {
                .rules = {{.name = "low", .when = "available < 100", .severity = CW_SEVERITY_CRITICAL}},
                .group_interval_ms = CW_HOUR_MS};

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                begin(&world, &low);
                print_message("  what fires is told to be worse at once, and once\n");
                assert_string_equal(changed(&world, &worse, restart), "chat firing: low/1 firing 50.00 was warning\n");
                assert_string_equal(changed(&world, &worse, restart), "");
                assert_string_equal(world_polled(&world), "");
                world_card(&world, 1, 1, "49");
                assert_string_equal(world_polled(&world), "");
                world_deinit(&world);
        }
}

static void test_another_severity_of_the_daemons_own(void **state)
{
        struct cw_ruleset *graded = ruleset_build(&low);
        struct world world;

        (void)state;
        begin(&world, &low);
        for (int i = 0; i < 3; i++) {
                world.now += MINUTE;
                world_poll(&world, &(struct world_poll){.source = 0, .failed = true});
        }
        world_deliver(&world);
        assert_string_equal(world_told(&world), "chat firing: source-down firing\n");
        graded->builtins[CW_BUILTIN_SOURCE_DOWN].severity = CW_SEVERITY_INFO;
        world_reload(&world, graded);
        world_deliver(&world);
        assert_string_equal(world_told(&world), "chat firing: source-down firing was critical\n");
        world_deinit(&world);
}

static const struct cw_entry *only_entry(const struct world *world)
{
        const struct cw_entry *entry = NULL;
        size_t cursor = 0;

        assert_true(cw_engine_next_alert(world->engine, &cursor, &entry));
        return entry;
}

/* Mail hears of what is the treasury's. */
static void test_another_label_is_no_other_rule(void **state)
{
#define LABELLED(whose)                                                                                                \
        {                                                                                                              \
                .rules = {{.name = "low", .when = "available < 100", .label = "team", .label_value = (whose)}},        \
                .notifiers = {{.name = "mail"}, {.name = "chat"}}, .routing.routes = {                                 \
                        {.depth = 1, .team = "treasury", .notify = "mail"},                                            \
                        {.depth = 1, .notify = "chat"}                                                                 \
                }                                                                                                      \
        }
        static const struct ruleset_spec sales = LABELLED("sales"), treasury = LABELLED("treasury");

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                begin(&world, &sales);
                print_message("  what fires has it at once, and nobody is told\n");
                assert_string_equal(changed(&world, &treasury, restart), "");
                assert_string_equal(only_entry(&world)->labels[0].value, "treasury");
                world_restart(&world, NULL);
                assert_string_equal(only_entry(&world)->labels[0].value, "treasury");
                print_message("  who was told is told the end, whoever hears of the next\n");
                world_card(&world, 1, 1, "600");
                assert_string_equal(world_polled(&world), "chat resolved: low/1 resolved 600.00\n");
                world_card(&world, 1, 1, "50");
                assert_string_equal(world_polled(&world), "mail firing: low/1 firing 50.00\n");
                world_deinit(&world);
        }
}

static size_t dead_letters(const struct world *world, const char *notifier)
{
        size_t n = 0;

        for (size_t i = 0; i < world->stored.intents.n; i++)
                n += world->stored.intents.rows[i].state == CW_INTENT_DEAD &&
                     strcmp(world->stored.intents.rows[i].notifier, notifier) == 0;
        return n;
}

static void test_a_notifier_that_is_removed(void **state)
{
        static const struct ruleset_spec both = {.rules = {LOW}, .notifiers = {{.name = "mail"}, {.name = "chat"}}},
                                         one = {.rules = {LOW}, .notifiers = {{.name = "chat"}}};

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                world_init(&world, ruleset_build(&both));
                world_card(&world, 1, 1, "600");
                world_polled(&world);
                world.receivers[0].mood = FAILS;
                world_card(&world, 1, 1, "50");
                assert_string_equal(world_polled(&world), "chat firing: low/1 firing 50.00\n");
                world_card(&world, 2, 2, "50");
                world_pass(&world, 1);
                world_poll(&world, &(struct world_poll){.source = 0});
                world.receivers[0].mood = ACCEPTS;
                print_message("  its messages become dead letters, those of others stay queued\n");
                assert_string_equal(changed(&world, &one, restart), "chat firing: low/2 firing 50.00\n");
                assert_int_equal(dead_letters(&world, "mail"), 2);
                assert_int_equal(dead_letters(&world, "chat"), 0);
                print_message("  and when it comes back it is not told what fires already\n");
                assert_string_equal(changed(&world, &both, restart), "");
                world_card(&world, 1, 1, "500");
                assert_string_equal(world_polled(&world), "chat resolved: low/1 resolved 500.00\n");
                world_card(&world, 1, 1, "50");
                assert_string_equal(world_polled(&world),
                                    "mail firing: low/1 firing 50.00\nchat firing: low/1 firing 50.00\n");
                world_deinit(&world);
        }
}

/* A baseline tells of several groups at once. */
static void test_a_notifier_that_is_removed_before_its_baseline(void **state)
{
        static const struct ruleset_spec both = {.rules = {LOW}, .notifiers = {{.name = "mail"}, {.name = "chat"}}},
                                         one = {.rules = {LOW}, .notifiers = {{.name = "chat"}}};

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                world_init(&world, ruleset_build(&both));
                world_card(&world, 1, 1, "50");
                world_card(&world, 2, 2, "60");
                world.receivers[0].mood = FAILS;
                assert_string_equal(world_polled(&world),
                                    "chat firing baseline: low/1 firing 50.00, low/2 firing 60.00\n");
                world.receivers[0].mood = ACCEPTS;
                assert_string_equal(changed(&world, &one, restart), "");
                assert_int_equal(dead_letters(&world, "mail"), 1);
                world_deinit(&world);
        }
}

static void test_the_alert_about_a_notifier_that_is_removed(void **state)
{
        static const struct ruleset_spec both = {.rules = {LOW}, .notifiers = {{.name = "chat"}, {.name = "mail"}}},
                                         one = {.rules = {LOW}, .notifiers = {{.name = "mail"}}};
        struct world world;

        (void)state;
        world_init(&world, ruleset_build(&both));
        world.receivers[0].mood = REFUSES;
        world_card(&world, 1, 1, "50");
        assert_string_equal(world_polled(&world),
                            "mail firing baseline: low/1 firing 50.00\nmail firing: notifier-failing firing\n");
        world.receivers[0].mood = ACCEPTS; /* mail by now */
        assert_string_equal(changed(&world, &one, false), "mail resolved: notifier-failing resolved\n");
        world_deinit(&world);
}

static void test_routes(void **state)
{
        static const struct ruleset_spec both = {.rules = {LOW}, .notifiers = {{.name = "mail"}, {.name = "chat"}}},
                                         off = {.rules = {LOW},
                                                .notifiers = {{.name = "mail", .unrouted = true}, {.name = "chat"}}};

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                begin(&world, &both);
                assert_string_equal(changed(&world, &off, restart), "");
                world_card(&world, 2, 2, "20");
                print_message("  who is taken off the route hears of no new alert\n");
                assert_string_equal(world_polled(&world), "chat firing: low/2 firing 20.00\n");
                print_message("  who comes onto it does not hear of what fires already\n");
                assert_string_equal(changed(&world, &both, restart), "");
                assert_string_equal(world_polled(&world), "");
                assert_string_equal(changed(&world, &off, restart), "");
                print_message("  but of the end of what it was told\n");
                world_card(&world, 1, 1, "500");
                world_card(&world, 2, 2, "500");
                assert_string_equal(world_polled(&world),
                                    "mail resolved: low/1 resolved 500.00\nchat resolved: low/1 resolved 500.00\n"
                                    "chat resolved: low/2 resolved 500.00\n");
                world_deinit(&world);
        }
}

static void test_who_leaves_the_route_while_its_group_waits(void **state)
{
        static const struct ruleset_spec both = {.rules = {LOW},
                                                 .notifiers = {{.name = "mail"}, {.name = "chat"}},
                                                 .group_wait_ms = 5 * MINUTE},
                                         off = {.rules = {LOW},
                                                .notifiers = {{.name = "mail", .unrouted = true}, {.name = "chat"}},
                                                .group_wait_ms = 5 * MINUTE};

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                begin(&world, &both);
                world_card(&world, 2, 2, "20");
                assert_string_equal(world_polled(&world), "");
                assert_string_equal(changed(&world, &off, restart), "");
                world_pass(&world, 5 * MINUTE);
                assert_non_null(strstr(world_told(&world), "chat firing: low/2 firing 20.00\n"));
                assert_null(strstr(world.told_before, "mail firing: low/2"));
                world_deinit(&world);
        }
}

static void test_clocks_follow_the_rules_in_force(void **state)
{
        static const struct ruleset_spec
                slow = {.rules = {LOW}, .group_interval_ms = CW_HOUR_MS, .one_group = true, .builtins_off = ~0u},
                fast = {.rules = {LOW}, .one_group = true, .builtins_off = ~0u},
                again = {.rules = {LOW}, .one_group = true, .repeat_every_ms = 10 * MINUTE, .builtins_off = ~0u};

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                begin(&world, &slow);
                world_card(&world, 2, 2, "20");
                assert_string_equal(world_polled(&world), "");
                assert_string_equal(changed(&world, &fast, restart), "chat firing: low/2 firing 20.00\n");
                world_pass(&world, 5 * MINUTE);
                assert_string_equal(changed(&world, &again, restart), "");
                world_pass(&world, 5 * MINUTE - 1);
                assert_string_equal(world_told(&world), "");
                world_pass(&world, 1);
                assert_string_equal(world_told(&world),
                                    "chat firing repeat 1: low/2 firing 20.00, low/1 firing 50.00\n");
                world_deinit(&world);
        }
}

/* The message tells of several groups, and none of them is one by the rules of now. */
static void test_other_groups_while_a_baseline_is_under_way(void **state)
{
        struct ruleset_spec by_customer = {.builtins_off = 1u << CW_BUILTIN_STALE, .rules = {LOW}},
                            by_card = by_customer;

        (void)state;
        by_card.group_by[0].key = CW_GROUP_CARD;
        by_card.n_group_by = 1;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                print_message("  %s\n", restart ? "with restarts" : "an end is told in the group of the beginning");
                world_init(&world, ruleset_build(&by_customer));
                world.receivers[0].mood = FAILS;
                world_card(&world, 1, 1, "50");
                world_card(&world, 2, 2, "40");
                assert_string_equal(world_polled(&world), "");
                assert_string_equal(changed(&world, &by_card, restart), "");
                world_card(&world, 1, 1, "500");
                world_card(&world, 2, 2, "400");
                assert_string_equal(world_polled(&world), "");
                if (restart)
                        world_restart(&world, NULL);
                world.receivers[0].mood = ACCEPTS;
                world_pass(&world, 15 * MINUTE);
                assert_string_equal(world_told(&world), "chat firing baseline: low/2 firing 40.00, low/1 firing 50.00\n"
                                                        "chat resolved: low/1 resolved 500.00\n"
                                                        "chat resolved: low/2 resolved 400.00\n");
                world_deinit(&world);
        }
}

/* Its clocks go with it: a group that waited for its first message has had one now. */
static void test_what_was_under_way_comes_to_a_group_that_waits(void **state)
{
        struct ruleset_spec by_card = {.builtins_off = 1u << CW_BUILTIN_STALE, .rules = {LOW}}, waiting = by_card;

        (void)state;
        by_card.group_by[0].key = CW_GROUP_CARD;
        by_card.n_group_by = 1;
        waiting.group_wait_ms = 60 * MINUTE;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                print_message("  %s\n", restart ? "with restarts" : "it speaks as soon as it may");
                begin(&world, &by_card);
                world.receivers[0].mood = FAILS;
                world_card(&world, 2, 2, "40");
                assert_string_equal(world_polled(&world), "");
                assert_string_equal(changed(&world, &waiting, restart), "");
                world_card(&world, 2, 5, "30");
                assert_string_equal(world_polled(&world), "");
                world.receivers[0].mood = ACCEPTS;
                world_pass(&world, 15 * MINUTE);
                if (restart)
                        world_restart(&world, NULL);
                world_pass(&world, MINUTE);
                assert_string_equal(world_told(&world), "chat firing: low/2 firing 40.00\n"
                                                        "chat firing: low/5 firing 30.00\n");
                world_deinit(&world);
        }
}

/* It belongs to another group as soon as nothing of it is queued in the old one, and takes the clocks along. */
static void test_what_is_taken_back_belongs_elsewhere(void **state)
{
        struct ruleset_spec by_customer = {.builtins_off = 1u << CW_BUILTIN_STALE, .rules = {LOW}},
                            by_card = by_customer;

        (void)state;
        by_card.group_by[0].key = CW_GROUP_CARD;
        by_card.n_group_by = 1;
        by_card.group_wait_ms = 60 * MINUTE;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                print_message("  %s\n", restart ? "with restarts" : "an end that was never tried, and a new beginning");
                begin(&world, &by_customer);
                world_card(&world, 2, 2, "40");
                assert_string_equal(world_polled(&world), "chat firing: low/2 firing 40.00\n");
                world.receivers[0].mood = FAILS;
                world_card(&world, 2, 5, "30");
                assert_string_equal(world_polled(&world), "");
                world_card(&world, 2, 2, "400");
                assert_string_equal(world_polled(&world), "");
                assert_string_equal(changed(&world, &by_card, restart), "");
                world_card(&world, 2, 2, "45");
                assert_string_equal(world_polled(&world), "");
                if (restart)
                        world_restart(&world, NULL);
                world.receivers[0].mood = ACCEPTS;
                world_pass(&world, 15 * MINUTE);
                assert_string_equal(world_told(&world), "chat firing: low/5 firing 30.00\n");
                world_card(&world, 2, 2, "500");
                assert_string_equal(world_polled(&world), "chat resolved: low/2 resolved 500.00\n");
                world_deinit(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_same_file_ten_times),
                cmocka_unit_test(test_a_rule_that_changed),
                cmocka_unit_test(test_a_new_rule_waits_for_a_complete_poll),
                cmocka_unit_test(test_a_reload_during_a_poll),
                cmocka_unit_test(test_cards_that_were_not_there),
                cmocka_unit_test(test_what_is_gone_ends),
                cmocka_unit_test(test_a_source_that_left_and_came_back),
                cmocka_unit_test(test_another_severity_is_no_other_rule),
                cmocka_unit_test(test_another_severity_of_the_daemons_own),
                cmocka_unit_test(test_another_label_is_no_other_rule),
                cmocka_unit_test(test_a_notifier_that_is_removed),
                cmocka_unit_test(test_a_notifier_that_is_removed_before_its_baseline),
                cmocka_unit_test(test_the_alert_about_a_notifier_that_is_removed),
                cmocka_unit_test(test_routes),
                cmocka_unit_test(test_who_leaves_the_route_while_its_group_waits),
                cmocka_unit_test(test_clocks_follow_the_rules_in_force),
                cmocka_unit_test(test_what_is_taken_back_belongs_elsewhere),
                cmocka_unit_test(test_other_groups_while_a_baseline_is_under_way),
                cmocka_unit_test(test_what_was_under_way_comes_to_a_group_that_waits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
