/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_past.h"

#include <errno.h>
#include <string.h>

#include "engine_private.h"
#include "engine_recall.h"

int64_t cw_engine_gap_ms(const struct cw_source_state *state)
{
        return 3 * (state->traits->every_ms > state->poll_ms ? state->traits->every_ms : state->poll_ms);
}

int64_t cw_engine_away_ms(const struct cw_source_state *state, const struct cw_record *record, int64_t at)
{
        int64_t away_ms = at - record->observed_at;

        return away_ms > cw_engine_gap_ms(state) ? away_ms : 0;
}

const struct cw_trail *cw_engine_trail(const struct cw_source_state *state, int64_t card)
{
        const struct cw_attention *attention = cw_attention_find(&state->attentions, card);

        return attention ? attention->trail : NULL;
}

bool cw_engine_is_due(const struct cw_source_state *state, const struct cw_record *record, int64_t at)
{
        const struct cw_attention *attention = cw_attention_find(&state->attentions, record->id);

        return attention && attention->look_at <= at;
}

void cw_engine_walk_on(struct cw_engine *engine, const struct cw_look *look, uint16_t fields)
{
        struct cw_trail_change change = {
                .at = look->at, .changed = fields, .before = look->previous, .now = look->card};
        struct cw_attention *attention;

        if (!engine->needs_past || !fields)
                return;
        if (cw_engine_begin_trail(look->state, look->record, &attention) < 0 ||
            cw_trail_add(attention->trail, &engine->needs, &change, &attention->folded_at) < 0)
                engine->error = -ENOMEM;
}

/* As it is known, at the time it was observed last. */
static void look_at_known(struct cw_engine *engine, struct cw_source_state *state, const struct cw_record *record)
{
        struct cw_staged staged = {
                .card = cw_snapshot_card(&state->snapshot, record), .at = record->observed_at, .watched = true};

        cw_engine_decide_card(engine, state, &staged);
}

void cw_engine_look_at_due(struct cw_engine *engine, struct cw_source_state *state)
{
        struct cw_due later = {0}; /* their time has come, but they were not seen since */
        struct cw_due_entry entry;
        int64_t card, look_at;

        while (!engine->error && cw_attention_pop(&state->attentions, engine->now, &card, &look_at)) {
                const struct cw_record *record = cw_snapshot_find(&state->snapshot, card);

                if (!record)
                        continue;
                if (record->seen_in == state->poll && record->taken && record->observed_at >= look_at)
                        look_at_known(engine, state, record);
                else if (cw_due_push(&later, look_at, (uint64_t)card) < 0)
                        engine->error = -ENOMEM;
        }
        while (cw_due_peek(&later, &entry)) {
                cw_due_pop(&later);
                if (cw_due_push(&state->attentions.due, entry.at, entry.key) < 0)
                        engine->error = -ENOMEM;
        }
        cw_due_deinit(&later);
}

void cw_engine_mark_unseen(struct cw_engine *engine, struct cw_source_state *state)
{
        size_t cursor = 0;
        void *value;

        if (engine->n_waiting == 0)
                return;
        while (!engine->error && cw_map_next(&engine->alerts.map, &cursor, NULL, &value)) {
                const struct cw_alert *alert = value;
                struct cw_record *record;

                if (alert->state != CW_ALERT_WAITING || strcmp(alert->source, state->name) != 0)
                        continue;
                record = cw_snapshot_find(&state->snapshot, alert->card);
                if (!record || record->unseen || (record->seen_in == state->poll && record->taken))
                        continue;
                record->unseen = true;
                cw_leaves_stir(state->leaves, record->leaf);
                cw_engine_remember_card(engine, state, record, false);
        }
}

void cw_engine_reckon_needs(struct cw_engine *engine)
{
        engine->needs = (struct cw_trail_needs){0};
        for (size_t i = 0; i < engine->rules->n_rules; i++)
                if (engine->rules->rules[i].enabled)
                        cw_rule_needs(&engine->rules->rules[i], &engine->needs);
        engine->needs_past = cw_trail_needs_any(&engine->needs);
}

