/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: changes that were committed together came with one poll, whose beat is set to that time; beats that are assumed
 * and would come just before it are the same poll, and left out. A source that begins later is not polled until its
 * first list has come together.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/store_history.h"
#include "past.h"

struct play {
        struct cw_past *past;
        struct cw_world *world;
        int64_t now; /* of the world */
        struct cw_card_row *rows; /* of one commit; `reference` is owned */
        size_t *sources; /* of the rows */
        size_t n_rows, capacity;
        struct cw_map *in_rows; /* of each source: its cards among them */
        int64_t at; /* of the commit */
        size_t next_leave;
        bool *parked; /* sources that are not polled yet */
};

static int advance(struct play *play, int64_t at)
{
        if (at <= play->now)
                return 0;
        play->now = at;
        return cw_world_advance(play->world, at);
}

/* No beat of the source in the last half of one before `at`. */
static int make_way(struct play *play, size_t source, int64_t at)
{
        int64_t every_ms = play->past->sources[source].every_ms;
        int64_t next = cw_world_next_beat(play->world, source), last;
        int r;

        if (next >= at)
                return 0;
        last = next + (at - 1 - next) / every_ms * every_ms;
        if (at - last >= every_ms / 2 || last < play->now)
                return 0;
        r = advance(play, last);
        if (r == 0)
                cw_world_set_beat(play->world, source, at);
        return r;
}

static int leave_until(struct play *play, int64_t at)
{
        const struct cw_past *past = play->past;
        int r = 0;

        for (; r == 0 && play->next_leave < past->n_leaves && past->leaves[play->next_leave].at <= at;
             play->next_leave++) {
                const struct cw_past_leave *leave = &past->leaves[play->next_leave];

                r = advance(play, leave->at);
                if (r == 0 && cw_world_card(play->world, leave->source, leave->card))
                        cw_world_hide(play->world, leave->source, leave->card);
        }
        return r;
}

static int show_rows(struct play *play)
{
        for (size_t i = 0; i < play->n_rows; i++) {
                const struct cw_card_row *row = &play->rows[i];
                size_t source = play->sources[i];
                int r = 0;

                if (!row->gone)
                        r = cw_world_show(play->world, source, &row->card);
                else if (cw_world_card(play->world, source, row->card.id))
                        cw_world_hide(play->world, source, row->card.id);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void forget_rows(struct play *play)
{
        for (size_t i = 0; i < play->n_rows; i++)
                free((char *)play->rows[i].card.reference);
        for (size_t i = 0; i < play->past->n_sources; i++)
                cw_map_deinit(&play->in_rows[i]);
        play->n_rows = 0;
}

static bool is_in_rows(const struct play *play, size_t source)
{
        return play->in_rows[source].used > 0;
}

static int look(struct play *play, int64_t at)
{
        for (size_t i = 0; i < play->past->n_sources; i++) {
                if (!is_in_rows(play, i) || (play->parked[i] && play->at < play->past->sources[i].baseline_at))
                        continue;
                play->parked[i] = false;
                cw_world_set_beat(play->world, i, at);
        }
        return cw_world_look(play->world);
}

/* When the latest of what was gathered was observed; that a card is gone was known when it was committed. */
static int64_t observed_at(const struct play *play)
{
        int64_t at = 0;

        for (size_t i = 0; i < play->n_rows; i++) {
                if (play->rows[i].gone)
                        return play->at;
                if (play->rows[i].observed_at > at)
                        at = play->rows[i].observed_at;
        }
        return at < play->at ? at : play->at;
}

/* What was gathered, when it was observed or as soon after what was played as can be. */
static int flush(struct play *play)
{
        int64_t at;
        int r;

        if (!play->n_rows)
                return 0;
        at = observed_at(play);
        if (at <= play->now)
                at = play->now + 1;
        r = leave_until(play, at);
        for (size_t i = 0; r == 0 && i < play->past->n_sources; i++)
                if (is_in_rows(play, i) && !play->parked[i])
                        r = make_way(play, i, at);
        if (r == 0)
                r = advance(play, at);
        if (r == 0)
                r = show_rows(play);
        if (r == 0)
                r = look(play, at);
        forget_rows(play);
        return r;
}

static int gather(struct play *play, size_t source, const struct cw_card_row *row)
{
        struct cw_card_row copy = *row;

        if (play->n_rows == play->capacity) {
                size_t capacity = play->capacity ? play->capacity * 2 : 64;
                struct cw_card_row *rows = reallocarray(play->rows, capacity, sizeof(*rows));
                size_t *sources = rows ? reallocarray(play->sources, capacity, sizeof(*sources)) : NULL;

                play->rows = rows ? rows : play->rows;
                if (!sources)
                        return -ENOMEM;
                play->sources = sources;
                play->capacity = capacity;
        }
        copy.card.reference = row->card.reference ? strdup(row->card.reference) : NULL;
        if ((row->card.reference && !copy.card.reference) ||
            cw_map_put(&play->in_rows[source], (uint64_t)row->card.id, play) < 0) {
                free((char *)copy.card.reference);
                return -ENOMEM;
        }
        play->rows[play->n_rows] = copy;
        play->sources[play->n_rows++] = source;
        return 0;
}

/* A card that stands in a commit twice was seen by two polls. */
static int take_row(void *data, int64_t at, const struct cw_card_row *row)
{
        struct play *play = data;
        size_t source = 0;
        int r = 0;

        while (source < play->past->n_sources && strcmp(play->past->sources[source].name, row->source) != 0)
                source++;
        if (source == play->past->n_sources)
                return 0;
        if (at != play->at || cw_map_get(&play->in_rows[source], (uint64_t)row->card.id))
                r = flush(play);
        play->at = at;
        return r < 0 ? r : gather(play, source, row);
}

static int begin(struct play *play)
{
        const struct cw_past *past = play->past;
        int64_t never = past->to_at + past->to_at / 2;

        for (size_t i = 0; i < past->n_sources; i++) {
                play->parked[i] = past->sources[i].begins_later || !past->sources[i].known;
                if (play->parked[i])
                        cw_world_set_beat(play->world, i, never);
        }
        for (size_t i = 0; i < past->stored.cards.n; i++) {
                const struct cw_card_row *row = &past->stored.cards.rows[i];
                size_t source = 0;
                int r;

                while (strcmp(past->sources[source].name, row->source) != 0)
                        source++;
                r = cw_world_show(play->world, source, &row->card);
                if (r < 0)
                        return r;
        }
        return 0;
}

int cw_past_play(struct cw_past *past, struct cw_world *world, struct cw_buf *message)
{
        struct cw_store_span span = {.from_at = past->from_at};
        struct play play = {.past = past, .world = world, .now = past->from_at};
        int r = -ENOMEM;

        play.in_rows = calloc(past->n_sources + 1, sizeof(*play.in_rows));
        play.parked = calloc(past->n_sources + 1, sizeof(*play.parked));
        if (play.in_rows && play.parked)
                r = begin(&play);
        if (r == 0)
                r = cw_store_walk_cards(past->store, &span, take_row, &play, message);
        if (r == 0)
                r = flush(&play);
        if (r == 0)
                r = leave_until(&play, past->to_at);
        if (r == 0)
                r = advance(&play, past->to_at);
        if (r == 0)
                r = cw_world_look(world);
        if (play.in_rows)
                forget_rows(&play);
        free(play.in_rows);
        free(play.parked);
        free(play.rows);
        free(play.sources);
        return r;
}
