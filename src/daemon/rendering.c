/* SPDX-License-Identifier: Apache-2.0 */
#include "rendering.h"

#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/engine.h"
#include "cardwatch/notice.h"
#include "cardwatch/outbox.h"
#include "cardwatch/sink.h"

int cw_rendering_notice(const struct cw_rendering *rendering, const struct cw_notice **ret_notice)
{
        return cw_outbox_notice(cw_engine_outbox(rendering->engine), rendering->sequence, cw_clock_wall_ms(),
                                cw_sink_lists_all(rendering->options->type), ret_notice);
}

static int render(struct cw_rendering *rendering)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf payload = CW_BUF_NULL;
        const struct cw_notice *notice;
        struct cw_notice illustrated;
        int r = cw_rendering_notice(rendering, &notice);

        if (r < 0)
                return r;
        illustrated = *notice;
        illustrated.pictures = rendering->pictures;
        illustrated.n_pictures = rendering->n_pictures;
        /* What it tells may have changed since it was handed out, and its id with that. */
        memcpy(rendering->id, notice->id, sizeof(rendering->id));
        r = cw_sink_render(rendering->options, &illustrated, &payload);
        if (r == 0)
                r = cw_buf_error(&payload);
        if (r < 0)
                return r;
        rendering->payload_len = payload.len;
        return cw_buf_take(&payload, &rendering->payload);
}

void cw_rendering_run(void *data)
{
        struct cw_rendering *rendering = data;

        rendering->result = render(rendering);
}
