/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_LOOP_H
#define CARDWATCH_LOOP_H

#include <stdint.h>

/*
 * Loop: the event loop, its timers, signals and worker pool (libuv behind it, in no header).
 *
 * One loop a process, one thread turns it. Callbacks run on that thread and never from inside the call that started
 * them; what comes at the same time is spread over turns, in order. Everything made on a loop is let go of before
 * cw_loop_free, which turns the loop until libuv has closed it all. The process ignores SIGPIPE from cw_loop_new on: a
 * peer that went away is a failed write.
 */

struct cw_loop;
struct cw_timer;
struct cw_signal;

int cw_loop_new(struct cw_loop **ret_loop) __attribute__((warn_unused_result));

/* Closes the loop; asserts that nothing was left open on it. */
void cw_loop_free(struct cw_loop *loop);

/* Turns until cw_loop_stop, or until nothing is left that could happen. A call that is made aside (work.h) is waited
 * for. */
void cw_loop_run(struct cw_loop *loop);
void cw_loop_stop(struct cw_loop *loop);

/*
 * How long its turns took, waiting left out: what comes during a turn waits for its end. On a machine that is busy with
 * other things much of that is waiting for a processor. Counted since cw_loop_new, and cheap.
 */
enum { CW_LOOP_BOUNDS_COUNT = 10 };

struct cw_loop_turns {
        uint64_t within[CW_LOOP_BOUNDS_COUNT +
                        1]; /* turns above the bound before, up to this one; the last: above all */
        uint64_t turns, busy_us, longest_us;
        uint64_t longest_cpu_us,
                long_cpu; /* by the processor's time alone: the longest, and how many took above 5 ms */
};
extern const uint32_t cw_loop_bounds_us[CW_LOOP_BOUNDS_COUNT];
struct cw_loop_turns cw_loop_turns(const struct cw_loop *loop);

/* Tells of each turn that is over. */
typedef void (*cw_loop_turn_fn)(void *data, uint64_t busy_us, uint64_t cpu_us);
void cw_loop_watch_turns(struct cw_loop *loop, cw_loop_turn_fn fn, void *data);

typedef void (*cw_timer_fn)(void *data);

int cw_timer_new(struct cw_loop *loop, cw_timer_fn fn, void *data, struct cw_timer **ret_timer)
        __attribute__((warn_unused_result));
/* Once, `delay_ms` from now (0: the next turn); starting a started timer moves it. */
void cw_timer_start(struct cw_timer *timer, uint64_t delay_ms);
void cw_timer_stop(struct cw_timer *timer);
void cw_timer_free(struct cw_timer *timer);

/* A signal that is waited for does not keep the loop turning. */
typedef void (*cw_signal_fn)(void *data, int signum);

int cw_signal_new(struct cw_loop *loop, int signum, cw_signal_fn fn, void *data, struct cw_signal **ret_signal)
        __attribute__((warn_unused_result));
void cw_signal_free(struct cw_signal *signal);

#endif
