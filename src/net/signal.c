/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "cardwatch/loop.h"
#include "uvloop.h"

/*
 * Signals as callbacks on the loop.
 *
 * They do not keep the loop turning: a program whose work is done ends without being told to.
 */

struct cw_signal {
        uv_signal_t uv;
        struct cw_loop *loop;
        struct cw_call call;
        cw_signal_fn fn;
        void *data;
};

static void tell(void *data)
{
        struct cw_signal *sig = data;

        sig->fn(sig->data, sig->uv.signum);
}

static void on_signal(uv_signal_t *handle, int signum)
{
        struct cw_signal *sig = handle->data;

        (void)signum; /* the one it was made for */
        cw_loop_interrupted(sig->loop);
        if (!cw_loop_holds_back(sig->loop, &sig->call))
                tell(sig);
}

static void on_closed(uv_handle_t *handle)
{
        free(handle->data);
}

int cw_signal_new(struct cw_loop *loop, int signum, cw_signal_fn fn, void *data, struct cw_signal **ret_signal)
{
        struct cw_signal *sig = calloc(1, sizeof(*sig));
        int r;

        if (!sig)
                return -ENOMEM;
        sig->loop = loop;
        sig->call = (struct cw_call){.fn = tell, .data = sig};
        sig->fn = fn;
        sig->data = data;
        r = uv_signal_init(cw_loop_uv(loop), &sig->uv);
        if (r < 0) {
                free(sig);
                return r;
        }
        sig->uv.data = sig;
        r = uv_signal_start(&sig->uv, on_signal, signum);
        if (r < 0) {
                uv_close((uv_handle_t *)&sig->uv, on_closed);
                return r;
        }
        uv_unref((uv_handle_t *)&sig->uv);
        *ret_signal = sig;
        return 0;
}

void cw_signal_free(struct cw_signal *sig)
{
        if (!sig || uv_is_closing((uv_handle_t *)&sig->uv))
                return;
        cw_loop_forget(sig->loop, &sig->call);
        uv_close((uv_handle_t *)&sig->uv, on_closed);
}
