/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one walk through the changes finds out how things stood at the beginning; past_play.c walks once more. */
#include "past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/settings.h"
#include "cardwatch/store.h"
#include "cardwatch/store_history.h"

/* A card on the way back. */
struct past_card {
        struct cw_card_row row; /* at the beginning; texts are owned */
        bool present; /* it was there then */
        bool settled; /* by its first change */
};

static void past_card_free(struct past_card *card)
{
        free((char *)card->row.card.reference);
        free(card);
}

static size_t source_of(const struct cw_past *past, const char *name)
{
        for (size_t i = 0; i < past->n_sources; i++)
                if (strcmp(past->sources[i].name, name) == 0)
                        return i;
        return SIZE_MAX;
}

/* The card as this row has it, in place of what was thought of it. */
static struct past_card *put_card(struct cw_past *past, size_t source, const struct cw_card_row *row)
{
        struct cw_map *cards = &past->cards[source];
        struct past_card *card = cw_map_get(cards, (uint64_t)row->card.id);
        char *reference = row->card.reference ? strdup(row->card.reference) : NULL;

        if (row->card.reference && !reference)
                return NULL;
        if (!card) {
                card = calloc(1, sizeof(*card));
                if (!card || cw_map_put(cards, (uint64_t)row->card.id, card) < 0) {
                        free(reference);
                        free(card);
                        return NULL;
                }
        }
        free((char *)card->row.card.reference);
        card->row = *row;
        card->row.source = (char *)past->sources[source].name;
        card->row.card.reference = reference;
        return card;
}

static void take_sources(struct cw_past *past, const struct cw_changes *present)
{
        for (size_t i = 0; i < present->sources.n; i++) {
                const struct cw_source_row *row = &present->sources.rows[i];
                size_t source = source_of(past, row->source);

                if (source == SIZE_MAX || row->removed || !row->first_poll_at)
                        continue;
                past->sources[source].known = true;
                past->sources[source].first_poll_at = row->first_poll_at;
                past->sources[source].last_poll_at = row->last_poll_at;
                if (!past->first_poll_at || row->first_poll_at < past->first_poll_at)
                        past->first_poll_at = row->first_poll_at;
                if (row->last_poll_at > past->to_at)
                        past->to_at = row->last_poll_at;
        }
}

/* Not further back than all changes are known. */
static void settle_beginning(struct cw_past *past, int64_t kept_at)
{
        past->is_cut = past->first_poll_at < kept_at && past->from_at <= kept_at;
        if (past->is_cut)
                past->from_at = kept_at;
        else if (past->from_at < past->first_poll_at)
                past->from_at = past->first_poll_at - 1;
        if (past->to_at < past->from_at)
                past->to_at = past->from_at;
        for (size_t i = 0; i < past->n_sources; i++)
                past->sources[i].begins_later = past->sources[i].first_poll_at > past->from_at;
}

static int take_cards(struct cw_past *past, const struct cw_changes *present)
{
        for (size_t i = 0; i < present->cards.n; i++) {
                const struct cw_card_row *row = &present->cards.rows[i];
                size_t source = source_of(past, row->source);
                struct past_card *card;

                if (source == SIZE_MAX)
                        continue;
                card = put_card(past, source, row);
                if (!card)
                        return -ENOMEM;
                card->present = row->first_seen_at <= past->from_at;
        }
        return 0;
}

static int add_leave(struct cw_past *past, size_t source, int64_t at, const struct cw_card_row *row)
{
        const struct cw_past_source *of = &past->sources[source];
        struct cw_past_leave leave = {.source = source, .card = row->card.id};
        size_t place = past->n_leaves;

        if (past->n_leaves == past->leaves_capacity) {
                size_t capacity = past->leaves_capacity ? past->leaves_capacity * 2 : 16;
                struct cw_past_leave *leaves = reallocarray(past->leaves, capacity, sizeof(*leaves));

                if (!leaves)
                        return -ENOMEM;
                past->leaves = leaves;
                past->leaves_capacity = capacity;
        }
        /* It was given up at the last of so many polls that did not show it; a quarter is for beats that drift. */
        leave.at = at - (of->missing_after - 1) * of->every_ms - of->every_ms / 4;
        while (place > 0 && past->leaves[place - 1].at > leave.at) {
                past->leaves[place] = past->leaves[place - 1];
                place--;
        }
        past->leaves[place] = leave;
        past->n_leaves++;
        return 0;
}

/* A card that moves to another customer is let go of and begins anew at once: it was never missing. */
static void drop_leave(struct cw_past *past, size_t source, int64_t card, int64_t at)
{
        for (size_t i = past->n_leaves; i > 0; i--) {
                struct cw_past_leave *leave = &past->leaves[i - 1];
                const struct cw_past_source *of = &past->sources[source];
                int64_t gone_at = leave->at + (of->missing_after - 1) * of->every_ms + of->every_ms / 4;

                if (leave->source != source || leave->card != card || gone_at != at)
                        continue;
                memmove(leave, leave + 1, (past->n_leaves - i) * sizeof(*leave));
                past->n_leaves--;
                return;
        }
}