static void call(struct cw_engine *engine, struct cw_source_state *state, int64_t card)
{
        if (cw_attention_call(&state->attentions, card, 0) < 0)
                engine->error = -ENOMEM;
}

static void look_at_all_cards(struct cw_engine *engine)
{
        for (size_t s = 0; s < engine->n_sources; s++)
                for (size_t i = 0; i < engine->sources[s].snapshot.n && !engine->error; i++)
                        call(engine, &engine->sources[s], cw_snapshot_at(&engine->sources[s].snapshot, i)->id);
}

/* Those whose alerts wait for a clock. */
static void look_at_waiting_cards(struct cw_engine *engine)
{
        size_t cursor = 0;
        void *value;

        while (!engine->error && cw_map_next(&engine->alerts.map, &cursor, NULL, &value)) {
                const struct cw_alert *alert = value;
                struct cw_source_state *state = cw_engine_source(engine, alert->source);

                if (state && (alert->state == CW_ALERT_WAITING || alert->clear_at) &&
                    cw_snapshot_find(&state->snapshot, alert->card))
                        call(engine, state, alert->card);
        }
}

void cw_engine_look_at_all(struct cw_engine *engine)
{
        bool far = false;

        for (size_t i = 0; i < engine->rules->n_rules; i++)
                far |= engine->rules->rules[i].enabled && engine->rules->rules[i].looks_far;
        if (far)
                look_at_all_cards(engine);
        else
                look_at_waiting_cards(engine);
}

static void move(int64_t *at, int64_t by_ms)
{
        if (*at)
                *at += by_ms;
}

static void move_record(struct cw_engine *engine, const struct cw_source_state *state, struct cw_record *record,
                        int64_t by_ms)
{
        bool seen_later = record->first_seen_at > engine->now;

        if (record->observed_at)
                record->observed_at = CW_RECORD_TIME(record->observed_at + by_ms);
        if (seen_later)
                record->first_seen_at = CW_RECORD_TIME(engine->now);
        if (seen_later || record->unseen || record->missing)
                cw_engine_remember_card(engine, state, record, false);
}

/* What is stored of cards is dated by the clock before: of those that somebody waits for, that matters. */
static void remember_waiting_cards(struct cw_engine *engine)
{
        size_t cursor = 0;
        void *value;

        while (!engine->error && engine->n_waiting > 0 && cw_map_next(&engine->alerts.map, &cursor, NULL, &value)) {
                const struct cw_alert *alert = value;
                const struct cw_source_state *state = cw_engine_source(engine, alert->source);
                const struct cw_record *record;

                record = state && alert->state == CW_ALERT_WAITING ? cw_snapshot_find(&state->snapshot, alert->card)
                                                                   : NULL;
                if (record)
                        cw_engine_remember_card(engine, state, record, false);
        }
}

void cw_engine_waiting_clock_set(struct cw_engine *engine, int64_t by_ms)
{
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&engine->alerts.map, &cursor, NULL, &value)) {
                struct cw_alert *alert = value;

                if (!alert->since_at && !alert->clear_at && !alert->flapping && !alert->n_fired_at && !alert->acked_by)
                        continue;
                move(&alert->since_at, by_ms);
                move(&alert->clear_at, by_ms);
                move(&alert->moved_at, by_ms);
                move(&alert->acked_until_at, by_ms);
                for (uint32_t i = 0; i < alert->n_fired_at; i++)
                        alert->fired_at[i] += by_ms;
                cw_alert_remember(alert, engine->changes);
        }
        for (size_t s = 0; s < engine->n_sources; s++) {
                const struct cw_snapshot *snapshot = &engine->sources[s].snapshot;

                for (size_t i = 0; i < snapshot->n; i++)
                        move_record(engine, &engine->sources[s], cw_snapshot_at(snapshot, i), by_ms);
                cw_leaves_clock_set(engine->sources[s].leaves, by_ms);
                if (by_ms < 0)
                        cw_engine_set_trails(engine, &engine->sources[s]);
        }
        remember_waiting_cards(engine);
        cw_engine_look_at_all(engine);
}
