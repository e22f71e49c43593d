/* SPDX-License-Identifier: Apache-2.0 */
/* A message gets its bytes: a small one where it comes up, one about thousands of alerts aside, one after the other. */
#include <errno.h>
#include <string.h>

#include "cardwatch/event.h"
#include "cardwatch/loop.h"
#include "cardwatch/work.h"
#include "committer.h"
#include "delivery.h"

void cw_delivery_set_up_rendering(struct cw_delivery *delivery)
{
        delivery->rendering = (struct cw_rendering){
                .engine = delivery->dispatcher->options.engine,
                .sequence = delivery->sequence,
                .options = cw_delivery_options(delivery),
        };
}

/* The message has its bytes, for good. */
static int take_bytes(struct cw_delivery *delivery, struct cw_event *ret_rendered)
{
        if (delivery->rendering.result < 0)
                return delivery->rendering.result;
        memcpy(delivery->id, delivery->rendering.id, sizeof(delivery->id));
        delivery->payload = delivery->rendering.payload;
        delivery->payload_len = delivery->rendering.payload_len;
        *ret_rendered = (struct cw_event){
                .kind = CW_EVENT_RENDERED,
                .message = {.sequence = delivery->sequence,
                            .payload = delivery->payload,
                            .payload_len = delivery->payload_len},
        };
        return 0;
}

int cw_delivery_wait_for_commit(struct cw_delivery *delivery)
{
        return cw_committer_wait(delivery->dispatcher->options.committer, cw_delivery_committed, delivery);
}

int cw_delivery_render(struct cw_delivery *delivery, const struct cw_picture *pictures, size_t n_pictures)
{
        struct cw_event rendered;
        int r;

        delivery->rendering.pictures = pictures;
        delivery->rendering.n_pictures = n_pictures;
        cw_rendering_run(&delivery->rendering);
        r = take_bytes(delivery, &rendered);
        if (r < 0)
                return r;
        delivery->dispatcher->options.step(delivery->dispatcher->options.data, &rendered);
        return cw_delivery_wait_for_commit(delivery);
}

/* It was rendered on a turn of its own, or was not. A message that ended meanwhile is recorded by whoever ended it. */
void cw_delivery_go_on(struct cw_delivery *delivery, int r)
{
        struct cw_dispatcher *dispatcher = delivery->dispatcher;

        if (r < 0 && r != -ENOENT)
                cw_delivery_failed(delivery, CW_MISHAP_ANSWER, r != -ENOMEM, 0, strerror(-r));
        if (r < 0)
                cw_delivery_settle(delivery);
        else
                cw_committer_commit(dispatcher->options.committer);
        if (!STAILQ_EMPTY(&dispatcher->large))
                cw_timer_start(dispatcher->next_large, 0);
}

static void large_told(void *data)
{
        cw_delivery_go_on(data, cw_delivery_wait_for_commit(data));
}

static void run_large(void *data)
{
        struct cw_delivery *delivery = data;

        cw_rendering_run(&delivery->rendering);
}

static void large_rendered(void *data)
{
        struct cw_delivery *delivery = data;
        struct cw_event rendered;
        int r = take_bytes(delivery, &rendered);

        if (r < 0)
                cw_delivery_go_on(delivery, r);
        else
                delivery->dispatcher->options.step_aside(delivery->dispatcher->options.data, &rendered, large_told,
                                                         delivery);
}

/* A message about thousands of alerts, aside. */
void cw_delivery_render_large(void *data)
{
        struct cw_dispatcher *dispatcher = data;
        struct cw_delivery *delivery = STAILQ_FIRST(&dispatcher->large);

        STAILQ_REMOVE_HEAD(&dispatcher->large, turn);
        if (dispatcher->closing) {
                cw_delivery_go_on(delivery, -ENOENT);
        } else if (cw_work_aside(dispatcher->options.loop, run_large, large_rendered, delivery) < 0) {
                run_large(delivery);
                large_rendered(delivery);
        }
}