/* What its first change says of how it was before. */
static void settle(struct cw_past *past, struct past_card *card, const struct cw_card_row *row)
{
        bool is_first = !row->has_before && !row->gone && row->first_seen_at >= row->observed_at;

        card->settled = true;
        card->present = !is_first && row->first_seen_at <= past->from_at;
        if (!row->has_before)
                return;
        card->row.card.available = row->before.available;
        card->row.card.pending = row->before.pending;
        card->row.card.total = row->before.total;
        card->row.card.suppressed = row->before.suppressed;
}

static int wind_back(void *data, int64_t at, const struct cw_card_row *row)
{
        struct cw_past *past = data;
        size_t source = source_of(past, row->source);
        struct past_card *card;

        if (source == SIZE_MAX)
                return 0;
        card = cw_map_get(&past->cards[source], (uint64_t)row->card.id);
        if (!card || !card->settled) {
                card = put_card(past, source, row);
                if (!card)
                        return -ENOMEM;
                settle(past, card, row);
        }
        if (row->gone)
                return add_leave(past, source, at, row);
        drop_leave(past, source, row->card.id, at);
        if (past->sources[source].begins_later && row->baseline && row->first_seen_at >= row->observed_at)
                past->sources[source].baseline_at = at;
        return 0;
}

/* All of the sources that were polled by then, as an engine would have committed it. */
static void store_beginning(struct cw_past *past)
{
        for (size_t source = 0; source < past->n_sources; source++) {
                const struct cw_past_source *of = &past->sources[source];
                struct cw_source_row row = {
                        .source = (char *)of->name,
                        .baseline_done = true,
                        .first_poll_at = of->first_poll_at,
                        .last_poll_at = past->from_at - of->every_ms,
                        .last_complete_at = past->from_at - of->every_ms,
                };
                size_t cursor = 0;
                void *value;

                if (!of->known || of->begins_later)
                        continue;
                cw_changes_source(&past->stored, &row);
                while (cw_map_next(&past->cards[source], &cursor, NULL, &value)) {
                        struct cw_card_row card = ((struct past_card *)value)->row;

                        if (!((struct past_card *)value)->present)
                                continue;
                        card.changed = 0;
                        card.before = (struct cw_balances){card.card.available, card.card.pending, card.card.total,
                                                           card.card.suppressed};
                        card.missing = 0;
                        card.gone = card.look_again = card.unseen = card.baseline = false;
                        card.observed_at = past->from_at - of->every_ms;
                        card.folded_at = 0;
                        cw_changes_card(&past->stored, &card);
                }
        }
}

static int read_store(struct cw_past *past, const struct cw_settings *settings, int64_t kept_at, struct cw_buf *message)
{
        struct cw_changes present = CW_CHANGES_NULL;
        struct cw_store_span span = {0};
        int r;

        r = cw_store_open_readonly(settings->config->store_path, &past->store, message);
        if (r == 0)
                r = cw_store_hold(past->store, message);
        if (r == 0)
                r = cw_store_load(past->store, &present, message);
        if (r == 0) {
                take_sources(past, &present);
                settle_beginning(past, kept_at);
                r = take_cards(past, &present);
        }
        cw_changes_deinit(&present);
        span.from_at = past->from_at;
        if (r == 0)
                r = cw_store_walk_cards(past->store, &span, wind_back, past, message);
        return r;
}

int cw_past_open(struct cw_past *past, const struct cw_settings *settings, int64_t from_at, int64_t kept_at,
                 struct cw_buf *message)
{
        const struct cw_config *config = settings->config;
        int r;

        *past = (struct cw_past){.from_at = from_at, .n_sources = config->n_sources};
        past->sources = calloc(config->n_sources + 1, sizeof(*past->sources));
        past->cards = calloc(config->n_sources + 1, sizeof(*past->cards));
        if (!past->sources || !past->cards)
                return -ENOMEM;
        for (size_t i = 0; i < config->n_sources; i++) {
                past->sources[i].name = config->sources[i].name;
                past->sources[i].every_ms = config->sources[i].every_ms;
                past->sources[i].missing_after = config->sources[i].missing_after;
        }
        r = read_store(past, settings, kept_at, message);
        if (r == 0)
                store_beginning(past);
        return r < 0 ? r : past->stored.error;
}

void cw_past_close(struct cw_past *past)
{
        for (size_t i = 0; past->cards && i < past->n_sources; i++) {
                size_t cursor = 0;
                void *value;

                while (cw_map_next(&past->cards[i], &cursor, NULL, &value))
                        past_card_free(value);
                cw_map_deinit(&past->cards[i]);
        }
        free(past->cards);
        free(past->sources);
        free(past->leaves);
        cw_changes_deinit(&past->stored);
        if (past->store)
                cw_store_release(past->store);
        cw_store_close(past->store);
        *past = (struct cw_past){0};
}
