/* SPDX-License-Identifier: Apache-2.0 */
/* What an alert says besides how it is: how often it fired this week, and when the card will be empty. */
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
#define HOUR   CW_HOUR_MS
#define LOW                                                                                                            \
        {                                                                                                              \
                .name = "low", .when = "available < 100", .flap = { 1, MINUTE }                                        \
        }
#define BUSY                                                                                                           \
        {                                                                                                              \
                .name = "busy", .when = "spent(12h) > 1000000"                                                         \
        }

static const struct cw_entry *firing(const struct world *world, const char *rule)
{
        const struct cw_entry *entry;
        size_t cursor = 0;

        while (cw_engine_next_alert(world->engine, &cursor, &entry))
                if (strcmp(entry->rule, rule) == 0)
                        return entry;
        return NULL;
}

static void see(struct world *world, const char *available, int64_t after_ms, bool restarts)
{
        world->now += after_ms;
        world_card(world, 1, 1, available);
        world_poll(world, &(struct world_poll){.source = 0});
        if (restarts)
                world_restart(world, NULL);
}

/* With `restarts`, after each poll. */
static void begin(struct world *world, const struct ruleset_spec *spec, const char *available)
{
        world_init(world, ruleset_build(spec));
        world_card(world, 1, 1, available);
        world_poll(world, &(struct world_poll){.source = 0});
}

static void test_firings_of_a_week_are_counted(void **state)
{
        static const struct ruleset_spec low = {.rules = {LOW}};

        (void)state;
        for (int restarts = 0; restarts < 2; restarts++) {
                struct world world;

                begin(&world, &low, "500");
                for (unsigned n = 1; n <= 3; n++) {
                        see(&world, "99", 24 * HOUR, restarts);
                        print_message("  restarts %d: firing number %u\n", restarts, n);
                        assert_int_equal(firing(&world, "low")->fired_this_week, n);
                        see(&world, "98", 12 * HOUR, restarts);
                        assert_int_equal(firing(&world, "low")->fired_this_week, n);
                        see(&world, "500", 12 * HOUR, restarts);
                }
                print_message("  after a week the first no longer counts\n");
                see(&world, "99", 24 * HOUR * 5, restarts);
                assert_int_equal(firing(&world, "low")->fired_this_week, 2);
                world_deinit(&world);
        }
}

static void test_what_flaps_is_counted_up_to_a_point(void **state)
{
        static const struct ruleset_spec low = {.rules = {LOW}};
        struct world world;

        (void)state;
        begin(&world, &low, "500");
        for (int i = 0; i < 40; i++) {
                see(&world, "500", HOUR, i % 7 == 0);
                see(&world, "99", HOUR, i % 5 == 0);
        }
        assert_int_equal(firing(&world, "low")->fired_this_week, CW_ENTRY_FIRED_MOST + 1);
        world_deinit(&world);
}

static void test_the_daemons_own_alerts_are_counted(void **state)
{
        static const struct ruleset_spec low = {.rules = {LOW}};
        struct world world;

        (void)state;
        begin(&world, &low, "500");
        for (int i = 0; i < 2; i++) {
                see(&world, "500", MINUTE, false);
                for (int k = 0; k < 3; k++) {
                        world.now += MINUTE;
                        world_poll(&world, &(struct world_poll){.source = 0, .failed = true});
                }
        }
        assert_int_equal(firing(&world, "source-down")->fired_this_week, 2);
        world_deinit(&world);
}

/* The hours until it is empty, from the last time the card was seen; -1: nobody can tell. */
static int64_t hours(const struct world *world)
{
        const struct cw_entry *entry = firing(world, "low");

        return entry && entry->empty_at ? (entry->empty_at - world->now) / HOUR : -1;
}

static void test_the_fall_since_it_fired_says_when_it_is_empty(void **state)
{
        static const struct ruleset_spec low = {.rules = {LOW}};
        static const char *const amounts[] = {"140", "99", "90", "81", "72", "63", "63"};
        static const int64_t expected[] = {-1, -1, -1, -1, -1, 7, 6};

        (void)state;
        for (int restarts = 0; restarts < 2; restarts++) {
                struct world world;

                begin(&world, &low, "150");
                for (size_t i = 0; i < CW_ARRAY_SIZE(amounts); i++) {
                        see(&world, amounts[i], HOUR, restarts);
                        print_message("  restarts %d: at %s\n", restarts, amounts[i]);
                        if (firing(&world, "low"))
                                assert_int_equal(hours(&world), expected[i]);
                }
                see(&world, "500", HOUR, restarts);
                assert_null(firing(&world, "low"));
                world_deinit(&world);
        }
}

/* Where some rule looks back over the balance, whatever it is about. */
static void test_what_is_kept_of_the_past_says_it_at_once(void **state)
{
        static const struct ruleset_spec both = {.rules = {LOW, BUSY}};
        static const char *const amounts[] = {"140", "130", "120", "110", "99"};

        (void)state;
        for (int restarts = 0; restarts < 2; restarts++) {
                struct world world;

                begin(&world, &both, "150");
                for (size_t i = 0; i < CW_ARRAY_SIZE(amounts); i++)
                        see(&world, amounts[i], HOUR, restarts);
                print_message("  restarts %d\n", restarts);
                assert_int_equal(hours(&world), 9);
                world_deinit(&world);
        }
}

/* Nothing is told differently because the daemon was restarted. */
static void test_a_card_that_was_at_rest(void **state)
{
        static const struct ruleset_spec both = {.rules = {LOW, BUSY}};
        static const char *const amounts[] = {"99", "90", "80", "70", "60"};
        int64_t since_at[2];

        (void)state;
        for (int restarts = 0; restarts < 2; restarts++) {
                struct world world;

                begin(&world, &both, "150");
                see(&world, "149", HOUR, restarts);
                see(&world, "149", 30 * HOUR, restarts);
                for (size_t i = 0; i < CW_ARRAY_SIZE(amounts); i++)
                        see(&world, amounts[i], HOUR, restarts);
                since_at[restarts] = firing(&world, "low")->fall.since_at;
                assert_int_equal(hours(&world), -1); /* a pause of most of the time */
                world_deinit(&world);
        }
        assert_true(since_at[0] == since_at[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_firings_of_a_week_are_counted),
                cmocka_unit_test(test_what_flaps_is_counted_up_to_a_point),
                cmocka_unit_test(test_the_daemons_own_alerts_are_counted),
                cmocka_unit_test(test_the_fall_since_it_fired_says_when_it_is_empty),
                cmocka_unit_test(test_what_is_kept_of_the_past_says_it_at_once),
                cmocka_unit_test(test_a_card_that_was_at_rest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
