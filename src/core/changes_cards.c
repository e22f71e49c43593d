/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a pack is a part of the journal as it will be written, made while rows come. Packs never change; where a card
 * stands in two rows (a commit failed, and more was seen since) all are made anew, before the next attempt and where
 * that runs: of a million cards it takes a fifth of a second to see whether any does.
 */
#include "cardwatch/changes_cards.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/card_pack.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/map.h"
#include "changes_private.h"

static void release_packed(struct cw_packed_row *packed)
{
        cw_changes_kinds[CW_CHANGES_PACKED].release(packed);
        *packed = (struct cw_packed_row){.n = 0};
}

/* A copy as long as it has to be: a buffer may be twice that. */
static int copy_pack(const struct cw_cards_writer *writer, const char *source, struct cw_packed_row *ret_packed)
{
        struct cw_packed_row packed = {.len = writer->buf.len, .n = writer->n};

        packed.source = strdup(source);
        packed.bytes = malloc(packed.len);
        if (!packed.source || !packed.bytes) {
                release_packed(&packed);
                return -ENOMEM;
        }
        memcpy(packed.bytes, writer->buf.data, packed.len);
        *ret_packed = packed;
        return 0;
}

/* A run of rows of one source. */
static int pack_run(struct cw_cards_writer *writer, const struct cw_card_row *rows, size_t n,
                    struct cw_packed_row *ret_packed)
{
        int r;

        cw_cards_begin(writer);
        for (size_t i = 0; i < n; i++)
                cw_cards_add(writer, &rows[i]);
        r = cw_cards_end(writer);
        return r < 0 ? r : copy_pack(writer, rows[0].source, ret_packed);
}

static size_t run_from(const struct cw_changes *changes, size_t begin)
{
        const struct cw_card_row *rows = changes->cards.rows;
        size_t end = begin + 1;

        while (end < changes->cards.n && end - begin < CW_CARDS_TOGETHER &&
               strcmp(rows[end].source, rows[begin].source) == 0)
                end++;
        return end - begin;
}

static int pack_runs(struct cw_changes *changes)
{
        cw_cleanup(cw_cards_deinit) struct cw_cards_writer writer = {.buf = CW_BUF_NULL};
        const struct cw_changes_kind *kind = &cw_changes_kinds[CW_CHANGES_PACKED];
        int r = 0;

        for (size_t i = 0, n; r == 0 && i < changes->cards.n; i += n) {
                n = run_from(changes, i);
                r = cw_changes_reserve(changes, kind, 1);
                if (r == 0)
                        r = pack_run(&writer, &changes->cards.rows[i], n, &changes->packed.rows[changes->packed.n]);
                if (r == 0)
                        changes->packed.n++;
        }
        return r;
}

void cw_changes_pack_cards(struct cw_changes *changes)
{
        size_t before = changes->packed.n;
        int r = changes->error < 0 ? changes->error : pack_runs(changes);

        if (r < 0) {
                while (changes->packed.n > before)
                        release_packed(&changes->packed.rows[--changes->packed.n]);
                changes->error = r;
                return;
        }
        for (size_t i = 0; i < changes->cards.n; i++)
                cw_changes_kinds[CW_CHANGES_CARDS].release(&changes->cards.rows[i]);
        changes->cards.n = 0;
}

size_t cw_changes_count_cards(const struct cw_changes *changes)
{
        size_t n = changes->cards.n;

        for (size_t i = 0; i < changes->packed.n; i++)
                n += changes->packed.rows[i].n;
        return n;
}

int cw_packed_cards_walk(const struct cw_packed_row *packed, cw_card_visit visit, void *data)
{
        cw_cleanup(cw_cards_reader_deinit) struct cw_cards_reader reader = {.reference = CW_BUF_NULL};
        struct cw_card_row row;
        int r = cw_cards_read(&reader, packed->bytes, packed->len);

        while (r == 0 && (r = cw_cards_next(&reader, &row)) == CW_CARDS_ROW) {
                row.source = packed->source;
                r = visit(data, &row);
        }
        return r;
}

int cw_changes_walk_cards(const struct cw_changes *changes, cw_card_visit visit, void *data)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < changes->packed.n; i++)
                r = cw_packed_cards_walk(&changes->packed.rows[i], visit, data);
        for (size_t i = 0; r == 0 && i < changes->cards.n; i++)
                r = visit(data, &changes->cards.rows[i]);
        return r;
}

