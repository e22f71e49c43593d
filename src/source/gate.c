/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: two counters and a turn; a slot that is always kept free needs no queue to be fair. */
#include "gate.h"

#include <assert.h>

#include "cardwatch/clock.h"

/* An API that asks for more is asked again after this: nobody wants to be blind for a day by one header's mistake. */
#define HOLD_MAX_MS CW_HOUR_MS

void cw_gate_init(struct cw_gate *gate, unsigned concurrency, bool shared)
{
        *gate = (struct cw_gate){
                .concurrency = concurrency > 0 ? concurrency : 1,
                .shared = shared,
                .last = CW_GATE_WATCH,
                .held_until = INT64_MIN,
        };
}

bool cw_gate_may(const struct cw_gate *gate, enum cw_gate_lane lane)
{
        unsigned all = gate->flying[CW_GATE_POLL] + gate->flying[CW_GATE_WATCH];
        unsigned most = gate->shared && gate->concurrency > 1 ? gate->concurrency - 1 : gate->concurrency;

        return all < gate->concurrency && gate->flying[lane] < most;
}

enum cw_gate_lane cw_gate_first(const struct cw_gate *gate)
{
        return gate->last == CW_GATE_POLL ? CW_GATE_WATCH : CW_GATE_POLL;
}

void cw_gate_sent(struct cw_gate *gate, enum cw_gate_lane lane)
{
        gate->flying[lane]++;
        gate->last = lane;
}

void cw_gate_landed(struct cw_gate *gate, enum cw_gate_lane lane)
{
        assert(gate->flying[lane] > 0);
        gate->flying[lane]--;
}

bool cw_gate_hold(struct cw_gate *gate, int64_t asked_ms, int64_t now)
{
        int64_t until = now + (asked_ms < HOLD_MAX_MS ? asked_ms : HOLD_MAX_MS);
        bool was_open = gate->held_until <= now;

        if (until > gate->held_until)
                gate->held_until = until;
        return was_open && until > now;
}
