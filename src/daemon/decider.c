/* SPDX-License-Identifier: Apache-2.0 */
#include "decider.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "cardwatch/clock.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/log.h"
#include "cardwatch/work.h"
#include "committer.h"
#include "turns.h"

#define CLOCK_SET_LEAST_MS 1000

struct cw_decider {
        struct cw_decider_options options;
        /* The step that is made aside. */
        bool busy;
        struct cw_event event;
        int64_t now;
        int result;
        cw_decided_fn done;
        void *data;
};

int cw_decider_new(const struct cw_decider_options *options, struct cw_decider **ret_decider)
{
        struct cw_decider *decider = calloc(1, sizeof(*decider));

        if (!decider)
                return -ENOMEM;
        decider->options = *options;
        *ret_decider = decider;
        return 0;
}

void cw_decider_free(struct cw_decider *decider)
{
        free(decider);
}

/* An engine that ran out of memory knows nothing any more that the store does not: ending is the way back to a sound
 * state. */
static void judge(const struct cw_decider *decider, int r)
{
        if (r == 0)
                return;
        cw_log(decider->options.log, CW_LOG_ERROR, "out-of-memory", NULL);
        _exit(1);
}

static int step(const struct cw_decider *decider, const struct cw_event *event, int64_t now)
{
        return cw_engine_step(decider->options.engine, event, now, cw_committer_changes(decider->options.committer));
}

static void step_here(struct cw_decider *decider, const struct cw_event *event)
{
        uint64_t began_us = cw_turns_now_us();

        assert(!decider->busy);
        judge(decider, step(decider, event, cw_clock_wall_ms()));
        cw_turns_note(decider->options.turns, cw_turns_event(event->kind), began_us);
}

/* A clock that is only slewed is never so far off from one look to the next. A host that slept looks the same: nobody
 * was there to see that time pass. */
static void look_at_clocks(struct cw_decider *decider)
{
        int64_t apart_ms = cw_clock_wall_ms() - cw_clock_mono_ms();
        int64_t by_ms = apart_ms - decider->options.clocks_apart_ms;
        struct cw_event event = {.kind = CW_EVENT_CLOCK_SET, .set_by_ms = by_ms};

        decider->options.clocks_apart_ms = apart_ms;
        if (by_ms > -CLOCK_SET_LEAST_MS && by_ms < CLOCK_SET_LEAST_MS)
                return;
        cw_log(decider->options.log, CW_LOG_WARNING, "clock-set", "by_ms", "%lld", (long long)by_ms, NULL);
        step_here(decider, &event);
}

void cw_decider_step(struct cw_decider *decider, const struct cw_event *event)
{
        look_at_clocks(decider);
        step_here(decider, event);
}

/* On a thread of its own. */
static void run(void *data)
{
        struct cw_decider *decider = data;

        decider->result = step(decider, &decider->event, decider->now);
}

static void over(void *data)
{
        struct cw_decider *decider = data;

        decider->busy = false;
        judge(decider, decider->result);
        decider->done(decider->data);
}

void cw_decider_step_aside(struct cw_decider *decider, const struct cw_event *event, cw_decided_fn done, void *data)
{
        look_at_clocks(decider);
        decider->event = *event;
        decider->now = cw_clock_wall_ms();
        decider->done = done;
        decider->data = data;
        if (!cw_engine_takes_long(decider->options.engine, event) ||
            cw_work_aside(decider->options.loop, run, over, decider) < 0) {
                step_here(decider, event);
                done(data);
                return;
        }
        decider->busy = true;
}
