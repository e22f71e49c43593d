/* SPDX-License-Identifier: Apache-2.0 */
/* What observations of cards lead to: alerts that open and end, events, baselines, cards that come and go. */
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
#define BAND                                                                                                           \
        {                                                                                                              \
                .name = "low", .when = "available < 100", .clear = "available >= 120"                                  \
        }

static const char *polled_at(struct world *world, int64_t card, const char *available)
{
        world_card(world, 1, card, available);
        return world_polled(world);
}

/* A world whose baseline was quiet. */
static void begin(struct world *world, const struct ruleset_spec *spec)
{
        world_init(world, ruleset_build(spec));
        assert_string_equal(polled_at(world, 1, "600"), "");
}

static void test_one_card_under_one_rule(void **state)
{
        static const struct {
                const char *name;
                struct rule_spec rule;
                struct {
                        const char *available, *told;
                } polls[8];
        } cases[] = {
                {"a band fires once below, holds inside, resolves once above",
                 BAND,
                 {{"100", ""},
                  {"99.99", "chat firing: low/1 firing 99.99\n"},
                  {"50", ""},
                  {"119.99", ""},
                  {"120", "chat resolved: low/1 resolved 120.00\n"},
                  {"120", ""},
                  {"99.99", "chat firing: low/1 firing 99.99\n"}}},
                {"without clear the end is that the condition is false",
                 {.name = "low", .when = "available < 100"},
                 {{"99", "chat firing: low/1 firing 99.00\n"}, {"100", "chat resolved: low/1 resolved 100.00\n"}}},
                {"an unknown condition does not fire",
                 {.name = "low", .when = "available < 1000 EUR"},
                 {{"99", ""}, {"-5", ""}}},
                {"an unknown end holds",
                 {.name = "low", .when = "available < 100", .clear = "available > 1 EUR"},
                 {{"99", "chat firing: low/1 firing 99.00\n"}, {"900", ""}}},
                {"an unknown condition without clear does not resolve",
                 {.name = "low", .when = "available < 100 and available / available == 1"},
                 {{"50", "chat firing: low/1 firing 50.00\n"},
                  {"0", ""},
                  {"200", "chat resolved: low/1 resolved 200.00\n"}}},
                {"what looks back is looked at once more when nothing changes",
                 {.name = "fall", .when = "delta(available) < -50"},
                 {{"540", "chat firing: fall/1 firing 540.00\n"},
                  {"540", "chat resolved: fall/1 resolved 540.00\n"},
                  {"540", ""},
                  {"500", ""}}},
                {"a rule that compares with before sees every change",
                 {.name = "fall", .when = "available < previous.available"},
                 {{"599", "chat firing: fall/1 firing 599.00\n"},
                  {"598", ""},
                  {"599", "chat resolved: fall/1 resolved 599.00\n"}}},
                {"an event is told each time and never ends",
                 {.name = "moved", .on = "changed(available)"},
                 {{"599", "chat event: moved/1 event 599.00\n"},
                  {"599", ""},
                  {"600", "chat event: moved/1 event 600.00\n"}}},
                {"an unknown event is silent", {.name = "moved", .on = "previous.available > 1 EUR"}, {{"599", ""}}},
                {"a disabled rule sees nothing",
                 {.name = "low", .when = "available < 100", .disabled = true},
                 {{"1", ""}}},
                {"a rule for another customer sees nothing",
                 {.name = "low", .when = "available < 100", .only_customer = 2},
                 {{"1", ""}}},
                {"the parameter decides",
                 {.name = "low", .when = "available < floor", .param = "floor", .value = "100"},
                 {{"100", ""}, {"99", "chat firing: low/1 firing 99.00\n"}}},
                {"an override decides for its customer",
                 {.name = "low",
                  .when = "available < floor",
                  .param = "floor",
                  .value = "100",
                  .overrides = {{2, "10"}, {1, "500"}, {1, "50"}}},
                 {{"500", ""}, {"499", "chat firing: low/1 firing 499.00\n"}}},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct ruleset_spec spec = {.rules = {cases[i].rule}};
                struct world world;

                print_message("  %s\n", cases[i].name);
                begin(&world, &spec);
                for (size_t j = 0; j < CW_ARRAY_SIZE(cases[i].polls) && cases[i].polls[j].available; j++)
                        assert_string_equal(polled_at(&world, 1, cases[i].polls[j].available), cases[i].polls[j].told);
                world_deinit(&world);
        }
}

