/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_NET_UVLOOP_H
#define CARDWATCH_NET_UVLOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uv.h>

/*
 * What the modules of this layer know of the loop and the others do not: that it is libuv's.
 */

struct cw_loop;
struct cw_timer;

uv_loop_t *cw_loop_uv(struct cw_loop *loop);

/* A call to somebody above this layer, embedded in whatever makes it. */
struct cw_call {
        void (*fn)(void *data);
        void *data;
        bool waits;
        TAILQ_ENTRY(cw_call) link;
};

/* While the loop is held (cw_work_aside), the call waits for its release, and after a turn's share (cw_loop_has_enough)
 * for the next one; then true is returned: it must not be made now. A call that waits already goes on waiting. */
bool cw_loop_holds_back(struct cw_loop *loop, struct cw_call *call);
void cw_loop_forget(struct cw_loop *loop, struct cw_call *call);

/* For who serves sockets, which goes on while the loop is held: whether this turn took its share, so that what is not
 * urgent is left to the next one; and which turn it is, of which at least one thing has to be done. Never true when the
 * loop ends. */
bool cw_loop_took_share(struct cw_loop *loop);
uint64_t cw_loop_turn(const struct cw_loop *loop);

void cw_loop_hold(struct cw_loop *loop);
/* `first`, then what waits, in order, until one of them holds the loop again or the turn has enough. */
void cw_loop_release(struct cw_loop *loop, struct cw_call *first);

/* The timer's callback only serves sockets, and calls nobody above: it goes on while the loop is held. */
void cw_timer_serves_sockets(struct cw_timer *timer);

/* For callbacks of signals, whose arrival libuv does not tell from waiting: the turn begins now. */
void cw_loop_interrupted(struct cw_loop *loop);

#endif
