/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: where a card goes in the index is anywhere in memory, and waiting for it is most of what a start costs. So
 * cards are taken over some at a time, and the places of all of them are fetched side by side.
 */
#include "engine_load_cards.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/load.h"
#include "engine_recall.h"

_Static_assert(CW_CARD_FIELDS == CW_FIELD_COUNT, "the past of a card is that of its fields");

#define BATCH 64

struct cw_load_batch {
        struct cw_source_state *state; /* whose cards these are */
        size_t n;
        struct cw_card_row rows[BATCH];
        struct cw_card_past pasts[BATCH];
        size_t references_at[BATCH]; /* in `references`; 0: none */
        struct cw_buf references;
};

void cw_load_batch_free(struct cw_load_batch *batch)
{
        if (!batch)
                return;
        cw_buf_deinit(&batch->references);
        free(batch);
}

void cw_load_expect(struct cw_engine *engine, const char *source, int64_t n_cards)
{
        struct cw_source_state *state = cw_engine_source(engine, source);

        if (state && n_cards > 0)
                cw_id_index_reserve(&state->snapshot.index, (size_t)n_cards);
}

/* Observations that changed nothing were not stored, save that polls went on. What lies ahead was dated by a clock that
 * was set back since: only polls, and cards that these did not bring, are dated anew. */
static int64_t observed_at(const struct cw_engine *engine, const struct cw_source_state *state,
                           const struct cw_card_row *row)
{
        int64_t at = cw_load_past(engine, row->observed_at);

        if (row->unseen || row->missing)
                return at;
        if (row->observed_at > engine->now && state->last_poll_at)
                return state->last_poll_at;
        return at > state->last_poll_at ? at : state->last_poll_at;
}

/* It is there already. Cards come in rising order, as a rule. */
static bool is_known(const struct cw_snapshot *snapshot, int64_t card)
{
        if (snapshot->n == 0 || cw_snapshot_at(snapshot, snapshot->n - 1)->id < card)
                return false;
        return cw_snapshot_find(snapshot, card) != NULL;
}

/* What rules need to know of it without looking into a window. */
static int know_past(struct cw_engine *engine, struct cw_source_state *state, const struct cw_record *record,
                     const struct cw_card_past *past)
{
        unsigned fields = past->fields & engine->needs.kept;
        struct cw_card card = cw_snapshot_card(&state->snapshot, record);
        struct cw_attention *attention;
        int r = fields ? cw_engine_begin_trail(state, record, &attention) : 0;

        for (unsigned field = 0; r == 0 && field < CW_FIELD_COUNT; field++)
                if (fields & 1u << field)
                        r = cw_trail_know(attention->trail, (enum cw_field)field,
                                          cw_load_past(engine, past->changed_at[field]), &card);
        return r;
}

static int take_over(struct cw_engine *engine, struct cw_source_state *state, const struct cw_card_row *row)
{
        struct cw_attention *attention;
        struct cw_record *record;
        int r = is_known(&state->snapshot, row->card.id) ? -EBADMSG : 0;

        if (r == 0)
                r = cw_snapshot_add(&state->snapshot, row->card.id, &record);
        if (r == 0)
                r = cw_snapshot_observe(&state->snapshot, record, &row->card, 0);
        if (r < 0)
                return r;
        record->first_seen_at = CW_RECORD_TIME(cw_load_past(engine, row->first_seen_at));
        record->observed_at = CW_RECORD_TIME(observed_at(engine, state, row));
        record->observations = CW_RECORD_COUNT(row->observations);
        record->missing = row->missing;
        record->baseline = row->baseline;
        record->look_again = record->unsettled = row->look_again;
        record->unseen = row->unseen;
        if (row->folded_at) {
                r = cw_attention_get(&state->attentions, record->id, &attention);
                if (r < 0)
                        return r;
                attention->folded_at = cw_load_past(engine, row->folded_at);
        }
        return row->past ? know_past(engine, state, record, row->past) : 0;
}

static int take_over_all(struct cw_engine *engine, struct cw_load_batch *batch)
{
        int r = cw_buf_error(&batch->references);

        for (size_t i = 0; r == 0 && i < batch->n; i++)
                cw_id_index_expect(&batch->state->snapshot.index, batch->rows[i].card.id);
        for (size_t i = 0; r == 0 && i < batch->n; i++) {
                size_t at = batch->references_at[i];

                batch->rows[i].card.reference = at > 0 ? cw_buf_text(&batch->references) + at : NULL;
                r = take_over(engine, batch->state, &batch->rows[i]);
        }
        batch->n = 0;
        return r;
}

static void put(struct cw_load_batch *batch, const struct cw_card_row *row)
{
        if (batch->n == 0) {
                cw_buf_clear(&batch->references);
                cw_buf_putc(&batch->references, '\0');
        }
        batch->rows[batch->n] = *row;
        if (row->past) {
                batch->pasts[batch->n] = *row->past;
                batch->rows[batch->n].past = &batch->pasts[batch->n];
        }
        batch->references_at[batch->n] = row->card.reference ? batch->references.len : 0;
        if (row->card.reference)
                cw_buf_append(&batch->references, row->card.reference, strlen(row->card.reference) + 1);
        batch->n++;
}

int cw_load_card(struct cw_engine *engine, const struct cw_card_row *row)
{
        struct cw_source_state *state = cw_engine_source(engine, row->source);
        int r = 0;

        if (!state || row->gone)
                return 0;
        if (!engine->loading)
                engine->loading = calloc(1, sizeof(*engine->loading));
        if (!engine->loading)
                return -ENOMEM;
        if (engine->loading->n == BATCH || engine->loading->state != state)
                r = take_over_all(engine, engine->loading);
        engine->loading->state = state;
        put(engine->loading, row);
        return r;
}

/* Afterwards and at once: looking each of them up among those before would cost more than all else about a card. */
static int know_customers(struct cw_source_state *state)
{
        const struct cw_snapshot *snapshot = &state->snapshot;
        cw_autofree int64_t *customers = reallocarray(NULL, snapshot->n + 1, sizeof(*customers));
        size_t n = 0;

        if (!customers)
                return -ENOMEM;
        for (size_t i = 0; i < snapshot->n; i++) {
                int64_t customer = cw_snapshot_at(snapshot, i)->customer;

                if (n == 0 || customers[n - 1] != customer)
                        customers[n++] = customer;
        }
        return cw_roll_know(&state->roll, customers, n);
}

int cw_engine_load_cards_end(struct cw_engine *engine)
{
        int r = engine->loading ? take_over_all(engine, engine->loading) : 0;

        cw_load_batch_free(cw_take(engine->loading));
        for (size_t i = 0; r == 0 && i < engine->n_sources; i++)
                r = know_customers(&engine->sources[i]);
        return r;
}
