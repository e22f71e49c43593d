/* SPDX-License-Identifier: Apache-2.0 */
/* A poll: staged while its pages come in, judged and decided at its end (observing.md). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_past.h"
#include "engine_private.h"

static void drop_staged(struct cw_engine *engine, struct cw_source_state *state)
{
        for (size_t i = 0; i < state->stage.n; i++)
                cw_texts_release(engine->texts, cw_stage_at(&state->stage, i)->kept);
        cw_stage_cut(&state->stage, 0);
}

/* After the first, which is told apart from those behind it (cw_engine_view_source). */
#define POLL_ANEW 1

/* A record counts as many polls as there are in eight years, one a second: then all is as if it had been seen in none.
 */
static void number_anew(struct cw_source_state *state)
{
        for (size_t i = 0; i < state->snapshot.n; i++)
                cw_snapshot_at(&state->snapshot, i)->seen_in = 0; /* and it knows what its leaf knew */
        for (uint32_t i = 1; i <= state->leaves->n; i++)
                state->leaves->rows[i].told_in = state->leaves->rows[i].seen_in = 0;
        cw_roll_begin(&state->roll, 0);
        state->fresh_until = state->fresh_until > state->poll ? POLL_ANEW + state->fresh_until - state->poll : 0;
        state->poll = POLL_ANEW;
}

void cw_engine_poll_began(struct cw_engine *engine, struct cw_source_state *state, int64_t at)
{
        drop_staged(engine, state);
        cw_leaves_begin(state->leaves);
        cw_map_deinit(&state->bad);
        state->polling = true;
        state->began_at = at;
        if (state->poll >= CW_RECORD_COUNT_MOST)
                number_anew(state);
        state->poll++;
        cw_roll_begin(&state->roll, state->poll);
        state->seen_cards = state->read_cards = state->emptied = 0;
        state->n_look_ups = state->n_again = state->n_again_taken = 0;
        memset(state->re_reads_confirm, 0, sizeof(state->re_reads_confirm));
        memset(state->re_read_otherwise, 0, sizeof(state->re_read_otherwise));
        state->trust_reason = NULL;
        state->suspicious = false;
        if (!state->first_poll_at)
                state->first_poll_at = at;
}

/* This poll brought a reading of the card already, and it was taken. */
static bool is_taken(const struct cw_source_state *state, const struct cw_record *record)
{
        return record->seen_in == state->poll && record->taken;
}

/* A poll may bring a card twice, when pages shift while they are read, and the faster lane may have looked meanwhile:
 * the same reading, or an older one, is no other observation. */
static bool says_nothing_new(struct cw_engine *engine, struct cw_source_state *state, const struct cw_staged *staged)
{
        struct cw_record *record = cw_snapshot_find(&state->snapshot, staged->card.id);

        if (!record)
                return false;
        if (!cw_engine_is_older(engine, record, staged->at) &&
            (!is_taken(state, record) || cw_snapshot_differs(&state->snapshot, record, &staged->card)))
                return false;
        cw_engine_only_seen(engine, state, record);
        return true;
}

/*
 * Two customers cannot have one card: who had it keeps it, else the first in a poll. Once both were seen to show it, a
 * poll that did not read the one who has it moves nothing.
 */
static bool stands_twice(struct cw_engine *engine, struct cw_source_state *state, const struct cw_staged *staged)
{
        struct cw_record *record = cw_snapshot_find(&state->snapshot, staged->card.id);
        struct cw_event event = {.kind = CW_EVENT_CARD_BAD};
        char reason[80];

        if (!record || record->customer == staged->card.customer)
                return false;
        snprintf(reason, sizeof(reason), "stands under customer %lld as well", (long long)record->customer);
        if (!is_taken(state, record) && (cw_roll_is_seen(&state->roll, record->customer, state->poll) ||
                                         cw_roll_is_gone(&state->roll, record->customer) ||
                                         !cw_engine_is_bad(engine, state, &staged->card, reason)))
                return false;
        event.bad.customer = staged->card.customer;
        event.bad.card = staged->card.id;
        event.bad.field = "id";
        event.bad.reason = reason;
        cw_engine_only_seen(engine, state, record);
        cw_engine_bad_card(engine, state, &event);
        return true;
}

