/* SPDX-License-Identifier: Apache-2.0 */
#include "leaves.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_FIRST  64
#define PLACES_MOST (CW_LEAVES_MOST - 1)

void cw_leaves_deinit(struct cw_leaves *leaves)
{
        free(leaves->rows);
        free(leaves->places);
        *leaves = (struct cw_leaves){0};
}

/* What was staged in the poll before names leaves, too: only now nobody does. */
void cw_leaves_begin(struct cw_leaves *leaves)
{
        while (leaves->freed) {
                uint32_t leaf = leaves->freed;

                leaves->freed = leaves->rows[leaf].next;
                leaves->rows[leaf].next = leaves->free;
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
        row->next = leaves->freed;
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

/* 0: there is none. */
static uint32_t take_free(struct cw_leaves *leaves)
{
        uint32_t leaf = leaves->free, capacity = leaves->capacity ? leaves->capacity * 2 : ROWS_FIRST;
        struct cw_leaf *rows;

        if (leaf) {
                leaves->free = leaves->rows[leaf].next;
                return leaf;
        }
        if (leaves->n + 1 < leaves->capacity)
                return ++leaves->n;
        if (leaves->n >= CW_LEAVES_MOST)
                return 0;
        rows = reallocarray(leaves->rows, capacity, sizeof(*rows));
        if (!rows)
                return 0;
        leaves->rows = rows;
        leaves->capacity = capacity;
        return ++leaves->n;
}

uint32_t cw_leaves_tell(struct cw_leaves *leaves, uint32_t place, uint32_t poll, int64_t at)
{
        uint32_t leaf = has_place(leaves, place) ? take_free(leaves) : 0;

        if (leaf)
                leaves->rows[leaf] = (struct cw_leaf){.told_in = poll, .observed_at = at, .references = 1};
        if (place < leaves->n_places) {
                let_go(leaves, leaves->places[place]);
                leaves->places[place] = leaf;
        }
        return leaf;
}

struct cw_leaf *cw_leaves_find(const struct cw_leaves *leaves, uint32_t place)
{
        return place < leaves->n_places ? cw_leaves_at(leaves, leaves->places[place]) : NULL;
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
