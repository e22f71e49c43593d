/* SPDX-License-Identifier: Apache-2.0 */
/* A poll: staged while its pages come in, judged and decided at its end (observing.md). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_private.h"

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
        state->polling = true;
        state->began_at = at;
        state->poll++;
        state->seen_cards = state->seen_customers = 0;
        if (!state->first_poll_at)
                state->first_poll_at = at;
}

void cw_engine_customer_seen(struct cw_engine *engine, struct cw_source_state *state, int64_t customer)
{
        void *this_poll = (void *)(uintptr_t)state->poll;

        if (cw_map_get(&state->customers, (uint64_t)customer) == this_poll)
                return;
        state->seen_customers++;
        if (cw_map_put(&state->customers, (uint64_t)customer, this_poll) < 0)
                engine->error = -ENOMEM;
}

static void stage(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        const struct cw_card *card = event->card;
        struct cw_staged *staged;

        if (state->n_staged == state->staged_capacity) {
                size_t capacity = state->staged_capacity ? state->staged_capacity * 2 : 64;
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

/* Marks the card as brought by this poll; false if it was already. */
static bool mark_seen(struct cw_source_state *state, struct cw_record *record)
{
        if (record->seen_in == state->poll)
                return false;
        record->seen_in = state->poll;
        state->seen_cards++;
        return true;
}

static void remember_card(struct cw_engine *engine, const struct cw_source_state *state, const struct cw_record *record,
                          bool gone)
{
        struct cw_card_row row = {
                .source = (char *)state->name,
                .card = cw_record_card(record),
                .first_seen_at = record->first_seen_at,
                .observed_at = record->observed_at,
                .observations = record->observations,
                .missing = record->missing,
                .baseline = record->baseline,
                .look_again = record->look_again,
                .gone = gone,
        };

        cw_changes_card(engine->changes, &row);
}

/* The card is there, and nothing else is learnt of it. */
static void only_seen(struct cw_engine *engine, struct cw_source_state *state, struct cw_record *record)
{
        mark_seen(state, record);
        if (!record->missing)
                return;
        record->missing = 0;
        remember_card(engine, state, record, false);
}

/* What is known of the card was observed later. A time that is yet to come was written under another clock. */
static bool is_older(const struct cw_engine *engine, const struct cw_record *record, int64_t at)
{
        return record->observed_at > at && record->observed_at <= engine->now;
}

void cw_engine_card_seen(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        struct cw_record *record = cw_snapshot_find(&state->snapshot, event->card->id);

        if (!record) {
                stage(engine, state, event);
        } else if (is_older(engine, record, event->at)) {
                only_seen(engine, state, record);
        } else if (!mark_seen(state, record) || record->look_again || record->missing || engine->any_fresh ||
                   cw_record_differs(record, event->card)) {
                stage(engine, state, event);
        } else {
                record->observed_at = event->at;
        }
}

void cw_engine_card_bad(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        struct cw_record *record = cw_snapshot_find(&state->snapshot, event->bad.card);

        if (record)
                only_seen(engine, state, record);
        cw_engine_bad_card(engine, state, event);
}

static void let_go_of(struct cw_engine *engine, struct cw_source_state *state, struct cw_record *record,
                      const char *reason)
{
        struct cw_card card = cw_record_card(record);

        cw_engine_card_gone(engine, state, &card, reason);
        remember_card(engine, state, record, true);
        if (record->seen_in == state->poll)
                state->seen_cards--; /* whatever follows it counts for itself */
        cw_snapshot_remove(&state->snapshot, record);
}

/* The record a staged card is compared with; a card that is new, or another one than it was, begins anew. */
static struct cw_record *record_for(struct cw_engine *engine, struct cw_source_state *state,
                                    const struct cw_staged *staged, bool *ret_first)
{
        struct cw_record *record = cw_snapshot_find(&state->snapshot, staged->card.id);

        *ret_first = false;
        if (record && record->customer != staged->card.customer) {
                let_go_of(engine, state, record, "the card moved to another customer");
                record = NULL;
        }
        if (record)
                return record;
        *ret_first = true;
        if (cw_snapshot_add(&state->snapshot, staged->card.id, &record) < 0) {
                engine->error = -ENOMEM;
                return NULL;
        }
        record->first_seen_at = staged->at;
        record->baseline = !state->baseline_done;
        mark_seen(state, record);
        return record;
}

static void look_with_rules(struct cw_engine *engine, const struct cw_look *common, bool changed)
{
        size_t source = (size_t)(common->state - engine->sources);
        struct cw_look look = *common;

        for (look.rule = 0; look.rule < engine->rules->n_rules; look.rule++) {
                const struct cw_rule *rule = &engine->rules->rules[look.rule];
                bool fresh = *cw_engine_fresh(engine, look.rule, source);

                if (!rule->enabled || (!changed && !fresh && !rule->looks_back))
                        continue;
                look.baseline = common->baseline || fresh;
                cw_engine_look(engine, &look);
        }
}