static void test_deactivated_cards(void **state)
{
        static const struct {
                const char *name;
                struct rule_spec rule;
                const char *told[4]; /* active and low, deactivated, active and low, active and high */
        } cases[] = {
                {"a condition that does not say skips them; an alert ends when its card is deactivated",
                 {.name = "low", .when = "available < 100"},
                 {"chat firing: low/1 firing 50.00\n", "chat resolved: low/1 resolved 50.00\n",
                  "chat firing: low/1 firing 50.00\n", "chat resolved: low/1 resolved 600.00\n"}},
                {"any includes them",
                 {.name = "low", .when = "available < 100", .suppressed = CW_SUPPRESSED_ANY},
                 {"chat firing: low/1 firing 50.00\n", "", "", "chat resolved: low/1 resolved 600.00\n"}},
                {"a condition that names suppressed sees them",
                 {.name = "low", .when = "available < 100 and not suppressed"},
                 {"chat firing: low/1 firing 50.00\n", "chat resolved: low/1 resolved 50.00\n",
                  "chat firing: low/1 firing 50.00\n", "chat resolved: low/1 resolved 600.00\n"}},
                {"true sees only them",
                 {.name = "low", .when = "available < 100", .suppressed = CW_SUPPRESSED_TRUE},
                 {"", "chat firing: low/1 firing 50.00\n", "chat resolved: low/1 resolved 50.00\n", ""}},
                {"an event sees every card",
                 {.name = "switched", .on = "changed(suppressed)"},
                 {"", "chat event: switched/1 event\n", "chat event: switched/1 event\n", ""}},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct ruleset_spec spec = {.rules = {cases[i].rule}};
                struct world world;

                print_message("  %s\n", cases[i].name);
                begin(&world, &spec);
                assert_string_equal(polled_at(&world, 1, "50"), cases[i].told[0]);
                world.cards[0].card.suppressed = true;
                assert_string_equal(world_polled(&world), cases[i].told[1]);
                world.cards[0].card.suppressed = false;
                assert_string_equal(world_polled(&world), cases[i].told[2]);
                assert_string_equal(polled_at(&world, 1, "600"), cases[i].told[3]);
                world_deinit(&world);
        }
}

/* The reason of the last resolution that was stored. */
static const char *last_reason(const struct world *world)
{
        const char *reason = "";

        for (size_t i = 0; i < world->stored.history.n; i++)
                if (strcmp(world->stored.history.rows[i].what, "resolved") == 0)
                        reason = world->stored.history.rows[i].reason;
        return reason;
}

static void test_why_an_alert_ends(void **state)
{
        struct ruleset_spec spec = {.rules = {BAND}};
        struct world world;

        (void)state;
        begin(&world, &spec);
        polled_at(&world, 1, "50");
        polled_at(&world, 1, "130");
        assert_string_equal(last_reason(&world), "available >= 120");
        polled_at(&world, 1, "50");
        world.cards[0].card.suppressed = true;
        assert_string_equal(world_polled(&world), "chat resolved: low/1 resolved 50.00\n");
        assert_string_equal(last_reason(&world), "card suppressed");
        world.cards[0].card.suppressed = false;
        world_polled(&world);
        world_card(&world, 1, 2, "900");
        world_polled(&world);
        world.cards[0].absent = true;
        assert_string_equal(world_polled(&world), "");
        assert_string_equal(world_polled(&world), "chat resolved: low/1 resolved 50.00\n");
        assert_string_equal(last_reason(&world), "card disappeared");
        world_deinit(&world);
}

