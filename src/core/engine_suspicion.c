/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suspicion: an answer too odd to be true (observing.md).
 *
 * When a large share of the cards drops to zero at once, or is missing from a list that came whole, the poll is not
 * believed: a few of the customers are read one by one. Only if most of those say the same, the next poll that shows it
 * is taken for true; the two kinds are weighed apart. Judged on pages alone.
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
        const struct cw_record *record;

        if (staged->card.available != 0)
                return false;
        record = cw_snapshot_find(&state->snapshot, staged->card.id);
        return record && record->customer == staged->card.customer &&
               cw_snapshot_card(&state->snapshot, record).available != 0;
}

static size_t count_emptied(const struct cw_source_state *state)
{
        size_t n = 0;

        if (state->snapshot.n == 0)
                return 0; /* a first poll stages all of its cards */
        for (size_t i = 0; i < state->stage.n; i++)
                n += cw_engine_empties(state, cw_stage_at(&state->stage, i));
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
                n += is_newly_missing(state, cw_snapshot_at(&state->snapshot, i));
        return n;
}

/* Cards that seem emptied stay as they were; they are marked, so that a look-up can tell whether it contradicts the
 * list. */
static void hold_emptied(struct cw_engine *engine, struct cw_source_state *state)
{
        size_t kept = 0;

        for (size_t i = 0; i < state->stage.n; i++) {
                struct cw_staged *staged = cw_stage_at(&state->stage, i);

                if (cw_engine_empties(state, staged)) {
                        struct cw_record *record = cw_snapshot_find(&state->snapshot, staged->card.id);

                        record->held = true;
                        cw_texts_release(engine->texts, staged->kept);
                } else {
                        *cw_stage_at(&state->stage, kept++) = *staged;
                }
        }
        cw_stage_cut(&state->stage, kept);
}

static bool is_held(const struct cw_source_state *state, const struct cw_record *record)
{
        return record->held && record->seen_in == state->poll;
}

/* A card that the list emptied, or left out. */
static bool is_suspect(const struct cw_source_state *state, const struct cw_record *record, enum cw_oddity odd)
{
        return odd == CW_ODD_ZEROS ? is_held(state, record) : is_newly_missing(state, record);
}

/* Returns whether that took a place. */
static bool choose(struct cw_source_state *state, int64_t customer, enum cw_oddity odd)
{
        size_t at = 0;

        while (at < state->n_look_ups && state->look_ups[at] != customer)
                at++;
        if (at == state->n_look_ups) {
                state->look_ups[state->n_look_ups++] = customer;
                memset(state->look_up_for[at], 0, sizeof(state->look_up_for[at]));
        }
        if (state->look_up_for[at][odd])
                return false;
        state->look_up_for[at][odd] = true;
        return true;
}

/* The customers of every `step`th suspect card; returns how many are still to be chosen. */
static size_t choose_every(struct cw_source_state *state, size_t step, enum cw_oddity odd, size_t places)
{
        size_t met = 0;

        for (size_t i = 0; i < state->snapshot.n && places > 0; i++)
                if (is_suspect(state, cw_snapshot_at(&state->snapshot, i), odd) && met++ % step == 0)
                        places -= choose(state, cw_snapshot_at(&state->snapshot, i)->customer, odd);
        return places;
}

/* So many of the customers, spread over the list. One with many cards takes several places: others fill them. */
static void choose_customers(struct cw_source_state *state, enum cw_oddity odd, size_t places)
{
        size_t n = 0;

        for (size_t i = 0; i < state->snapshot.n; i++)
                n += is_suspect(state, cw_snapshot_at(&state->snapshot, i), odd);
        places = choose_every(state, n > places ? n / places : 1, odd, places);
        choose_every(state, 1, odd, places);
}

