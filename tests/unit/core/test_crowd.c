/* SPDX-License-Identifier: Apache-2.0 */
/* Events for a receiver that is not there: what is kept of them is bounded, and none is left out of the counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/engine.h"
#include "cardwatch/outbox.h"
#include "model_store.h"
#include "ruleset.h"

#define UNIT       CW_AMOUNT_UNIT
#define ITEMS      1000 /* written out in a message that waits */
#define MESSAGES   1000 /* that wait */
#define ALL_ITEMS  20000
#define CARDS_MOST 4096
#define POLLS      1440 /* a day of them */

struct day {
        struct cw_ruleset *rules;
        struct cw_engine *engine;
        struct cw_changes stored;
        int64_t now;
        int64_t n_cards; /* card n is of customer n */
        int64_t moved_from, moved_to; /* those of the next poll whose balance changes */
        int64_t balance, balances[CARDS_MOST];
        uint64_t n_events;
        bool away; /* the receiver */
        uint64_t n_told, n_messages; /* what it accepted */
        size_t n_written_out; /* in the last message that was rendered */
        size_t n_most_waiting, n_most_items;
};

static void step(struct day *day, const struct cw_event *event)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        assert_int_equal(cw_engine_step(day->engine, event, day->now, &changes), 0);
        for (size_t i = 0; i < changes.history.n; i++)
                day->n_events += strcmp(changes.history.rows[i].what, "event") == 0;
        if (!cw_changes_empty(&changes))
                assert_int_equal(cw_changes_merge(&day->stored, &changes), 0);
}

static void attempt(struct day *day, struct cw_outgoing *outgoing)
{
        struct cw_event rendered = {.kind = CW_EVENT_RENDERED}, end = {.kind = CW_EVENT_DELIVERED};
        const struct cw_notice *notice;
        uint64_t sum = 0;
        char text[64];

        end.message.sequence = rendered.message.sequence = outgoing->sequence;
        if (!outgoing->payload) {
                assert_int_equal(
                        cw_outbox_notice(cw_engine_outbox(day->engine), outgoing->sequence, day->now, false, &notice),
                        0);
                for (size_t i = 0; i < notice->n_tallies; i++)
                        sum += notice->tallies[i].events;
                assert_int_equal(notice->n_events, notice->n_listed + sum);
                day->n_written_out = notice->n_items;
                snprintf(text, sizeof(text), "%u", notice->n_events);
                rendered.message.payload = text;
                rendered.message.payload_len = strlen(text);
                step(day, &rendered);
        } else {
                memcpy(text, outgoing->payload, outgoing->payload_len);
                text[outgoing->payload_len] = '\0';
        }
        if (day->away) {
                end.kind = CW_EVENT_ATTEMPT_FAILED;
                end.message.mishap = CW_MISHAP_UNREACHABLE;
                end.message.reason = "connection refused";
        } else {
                unsigned n;

                assert_int_equal(sscanf(text, "%u", &n), 1);
                day->n_told += n;
                day->n_messages++;
        }
        step(day, &end);
}

static void deliver(struct day *day)
{
        struct cw_outgoing outgoing;

        while (cw_outbox_next(cw_engine_outbox(day->engine), 0, day->now, &outgoing))
                attempt(day, &outgoing);
}

static void look_at_store(struct day *day)
{
        struct cw_changes present = CW_CHANGES_NULL;
        size_t n = 0, n_items = 0;

        model_store_load(&day->stored, &present);
        for (size_t i = 0; i < present.intents.n; i++) {
                const struct cw_intent_row *row = &present.intents.rows[i];

                n += row->state == CW_INTENT_QUEUED;
                n_items += row->n_items;
                assert_in_range(row->n_items, 1, ITEMS);
        }
        if (day->n_most_waiting < n)
                day->n_most_waiting = n;
        if (day->n_most_items < n_items)
                day->n_most_items = n_items;
        cw_changes_deinit(&present);
}

static void poll(struct day *day)
{
        struct cw_event seen = {.kind = CW_EVENT_CARD_SEEN}, end = {.kind = CW_EVENT_POLL_ENDED};
        struct cw_card card = {.reference = "acme", .currency = "USD"};

        day->now += 60000;
        day->balance++;
        seen.at = day->now;
        seen.card = &card;
        step(day, &(struct cw_event){.kind = CW_EVENT_POLL_BEGAN, .at = day->now});
        for (card.id = 1; card.id <= day->n_cards; card.id++) {
                if (card.id >= day->moved_from && card.id < day->moved_to)
                        day->balances[card.id] = day->balance;
                card.customer = card.id;
                card.available = day->balances[card.id] * UNIT;
                step(day, &(struct cw_event){.kind = CW_EVENT_CUSTOMER_SEEN, .customer = card.customer});
                step(day, &seen);
        }
        end.poll.pages_good = 1;
        end.poll.auth = CW_AUTH_OK;
        step(day, &end);
        deliver(day);
}

