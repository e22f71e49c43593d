/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's own alerts: each fires once, ends once, and what one of them makes pointless is held. */
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
#define LATE   1000 /* so long the clock leaves to the poll that is due */
#define LOW                                                                                                            \
        {                                                                                                              \
                .name = "low", .when = "available < 100"                                                               \
        }

static const struct ruleset_spec plain = {.rules = {LOW}};

/* The poll begins before the clock of that minute is looked at, as it does where an answer takes time. */
static const char *polled_so(struct world *world, struct world_poll poll)
{
        world_pass(world, MINUTE - 1);
        world->now++;
        world_poll(world, &poll);
        world_deliver(world);
        return world_told(world);
}

static const char *complete(struct world *world)
{
        return polled_so(world, (struct world_poll){.source = 0});
}

static const char *failed(struct world *world)
{
        return polled_so(world, (struct world_poll){.failed = true});
}

static const char *refused(struct world *world)
{
        return polled_so(world, (struct world_poll){.failed = true, .auth = CW_AUTH_FAILED});
}

/* A poll that brings what it brings, one page of which failed. */
static const char *partial(struct world *world)
{
        return polled_so(world, (struct world_poll){.pages_bad = 1});
}

static void begin(struct world *world, const struct ruleset_spec *spec)
{
        world_init(world, ruleset_build(spec));
        world_card(world, 1, 1, "600");
        assert_string_equal(complete(world), "");
}

static void test_source_down(void **state)
{
        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                print_message("  %s\n", restart ? "with restarts" : "three polls in a row that failed whole");
                begin(&world, &plain);
                assert_string_equal(failed(&world), "");
                assert_string_equal(failed(&world), "");
                assert_string_equal(partial(&world), "chat firing: stale firing\n");
                assert_string_equal(failed(&world), "");
                assert_string_equal(complete(&world), "chat resolved: stale resolved\n");
                assert_string_equal(failed(&world), "");
                assert_string_equal(failed(&world), "");
                if (restart)
                        world_restart(&world, NULL);
                assert_string_equal(failed(&world), "chat firing: source-down firing\n");
                print_message("  told once; what is stale meanwhile goes without saying\n");
                for (int i = 0; i < 5; i++)
                        assert_string_equal(failed(&world), "");
                if (restart)
                        world_restart(&world, NULL);
                assert_string_equal(failed(&world), "");
                print_message("  a poll that did not fail ends it, and then it is told that balances are stale\n");
                assert_string_equal(partial(&world),
                                    "chat resolved: source-down resolved\nchat firing: stale firing\n");
                assert_string_equal(complete(&world), "chat resolved: stale resolved\n");
                assert_string_equal(complete(&world), "");
                world_deinit(&world);
        }
}

static void test_source_down_and_back_whole(void **state)
{
        struct world world;

        (void)state;
        begin(&world, &plain);
        for (int i = 0; i < 3; i++)
                failed(&world);
        for (int i = 0; i < 5; i++)
                failed(&world);
        assert_string_equal(complete(&world), "chat resolved: source-down resolved\n");
        world_deinit(&world);
}

static void test_auth_failed(void **state)
{
        struct world world;

        (void)state;
        begin(&world, &plain);
        assert_string_equal(refused(&world), "chat firing: auth-failed firing\n");
        print_message("  that the source is down and its balances stale goes without saying\n");
        for (int i = 0; i < 6; i++)
                assert_string_equal(refused(&world), "");
        print_message("  when the credentials are right and the API is not there, that is told\n");
        assert_string_equal(failed(&world), "chat resolved: auth-failed resolved\nchat firing: source-down firing\n");
        assert_string_equal(complete(&world), "chat resolved: source-down resolved\n");
        assert_string_equal(complete(&world), "");
        world_deinit(&world);
}

