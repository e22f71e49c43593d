/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_GATE_H
#define CARDWATCH_SOURCE_GATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Gate: whether one more request may go out beside those under way.
 *
 * The poll and the faster lane share `concurrency`; of two slots and more one is kept free for whichever of them has
 * none, and a single one goes to them in turn, so that neither starves the other. What the API asked to wait for holds
 * both. Pure: time is monotonic and comes from outside.
 */

enum cw_gate_lane { CW_GATE_POLL, CW_GATE_WATCH, CW_N_GATE_LANES };

struct cw_gate {
        unsigned concurrency;
        bool shared; /* there is a faster lane */
        unsigned flying[CW_N_GATE_LANES];
        enum cw_gate_lane last; /* whose the last request was */
        int64_t held_until;
};

/* More at once than `concurrency` is none; 0 is 1. */
void cw_gate_init(struct cw_gate *gate, unsigned concurrency, bool shared);

bool cw_gate_may(const struct cw_gate *gate, enum cw_gate_lane lane);

/* Who is to be asked first whether it wants something. */
enum cw_gate_lane cw_gate_first(const struct cw_gate *gate);

void cw_gate_sent(struct cw_gate *gate, enum cw_gate_lane lane);
void cw_gate_landed(struct cw_gate *gate, enum cw_gate_lane lane);

/* Nothing goes out for so long, up to an hour. Returns whether nothing was held before. */
bool cw_gate_hold(struct cw_gate *gate, int64_t asked_ms, int64_t now);

#endif
