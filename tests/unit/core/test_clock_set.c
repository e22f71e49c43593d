/* SPDX-License-Identifier: Apache-2.0 */
/* Failure 5, without a clock: what waits goes on waiting for what was left of its time, however the wall clock is set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/outbox.h"
#include "receivers.h"

#define MINUTE CW_MINUTE_MS
#define QUIET  ((1u << CW_BUILTIN_STALE) | (1u << CW_BUILTIN_NOTIFIER_FAILING))

static const struct ruleset_spec plain = {
        .builtins_off = QUIET,
        .rules = {{.name = "low", .when = "available < 100"}},
        .notifiers = {{.name = "chat", .retry_for_ms = 2 * CW_HOUR_MS}},
        .group_interval_ms = 5 * MINUTE,
        .repeat_every_ms = 4 * CW_HOUR_MS,
};

/* The wall clock is set while the daemon runs; it notices before anything else is decided. */
static void set_clock(struct world *world, int64_t by_ms)
{
        world->now += by_ms;
        world_step(world, &(struct cw_event){.kind = CW_EVENT_CLOCK_SET, .set_by_ms = by_ms});
        world_commit(world);
}

/* It is set while no daemon runs. */
static void set_clock_across_restart(struct world *world, int64_t by_ms)
{
        world->now += by_ms;
        world_restart(world, NULL);
}

static const struct {
        const char *name;
        void (*set)(struct world *world, int64_t by_ms);
        int64_t by_ms, then_by_ms;
} turns[] = {
        {"an hour back while running", set_clock, -CW_HOUR_MS, 0},
        {"a day back while running", set_clock, -CW_DAY_MS, 0},
        {"a day forward while running", set_clock, CW_DAY_MS, 0},
        {"a day forward and back while running", set_clock, CW_DAY_MS, -CW_DAY_MS},
        {"an hour back across a restart", set_clock_across_restart, -CW_HOUR_MS, 0},
        {"ten minutes back across a restart", set_clock_across_restart, -10 * MINUTE, 0},
        {"three days back across a restart", set_clock_across_restart, -3 * CW_DAY_MS, 0},
};

static void turn(struct world *world, size_t i)
{
        print_message("  %s\n", turns[i].name);
        turns[i].set(world, turns[i].by_ms);
        if (turns[i].then_by_ms)
                turns[i].set(world, turns[i].then_by_ms);
}

static void begin(struct world *world, const struct ruleset_spec *spec)
{
        world_init(world, ruleset_build(spec));
        world_card(world, 1, 1, "600");
        world_card(world, 1, 2, "600");
        assert_string_equal(world_polled(world), "");
}

static int64_t wake_at(struct world *world)
{
        return cw_outbox_wake_at(cw_engine_outbox(world->engine), 0);
}

static void poll_with(struct world *world, int64_t card, const char *available)
{
        world_card(world, 1, card, available);
        world_poll(world, &(struct world_poll){.source = 0});
}

static void test_a_retry_waits_no_longer_and_no_shorter(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(turns); i++) {
                struct message message;
                struct world world;

                begin(&world, &plain);
                poll_with(&world, 1, "50");
                assert_true(receiver_take(&world, 0, &message));
                receiver_fails(&world, &message, false, 8 * MINUTE);
                turn(&world, i);
                assert_int_equal(wake_at(&world) - world.now, 8 * MINUTE);
                assert_false(receiver_take(&world, 0, &message));
                world.now += 8 * MINUTE;
                assert_true(receiver_take(&world, 0, &message));
                print_message("    and is given up neither sooner nor later\n");
                receiver_fails(&world, &message, false, 100 * MINUTE);
                assert_int_equal(cw_outbox_waiting(cw_engine_outbox(world.engine), 0), 1);
                world.now += 100 * MINUTE;
                assert_true(receiver_take(&world, 0, &message));
                receiver_fails(&world, &message, false, 13 * MINUTE);
                assert_int_equal(wake_at(&world) - world.now, 12 * MINUTE);
                world.now += 12 * MINUTE;
                assert_true(receiver_take(&world, 0, &message));
                receiver_fails(&world, &message, false, 0);
                assert_int_equal(cw_outbox_waiting(cw_engine_outbox(world.engine), 0), 0);
                world_deinit(&world);
        }
}

static void test_a_receiver_that_asked_for_it_is_left_alone(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(turns); i++) {
                struct ruleset_spec spec = plain;
                struct message message;
                struct world world;

                if (turns[i].set != set_clock)
                        continue; /* a restart asks once: the pause is not stored */
                spec.group_by[0].key = CW_GROUP_CARD;
                spec.n_group_by = 1;
                begin(&world, &spec);
                poll_with(&world, 1, "50");
                assert_true(receiver_take(&world, 0, &message));
                receiver_fails(&world, &message, false, 30 * MINUTE);
                turn(&world, i);
                poll_with(&world, 2, "40");
                assert_false(receiver_take(&world, 0, &message));
                assert_int_equal(wake_at(&world) - world.now, 30 * MINUTE);
                world.now += 30 * MINUTE;
                assert_true(receiver_take(&world, 0, &message));
                message_drop(&message);
                world_deinit(&world);
        }
}

