/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: one function looks at what is wanted, what is under way and what time it is, and does what follows. It is
 * called after everything that happens, so no callback needs to know what comes next.
 */
#include "pump.h"

#include <stdio.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/clock.h"
#include "cardwatch/log.h"
#include "cardwatch/loop.h"

#include "request.h"
#include "requests.h"
#include "source_private.h"

#define RENEWAL_PATIENCE_MS (3 * CW_SECOND_MS)

void cw_source_enter(struct cw_source *source, enum cw_phase_event event)
{
        enum cw_phase next = cw_phase_next(source->phase, event);

        if (next == source->phase)
                return;
        cw_log(source->log, CW_LOG_DEBUG, "source-phase", "source", "%s", source->name, "from", "%s",
               cw_phase_name(source->phase), "to", "%s", cw_phase_name(next), NULL);
        source->phase = next;
}

void cw_source_wake(struct cw_source *source)
{
        cw_timer_start(source->pump, 0);
}

void cw_source_wake_at(struct cw_source *source, int64_t mono)
{
        if (mono < source->due_mono)
                source->due_mono = mono;
}

static bool tell_memory(struct cw_source *source)
{
        struct cw_source_memory memory = cw_source_memory_now(source);

        if (!source->auth.memory_changed)
                return false;
        source->auth.memory_changed = false;
        if (source->listener.remember)
                source->listener.remember(source->data, source, &memory);
        return true;
}

static bool tell_paused(struct cw_source *source)
{
        if (source->phase != CW_PHASE_STOPPING || source->flying > 0)
                return false;
        cw_source_enter(source, CW_PHASE_STILL);
        if (source->listener.paused)
                source->listener.paused(source->data, source);
        return true;
}

/* Beats are counted from the first poll's start, so that none drifts; those that passed meanwhile are left out. */
static void beat(struct cw_source *source)
{
        int64_t every_ms = source->options.every_ms, now = cw_clock_mono_ms();

        if (source->once || source->phase == CW_PHASE_STOPPED || source->phase == CW_PHASE_STOPPING)
                return;
        if (source->beat_mono <= now) {
                source->beat_mono = source->first_mono + ((now - source->first_mono) / every_ms + 1) * every_ms;
                cw_source_enter(source, CW_PHASE_WANT);
        }
        cw_source_wake_at(source, source->beat_mono);
}

/* Whether the API and the one-time password let any request out; if not, when. */
static bool is_open(struct cw_source *source, struct cw_auth_now now)
{
        int64_t otp_wait_ms = cw_source_otp_wait_ms(source, now.wall);

        if (source->options.otp_single_use && source->flying > 0)
                return false;
        if (source->gate.held_until > now.mono) {
                cw_source_wake_at(source, source->gate.held_until);
                return false;
        }
        if (otp_wait_ms > 0)
                cw_source_wake_at(source, now.mono + otp_wait_ms);
        return otp_wait_ms <= 0;
}

bool cw_source_probes(const struct cw_source *source)
{
        return source->probe_page > 0 || source->probe.transfer;
}

/* Nothing else is asked meanwhile, so that an account that is refused is not asked for much. */
static bool step_probe(struct cw_source *source)
{
        struct cw_auth_now now = cw_source_now();

        if (source->probe_page == 0 || source->probe.transfer || source->phase == CW_PHASE_STOPPED ||
            source->phase == CW_PHASE_STOPPING)
                return false;
        if (cw_auth_need(&source->auth, now) != CW_AUTH_READY) {
                source->probe_page = 0;
                return true;
        }
        if (!cw_gate_may(&source->gate, CW_GATE_POLL) || !is_open(source, now))
                return false;
        cw_source_ask_probe(source);
        return true;
}

static bool step(struct cw_source *source)
{
        source->due_mono = INT64_MAX;
        if (tell_memory(source) || tell_paused(source))
                return true;
        beat(source);
        if (step_probe(source))
                return true;
        if (cw_gate_first(&source->gate) == CW_GATE_POLL)
                return cw_poll_step(source) || (!source->freed && cw_watch_step(source));
        return cw_watch_step(source) || (!source->freed && cw_poll_step(source));
}

void cw_source_pump(struct cw_source *source)
{
        int64_t now;

        if (source->freed)
                return;
        cw_source_ref(source);
        cw_timer_stop(source->pump);
        source->told_end = false;
        while (!source->freed && step(source) && !source->told_end)
                ;
        /* The listener may be busy with it until the next turn. */
        if (source->told_end)
                cw_source_wake_at(source, 0);
        if (!source->freed && source->due_mono != INT64_MAX) {
                now = cw_clock_mono_ms();
                cw_timer_start(source->pump, (uint64_t)(source->due_mono > now ? source->due_mono - now : 0));
        }
        cw_source_unref(source);
}

/* Says until when no login is tried, instead of trying one. */
static void describe_block(const struct cw_source *source, char *reason, size_t size)
{
        struct cw_buf until = CW_BUF_NULL;

        cw_clock_format_utc(&until, source->auth.memory.blocked_until_at);
        snprintf(reason, size, "the login was refused (%s); none is tried before %s", source->auth.block_reason,
                 cw_buf_text(&until));
        cw_buf_deinit(&until);
}

static enum cw_source_leave leave_to_log_in(struct cw_source *source, struct cw_auth_now now)
{
        if (source->login.transfer || !is_open(source, now))
                return CW_LEAVE_LATER;
        if (source->login_due_mono > now.mono) {
                cw_source_wake_at(source, source->login_due_mono);
                return CW_LEAVE_LATER;
        }
        cw_source_log_in(source);
        return CW_LEAVE_LOGIN;
}

/* A login that hangs must not stop what the old token still serves; what it no longer serves is repeated. */
static bool renewal_takes_long(struct cw_source *source, struct cw_auth_now now)
{
        int64_t patience_mono = source->login_sent_mono + RENEWAL_PATIENCE_MS;

        if (!source->auth.token || !source->login.transfer)
                return false;
        if (patience_mono > now.mono)
                cw_source_wake_at(source, patience_mono);
        return patience_mono <= now.mono;
}

enum cw_source_leave cw_source_ask_leave(struct cw_source *source, enum cw_gate_lane lane, char *reason, size_t size)
{
        struct cw_auth_now now = cw_source_now();
        enum cw_auth_need need = cw_auth_need(&source->auth, now);

        if (cw_source_probes(source))
                return CW_LEAVE_LATER;
        if (need == CW_AUTH_BLOCKED) {
                describe_block(source, reason, size);
                return CW_LEAVE_NEVER;
        }
        if (need == CW_AUTH_LOGIN && !renewal_takes_long(source, now)) {
                if (lane == CW_GATE_POLL || (!source->login_failed && source->auth.doubts == 0))
                        return leave_to_log_in(source, now);
                snprintf(reason, size, "%s", source->login_failed ? "the last login failed" : source->doubt);
                return CW_LEAVE_NEVER;
        }
        return cw_gate_may(&source->gate, lane) && is_open(source, now) ? CW_LEAVE_NOW : CW_LEAVE_LATER;
}
