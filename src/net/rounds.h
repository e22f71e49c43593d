/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_ROUNDS_H
#define CARDWATCH_NET_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Rounds: who of those that are ready at the same time is served on this turn of the loop, and who is told again.
 *
 * A turn that took its share serves one all the same, so that each turn gets on. While somebody was passed over, nobody
 * is served a second time: else those that are named first, and have always something, would leave nothing to the
 * others. Whoever is passed over is ready still and will be named again on the next turn.
 */

struct cw_rounds {
        uint64_t turn; /* on which the last was named */
        uint64_t round;
        bool served, passed_over; /* somebody was, on that turn */
};

/* Turns count from 1. Whether it matters for the next one if this turn took its share. */
static inline bool cw_rounds_served(const struct cw_rounds *rounds, uint64_t turn)
{
        return rounds->served && rounds->turn == turn;
}

/* Whether the one that is ready is served now. `theirs` is its last round, first 0. */
static inline bool cw_rounds_serve(struct cw_rounds *rounds, uint64_t *theirs, uint64_t turn, bool took_share)
{
        if (rounds->turn != turn) {
                rounds->turn = turn;
                rounds->round += !rounds->passed_over;
                rounds->served = rounds->passed_over = false;
        }
        if (*theirs == rounds->round)
                return false;
        rounds->passed_over |= took_share && rounds->served;
        if (took_share && rounds->served)
                return false;
        *theirs = rounds->round;
        rounds->served = true;
        return true;
}

#endif
