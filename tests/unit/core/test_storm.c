/* SPDX-License-Identifier: Apache-2.0 */
/* Twenty thousand cards at once, in one group: what a step wants remembered grows with the cards, not with their
 * square. */
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
#include "ruleset.h"

#define CARDS 20000
#define UNIT  CW_AMOUNT_UNIT

struct storm {
        struct cw_ruleset *rules;
        struct cw_engine *engine;
        struct cw_changes changes; /* of the last step */
        int64_t now;
};

static void step(struct storm *storm, const struct cw_event *event)
{
        cw_changes_deinit(&storm->changes);
        assert_int_equal(cw_engine_step(storm->engine, event, storm->now, &storm->changes), 0);
}

static void poll(struct storm *storm, cw_amount available)
{
        struct cw_event seen = {.kind = CW_EVENT_CARD_SEEN}, end = {.kind = CW_EVENT_POLL_ENDED};
        struct cw_card card = {.customer = 1, .available = available, .reference = "acme", .currency = "USD"};

        storm->now += 60000;
        seen.at = storm->now;
        seen.card = &card;
        step(storm, &(struct cw_event){.kind = CW_EVENT_POLL_BEGAN, .at = storm->now});
        step(storm, &(struct cw_event){.kind = CW_EVENT_CUSTOMER_SEEN, .customer = 1});
        for (card.id = 1; card.id <= CARDS; card.id++)
                step(storm, &seen);
        end.poll.pages_good = 1;
        end.poll.auth = CW_AUTH_OK;
        step(storm, &end);
        /* Per card: its row, alert, ledger, history, a group's touch; a few messages whatever there is to say. */
        assert_in_range(storm->changes.intents.n, 0, 4);
        assert_in_range(storm->changes.alerts.n + storm->changes.ledger.n + storm->changes.groups.n, 0, 8 * CARDS);
}

static bool take(struct storm *storm, struct cw_outgoing *ret_outgoing)
{
        struct cw_event rendered = {.kind = CW_EVENT_RENDERED};

        if (!cw_outbox_next(cw_engine_outbox(storm->engine), 0, storm->now, ret_outgoing))
                return false;
        rendered.message.sequence = ret_outgoing->sequence;
        rendered.message.payload = "bytes";
        rendered.message.payload_len = 5;
        if (!ret_outgoing->payload)
                step(storm, &rendered);
        assert_in_range(storm->changes.intents.n, 0, 2);
        return true;
}

static void finish(struct storm *storm, uint64_t sequence, bool dead)
{
        struct cw_event event = {.kind = dead ? CW_EVENT_ATTEMPT_FAILED : CW_EVENT_DELIVERED};

        event.message.sequence = sequence;
        event.message.permanent = dead;
        event.message.reason = "404";
        step(storm, &event);
        assert_in_range(storm->changes.intents.n, 1, 4);
}

static void begin(struct storm *storm, const struct ruleset_spec *spec)
{
        *storm = (struct storm){.rules = ruleset_build(spec), .now = INT64_C(1700000000000)};
        assert_int_equal(cw_engine_new(storm->rules, &storm->engine), 0);
        poll(storm, 500 * UNIT);
}

static void end(struct storm *storm)
{
        cw_changes_deinit(&storm->changes);
        cw_engine_free(storm->engine);
        cw_ruleset_unref(storm->rules);
}

static const struct ruleset_spec one_group = {
        .rules = {{.name = "low", .when = "available < 100"}}, .one_group = true, .builtins_off = ~0u};

static void test_all_fire_and_recover_while_the_receiver_is_away(void **state)
{
        struct cw_outgoing first, second;
        struct storm storm;

        (void)state;
        begin(&storm, &one_group);
        poll(&storm, 50 * UNIT);
        assert_true(take(&storm, &first));
        for (int i = 0; i < 3; i++) {
                poll(&storm, 500 * UNIT);
                poll(&storm, 50 * UNIT);
        }
        poll(&storm, 500 * UNIT);
        assert_int_equal(cw_outbox_waiting(cw_engine_outbox(storm.engine), 0), 2);
        finish(&storm, first.sequence, false);
        assert_true(take(&storm, &second));
        finish(&storm, second.sequence, false);
        assert_false(take(&storm, &second));
        end(&storm);
}

static void test_all_end_and_their_message_dies(void **state)
{
        struct cw_outgoing first;
        struct storm storm;

        (void)state;
        begin(&storm, &one_group);
        poll(&storm, 50 * UNIT);
        assert_true(take(&storm, &first));
        poll(&storm, 500 * UNIT);
        assert_int_equal(cw_outbox_waiting(cw_engine_outbox(storm.engine), 0), 2);
        finish(&storm, first.sequence, true);
        assert_int_equal(cw_outbox_waiting(cw_engine_outbox(storm.engine), 0), 0);
        end(&storm);
}

static void test_a_baseline_that_recovers_before_it_is_told(void **state)
{
        struct cw_outgoing first;
        struct storm storm;

        (void)state;
        storm = (struct storm){.rules = ruleset_build(&one_group), .now = INT64_C(1700000000000)};
        assert_int_equal(cw_engine_new(storm.rules, &storm.engine), 0);
        poll(&storm, 50 * UNIT);
        poll(&storm, 500 * UNIT);
        assert_int_equal(cw_outbox_waiting(cw_engine_outbox(storm.engine), 0), 1);
        assert_true(take(&storm, &first));
        end(&storm);
}

static void test_as_many_events(void **state)
{
        static const struct ruleset_spec events = {
                .rules = {{.name = "moved", .on = "changed(available)"}}, .one_group = true, .builtins_off = ~0u};
        struct storm storm;

        (void)state;
        begin(&storm, &events);
        poll(&storm, 50 * UNIT);
        assert_int_equal(storm.changes.intents.n, 1);
        assert_int_equal(storm.changes.intents.rows[0].n_items, CARDS);
        end(&storm);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_fire_and_recover_while_the_receiver_is_away),
                cmocka_unit_test(test_all_end_and_their_message_dies),
                cmocka_unit_test(test_a_baseline_that_recovers_before_it_is_told),
                cmocka_unit_test(test_as_many_events),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
