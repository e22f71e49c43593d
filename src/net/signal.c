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
        cw_signal_fn fn;
        void *data;
};

static void on_signal(uv_signal_t *handle, int signum)
{
        struct cw_signal *sig = handle->data;

        sig->fn(sig->data, signum);
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
        uv_close((uv_handle_t *)&sig->uv, on_closed);
}