static void test_auth_failed_while_the_source_is_down(void **state)
{
        struct world world;

        (void)state;
        begin(&world, &plain);
        failed(&world);
        failed(&world);
        assert_string_equal(failed(&world), "chat firing: source-down firing\n");
        assert_string_equal(refused(&world), "chat firing: auth-failed firing\n");
        print_message("  both ends are told: the one that was held, too\n");
        assert_string_equal(complete(&world),
                            "chat resolved: auth-failed resolved\nchat resolved: source-down resolved\n");
        world_deinit(&world);
}

static const char *reason_of_first(const struct world *world)
{
        const struct cw_entry *entry = NULL;
        size_t cursor = 0;

        return cw_engine_next_alert(world->engine, &cursor, &entry) ? entry->reason : "none";
}

static void test_stale_by_the_clock(void **state)
{
        struct world world;

        (void)state;
        begin(&world, &plain);
        print_message("  the poll that is due then may begin a little late\n");
        world_pass(&world, 3 * MINUTE + LATE - 1);
        assert_string_equal(world_told(&world), "");
        world_pass(&world, 1);
        assert_string_equal(world_told(&world), "chat firing: stale firing\n");
        assert_string_equal(reason_of_first(&world), "none has ended since");
        world_pass(&world, CW_HOUR_MS);
        assert_string_equal(world_told(&world), "");
        assert_int_equal(cw_engine_wake_at(world.engine), 0);
        assert_string_equal(complete(&world), "chat resolved: stale resolved\n");

        print_message("  not while a poll runs\n");
        world_step(&world, &(struct cw_event){.kind = CW_EVENT_POLL_BEGAN, .at = world.now});
        assert_int_equal(cw_engine_wake_at(world.engine), 0);
        world_pass(&world, 10 * MINUTE);
        assert_string_equal(world_told(&world), "");
        world_deinit(&world);
}

static void test_stale_by_the_clock_says_what_the_last_poll_lacked(void **state)
{
        struct world world;

        (void)state;
        begin(&world, &plain);
        assert_string_equal(partial(&world), "");
        world_pass(&world, 2 * MINUTE + LATE);
        assert_string_equal(world_told(&world), "chat firing: stale firing\n");
        assert_string_equal(reason_of_first(&world), "the last lacked connection refused");
        assert_string_equal(complete(&world), "chat resolved: stale resolved\n");
        assert_string_equal(failed(&world), "");
        world_pass(&world, 2 * MINUTE + LATE);
        assert_string_equal(world_told(&world), "chat firing: stale firing\n");
        assert_string_equal(reason_of_first(&world), "the last failed: connection refused");
        world_deinit(&world);
}

static void test_partial_polls_make_balances_stale(void **state)
{
        struct world world;

        (void)state;
        begin(&world, &plain);
        assert_string_equal(partial(&world), "");
        assert_string_equal(partial(&world), "");
        assert_string_equal(partial(&world), "chat firing: stale firing\n");
        assert_string_equal(partial(&world), "");
        assert_string_equal(complete(&world), "chat resolved: stale resolved\n");
        world_deinit(&world);
}

/* Failure 12: the API is down and the daemon restarts with alerts open. */
static void test_a_restart_during_an_outage(void **state)
{
        struct world world;

        (void)state;
        begin(&world, &plain);
        world_card(&world, 1, 1, "50");
        assert_string_equal(complete(&world), "chat firing: low/1 firing 50.00\n");
        world.now += CW_HOUR_MS;
        world_restart(&world, NULL);
        print_message("  time in which nobody looked makes nothing stale\n");
        world_step(&world, &(struct cw_event){.kind = CW_EVENT_TICK});
        world_deliver(&world);
        assert_string_equal(world_told(&world), "");
        assert_string_equal(failed(&world), "");
        assert_string_equal(failed(&world), "");
        print_message("  one outage, and nothing else\n");
        assert_string_equal(failed(&world), "chat firing: source-down firing\n");
        for (int i = 0; i < 5; i++)
                assert_string_equal(failed(&world), "");
        world_card(&world, 1, 1, "500");
        assert_string_equal(complete(&world),
                            "chat resolved: source-down resolved\nchat resolved: low/1 resolved 500.00\n");
        world_deinit(&world);
}

