/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the webhook's body, a line a message. JSON has no raw line breaks, so a line is a message and a message a line.
 */
#include <errno.h>

#include "cardwatch/buf.h"
#include "cardwatch/render.h"
#include "channel.h"

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        int r;

        r = cw_render_json(notice, &(struct cw_render_options){.external_url = options->external_url}, payload);
        cw_buf_putc(payload, '\n');
        return r;
}

static int request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                   int64_t now, struct cw_sink_request *ret)
{
        struct cw_wire_record *record;

        (void)options;
        (void)id;
        (void)now;
        if (payload_len < 3 || payload[0] != '{' || payload[payload_len - 1] != '\n')
                return -EBADMSG;
        record = cw_sink_memory_new(ret, sizeof(*record));
        if (!record)
                return -ENOMEM;
        record->data = cw_sink_memory_copy(ret, payload, payload_len);
        if (!record->data)
                return -ENOMEM;
        record->len = payload_len;
        ret->transport = CW_TRANSPORT_WIRE;
        ret->records = record;
        ret->n_records = 1;
        return 0;
}

const struct cw_channel cw_channel_file = {"file", true, render, request, cw_judge_wire};
