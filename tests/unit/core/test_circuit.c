/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations between a circuit and what happens to the messages of a notifier. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../../src/core/circuit.h"
#include "cardwatch/cleanup.h"

#define FULL UINT32_MAX /* the longest wait there can be */

/* One line of a conversation, at a time in seconds. */
struct line {
        int64_t at_s;
        enum { SUCCEEDS, FAILS, FAILS_AGAIN, PROBE_FAILS, PROBE_FAILS_AGAIN, FAILS_AMONG_SUCCESSES } what;
        enum cw_mishap kind;
        bool open; /* afterwards */
        int64_t probe_s; /* then: when the next probe may go */
        bool wants_unwritten;
};

static void play(const char *name, const struct line *lines, size_t n)
{
        struct cw_circuit circuit = {.era = 0};

        print_message("  %s\n", name);
        for (size_t i = 0; i < n; i++) {
                const struct line *line = &lines[i];
                struct cw_circuit_failure failure = {
                        .kind = line->kind,
                        .counted = line->what == FAILS_AGAIN || line->what == PROBE_FAILS_AGAIN,
                        .probe = line->what == PROBE_FAILS || line->what == PROBE_FAILS_AGAIN,
                        .alone = line->what != FAILS_AMONG_SUCCESSES,
                        .chance = FULL,
                };

                if (line->what == SUCCEEDS)
                        cw_circuit_succeeded(&circuit);
                else
                        cw_circuit_failed(&circuit, &failure, line->at_s * 1000);
                if (cw_circuit_is_open(&circuit) != line->open)
                        fail_msg("line %zu leaves it %s", i, line->open ? "closed" : "open");
                if (!line->open)
                        continue;
                if (cw_circuit_probe_at(&circuit, false) != line->probe_s * 1000)
                        fail_msg("line %zu: the next probe at %lld", i,
                                 (long long)cw_circuit_probe_at(&circuit, false));
                if (cw_circuit_wants_unwritten(&circuit, false) != line->wants_unwritten)
                        fail_msg("line %zu: %s", i, line->wants_unwritten ? "spends none" : "spends another message");
        }
}

static void test_when_it_opens_and_closes(void **state)
{
        static const struct line refused[] = {
                {0, FAILS, CW_MISHAP_UNREACHABLE, true, 1, false},
                {1, PROBE_FAILS_AGAIN, CW_MISHAP_UNREACHABLE, true, 3, false},
                {3, PROBE_FAILS_AGAIN, CW_MISHAP_UNREACHABLE, true, 7, false},
                {7, SUCCEEDS, 0, false, 0, false},
                {8, FAILS, CW_MISHAP_UNREACHABLE, true, 9, false},
        };
        static const struct line others_on_their_way[] = {
                {0, FAILS, CW_MISHAP_UNREACHABLE, true, 1, false},
                {0, FAILS, CW_MISHAP_UNREACHABLE, true, 1, false},
                {0, FAILS, CW_MISHAP_SILENCE, true, 1, false},
        };
        static const struct line poisoned[] = {
                {0, FAILS, CW_MISHAP_ANSWER, false, 0, false},
                {1, FAILS_AGAIN, CW_MISHAP_ANSWER, false, 0, false},
                {3, FAILS_AGAIN, CW_MISHAP_ANSWER, false, 0, false},
                {7, FAILS, CW_MISHAP_ANSWER, false, 0, false},
                {8, SUCCEEDS, 0, false, 0, false},
                {9, FAILS, CW_MISHAP_ANSWER, false, 0, false},
                {9, FAILS, CW_MISHAP_ANSWER, false, 0, false},
                {9, FAILS, CW_MISHAP_ANSWER, true, 10, true},
                {10, SUCCEEDS, 0, false, 0, false},
        };
        static const struct line hangs_alone[] = {
                {15, FAILS_AMONG_SUCCESSES, CW_MISHAP_SILENCE, false, 0, false},
                {30, FAILS_AMONG_SUCCESSES, CW_MISHAP_SILENCE, false, 0, false},
                {45, FAILS_AGAIN, CW_MISHAP_SILENCE, true, 46, true},
        };
        static const struct line silent[] = {
                {15, FAILS, CW_MISHAP_SILENCE, false, 0, false},
                {15, FAILS, CW_MISHAP_SILENCE, true, 16, true},
                {31, PROBE_FAILS, CW_MISHAP_UNREACHABLE, true, 33, false},
                {33, PROBE_FAILS_AGAIN, CW_MISHAP_SILENCE, true, 37, true},
        };

        (void)state;
        play("refused: at once, one probe after the other, twice as long each time", refused, CW_ARRAY_SIZE(refused));
        play("what was on its way makes no wait longer", others_on_their_way, CW_ARRAY_SIZE(others_on_their_way));
        play("answers: three different ones in a row", poisoned, CW_ARRAY_SIZE(poisoned));
        play("one that hangs while others are delivered hangs for itself", hangs_alone, CW_ARRAY_SIZE(hangs_alone));
        play("silence: two different ones; a refused connection is nobody's fault", silent, CW_ARRAY_SIZE(silent));
}

static void test_the_wait_has_an_end(void **state)
{
        struct cw_circuit circuit = {.era = 0};
        struct cw_circuit_failure failure = {
                .kind = CW_MISHAP_UNREACHABLE, .probe = true, .alone = true, .chance = FULL};
        int64_t now = 1;

        (void)state;
        for (int i = 0; i < 200; i++) {
                cw_circuit_failed(&circuit, &failure, now);
                assert_in_range(circuit.next_at - now, 1000, 15 * 60 * 1000);
                failure.counted = true;
                now = circuit.next_at;
        }
        assert_int_equal(circuit.next_at - circuit.failed_at, 15 * 60 * 1000);
        assert_int_equal(circuit.failing_since_at, 1);
}

/* Ten that failed, and no answer tells which is at fault: only now and then another one is spent. */
static void test_few_messages_are_spent(void **state)
{
        struct cw_circuit circuit = {.era = 0};
        struct cw_circuit_failure failure = {.kind = CW_MISHAP_ANSWER, .alone = true, .chance = FULL};

        (void)state;
        for (int i = 1; i <= 9; i++) {
                cw_circuit_failed(&circuit, &failure, 1000000);
                failure.probe = cw_circuit_is_open(&circuit);
        }
        print_message("  a new message does not wait for the poisoned ones\n");
        assert_true(cw_circuit_wants_unwritten(&circuit, false));
        assert_int_equal(cw_circuit_probe_at(&circuit, true), 1010000);
        assert_int_equal(cw_circuit_probe_at(&circuit, false), 1064000);
        cw_circuit_failed(&circuit, &failure, 1010000);
        print_message("  ten are not all poisoned\n");
        assert_false(cw_circuit_wants_unwritten(&circuit, false));
        assert_int_equal(cw_circuit_probe_at(&circuit, true), circuit.next_at);
        assert_true(cw_circuit_wants_unwritten(&circuit, true));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_when_it_opens_and_closes),
                cmocka_unit_test(test_the_wait_has_an_end),
                cmocka_unit_test(test_few_messages_are_spent),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
