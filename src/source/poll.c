/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a poll reads the pages, then whoever the listener wants to have looked up, and ends; what it still waits for is
 * in its cycle and its round, never here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/clock.h"
#include "cardwatch/log.h"

#include "answer.h"
#include "pump.h"
#include "request.h"
#include "requests.h"
#include "source_private.h"

enum result { RESULT_COMPLETE, RESULT_PARTIAL, RESULT_FAILED, RESULT_AUTH_FAILED };

static const char *const result_names[] = {"complete", "partial", "failed", "auth-failed"};

static unsigned at_once(const struct cw_source *source)
{
        return source->options.otp_single_use ? 1 : source->options.concurrency;
}

bool cw_poll_runs(const struct cw_source *source)
{
        return source->phase == CW_PHASE_PAGES || source->phase == CW_PHASE_LOOK_UPS;
}

static void begin(struct cw_source *source)
{
        struct cw_source_poll *poll = &source->poll;
        struct cw_auth_now now = cw_source_now();
        struct cw_cycle_policy policy = {
                .page_size = source->options.page_size,
                .concurrency = at_once(source),
                .retries = source->options.retries,
                .patience_ms = source->options.every_ms > source->options.timeout_ms ? source->options.every_ms
                                                                                     : source->options.timeout_ms,
                .expected_pages = source->expected_pages,
        };

        *poll = (struct cw_source_poll){
                .auth = CW_POLL_AUTH_UNTRIED,
                .began_at = now.wall,
                .began_mono = now.mono,
        };
        cw_cycle_init(&poll->cycle, &policy, now.mono);
        cw_auth_renewed_patience(&source->auth);
        source->login_failures = 0;
        source->login_due_mono = 0;
        cw_source_enter(source, CW_PHASE_BEGIN);
        source->listener.poll_began(source->data, source, poll->began_at);
}

static bool begin_if_open(struct cw_source *source)
{
        if (source->gate.flying[CW_GATE_POLL] > 0)
                return false;
        if (source->gate.held_until > cw_clock_mono_ms()) {
                cw_source_wake_at(source, source->gate.held_until);
                return false;
        }
        begin(source);
        return true;
}

static struct cw_poll_summary summary_of(const struct cw_source *source)
{
        const struct cw_source_poll *poll = &source->poll;
        struct cw_poll_summary summary = {
                .pages_good = poll->cycle.good,
                .pages_bad = cw_cycle_bad(&poll->cycle),
                .auth = poll->auth,
                .began_at = poll->began_at,
                .took_ms = cw_source_now().mono - poll->began_mono,
                .requests = poll->requests,
                .reason = poll->cycle.reason,
                .memory = cw_source_memory_now(source),
        };

        summary.skew_known = cw_skew_median(&source->skew, &summary.skew_ms);
        return summary;
}

static enum result result_of(const struct cw_poll_summary *summary)
{
        if (summary->auth == CW_POLL_AUTH_FAILED)
                return RESULT_AUTH_FAILED;
        if (summary->pages_good == 0)
                return RESULT_FAILED;
        return summary->pages_bad > 0 ? RESULT_PARTIAL : RESULT_COMPLETE;
}

static void open_lanes(struct cw_source *source)
{
        int64_t now = cw_clock_mono_ms();

        if (source->lanes_open || source->once)
                return;
        source->lanes_open = true;
        for (size_t i = 0; i < source->n_lanes; i++) {
                source->lanes[i]->first_mono = now;
                source->lanes[i]->beat_mono = now + source->lanes[i]->every_ms;
        }
}

static void end(struct cw_source *source)
{
        struct cw_source_poll *poll = &source->poll;
        struct cw_poll_summary summary = summary_of(source);
        enum result result = result_of(&summary);
        uint32_t pages = cw_cycle_pages(&poll->cycle);

        cw_log(source->log, (int)result == source->last_result ? CW_LOG_DEBUG : CW_LOG_INFO, "poll-ended", "source",
               "%s", source->name, "result", "%s", result_names[result], "pages_good", "%u", summary.pages_good,
               "pages_bad", "%u", summary.pages_bad, "took_ms", "%lld", (long long)summary.took_ms, "reason", "%s",
               summary.reason, NULL);
        source->last_result = (int)result;
        if (pages > 0)
                source->expected_pages = pages;
        open_lanes(source);
        cw_source_enter(source, CW_PHASE_END);
        source->told_end = true;
        source->listener.poll_ended(source->data, source, &summary);
}

