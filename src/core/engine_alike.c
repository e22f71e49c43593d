/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Polls that brought what is known: a simulated clock (cardwatch test, backtest) leaps over the time in which nothing
 * can happen, and names only the cards that changed. What it leaves out is here as if it had been told.
 */
#include <errno.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/engine_view.h"
#include "engine_past.h"
#include "engine_private.h"

void cw_engine_polls_alike(struct cw_engine *engine, struct cw_source_state *state, int64_t at)
{
        for (size_t i = 0; i < state->snapshot.n; i++) {
                struct cw_record *record = cw_snapshot_at(&state->snapshot, i);

                if (record->observed_at < at)
                        record->observed_at = CW_RECORD_TIME(at);
        }
        state->last_poll_at = state->last_complete_at = at;
        state->failed_polls = 0;
        cw_source_state_remember(engine, state, false);
}

/* One that something wants to look at, or that has been away: told like any other. */
static void tell_seen(struct cw_engine *engine, struct cw_source_state *state, const struct cw_record *record,
                      int64_t at)
{
        struct cw_card card = cw_snapshot_card(&state->snapshot, record);
        struct cw_event event = {.kind = CW_EVENT_CARD_SEEN, .at = at, .card = &card};

        cw_engine_card_seen(engine, state, &event);
}

void cw_engine_rest_seen(struct cw_engine *engine, struct cw_source_state *state, int64_t at)
{
        for (size_t i = 0; i < state->snapshot.n && !engine->error; i++) {
                struct cw_record *record = cw_snapshot_at(&state->snapshot, i);

                if (record->seen_in == state->poll)
                        continue;
                if (engine->any_fresh || record->look_again || record->missing || record->unseen ||
                    record->observed_at > at || cw_engine_away_ms(state, record, at) > 0) {
                        tell_seen(engine, state, record, at);
                        continue;
                }
                cw_engine_mark_seen(state, record);
                record->taken = true;
                record->observed_at = CW_RECORD_TIME(at);
                state->read_cards++;
        }
        cw_roll_all_seen(&state->roll, state->poll);
}

/* The daemon's own alerts about a source are for polls to judge. */
static bool is_in_trouble(const struct cw_engine *engine, const struct cw_source_state *state)
{
        static const enum cw_builtin_kind kinds[] = {CW_BUILTIN_SOURCE_DOWN, CW_BUILTIN_STALE, CW_BUILTIN_AUTH_FAILED,
                                                     CW_BUILTIN_SUSPECT_SNAPSHOT};

        for (size_t i = 0; i < CW_ARRAY_SIZE(kinds); i++) {
                struct cw_alert_key key = {.rule = cw_builtin_name(kinds[i]), .source = state->name};
                const struct cw_alert *alert = cw_alerts_find(&engine->alerts, cw_alert_fingerprint(&key));

                if (alert && alert->state == CW_ALERT_FIRING)
                        return true;
        }
        return false;
}

static bool is_restless(const struct cw_engine *engine, const struct cw_source_state *state)
{
        for (size_t i = 0; i < CW_N_ODDITIES; i++)
                if (state->suspicions[i] != CW_SUSPICION_NONE)
                        return true;
        if (!state->baseline_done || engine->any_fresh || state->bad_firing || state->result != CW_POLL_COMPLETE ||
            state->n_again > state->n_again_taken || is_in_trouble(engine, state))
                return true;
        for (size_t i = 0; i < state->snapshot.n; i++) {
                const struct cw_record *record = cw_snapshot_at(&state->snapshot, i);

                if (record->missing || record->look_again || record->unsettled)
                        return true;
        }
        return false;
}

int64_t cw_engine_idle_until(const struct cw_engine *engine)
{
        int64_t until = INT64_MAX;

        for (size_t s = 0; s < engine->n_sources; s++) {
                struct cw_source_state *state = &engine->sources[s];
                int64_t next = is_restless(engine, state) ? 0 : cw_attention_next(&state->attentions);

                until = next < until ? next : until;
        }
        return until;
}
