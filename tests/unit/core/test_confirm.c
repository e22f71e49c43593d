/* SPDX-License-Identifier: Apache-2.0 */
/* Looking twice (`confirm`, observing.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "beats.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"

#define RULE(...)                                                                                                      \
        {                                                                                                              \
                .rules = { {.name = "low", __VA_ARGS__} }                                                              \
        }
#define LOW RULE(.when = "available < 100", .confirm = true)

static const struct beats_case cases[] = {
        {"confirm: true again is told as confirmed", LOW,
         .beats = {{"99", "firing 99.00 warning confirmed"}, {"98", ""}, {"100", "resolved 100.00 warning confirmed"}}},
        {"confirm: with what the second reading showed", LOW,
         .beats = {{"99 again=97", "firing 97.00 warning confirmed"}}},
        {"confirm: false is not told, and the next poll looks again", LOW,
         .beats = {{"99 again=100", ""}, {"again=same", "firing 99.00 warning confirmed"}}},
        {"confirm: false, and then over, is nothing", LOW, .beats = {{"99 again=100", ""}, {"100", ""}, {"x5", ""}}},
        {"confirm: unreadable is told, marked so", LOW,
         .beats = {{"99 again=unreadable", "firing 99.00 warning unconfirmed"},
                   {"x3", ""},
                   {"100", "resolved 100.00 warning unconfirmed"}}},
        {"confirm: a customer that is gone confirms nothing", LOW,
         .beats = {{"99 again=gone", ""}, {"again=same", "firing 99.00 warning confirmed"}}},
        {"confirm: no answer leaves it waiting, and the next poll asks again", LOW,
         .beats = {{"99 again=silent", ""}, {"", ""}, {"again=same", "firing 99.00 warning confirmed"}}},
        {"confirm: after `for` it is asked once that is over",
         RULE(.when = "available < 100", .confirm = true, .for_ms = 2 * CW_MINUTE_MS),
         .beats = {{"99 again=unreadable", ""}, {"", ""}, {"", "firing 99.00 warning unconfirmed"}}},
        {"confirm: after `for`, not confirmed is waiting until the next poll, not from the beginning",
         RULE(.when = "available < 100", .confirm = true, .for_ms = 2 * CW_MINUTE_MS),
         .beats = {{"99", ""}, {"", ""}, {"again=100", ""}, {"again=same", "firing 99.00 warning confirmed"}}},
        {"confirm: the second reading is compared with what the first was compared with",
         RULE(.when = "delta(available) < -100", .confirm = true),
         .beats = {{"300", "firing 300.00 warning confirmed"}, {"", "resolved 300.00 warning confirmed"}, {"x3", ""}}},
        {"confirm: and says so when it is another one", RULE(.when = "delta(available) < -100", .confirm = true),
         .beats = {{"300 again=290", "firing 290.00 warning confirmed"},
                   {"290 again=same", "resolved 290.00 warning confirmed"}}},
        {"confirm: a drop that was none", RULE(.when = "delta(available) < -100", .confirm = true),
         .beats = {{"300 again=500", ""}, {"500 again=same", ""}, {"x3", ""}}},
        {"confirm: a drop that nobody could read again", RULE(.when = "delta(available) < -100", .confirm = true),
         .beats = {{"300 again=unreadable", "firing 300.00 warning unconfirmed"},
                   {"", "resolved 300.00 warning unconfirmed"}}},
        {"confirm: a window that looks back", RULE(.when = "delta(available, 5m) < -100", .confirm = true),
         .beats = {{"300", "firing 300.00 warning confirmed"}, {"x4", ""}, {"", "resolved 300.00 warning confirmed"}}},
        {"confirm: a rise of severity is not asked about",
         RULE(.levels = {{CW_SEVERITY_INFO, "available < 300"}, {CW_SEVERITY_CRITICAL, "available < 10"}},
              .confirm = true),
         .beats = {{"200", "firing 200.00 info confirmed"},
                   {"9 again=500", "firing 9.00 critical confirmed was info"}}},
        {"confirm: the second reading decides the severity",
         RULE(.levels = {{CW_SEVERITY_INFO, "available < 300"}, {CW_SEVERITY_CRITICAL, "available < 10"}},
              .confirm = true),
         .beats = {{"9 again=200", "firing 200.00 info confirmed"}}},
        {"confirm: the baseline is confirmed too, and stays one", LOW, .baseline = true,
         .beats = {{"99", "baseline firing 99.00 warning confirmed"}}},
        {"confirm: what another rule asked for does not end a drop that nobody asked about",
         {.rules = {{.name = "low", .when = "available < 400", .confirm = true},
                    {.name = "drop", .when = "delta(available) < -100"}}},
         .beats = {{"300", "firing 300.00 warning; firing 300.00 warning confirmed"}, {"", "resolved 300.00 warning"}}},
        {"confirm: what another rule asked for says no event twice",
         {.rules = {{.name = "low", .when = "available < 400", .confirm = true},
                    {.name = "same", .on = "delta(available) <= 0"}}},
         .beats = {{"300", "event event 300.00 warning; firing 300.00 warning confirmed"},
                   {"", "event event 300.00 warning"},
                   {"x3", ""}}},
        {"confirm: the rule is removed meanwhile", LOW,
         .other = {.rules = {{.name = "rich", .when = "available > 1000"}}},
         .beats = {{"99 again=silent", ""}, {"other", ""}, {"x2", ""}}},
        {"confirm: the faster lane's readings are asked about too, a second time between two polls", LOW,
         .beats = {{"99 idle watch again=100", ""},
                   {"100 again=same", ""},
                   {"99 idle watch", "firing 99.00 warning confirmed"},
                   {"100", "resolved 100.00 warning confirmed"},
                   {"99 idle watch again=100", ""},
                   {"idle watch again=same", "firing 99.00 warning confirmed"}}},
};

static void test_looking_twice(void **state)
{
        (void)state;
        assert_int_equal(beats_play(cases, CW_ARRAY_SIZE(cases)), 0);
}

/* Sixty customers cannot be played: sixty cards of sixteen customers can, each customer once. */
static void test_each_customer_is_read_once(void **state)
{
        struct ruleset_spec spec = LOW;
        struct world world;

        (void)state;
        world_init(&world, ruleset_build(&spec));
        for (int64_t id = 1; id <= 12; id++)
                world_card(&world, 1 + id % 3, id, "500");
        world_polled(&world);
        for (int64_t id = 1; id <= 12; id++)
                world_card(&world, 1 + id % 3, id, "50");
        world.in_full = true;
        assert_non_null(strstr(world_polled(&world), " confirmed"));
        for (int64_t customer = 1; customer <= 3; customer++)
                assert_int_equal(world_customer(&world, 0, customer)->n_again, 1);
        world_deinit(&world);
}

