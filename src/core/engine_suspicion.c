/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suspicion: an answer too odd to be true (observing.md).
 *
 * When a large share of the cards drops to zero at once, or is missing from a list that came whole, the poll is not
 * believed: a few of the customers are read one by one. Only if most of those say the same, the next poll that shows it
 * is taken for true. Judged on pages alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "engine_private.h"

#define LEAST_CARDS   20 /* fewer are no suspicious share of anything */
#define RE_READS_MOST 10
#define SHARE_WHOLE   100000 /* thousandths of a percent */

static bool is_large_share(const struct cw_source_state *state, size_t n, size_t of)
{
        uint64_t above = state->traits->suspect_above;

        return above > 0 && n >= LEAST_CARDS && (uint64_t)n * SHARE_WHOLE > above * of;
}

/* Whether this observation empties a card that had something. */
bool cw_engine_empties(const struct cw_source_state *state, const struct cw_staged *staged)
{
        const struct cw_record *record = cw_snapshot_find(&state->snapshot, staged->card.id);

        return record && record->available != 0 && staged->card.available == 0 &&
               record->customer == staged->card.customer;
}

static size_t count_emptied(const struct cw_source_state *state)
{
        size_t n = 0;

        for (size_t i = 0; i < state->n_staged; i++)
                n += cw_engine_empties(state, &state->staged[i]);
        return n;
}

bool cw_engine_too_many_empty(const struct cw_source_state *state)
{
        return is_large_share(state, count_emptied(state) + state->emptied, state->read_cards);
}

/* A card that was there at the last complete poll and that this one did not bring. */
static bool is_newly_missing(const struct cw_source_state *state, const struct cw_record *record)
{
        return record->seen_in != state->poll && record->missing == 0 &&
               !cw_roll_is_gone(&state->roll, record->customer);
}

static size_t count_missing(const struct cw_source_state *state)
{
        size_t n = 0;

        if (state->seen_cards == state->snapshot.n)
                return 0;
        for (size_t i = 0; i < state->snapshot.n; i++)
                n += is_newly_missing(state, &state->snapshot.records[i]);
        return n;
}

/* Cards that seem emptied stay as they were; they are marked, so that a look-up can tell whether it contradicts the
 * list. */
static void hold_emptied(struct cw_engine *engine, struct cw_source_state *state)
{
        size_t kept = 0;

        for (size_t i = 0; i < state->n_staged; i++) {
                struct cw_staged *staged = &state->staged[i];

                if (cw_engine_empties(state, staged)) {
                        struct cw_record *record = cw_snapshot_find(&state->snapshot, staged->card.id);

                        record->held_in = state->poll;
                        cw_strpool_unref(engine->pool, staged->card.reference);
                } else {
                        state->staged[kept++] = *staged;
                }
        }
        state->n_staged = kept;
}

/* A customer whose card the list emptied, or left out. */
static bool is_suspect(const struct cw_source_state *state, const struct cw_record *record, bool missing)
{
        if (record->held_in == state->poll)
                return true;
        return missing && is_newly_missing(state, record);
}

static void choose(struct cw_source_state *state, int64_t customer)
{
        for (size_t i = 0; i < state->n_look_ups; i++)
                if (state->look_ups[i] == customer)
                        return;
        state->look_ups[state->n_look_ups++] = customer;
}

/* The customers of every `step`th suspect card. */
static void choose_every(struct cw_source_state *state, size_t step, bool missing)
{
        size_t met = 0;

        for (size_t i = 0; i < state->snapshot.n && state->n_look_ups < RE_READS_MOST; i++)
                if (is_suspect(state, &state->snapshot.records[i], missing) && met++ % step == 0)
                        choose(state, state->snapshot.records[i].customer);
}

/* Up to ten of the customers, spread over the list. One with many cards takes several places: others fill them. */
static void choose_customers(struct cw_source_state *state, bool missing)
{
        size_t n = 0;

        for (size_t i = 0; i < state->snapshot.n; i++)
                n += is_suspect(state, &state->snapshot.records[i], missing);
        choose_every(state, n > RE_READS_MOST ? n / RE_READS_MOST : 1, missing);
        choose_every(state, 1, missing);
}

