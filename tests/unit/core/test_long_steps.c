/* SPDX-License-Identifier: Apache-2.0 */
/* Which steps are made aside: by what they have to go through, before anybody goes through it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/outbox.h"
#include "ruleset.h"

#define UNIT   CW_AMOUNT_UNIT
#define MINUTE 60000

#define RULES(expression)                                                                                              \
        {                                                                                                              \
                .rules = {{.name = "low", .when = expression}}, .one_group = true, .builtins_off = ~0u                 \
        }

static const struct ruleset_spec spec = RULES("available < 100"), spec_past = RULES("spent(1h) > 1000");

struct world {
        struct cw_ruleset *rules;
        struct cw_engine *engine;
        struct cw_changes changes;
        int64_t now;
};

static void step(struct world *world, const struct cw_event *event)
{
        assert_int_equal(cw_engine_step(world->engine, event, world->now, &world->changes), 0);
}

static struct cw_event poll_ended(void)
{
        return (struct cw_event){.kind = CW_EVENT_POLL_ENDED, .poll = {.pages_good = 1, .auth = CW_AUTH_OK}};
}

/* The cards' poll, all but its end. */
static void see(struct world *world, int64_t cards, cw_amount available)
{
        struct cw_card card = {.customer = 1, .available = available, .reference = "acme", .currency = "USD"};
        struct cw_event seen = {.kind = CW_EVENT_CARD_SEEN, .card = &card};

        world->now += MINUTE;
        seen.at = world->now;
        step(world, &(struct cw_event){.kind = CW_EVENT_POLL_BEGAN, .at = world->now});
        step(world, &(struct cw_event){.kind = CW_EVENT_CUSTOMER_SEEN, .customer = 1});
        for (card.id = 1; card.id <= cards; card.id++)
                step(world, &seen);
}

static bool takes_long(const struct world *world, enum cw_event_kind kind, uint64_t sequence)
{
        struct cw_event event = {.kind = kind};

        event.message.sequence = sequence;
        return cw_engine_takes_long(world->engine, &event);
}

static void begin_under(struct world *world, const struct ruleset_spec *rules, int64_t cards, bool firing)
{
        struct cw_event ended = poll_ended();

        *world = (struct world){.rules = ruleset_build(rules), .now = INT64_C(1700000000000)};
        assert_int_equal(cw_engine_new(world->rules, &world->engine), 0);
        see(world, cards, 500 * UNIT);
        step(world, &ended);
        if (!firing)
                return;
        see(world, cards, 50 * UNIT);
        step(world, &ended);
}

static void begin(struct world *world, int64_t cards, bool firing)
{
        begin_under(world, &spec, cards, firing);
}

static void end(struct world *world)
{
        cw_changes_deinit(&world->changes);
        cw_engine_free(world->engine);
        cw_ruleset_unref(world->rules);
}

/* What fires and what it goes through must not be confused: a poll's end is as long as what it brought. */
static void test_the_end_of_a_poll(void **state)
{
        struct cw_event ended = poll_ended();
        struct world world;

        (void)state;
        begin(&world, 1000, false);
        see(&world, 20, 50 * UNIT);
        assert_false(cw_engine_takes_long(world.engine, &ended));
        step(&world, &ended);
        see(&world, 500, 50 * UNIT);
        assert_true(cw_engine_takes_long(world.engine, &ended));
        end(&world);
}

/* Cards are gone through only to find those that are missing, and for the sake of customers who are. */
static void test_the_end_of_a_poll_of_many_cards(void **state)
{
        struct cw_event without_cards = {.kind = CW_EVENT_CUSTOMER_SEEN, .customer = 2};
        struct cw_event ended = poll_ended();
        struct world world;

        (void)state;
        begin(&world, 30000, false);
        see(&world, 30000, 500 * UNIT);
        assert_false(cw_engine_takes_long(world.engine, &ended));
        step(&world, &ended);
        see(&world, 29999, 500 * UNIT);
        assert_true(cw_engine_takes_long(world.engine, &ended));
        step(&world, &ended);
        see(&world, 30000, 500 * UNIT);
        step(&world, &without_cards);
        step(&world, &ended);
        see(&world, 30000, 500 * UNIT);
        assert_true(cw_engine_takes_long(world.engine, &ended));
        step(&world, &without_cards);
        assert_false(cw_engine_takes_long(world.engine, &ended));
        end(&world);
}

/* Whose window ends is looked at again, although nothing of it changed. */
static void test_the_end_of_a_poll_with_many_windows_over(void **state)
{
        struct cw_event ended = poll_ended();
        struct world world;
        int64_t moved_at;

        (void)state;
        begin_under(&world, &spec_past, 2000, true);
        moved_at = world.now;
        for (int i = 0; i < 62; i++) {
                bool over = world.now + MINUTE == moved_at + 60 * MINUTE;

                see(&world, 2000, 50 * UNIT);
                if (cw_engine_takes_long(world.engine, &ended) != over ||
                    takes_long(&world, CW_EVENT_POLL_GOES_ON, 0) != over)
                        fail_msg("%d minutes after all cards moved", i + 1);
                step(&world, &ended);
        }
        end(&world);
}

static void test_where_alerts_fire(void **state)
{
        static const struct {
                int64_t alerts;
                bool long_message, long_tick, long_reload;
        } cases[] = {
                {20, false, false, false},
                {300, false, false, true},
                {700, true, true, true},
                {6000, true, true, true},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_outgoing outgoing;
                struct world world;

                begin(&world, cases[i].alerts, true);
                assert_true(cw_outbox_next(cw_engine_outbox(world.engine), 0, world.now, &outgoing));
                assert_int_equal(takes_long(&world, CW_EVENT_RENDERED, outgoing.sequence), cases[i].long_message);
                assert_int_equal(takes_long(&world, CW_EVENT_DELIVERED, outgoing.sequence), cases[i].long_message);
                assert_int_equal(takes_long(&world, CW_EVENT_ATTEMPT_FAILED, outgoing.sequence), cases[i].long_message);
                assert_int_equal(takes_long(&world, CW_EVENT_TICK, 0), cases[i].long_tick);
                assert_int_equal(takes_long(&world, CW_EVENT_RULES, 0), cases[i].long_reload);
                end(&world);
        }
}

static void test_other_rules_for_many_cards(void **state)
{
        struct world world;

        (void)state;
        begin(&world, 30000, false);
        assert_true(takes_long(&world, CW_EVENT_RULES, 0));
        assert_false(takes_long(&world, CW_EVENT_TICK, 0));
        end(&world);
}

static void test_a_message_that_is_not_there(void **state)
{
        struct world world;

        (void)state;
        begin(&world, 20, true);
        assert_false(takes_long(&world, CW_EVENT_DELIVERED, 12345));
        end(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_end_of_a_poll),
                cmocka_unit_test(test_the_end_of_a_poll_of_many_cards),
                cmocka_unit_test(test_the_end_of_a_poll_with_many_windows_over),
                cmocka_unit_test(test_where_alerts_fire),
                cmocka_unit_test(test_other_rules_for_many_cards),
                cmocka_unit_test(test_a_message_that_is_not_there),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