/* For what nobody has confirmed yet; when that is nothing, for all that is shown: what contradicts it still counts. */
static void choose_re_reads(struct cw_source_state *state, const bool *shown)
{
        bool wanted[CW_N_ODDITIES];
        size_t n = 0;

        for (int odd = 0; odd < CW_N_ODDITIES; odd++)
                n += wanted[odd] = shown[odd] && state->suspicions[odd] == CW_SUSPICION_RAISED;
        for (int odd = 0; odd < CW_N_ODDITIES && n == 0; odd++)
                wanted[odd] = shown[odd];
        for (int odd = 0; odd < CW_N_ODDITIES; odd++)
                if (wanted[odd])
                        choose_customers(state, (enum cw_oddity)odd, n > 1 ? RE_READS_MOST / n : RE_READS_MOST);
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
static void believe(struct cw_engine *engine, struct cw_source_state *state, bool accepted)
{
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

enum cw_suspicion cw_engine_suspicion(const struct cw_source_state *state)
{
        enum cw_suspicion most = CW_SUSPICION_NONE;

        for (int odd = 0; odd < CW_N_ODDITIES; odd++) {
                if (state->suspicions[odd] == CW_SUSPICION_RAISED)
                        return CW_SUSPICION_RAISED;
                if (state->suspicions[odd] > most)
                        most = state->suspicions[odd];
        }
        return most;
}

/* At the poll's end, together with what the suspicion inhibits: that the balances are stale, say, ends with it. */
void cw_engine_settle_suspicion(struct cw_engine *engine, struct cw_source_state *state)
{
        if (!state->trust_reason)
                return;
        memset(state->suspicions, 0, sizeof(state->suspicions));
        cw_engine_trouble_over(engine, CW_BUILTIN_SUSPECT_SNAPSHOT, state->name, state->trust_reason);
}

/* Whether all that the list shows was confirmed or accepted before. */
static bool is_believable(const struct cw_source_state *state, const bool *shown, bool *ret_accepted)
{
        *ret_accepted = false;
        for (int odd = 0; odd < CW_N_ODDITIES; odd++) {
                if (shown[odd] && state->suspicions[odd] < CW_SUSPICION_CONFIRMED)
                        return false;
                *ret_accepted |= shown[odd] && state->suspicions[odd] == CW_SUSPICION_ACCEPTED;
        }
        return true;
}

/* What was confirmed waits while the list is odd in another way, too; what it no longer shows is over. */
static void raise_suspicions(struct cw_source_state *state, const bool *shown, bool whole)
{
        for (int odd = 0; odd < CW_N_ODDITIES; odd++) {
                if (!shown[odd] && whole)
                        state->suspicions[odd] = CW_SUSPICION_NONE;
                else if (shown[odd] &&
                         state->suspicions[odd] < (whole ? CW_SUSPICION_CONFIRMED : CW_SUSPICION_ACCEPTED))
                        state->suspicions[odd] = CW_SUSPICION_RAISED;
        }
}

void cw_engine_judge_pages(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        bool whole = event->poll.pages_good > 0 && event->poll.pages_bad == 0, accepted;
        size_t emptied = count_emptied(state) + state->emptied;
        size_t unseen = whole ? count_missing(state) : 0;
        bool shown[CW_N_ODDITIES] = {
                [CW_ODD_ZEROS] = is_large_share(state, emptied, state->read_cards),
                [CW_ODD_MISSING] = is_large_share(state, unseen, state->snapshot.n),
        };

        if (!shown[CW_ODD_ZEROS] && !shown[CW_ODD_MISSING]) {
                if (whole && cw_engine_suspicion(state) != CW_SUSPICION_NONE)
                        state->trust_reason = "the list of {source} is plausible again";
                return;
        }
        if (whole && is_believable(state, shown, &accepted)) {
                believe(engine, state, accepted);
                return;
        }
        state->suspicious = true;
        raise_suspicions(state, shown, whole);
        if (shown[CW_ODD_ZEROS])
                hold_emptied(engine, state);
        choose_re_reads(state, shown);
        fire(engine, state, shown[CW_ODD_ZEROS] ? emptied : 0, shown[CW_ODD_MISSING] ? unseen : 0);
}

/* A card that a re-read brought: does it contradict what the list said? If it does, it is an observation like any
 * other. */
bool cw_engine_re_read_says_otherwise(struct cw_source_state *state, const struct cw_card *card)
{
        const struct cw_record *record = cw_snapshot_find(&state->snapshot, card->id);
        bool held = record && is_held(state, record);
        bool not_zero = held && card->available != 0;
        bool not_missing = record && !held && record->seen_in != state->poll;

        state->re_read_otherwise[CW_ODD_ZEROS] |= not_zero;
        state->re_read_otherwise[CW_ODD_MISSING] |= not_missing;
        return not_zero || not_missing;
}

/* What cannot be trusted confirms nothing. */
void cw_engine_re_read_cannot_tell(struct cw_source_state *state)
{
        for (int odd = 0; odd < CW_N_ODDITIES; odd++)
                state->re_read_otherwise[odd] = true;
}

/* That a customer is gone says nothing about what it had. */
void cw_engine_re_read(struct cw_source_state *state, int64_t customer, enum cw_look_up_result result)
{
        for (size_t i = 0; i < state->n_look_ups; i++) {
                if (state->look_ups[i] != customer)
                        continue;
                if (result == CW_LOOK_UP_FOUND && state->look_up_for[i][CW_ODD_ZEROS] &&
                    !state->re_read_otherwise[CW_ODD_ZEROS])
                        state->re_reads_confirm[CW_ODD_ZEROS]++;
                if (result != CW_LOOK_UP_UNREADABLE && state->look_up_for[i][CW_ODD_MISSING] &&
                    !state->re_read_otherwise[CW_ODD_MISSING])
                        state->re_reads_confirm[CW_ODD_MISSING]++;
        }
        memset(state->re_read_otherwise, 0, sizeof(state->re_read_otherwise));
}

void cw_engine_weigh_re_reads(struct cw_source_state *state)
{
        for (int odd = 0; odd < CW_N_ODDITIES; odd++) {
                size_t asked = 0;

                for (size_t i = 0; i < state->n_look_ups; i++)
                        asked += state->look_up_for[i][odd];
                if (state->suspicions[odd] == CW_SUSPICION_RAISED && state->re_reads_confirm[odd] * 2 > asked)
                        state->suspicions[odd] = CW_SUSPICION_CONFIRMED;
        }
}

/* What is suspicious now; when nothing is, whatever comes next. */
void cw_engine_accept(struct cw_source_state *state)
{
        bool any = cw_engine_suspicion(state) != CW_SUSPICION_NONE;

        for (int odd = 0; odd < CW_N_ODDITIES; odd++)
                if (!any || state->suspicions[odd] != CW_SUSPICION_NONE)
                        state->suspicions[odd] = CW_SUSPICION_ACCEPTED;
}

/* Two bits for all of it, as there were before its kinds were told apart, then two for each kind. */
uint8_t cw_engine_pack_suspicions(const struct cw_source_state *state)
{
        unsigned packed = cw_engine_suspicion(state);

        for (unsigned odd = 0; odd < CW_N_ODDITIES; odd++)
                packed |= (unsigned)state->suspicions[odd] << (2 + 2 * odd);
        return (uint8_t)packed;
}

void cw_engine_unpack_suspicions(struct cw_source_state *state, uint8_t packed)
{
        bool old = packed <= CW_SUSPICION_ACCEPTED;

        if (packed >= 1u << (2 + 2 * CW_N_ODDITIES))
                return;
        for (unsigned odd = 0; odd < CW_N_ODDITIES; odd++)
                state->suspicions[odd] = (enum cw_suspicion)(old ? packed : (unsigned)packed >> (2 + 2 * odd) & 3);
}
