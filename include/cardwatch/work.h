/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_WORK_H
#define CARDWATCH_WORK_H

#include <stdbool.h>

struct cw_loop;

/*
 * Work: blocking calls on the loop's worker pool.
 *
 * `run` is called on a worker thread, then `done` on the loop's thread, exactly once each. There is no cancelling: what
 * was begun is finished (a commit has no half). Order is kept by whoever submits: one at a time.
 */

typedef void (*cw_work_fn)(void *data);

int cw_work_submit(struct cw_loop *loop, cw_work_fn run, cw_work_fn done, void *data)
        __attribute__((warn_unused_result));

/*
 * A long call that has the process to itself: `run` is called on a thread of its own, and until `done` nobody else is
 * called back, as if it had been made here. Only sockets are served meanwhile, and other workers go on. What would have
 * been called follows `done` in the order in which it came. It is for callbacks that have nothing left to do but this:
 * what they touch afterwards, `run` may be touching. On failure nothing is called.
 */
int cw_work_aside(struct cw_loop *loop, cw_work_fn run, cw_work_fn done, void *data)
        __attribute__((warn_unused_result));

/* Whoever has many things to do one by one asks after each, and leaves the rest to a later turn: the loop is held, or
 * this turn took two milliseconds already. */
bool cw_loop_has_enough(struct cw_loop *loop);

#endif