static bool any_rule_looks_back(const struct cw_engine *engine)
{
        for (size_t i = 0; i < engine->rules->n_rules; i++)
                if (engine->rules->rules[i].enabled && engine->rules->rules[i].looks_back)
                        return true;
        return false;
}

/* A poll may bring a card twice, when pages shift while they are read: the same reading, or an older one, is no other
 * observation. */
static bool says_nothing_new(const struct cw_source_state *state, const struct cw_staged *staged)
{
        const struct cw_record *record = cw_snapshot_find(&state->snapshot, staged->card.id);

        return record && record->decided &&
               (staged->at < record->observed_at || !cw_record_differs(record, &staged->card));
}

static void decide_card(struct cw_engine *engine, struct cw_source_state *state, const struct cw_staged *staged)
{
        struct cw_card previous;
        struct cw_look look = {.state = state, .card = &staged->card, .baseline = !state->baseline_done};
        bool first, changed, had_missing, had_look_again;
        struct cw_record *record = record_for(engine, state, staged, &first);
        const char *kept = NULL;

        if (!record)
                return;
        changed = first || cw_record_differs(record, &staged->card);
        had_missing = record->missing > 0;
        had_look_again = record->look_again;
        if (!first) {
                previous = cw_record_card(record);
                kept = cw_strpool_again(previous.reference); /* observing gives the record's own back */
                /* Nothing of a card in one currency can be compared with it in another. */
                if (strcmp(previous.currency, staged->card.currency) == 0)
                        look.previous = &previous;
        }
        if (cw_record_observe(record, engine->pool, &staged->card) < 0)
                engine->error = -ENOMEM;
        record->decided = true;
        record->observed_at = staged->at;
        record->missing = 0;
        record->look_again = changed && any_rule_looks_back(engine);
        record->observations += changed;
        look.record = record;
        look_with_rules(engine, &look, changed);
        cw_strpool_unref(engine->pool, kept);
        if (changed || had_missing || had_look_again != record->look_again)
                remember_card(engine, state, record, false);
}

static void decide_staged(struct cw_engine *engine, struct cw_source_state *state)
{
        for (size_t i = 0; i < state->n_staged; i++) {
                struct cw_record *record = cw_snapshot_find(&state->snapshot, state->staged[i].card.id);

                if (record)
                        record->decided = false;
        }
        for (size_t i = 0; i < state->n_staged && !engine->error; i++)
                if (!says_nothing_new(state, &state->staged[i]))
                        decide_card(engine, state, &state->staged[i]);
        drop_staged(engine, state);
}

/* Cards missing inside customers that are there: gone after enough complete polls in a row. */
static void count_missing(struct cw_engine *engine, struct cw_source_state *state)
{
        size_t i = 0;

        if (state->seen_cards == state->snapshot.n)
                return;
        while (i < state->snapshot.n) {
                struct cw_record *record = &state->snapshot.records[i];

                if (record->seen_in == state->poll) {
                        i++;
                        continue;
                }
                record->missing++;
                if (record->missing < state->traits->missing_after) {
                        remember_card(engine, state, record, false);
                        i++;
                        continue;
                }
                let_go_of(engine, state, record, "card disappeared"); /* the last record takes its place */
        }
}

static enum cw_poll_result judge(const struct cw_source_state *state, const struct cw_event *event)
{
        if (event->poll.pages_good == 0)
                return CW_POLL_FAILED;
        if (event->poll.pages_bad > 0 || state->seen_customers < state->customers.used)
                return CW_POLL_PARTIAL;
        return CW_POLL_COMPLETE;
}

static void settle_fresh(struct cw_engine *engine, const struct cw_source_state *state)
{
        size_t source = (size_t)(state - engine->sources);

        if (!engine->any_fresh || state->poll < state->fresh_until)
                return;
        for (size_t rule = 0; rule < engine->rules->n_rules; rule++)
                *cw_engine_fresh(engine, rule, source) = false;
        engine->any_fresh = false;
        for (size_t i = 0; i < engine->rules->n_rules * engine->n_sources; i++)
                engine->any_fresh |= engine->fresh[i];
        cw_engine_remember_settled_rules(engine);
}

void cw_engine_poll_ended(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        state->polling = false;
        state->last_poll_at = engine->now;
        state->poll_ms = event->poll.took_ms;
        decide_staged(engine, state);
        state->result = judge(state, event);
        state->failed_polls = state->result == CW_POLL_FAILED ? state->failed_polls + 1 : 0;
        if (state->result == CW_POLL_COMPLETE) {
                count_missing(engine, state);
                state->last_complete_at = engine->now;
                state->baseline_done = true;
                settle_fresh(engine, state);
        }
        cw_engine_bad_cards_over(engine, state);
        cw_engine_judge_poll(engine, state, event);
        cw_source_state_remember(engine, state, false);
}
