/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"

#include "../../../src/source/gate.h"

static void test_shares(void **state)
{
        static const struct {
                const char *name;
                unsigned concurrency;
                bool shared;
                unsigned poll, watch; /* under way */
                bool poll_may, watch_may;
        } cases[] = {
                {"alone the poll has all", 4, false, 3, 0, true, true},
                {"and no more", 4, false, 4, 0, false, false},
                {"no concurrency is one", 0, false, 0, 0, true, true},
                {"one", 0, false, 1, 0, false, false},
                {"the poll leaves one to the watch", 4, true, 3, 0, false, true},
                {"the watch leaves one to the poll", 4, true, 0, 3, true, false},
                {"together they have all", 4, true, 2, 1, true, true},
                {"and no more together", 4, true, 2, 2, false, false},
                {"of two each has one", 2, true, 1, 0, false, true},
                {"a single one is for either", 1, true, 0, 0, true, true},
                {"but not for both", 1, true, 1, 0, false, false},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_gate gate;

                cw_gate_init(&gate, cases[i].concurrency, cases[i].shared);
                for (unsigned n = 0; n < cases[i].poll; n++)
                        cw_gate_sent(&gate, CW_GATE_POLL);
                for (unsigned n = 0; n < cases[i].watch; n++)
                        cw_gate_sent(&gate, CW_GATE_WATCH);
                if (cw_gate_may(&gate, CW_GATE_POLL) != cases[i].poll_may ||
                    cw_gate_may(&gate, CW_GATE_WATCH) != cases[i].watch_may)
                        fail_msg("%s", cases[i].name);
                if (cases[i].poll > 0) {
                        cw_gate_landed(&gate, CW_GATE_POLL);
                        assert_true(cw_gate_may(&gate, CW_GATE_POLL));
                }
        }
}

/* Whoever always wants is served as often as the other. */
static void test_turns(void **state)
{
        unsigned served[CW_N_GATE_LANES] = {0};
        uint32_t chance = 7;
        struct cw_gate gate;

        (void)state;
        for (unsigned concurrency = 1; concurrency < 6; concurrency++) {
                cw_gate_init(&gate, concurrency, true);
                memset(served, 0, sizeof(served));
                for (unsigned i = 0; i < 600; i++) {
                        enum cw_gate_lane lane = cw_gate_first(&gate);

                        if (!cw_gate_may(&gate, lane))
                                lane = lane == CW_GATE_POLL ? CW_GATE_WATCH : CW_GATE_POLL;
                        if (cw_gate_may(&gate, lane)) {
                                cw_gate_sent(&gate, lane);
                                served[lane]++;
                                continue;
                        }
                        chance = chance * 1103515245 + 12345;
                        lane = chance >> 16 & 1 ? CW_GATE_POLL : CW_GATE_WATCH;
                        if (gate.flying[lane] > 0)
                                cw_gate_landed(&gate, lane);
                }
                assert_true(served[CW_GATE_POLL] > 60);
                assert_true(served[CW_GATE_WATCH] > 60);
        }
}

static void test_holds(void **state)
{
        struct cw_gate gate;

        (void)state;
        cw_gate_init(&gate, 4, false);
        assert_true(gate.held_until <= 0);
        assert_true(cw_gate_hold(&gate, 3000, 100));
        assert_int_equal(gate.held_until, 3100);
        /* A shorter wait does not shorten it, a longer one is no news. */
        assert_false(cw_gate_hold(&gate, 1000, 200));
        assert_int_equal(gate.held_until, 3100);
        assert_false(cw_gate_hold(&gate, 4000, 200));
        assert_int_equal(gate.held_until, 4200);
        assert_true(cw_gate_hold(&gate, 1000, 4200));
        /* Nobody is kept blind for a year. */
        assert_false(cw_gate_hold(&gate, INT64_MAX, 5000));
        assert_int_equal(gate.held_until, 5000 + CW_HOUR_MS);
        assert_false(cw_gate_hold(&gate, 0, 5000 + CW_HOUR_MS));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_shares),
                cmocka_unit_test(test_turns),
                cmocka_unit_test(test_holds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
