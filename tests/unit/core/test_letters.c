/* SPDX-License-Identifier: Apache-2.0 */
/* What operators do with messages that are not delivered: the receiver hears the truth in order all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/clock.h"
#include "cardwatch/engine_acts.h"
#include "cardwatch/outbox.h"
#include "receivers.h"

#define MINUTE CW_MINUTE_MS
#define QUIET  ((1u << CW_BUILTIN_STALE) | (1u << CW_BUILTIN_NOTIFIER_FAILING))

static const struct ruleset_spec spec = {.rules = {{.name = "low", .when = "available < 100"}}, .builtins_off = QUIET};

static void begin(struct world *world)
{
        world_init(world, ruleset_build(&spec));
        for (int64_t card = 1; card <= 3; card++)
                world_card(world, card, card, "600");
        assert_string_equal(world_polled(world), "");
}

static const char *polled_at(struct world *world, int64_t card, const char *available)
{
        world_card(world, card, card, available);
        return world_polled(world);
}

/* The last stored message in this state. */
static struct cw_intent_row *stored(struct world *world, uint8_t wanted)
{
        for (size_t i = world->stored.intents.n; i-- > 0;)
                if (world->stored.intents.rows[i].state == wanted && !world->stored.intents.rows[i].gone)
                        return &world->stored.intents.rows[i];
        return NULL;
}

static enum cw_letter_verdict act(struct world *world, enum cw_event_kind kind, const struct cw_intent_row *letter)
{
        struct cw_event event = {.kind = kind, .act = {.by = {.by = "zoe", .why = "why"}, .letter = letter}};

        assert_non_null(letter);
        world_step(world, &event);
        world_commit(world);
        return cw_engine_letter_verdict(world->engine);
}

static const char *retried(struct world *world)
{
        assert_int_equal(act(world, CW_EVENT_RETRY, stored(world, CW_INTENT_DEAD)), CW_LETTER_DONE);
        world_deliver(world);
        return world_told(world);
}

static void die_of(struct world *world, const char *available)
{
        world->receivers[0].mood = REFUSES;
        assert_string_equal(polled_at(world, 1, available), "");
        world->receivers[0].mood = ACCEPTS;
        assert_int_equal(cw_outbox_waiting(cw_engine_outbox(world->engine), 0), 0);
}

static void test_a_dead_letter_again(void **state)
{
        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                print_message("  %s\n", restart ? "after a restart" : "its alert fires still, and ends later");
                begin(&world);
                die_of(&world, "50");
                if (restart)
                        world_restart(&world, NULL);
                assert_string_equal(retried(&world), "chat firing: low/1 firing 50.00\n");
                assert_null(stored(&world, CW_INTENT_DEAD));
                assert_string_equal(polled_at(&world, 1, "50"), "");
                assert_string_equal(polled_at(&world, 1, "600"), "chat resolved: low/1 resolved 600.00\n");
                world_deinit(&world);
        }
}

static void test_what_it_tells_is_over(void **state)
{
        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                print_message("  %s\n", restart ? "after a restart" : "the end follows at once");
                begin(&world);
                die_of(&world, "50");
                assert_string_equal(polled_at(&world, 1, "600"), "");
                if (restart)
                        world_restart(&world, NULL);
                assert_string_equal(retried(&world),
                                    "chat firing: low/1 firing 50.00\nchat resolved: low/1 resolved\n");
                print_message("  and the next time it fires is told\n");
                assert_string_equal(polled_at(&world, 1, "40"), "chat firing: low/1 firing 40.00\n");
                world_deinit(&world);
        }
}