static void test_a_baseline_is_one_message_for_all_groups(void **state)
{
        struct ruleset_spec spec = {.rules = {BAND,
                                              {.name = "moved", .on = "changed(available)"},
                                              {.name = "any", .on = "available < 100"}}};
        struct world world;

        (void)state;
        world_init(&world, ruleset_build(&spec));
        for (int64_t card = 1; card <= 5; card++)
                world_card(&world, card, card, "50");
        assert_string_equal(world_polled(&world),
                            "chat firing baseline: low/4 firing 50.00, low/2 firing 50.00, low/1 firing "
                            "50.00, low/5 firing 50.00, low/3 firing 50.00\n");
        assert_string_equal(world_polled(&world), "");
        world_card(&world, 1, 1, "40");
        assert_string_equal(world_polled(&world), "chat event: moved/1 event 40.00\nchat event: any/1 event 40.00\n");
        world_card(&world, 2, 2, "400");
        assert_string_equal(world_polled(&world),
                            "chat event: moved/2 event 400.00\nchat resolved: low/2 resolved 400.00\n");
        world_card(&world, 1, 6, "10");
        assert_string_equal(world_polled(&world), "chat event: any/6 event 10.00\nchat firing: low/6 firing 10.00\n");
        world_deinit(&world);
}

static void test_a_baseline_lasts_until_a_complete_poll(void **state)
{
        struct ruleset_spec spec = {.rules = {BAND, {.name = "moved", .on = "changed(available)"}}};
        struct world world;

        (void)state;
        world_init(&world, ruleset_build(&spec));
        world_card(&world, 1, 1, "50");
        world_card(&world, 2, 2, "50");
        world_customer(&world, 0, 2)->unread = true;
        assert_string_equal(world_polled(&world), "chat firing baseline: low/1 firing 50.00\n");
        world_card(&world, 1, 1, "40");
        world_restart(&world, NULL);
        assert_string_equal(world_polled(&world), "");
        world_customer(&world, 0, 2)->unread = false;
        assert_string_equal(world_polled(&world), "chat firing baseline: low/2 firing 50.00\n");
        world_restart(&world, NULL);
        world_card(&world, 3, 3, "50");
        assert_string_equal(world_polled(&world), "chat firing: low/3 firing 50.00\n");
        world_deinit(&world);
}

static void test_a_quiet_baseline_says_nothing(void **state)
{
        struct ruleset_spec spec = {.rules = {BAND}};
        struct world world;

        (void)state;
        begin(&world, &spec);
        assert_int_equal(cw_engine_poll_result(world.engine, 0), CW_POLL_COMPLETE);
        world_deinit(&world);
}

static void test_what_was_not_seen_stays_as_it_was(void **state)
{
        struct ruleset_spec spec = {.rules = {BAND}, .missing_after = 1, .builtins_off = 1u << CW_BUILTIN_STALE};
        struct world world;

        (void)state;
        begin(&world, &spec);
        world_card(&world, 2, 2, "50");
        assert_string_equal(polled_at(&world, 1, "50"),
                            "chat firing: low/1 firing 50.00\nchat firing: low/2 firing 50.00\n");
        world_card(&world, 1, 1, "600");
        world_card(&world, 2, 2, "600");
        world_customer(&world, 0, 1)->unread = true;
        assert_string_equal(world_polled(&world), "chat resolved: low/2 resolved 600.00\n");
        assert_int_equal(cw_engine_poll_result(world.engine, 0), CW_POLL_PARTIAL);

        print_message("  a failed poll concludes nothing\n");
        world.now += MINUTE;
        world_poll(&world, &(struct world_poll){.failed = true});
        world_deliver(&world);
        assert_string_equal(world_told(&world), "");
        assert_int_equal(cw_engine_poll_result(world.engine, 0), CW_POLL_FAILED);

        print_message("  a customer that is missing makes the poll partial, and its cards stay\n");
        world_customer(&world, 0, 1)->unread = false;
        world_customer(&world, 0, 1)->absent = true;
        for (int i = 0; i < 5; i++)
                assert_string_equal(world_polled(&world), "");
        assert_int_equal(cw_engine_poll_result(world.engine, 0), CW_POLL_PARTIAL);
        world_restart(&world, NULL);
        assert_string_equal(world_polled(&world), "");
        assert_int_equal(cw_engine_poll_result(world.engine, 0), CW_POLL_PARTIAL);

        world_customer(&world, 0, 1)->absent = false;
        assert_string_equal(world_polled(&world), "chat resolved: low/1 resolved 600.00\n");
        assert_int_equal(cw_engine_poll_result(world.engine, 0), CW_POLL_COMPLETE);
        world_deinit(&world);
}