static void test_a_group_speaks_at_its_time(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(turns); i++) {
                struct world world;

                begin(&world, &plain);
                world_card(&world, 1, 1, "50");
                assert_string_equal(world_polled(&world), "chat firing: low/1 firing 50.00\n");
                poll_with(&world, 1, "500");
                turn(&world, i);
                world_pass(&world, 4 * MINUTE);
                assert_string_equal(world_told(&world), "");
                world_pass(&world, MINUTE);
                assert_string_equal(world_told(&world), "chat resolved: low/1 resolved 500.00\n");
                world_deinit(&world);
        }
}

static void test_what_fires_is_repeated_at_its_time(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(turns); i++) {
                struct world world;

                begin(&world, &plain);
                world_card(&world, 1, 1, "50");
                assert_string_equal(world_polled(&world), "chat firing: low/1 firing 50.00\n");
                turn(&world, i);
                world_pass(&world, 4 * CW_HOUR_MS - 1);
                assert_string_equal(world_told(&world), "");
                world_pass(&world, 1);
                assert_string_equal(world_told(&world), "chat firing repeat 1: low/1 firing 50.00\n");
                world_pass(&world, 4 * CW_HOUR_MS - 1);
                assert_string_equal(world_told(&world), "");
                world_deinit(&world);
        }
}

static void acknowledge(struct world *world, int64_t for_ms)
{
        struct cw_event event = {.kind = CW_EVENT_ACK};
        const struct cw_entry *entry;
        size_t cursor = 0;

        assert_true(cw_engine_next_alert(world->engine, &cursor, &entry));
        event.act.by = (struct cw_act){.by = "ana", .why = "calling them", .uid = -1};
        event.act.fingerprint = entry->fingerprint;
        event.act.until_at = world->now + for_ms;
        world_step(world, &event);
        world_commit(world);
}

static void test_it_escalates_at_its_time(void **state)
{
        static const struct ruleset_spec spec = {
                .builtins_off = QUIET,
                .rules = {{.name = "low", .when = "available < 100"}},
                .notifiers = {{.name = "chat"}, {.name = "pager", .unrouted = true}},
                .routing.root = {.escalate = "pager", .escalate_ms = 10 * MINUTE},
        };

        (void)state;
        for (size_t i = 0; i < 2 * CW_ARRAY_SIZE(turns); i++) {
                bool acknowledged = i >= CW_ARRAY_SIZE(turns);
                struct world world;

                begin(&world, &spec);
                world_card(&world, 1, 1, "50");
                assert_string_equal(world_polled(&world), "chat firing: low/1 firing 50.00\n");
                if (acknowledged)
                        acknowledge(&world, 20 * MINUTE);
                turn(&world, i % CW_ARRAY_SIZE(turns));
                world_pass(&world, (acknowledged ? 29 : 9) * MINUTE);
                assert_string_equal(world_told(&world), "");
                world_pass(&world, MINUTE);
                assert_string_equal(world_told(&world), "pager firing: low/1 firing 50.00\n");
                world_deinit(&world);
        }
}

/* Balances of before are not newer than what is read now. */
static void test_polls_are_believed(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(turns); i++) {
                struct world world;

                begin(&world, &plain);
                turn(&world, i);
                world_card(&world, 1, 1, "50");
                assert_string_equal(world_polled(&world), "chat firing: low/1 firing 50.00\n");
                world_card(&world, 1, 1, "500");
                world_polled(&world);
                world_pass(&world, 5 * MINUTE);
                world_deinit(&world);
        }
}

static void test_a_source_is_stale_by_time_that_passed(void **state)
{
        struct ruleset_spec spec = plain;

        (void)state;
        spec.builtins_off = 0;
        for (size_t i = 0; i < CW_ARRAY_SIZE(turns); i++) {
                struct world world;

                begin(&world, &spec);
                turn(&world, i);
                world_pass(&world, MINUTE);
                assert_string_equal(world_told(&world), "");
                world_pass(&world, 5 * MINUTE);
                assert_string_equal(world_told(&world), "chat firing: stale firing\n");
                world_deinit(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_retry_waits_no_longer_and_no_shorter),
                cmocka_unit_test(test_a_receiver_that_asked_for_it_is_left_alone),
                cmocka_unit_test(test_a_group_speaks_at_its_time),
                cmocka_unit_test(test_what_fires_is_repeated_at_its_time),
                cmocka_unit_test(test_it_escalates_at_its_time),
                cmocka_unit_test(test_polls_are_believed),
                cmocka_unit_test(test_a_source_is_stale_by_time_that_passed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
