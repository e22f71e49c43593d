/* SPDX-License-Identifier: Apache-2.0 */
/* What a receiver believes, for whom has to hear it again; and how it stands with the groups of a message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/engine_view.h"
#include "cardwatch/notice.h"
#include "cardwatch/outbox.h"
#include "receivers.h"
#include "world.h"

static const struct ruleset_spec spec = {
        .rules = {{.name = "low",
                   .levels = {{CW_SEVERITY_WARNING, "available < 100"}, {CW_SEVERITY_CRITICAL, "available < 0"}},
                   .clear = "available >= 120"}},
        .one_group = true,
        .builtins_off = ~0u};

static void begin(struct world *world)
{
        world_init(world, ruleset_build(&spec));
        for (int64_t card = 1; card <= 3; card++)
                world_card(world, 11, card, "500");
        world_polled(world);
}

/* How many it believes, and how bad the only one is. */
static size_t told(const struct world *world, enum cw_severity *ret_severity)
{
        struct cw_told told;
        size_t n;

        assert_int_equal(cw_engine_told(world->engine, 0, &told), 0);
        n = told.n;
        if (n > 0)
                *ret_severity = told.items[0].entry->severity;
        cw_told_deinit(&told);
        return n;
}

static void test_what_a_receiver_believes(void **state)
{
        enum cw_severity severity = CW_SEVERITY_NONE;
        struct world world;

        (void)state;
        begin(&world);
        assert_int_equal(told(&world, &severity), 0);

        world.receivers[0].mood = FAILS;
        world_card(&world, 11, 1, "50");
        world_polled(&world);
        assert_int_equal(told(&world, &severity), 0); /* it has not got the message */

        world.receivers[0].mood = ACCEPTS;
        world.now += 3600000;
        world_polled(&world);
        assert_int_equal(told(&world, &severity), 1);
        assert_int_equal(severity, CW_SEVERITY_WARNING);

        world_restart(&world, NULL);
        assert_int_equal(told(&world, &severity), 1);

        world.receivers[0].mood = FAILS;
        world_card(&world, 11, 1, "-1");
        world_polled(&world);
        assert_int_equal(told(&world, &severity), 1);
        assert_int_equal(severity, CW_SEVERITY_WARNING); /* it has not heard of worse */

        world_card(&world, 11, 1, "500");
        world_polled(&world);
        assert_int_equal(told(&world, &severity), 0); /* what is over is not told again, whoever believes it */
        world_deinit(&world);
}

/* Of the next message: whether its group is over, and how many it held. */
static void look(struct world *world, bool over, size_t most_members)
{
        const struct cw_notice *notice;
        struct message message;

        assert_true(receiver_take(world, 0, &message));
        assert_int_equal(cw_outbox_notice(cw_engine_outbox(world->engine), message.sequence, world->now, true, &notice),
                         0);
        assert_int_equal(notice->over, over);
        assert_int_equal(notice->most_members, most_members);
        receiver_accepts(world, &message);
}

static void poll(struct world *world)
{
        world->now += 60000;
        world_poll(world, &(struct world_poll){.auth = CW_AUTH_OK});
}

static void test_how_it_stands_with_a_group(void **state)
{
        struct world world;

        (void)state;
        begin(&world);
        world_card(&world, 11, 1, "50");
        world_card(&world, 11, 2, "50");
        poll(&world);
        look(&world, false, 2);
        world_card(&world, 11, 1, "500");
        poll(&world);
        look(&world, false, 2);
        world_card(&world, 11, 2, "500");
        poll(&world);
        look(&world, true, 2);
        world_deinit(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_a_receiver_believes),
                cmocka_unit_test(test_how_it_stands_with_a_group),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
