/* SPDX-License-Identifier: Apache-2.0 */
/* A storm: one step never gives a notifier more than ten messages, and nothing that happened is left out of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/outbox.h"
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

/* A poll that brings so many customers with a card each: more than a world keeps. */
static void crowd_polled_at(struct world *world, int64_t cards, const char *available)
{
        struct cw_event event = {.kind = CW_EVENT_POLL_BEGAN, .at = world->now};
        struct cw_card card = {.reference = "acme", .currency = "USD", .last4 = "1234"};

        assert_int_equal(cw_amount_parse(available, strlen(available), &card.available), 0);
        world_step(world, &event);
        for (int64_t i = 1; i <= cards; i++) {
                card.id = card.customer = i;
                world_step(world, &(struct cw_event){.kind = CW_EVENT_CUSTOMER_SEEN, .at = world->now, .customer = i});
                world_step(world, &(struct cw_event){.kind = CW_EVENT_CARD_SEEN, .at = world->now, .card = &card});
        }
        event.kind = CW_EVENT_POLL_ENDED;
        event.poll.pages_good = 1;
        event.poll.auth = CW_AUTH_OK;
        world_step(world, &event);
}

/* It was tried in vain: its bytes stay, and whatever is told next waits behind it. */
static void fail_once(struct world *world)
{
        struct cw_event event = {.kind = CW_EVENT_RENDERED, .message = {.payload = "{}", .payload_len = 2}};
        struct cw_outgoing outgoing;

        assert_true(cw_outbox_next(cw_engine_outbox(world->engine), 0, world->now, &outgoing));
        event.message.sequence = outgoing.sequence;
        world_step(world, &event);
        event.kind = CW_EVENT_ATTEMPT_FAILED;
        event.message.payload = NULL;
        event.message.reason = "timeout";
        world_step(world, &event);
}

/* Hands a message out, and has it delivered; how many alerts are in it, *ret_id and *ret_over. */
static size_t deliver_one(struct world *world, char ret_id[static 33], bool *ret_over)
{
        struct cw_outbox *outbox = cw_engine_outbox(world->engine);
        struct cw_event event = {.kind = CW_EVENT_RENDERED, .message = {.payload = "{}", .payload_len = 2}};
        const struct cw_notice *notice;
        struct cw_outgoing outgoing;
        size_t n;

        assert_true(cw_outbox_next(outbox, 0, world->now, &outgoing));
        assert_int_equal(cw_outbox_notice(outbox, outgoing.sequence, world->now, false, &notice), 0);
        n = notice->n_items;
        assert_int_equal(notice->n_listed, n);
        assert_int_equal(notice->n_firing + notice->n_resolved, n);
        strcpy(ret_id, notice->id);
        *ret_over = notice->over;
        event.message.sequence = outgoing.sequence;
        world_step(world, &event);
        event.kind = CW_EVENT_DELIVERED;
        world_step(world, &event);
        return n;
}

static void test_all_of_a_storm_comes_in_parts(void **state)
{
        static const struct ruleset_spec spec = {.rules = {{.name = "low", .when = "available < 100"}},
                                                 .notifiers = {{.name = "log", .list_all = true}}};
        static const size_t parts[] = {500, 500, 200, 500, 500, 200}; /* that they fell, that they rose */
        char ids[CW_ARRAY_SIZE(parts)][33];
        struct world world;
        bool over;

        (void)state;
        world_init(&world, ruleset_build(&spec));
        crowd_polled_at(&world, 1200, "600");
        crowd_polled_at(&world, 1200, "50");
        for (size_t i = 0; i < CW_ARRAY_SIZE(parts); i++) {
                if (i == 3)
                        crowd_polled_at(&world, 1200, "600");
                /* What waits is one message, which goes on being changed. */
                assert_int_equal(cw_outbox_waiting(cw_engine_outbox(world.engine), 0), 1);
                assert_int_equal(deliver_one(&world, ids[i], &over), parts[i]);
                for (size_t k = 0; k < i; k++)
                        assert_string_not_equal(ids[k], ids[i]);
        }
        assert_int_equal(cw_outbox_waiting(cw_engine_outbox(world.engine), 0), 0);
        world_deinit(&world);
}

/* Fifteen customers with two cards each: an incident may be closed when nothing fires in any of a message's groups. */
static void test_it_is_over_when_all_its_groups_are(void **state)
{
        static const struct ruleset_spec spec = {.rules = {{.name = "low", .when = "available < 100"}},
                                                 .notifiers = {{.name = "chat", .list = 100}}};
        struct world world;
        char id[33];
        bool over;

        (void)state;
        for (int64_t last = 1; last <= CARDS; last += CARDS - 1) {
                world_init(&world, ruleset_build(&spec));
                for (int k = 0; k < 3; k++) {
                        for (int64_t customer = 1; customer <= CARDS; customer++) {
                                world_card(&world, customer, customer, k == 1 ? "50" : "600");
                                world_card(&world, customer, 100 + customer, k == 1 ? "50" : "600");
                        }
                        if (k == 2)
                                world_card(&world, last, last, "50"); /* all but this one rise */
                        world_pass(&world, CW_MINUTE_MS);
                        world_poll(&world, &(struct world_poll){.source = 0});
                        if (k > 0)
                                assert_int_equal(deliver_one(&world, id, &over), 2 * CARDS - (k == 2));
                        assert_false(k > 0 && over);
                }
                world_card(&world, last, last, "600");
                world_pass(&world, CW_MINUTE_MS);
                world_poll(&world, &(struct world_poll){.source = 0});
                assert_int_equal(deliver_one(&world, id, &over), 1);
                assert_true(over);
                world_deinit(&world);
        }
}

/* Processor time of polls in which so many cards fall, each in a group of its own, and rise while that waits to be
 * tried again.
 */
static double storm_of(int64_t cards)
{
        static const struct ruleset_spec spec = {.rules = {{.name = "low", .when = "available < 100"}}};
        struct world world;
        clock_t start;

        world_init(&world, ruleset_build(&spec));
        crowd_polled_at(&world, cards, "600");
        start = clock();
        crowd_polled_at(&world, cards, "50");
        assert_int_equal(cw_outbox_waiting(cw_engine_outbox(world.engine), 0), 1);
        fail_once(&world);
        crowd_polled_at(&world, cards, "600");
        assert_int_equal(cw_outbox_waiting(cw_engine_outbox(world.engine), 0), 2);
        start = clock() - start;
        world_deinit(&world);
        return (double)start / CLOCKS_PER_SEC;
}

/* Twenty thousand cards are to be told within a poll's beat: what folds must not look at all others for each of them.
 */
static void test_a_storm_costs_as_much_as_it_is_large(void **state)
{
        double small = storm_of(1000), large = storm_of(8000);

        (void)state;
        print_message("  1,000 groups: %.3f s, 8,000 groups: %.3f s\n", small, large);
        assert_true(large < 24 * (small > 0.005 ? small : 0.005));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_storm_is_folded_by_rule),
                cmocka_unit_test(test_a_few_messages_are_left_alone),
                cmocka_unit_test(test_many_rules_share_what_is_left),
                cmocka_unit_test(test_what_was_folded_goes_on_by_itself),
                cmocka_unit_test(test_a_storm_nobody_takes),
                cmocka_unit_test(test_all_of_a_storm_comes_in_parts),
                cmocka_unit_test(test_it_is_over_when_all_its_groups_are),
                cmocka_unit_test(test_a_storm_costs_as_much_as_it_is_large),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
