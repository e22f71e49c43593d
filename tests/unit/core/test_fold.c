/* SPDX-License-Identifier: Apache-2.0 */
/* A storm: one step never gives a notifier more than ten messages, and nothing that happened is left out of them. */
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

#define CARDS 15 /* a customer each */

static size_t count(const char *text, const char *part)
{
        size_t n = 0;

        for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
                n++;
        return n;
}

static const char *all_polled_at(struct world *world, const char *available)
{
        for (int i = 1; i <= CARDS; i++)
                world_card(world, i, i, available);
        return world_polled(world);
}

static void begin(struct world *world, const struct ruleset_spec *spec)
{
        world_init(world, ruleset_build(spec));
        assert_string_equal(all_polled_at(world, "600"), "");
}

static void test_a_storm_is_folded_by_rule(void **state)
{
        static const struct {
                const char *name;
                struct ruleset_spec spec;
                size_t messages; /* lines told when all cards fall */
        } cases[] = {
                {"fifteen customers under one rule make one message",
                 {.rules = {{.name = "low", .when = "available < 100"}}},
                 1},
                {"of two rules, two",
                 {.rules = {{.name = "low", .when = "available < 100"}, {.name = "lower", .when = "available < 90"}}},
                 2},
                {"events fold apart from alerts",
                 {.rules = {{.name = "low", .when = "available < 100"}, {.name = "fell", .on = "changed(available)"}}},
                 2},
                {"each notifier gets its own",
                 {.rules = {{.name = "low", .when = "available < 100"}}, .notifiers = {{.name = "a"}, {.name = "b"}}},
                 2},
                {"one group is one message anyhow",
                 {.rules = {{.name = "low", .when = "available < 100"}, {.name = "lower", .when = "available < 90"}},
                  .one_group = true,
                  .notifiers = {{.name = "chat", .list = 1000}}},
                 1},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct world world;
                const char *told;

                print_message("  %s\n", cases[i].name);
                begin(&world, &cases[i].spec);
                told = all_polled_at(&world, "50");
                assert_int_equal(count(told, "\n"), cases[i].messages);
                for (size_t r = 0; r < SPEC_RULES && cases[i].spec.rules[r].name; r++)
                        for (int card = 1; card <= CARDS; card++) {
                                char part[40];

                                snprintf(part, sizeof(part), "%s/%d ", cases[i].spec.rules[r].name, card);
                                assert_int_equal(count(told, part), cases[i].spec.notifiers[1].name ? 2 : 1);
                        }
                world_deinit(&world);
        }
}

static void test_a_few_messages_are_left_alone(void **state)
{
        static const struct ruleset_spec spec = {.rules = {{.name = "low", .when = "available < 100"}}};
        struct world world;

        (void)state;
        begin(&world, &spec);
        for (int i = 1; i <= 10; i++)
                world_card(&world, i, i, "50");
        assert_int_equal(count(world_polled(&world), "\n"), 10);
        world_deinit(&world);

        begin(&world, &spec);
        for (int i = 1; i <= 11; i++)
                world_card(&world, i, i, "50");
        assert_int_equal(count(world_polled(&world), "\n"), 1); /* one more is a storm */
        world_deinit(&world);
}

static void test_many_rules_share_what_is_left(void **state)
{
        static char names[SPEC_RULES][8];
        struct ruleset_spec spec = {.notifiers = {{.name = "chat", .list = 1000}}};
        struct world world;
        const char *told;

        (void)state;
        for (size_t i = 0; i < SPEC_RULES; i++) {
                snprintf(names[i], sizeof(names[i]), "rule%zu", i);
                spec.rules[i] = (struct rule_spec){.name = names[i],
                                                   .when = i % 2 ? NULL : "available < 100",
                                                   .on = i % 2 ? "changed(available)" : NULL,
                                                   .severity = i < 2 ? CW_SEVERITY_CRITICAL : CW_SEVERITY_INFO};
        }
        begin(&world, &spec);
        told = all_polled_at(&world, "50");
        assert_in_range(count(told, "\n"), 2, 10);
        assert_int_equal(count(told, "/"), SPEC_RULES * CARDS);
        world_deinit(&world);
}

/* What was folded together ends one by one, in order, and once. */
static void test_what_was_folded_goes_on_by_itself(void **state)
{
        static const struct ruleset_spec spec = {.rules = {{.name = "low", .when = "available < 100"}}};
        struct world world;

        (void)state;
        begin(&world, &spec);
        assert_int_equal(count(all_polled_at(&world, "50"), "\n"), 1);
        world_card(&world, 3, 3, "600");
        assert_string_equal(world_polled(&world), "chat resolved: low/3 resolved 600.00\n");
        world_restart(&world, NULL);
        assert_string_equal(world_polled(&world), "");
        assert_int_equal(count(all_polled_at(&world, "600"), "resolved: "), 1); /* the other fourteen, folded again */
        assert_string_equal(world_polled(&world), "");
        world_deinit(&world);
}

/* Nobody takes it for a day: one message tells the outcome. */
static void test_a_storm_nobody_takes(void **state)
{
        static const struct ruleset_spec spec = {.rules = {{.name = "low", .when = "available < 100"}},
                                                 .builtins_off = 1u << CW_BUILTIN_STALE};
        struct world world;
        const char *told;

        (void)state;
        begin(&world, &spec);
        world.receivers[0].mood = FAILS;
        assert_string_equal(all_polled_at(&world, "50"), "");
        assert_string_equal(all_polled_at(&world, "600"), "");
        world_restart(&world, NULL);
        world.receivers[0].mood = ACCEPTS;
        world_pass(&world, CW_HOUR_MS);
        told = world_told(&world);
        assert_int_equal(count(told, "firing: "), 1); /* attempted before it ended: its bytes stay */
        assert_int_equal(count(told, "resolved: "), 1);
        world_deinit(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_storm_is_folded_by_rule),
                cmocka_unit_test(test_a_few_messages_are_left_alone),
                cmocka_unit_test(test_many_rules_share_what_is_left),
                cmocka_unit_test(test_what_was_folded_goes_on_by_itself),
                cmocka_unit_test(test_a_storm_nobody_takes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
