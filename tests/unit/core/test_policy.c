/* SPDX-License-Identifier: Apache-2.0 */
/* What is told to whom and when: groups and their clocks, deliveries that fail, what is owed, what is never said twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/outbox.h"
#include "receivers.h"

#define MINUTE CW_MINUTE_MS
#define SECOND CW_SECOND_MS
#define QUIET  ((1u << CW_BUILTIN_STALE) | (1u << CW_BUILTIN_NOTIFIER_FAILING))
#define LOW                                                                                                            \
        {                                                                                                              \
                .name = "low", .when = "available < 100"                                                               \
        }

static const char *polled_at(struct world *world, int64_t card, const char *available)
{
        world_card(world, 1, card, available);
        return world_polled(world);
}

/* A world whose baseline of these cards was quiet. */
static void begin(struct world *world, const struct ruleset_spec *spec, int64_t cards)
{
        world_init(world, ruleset_build(spec));
        for (int64_t card = 1; card <= cards; card++)
                world_card(world, 1, card, "600");
        assert_string_equal(world_polled(world), "");
}

static const char *passed(struct world *world, int64_t ms)
{
        world_pass(world, ms);
        return world_told(world);
}

static size_t waiting(struct world *world, size_t notifier)
{
        return cw_outbox_waiting(cw_engine_outbox(world->engine), notifier);
}

static void test_all_changes_of_a_poll_make_one_message_a_group(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET, .rules = {LOW}};
        struct world world;

        (void)state;
        begin(&world, &spec, 3);
        world_card(&world, 1, 1, "50");
        world_card(&world, 1, 2, "40");
        world_card(&world, 2, 9, "30");
        assert_string_equal(world_polled(&world),
                            "chat firing: low/2 firing 40.00, low/1 firing 50.00\nchat firing: low/9 firing 30.00\n");
        world_card(&world, 1, 2, "140");
        assert_string_equal(polled_at(&world, 3, "20"), "chat firing: low/3 firing 20.00, low/2 resolved 140.00\n");
        assert_string_equal(polled_at(&world, 1, "45"), "");
        world_deinit(&world);
}

static void test_group_wait_collects(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET, .rules = {LOW}, .group_wait_ms = 90 * SECOND};

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                print_message("  %s\n", restart ? "with a restart while it waits" : "a new group waits for others");
                begin(&world, &spec, 3);
                assert_string_equal(polled_at(&world, 1, "50"), "");
                assert_string_equal(polled_at(&world, 2, "40"), "");
                if (restart)
                        world_restart(&world, NULL);
                assert_string_equal(passed(&world, 29999), "");
                assert_string_equal(passed(&world, 1), "chat firing: low/2 firing 40.00, low/1 firing 50.00\n");
                assert_string_equal(polled_at(&world, 3, "30"), "chat firing: low/3 firing 30.00\n");
                world_deinit(&world);
        }
}

static void test_what_ends_while_its_group_waits_is_history(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET, .rules = {LOW}, .group_wait_ms = 90 * SECOND};
        struct world world;

        (void)state;
        begin(&world, &spec, 1);
        assert_string_equal(polled_at(&world, 1, "50"), "");
        assert_string_equal(polled_at(&world, 1, "500"), "");
        assert_string_equal(passed(&world, 10 * MINUTE), "");
        print_message("  the next one begins a wait of its own\n");
        assert_string_equal(polled_at(&world, 1, "50"), "");
        assert_string_equal(passed(&world, 89 * SECOND), "");
        assert_string_equal(passed(&world, SECOND), "chat firing: low/1 firing 50.00\n");
        world_deinit(&world);
}

static void test_group_interval_holds_changes_back(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET, .rules = {LOW}, .group_interval_ms = 5 * MINUTE};

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                print_message("  %s\n", restart ? "with a restart in between" : "changes wait for the interval");
                begin(&world, &spec, 3);
                assert_string_equal(polled_at(&world, 1, "50"), "chat firing: low/1 firing 50.00\n");
                assert_string_equal(polled_at(&world, 2, "40"), "");
                assert_string_equal(polled_at(&world, 1, "500"), "");
                assert_string_equal(polled_at(&world, 3, "30"), "");
                assert_string_equal(polled_at(&world, 3, "300"), "");
                if (restart)
                        world_restart(&world, NULL);
                assert_string_equal(passed(&world, MINUTE), "chat firing: low/2 firing 40.00, low/1 resolved 500.00\n");
                world_deinit(&world);
        }
}