static void test_a_card_is_gone_after_enough_complete_polls(void **state)
{
        struct ruleset_spec spec = {.rules = {BAND}, .missing_after = 3, .builtins_off = 1u << CW_BUILTIN_BAD_DATA};
        struct world world;

        (void)state;
        begin(&world, &spec);
        world_card(&world, 1, 2, "50");
        world_card(&world, 2, 3, "700");
        world_polled(&world);
        world.cards[1].absent = true;
        world_polled(&world);
        world_polled(&world);
        print_message("  an incomplete poll does not count\n");
        world_customer(&world, 0, 2)->unread = true;
        assert_string_equal(world_polled(&world), "");
        world_customer(&world, 0, 2)->unread = false;

        print_message("  a card that cannot be trusted was seen all the same\n");
        world.cards[1].absent = false;
        world.cards[1].bad = true;
        assert_string_equal(world_polled(&world), "");
        world.cards[1].absent = true;
        assert_string_equal(world_polled(&world), "");
        world_restart(&world, NULL);
        assert_string_equal(world_polled(&world), "");
        assert_string_equal(world_polled(&world), "chat resolved: low/2 resolved 50.00\n");
        assert_string_equal(last_reason(&world), "card disappeared");
        world_deinit(&world);
}

static void test_cards_that_move_while_another_is_missing(void **state)
{
        struct ruleset_spec spec = {.rules = {BAND}, .missing_after = 1};
        struct world world;

        (void)state;
        begin(&world, &spec);
        world_card(&world, 2, 2, "700");
        world_card(&world, 2, 3, "50");
        world_card(&world, 1, 4, "50");
        assert_string_equal(world_polled(&world), "chat firing: low/4 firing 50.00\nchat firing: low/3 firing 50.00\n");
        world_card(&world, 1, 2, "700");
        world.cards[2].absent = true;
        print_message("  the missing one is noticed\n");
        assert_string_equal(world_polled(&world),
                            "chat firing: bad-data firing\nchat resolved: low/3 resolved 50.00\n");
        print_message("  the alert of one that moves ends, and begins under the other customer\n");
        world_card(&world, 2, 4, "50");
        assert_string_equal(world_polled(&world),
                            "chat firing: bad-data firing, bad-data resolved\n"
                            "chat resolved: low/4 resolved 50.00\nchat firing: low/4 firing 50.00\n");
        assert_string_equal(world_polled(&world), "chat resolved: bad-data resolved\n");
        assert_string_equal(world_polled(&world), "");
        world_deinit(&world);
}

static void test_a_currency_that_changes(void **state)
{
        struct ruleset_spec spec = {.rules = {{.name = "fall", .when = "delta(available) < -50"},
                                              {.name = "other", .on = "changed(currency)"},
                                              {.name = "poor", .when = "available < 100 EUR"}}};
        struct world world;

        (void)state;
        begin(&world, &spec);
        strcpy(world.cards[0].card.currency, "EUR");
        print_message("  there is no difference across currencies\n");
        assert_string_equal(polled_at(&world, 1, "90"),
                            "chat firing: bad-data firing\nchat firing: poor/1 firing 90.00\n");
        assert_string_equal(polled_at(&world, 1, "30"),
                            "chat resolved: bad-data resolved\nchat firing: fall/1 firing 30.00\n");
        strcpy(world.cards[0].card.currency, "USD");
        print_message("  what cannot be compared any more goes on firing\n");
        assert_string_equal(polled_at(&world, 1, "30"), "chat firing: bad-data firing\n");
        assert_string_equal(polled_at(&world, 1, "30"),
                            "chat resolved: bad-data resolved\nchat resolved: fall/1 resolved 30.00\n");
        world_deinit(&world);
}

/* Returns when it asked; its answers come a second later. */
static int64_t begin_poll(struct world *world)
{
        int64_t at = world->now + MINUTE;

        world->now = at + 1000;
        world_step(world, &(struct cw_event){.kind = CW_EVENT_POLL_BEGAN, .at = at});
        return at;
}

static void see(struct world *world, int64_t card, const char *available, int64_t at)
{
        struct world_card *seen = world_card(world, 1, card, available);

        world_step(world, &(struct cw_event){.kind = CW_EVENT_CARD_SEEN, .at = at, .card = &seen->card});
}

