/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What readings say of cards: seen, as they were, or to be decided. An unchanged card costs a comparison, a part of
 * a page that came again as it was not even that (leaves.h).
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/engine_view.h"
#include "cardwatch/text.h"
#include "engine_past.h"
#include "engine_private.h"

void cw_engine_customer_seen(struct cw_engine *engine, struct cw_source_state *state, int64_t customer)
{
        if (cw_roll_seen(&state->roll, customer, state->poll, 0) < 0)
                engine->error = -ENOMEM;
}

/* A card as an event brings it. */
struct reading {
        const struct cw_card *card;
        int64_t at;
        uint32_t leaf; /* of its page, 0: it came alone */
};

/* The record has the same text nearly always. */
static int keep_reference(struct cw_texts *texts, const struct cw_record *record, struct cw_staged *staged)
{
        const char *known = record ? cw_texts_get(texts, record->reference) : NULL;
        int r = cw_text_same(known, staged->card.reference)
                        ? cw_texts_again(texts, record ? record->reference : 0, &staged->kept)
                        : cw_texts_keep(texts, staged->card.reference, &staged->kept);

        if (r == 0)
                staged->card.reference = cw_texts_get(texts, staged->kept);
        return r;
}

/* `record` is what is known of the card, or NULL. */
static void stage(struct cw_engine *engine, struct cw_source_state *state, const struct reading *reading,
                  const struct cw_record *record)
{
        const struct cw_card *card = reading->card;
        struct cw_staged staged = {.card = *card, .at = reading->at, .leaf = reading->leaf};

        if (keep_reference(engine->texts, record, &staged) < 0) {
                engine->error = -ENOMEM;
        } else if (cw_stage_add(&state->stage, &staged) < 0) {
                cw_texts_release(engine->texts, staged.kept);
                engine->error = -ENOMEM;
        }
}

/* Marks the card as brought by this poll; false if it was already. */
bool cw_engine_mark_seen(struct cw_source_state *state, struct cw_record *record)
{
        if (record->seen_in == state->poll)
                return false;
        record->seen_in = CW_RECORD_COUNT(state->poll);
        record->taken = record->held = false;
        state->seen_cards++;
        cw_leaves_stir(state->leaves, record->leaf); /* which cannot count it any more */
        return true;
}

/* The card is there, and nothing else is learnt of it. */
void cw_engine_only_seen(struct cw_engine *engine, struct cw_source_state *state, struct cw_record *record)
{
        cw_engine_mark_seen(state, record);
        if (!record->missing)
                return;
        record->missing = 0;
        cw_engine_remember_card(engine, state, record, false);
}

/* What is known of the card was observed later. A time that is yet to come was written under another clock. */
bool cw_engine_is_older(const struct cw_engine *engine, const struct cw_record *record, int64_t at)
{
        return record->observed_at > at && record->observed_at <= engine->now;
}

/* An observation that has to be decided: it changes something, or something else wants to look. */
static bool is_of_interest(const struct cw_engine *engine, const struct cw_source_state *state,
                           const struct cw_record *record, const struct reading *reading)
{
        return record->look_again || record->missing || record->unseen || engine->any_fresh ||
               cw_snapshot_differs(&state->snapshot, record, reading->card) ||
               cw_engine_away_ms(state, record, reading->at) > 0;
}

/* The first time in this poll; the card belongs to that page from now on. */
static bool brought(struct cw_source_state *state, struct cw_record *record, uint32_t leaf)
{
        if (!cw_engine_mark_seen(state, record))
                return false;
        if (leaf)
                record->leaf = cw_leaves_move(state->leaves, record->leaf, leaf) & CW_LEAVES_MOST;
        return true;
}