static void test_a_baseline_does_not_wait_and_its_end_does(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET,
                                    .rules = {LOW},
                                    .group_wait_ms = 2 * MINUTE,
                                    .group_interval_ms = 5 * MINUTE,
                                    .one_group = true};
        struct world world;

        (void)state;
        world_init(&world, ruleset_build(&spec));
        assert_string_equal(polled_at(&world, 1, "50"), "chat firing baseline: low/1 firing 50.00\n");
        assert_string_equal(polled_at(&world, 1, "500"), "");
        assert_string_equal(passed(&world, 4 * MINUTE - 1), "");
        assert_string_equal(passed(&world, 1), "chat resolved: low/1 resolved 500.00\n");
        world_deinit(&world);
}

static void test_repeats(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET, .rules = {LOW}, .repeat_every_ms = 10 * MINUTE};

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                print_message("  %s\n", restart ? "with restarts" : "an unchanged group that fires is told again");
                begin(&world, &spec, 2);
                world_card(&world, 1, 1, "50");
                assert_string_equal(polled_at(&world, 2, "40"),
                                    "chat firing: low/2 firing 40.00, low/1 firing 50.00\n");
                assert_string_equal(passed(&world, 10 * MINUTE - 1), "");
                if (restart)
                        world_restart(&world, NULL);
                assert_string_equal(passed(&world, 1),
                                    "chat firing repeat 1: low/2 firing 40.00, low/1 firing 50.00\n");
                assert_string_equal(passed(&world, 9 * MINUTE), "");
                if (restart)
                        world_restart(&world, NULL);
                print_message("  a change starts the time anew\n");
                world_card(&world, 1, 2, "400");
                world_poll(&world, &(struct world_poll){.source = 0});
                world_deliver(&world);
                assert_string_equal(world_told(&world), "chat resolved: low/2 resolved 400.00\n");
                assert_string_equal(passed(&world, 10 * MINUTE - 1), "");
                assert_string_equal(passed(&world, 1), "chat firing repeat 2: low/1 firing 50.00\n");
                assert_string_equal(polled_at(&world, 1, "400"), "chat resolved: low/1 resolved 400.00\n");
                assert_string_equal(passed(&world, CW_DAY_MS), "");
                assert_int_equal(cw_engine_wake_at(world.engine), 0);
                world_deinit(&world);
        }
}

static void test_a_receiver_that_is_away(void **state)
{
        struct ruleset_spec spec = {
                .builtins_off = QUIET, .rules = {LOW}, .notifiers = {{.name = "chat"}, {.name = "mail"}}};
        struct world world;

        (void)state;
        begin(&world, &spec, 2);
        world.receivers[0].mood = FAILS;
        assert_string_equal(polled_at(&world, 1, "50"), "mail firing: low/1 firing 50.00\n");
        assert_string_equal(polled_at(&world, 1, "500"), "mail resolved: low/1 resolved 500.00\n");
        assert_string_equal(polled_at(&world, 1, "60"), "mail firing: low/1 firing 60.00\n");
        assert_string_equal(polled_at(&world, 2, "40"), "mail firing: low/2 firing 40.00\n");
        assert_string_equal(polled_at(&world, 2, "400"), "mail resolved: low/2 resolved 400.00\n");
        assert_string_equal(polled_at(&world, 1, "600"), "mail resolved: low/1 resolved 600.00\n");
        assert_int_equal(waiting(&world, 0), 2);
        assert_int_equal(waiting(&world, 1), 0);
        world.receivers[0].mood = ACCEPTS;
        world_restart(&world, NULL);
        print_message("  the attempted message comes first, the rest as one\n");
        assert_string_equal(passed(&world, 15 * MINUTE),
                            "chat firing: low/1 firing 50.00\nchat resolved: low/2 resolved 400.00 folded, "
                            "low/1 resolved 600.00\n");
        assert_int_equal(waiting(&world, 0), 0);
        world_deinit(&world);
}