static void end_poll(struct world *world)
{
        struct cw_event end = {.kind = CW_EVENT_POLL_ENDED};

        end.poll.pages_good = 1;
        end.poll.auth = CW_AUTH_OK;
        world_step(world, &(struct cw_event){.kind = CW_EVENT_CUSTOMER_SEEN, .customer = 1});
        world_step(world, &end);
        world_commit(world);
        world_deliver(world);
}

static void test_one_poll_brings_a_card_twice(void **state)
{
        struct ruleset_spec spec = {.rules = {{.name = "fall", .when = "delta(available) < -50"}, BAND}};
        struct world world;
        int64_t at;

        (void)state;
        begin(&world, &spec);
        print_message("  the same reading again says nothing new\n");
        at = begin_poll(&world);
        see(&world, 1, "500", at);
        see(&world, 1, "500", at + 1);
        end_poll(&world);
        assert_string_equal(world_told(&world), "chat firing: fall/1 firing 500.00\n");

        print_message("  an older reading that comes later is not believed\n");
        at = begin_poll(&world);
        see(&world, 1, "50", at + 1);
        see(&world, 1, "500", at);
        end_poll(&world);
        assert_string_equal(world_told(&world), "chat firing: low/1 firing 50.00\n");
        begin_poll(&world);
        see(&world, 1, "600", at);
        end_poll(&world);
        assert_string_equal(world_told(&world), "");

        print_message("  a newer one is\n");
        at = begin_poll(&world);
        see(&world, 1, "50", at);
        see(&world, 1, "600", at + 1);
        end_poll(&world);
        assert_string_equal(world_told(&world),
                            "chat resolved: fall/1 resolved 50.00\nchat resolved: low/1 resolved 600.00\n");
        world_deinit(&world);
}

static void test_a_clock_that_was_set_back(void **state)
{
        struct ruleset_spec spec = {.rules = {BAND}};
        struct world world;

        (void)state;
        begin(&world, &spec);
        world.now -= 24 * CW_HOUR_MS;
        print_message("  observations are believed again at once\n");
        assert_string_equal(polled_at(&world, 1, "50"), "chat firing: low/1 firing 50.00\n");
        world.now += 48 * CW_HOUR_MS;
        polled_at(&world, 1, "600");
        world.now -= 24 * CW_HOUR_MS;
        world_told(&world);
        assert_string_equal(polled_at(&world, 1, "50"), "chat firing: low/1 firing 50.00\n");
        world_deinit(&world);
}

static void test_values_of_an_alert(void **state)
{
        struct ruleset_spec spec = {
                .rules = {{.name = "low", .when = "available < floor", .param = "floor", .value = "100"}}};
        struct world world;
        const struct cw_entry *entry;
        size_t cursor = 0;

        (void)state;
        begin(&world, &spec);
        polled_at(&world, 1, "90");
        polled_at(&world, 1, "20");
        polled_at(&world, 1, "40");
        assert_true(cw_engine_next_alert(world.engine, &cursor, &entry));
        assert_int_equal(entry->fired.amount, 90 * CW_AMOUNT_UNIT);
        assert_int_equal(entry->worst.amount, 20 * CW_AMOUNT_UNIT);
        assert_int_equal(entry->current.amount, 40 * CW_AMOUNT_UNIT);
        assert_int_equal(entry->previous.available, 20 * CW_AMOUNT_UNIT);
        assert_string_equal(entry->limit_label, "floor");
        assert_string_equal(entry->limit_text, "100.00");
        assert_string_equal(entry->reason, "available < floor");
        assert_int_equal(entry->fired_at, WORLD_START + 2 * MINUTE);
        assert_false(cw_engine_next_alert(world.engine, &cursor, &entry));
        world_deinit(&world);
}

