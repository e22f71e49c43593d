/* SPDX-License-Identifier: Apache-2.0 */
/* A poll: staged while its pages come in, judged and decided at its end (observing.md). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_past.h"
#include "engine_private.h"

#define STAGED_MANY 4096

static void drop_staged(struct cw_engine *engine, struct cw_source_state *state)
{
        for (size_t i = 0; i < state->n_staged; i++)
                cw_strpool_unref(engine->pool, state->staged[i].card.reference);
        state->n_staged = 0;
}

void cw_engine_poll_began(struct cw_engine *engine, struct cw_source_state *state, int64_t at)
{
        drop_staged(engine, state);
        cw_map_deinit(&state->bad);
        cw_roll_begin(&state->roll);
        state->polling = true;
        state->began_at = at;
        state->poll++;
        state->seen_cards = state->read_cards = state->emptied = 0;
        state->n_look_ups = state->n_again = state->n_again_taken = 0;
        memset(state->re_reads_confirm, 0, sizeof(state->re_reads_confirm));
        memset(state->re_read_otherwise, 0, sizeof(state->re_read_otherwise));
        state->trust_reason = NULL;
        state->suspicious = false;
        if (!state->first_poll_at)
                state->first_poll_at = at;
}

void cw_engine_customer_seen(struct cw_engine *engine, struct cw_source_state *state, int64_t customer)
{
        if (cw_roll_seen(&state->roll, customer, state->poll) < 0)
                engine->error = -ENOMEM;
}

static void stage(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        const struct cw_card *card = event->card;
        struct cw_staged *staged;

        if (state->n_staged == state->staged_capacity) {
                size_t capacity = state->staged_capacity + (state->staged_capacity < STAGED_MANY
                                                                    ? state->staged_capacity + 64
                                                                    : state->staged_capacity / 8);
                struct cw_staged *grown = reallocarray(state->staged, capacity, sizeof(*grown));

                if (!grown) {
                        engine->error = -ENOMEM;
                        return;
                }
                state->staged = grown;
                state->staged_capacity = capacity;
        }
        staged = &state->staged[state->n_staged];
        *staged = (struct cw_staged){.card = *card, .at = event->at};
        if (cw_strpool_ref(engine->pool, card->reference, card->reference ? strlen(card->reference) : 0,
                           &staged->card.reference) < 0)
                engine->error = -ENOMEM;
        else
                state->n_staged++;
}

/* The first poll stages every card, later ones few. */
static void release_staged(struct cw_source_state *state)
{
        if (state->n_staged > 0 || state->staged_capacity <= STAGED_MANY)
                return;
        free(state->staged);
        state->staged = NULL;
        state->staged_capacity = 0;
}

/* Marks the card as brought by this poll; false if it was already. */
bool cw_engine_mark_seen(struct cw_source_state *state, struct cw_record *record)
{
        if (record->seen_in == state->poll)
                return false;
        record->seen_in = state->poll;
        record->taken = false;
        state->seen_cards++;
        return true;
}

/* The card is there, and nothing else is learnt of it. */
static void only_seen(struct cw_engine *engine, struct cw_source_state *state, struct cw_record *record)
{
        cw_engine_mark_seen(state, record);
        if (!record->missing)
                return;
        record->missing = 0;
        cw_engine_remember_card(engine, state, record, false);
}

/* What is known of the card was observed later. A time that is yet to come was written under another clock. */
static bool is_older(const struct cw_engine *engine, const struct cw_record *record, int64_t at)
{
        return record->observed_at > at && record->observed_at <= engine->now;
}

/* An observation that has to be decided: it changes something, or something else wants to look. */
static bool is_of_interest(const struct cw_engine *engine, const struct cw_source_state *state,
                           const struct cw_record *record, const struct cw_event *event)
{
        return record->look_again || record->missing || record->unseen || engine->any_fresh ||
               cw_record_differs(record, event->card) || cw_engine_away_ms(state, record, event->at) > 0;
}

void cw_engine_card_seen(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        struct cw_record *record = cw_snapshot_find(&state->snapshot, event->card->id);

        state->read_cards++;
        if (!record) {
                stage(engine, state, event);
        } else if (is_older(engine, record, event->at)) {
                only_seen(engine, state, record);
        } else if (!cw_engine_mark_seen(state, record) || is_of_interest(engine, state, record, event)) {
                stage(engine, state, event);
        } else {
                record->observed_at = event->at;
                record->taken = true;
        }
}

