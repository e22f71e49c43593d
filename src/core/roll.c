/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: as the snapshot, rows in chunks that never move, and an index beside them. */
#include "roll.h"

#include <assert.h>
#include <stdlib.h>

#define AHEAD 16 /* whose place is fetched meanwhile */

static struct cw_roll_row *at(const struct cw_roll *roll, size_t position)
{
        return cw_chunks_at(&roll->rows, position, sizeof(struct cw_roll_row));
}

static int64_t id_of(const void *rows, uint32_t row)
{
        return at(rows, row)->id;
}

void cw_roll_init(struct cw_roll *roll, struct cw_leaves *leaves)
{
        *roll = (struct cw_roll){.leaves = leaves};
        cw_id_index_init(&roll->index, id_of);
}

void cw_roll_deinit(struct cw_roll *roll)
{
        cw_chunks_deinit(&roll->rows);
        cw_id_index_deinit(&roll->index);
        cw_roll_init(roll, roll->leaves);
}

#define MARKS 16383 /* as a row has bits for */

/* Of no other poll since the marks were wiped. */
static uint32_t mark_of(uint32_t poll)
{
        return poll % MARKS + 1;
}

void cw_roll_begin(struct cw_roll *roll, uint32_t poll)
{
        roll->n_seen = 0;
        for (size_t i = 0; poll % (MARKS / 2) == 0 && i < roll->n; i++)
                at(roll, i)->mark = 0;
}

static struct cw_roll_row *find(const struct cw_roll *roll, int64_t customer)
{
        uint32_t row = cw_id_index_find(&roll->index, roll, customer);

        return row == CW_ID_INDEX_NONE ? NULL : at(roll, row);
}

/* Fast for customers in the order in which they were added. */
static struct cw_roll_row *expect(struct cw_roll *roll, int64_t customer)
{
        size_t position = roll->expected;

        if (position >= roll->n || at(roll, position)->id != customer) {
                position = cw_id_index_find(&roll->index, roll, customer);
                if (position == CW_ID_INDEX_NONE)
                        return NULL;
        }
        roll->expected = position + 1;
        return at(roll, position);
}

static int add(struct cw_roll *roll, int64_t customer, struct cw_roll_row **ret_row)
{
        int r = cw_chunks_reserve(&roll->rows, roll->n + 1, sizeof(struct cw_roll_row));

        if (r < 0)
                return r;
        *at(roll, roll->n) = (struct cw_roll_row){.id = customer};
        r = cw_id_index_add(&roll->index, roll, (uint32_t)roll->n);
        if (r == 0)
                *ret_row = at(roll, roll->n++);
        return r;
}

static int compare(const void *one, const void *other)
{
        int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

        return (a > b) - (a < b);
}

static bool is_rising(const int64_t *customers, size_t n)
{
        for (size_t i = 1; i < n; i++)
                if (customers[i - 1] >= customers[i])
                        return false;
        return true;
}

int cw_roll_know(struct cw_roll *roll, int64_t *customers, size_t n)
{
        struct cw_roll_row *row;
        size_t n_known = 0;
        int r = 0;

        assert(roll->n == 0);
        if (!is_rising(customers, n))
                qsort(customers, n, sizeof(*customers), compare);
        for (size_t i = 0; i < n; i++)
                if (n_known == 0 || customers[n_known - 1] != customers[i])
                        customers[n_known++] = customers[i];
        cw_id_index_reserve(&roll->index, n_known);
        for (size_t i = 0; r == 0 && i < n_known; i++) {
                if (i + AHEAD < n_known)
                        cw_id_index_expect(&roll->index, customers[i + AHEAD]);
                r = add(roll, customers[i], &row);
        }
        return r;
}

static bool is_seen(const struct cw_roll *roll, const struct cw_roll_row *row, uint32_t poll)
{
        const struct cw_leaf *leaf = cw_leaves_at(roll->leaves, row->leaf);

        return (leaf && (leaf->told_in == poll || leaf->seen_in == poll)) || (row->mark && row->mark == mark_of(poll));
}

