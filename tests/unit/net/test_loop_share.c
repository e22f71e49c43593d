/* SPDX-License-Identifier: Apache-2.0 */
/* Who comes at the same time shares turns of the loop (cw_loop_has_enough): in order, and never for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/loop.h"
#include "cardwatch/work.h"

/* Callers that come at the same time, each with enough for a turn: who was called, and on which turn. */
struct crowd {
        struct cw_loop *loop;
        struct caller {
                struct crowd *crowd;
                struct cw_timer *timer;
                uint64_t turn;
        } callers[4];
        char told[8];
};

static void take_a_share(void *data)
{
        struct caller *caller = data;
        struct crowd *crowd = caller->crowd;

        crowd->told[strlen(crowd->told)] = (char)('0' + (caller - crowd->callers));
        caller->turn = cw_loop_turns(crowd->loop).turns;
        usleep(2500);
        assert_true(cw_loop_has_enough(crowd->loop));
}

static void crowd_comes(struct crowd *crowd, uint64_t delay_ms)
{
        *crowd = (struct crowd){0};
        assert_int_equal(cw_loop_new(&crowd->loop), 0);
        for (size_t i = 0; i < CW_ARRAY_SIZE(crowd->callers); i++) {
                crowd->callers[i].crowd = crowd;
                assert_int_equal(cw_timer_new(crowd->loop, take_a_share, &crowd->callers[i], &crowd->callers[i].timer),
                                 0);
                cw_timer_start(crowd->callers[i].timer, delay_ms);
        }
}

static void crowd_goes(struct crowd *crowd)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(crowd->callers); i++)
                cw_timer_free(crowd->callers[i].timer);
        cw_loop_free(crowd->loop);
}

static void test_what_comes_at_once_is_spread_over_turns(void **state)
{
        struct crowd crowd;

        (void)state;
        crowd_comes(&crowd, 1);
        cw_loop_run(crowd.loop);
        assert_string_equal(crowd.told, "0123");
        for (size_t i = 1; i < CW_ARRAY_SIZE(crowd.callers); i++)
                assert_true(crowd.callers[i].turn > crowd.callers[i - 1].turn);
        crowd_goes(&crowd);
}

/* The first lets go of the one behind it, and moves the last but one; both wait for their turn. */
static void let_go_of_who_waits(void *data)
{
        struct crowd *crowd = data;

        crowd->told[strlen(crowd->told)] = 'l';
        usleep(2500);
        cw_timer_free(cw_take(crowd->callers[1].timer));
        cw_timer_start(crowd->callers[2].timer, 30);
}

static void test_who_waits_for_a_turn_can_be_let_go_of_and_moved(void **state)
{
        struct cw_timer *meddler;
        struct crowd crowd;

        (void)state;
        crowd_comes(&crowd, 1);
        assert_int_equal(cw_timer_new(crowd.loop, let_go_of_who_waits, &crowd, &meddler), 0);
        cw_timer_start(meddler, 1);
        for (size_t i = 0; i < CW_ARRAY_SIZE(crowd.callers); i++)
                cw_timer_start(crowd.callers[i].timer, 1); /* behind it */
        cw_loop_run(crowd.loop);
        assert_string_equal(crowd.told, "l032");
        cw_timer_free(meddler);
        crowd_goes(&crowd);
}

#define GOES_ON_MOST 50

struct restless {
        struct cw_loop *loop;
        struct cw_timer *timers[2];
        int calls;
};

static void go_on_and_on(struct restless *restless, size_t which)
{
        usleep(2500);
        if (++restless->calls < GOES_ON_MOST)
                cw_timer_start(restless->timers[which], 0);
        if (restless->calls == 3)
                cw_loop_stop(restless->loop);
}

static void one_goes_on(void *data)
{
        go_on_and_on(data, 0);
}

static void other_goes_on(void *data)
{
        go_on_and_on(data, 1);
}

/* What waits when it is stopped is called; what they would do then is not waited for. */
static void test_a_loop_that_is_stopped_ends_whatever_its_callers_go_on_with(void **state)
{
        struct restless restless = {.calls = 0};

        (void)state;
        assert_int_equal(cw_loop_new(&restless.loop), 0);
        assert_int_equal(cw_timer_new(restless.loop, one_goes_on, &restless, &restless.timers[0]), 0);
        assert_int_equal(cw_timer_new(restless.loop, other_goes_on, &restless, &restless.timers[1]), 0);
        cw_timer_start(restless.timers[0], 1);
        cw_timer_start(restless.timers[1], 1);
        cw_loop_run(restless.loop);
        assert_in_range(restless.calls, 3, 10);
        cw_timer_free(restless.timers[0]);
        cw_timer_free(restless.timers[1]);
        cw_loop_free(restless.loop);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_comes_at_once_is_spread_over_turns),
                cmocka_unit_test(test_who_waits_for_a_turn_can_be_let_go_of_and_moved),
                cmocka_unit_test(test_a_loop_that_is_stopped_ends_whatever_its_callers_go_on_with),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
