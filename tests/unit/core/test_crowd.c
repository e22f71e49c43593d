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
        int64_t n_cards, each; /* so many cards of each customer, the first of customer 1 */
        int64_t moved_from, moved_to; /* those of the next poll whose balance changes */
        int64_t balance, balances[CARDS_MOST];
        uint64_t n_events;
        bool away; /* the receiver */
        uint64_t n_told, n_messages; /* what it accepted */
        size_t n_written_out; /* in the last message that was rendered */
        size_t n_critical; /* of these */
        int64_t latest; /* balance among these */
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

static void look_at_items(struct day *day, const struct cw_notice *notice)
{
        day->n_written_out = notice->n_items;
        day->n_critical = 0;
        day->latest = 0;
        for (size_t i = 0; i < notice->n_items; i++) {
                const struct cw_entry *entry = notice->items[i].entry;

                day->n_critical += entry->severity == CW_SEVERITY_CRITICAL;
                if (day->latest < entry->card.available / UNIT)
                        day->latest = entry->card.available / UNIT;
        }
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
                look_at_items(day, notice);
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
                card.customer = (card.id - 1) / day->each + 1;
                card.available = day->balances[card.id] * UNIT;
                step(day, &(struct cw_event){.kind = CW_EVENT_CUSTOMER_SEEN, .customer = card.customer});
                step(day, &seen);
        }
        end.poll.pages_good = 1;
        end.poll.auth = CW_AUTH_OK;
        step(day, &end);
        deliver(day);
}

/* From what is stored, as the daemon does, also when that is nothing. */
static void start(struct day *day)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes loaded = CW_CHANGES_NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        model_store_load(&day->stored, &loaded);
        assert_int_equal(cw_engine_new(day->rules, &day->engine), 0);
        assert_int_equal(cw_engine_load(day->engine, &loaded, day->now, &changes), 0);
        assert_int_equal(cw_changes_merge(&day->stored, &changes), 0);
}

static void restart(struct day *day)
{
        cw_engine_free(day->engine);
        start(day);
}

static void begin(struct day *day, const struct ruleset_spec *spec, int64_t n_cards, int64_t each)
{
        *day = (struct day){
                .rules = ruleset_build(spec), .now = INT64_C(1700000000000), .n_cards = n_cards, .each = each};
        start(day);
        poll(day);
        day->away = true;
}