static bool is_taken_already(const struct cw_source_state *state, const struct cw_staged *staged)
{
        const struct cw_record *record = cw_snapshot_find(&state->snapshot, staged->card.id);

        return record && is_taken(state, record);
}

static bool changes_hands(const struct cw_source_state *state, const struct cw_staged *staged)
{
        const struct cw_record *record = cw_snapshot_find(&state->snapshot, staged->card.id);

        return record && record->customer != staged->card.customer;
}

/* What stays staged. */
struct keeping {
        bool emptied; /* cards that seem so, until the whole list can be judged */
        bool moved; /* cards under another customer than before, until what that one has now was taken */
};

static void stage_again(struct cw_engine *engine, struct cw_source_state *state, const struct cw_staged *staged)
{
        if (cw_stage_add(&state->stage, staged) == 0)
                return;
        cw_texts_release(engine->texts, staged->kept);
        engine->error = -ENOMEM;
}

static void decide_staged(struct cw_engine *engine, struct cw_source_state *state, struct keeping keeping)
{
        struct cw_stage taken = cw_stage_take(&state->stage);

        for (size_t i = 0; i < taken.n; i++) {
                struct cw_staged staged = *cw_stage_at(&taken, i);
                bool empties = cw_engine_empties(state, &staged);

                cw_stage_is_behind(&taken, i);
                if ((keeping.emptied && empties) || (keeping.moved && changes_hands(state, &staged))) {
                        stage_again(engine, state, &staged);
                        continue;
                }
                state->emptied += empties;
                staged.second = is_taken_already(state, &staged);
                if (!engine->error && !says_nothing_new(engine, state, &staged) &&
                    !stands_twice(engine, state, &staged))
                        cw_engine_decide_card(engine, state, &staged);
                cw_texts_release(engine->texts, staged.kept);
        }
        cw_stage_is_over(&state->stage, &taken);
}

void cw_engine_poll_goes_on(struct cw_engine *engine, struct cw_source_state *state)
{
        decide_staged(engine, state, (struct keeping){.emptied = cw_engine_too_many_empty(state), .moved = true});
        cw_engine_look_at_due(engine, state);
        cw_engine_remember_shown_clear(engine, state);
}

void cw_engine_pages_read(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        if (event->poll.pages_good == 0)
                return;
        cw_engine_judge_pages(engine, state, event);
        if (state->suspicious || event->poll.pages_bad > 0)
                return;
        state->n_look_ups = cw_roll_absent(&state->roll, state->poll, state->poll, state->look_ups, CW_LOOK_UPS_MOST);
        if (state->n_look_ups > CW_LOOK_UPS_MOST)
                state->n_look_ups = CW_LOOK_UPS_MOST;
}

static enum cw_poll_result judge(const struct cw_source_state *state, const struct cw_event *event)
{
        if (event->poll.pages_good == 0)
                return CW_POLL_FAILED;
        if (event->poll.pages_bad > 0 || state->suspicious || cw_roll_absent(&state->roll, state->poll, 0, NULL, 0) > 0)
                return CW_POLL_PARTIAL;
        return CW_POLL_COMPLETE;
}

/* Cards that are known and were not observed, because they were missing or set aside, were not shown to new rules. */
static void mark_unsettled(struct cw_engine *engine, struct cw_source_state *state)
{
        for (size_t i = 0; i < state->snapshot.n; i++) {
                struct cw_record *record = cw_snapshot_at(&state->snapshot, i);

                if (is_taken(state, record))
                        continue;
                record->unsettled = record->look_again = true;
                cw_leaves_stir(state->leaves, record->leaf);
                cw_engine_remember_card(engine, state, record, false);
        }
}