static void test_what_was_never_attempted_folds(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET,
                                    .rules = {LOW, {.name = "moved", .on = "changed(available)"}},
                                    .one_group = true};
        struct message message;
        struct world world;

        (void)state;
        begin(&world, &spec, 3);
        world_card(&world, 1, 3, "1");
        world_pass(&world, MINUTE);
        world_poll(&world, &(struct world_poll){.source = 0});
        print_message("  while one message is on its way, all that follows makes one of each kind\n");
        assert_true(receiver_take(&world, 0, &message));
        for (int i = 0; i < 5; i++) {
                world_card(&world, 1, 1, i % 2 ? "500" : "50");
                world_card(&world, 1, 2, i % 2 ? "40" : "400");
                world_poll(&world, &(struct world_poll){.source = 0});
                assert_int_equal(waiting(&world, 0), 3);
        }
        receiver_accepts(&world, &message);
        world_deliver(&world);
        assert_string_equal(world_told(&world),
                            "chat event: moved/3 event 1.00\n"
                            "chat firing: low/3 firing 1.00, low/1 firing 50.00, low/2 resolved 400.00 folded\n"
                            "chat event: moved/2 event 40.00, moved/2 event 40.00, moved/1 event 50.00, "
                            "moved/1 event 50.00, moved/1 event 50.00, moved/2 event 400.00, moved/2 event 400.00, "
                            "moved/2 event 400.00, moved/1 event 500.00, moved/1 event 500.00\n");
        world_deinit(&world);
}

static void test_a_change_that_undoes_itself_is_not_told(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET, .rules = {LOW}};
        struct message message;
        struct world world;

        (void)state;
        begin(&world, &spec, 2);
        assert_string_equal(polled_at(&world, 1, "50"), "chat firing: low/1 firing 50.00\n");
        world_card(&world, 1, 2, "40");
        world_poll(&world, &(struct world_poll){.source = 0});
        assert_true(receiver_take(&world, 0, &message));
        world_card(&world, 1, 1, "500");
        world_poll(&world, &(struct world_poll){.source = 0});
        assert_int_equal(waiting(&world, 0), 2);
        world_card(&world, 1, 1, "50");
        world_poll(&world, &(struct world_poll){.source = 0});
        assert_int_equal(waiting(&world, 0), 1);
        receiver_accepts(&world, &message);
        world_deliver(&world);
        assert_string_equal(world_told(&world), "chat firing: low/2 firing 40.00\n");
        assert_string_equal(polled_at(&world, 1, "500"), "chat resolved: low/1 resolved 500.00\n");
        world_deinit(&world);
}

static void test_dead_letters(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET, .rules = {LOW}};

        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                print_message("  %s\n", restart ? "with restarts" : "a firing that died is not told, nor its end");
                begin(&world, &spec, 2);
                world.receivers[0].mood = REFUSES;
                assert_string_equal(polled_at(&world, 1, "50"), "");
                assert_int_equal(waiting(&world, 0), 0);
                world.receivers[0].mood = ACCEPTS;
                if (restart)
                        world_restart(&world, NULL);
                assert_string_equal(polled_at(&world, 1, "40"), "");
                assert_string_equal(polled_at(&world, 2, "30"), "chat firing: low/2 firing 30.00\n");
                assert_string_equal(polled_at(&world, 1, "500"), "");
                print_message("  the next one is\n");
                assert_string_equal(polled_at(&world, 1, "50"), "chat firing: low/1 firing 50.00\n");

                world.receivers[0].mood = REFUSES;
                assert_string_equal(polled_at(&world, 1, "500"), "");
                world.receivers[0].mood = ACCEPTS;
                if (restart)
                        world_restart(&world, NULL);
                print_message("  after an end that died the next firing is told\n");
                assert_string_equal(world_polled(&world), "");
                assert_string_equal(polled_at(&world, 1, "50"), "chat firing: low/1 firing 50.00\n");
                world_deinit(&world);
        }
}

static void test_an_end_that_waits_for_a_firing_which_dies(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET, .rules = {LOW}};
        struct message message;
        struct world world;

        (void)state;
        begin(&world, &spec, 2);
        world_card(&world, 1, 1, "50");
        world_poll(&world, &(struct world_poll){.source = 0});
        assert_true(receiver_take(&world, 0, &message));
        world_card(&world, 1, 1, "500");
        world_card(&world, 1, 2, "40");
        world_poll(&world, &(struct world_poll){.source = 0});
        receiver_fails(&world, &message, true, 0);
        world_deliver(&world);
        print_message("  it is dropped, what else its message says is told\n");
        assert_string_equal(world_told(&world), "chat firing: low/2 firing 40.00\n");

        print_message("  an alert that ended and fired again meanwhile is told then\n");
        world_card(&world, 1, 1, "50");
        world_poll(&world, &(struct world_poll){.source = 0});
        assert_true(receiver_take(&world, 0, &message));
        world_card(&world, 1, 1, "500");
        world_poll(&world, &(struct world_poll){.source = 0});
        world_card(&world, 1, 1, "60");
        world_poll(&world, &(struct world_poll){.source = 0});
        receiver_fails(&world, &message, true, 0);
        world_deliver(&world);
        assert_string_equal(world_told(&world), "chat firing: low/1 firing 60.00\n");
        world_deinit(&world);
}