/* Seen by another page before: neither of the two can speak for the customer alone. */
static inline void seen(struct cw_roll *roll, struct cw_roll_row *row, uint32_t poll, uint32_t leaf)
{
        if (!row->gone && is_seen(roll, row, poll)) {
                cw_leaves_stir(roll->leaves, leaf);
                return;
        }
        roll->n_seen++;
        if (row->gone) {
                roll->n_gone--;
                row->gone = false;
        }
        cw_leaves_stir(roll->leaves, row->leaf);
        if (leaf)
                row->leaf = cw_leaves_move(roll->leaves, row->leaf, leaf) & CW_LEAVES_MOST;
        else
                row->mark = mark_of(poll) & MARKS;
}

int cw_roll_seen(struct cw_roll *roll, int64_t customer, uint32_t poll, uint32_t leaf)
{
        struct cw_roll_row *row = expect(roll, customer);
        int r = row ? 0 : add(roll, customer, &row);

        if (r == 0)
                seen(roll, row, poll, leaf);
        return r;
}

void cw_roll_all_seen(struct cw_roll *roll, uint32_t poll)
{
        for (size_t i = 0; i < roll->n; i++)
                if (!at(roll, i)->gone)
                        seen(roll, at(roll, i), poll, 0);
}

int cw_roll_gone(struct cw_roll *roll, int64_t customer)
{
        struct cw_roll_row *row = find(roll, customer);
        int r = row ? 0 : add(roll, customer, &row);

        if (r < 0 || row->gone)
                return r;
        row->gone = true;
        roll->n_gone++;
        cw_leaves_stir(roll->leaves, row->leaf);
        return 0;
}

void cw_roll_forget(struct cw_roll *roll, int64_t customer)
{
        uint32_t row = cw_id_index_find(&roll->index, roll, customer);
        uint32_t last = (uint32_t)roll->n - 1;

        if (row == CW_ID_INDEX_NONE)
                return;
        roll->n_gone -= at(roll, row)->gone;
        cw_leaves_stir(roll->leaves, at(roll, row)->leaf);
        cw_leaves_move(roll->leaves, at(roll, row)->leaf, 0);
        cw_id_index_remove(&roll->index, roll, row);
        if (row != last) {
                cw_id_index_move(&roll->index, roll, last, row);
                *at(roll, row) = *at(roll, last);
        }
        cw_chunks_shrink(&roll->rows, --roll->n);
}

const struct cw_roll_row *cw_roll_at(const struct cw_roll *roll, size_t position)
{
        return at(roll, position);
}

bool cw_roll_is_seen(const struct cw_roll *roll, int64_t customer, uint32_t poll)
{
        const struct cw_roll_row *row = find(roll, customer);

        return row && !row->gone && is_seen(roll, row, poll);
}

bool cw_roll_is_gone(const struct cw_roll *roll, int64_t customer)
{
        const struct cw_roll_row *row = find(roll, customer);

        return row && row->gone;
}

static bool is_absent(const struct cw_roll *roll, const struct cw_roll_row *row, uint32_t poll)
{
        return !row->gone && !is_seen(roll, row, poll);
}

size_t cw_roll_absent(const struct cw_roll *roll, uint32_t poll, uint32_t turn, int64_t *ret_customers, size_t most)
{
        size_t n = 0, chosen = 0, skip, position = 0;

        /* The usual poll brought everybody. */
        if (roll->n_seen + roll->n_gone >= roll->n)
                return 0;
        for (size_t i = 0; i < roll->n; i++)
                n += is_absent(roll, at(roll, i), poll);
        skip = n > most && most > 0 ? (size_t)turn * most % n : 0;
        /* From the one after `skip` on, and from the first again. */
        for (size_t i = 0; chosen < most && chosen < n && i < 2 * roll->n; i++) {
                const struct cw_roll_row *row = at(roll, i < roll->n ? i : i - roll->n);

                if (is_absent(roll, row, poll) && position++ >= skip)
                        ret_customers[chosen++] = row->id;
        }
        return n;
}