/* "available < floor or spent(1h) > 300": an alert shows the limit that was crossed. */
static void test_which_of_two_limits_is_told(void **state)
{
        static const struct {
                const char *name, *available, *label, *text;
        } cases[] = {
                {"the second is crossed, the first is not", "150", "spent(1h) 450.00, limit", "300.00"},
                {"both are: the first is what it is about", "90", "floor", "100.00"},
                {"the first is not any more", "120", "spent(1h) 510.00, limit", "300.00"},
        };
        struct ruleset_spec spec = {.rules = {{.name = "low",
                                               .when = "available < floor or spent(1h) > 300",
                                               .param = "floor",
                                               .value = "100"}}};
        struct world world;

        (void)state;
        begin(&world, &spec);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                const struct cw_entry *entry;
                size_t cursor = 0;

                print_message("  %s\n", cases[i].name);
                polled_at(&world, 1, cases[i].available);
                assert_true(cw_engine_next_alert(world.engine, &cursor, &entry));
                assert_string_equal(entry->limit_label, cases[i].label);
                assert_string_equal(entry->limit_text, cases[i].text);
        }
        world_deinit(&world);
}

static void test_a_card_recovers_while_nobody_looks(void **state)
{
        struct ruleset_spec spec = {.rules = {BAND}};
        struct world world;

        (void)state;
        begin(&world, &spec);
        polled_at(&world, 1, "50");
        world.now += CW_HOUR_MS;
        world_restart(&world, NULL);
        world_deliver(&world);
        assert_string_equal(polled_at(&world, 1, "777"), "chat resolved: low/1 resolved 777.00\n");
        assert_string_equal(world_polled(&world), "");
        world_deinit(&world);
}

struct ids {
        char taken[256][33];
        size_t n;
};

static void take_id(void *data, const struct message *message)
{
        struct ids *ids = data;

        for (size_t i = 0; i < ids->n; i++)
                assert_string_not_equal(ids->taken[i], message->id);
        assert_true(ids->n < CW_ARRAY_SIZE(ids->taken));
        memcpy(ids->taken[ids->n++], message->id, sizeof(message->id));
}

/* Several times a second, as an API on the same machine may be asked. */
static void polled_soon(struct world *world, int64_t available)
{
        const struct world_poll poll = {0};

        world->cards[0].card.available = available * CW_AMOUNT_UNIT;
        world->now += 100;
        world_poll(world, &poll);
        world_deliver(world);
}

/* Receivers drop what has an id that they know. */
static void test_each_event_has_an_id_of_its_own(void **state)
{
        static const struct ruleset_spec spec = {
                .rules = {{.name = "fell", .on = "delta(available) <= 0"}},
                .builtins_off = 1u << CW_BUILTIN_STALE,
        };
        struct ids ids = {.n = 0};
        struct world world;

        (void)state;
        begin(&world, &spec);
        world.accepted = take_id;
        world.data = &ids;
        print_message("  a fall, and that it went on\n");
        assert_string_equal(polled_at(&world, 1, "50"), "chat event: fell/1 event 50.00\n");
        assert_string_equal(world_polled(&world), "chat event: fell/1 event 50.00\n");
        assert_string_equal(world_polled(&world), "");
        print_message("  of a card that was gone for a while\n");
        for (int life = 0; life < 3; life++) {
                for (int i = 30; i > 0; i--)
                        polled_soon(&world, i);
                world.cards[0].absent = true;
                for (int i = 0; i < 5; i++)
                        polled_soon(&world, 0);
                world.cards[0].absent = false;
        }
        assert_in_range(ids.n, 90, 96);
        world_deinit(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_event_has_an_id_of_its_own),
                cmocka_unit_test(test_one_card_under_one_rule),
                cmocka_unit_test(test_deactivated_cards),
                cmocka_unit_test(test_why_an_alert_ends),
                cmocka_unit_test(test_a_baseline_is_one_message_for_all_groups),
                cmocka_unit_test(test_a_baseline_lasts_until_a_complete_poll),
                cmocka_unit_test(test_a_quiet_baseline_says_nothing),
                cmocka_unit_test(test_what_was_not_seen_stays_as_it_was),
                cmocka_unit_test(test_a_card_is_gone_after_enough_complete_polls),
                cmocka_unit_test(test_cards_that_move_while_another_is_missing),
                cmocka_unit_test(test_a_currency_that_changes),
                cmocka_unit_test(test_one_poll_brings_a_card_twice),
                cmocka_unit_test(test_a_clock_that_was_set_back),
                cmocka_unit_test(test_values_of_an_alert),
                cmocka_unit_test(test_which_of_two_limits_is_told),
                cmocka_unit_test(test_a_card_recovers_while_nobody_looks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