static void test_a_repeat_revives_a_dead_letter(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET, .rules = {LOW}, .repeat_every_ms = 10 * MINUTE};
        struct world world;

        (void)state;
        begin(&world, &spec, 1);
        world.receivers[0].mood = REFUSES;
        assert_string_equal(polled_at(&world, 1, "50"), "");
        world.receivers[0].mood = ACCEPTS;
        assert_string_equal(passed(&world, 10 * MINUTE), "chat firing repeat 1: low/1 firing 50.00\n");
        assert_string_equal(polled_at(&world, 1, "500"), "chat resolved: low/1 resolved 500.00\n");
        world_deinit(&world);
}

static void test_a_change_leaves_a_repeat_that_was_never_attempted(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET, .rules = {LOW}, .repeat_every_ms = 10 * MINUTE};
        struct world world;

        (void)state;
        begin(&world, &spec, 2);
        world_card(&world, 1, 1, "50");
        assert_string_equal(polled_at(&world, 2, "40"), "chat firing: low/2 firing 40.00, low/1 firing 50.00\n");
        world.now += 10 * MINUTE;
        world_step(&world, &(struct cw_event){.kind = CW_EVENT_TICK});
        world_card(&world, 1, 2, "400");
        world_poll(&world, &(struct world_poll){.source = 0});
        world_restart(&world, NULL);
        world_deliver(&world);
        assert_string_equal(world_told(&world),
                            "chat firing repeat 1: low/1 firing 50.00\nchat resolved: low/2 resolved 400.00\n");
        world_deinit(&world);
}

static void test_retries(void **state)
{
        struct ruleset_spec spec = {
                .builtins_off = QUIET, .rules = {LOW}, .notifiers = {{.name = "chat", .retry_for_ms = CW_HOUR_MS}}};
        struct message message;
        struct world world;
        char id[33];
        int64_t first_failed_at;
        char *payload;

        (void)state;
        begin(&world, &spec, 1);
        world_card(&world, 1, 1, "50");
        world_poll(&world, &(struct world_poll){.source = 0});
        assert_true(receiver_take(&world, 0, &message));
        memcpy(id, message.id, sizeof(id));
        payload = strdup(message.payload);
        print_message("  a message in hand is not handed out again\n");
        assert_false(receiver_take(&world, 0, &message));
        receiver_fails(&world, &message, false, 0);
        first_failed_at = world.now;
        assert_int_equal(cw_outbox_wake_at(cw_engine_outbox(world.engine), 0), world.now + 1000);
        assert_false(receiver_take(&world, 0, &message));
        world.now += 1000;
        world_restart(&world, NULL);
        assert_true(receiver_take(&world, 0, &message));
        print_message("  the same id and the same bytes\n");
        assert_string_equal(message.id, id);
        assert_string_equal(message.payload, payload);
        print_message("  the receiver may ask for a longer wait\n");
        receiver_fails(&world, &message, false, 20 * MINUTE);
        world_restart(&world, NULL);
        assert_int_equal(cw_outbox_wake_at(cw_engine_outbox(world.engine), 0), world.now + 20 * MINUTE);
        world.now += 20 * MINUTE;
        assert_true(receiver_take(&world, 0, &message));
        print_message("  who asks for more than there is time is tried once more at its end\n");
        receiver_fails(&world, &message, false, 400 * CW_DAY_MS);
        assert_int_equal(waiting(&world, 0), 1);
        world_restart(&world, NULL);
        assert_int_equal(cw_outbox_wake_at(cw_engine_outbox(world.engine), 0), first_failed_at + CW_HOUR_MS);
        world.now = first_failed_at + CW_HOUR_MS;
        assert_true(receiver_take(&world, 0, &message));
        print_message("  and then no more\n");
        receiver_fails(&world, &message, false, 50 * MINUTE);
        assert_int_equal(waiting(&world, 0), 0);
        assert_int_equal(cw_outbox_wake_at(cw_engine_outbox(world.engine), 0), 0);
        free(payload);
        world_deinit(&world);
}

