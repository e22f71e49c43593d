/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_CONTROL_ASIDE_H
#define CARDWATCH_DAEMON_CONTROL_ASIDE_H

#include <stdbool.h>
#include <stddef.h>

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

/* An answer of this kind. */
struct cw_control_gathering {
        size_t size; /* of `data`, which is zeros at first and freed at the end */
        bool (*take)(struct cw_control_call *call, void *data); /* from the request; false: it was refused */
        cw_control_aside_fn run;
        void (*drop)(void *data); /* lets go of what `take` took, or began to; NULL: there is nothing */
};

/* Aside where many alerts fire; where few do it is made at once. Or says a problem. */
void cw_control_gather(struct cw_control_call *call, const struct cw_control_gathering *gathering);

#endif
