/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: one function looks at what is wanted, what is under way and what time it is, and does what follows. It is
 * called after everything that happens, so no callback needs to know what comes next.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/backoff.h"
#include "cardwatch/buf.h"
#include "cardwatch/clock.h"
#include "cardwatch/log.h"
#include "cardwatch/loop.h"

#include "request.h"
#include "source_private.h"

enum result { RESULT_COMPLETE, RESULT_PARTIAL, RESULT_FAILED, RESULT_AUTH_FAILED };

static const char *const result_names[] = {"complete", "partial", "failed", "auth-failed"};

static void begin(struct cw_source *source)
{
        struct cw_source_poll *poll = &source->poll;
        struct cw_auth_now now = cw_source_now();
        struct cw_cycle_policy policy = {
                .page_size = source->options.page_size,
                .concurrency = source->options.otp_single_use ? 1 : source->options.concurrency,
                .retries = source->options.retries,
                .patience_ms = source->options.every_ms > source->options.timeout_ms ? source->options.every_ms
                                                                                     : source->options.timeout_ms,
                .hold_max_ms = source->options.every_ms,
        };

        *poll = (struct cw_source_poll){
                .running = true,
                .serial = poll->serial + 1,
                .auth = CW_POLL_AUTH_UNTRIED,
                .began_at = now.wall,
                .began_mono = now.mono,
        };
        cw_cycle_init(&poll->cycle, &policy, now.mono, source->held_until);
        for (size_t i = 0; i < CW_CYCLE_SLOTS; i++)
                source->pages[i].repeated_page = 0;
        source->wanted = false;
        cw_log(source->log, CW_LOG_DEBUG, "poll-began", "source", "%s", source->name, NULL);
        source->listener.poll_began(source->data, source, poll->began_at);
}

static enum result result_of(const struct cw_poll_summary *summary)
{
        if (summary->auth == CW_POLL_AUTH_FAILED)
                return RESULT_AUTH_FAILED;
        if (summary->pages_good == 0)
                return RESULT_FAILED;
        return summary->pages_bad > 0 ? RESULT_PARTIAL : RESULT_COMPLETE;
}

static void end(struct cw_source *source)
{
        struct cw_source_poll *poll = &source->poll;
        struct cw_poll_summary summary = {
                .pages_good = poll->cycle.good,
                .pages_bad = cw_cycle_bad(&poll->cycle),
                .auth = poll->auth,
                .began_at = poll->began_at,
                .took_ms = cw_source_now().mono - poll->began_mono,
                .requests = poll->requests,
                .reason = poll->cycle.reason,
        };
        enum result result = result_of(&summary);

        cw_log(source->log, (int)result == source->last_result ? CW_LOG_DEBUG : CW_LOG_INFO, "poll-ended", "source",
               "%s", source->name, "result", "%s", result_names[result], "pages_good", "%u", summary.pages_good,
               "pages_bad", "%u", summary.pages_bad, "took_ms", "%lld", (long long)summary.took_ms, "reason", "%s",
               summary.reason, NULL);
        source->last_result = (int)result;
        poll->running = false;
        source->listener.poll_ended(source->data, source, &summary);
}

/* Says until when no login is tried, instead of trying one. */
static void stop_blocked(struct cw_source *source)
{
        struct cw_buf until = CW_BUF_NULL;
        char reason[200];

        cw_clock_format_utc(&until, source->auth.memory.blocked_until_at);
        snprintf(reason, sizeof(reason), "the login was refused (%s); none is tried before %s",
                 source->auth.block_reason, cw_buf_text(&until));
        cw_buf_deinit(&until);
        cw_source_auth_failed(source, reason);
}

static void wake_at(struct cw_source *source, int64_t due, int64_t now)
{
        if (due != INT64_MAX)
                cw_timer_start(source->pump, (uint64_t)(due > now ? due - now : 0));
}

/* Whether a request may go out at once; if not, the timer is set for when it may. */
static bool may_send(struct cw_source *source, int64_t due, struct cw_auth_now now)
{
        int64_t otp_wait_ms = cw_source_otp_wait_ms(source, now.wall);

        if (source->options.otp_single_use && source->flying > 0)
                return false;
        if (source->held_until > due)
                due = source->held_until;
        if (now.mono + otp_wait_ms > due && otp_wait_ms > 0)
                due = now.mono + otp_wait_ms;
        if (due <= now.mono)
                return true;
        wake_at(source, due, now.mono);
        return false;
}

/* One step of a running poll; false when nothing more can be done now. */
static bool advance(struct cw_source *source)
{
        struct cw_source_poll *poll = &source->poll;
        struct cw_auth_now now = cw_source_now();
        int64_t due = INT64_MAX;
        uint32_t page = 0;
        unsigned slot = 0;

        switch (cw_cycle_next(&poll->cycle, now.mono, &slot, &page, &due)) {
        case CW_CYCLE_DONE:
                if (source->flying == 0)
                        end(source);
                return false;
        case CW_CYCLE_WAIT:
                wake_at(source, due, now.mono);
                return false;
        case CW_CYCLE_ASK:
        default:
                break;
        }
        switch (cw_auth_need(&source->auth, now)) {
        case CW_AUTH_BLOCKED:
                stop_blocked(source);
                return true;
        case CW_AUTH_LOGIN:
                if (source->login.transfer || !may_send(source, poll->login_due, now))
                        return false;
                cw_source_log_in(source);
                return true;
        case CW_AUTH_READY:
        default:
                if (source->pages[slot].transfer || !may_send(source, 0, now))
                        return false;
                cw_source_ask_page(source, slot, page);
                return true;
        }
}

static void tell_paused(struct cw_source *source)
{
        source->pausing = false;
        if (source->listener.paused)
                source->listener.paused(source->data, source);
}

void cw_source_pump(struct cw_source *source)
{
        if (source->freed)
                return;
        cw_source_ref(source);
        cw_timer_stop(source->pump);
        if (source->pausing && source->flying == 0)
                tell_paused(source);
        if (!source->freed && source->wanted && !source->poll.running && source->flying == 0)
                begin(source);
        while (!source->freed && source->poll.running && advance(source))
                ;
        cw_source_unref(source);
}