static void test_who_asks_to_wait_is_left_alone(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET,
                                    .rules = {LOW},
                                    .notifiers = {{.name = "chat", .retry_for_ms = CW_HOUR_MS}, {.name = "mail"}}};
        struct message message, other;
        struct world world;

        (void)state;
        begin(&world, &spec, 1);
        world_card(&world, 1, 1, "50");
        world_poll(&world, &(struct world_poll){.source = 0});
        assert_true(receiver_take(&world, 0, &message));
        receiver_fails(&world, &message, false, 10 * MINUTE);
        world_card(&world, 2, 2, "40");
        world_poll(&world, &(struct world_poll){.source = 0});
        print_message("  by messages of other groups as well\n");
        assert_false(receiver_take(&world, 0, &other));
        assert_int_equal(cw_outbox_wake_at(cw_engine_outbox(world.engine), 0), world.now + 10 * MINUTE);
        print_message("  other notifiers go on\n");
        assert_true(receiver_take(&world, 1, &other));
        message_drop(&other);
        print_message("  a reload does not end the wait\n");
        world_reload(&world, ruleset_build(&spec));
        assert_false(receiver_take(&world, 0, &other));
        print_message("  a clock that was set back does\n");
        world.now -= CW_HOUR_MS;
        world_card(&world, 3, 3, "30");
        world_poll(&world, &(struct world_poll){.source = 0});
        assert_true(receiver_take(&world, 0, &other));
        message_drop(&other);
        world_deinit(&world);
}

static void test_a_lost_commit_is_decided_again_with_the_same_id(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET,
                                    .rules = {LOW, {.name = "moved", .on = "changed(available)"}}};
        struct message alert, event, again;
        struct world world;

        (void)state;
        begin(&world, &spec, 1);
        world_card(&world, 1, 1, "50");
        world.disk_full = true;
        world_poll(&world, &(struct world_poll){.source = 0});
        assert_true(receiver_take(&world, 0, &event));
        assert_true(receiver_take(&world, 0, &alert));
        world.disk_full = false;
        world_restart(&world, NULL);
        print_message("  nothing of it is there after the restart\n");
        assert_false(receiver_take(&world, 0, &again));
        world.now += MINUTE;
        world_poll(&world, &(struct world_poll){.source = 0});
        assert_true(receiver_take(&world, 0, &again));
        assert_string_equal(again.id, event.id);
        message_drop(&again);
        assert_true(receiver_take(&world, 0, &again));
        assert_string_equal(again.id, alert.id);
        message_drop(&again);
        message_drop(&alert);
        message_drop(&event);
        world_deinit(&world);
}

/* A delivered message is not loaded any more: its place in the order is not given out again all the same. */
static void test_a_restart_goes_on_counting(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET, .rules = {LOW}};
        uint64_t last = 0;
        struct world world;

        (void)state;
        begin(&world, &spec, 1);
        for (int round = 0; round < 4; round++) {
                struct message message;

                world_card(&world, 1, 1, round % 2 ? "500" : "50");
                world.now += MINUTE;
                world_poll(&world, &(struct world_poll){.source = 0});
                assert_true(receiver_take(&world, 0, &message));
                assert_true(message.sequence > last);
                last = message.sequence;
                receiver_accepts(&world, &message);
                world_restart(&world, NULL);
        }
        world_deinit(&world);
}

static void test_ids_differ(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET,
                                    .rules = {LOW, {.name = "moved", .on = "changed(available)"}},
                                    .missing_after = 1,
                                    .repeat_every_ms = 30 * SECOND};
        char ids[64][33];
        size_t n = 0;
        struct world world;

        (void)state;
        begin(&world, &spec, 2);
        for (int round = 0; round < 12; round++) {
                struct message message;

                world.cards[0].absent = round % 6 == 5;
                world_card(&world, 1, 1, round % 2 ? "500" : "50");
                world.now += MINUTE;
                world_poll(&world, &(struct world_poll){.source = 0});
                while (receiver_take(&world, 0, &message)) {
                        for (size_t i = 0; i < n; i++)
                                assert_string_not_equal(ids[i], message.id);
                        memcpy(ids[n++], message.id, sizeof(ids[0]));
                        receiver_accepts(&world, &message);
                }
        }
        assert_in_range(n, 20, 60);
        world_deinit(&world);
}