static void card_seen(struct cw_engine *engine, struct cw_source_state *state, const struct reading *reading)
{
        struct cw_record *record = cw_snapshot_expect(&state->snapshot, reading->card->id, &state->snapshot.expected);

        state->read_cards++;
        if (!record) {
                stage(engine, state, reading, NULL);
        } else if (cw_engine_is_older(engine, record, reading->at)) {
                cw_engine_only_seen(engine, state, record);
        } else if (!brought(state, record, reading->leaf) || is_of_interest(engine, state, record, reading)) {
                stage(engine, state, reading, record);
        } else {
                record->observed_at = CW_RECORD_TIME(reading->at);
                record->taken = true;
                if (reading->leaf)
                        cw_leaves_at(state->leaves, reading->leaf)->n_settled++;
        }
}

void cw_engine_card_seen(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        card_seen(engine, state, &(struct reading){.card = event->card, .at = event->at});
}

/* What a page brought is told of part by part; one that is not divided is one part. */
struct telling {
        const struct cw_page_part *parts;
        size_t n;
        uint32_t leaves[CW_PAGE_PARTS_MAX];
        struct cw_page_part all;
};

static void begin_telling(struct telling *telling, const struct cw_page_told *page)
{
        telling->all = (struct cw_page_part){.n_customers = (uint32_t)page->n_customers,
                                             .n_cards = (uint32_t)page->n_cards};
        telling->parts = page->n_parts > 0 ? page->parts : &telling->all;
        telling->n = page->n_parts > 0 ? page->n_parts : 1;
        assert(telling->n <= CW_PAGE_PARTS_MAX);
}

/* Its cards are told of it when they are looked at (leaves.h). */
static uint32_t part_alike(const struct cw_engine *engine, struct cw_source_state *state, int64_t at)
{
        uint32_t number = cw_leaves_keep(state->leaves);
        struct cw_leaf *leaf = cw_leaves_at(state->leaves, number);

        leaf->observed_at = at;
        leaf->heard_at = engine->now;
        leaf->seen_in = state->poll;
        state->seen_cards += leaf->n_cards;
        state->read_cards += leaf->n_cards;
        state->roll.n_seen += leaf->n_customers;
        return number;
}

static uint32_t leaf_for(struct cw_source_state *state, const struct cw_page_part *part, int64_t at, bool whole)
{
        uint32_t number = cw_leaves_tell(state->leaves, state->poll, at);
        struct cw_leaf *leaf = cw_leaves_at(state->leaves, number);

        if (!leaf)
                return 0;
        leaf->n_cards = part->n_cards;
        leaf->n_customers = part->n_customers;
        leaf->stirred = !whole;
        return number;
}

/* Before anything of the page is told: what is told anew may stand in a part that is alike, too, and was seen then. */
static void turn_leaves(const struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event,
                        struct telling *telling)
{
        cw_leaves_turn(state->leaves, event->page.number, (uint32_t)telling->n);
        for (size_t i = 0; i < telling->n; i++)
                telling->leaves[i] = telling->parts[i].alike
                                             ? part_alike(engine, state, event->at)
                                             : leaf_for(state, &telling->parts[i], event->at, event->page.whole);
}

/* What comes next most likely stands behind what was passed over, in the snapshot as on the page. */
static void pass_over(struct cw_source_state *state, const struct cw_leaf *leaf)
{
        state->snapshot.expected += leaf->n_cards;
        state->roll.expected += leaf->n_customers;
}

void cw_engine_page_seen(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        const struct cw_page_customer *customer = event->page.customers;
        struct reading reading = {.card = event->page.cards, .at = event->at};
        struct telling telling;

        begin_telling(&telling, &event->page);
        turn_leaves(engine, state, event, &telling);
        for (size_t i = 0; i < telling.n; i++) {
                const struct cw_page_part *part = &telling.parts[i];

                if (part->alike) {
                        pass_over(state, cw_leaves_at(state->leaves, telling.leaves[i]));
                        continue;
                }
                reading.leaf = telling.leaves[i];
                for (size_t k = 0; k < part->n_customers; k++, customer++)
                        if (cw_roll_seen(&state->roll, customer->id, state->poll, reading.leaf) < 0)
                                engine->error = -ENOMEM;
                for (size_t k = 0; k < part->n_cards; k++, reading.card++)
                        card_seen(engine, state, &reading);
        }
}

