/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "cardwatch/cleanup.h"
#include "uvloop.h"

/*
 * The loop itself: made, turned, and closed only when libuv agrees that nothing is left.
 *
 * A turn is counted when the next one is about to wait: what passed since then, less what libuv says it waited.
 */

const uint32_t cw_loop_bounds_us[CW_LOOP_BOUNDS_COUNT] = {1000,  2000,   5000,   10000,  20000,
                                                          50000, 100000, 200000, 500000, 1000000};

struct cw_loop {
        uv_loop_t uv;
        uv_prepare_t before_waiting;
        uint64_t before_ns, waited_ns; /* when it was about to wait last, and how long it had waited by then */
        struct cw_loop_turns turns;
};

static void count_turn(struct cw_loop *loop, uint64_t busy_us)
{
        size_t bound = 0;

        while (bound < CW_LOOP_BOUNDS_COUNT && busy_us > cw_loop_bounds_us[bound])
                bound++;
        loop->turns.within[bound]++;
        loop->turns.turns++;
        loop->turns.busy_us += busy_us;
        if (busy_us > loop->turns.longest_us)
                loop->turns.longest_us = busy_us;
}

static void on_before_waiting(uv_prepare_t *handle)
{
        struct cw_loop *loop = handle->data;
        uint64_t now_ns = uv_hrtime(), waited_ns = uv_metrics_idle_time(&loop->uv);
        uint64_t passed_ns = now_ns - loop->before_ns, idle_ns = waited_ns - loop->waited_ns;

        if (loop->before_ns && idle_ns <= passed_ns)
                count_turn(loop, (passed_ns - idle_ns) / 1000);
        loop->before_ns = now_ns;
        loop->waited_ns = waited_ns;
}

struct cw_loop_turns cw_loop_turns(const struct cw_loop *loop)
{
        return loop->turns;
}

uv_loop_t *cw_loop_uv(struct cw_loop *loop)
{
        return &loop->uv;
}

int cw_loop_new(struct cw_loop **ret_loop)
{
        cw_autofree struct cw_loop *loop = calloc(1, sizeof(*loop));
        int r;

        if (!loop)
                return -ENOMEM;
        /* Neither libuv nor TLS libraries can write to a socket without it once the peer is gone. */
        if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
                return -errno;
        r = uv_loop_init(&loop->uv);
        if (r < 0)
                return r;
        (void)uv_loop_configure(&loop->uv, UV_METRICS_IDLE_TIME);
        (void)uv_prepare_init(&loop->uv, &loop->before_waiting); /* neither this nor starting it can fail */
        loop->before_waiting.data = loop;
        (void)uv_prepare_start(&loop->before_waiting, on_before_waiting);
        uv_unref((uv_handle_t *)&loop->before_waiting);
        *ret_loop = cw_take(loop);
        return 0;
}

static void close_leftover(uv_handle_t *handle, void *data)
{
        (void)data;
        /* Somebody forgot to let go: a bug, but one that must not become a shutdown that never ends. */
        assert(uv_is_closing(handle));
        if (!uv_is_closing(handle))
                uv_close(handle, NULL);
}

void cw_loop_free(struct cw_loop *loop)
{
        int r;

        if (!loop)
                return;
        uv_close((uv_handle_t *)&loop->before_waiting, NULL);
        uv_walk(&loop->uv, close_leftover, NULL);
        do
                r = uv_run(&loop->uv, UV_RUN_DEFAULT);
        while (r != 0);
        r = uv_loop_close(&loop->uv);
        assert(r == 0);
        if (r == 0)
                free(loop);
}

void cw_loop_run(struct cw_loop *loop)
{
        uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void cw_loop_stop(struct cw_loop *loop)
{
        uv_stop(&loop->uv);
}