/* The engine alone: a poll of `n` customers with a card each. */
static void poll_many(struct cw_engine *engine, int64_t n, const char *available, int64_t now,
                      struct cw_changes *changes)
{
        struct cw_event event = {.kind = CW_EVENT_POLL_BEGAN, .at = now};
        struct cw_card card = {.currency = "USD"};

        assert_int_equal(cw_amount_parse(available, strlen(available), &card.available), 0);
        assert_int_equal(cw_engine_step(engine, &event, now, changes), 0);
        for (int64_t id = 1; id <= n; id++) {
                event.kind = CW_EVENT_CUSTOMER_SEEN;
                event.customer = id;
                assert_int_equal(cw_engine_step(engine, &event, now, changes), 0);
                event.kind = CW_EVENT_CARD_SEEN;
                card.id = card.customer = id;
                event.card = &card;
                assert_int_equal(cw_engine_step(engine, &event, now, changes), 0);
        }
        event = (struct cw_event){.kind = CW_EVENT_POLL_ENDED, .at = now};
        event.poll.pages_good = 1;
        event.poll.auth = CW_AUTH_OK;
        assert_int_equal(cw_engine_step(engine, &event, now, changes), 0);
}

static void count_confirmed(const struct cw_engine *engine, size_t *ret_unconfirmed, size_t *ret_confirmed)
{
        const struct cw_entry *entry;
        size_t cursor = 0;

        *ret_unconfirmed = *ret_confirmed = 0;
        while (cw_engine_next_alert(engine, &cursor, &entry)) {
                *ret_unconfirmed += entry->confirmed == 0;
                *ret_confirmed += entry->confirmed == 1;
        }
}

static void test_more_than_fifty_fire_unconfirmed(void **state)
{
        struct ruleset_spec spec = LOW;
        struct cw_ruleset *rules = ruleset_build(&spec);
        struct cw_changes changes = CW_CHANGES_NULL;
        struct cw_card card = {.currency = "USD", .available = 50 * CW_AMOUNT_UNIT};
        struct cw_engine *engine;
        size_t unconfirmed, confirmed, n;
        int64_t customers[100];

        (void)state;
        assert_int_equal(cw_engine_new(rules, &engine), 0);
        cw_ruleset_unref(rules);
        poll_many(engine, 70, "500", WORLD_START, &changes);
        poll_many(engine, 70, "50", WORLD_START + CW_MINUTE_MS, &changes);
        count_confirmed(engine, &unconfirmed, &confirmed);
        assert_int_equal(unconfirmed, 20);
        assert_int_equal(confirmed, 0);
        n = cw_engine_read_again(engine, 0, customers, 30); /* no more than there is room for */
        assert_int_equal(n, 30);
        n += cw_engine_read_again(engine, 0, customers + n, CW_ARRAY_SIZE(customers) - n);
        assert_int_equal(n, 50);
        assert_int_equal(cw_engine_read_again(engine, 0, customers + n, 1), 0);
        for (size_t i = 0; i < n; i++) {
                struct cw_event event = {.kind = CW_EVENT_CARD_AGAIN, .at = WORLD_START + CW_MINUTE_MS + 10};

                card.id = card.customer = customers[i];
                event.card = &card;
                assert_int_equal(cw_engine_step(engine, &event, event.at, &changes), 0);
                event.kind = CW_EVENT_CUSTOMER_AGAIN;
                event.read.customer = customers[i];
                event.read.result = CW_LOOK_UP_FOUND;
                assert_int_equal(cw_engine_step(engine, &event, event.at, &changes), 0);
        }
        count_confirmed(engine, &unconfirmed, &confirmed);
        assert_int_equal(unconfirmed, 20);
        assert_int_equal(confirmed, 50);
        cw_engine_free(engine);
        cw_changes_deinit(&changes);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_looking_twice),
                cmocka_unit_test(test_each_customer_is_read_once),
                cmocka_unit_test(test_more_than_fifty_fire_unconfirmed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