static void test_it_fires_again(void **state)
{
        struct world world;

        (void)state;
        begin(&world);
        die_of(&world, "50");
        assert_string_equal(polled_at(&world, 1, "600"), "");
        assert_string_equal(polled_at(&world, 1, "40"), "chat firing: low/1 firing 40.00\n");
        assert_string_equal(retried(&world), "chat firing: low/1 firing 50.00\n");
        assert_string_equal(polled_at(&world, 1, "600"), "chat resolved: low/1 resolved 600.00\n");
        print_message("  a dead end, of what fires by now: who hears of the end hears of that too\n");
        assert_string_equal(polled_at(&world, 1, "30"), "chat firing: low/1 firing 30.00\n");
        die_of(&world, "600");
        assert_string_equal(polled_at(&world, 1, "20"), "chat firing: low/1 firing 20.00\n");
        assert_string_equal(retried(&world), "chat resolved: low/1 resolved 600.00\nchat firing: low/1 firing 20.00\n");
        world_deinit(&world);
}

static void test_something_newer_is_on_its_way(void **state)
{
        struct world world;
        struct message message;

        (void)state;
        begin(&world);
        die_of(&world, "50");
        assert_string_equal(polled_at(&world, 1, "600"), "");
        world.receivers[0].mood = FAILS;
        assert_string_equal(polled_at(&world, 1, "40"), "");
        assert_int_equal(act(&world, CW_EVENT_RETRY, stored(&world, CW_INTENT_DEAD)), CW_LETTER_OVERTAKEN);
        print_message("  which can be tried at once itself, but not while it is\n");
        assert_int_equal(act(&world, CW_EVENT_RETRY, stored(&world, CW_INTENT_RENDERED)), CW_LETTER_DONE);
        assert_true(receiver_take(&world, 0, &message));
        assert_int_equal(act(&world, CW_EVENT_RETRY, stored(&world, CW_INTENT_RENDERED)), CW_LETTER_IN_HAND);
        assert_int_equal(act(&world, CW_EVENT_DROP, stored(&world, CW_INTENT_RENDERED)), CW_LETTER_IN_HAND);
        receiver_accepts(&world, &message);
        assert_string_equal(world_told(&world), "chat firing: low/1 firing 40.00\n");
        world_deinit(&world);
}

static void test_dropped(void **state)
{
        struct world world;
        struct cw_intent_row delivered = {.state = CW_INTENT_DELIVERED};

        (void)state;
        begin(&world);
        print_message("  a dead letter is gone, and nobody is told\n");
        die_of(&world, "50");
        assert_int_equal(act(&world, CW_EVENT_DROP, stored(&world, CW_INTENT_DEAD)), CW_LETTER_DONE);
        assert_null(stored(&world, CW_INTENT_DEAD));
        world_restart(&world, NULL);
        assert_string_equal(polled_at(&world, 1, "50"), "");
        assert_string_equal(polled_at(&world, 1, "600"), "");
        assert_string_equal(polled_at(&world, 1, "40"), "chat firing: low/1 firing 40.00\n");
        print_message("  one that still waits takes with it what waited for it\n");
        world.receivers[0].mood = FAILS;
        assert_string_equal(polled_at(&world, 2, "50"), "");
        assert_string_equal(polled_at(&world, 2, "600"), "");
        assert_int_equal(act(&world, CW_EVENT_DROP, stored(&world, CW_INTENT_RENDERED)), CW_LETTER_DONE);
        assert_int_equal(cw_outbox_waiting(cw_engine_outbox(world.engine), 0), 0);
        print_message("  an end that waits for its firing is dropped alone: the firing is owed none any more\n");
        assert_string_equal(polled_at(&world, 3, "50"), "");
        assert_string_equal(polled_at(&world, 3, "600"), "");
        assert_int_equal(act(&world, CW_EVENT_DROP, stored(&world, CW_INTENT_QUEUED)), CW_LETTER_DONE);
        world.receivers[0].mood = ACCEPTS;
        world_pass(&world, 15 * MINUTE);
        assert_string_equal(world_told(&world), "chat firing: low/3 firing 50.00\n");
        assert_int_equal(act(&world, CW_EVENT_RETRY, &delivered), CW_LETTER_GONE);
        world_deinit(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_dead_letter_again),
                cmocka_unit_test(test_what_it_tells_is_over),
                cmocka_unit_test(test_it_fires_again),
                cmocka_unit_test(test_something_newer_is_on_its_way),
                cmocka_unit_test(test_dropped),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
