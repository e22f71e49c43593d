/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"

#include "../../../src/net/rounds.h"

#define SOCKETS 4

/* A turn: those that are ready, in the order in which they are named, each of which takes so much of the share. */
struct crowd {
        struct cw_rounds rounds;
        uint64_t theirs[SOCKETS];
        uint64_t turn;
};

static void take_turn(struct crowd *crowd, const char *ready, int most, char *ret_served)
{
        int served = 0;

        crowd->turn++;
        assert_false(cw_rounds_served(&crowd->rounds, crowd->turn));
        for (; *ready; ready++) {
                if (!cw_rounds_serve(&crowd->rounds, &crowd->theirs[*ready - 'a'], crowd->turn, served >= most))
                        continue;
                assert_true(cw_rounds_served(&crowd->rounds, crowd->turn));
                ret_served[served++] = *ready;
        }
        ret_served[served] = '\0';
}

static void test_who_is_served(void **state)
{
        static const struct {
                const char *name;
                const char *ready[6]; /* on each turn */
                int most; /* from which on the share is taken: 0 from the beginning */
                const char *served[6];
        } cases[] = {
                {"all that are ready, while there is time", {"abcd", "abcd"}, 9, {"abcd", "abcd"}},
                {"one, where the share was taken already", {"abcd", "bcd", "cd", "d"}, 0, {"a", "b", "c", "d"}},
                {"who has always something leaves the next turns to others",
                 {"abcd", "abcd", "abcd", "abcd", "abcd"},
                 1,
                 {"a", "b", "c", "d", "a"}},
                {"two who have always something do not take turns with each other alone",
                 {"abcd", "abcd", "abcd"},
                 2,
                 {"ab", "cd", "ab"}},
                {"who is new comes in the round that is under way",
                 {"ab", "abc", "abc", "abc"},
                 1,
                 {"a", "b", "c", "a"}},
                {"who was passed over may be gone; the others wait a turn at most",
                 {"ab", "a", "a", "a"},
                 1,
                 {"a", "", "a", "a"}},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct crowd crowd = {0};
                char served[SOCKETS + 1];

                for (size_t turn = 0; turn < 6 && cases[i].ready[turn]; turn++) {
                        take_turn(&crowd, cases[i].ready[turn], cases[i].most, served);
                        if (strcmp(served, cases[i].served[turn]) != 0)
                                fail_msg("%s: turn %zu serves \"%s\"", cases[i].name, turn, served);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_is_served),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
