/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "cardwatch/work.h"
#include "uvloop.h"

/*
 * A call on a thread of its own while the loop is held. Not on the worker pool: there it would wait for whoever reads
 * the store, and everybody for it.
 */

struct aside {
        uv_async_t over;
        struct cw_loop *loop;
        struct cw_call done;
        pthread_t thread;
        cw_work_fn run;
        void *data;
};

static void free_aside(uv_handle_t *handle)
{
        free(handle->data);
}

static void *on_thread(void *data)
{
        struct aside *aside = data;

        aside->run(aside->data);
        uv_async_send(&aside->over);
        return NULL;
}

static void on_over(uv_async_t *handle)
{
        struct aside *aside = handle->data;
        struct cw_call done = aside->done;
        struct cw_loop *loop = aside->loop;

        pthread_join(aside->thread, NULL);
        uv_close((uv_handle_t *)handle, free_aside);
        cw_loop_release(loop, &done);
}

int cw_work_aside(struct cw_loop *loop, cw_work_fn run, cw_work_fn done, void *data)
{
        struct aside *aside = calloc(1, sizeof(*aside));
        int r;

        if (!aside)
                return -ENOMEM;
        aside->loop = loop;
        aside->run = run;
        aside->done = (struct cw_call){.fn = done, .data = data};
        aside->data = data;
        r = uv_async_init(cw_loop_uv(loop), &aside->over, on_over);
        if (r < 0) {
                free(aside);
                return r;
        }
        aside->over.data = aside;
        r = -pthread_create(&aside->thread, NULL, on_thread, aside);
        if (r < 0) {
                uv_close((uv_handle_t *)&aside->over, free_aside);
                return r;
        }
        cw_loop_hold(loop);
        return 0;
}
