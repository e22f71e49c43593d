/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"

#include "../../../src/source/phase.h"

#define TALE_MAX 12
#define END      CW_N_PHASE_EVENTS

static void test_tales(void **state)
{
        static const struct {
                const char *name;
                enum cw_phase_event events[TALE_MAX]; /* ended by END */
                enum cw_phase last;
        } cases[] = {
                {"a poll with look-ups",
                 {CW_PHASE_START, CW_PHASE_BEGIN, CW_PHASE_NAMED, CW_PHASE_END, END},
                 CW_PHASE_RESTING},
                {"a poll without", {CW_PHASE_START, CW_PHASE_BEGIN, CW_PHASE_END, END}, CW_PHASE_RESTING},
                {"a beat between polls is heard",
                 {CW_PHASE_START, CW_PHASE_BEGIN, CW_PHASE_END, CW_PHASE_WANT, END},
                 CW_PHASE_WANTED},
                {"a beat in the pages is left out",
                 {CW_PHASE_START, CW_PHASE_BEGIN, CW_PHASE_WANT, CW_PHASE_END, END},
                 CW_PHASE_RESTING},
                {"a beat in the look-ups is left out",
                 {CW_PHASE_START, CW_PHASE_BEGIN, CW_PHASE_NAMED, CW_PHASE_WANT, CW_PHASE_END, END},
                 CW_PHASE_RESTING},
                {"many beats while one is held are one",
                 {CW_PHASE_START, CW_PHASE_WANT, CW_PHASE_WANT, CW_PHASE_BEGIN, CW_PHASE_END, END},
                 CW_PHASE_RESTING},
                {"nothing begins before it is started", {CW_PHASE_WANT, CW_PHASE_BEGIN, END}, CW_PHASE_STOPPED},
                {"nothing begins unasked",
                 {CW_PHASE_START, CW_PHASE_BEGIN, CW_PHASE_END, CW_PHASE_BEGIN, END},
                 CW_PHASE_RESTING},
                {"a pause waits until all is still",
                 {CW_PHASE_START, CW_PHASE_BEGIN, CW_PHASE_PAUSE, END},
                 CW_PHASE_STOPPING},
                {"nothing is heard while it stops",
                 {CW_PHASE_START, CW_PHASE_BEGIN, CW_PHASE_PAUSE, CW_PHASE_WANT, CW_PHASE_END, CW_PHASE_NAMED,
                  CW_PHASE_BEGIN, END},
                 CW_PHASE_STOPPING},
                {"nor when it is still",
                 {CW_PHASE_START, CW_PHASE_BEGIN, CW_PHASE_PAUSE, CW_PHASE_STILL, CW_PHASE_WANT, END},
                 CW_PHASE_STOPPED},
                {"it starts again before it is still",
                 {CW_PHASE_START, CW_PHASE_BEGIN, CW_PHASE_PAUSE, CW_PHASE_START, END},
                 CW_PHASE_WANTED},
                {"a second pause is told again",
                 {CW_PHASE_START, CW_PHASE_PAUSE, CW_PHASE_STILL, CW_PHASE_PAUSE, END},
                 CW_PHASE_STOPPING},
                {"stillness alone stops nothing",
                 {CW_PHASE_START, CW_PHASE_STILL, CW_PHASE_BEGIN, CW_PHASE_STILL, END},
                 CW_PHASE_PAGES},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                enum cw_phase phase = CW_PHASE_STOPPED;

                for (size_t j = 0; cases[i].events[j] != END; j++)
                        phase = cw_phase_next(phase, cases[i].events[j]);
                if (phase != cases[i].last)
                        fail_msg("%s: it ends %s", cases[i].name, cw_phase_name(phase));
        }
}

static void test_every_cell(void **state)
{
        (void)state;
        for (unsigned phase = 0; phase < CW_N_PHASES; phase++) {
                assert_true(strlen(cw_phase_name(phase)) > 0);
                assert_int_equal(cw_phase_next(phase, CW_PHASE_PAUSE), CW_PHASE_STOPPING);
                for (unsigned event = 0; event < CW_N_PHASE_EVENTS; event++) {
                        enum cw_phase next = cw_phase_next(phase, event);

                        assert_in_range(next, 0, CW_N_PHASES - 1);
                        /* There is one way into a poll, so that there are never two. */
                        if (next == CW_PHASE_PAGES && phase != CW_PHASE_PAGES)
                                assert_true(phase == CW_PHASE_WANTED && event == CW_PHASE_BEGIN);
                        if (next == CW_PHASE_LOOK_UPS && phase != CW_PHASE_LOOK_UPS)
                                assert_true(phase == CW_PHASE_PAGES && event == CW_PHASE_NAMED);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tales),
                cmocka_unit_test(test_every_cell),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