void cw_engine_card_bad(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        struct cw_record *record = cw_snapshot_find(&state->snapshot, event->bad.card);

        if (event->bad.watched && !state->baseline_done)
                return;
        if (record && !event->bad.watched)
                only_seen(engine, state, record);
        if (!event->bad.watched && state->suspicious)
                cw_engine_re_read_cannot_tell(state);
        cw_engine_bad_card(engine, state, event);
}

/* A look-up's card is an observation like a page's; of a poll that is not believed, only what contradicts it. */
void cw_engine_card_read(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        if (state->suspicious && !cw_engine_re_read_says_otherwise(state, event->card))
                return;
        cw_engine_card_seen(engine, state, event);
        state->read_cards--; /* pages alone are what is judged */
}

void cw_engine_customer_read(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        int64_t customer = event->read.customer;
        int r = 0;

        if (state->suspicious)
                cw_engine_re_read(state, customer, event->read.result);
        else if (event->read.result == CW_LOOK_UP_FOUND)
                r = cw_roll_seen(&state->roll, customer, state->poll);
        else if (event->read.result == CW_LOOK_UP_GONE)
                r = cw_roll_gone(&state->roll, customer);
        if (r < 0)
                engine->error = -ENOMEM;
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
        if (!is_older(engine, record, staged->at) &&
            (!is_taken(state, record) || cw_record_differs(record, &staged->card)))
                return false;
        only_seen(engine, state, record);
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
        only_seen(engine, state, record);
        cw_engine_bad_card(engine, state, &event);
        return true;
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

static void decide_staged(struct cw_engine *engine, struct cw_source_state *state, struct keeping keeping)
{
        size_t kept = 0;

        for (size_t i = 0; i < state->n_staged; i++) {
                struct cw_staged staged = state->staged[i];
                bool empties = cw_engine_empties(state, &staged);

                if ((keeping.emptied && empties) || (keeping.moved && changes_hands(state, &staged))) {
                        state->staged[kept++] = staged;
                        continue;
                }
                state->emptied += empties;
                if (!engine->error && !says_nothing_new(engine, state, &staged) &&
                    !stands_twice(engine, state, &staged))
                        cw_engine_decide_card(engine, state, &staged);
                cw_strpool_unref(engine->pool, staged.card.reference);
        }
        state->n_staged = kept;
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

void cw_engine_card_watched(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        struct cw_staged staged = {.card = *event->card, .at = event->at, .watched = true};
        struct cw_record *record = cw_snapshot_find(&state->snapshot, event->card->id);

        if (!state->baseline_done || (record && is_older(engine, record, event->at)))
                return;
        if (record && record->customer != event->card->customer)
                return; /* which of the two has it is for a poll to say, that reads both */
        if (record && !is_of_interest(engine, state, record, event) && !cw_engine_is_due(state, record, event->at)) {
                record->observed_at = event->at;
                return;
        }
        if (cw_strpool_ref(engine->pool, event->card->reference,
                           event->card->reference ? strlen(event->card->reference) : 0, &staged.card.reference) < 0) {
                engine->error = -ENOMEM;
                return;
        }
        cw_engine_decide_card(engine, state, &staged);
        cw_engine_remember_shown_clear(engine, state);
        cw_strpool_unref(engine->pool, staged.card.reference);
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
                struct cw_record *record = &state->snapshot.records[i];

                if (is_taken(state, record))
                        continue;
                record->unsettled = record->look_again = true;
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
        size_t cursor = 0;
        uint64_t customer;
        void *value;

        if (state->roll.n_gone == 0 || state->poll % 64 != 0)
                return;
        for (size_t i = 0; i < state->snapshot.n; i++)
                if (cw_map_put(&with_cards, (uint64_t)state->snapshot.records[i].customer, state) < 0)
                        engine->error = -ENOMEM;
        while (!engine->error && cw_map_next(&state->roll.customers, &cursor, &customer, &value))
                if (cw_roll_is_gone(&state->roll, (int64_t)customer) && !cw_map_get(&with_cards, customer))
                        cw_roll_forget(&state->roll, (int64_t)customer);
        cw_map_deinit(&with_cards);
}

void cw_engine_poll_ended(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        state->polling = false;
        state->last_poll_at = engine->now;
        if (state->suspicious)
                cw_engine_weigh_re_reads(state);
        decide_staged(engine, state, (struct keeping){.moved = true});
        decide_staged(engine, state, (struct keeping){0}); /* in whatever order the answers arrived */
        release_staged(state);
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