static void pages_over(struct cw_source *source)
{
        struct cw_source_poll *poll = &source->poll;
        struct cw_poll_summary summary = summary_of(source);
        size_t n = 0;

        if (poll->cycle.good > 0 && source->listener.pages_read)
                n = source->listener.pages_read(source->data, source, &summary, poll->look_up_customers);
        if (source->freed || source->phase != CW_PHASE_PAGES)
                return;
        if (n == 0) {
                end(source);
                return;
        }
        cw_round_init(&poll->look_ups, poll->look_up_customers, n < CW_LOOK_UPS_MAX ? n : CW_LOOK_UPS_MAX,
                      at_once(source), source->options.retries);
        cw_source_enter(source, CW_PHASE_NAMED);
}

/* True also when a login went out or the poll is over by it: there is a next step. */
static bool has_leave(struct cw_source *source, bool *ret_stepped)
{
        char reason[200];

        switch (cw_source_ask_leave(source, CW_GATE_POLL, reason, sizeof(reason))) {
        case CW_LEAVE_NOW:
                *ret_stepped = true;
                return true;
        case CW_LEAVE_NEVER:
                cw_source_auth_failed(source, reason);
                *ret_stepped = true;
                return false;
        case CW_LEAVE_LOGIN:
                *ret_stepped = true;
                return false;
        case CW_LEAVE_LATER:
        default:
                *ret_stepped = false;
                return false;
        }
}

/* Nothing is under way, and nothing to be tried; then a token that is still in doubt has served nothing. */
static bool is_still(struct cw_source *source)
{
        if (source->poll.given_up)
                source->probe_page = 0;
        if (source->gate.flying[CW_GATE_POLL] > 0 || cw_source_probes(source))
                return false;
        if (source->auth.doubts > 0)
                cw_source_settle_doubt(source);
        return true;
}

static bool step_pages(struct cw_source *source)
{
        int64_t due = INT64_MAX;
        uint32_t page = 0;
        unsigned slot = 0;
        bool stepped = false;

        switch (cw_cycle_next(&source->poll.cycle, cw_clock_mono_ms(), &slot, &page, &due)) {
        case CW_CYCLE_DONE:
                if (!is_still(source))
                        return false;
                pages_over(source);
                return true;
        case CW_CYCLE_WAIT:
                cw_source_wake_at(source, due);
                return false;
        case CW_CYCLE_ASK:
        default:
                if (has_leave(source, &stepped))
                        cw_source_ask_page(source, slot, page);
                return stepped;
        }
}

/* Those that nobody asks for any more. */
static bool drop_look_up(struct cw_source *source)
{
        size_t index = 0;

        if (!is_still(source))
                return false;
        if (!cw_round_drop(&source->poll.look_ups, &index))
                end(source);
        else if (source->listener.customer_read)
                source->listener.customer_read(source->data, source, source->poll.look_up_customers[index],
                                               CW_READ_UNREADABLE, NULL, 0);
        return true;
}

static bool step_look_ups(struct cw_source *source)
{
        int64_t due = INT64_MAX;
        size_t index = 0;
        unsigned slot = 0;
        bool stepped = false;

        if (source->poll.given_up)
                return drop_look_up(source);
        switch (cw_round_next(&source->poll.look_ups, cw_clock_mono_ms(), &slot, &index, &due)) {
        case CW_ROUND_DONE:
                if (!is_still(source))
                        return false;
                end(source);
                return true;
        case CW_ROUND_WAIT:
                cw_source_wake_at(source, due);
                return false;
        case CW_ROUND_ASK:
        default:
                if (has_leave(source, &stepped))
                        cw_source_ask_customer(source, NULL, slot, index);
                return stepped;
        }
}

bool cw_poll_step(struct cw_source *source)
{
        switch (source->phase) {
        case CW_PHASE_WANTED:
                return begin_if_open(source);
        case CW_PHASE_PAGES:
                return step_pages(source);
        case CW_PHASE_LOOK_UPS:
                return step_look_ups(source);
        case CW_PHASE_STOPPED:
        case CW_PHASE_RESTING:
        case CW_PHASE_STOPPING:
        default:
                return false;
        }
}

void cw_poll_give_up(struct cw_source *source, const char *reason)
{
        if (!cw_poll_runs(source))
                return;
        source->poll.given_up = true;
        if (source->phase == CW_PHASE_PAGES)
                cw_cycle_give_up(&source->poll.cycle, reason);
}

void cw_poll_stop(struct cw_source *source, const char *reason)
{
        if (!cw_poll_runs(source))
                return;
        source->poll.given_up = true;
        cw_cycle_stop(&source->poll.cycle, reason);
        cw_source_cancel_poll(source);
}