/* Of one row: what it is about, and by which later one it is replaced. */
struct place {
        int64_t card;
        const char *source; /* the changes' own */
        size_t position;
};

struct places {
        struct place *items;
        size_t n;
        bool rising;
};

static int compare_keys(const struct place *a, const struct place *b)
{
        int order = COMPARE(a->card, b->card);

        return order != 0 || a->source == b->source ? order : strcmp(a->source, b->source);
}

static int compare_places(const void *one, const void *other)
{
        const struct place *a = one, *b = other;
        int order = compare_keys(a, b);

        return order != 0 ? order : COMPARE(a->position, b->position);
}

static int take_place(void *data, const struct cw_card_row *row)
{
        struct places *places = data;
        struct place *place = &places->items[places->n];

        *place = (struct place){.card = row->card.id, .source = row->source, .position = places->n};
        places->rising &= places->n == 0 || compare_keys(place - 1, place) < 0;
        places->n++;
        return 0;
}

/* While all rows are made anew. */
struct rewriting {
        struct cw_changes kept;
        size_t *replaced_by; /* a position, or 0: it stays */
        struct cw_map earlier; /* what a row takes over, by its position: a row without texts */
        size_t position;
};

static void rewriting_deinit(struct rewriting *rewriting)
{
        size_t cursor = 0;
        void *row;

        while (cw_map_next(&rewriting->earlier, &cursor, NULL, &row))
                free(row);
        cw_map_deinit(&rewriting->earlier);
        cw_changes_deinit(&rewriting->kept);
        free(rewriting->replaced_by);
}

static int hand_on(struct rewriting *rewriting, const struct cw_card_row *row, size_t position)
{
        cw_autofree struct cw_card_row *copy = NULL;
        int r;

        if (!row->changed)
                return 0;
        copy = malloc(sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        *copy = *row;
        r = cw_map_put(&rewriting->earlier, position, copy);
        if (r == 0)
                (void)cw_take(copy);
        return r < 0 ? r : 0;
}

static int rewrite(void *data, const struct cw_card_row *row)
{
        struct rewriting *rewriting = data;
        size_t position = rewriting->position++, replaced_by = rewriting->replaced_by[position];
        cw_autofree struct cw_card_row *earlier = cw_map_remove(&rewriting->earlier, position);
        struct cw_card_row whole = *row;

        if (earlier)
                cw_changes_kinds[CW_CHANGES_CARDS].absorb(&whole, earlier);
        if (replaced_by)
                return hand_on(rewriting, &whole, replaced_by);
        cw_changes_card(&rewriting->kept, &whole);
        if (rewriting->kept.cards.n == CW_CARDS_TOGETHER)
                cw_changes_pack_cards(&rewriting->kept);
        return rewriting->kept.error;
}

/* Whether any is. */
static bool find_replaced(const struct places *places, size_t *ret_replaced_by)
{
        bool any = false;

        for (size_t i = 1; i < places->n; i++) {
                const struct place *place = &places->items[i];

                if (compare_keys(place - 1, place) != 0)
                        continue;
                ret_replaced_by[place[-1].position] = place->position;
                any = true;
        }
        return any;
}

static void swap_cards(struct cw_changes *a, struct cw_changes *b)
{
        struct cw_changes before = *a;

        a->packed = b->packed;
        a->cards = b->cards;
        b->packed = before.packed;
        b->cards = before.cards;
}

void cw_changes_keep_last_cards(struct cw_changes *changes)
{
        cw_cleanup(rewriting_deinit) struct rewriting rewriting = {.position = 0};
        cw_autofree struct place *items = calloc(cw_changes_count_cards(changes) + 1, sizeof(*items));
        struct places places = {.items = items, .rising = true};

        if (!items || cw_changes_walk_cards(changes, take_place, &places) < 0 || places.rising)
                return;
        rewriting.replaced_by = calloc(places.n, sizeof(*rewriting.replaced_by));
        if (!rewriting.replaced_by)
                return;
        qsort(places.items, places.n, sizeof(*places.items), compare_places);
        if (find_replaced(&places, rewriting.replaced_by) && cw_changes_walk_cards(changes, rewrite, &rewriting) == 0)
                swap_cards(changes, &rewriting.kept);
}
