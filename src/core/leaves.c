/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: who goes along a page wants its leaves, which stand anywhere after some polls. The chain is kept apart from
 * them, in few bytes, so that the processor fetches many at once instead of one through the other.
 */
#include "leaves.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_FIRST  64
#define PLACES_MOST (CW_LEAVES_MOST - 1)

void cw_leaves_deinit(struct cw_leaves *leaves)
{
        free(leaves->rows);
        free(leaves->next);
        free(leaves->places);
        *leaves = (struct cw_leaves){0};
}

/* What was staged in the poll before names leaves, too: only now nobody does. */
void cw_leaves_begin(struct cw_leaves *leaves)
{
        while (leaves->freed) {
                uint32_t leaf = leaves->freed;

                leaves->freed = leaves->next[leaf];
                leaves->next[leaf] = leaves->free;
                leaves->free = leaf;
        }
}

static void let_go(struct cw_leaves *leaves, uint32_t leaf)
{
        struct cw_leaf *row = cw_leaves_at(leaves, leaf);

        if (!row)
                return;
        assert(row->references > 0);
        if (--row->references > 0)
                return;
        leaves->next[leaf] = leaves->freed;
        leaves->freed = leaf;
}

uint32_t cw_leaves_move(struct cw_leaves *leaves, uint32_t from, uint32_t to)
{
        if (from == to)
                return to;
        if (to)
                leaves->rows[to].references++;
        let_go(leaves, from);
        return to;
}

static bool has_place(struct cw_leaves *leaves, uint32_t place)
{
        uint32_t n = leaves->n_places ? leaves->n_places : ROWS_FIRST;
        uint32_t *places;

        if (place > PLACES_MOST)
                return false;
        if (place < leaves->n_places)
                return true;
        while (n <= place)
                n *= 2;
        places = reallocarray(leaves->places, n, sizeof(*places));
        if (!places)
                return false;
        memset(places + leaves->n_places, 0, (n - leaves->n_places) * sizeof(*places));
        leaves->places = places;
        leaves->n_places = n;
        return true;
}

static bool grow(struct cw_leaves *leaves)
{
        uint32_t capacity = leaves->capacity ? leaves->capacity * 2 : ROWS_FIRST;
        struct cw_leaf *rows = reallocarray(leaves->rows, capacity, sizeof(*rows));
        uint32_t *next;

        if (!rows)
                return false;
        leaves->rows = rows;
        next = reallocarray(leaves->next, capacity, sizeof(*next));
        if (!next)
                return false;
        leaves->next = next;
        leaves->capacity = capacity;
        return true;
}

/* 0: there is none. */
static uint32_t take_free(struct cw_leaves *leaves)
{
        uint32_t leaf = leaves->free;

        if (leaf) {
                leaves->free = leaves->next[leaf];
                return leaf;
        }
        if (leaves->n + 1 >= leaves->capacity && (leaves->n >= CW_LEAVES_MOST || !grow(leaves)))
                return 0;
        return ++leaves->n;
}

#define BROKEN UINT32_MAX /* a part before has no leaf: those behind it would stand in its place */

/* Behind so many of the chain: the page has fewer parts now. */
static void let_go_behind(struct cw_leaves *leaves, uint32_t leaf, uint32_t n)
{
        for (; leaf; n -= n > 0) {
                uint32_t next = cw_leaves_next(leaves, leaf);

                if (n == 0)
                        let_go(leaves, leaf);
                else if (n == 1)
                        leaves->next[leaf] = 0;
                leaf = next;
        }
}

void cw_leaves_turn(struct cw_leaves *leaves, uint32_t place, uint32_t n)
{
        leaves->turned = place;
        leaves->left = cw_leaves_first(leaves, place);
        leaves->last = has_place(leaves, place) ? 0 : BROKEN;
        let_go_behind(leaves, leaves->left, n);
        if (place < leaves->n_places)
                leaves->places[place] = 0;
}

/* The page has it; or lets go of it, if the chain is broken. */
static void append(struct cw_leaves *leaves, uint32_t leaf)
{
        leaves->next[leaf] = 0;
        if (leaves->last == BROKEN) {
                let_go(leaves, leaf);
                return;
        }
        if (leaves->last)
                leaves->next[leaves->last] = leaf;
        else
                leaves->places[leaves->turned] = leaf;
        leaves->last = leaf;
}

static uint32_t take_left(struct cw_leaves *leaves)
{
        uint32_t leaf = leaves->left;

        leaves->left = cw_leaves_next(leaves, leaf);
        return leaf;
}

uint32_t cw_leaves_keep(struct cw_leaves *leaves)
{
        uint32_t leaf = take_left(leaves);

        assert(leaf);
        append(leaves, leaf);
        return leaf;
}

uint32_t cw_leaves_tell(struct cw_leaves *leaves, uint32_t poll, int64_t at)
{
        uint32_t leaf = leaves->last == BROKEN ? 0 : take_free(leaves);

        let_go(leaves, take_left(leaves));
        if (!leaf) {
                leaves->last = BROKEN;
                return 0;
        }
        leaves->rows[leaf] = (struct cw_leaf){.told_in = poll, .observed_at = at, .references = 1};
        append(leaves, leaf);
        return leaf;
}

uint32_t cw_leaves_first(const struct cw_leaves *leaves, uint32_t place)
{
        return place < leaves->n_places ? leaves->places[place] : 0;
}

bool cw_leaf_is_settled(const struct cw_leaf *leaf)
{
        return !leaf->stirred && leaf->n_settled == leaf->n_cards;
}

void cw_leaves_clock_set(struct cw_leaves *leaves, int64_t by_ms)
{
        for (uint32_t i = 1; i <= leaves->n; i++) {
                leaves->rows[i].observed_at += by_ms;
                leaves->rows[i].heard_at += by_ms;
        }
}