static void test_bad_data(void **state)
{
        struct world world;

        (void)state;
        begin(&world, &plain);
        world_card(&world, 1, 2, "50");
        world_card(&world, 2, 3, "600");
        assert_string_equal(complete(&world), "chat firing: low/2 firing 50.00\n");
        world.cards[1].bad = true;
        assert_string_equal(complete(&world), "chat firing: bad-data firing\n");
        assert_int_equal(cw_engine_poll_result(world.engine, 0), CW_POLL_COMPLETE);
        assert_string_equal(complete(&world), "");
        print_message("  another one is another alert\n");
        world.cards[2].bad = true;
        assert_string_equal(complete(&world), "chat firing: bad-data firing\n");
        world.cards[2].bad = false;
        print_message("  who was not seen cannot be right again\n");
        world_customer(&world, 0, 2)->unread = true;
        assert_string_equal(complete(&world), "");
        world_restart(&world, NULL);
        world_customer(&world, 0, 2)->unread = false;
        assert_string_equal(complete(&world), "chat resolved: bad-data resolved\n");
        print_message("  the card kept its alert, and has it ended when it is right\n");
        world_card(&world, 1, 2, "500");
        assert_string_equal(complete(&world), "");
        world.cards[1].bad = false;
        assert_string_equal(complete(&world),
                            "chat resolved: bad-data resolved\nchat resolved: low/2 resolved 500.00\n");
        world_deinit(&world);
}

static const char *resulted(struct world *world, enum cw_event_kind kind, bool failing)
{
        struct cw_event event = {.kind = kind};

        event.result.failing = failing;
        event.result.reason = "no space left on device";
        world_step(world, &event);
        world_commit(world);
        world_deliver(world);
        return world_told(world);
}