static size_t items_that_wait(struct day *day)
{
        struct cw_changes present = CW_CHANGES_NULL;
        size_t n_items = 0;

        model_store_load(&day->stored, &present);
        for (size_t i = 0; i < present.intents.n; i++)
                if (present.intents.rows[i].state == CW_INTENT_QUEUED)
                        n_items += present.intents.rows[i].n_items;
        cw_changes_deinit(&present);
        return n_items;
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
        begin(&day, &spec, 72, 1);
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
        begin(&day, &spec, 1501, 1);
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

static size_t messages_about(struct day *day, const char *rule)
{
        struct cw_changes present = CW_CHANGES_NULL;
        size_t n = 0;

        model_store_load(&day->stored, &present);
        for (size_t i = 0; i < present.intents.n; i++)
                n += present.intents.rows[i].state == CW_INTENT_QUEUED &&
                     strcmp(present.intents.rows[i].items[0].entry->rule, rule) == 0;
        cw_changes_deinit(&present);
        return n;
}

/* What is critical keeps a message of its own as long as there is room for all without the others. */
static void test_what_is_critical_folds_last(void **state)
{
        static const struct ruleset_spec spec = {
                .rules = {{.name = "moved", .on = "changed(available)"},
                          {.name = "vip", .on = "changed(available)", .severity = CW_SEVERITY_CRITICAL}},
                .builtins_off = ~0u};
        struct day day;

        (void)state;
        begin(&day, &spec, 520, 1);
        for (day.moved_from = 1; day.moved_from < 520; day.moved_from += 4) {
                day.moved_to = day.moved_from + 4; /* eight groups a poll are no storm */
                poll(&day);
        }
        assert_int_equal(day.n_events, 2 * 520);
        assert_in_range(messages_about(&day, "vip"), 515, 520);
        assert_in_range(messages_about(&day, "moved"), 1, 40);
        come_back(&day);
        end(&day);
}

/* Forty messages that are each within their bound: together they are not. */
static void test_all_messages_together(void **state)
{
        static const struct ruleset_spec spec = {.rules = {{.name = "moved", .on = "changed(available)"}},
                                                 .builtins_off = ~0u};
        struct day day;
        size_t n = 0;

        (void)state;
        begin(&day, &spec, 2000, 50);
        for (int round = 0; round < 12; round++) {
                for (day.moved_from = 1; day.moved_from <= 2000; day.moved_from += 500) {
                        day.moved_to = day.moved_from + 500; /* ten groups a poll are no storm */
                        poll(&day);
                }
                if (round == 10)
                        restart(&day);
                n = items_that_wait(&day);
                assert_in_range(n, round < 9 ? 0 : ALL_ITEMS - 1000, ALL_ITEMS);
        }
        assert_int_equal(day.n_events, 24000);
        come_back(&day);
        end(&day);
}

/* What is kept of too many are the most severe, however old, and the latest. */
static void test_which_are_kept(void **state)
{
        static const struct ruleset_spec spec = {.rules = {{.name = "moved", .on = "changed(available)"},
                                                           {.name = "vip",
                                                            .on = "changed(available)",
                                                            .severity = CW_SEVERITY_CRITICAL,
                                                            .only_customer = 1}},
                                                 .one_group = true,
                                                 .builtins_off = ~0u};
        struct day day;
        int64_t last;

        (void)state;
        begin(&day, &spec, 401, 1);
        day.moved_from = 400;
        day.moved_to = 401;
        poll(&day); /* this one is tried, and stays as it is */
        day.moved_from = 1;
        day.moved_to = 2;
        poll(&day);
        day.moved_from = 2;
        day.moved_to = 402;
        for (int i = 0; i < 5; i++)
                poll(&day);
        last = day.balance;
        come_back(&day);
        assert_int_equal(day.n_written_out, ITEMS);
        assert_int_equal(day.n_critical, 1);
        assert_int_equal(day.latest, last);
        end(&day);
}

/* Fourteen rules at once fill one message with more than all may have together. */
static void test_one_message_has_no_more_for_being_alone(void **state)
{
        struct ruleset_spec spec = {.one_group = true, .builtins_off = ~0u};
        char names[SPEC_RULES][16];
        struct day day;

        (void)state;
        for (size_t i = 0; i < SPEC_RULES; i++) {
                snprintf(names[i], sizeof(names[i]), "moved%zu", i);
                spec.rules[i] = (struct rule_spec){.name = names[i], .on = "changed(available)"};
        }
        begin(&day, &spec, 1600, 1);
        day.moved_from = 1;
        day.moved_to = 2;
        poll(&day);
        day.moved_to = 1601;
        poll(&day);
        look_at_store(&day);
        assert_true(day.n_events > ALL_ITEMS);
        come_back(&day);
        end(&day);
}

/* However many come at once, a receiver that is there gets each of them. */
static void test_a_receiver_that_is_there(void **state)
{
        static const struct ruleset_spec spec = {
                .rules = {{.name = "moved", .on = "changed(available)"}}, .one_group = true, .builtins_off = ~0u};
        struct day day;

        (void)state;
        begin(&day, &spec, 3000, 1);
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
                cmocka_unit_test(test_what_is_critical_folds_last),
                cmocka_unit_test(test_all_messages_together),
                cmocka_unit_test(test_which_are_kept),
                cmocka_unit_test(test_one_message_has_no_more_for_being_alone),
                cmocka_unit_test(test_a_receiver_that_is_there),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