static void fire(struct cw_engine *engine, struct cw_source_state *state, size_t emptied, size_t unseen)
{
        struct cw_buf summary = CW_BUF_NULL, advice = CW_BUF_NULL, what = CW_BUF_NULL;
        struct cw_trouble trouble = {.kind = CW_BUILTIN_SUSPECT_SNAPSHOT, .source = state->name};

        if (emptied)
                cw_buf_printf(&what, "%zu of %zu cards dropped to zero at once", emptied, state->read_cards);
        if (unseen)
                cw_buf_printf(&what, "%s%zu of %zu cards are missing from it", emptied ? " and " : "", unseen,
                              state->snapshot.n);
        cw_buf_printf(&summary, "The card API's list for source %s is too odd to be true: %s.", state->name,
                      cw_buf_text(&what));
        cw_buf_printf(
                &advice,
                "These cards keep their last balances and alerts meanwhile; the others are watched. Some of their "
                "customers are read one by one, and if most of those say the same, the next poll is believed. If "
                "you know that it is true, say so: `cardwatch accept %s`. Else ask the API's operator what is "
                "wrong with the list.",
                state->name);
        trouble.reason = cw_buf_text(&what);
        trouble.advice = cw_buf_text(&advice);
        if (cw_buf_error(&what) < 0 || cw_buf_error(&advice) < 0)
                engine->error = -ENOMEM;
        cw_engine_report(engine, &trouble, &summary);
        cw_buf_deinit(&advice);
        cw_buf_deinit(&what);
}

/* What was suspicious is believed after all: who is missing is accounted for. */
static void believe(struct cw_engine *engine, struct cw_source_state *state)
{
        bool accepted = state->suspicion == CW_SUSPICION_ACCEPTED;
        int64_t customer[64];
        size_t n;

        while ((n = cw_roll_absent(&state->roll, state->poll, 0, customer, CW_ARRAY_SIZE(customer))) > 0)
                for (size_t i = 0; i < n && i < CW_ARRAY_SIZE(customer); i++)
                        if (cw_roll_gone(&state->roll, customer[i]) < 0) {
                                engine->error = -ENOMEM;
                                return;
                        }
        state->trust_reason = accepted ? "an operator accepted the list of {source}"
                                       : "the list of {source} is true, customers read one by one say the same";
}

/* At the poll's end, together with what the suspicion inhibits: that the balances are stale, say, ends with it. */
void cw_engine_settle_suspicion(struct cw_engine *engine, struct cw_source_state *state)
{
        if (!state->trust_reason)
                return;
        state->suspicion = CW_SUSPICION_NONE;
        cw_engine_trouble_over(engine, CW_BUILTIN_SUSPECT_SNAPSHOT, state->name, state->trust_reason);
}

void cw_engine_judge_pages(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        bool whole = event->poll.pages_good > 0 && event->poll.pages_bad == 0;
        size_t emptied = count_emptied(state) + state->emptied;
        size_t unseen = whole ? count_missing(state) : 0;
        bool zero = is_large_share(state, emptied, state->read_cards);
        bool missing = is_large_share(state, unseen, state->snapshot.n);

        if (!zero && !missing) {
                if (whole && state->suspicion != CW_SUSPICION_NONE)
                        state->trust_reason = "the list of {source} is plausible again";
                return;
        }
        if (whole && (state->suspicion == CW_SUSPICION_CONFIRMED || state->suspicion == CW_SUSPICION_ACCEPTED)) {
                believe(engine, state);
                return;
        }
        state->suspicious = true;
        if (state->suspicion != CW_SUSPICION_ACCEPTED)
                state->suspicion = CW_SUSPICION_RAISED;
        if (zero)
                hold_emptied(engine, state);
        choose_customers(state, missing);
        fire(engine, state, zero ? emptied : 0, missing ? unseen : 0);
}

/* A card that a re-read brought: does it contradict what the list said? If it does, it is an observation like any
 * other. */
bool cw_engine_re_read_says_otherwise(struct cw_source_state *state, const struct cw_card *card)
{
        const struct cw_record *record = cw_snapshot_find(&state->snapshot, card->id);
        bool otherwise = record && ((record->held_in == state->poll && card->available != 0) ||
                                    (record->seen_in != state->poll && record->held_in != state->poll));

        state->re_read_otherwise |= otherwise;
        return otherwise;
}

void cw_engine_re_read(struct cw_source_state *state, enum cw_look_up_result result)
{
        if (result != CW_LOOK_UP_UNREADABLE && !state->re_read_otherwise)
                state->re_reads_confirm++;
        state->re_read_otherwise = false;
}

void cw_engine_weigh_re_reads(struct cw_source_state *state)
{
        if (state->suspicion == CW_SUSPICION_RAISED && state->re_reads_confirm * 2 > state->n_look_ups)
                state->suspicion = CW_SUSPICION_CONFIRMED;
}
