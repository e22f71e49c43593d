/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the webhook's body, a line a message. JSON has no raw line breaks, so a line is a message and a message a line;
 * those that a template of one's own has become spaces.
 */
#include <errno.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/render_template.h"
#include "channel.h"

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
{
        struct cw_render_options words = cw_sink_words(options);
        cw_cleanup(cw_buf_deinit) struct cw_buf line = CW_BUF_NULL;
        int r = CW_RENDER_DEFAULT;

        if (options->body)
                r = cw_render_template(options->body, notice, &words, cw_render_escape_json, &line);
        if (r == CW_RENDER_DEFAULT || (r == 0 && line.len == 0))
                r = cw_render_json(notice, &words, &line);
        for (size_t i = 0; i < line.len; i++)
                if (line.data[i] == '\n' || line.data[i] == '\r')
                        line.data[i] = ' ';
        cw_buf_append(payload, line.data, line.len);
        cw_buf_putc(payload, '\n');
        return r < 0 ? r : cw_buf_error(&line);
}

static int request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                   int64_t now, struct cw_sink_request *ret)
{
        struct cw_wire_record *record;

        (void)id;
        (void)now;
        if (payload_len < 2 || (!options->body && payload[0] != '{') || payload[payload_len - 1] != '\n')
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
