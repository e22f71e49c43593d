/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/work.h"

#include <errno.h>
#include <stdlib.h>

#include "uvloop.h"

/*
 * A call on libuv's worker pool, and the news that it is done.
 */

struct work {
        uv_work_t uv;
        struct cw_loop *loop;
        struct cw_call call;
        cw_work_fn run;
        cw_work_fn done;
        void *data;
};

static void on_worker(uv_work_t *request)
{
        struct work *work = request->data;

        work->run(work->data);
}

static void tell(void *data)
{
        struct work *work = data;
        cw_work_fn done = work->done;
        void *done_data = work->data;

        free(work);
        done(done_data);
}

static void on_done(uv_work_t *request, int status)
{
        struct work *work = request->data;

        (void)status; /* nothing is ever cancelled */
        if (!cw_loop_holds_back(work->loop, &work->call))
                tell(work);
}

int cw_work_submit(struct cw_loop *loop, cw_work_fn run, cw_work_fn done, void *data)
{
        struct work *work = calloc(1, sizeof(*work));
        int r;

        if (!work)
                return -ENOMEM;
        work->uv.data = work;
        work->loop = loop;
        work->call = (struct cw_call){.fn = tell, .data = work};
        work->run = run;
        work->done = done;
        work->data = data;
        r = uv_queue_work(cw_loop_uv(loop), &work->uv, on_worker, on_done);
        if (r < 0)
                free(work);
        return r;
}