/* So often all is read as if nothing were known: whatever is wrong with that heals. */
#define POLLS_TO_A_WHOLE_ONE 16

static bool knows_part(const struct cw_source_state *state, const struct cw_leaf *leaf, int64_t at)
{
        return cw_leaf_is_settled(leaf) && leaf->told_in != state->poll && leaf->seen_in != state->poll &&
               at >= leaf->observed_at && at - leaf->observed_at <= cw_engine_gap_ms(state);
}

uint64_t cw_engine_knows_page(const struct cw_engine *engine, size_t source, uint32_t number, int64_t at)
{
        const struct cw_source_state *state = &engine->sources[source];
        uint32_t leaf = cw_leaves_first(state->leaves, number);
        uint64_t known = 0;

        if (!state->polling || engine->any_fresh || state->poll % POLLS_TO_A_WHOLE_ONE == 0)
                return 0;
        for (unsigned i = 0; leaf && i < CW_PAGE_PARTS_MAX; i++, leaf = cw_leaves_next(state->leaves, leaf))
                if (knows_part(state, cw_leaves_at(state->leaves, leaf), at))
                        known |= UINT64_C(1) << i;
        return known;
}

static bool is_alike(const struct cw_page_told *page, const uint32_t *leaves, uint32_t leaf)
{
        for (size_t i = 0; i < page->n_parts; i++)
                if (page->parts[i].alike && leaves[i] == leaf)
                        return true;
        return false;
}

bool cw_engine_repeats(const struct cw_engine *engine, size_t source, const struct cw_page_told *page)
{
        const struct cw_source_state *state = &engine->sources[source];
        const struct cw_card *card = page->cards;
        uint32_t leaves[CW_PAGE_PARTS_MAX] = {0}, leaf = cw_leaves_first(state->leaves, page->number);
        size_t expected = state->snapshot.expected;

        for (size_t i = 0; i < page->n_parts; i++, leaf = cw_leaves_next(state->leaves, leaf))
                leaves[i] = leaf;
        for (size_t i = 0; i < page->n_parts; i++) {
                const struct cw_card *end = card + (page->parts[i].alike ? 0 : page->parts[i].n_cards);

                if (page->parts[i].alike)
                        expected += cw_leaves_at(state->leaves, leaves[i])->n_cards;
                for (; card < end; card++) {
                        const struct cw_record *record = cw_snapshot_expect(&state->snapshot, card->id, &expected);

                        if (record && record->leaf != leaves[i] && is_alike(page, leaves, record->leaf))
                                return true;
                }
        }
        return false;
}

void cw_engine_card_bad(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        struct cw_record *record = cw_snapshot_find(&state->snapshot, event->bad.card);

        if (event->bad.watched && !state->baseline_done)
                return;
        if (record && !event->bad.watched)
                cw_engine_only_seen(engine, state, record);
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
                r = cw_roll_seen(&state->roll, customer, state->poll, 0);
        else if (event->read.result == CW_LOOK_UP_GONE)
                r = cw_roll_gone(&state->roll, customer);
        if (r < 0)
                engine->error = -ENOMEM;
}

void cw_engine_card_watched(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event)
{
        struct cw_staged staged = {.card = *event->card, .at = event->at, .watched = true};
        struct reading reading = {.card = event->card, .at = event->at};
        struct cw_record *record = cw_snapshot_find(&state->snapshot, event->card->id);

        if (!state->baseline_done || (record && cw_engine_is_older(engine, record, event->at)))
                return;
        if (record && record->customer != event->card->customer)
                return; /* which of the two has it is for a poll to say, that reads both */
        if (record && !is_of_interest(engine, state, record, &reading) && !cw_engine_is_due(state, record, event->at)) {
                record->observed_at = CW_RECORD_TIME(event->at);
                return;
        }
        cw_engine_decide_card(engine, state, &staged);
        cw_engine_remember_shown_clear(engine, state);
}