/* What a new rule had to know only until it had seen every card. */
static void forget_shown_clear(struct cw_engine *engine, const struct cw_source_state *state)
{
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&engine->alerts.map, &cursor, NULL, &value)) {
                struct cw_alert *alert = value;

                if (alert->shown_clear && strcmp(alert->source, state->name) == 0)
                        cw_engine_forget_shown_clear(engine, alert);
        }
}

void cw_engine_remember_shown_clear(struct cw_engine *engine, const struct cw_source_state *state)
{
        size_t cursor = 0;
        void *value;

        while (engine->any_fresh && cw_map_next(&engine->alerts.map, &cursor, NULL, &value)) {
                struct cw_alert *alert = value;

                if (!alert->shown_clear || alert->shown_clear_stored || strcmp(alert->source, state->name) != 0)
                        continue;
                alert->shown_clear_stored = true;
                cw_alert_remember(alert, engine->changes);
        }
}

static void settle_fresh(struct cw_engine *engine, struct cw_source_state *state)
{
        size_t source = (size_t)(state - engine->sources);

        if (!engine->any_fresh || state->poll < state->fresh_until)
                return;
        mark_unsettled(engine, state);
        forget_shown_clear(engine, state);
        for (size_t rule = 0; rule < engine->rules->n_rules; rule++)
                *cw_engine_fresh(engine, rule, source) = false;
        engine->any_fresh = false;
        for (size_t i = 0; i < engine->rules->n_rules * engine->n_sources; i++)
                engine->any_fresh |= engine->fresh[i];
        cw_engine_remember_settled_rules(engine);
}

/* Customers that are gone are known as long as they have cards; who would ask for them after that? */
static void forget_gone_customers(struct cw_engine *engine, struct cw_source_state *state)
{
        struct cw_map with_cards = CW_MAP_NULL;
        size_t i = 0;

        if (state->roll.n_gone == 0 || state->poll % 64 != 0)
                return;
        for (size_t k = 0; k < state->snapshot.n; k++)
                if (cw_map_put(&with_cards, (uint64_t)cw_snapshot_at(&state->snapshot, k)->customer, state) < 0)
                        engine->error = -ENOMEM;
        while (!engine->error && i < state->roll.n) {
                const struct cw_roll_row *row = cw_roll_at(&state->roll, i);

                if (row->gone && !cw_map_get(&with_cards, (uint64_t)row->id))
                        cw_roll_forget(&state->roll, row->id); /* the last takes its place */
                else
                        i++;
        }
        cw_map_deinit(&with_cards);
}

void cw_engine_poll_ended(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        state->polling = false;
        state->tried = true;
        state->last_poll_at = engine->now;
        if (state->suspicious)
                cw_engine_weigh_re_reads(state);
        decide_staged(engine, state, (struct keeping){.moved = true});
        decide_staged(engine, state, (struct keeping){0}); /* in whatever order the answers arrived */
        cw_engine_look_at_due(engine, state);
        state->result = judge(state, event);
        if (state->result == CW_POLL_COMPLETE || state->poll_ms < event->poll.took_ms)
                state->poll_ms = event->poll.took_ms;
        state->failed_polls = state->result == CW_POLL_FAILED ? state->failed_polls + 1 : 0;
        cw_engine_note_lack(state, event->poll.reason);
        if (state->result == CW_POLL_COMPLETE) {
                cw_engine_count_missing(engine, state);
                forget_gone_customers(engine, state);
                state->last_complete_at = engine->now;
                state->baseline_done = true;
                settle_fresh(engine, state);
        }
        cw_engine_remember_shown_clear(engine, state);
        cw_engine_mark_unseen(engine, state);
        cw_engine_bad_cards_over(engine, state);
        cw_engine_settle_suspicion(engine, state);
        cw_engine_judge_poll(engine, state, event);
        cw_source_state_remember(engine, state, false);
}
