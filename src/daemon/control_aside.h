/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_CONTROL_ASIDE_H
#define CARDWATCH_DAEMON_CONTROL_ASIDE_H

struct cw_control_call;
struct cw_loop;

/*
 * Control aside: an answer for which all that fires is gone through, made on a thread while the loop is held (work.h).
 * Each waits for a turn of its own: on this one others may be asking.
 */

struct cw_control_asides;

/* The call has its options and an answer, and nothing of the request. */
typedef void (*cw_control_aside_fn)(struct cw_control_call *call, void *data);

int cw_control_asides_new(struct cw_loop *loop, struct cw_control_asides **ret_asides)
        __attribute__((warn_unused_result));

/* Those that wait are not made. Takes NULL. */
void cw_control_asides_free(struct cw_control_asides *asides);

/* Takes the call for later, or says a problem; `data` is let go of by `drop` in any case. */
void cw_control_start_aside(struct cw_control_call *call, cw_control_aside_fn run, void (*drop)(void *data),
                            void *data);

/* Likewise where many alerts fire; where few do it is made at once. */
void cw_control_go_through_alerts(struct cw_control_call *call, cw_control_aside_fn run, void (*drop)(void *data),
                                  void *data);

#endif
