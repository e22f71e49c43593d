/* SPDX-License-Identifier: Apache-2.0 */
/* Pages that come again as they were: nothing is lost by passing over them, and not every poll does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../src/core/engine_private.h"
#include "cardwatch/cleanup.h"
#include "receivers.h"

#define LOW                                                                                                            \
        {                                                                                                              \
                .rules = { {.name = "low", .when = "available < 100"} }                                                \
        }

static void setup(struct world *world)
{
        struct ruleset_spec spec = LOW;

        world_init(world, ruleset_build(&spec));
        world->by_pages = true;
        world_card(world, 1, 1, "500");
        assert_string_equal(world_polled(world), "");
}

/* Whether the poll passed over the page. */
static bool passes_over(struct world *world)
{
        unsigned alike = world->n_alike;

        assert_string_equal(world_polled(world), "");
        return world->n_alike > alike;
}

static int64_t stored_available(const struct world *world)
{
        for (size_t i = 0; i < world->stored.cards.n; i++)
                if (world->stored.cards.rows[i].card.id == 1)
                        return world->stored.cards.rows[i].card.available;
        return -1;
}

static void test_every_sixteenth_poll_reads_all(void **state)
{
        struct world world;
        int last = 0;

        (void)state;
        setup(&world);
        for (int poll = 1; poll <= 100; poll++) {
                if (passes_over(&world))
                        continue;
                if (last)
                        assert_int_equal(poll - last, 16);
                last = poll;
        }
        assert_in_range(last, 85, 100);
        world_deinit(&world);
}

/* Should a record ever say something else than its page did, that does not stay so. */
static void test_what_is_wrong_heals(void **state)
{
        struct world world;

        (void)state;
        setup(&world);
        assert_true(passes_over(&world));
        cw_snapshot_find(&world.engine->sources[0].snapshot, 1)->available = 600 * 100; /* cents */
        for (int poll = 0; poll < 16; poll++)
                passes_over(&world);
        assert_int_equal(cw_snapshot_find(&world.engine->sources[0].snapshot, 1)->available, 500 * 100);
        world_deinit(&world);
}

/* The page is passed over because the engine took it; what the engine took is still to be written. */
static void test_a_commit_that_failed_loses_nothing(void **state)
{
        static const char firing[] = "chat firing: low/1 firing 50.00\n";
        static const struct {
                const char *name, *after; /* told when the disk has room again */
                unsigned passed_over; /* polls while it has none */
                bool dies; /* with the disk still full */
        } cases[] = {
                {"the change is written by the next commit that succeeds", "", 1, false},
                {"however many polls passed over its page", "", 7, false},
                {"a process that dies knows no page, and decides again", firing, 1, true},
                {"however many polls passed over it, too", firing, 7, true},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct world world;

                print_message("  %s\n", cases[i].name);
                setup(&world);
                world.disk_full = true;
                world_card(&world, 1, 1, "50");
                assert_string_equal(world_polled(&world), firing); /* a full disk silences nobody */
                for (unsigned k = 0; k < cases[i].passed_over; k++)
                        assert_true(passes_over(&world));
                assert_int_equal(stored_available(&world), 500 * CW_AMOUNT_UNIT);
                world.disk_full = false;
                if (cases[i].dies)
                        world_restart(&world, NULL);
                assert_string_equal(world_polled(&world), cases[i].after);
                assert_int_equal(stored_available(&world), 50 * CW_AMOUNT_UNIT);
                assert_true(passes_over(&world));
                world_restart(&world, NULL);
                assert_false(passes_over(&world));
                world_deinit(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_sixteenth_poll_reads_all),
                cmocka_unit_test(test_what_is_wrong_heals),
                cmocka_unit_test(test_a_commit_that_failed_loses_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
