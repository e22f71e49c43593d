/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: receivers that take whatever comes at once. A message is rendered as its channel renders it, so that what
 * cannot be rendered fails here as it would there, and once more as the webhook's body, which is what tests speak of.
 */
#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/engine.h"
#include "cardwatch/event.h"
#include "cardwatch/outbox.h"
#include "cardwatch/render.h"
#include "cardwatch/settings.h"
#include "cardwatch/sink.h"
#include "world_private.h"

static int render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload,
                  struct cw_buf *json)
{
        struct cw_render_options words = {
                .external_url = options->external_url, .templates = options->templates, .title = options->title};
        int r;

        r = cw_sink_render(options, notice, payload);
        if (r == 0)
                r = cw_render_json(notice, &words, json);
        return r;
}

static void report(struct cw_world *world, uint64_t sequence, int r, const struct cw_buf *payload)
{
        struct cw_event event = {.kind = CW_EVENT_RENDERED, .message = {.sequence = sequence}};

        if (r == 0) {
                event.message.payload = payload->len ? payload->data : "-";
                event.message.payload_len = payload->len ? payload->len : 1;
                cw_world_step(world, &event);
                event.kind = CW_EVENT_DELIVERED;
        } else {
                event.kind = CW_EVENT_ATTEMPT_FAILED;
                event.message.permanent = true;
                event.message.reason = "it cannot be rendered";
        }
        cw_world_step(world, &event);
}

static void deliver(struct cw_world *world, size_t notifier, uint64_t sequence)
{
        const struct cw_sink_options *options = &world->options.settings->notifiers[notifier].options;
        cw_cleanup(cw_buf_deinit) struct cw_buf payload = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf json = CW_BUF_NULL;
        struct cw_world_message message = {.notifier = notifier};
        int r;

        r = cw_outbox_notice(cw_engine_outbox(world->engine), sequence, world->now, cw_sink_lists_all(options->type),
                             &message.notice);
        if (r == 0 && world->options.renders)
                r = render(options, message.notice, &payload, &json);
        if (r == 0) {
                message.json = json.data;
                message.json_len = json.len;
                world->options.listener->sent(world->options.data, world->now, &message);
        }
        report(world, sequence, r, &payload);
}

bool cw_world_deliver(struct cw_world *world)
{
        struct cw_outgoing outgoing;
        bool any = false;

        for (size_t i = 0; i < world->n_notifiers; i++) {
                while (!world->error && cw_outbox_next(cw_engine_outbox(world->engine), i, world->now, &outgoing)) {
                        deliver(world, i, outgoing.sequence);
                        any = true;
                }
        }
        return any;
}
