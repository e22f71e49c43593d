/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a watch is a round that begins on a beat of its own; one that is still under way at its next beat, or may not
 * begin, leaves that beat out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/clock.h"
#include "cardwatch/log.h"

#include "again.h"
#include "pump.h"
#include "request.h"
#include "requests.h"
#include "source_private.h"

static bool may_begin(struct cw_source *source, const struct cw_source_lane *lane, struct cw_auth_now now)
{
        enum cw_auth_need need = cw_auth_need(&source->auth, now);

        if (lane->running || lane->flying > 0 || source->gate.held_until > now.mono || source->auth.distrusted)
                return false;
        return need == CW_AUTH_READY || (need == CW_AUTH_LOGIN && !source->login_failed && source->auth.doubts == 0);
}

static void beat(struct cw_source *source, struct cw_source_lane *lane, struct cw_auth_now now)
{
        if (lane->again) {
                cw_again_begin(source, lane, may_begin(source, lane, now));
                return;
        }
        if (lane->beat_mono <= now.mono) {
                lane->beat_mono = lane->first_mono +
                                  ((now.mono - lane->first_mono) / lane->every_ms + 1) * lane->every_ms;
                if (may_begin(source, lane, now)) {
                        cw_round_init(&lane->round, lane->customers, lane->n_customers,
                                      source->options.otp_single_use ? 1 : source->options.concurrency,
                                      source->options.retries);
                        lane->running = true;
                        lane->n_failed = 0;
                        lane->reason[0] = '\0';
                }
        }
        cw_source_wake_at(source, lane->beat_mono);
}

static void finish(struct cw_source *source, struct cw_source_lane *lane)
{
        bool failing = lane->n_failed > 0;

        lane->running = false;
        if (lane->again)
                return;
        if (failing && !lane->failing)
                cw_log(source->log, CW_LOG_WARNING, "watch-failed", "source", "%s", source->name, "customers", "%zu",
                       lane->n_customers, "failed", "%zu", lane->n_failed, "reason", "%s", lane->reason, NULL);
        else if (!failing && lane->failing)
                cw_log(source->log, CW_LOG_INFO, "watch-recovered", "source", "%s", source->name, "customers", "%zu",
                       lane->n_customers, NULL);
        lane->failing = failing;
}

static bool ask(struct cw_source *source, struct cw_source_lane *lane, unsigned slot, size_t index)
{
        char reason[200];

        switch (cw_source_ask_leave(source, CW_GATE_WATCH, reason, sizeof(reason))) {
        case CW_LEAVE_NOW:
                cw_source_ask_customer(source, lane, slot, index);
                return true;
        case CW_LEAVE_NEVER:
                cw_watch_stop(source, reason);
                return true;
        case CW_LEAVE_LOGIN:
                return true;
        case CW_LEAVE_LATER:
        default:
                return false;
        }
}

static bool step(struct cw_source *source, struct cw_source_lane *lane)
{
        int64_t due = INT64_MAX;
        size_t index = 0;
        unsigned slot = 0;

        if (!lane->running)
                return false;
        switch (cw_round_next(&lane->round, cw_clock_mono_ms(), &slot, &index, &due)) {
        case CW_ROUND_DONE:
                if (lane->flying > 0)
                        return false;
                finish(source, lane);
                return true;
        case CW_ROUND_WAIT:
                cw_source_wake_at(source, due);
                return false;
        case CW_ROUND_ASK:
        default:
                return ask(source, lane, slot, index);
        }
}

bool cw_watch_step(struct cw_source *source)
{
        struct cw_auth_now now = cw_source_now();

        if (source->phase == CW_PHASE_STOPPED || source->phase == CW_PHASE_STOPPING)
                return false;
        for (size_t i = 0; i < source->n_lanes; i++)
                if (source->lanes_open || source->lanes[i]->again)
                        beat(source, source->lanes[i], now);
        /* From where the last one left off, so that a long list does not starve a short one. */
        for (size_t i = 0; i < source->n_lanes; i++) {
                size_t at = (source->next_lane + i) % source->n_lanes;

                if (!step(source, source->lanes[at]))
                        continue;
                source->next_lane = (at + 1) % source->n_lanes;
                return true;
        }
        return false;
}

void cw_watch_stop(struct cw_source *source, const char *reason)
{
        size_t index = 0;

        for (size_t i = 0; i < source->n_lanes; i++) {
                struct cw_source_lane *lane = source->lanes[i];

                if (!lane->running)
                        continue;
                while (cw_round_drop(&lane->round, &index)) {
                        if (lane->again)
                                cw_again_unreadable(source, lane->customers[index]);
                        else if (lane->n_failed++ == 0)
                                snprintf(lane->reason, sizeof(lane->reason), "%s", reason);
                }
                cw_source_cancel_lane(lane);
        }
}
