/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_PUMP_H
#define CARDWATCH_SOURCE_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gate.h"
#include "phase.h"

/*
 * Pump: the one place that decides what a source does next; the poll and the faster lane are asked in turn.
 *
 * Steps (cw_poll_step, cw_watch_step) return whether they did something; one that waits for a time says so with
 * cw_source_wake_at. They run in callbacks of the loop only, and the listener may free or pause the source in each.
 */

struct cw_source;

/* Does whatever can be done now and sets the timer for what comes later. */
void cw_source_pump(struct cw_source *source);

/* The same on the loop's next turn: for calls from outside. */
void cw_source_wake(struct cw_source *source);
void cw_source_wake_at(struct cw_source *source, int64_t mono);

void cw_source_enter(struct cw_source *source, enum cw_phase_event event);

enum cw_source_leave {
        CW_LEAVE_NOW, /* a request may go out at once */
        CW_LEAVE_LATER, /* not yet; it is seen to that the pump runs again */
        CW_LEAVE_LOGIN, /* a login went out instead */
        CW_LEAVE_NEVER, /* no login is possible; `reason` says why */
};

/* Whether whoever is in that lane may send a request now. */
enum cw_source_leave cw_source_ask_leave(struct cw_source *source, enum cw_gate_lane lane, char *reason, size_t size);

/* Whether a token in doubt is being tried, and everything waits for that. */
bool cw_source_probes(const struct cw_source *source);

/* poll.c */
bool cw_poll_step(struct cw_source *source);
bool cw_poll_runs(const struct cw_source *source);
/* Nothing further is asked for in this poll; what is under way counts. */
void cw_poll_give_up(struct cw_source *source, const char *reason);
/* And what is under way does not count, either. */
void cw_poll_stop(struct cw_source *source, const char *reason);

/* watch.c */
bool cw_watch_step(struct cw_source *source);
/* All rounds under way end; what they have not read has failed. */
void cw_watch_stop(struct cw_source *source, const char *reason);

#endif
