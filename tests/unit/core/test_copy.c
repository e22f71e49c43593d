/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What customers are told: their own alerts, each apart, and nothing of what only those who watch have to know. "mail"
 * tells everybody's alerts to its people, "copies" tells customers 1 and 2 theirs; card 11 is customer 1's, and so on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "receivers.h"

#define COPIES                                                                                                         \
        {                                                                                                              \
                {.name = "mail"}, {.name = "copies", .copies = 1, .customers = {1, 2}},                                \
        }

static const struct ruleset_spec usual = {.rules = {{.name = "low", .when = "available < 100"}}, .notifiers = COPIES};

static void all(struct world *world, const char *available)
{
        for (int customer = 1; customer <= 3; customer++)
                for (int card = 1; card <= 2; card++)
                        world_card(world, customer, customer * 10 + card, available);
}

static void begin(struct world *world, const struct ruleset_spec *spec, const char *available)
{
        world_init(world, ruleset_build(spec));
        all(world, available);
        (void)world_polled(world);
        world_deliver(world);
}

/* The lines of what was told that begin with the notifier's name. */
static size_t lines(const char *told, const char *notifier)
{
        size_t n = 0;

        for (const char *line = told; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
                n += strncmp(line, notifier, strlen(notifier)) == 0;
        return n;
}

/* No line of the copies is about cards of two customers. */
static void assert_apart(const char *told)
{
        for (const char *line = told; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
                const char *end = strchrnul(line, '\n');
                bool first = memmem(line, (size_t)(end - line), "/1", 2),
                     second = memmem(line, (size_t)(end - line), "/2", 2);

                if (strncmp(line, "copies", 6) == 0)
                        assert_true(first != second && !memmem(line, (size_t)(end - line), "/3", 2));
        }
}

static void test_each_customer_hears_of_its_own(void **state)
{
        static const struct {
                const char *name;
                bool one_group;
                struct cw_group_by by;
                size_t mails;
        } cases[] = {
                {"whatever there is one group for", true, {0}, 1},
                {"grouped by severity", false, {.key = CW_GROUP_SEVERITY}, 1},
                {"grouped by customer", false, {.key = CW_GROUP_CUSTOMER}, 3},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct ruleset_spec spec = usual;
                struct world world;
                const char *told;

                print_message("  %s\n", cases[i].name);
                spec.one_group = cases[i].one_group;
                spec.group_by[0] = cases[i].by;
                spec.n_group_by = cases[i].one_group ? 0 : 1;
                begin(&world, &spec, "500");
                all(&world, "50");
                told = world_polled(&world);
                assert_int_equal(lines(told, "mail firing"), cases[i].mails);
                assert_int_equal(lines(told, "copies firing"), 2);
                assert_apart(told);
                all(&world, "500");
                told = world_polled(&world);
                assert_int_equal(lines(told, "copies resolved"), 2);
                assert_apart(told);
                world_deinit(&world);
        }
}

static void test_a_baseline_is_not_for_customers(void **state)
{
        struct world world;
        const char *told;

        (void)state;
        world_init(&world, ruleset_build(&usual));
        all(&world, "50");
        told = world_polled(&world);
        assert_int_equal(lines(told, "mail firing baseline"), 1);
        assert_int_equal(lines(told, "copies"), 0);
        world_card(&world, 1, 11, "500");
        told = world_polled(&world);
        assert_int_equal(lines(told, "mail resolved"), 1);
        assert_int_equal(lines(told, "copies"), 0);
        world_card(&world, 1, 11, "50");
        assert_int_equal(lines(world_polled(&world), "copies firing"), 1);
        world_deinit(&world);
}

static void test_the_daemons_own_troubles_are_not_for_customers(void **state)
{
        struct world_poll failed = {.failed = true};
        struct world world;
        const char *told;

        (void)state;
        begin(&world, &usual, "500");
        (void)world_told(&world);
        world.receivers[0].mood = REFUSES; /* notifier-failing goes to all others */
        world_card(&world, 3, 31, "50");
        (void)world_polled(&world);
        for (int i = 0; i < 5; i++) {
                world.now += CW_MINUTE_MS;
                world_poll(&world, &failed);
                world_deliver(&world);
        }
        told = world_told(&world);
        assert_int_equal(lines(told, "copies"), 0);
        world_deinit(&world);
}

static void test_a_storm_for_one_is_none_for_another(void **state)
{
        struct ruleset_spec spec = usual;
        struct world world;
        const char *told;

        (void)state;
        spec.n_group_by = 1;
        spec.group_by[0].key = CW_GROUP_CARD;
        world_init(&world, ruleset_build(&spec));
        for (int card = 0; card < 12; card++) {
                world_card(&world, 1, 100 + card, "500");
                world_card(&world, 2, 200 + card % 3, "500");
        }
        (void)world_polled(&world);
        for (int card = 0; card < 12; card++) {
                world_card(&world, 1, 100 + card, "50");
                world_card(&world, 2, 200 + card % 3, "50");
        }
        told = world_polled(&world);
        assert_int_equal(lines(told, "mail firing"), 1);
        assert_int_equal(lines(told, "copies firing"), 1 + 3);
        assert_apart(told);
        world_deinit(&world);
}

static void test_events_and_restarts(void **state)
{
        struct ruleset_spec spec = usual;
        struct world world;
        const char *told;

        (void)state;
        spec.rules[1] = (struct rule_spec){.name = "fell", .on = "delta(available) < 0"};
        spec.one_group = true;
        begin(&world, &spec, "500");
        world.receivers[1].mood = FAILS;
        all(&world, "50");
        told = world_polled(&world);
        assert_int_equal(lines(told, "mail event"), 1);
        assert_int_equal(lines(told, "copies"), 0);
        world_restart(&world, NULL);
        world.receivers[1].mood = ACCEPTS;
        world_pass(&world, CW_HOUR_MS);
        told = world_told(&world);
        assert_int_equal(lines(told, "copies event"), 2);
        assert_int_equal(lines(told, "copies firing"), 2);
        assert_apart(told);
        world_deinit(&world);
}

static void test_a_customer_who_is_taken_off(void **state)
{
        struct ruleset_spec without = usual;
        struct world world;
        const char *told;

        (void)state;
        begin(&world, &usual, "500");
        all(&world, "50");
        assert_int_equal(lines(world_polled(&world), "copies firing"), 2);
        without.notifiers[1].customers[0] = 2;
        without.notifiers[1].customers[1] = 0;
        world_reload(&world, ruleset_build(&without));
        all(&world, "500");
        told = world_polled(&world);
        assert_int_equal(lines(told, "copies resolved"), 1);
        assert_non_null(strstr(strstr(told, "copies resolved"), "low/21"));
        world_deinit(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_customer_hears_of_its_own),
                cmocka_unit_test(test_a_baseline_is_not_for_customers),
                cmocka_unit_test(test_the_daemons_own_troubles_are_not_for_customers),
                cmocka_unit_test(test_a_storm_for_one_is_none_for_another),
                cmocka_unit_test(test_events_and_restarts),
                cmocka_unit_test(test_a_customer_who_is_taken_off),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
