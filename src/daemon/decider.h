/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_DECIDER_H
#define CARDWATCH_DAEMON_DECIDER_H

#include <stdint.h>

#include "cardwatch/event.h"

struct cw_committer;
struct cw_engine;
struct cw_log;
struct cw_loop;
struct cw_turns;

/*
 * Decider: tells the engine what happened, and what time it is.
 *
 * Most steps take microseconds and are made where they come up. Those that go through much at once, such as the end of
 * a poll that changed a hundred thousand cards, are made aside (work.h): the loop goes on turning, and nobody can ask
 * the engine anything before it is done.
 */

struct cw_decider;

struct cw_decider_options {
        struct cw_loop *loop;
        struct cw_log *log;
        struct cw_engine *engine;
        struct cw_committer *committer;
        struct cw_turns *turns;
        int64_t clocks_apart_ms; /* by how much the wall clock was ahead of the monotonic one when the engine was loaded
                                  */
};

int cw_decider_new(const struct cw_decider_options *options, struct cw_decider **ret_decider)
        __attribute__((warn_unused_result));
void cw_decider_free(struct cw_decider *decider);

void cw_decider_step(struct cw_decider *decider, const struct cw_event *event);

/* The last thing that a callback of the loop does: `done` follows at once, or when the step was made aside. What the
 * event borrows must last until then. */
typedef void (*cw_decided_fn)(void *data);
void cw_decider_step_aside(struct cw_decider *decider, const struct cw_event *event, cw_decided_fn done, void *data);

#endif