static void test_store_and_reload(void **state)
{
        static const struct {
                enum cw_event_kind kind;
                const char *fired, *resolved;
        } cases[] = {
                {CW_EVENT_STORE_RESULT, "chat firing: store-failing firing\n",
                 "chat resolved: store-failing resolved\n"},
                {CW_EVENT_RELOAD_RESULT, "chat firing: reload-failed firing\n",
                 "chat resolved: reload-failed resolved\n"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct world world;

                begin(&world, &plain);
                assert_string_equal(resulted(&world, cases[i].kind, false), "");
                assert_string_equal(resulted(&world, cases[i].kind, true), cases[i].fired);
                assert_string_equal(resulted(&world, cases[i].kind, true), "");
                world_restart(&world, NULL);
                assert_string_equal(resulted(&world, cases[i].kind, true), "");
                assert_string_equal(resulted(&world, cases[i].kind, false), cases[i].resolved);
                assert_string_equal(resulted(&world, cases[i].kind, false), "");
                world_deinit(&world);
        }
}

/* Failure 14: the disk is full when the cycle is committed. */
static void test_alerts_go_out_from_memory(void **state)
{
        struct world world;

        (void)state;
        begin(&world, &plain);
        world.disk_full = true;
        world_card(&world, 1, 1, "50");
        assert_string_equal(complete(&world), "chat firing: low/1 firing 50.00\n");
        assert_string_equal(resulted(&world, CW_EVENT_STORE_RESULT, true), "chat firing: store-failing firing\n");
        print_message("  what was told is remembered until a commit works\n");
        assert_string_equal(complete(&world), "");
        world.disk_full = false;
        assert_string_equal(resulted(&world, CW_EVENT_STORE_RESULT, false), "chat resolved: store-failing resolved\n");
        world_restart(&world, NULL);
        assert_string_equal(complete(&world), "");
        world_card(&world, 1, 1, "500");
        assert_string_equal(complete(&world), "chat resolved: low/1 resolved 500.00\n");
        world_deinit(&world);
}

static void test_notifier_failing(void **state)
{
        struct ruleset_spec spec = {
                .rules = {LOW}, .notifiers = {{.name = "chat"}, {.name = "mail"}, {.name = "spare", .unrouted = true}}};
        struct world world;

        (void)state;
        begin(&world, &spec);
        world.receivers[0].mood = REFUSES;
        world_card(&world, 1, 1, "50");
        print_message("  a dead letter is told to all others, routed or not, at once\n");
        assert_string_equal(complete(&world), "mail firing: low/1 firing 50.00\nspare firing: notifier-failing firing\n"
                                              "mail firing: notifier-failing firing\n");
        world_card(&world, 1, 1, "500");
        assert_string_equal(complete(&world), "mail resolved: low/1 resolved 500.00\n");
        world_restart(&world, NULL);
        world.receivers[0].mood = ACCEPTS;
        world_card(&world, 1, 1, "50");
        print_message("  its next success ends that\n");
        assert_string_equal(complete(&world), "chat firing: low/1 firing 50.00\nmail firing: low/1 firing 50.00\n"
                                              "spare resolved: notifier-failing resolved\n"
                                              "mail resolved: notifier-failing resolved\n");
        world_deinit(&world);
}

static void test_a_notifier_that_fails_for_long(void **state)
{
        struct ruleset_spec spec = {.rules = {LOW},
                                    .notifiers = {{.name = "chat"}, {.name = "mail"}},
                                    .builtins_off = 1u << CW_BUILTIN_STALE};
        struct world world;

        (void)state;
        begin(&world, &spec);
        world.receivers[0].mood = FAILS;
        world_card(&world, 1, 1, "50");
        assert_string_equal(complete(&world), "mail firing: low/1 firing 50.00\n");
        world_pass(&world, 4 * MINUTE);
        assert_string_equal(world_told(&world), "");
        world_pass(&world, 10 * MINUTE);
        assert_string_equal(world_told(&world), "mail firing: notifier-failing firing\n");
        print_message("  the one that fails is not told of itself\n");
        world.receivers[0].mood = ACCEPTS;
        world_pass(&world, 15 * MINUTE);
        assert_string_equal(world_told(&world),
                            "chat firing: low/1 firing 50.00\nmail resolved: notifier-failing resolved\n");
        world_deinit(&world);
}

static void test_turned_off(void **state)
{
        struct ruleset_spec spec = {.rules = {LOW}, .builtins_off = ~0u};
        struct world world;

        (void)state;
        begin(&world, &spec);
        for (int i = 0; i < 5; i++)
                assert_string_equal(refused(&world), "");
        assert_string_equal(resulted(&world, CW_EVENT_STORE_RESULT, true), "");
        world.cards[0].bad = true;
        assert_string_equal(complete(&world), "");
        assert_int_equal(cw_engine_wake_at(world.engine), 0);
        world_deinit(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_source_down),
                cmocka_unit_test(test_source_down_and_back_whole),
                cmocka_unit_test(test_auth_failed),
                cmocka_unit_test(test_auth_failed_while_the_source_is_down),
                cmocka_unit_test(test_stale_by_the_clock),
                cmocka_unit_test(test_stale_by_the_clock_says_what_the_last_poll_lacked),
                cmocka_unit_test(test_partial_polls_make_balances_stale),
                cmocka_unit_test(test_a_restart_during_an_outage),
                cmocka_unit_test(test_bad_data),
                cmocka_unit_test(test_store_and_reload),
                cmocka_unit_test(test_alerts_go_out_from_memory),
                cmocka_unit_test(test_notifier_failing),
                cmocka_unit_test(test_a_notifier_that_fails_for_long),
                cmocka_unit_test(test_turned_off),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
