/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_WORK_H
#define CARDWATCH_WORK_H

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

#endif
