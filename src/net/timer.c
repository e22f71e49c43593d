/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/loop.h"
#include "uvloop.h"

/*
 * Timers on the loop.
 *
 * A delay of 0 means the next turn and is an idle handle, not a timer: libuv runs a timer that was set to now from a
 * timer's callback in the same turn, so that one that keeps setting itself would leave no turn to anybody else. A timer
 * that is due while the loop is held waits for its release.
 */

struct cw_timer {
        struct cw_loop *loop;
        struct cw_call call;
        uv_timer_t later;
        uv_idle_t next_turn;
        unsigned open;
        bool freed;
        bool serves_sockets;
};

static void due(struct cw_timer *timer)
{
        cw_timer_stop(timer);
        if (timer->serves_sockets || !cw_loop_holds_back(timer->loop, &timer->call))
                timer->call.fn(timer->call.data);
}

static void on_later(uv_timer_t *handle)
{
        due(handle->data);
}

static void on_next_turn(uv_idle_t *handle)
{
        due(handle->data);
}

static void on_closed(uv_handle_t *handle)
{
        struct cw_timer *timer = handle->data;

        timer->open--;
        if (timer->open == 0)
                free(timer);
}

int cw_timer_new(struct cw_loop *loop, cw_timer_fn fn, void *data, struct cw_timer **ret_timer)
{
        struct cw_timer *timer = calloc(1, sizeof(*timer));
        int r;

        if (!timer)
                return -ENOMEM;
        timer->loop = loop;
        timer->call = (struct cw_call){.fn = fn, .data = data};
        /* Neither can fail: they only fill in fields (libuv's manual says so of idle, its source of timer). */
        r = uv_timer_init(cw_loop_uv(loop), &timer->later);
        if (r < 0) {
                free(timer);
                return r;
        }
        (void)uv_idle_init(cw_loop_uv(loop), &timer->next_turn);
        timer->later.data = timer;
        timer->next_turn.data = timer;
        timer->open = 2;
        *ret_timer = timer;
        return 0;
}

void cw_timer_start(struct cw_timer *timer, uint64_t delay_ms)
{
        /* Who waits for the loop's release already keeps its place. */
        if (timer->freed || (delay_ms == 0 && timer->call.waits))
                return;
        cw_timer_stop(timer);
        if (delay_ms == 0) {
                (void)uv_idle_start(&timer->next_turn, on_next_turn);
                return;
        }
        /* The loop's idea of now is as old as the turn; a long callback must not shorten the delay. */
        uv_update_time(timer->later.loop);
        (void)uv_timer_start(&timer->later, on_later, delay_ms, 0);
}

void cw_timer_stop(struct cw_timer *timer)
{
        if (timer->freed)
                return;
        (void)uv_timer_stop(&timer->later);
        (void)uv_idle_stop(&timer->next_turn);
        cw_loop_forget(timer->loop, &timer->call);
}

void cw_timer_serves_sockets(struct cw_timer *timer)
{
        timer->serves_sockets = true;
}

void cw_timer_free(struct cw_timer *timer)
{
        if (!timer || timer->freed)
                return;
        cw_timer_stop(timer);
        timer->freed = true;
        uv_close((uv_handle_t *)&timer->later, on_closed);
        uv_close((uv_handle_t *)&timer->next_turn, on_closed);
}
