/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: whoever asks waits in a line, for one page is gathered at a time, and may be gone when his is ready. */
#include "control_aside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "cardwatch/engine_view.h"
#include "cardwatch/loop.h"
#include "cardwatch/work.h"
#include "control_call.h"

struct aside {
        struct cw_control_asides *asides;
        const struct cw_control_options *options;
        const struct cw_control_gathering *gathering;
        void *data;
        struct cw_httpd_answer answer;
        struct cw_httpd_later *later;
        STAILQ_ENTRY(aside) link;
};

struct cw_control_asides {
        struct cw_loop *loop;
        struct cw_timer *turn;
        STAILQ_HEAD(, aside) waiting;
};

static void drop(const struct cw_control_gathering *gathering, void *data)
{
        if (gathering->drop)
                gathering->drop(data);
        free(data);
}

static void end(struct aside *aside)
{
        cw_httpd_answer(aside->later, &aside->answer);
        drop(aside->gathering, aside->data);
        free(aside);
}

/* On a thread of its own. */
static void run(void *data)
{
        struct aside *aside = data;
        struct cw_control_call call = {.options = aside->options, .answer = &aside->answer};

        aside->gathering->run(&call, aside->data);
}

static void over(void *data)
{
        struct aside *aside = data;
        struct cw_control_asides *asides = aside->asides;

        end(aside);
        if (!STAILQ_EMPTY(&asides->waiting))
                cw_timer_start(asides->turn, 0);
}

static void begin_next(void *data)
{
        struct cw_control_asides *asides = data;
        struct aside *aside = STAILQ_FIRST(&asides->waiting);

        STAILQ_REMOVE_HEAD(&asides->waiting, link);
        if (cw_work_aside(asides->loop, run, over, aside) == 0)
                return;
        run(aside);
        over(aside);
}

int cw_control_asides_new(struct cw_loop *loop, struct cw_control_asides **ret_asides)
{
        struct cw_control_asides *asides = calloc(1, sizeof(*asides));
        int r;

        if (!asides)
                return -ENOMEM;
        asides->loop = loop;
        STAILQ_INIT(&asides->waiting);
        r = cw_timer_new(loop, begin_next, asides, &asides->turn);
        if (r < 0) {
                free(asides);
                return r;
        }
        *ret_asides = asides;
        return 0;
}

void cw_control_asides_free(struct cw_control_asides *asides)
{
        struct aside *aside;

        if (!asides)
                return;
        cw_timer_free(asides->turn);
        while ((aside = STAILQ_FIRST(&asides->waiting))) {
                STAILQ_REMOVE_HEAD(&asides->waiting, link);
                end(aside);
        }
        free(asides);
}

static void start(struct cw_control_call *call, const struct cw_control_gathering *gathering, void *data)
{
        struct aside *aside = calloc(1, sizeof(*aside));

        if (!aside) {
                cw_control_refuse(call, 503, strerror(ENOMEM));
                drop(gathering, data);
                return;
        }
        *aside = (struct aside){
                .asides = call->asides,
                .options = call->options,
                .gathering = gathering,
                .data = data,
                .answer = {.status = call->answer->status},
                .later = cw_httpd_take_later(call->request),
        };
        STAILQ_INSERT_TAIL(&call->asides->waiting, aside, link);
        cw_timer_start(call->asides->turn, 0);
}

void cw_control_gather(struct cw_control_call *call, const struct cw_control_gathering *gathering)
{
        void *data = calloc(1, gathering->size);

        if (!data) {
                cw_control_refuse(call, 503, strerror(ENOMEM));
                return;
        }
        if (gathering->take(call, data)) {
                if (cw_engine_has_many_alerts(call->options->calls->engine(call->options->data))) {
                        start(call, gathering, data);
                        return;
                }
                gathering->run(call, data);
        }
        drop(gathering, data);
}