static void test_a_notifier_that_hears_of_no_ends(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET,
                                    .rules = {LOW},
                                    .notifiers = {{.name = "pager", .no_ends = true}, {.name = "chat"}}};
        struct message message;
        struct world world;

        (void)state;
        begin(&world, &spec, 1);
        assert_string_equal(polled_at(&world, 1, "50"),
                            "pager firing: low/1 firing 50.00\nchat firing: low/1 firing 50.00\n");
        assert_string_equal(polled_at(&world, 1, "500"), "chat resolved: low/1 resolved 500.00\n");
        assert_string_equal(polled_at(&world, 1, "50"),
                            "pager firing: low/1 firing 50.00\nchat firing: low/1 firing 50.00\n");
        assert_string_equal(polled_at(&world, 1, "500"), "chat resolved: low/1 resolved 500.00\n");
        print_message("  a message that arrives after the end does not silence the next one\n");
        world_card(&world, 1, 1, "50");
        world_poll(&world, &(struct world_poll){.source = 0});
        assert_true(receiver_take(&world, 0, &message));
        world_card(&world, 1, 1, "500");
        world_poll(&world, &(struct world_poll){.source = 0});
        receiver_accepts(&world, &message);
        world_told(&world);
        assert_string_equal(polled_at(&world, 1, "50"),
                            "chat resolved: low/1 resolved 500.00 folded\npager firing: low/1 firing 50.00\n"
                            "chat firing: low/1 firing 50.00\n");
        print_message("  what was never attempted and is over is not told\n");
        assert_string_equal(polled_at(&world, 1, "500"), "chat resolved: low/1 resolved 500.00\n");
        world_card(&world, 1, 1, "50");
        world_poll(&world, &(struct world_poll){.source = 0});
        world_card(&world, 1, 1, "500");
        world_poll(&world, &(struct world_poll){.source = 0});
        world_deliver(&world);
        assert_string_equal(world_told(&world), "chat resolved: low/1 resolved 500.00 folded\n");
        world_deinit(&world);
}

static void test_one_slow_group_delays_no_other(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET, .rules = {LOW}};
        struct message slow, other;
        struct world world;

        (void)state;
        begin(&world, &spec, 1);
        world_card(&world, 1, 1, "50");
        world_poll(&world, &(struct world_poll){.source = 0});
        assert_true(receiver_take(&world, 0, &slow));
        world_card(&world, 2, 2, "50");
        world_poll(&world, &(struct world_poll){.source = 0});
        assert_true(receiver_take(&world, 0, &other));
        receiver_accepts(&world, &other);
        assert_string_equal(world_told(&world), "chat firing: low/2 firing 50.00\n");
        receiver_fails(&world, &slow, false, 0);
        world_deinit(&world);
}

static void test_what_does_not_fit_is_counted(void **state)
{
        struct ruleset_spec spec = {.builtins_off = QUIET, .rules = {LOW}, .notifiers = {{.name = "chat", .list = 2}}};
        struct world world;

        (void)state;
        begin(&world, &spec, 5);
        for (int64_t card = 1; card <= 5; card++)
                world_card(&world, 1, card, card % 2 ? "50" : "20");
        assert_string_equal(world_polled(&world), "chat firing: low/2 firing 20.00, low/4 firing 20.00 and 3\n");
        world_deinit(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_changes_of_a_poll_make_one_message_a_group),
                cmocka_unit_test(test_group_wait_collects),
                cmocka_unit_test(test_what_ends_while_its_group_waits_is_history),
                cmocka_unit_test(test_group_interval_holds_changes_back),
                cmocka_unit_test(test_a_baseline_does_not_wait_and_its_end_does),
                cmocka_unit_test(test_repeats),
                cmocka_unit_test(test_a_receiver_that_is_away),
                cmocka_unit_test(test_what_was_never_attempted_folds),
                cmocka_unit_test(test_a_change_that_undoes_itself_is_not_told),
                cmocka_unit_test(test_dead_letters),
                cmocka_unit_test(test_an_end_that_waits_for_a_firing_which_dies),
                cmocka_unit_test(test_a_repeat_revives_a_dead_letter),
                cmocka_unit_test(test_a_change_leaves_a_repeat_that_was_never_attempted),
                cmocka_unit_test(test_retries),
                cmocka_unit_test(test_who_asks_to_wait_is_left_alone),
                cmocka_unit_test(test_a_lost_commit_is_decided_again_with_the_same_id),
                cmocka_unit_test(test_a_restart_goes_on_counting),
                cmocka_unit_test(test_ids_differ),
                cmocka_unit_test(test_a_notifier_that_hears_of_no_ends),
                cmocka_unit_test(test_one_slow_group_delays_no_other),
                cmocka_unit_test(test_what_does_not_fit_is_counted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