static void begin(struct day *day, const struct ruleset_spec *spec, int64_t n_cards)
{
        *day = (struct day){.rules = ruleset_build(spec), .now = INT64_C(1700000000000), .n_cards = n_cards};
        assert_int_equal(cw_engine_new(day->rules, &day->engine), 0);
        poll(day);
        day->away = true;
}

static void restart(struct day *day)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes loaded = CW_CHANGES_NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        cw_engine_free(day->engine);
        model_store_load(&day->stored, &loaded);
        assert_int_equal(cw_engine_new(day->rules, &day->engine), 0);
        assert_int_equal(cw_engine_load(day->engine, &loaded, day->now, &changes), 0);
        assert_int_equal(cw_changes_merge(&day->stored, &changes), 0);
}

static void come_back(struct day *day)
{
        day->away = false;
        day->moved_from = day->moved_to = 0;
        for (int i = 0; i < 20; i++)
                poll(day);
        assert_int_equal(cw_outbox_waiting(cw_engine_outbox(day->engine), 0), 0);
        assert_int_equal(day->n_told, day->n_events);
}

static void end(struct day *day)
{
        cw_changes_deinit(&day->stored);
        cw_engine_free(day->engine);
        cw_ruleset_unref(day->rules);
}

static void test_a_day_of_events(void **state)
{
        static const struct ruleset_spec spec = {
                .rules = {{.name = "moved", .on = "changed(available)"}}, .one_group = true, .builtins_off = ~0u};
        struct day day;

        (void)state;
        begin(&day, &spec, 72);
        day.moved_from = 1;
        day.moved_to = 72;
        for (int i = 0; i < POLLS; i++) {
                poll(&day);
                if (i % 60 == 0)
                        look_at_store(&day);
                if (i == POLLS / 2)
                        restart(&day);
        }
        look_at_store(&day);
        assert_in_range(day.n_events, 100000, 110000);
        assert_in_range(day.n_most_items, ITEMS, ITEMS + 72); /* and the message that is tried */
        assert_int_equal(day.n_most_waiting, 1);
        come_back(&day);
        assert_int_equal(day.n_messages, 2);
        end(&day);
}

/* Ten groups a poll are no storm, yet in a day they are many. */
static void test_many_groups(void **state)
{
        static const struct ruleset_spec spec = {.rules = {{.name = "moved", .on = "changed(available)"},
                                                           {.name = "vip",
                                                            .on = "changed(available)",
                                                            .severity = CW_SEVERITY_CRITICAL,
                                                            .only_customer = 1501}},
                                                 .builtins_off = ~0u};
        struct day day;

        (void)state;
        begin(&day, &spec, 1501);
        for (int64_t first = 1; first <= 1500; first += 9) {
                day.moved_from = first;
                day.moved_to = first + 9 < 1502 ? first + 9 : 1502;
                poll(&day);
                look_at_store(&day);
        }
        day.moved_from = 1501;
        day.moved_to = 1502;
        poll(&day);
        restart(&day);
        poll(&day);
        assert_in_range(day.n_most_waiting, MESSAGES - 20, MESSAGES);
        assert_in_range(day.n_most_items, MESSAGES - 20, ALL_ITEMS);
        assert_in_range(day.n_events, 1500, 1510);
        come_back(&day);
        assert_in_range(day.n_messages, 2, 700);
        end(&day);
}

/* However many come at once, a receiver that is there gets each of them. */
static void test_a_receiver_that_is_there(void **state)
{
        static const struct ruleset_spec spec = {
                .rules = {{.name = "moved", .on = "changed(available)"}}, .one_group = true, .builtins_off = ~0u};
        struct day day;

        (void)state;
        begin(&day, &spec, 3000);
        day.away = false;
        day.moved_from = 1;
        day.moved_to = 3001;
        day.now += 60000;
        poll(&day);
        assert_int_equal(day.n_told, 3000);
        assert_int_equal(day.n_written_out, 3000);
        assert_int_equal(day.n_messages, 1);
        end(&day);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_day_of_events),
                cmocka_unit_test(test_many_groups),
                cmocka_unit_test(test_a_receiver_that_is_there),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
