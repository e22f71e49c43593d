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
 */

struct cw_loop {
        uv_loop_t uv;
};

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
