/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: merging orders indices by key and keeps the last of each, which costs n log n whatever the keys are; there is
 * no hash that a provider's card ids could be aimed at.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/changes_cards.h"
#include "cardwatch/changes_order.h"
#include "cardwatch/cleanup.h"
#include "changes_private.h"

#define HISTORY_MAX 10000

/* Drops the rows that `marks` says, closing the gaps. */
static void sweep(struct cw_changes *changes, const struct cw_changes_kind *kind, const unsigned char *marks)
{
        struct cw_changes_list list = cw_changes_get_list(changes, kind);
        size_t kept = 0;

        for (size_t i = 0; i < list.n; i++) {
                if (marks[i]) {
                        cw_changes_release(changes, kind, cw_changes_row_at(&list, kind, i));
                        continue;
                }
                if (kept != i)
                        memcpy(cw_changes_row_at(&list, kind, kept), cw_changes_row_at(&list, kind, i), kind->size);
                kept++;
        }
        list.n = kept;
        cw_changes_set_list(changes, kind, list);
}

/* What marking needs, for the longest of the lists, so that nothing can fail once rows have begun to move. */
struct scratch {
        size_t *order;
        unsigned char *marks;
};

struct ordering {
        const struct cw_changes_list *list;
        const struct cw_changes_kind *kind;
};

/* By key, and the later row behind the earlier one. */
static int compare_order(const void *one, const void *other, void *data)
{
        const struct ordering *ordering = data;
        size_t a = *(const size_t *)one, b = *(const size_t *)other;
        int order = ordering->kind->compare(cw_changes_row_at(ordering->list, ordering->kind, a),
                                            cw_changes_row_at(ordering->list, ordering->kind, b));

        return order != 0 ? order : COMPARE(a, b);
}

/* Rows that come in rising order of their keys, as cards mostly do, hold nothing twice. */
static bool is_rising(const struct cw_changes_list *list, const struct cw_changes_kind *kind)
{
        for (size_t i = 1; i < list->n; i++)
                if (kind->compare(cw_changes_row_at(list, kind, i - 1), cw_changes_row_at(list, kind, i)) >= 0)
                        return false;
        return true;
}

static void keep_last_of_each(struct cw_changes *changes, const struct cw_changes_kind *kind, struct scratch *scratch)
{
        struct cw_changes_list list = cw_changes_get_list(changes, kind);
        struct ordering ordering = {.list = &list, .kind = kind};

        if (is_rising(&list, kind))
                return;
        for (size_t i = 0; i < list.n; i++)
                scratch->order[i] = i;
        qsort_r(scratch->order, list.n, sizeof(*scratch->order), compare_order, &ordering);
        memset(scratch->marks, 0, list.n);
        for (size_t i = 1; i < list.n; i++) {
                size_t a = scratch->order[i - 1], b = scratch->order[i];

                if (kind->compare(cw_changes_row_at(&list, kind, a), cw_changes_row_at(&list, kind, b)) != 0)
                        continue;
                scratch->marks[a] = 1;
                if (kind->absorb)
                        kind->absorb(cw_changes_row_at(&list, kind, b), cw_changes_row_at(&list, kind, a));
        }
        sweep(changes, kind, scratch->marks);
}

/* What only grows: the last of it. */
static void keep_newest(struct cw_changes *changes, const struct cw_changes_kind *kind)
{
        struct cw_changes_list list = cw_changes_get_list(changes, kind);
        size_t excess = list.n > HISTORY_MAX ? list.n - HISTORY_MAX : 0;

        if (excess == 0)
                return;
        for (size_t i = 0; i < excess; i++)
                cw_changes_release(changes, kind, cw_changes_row_at(&list, kind, i));
        memmove(list.rows, cw_changes_row_at(&list, kind, excess), HISTORY_MAX * kind->size);
        list.n = HISTORY_MAX;
        cw_changes_set_list(changes, kind, list);
}

static void move_rows(struct cw_changes *older, struct cw_changes *newer, const struct cw_changes_kind *kind)
{
        struct cw_changes_list to = cw_changes_get_list(older, kind), from = cw_changes_get_list(newer, kind);

        if (from.n == 0)
                return;
        memcpy(cw_changes_row_at(&to, kind, to.n), from.rows, from.n * kind->size);
        to.n += from.n;
        from.n = 0;
        cw_changes_set_list(older, kind, to);
        cw_changes_set_list(newer, kind, from);
}

static int prepare(struct cw_changes *older, const struct cw_changes *newer, size_t *ret_longest)
{
        size_t longest = 0;

        for (size_t k = 0; k < CW_CHANGES_KINDS; k++) {
                size_t n = cw_changes_get_list(older, &cw_changes_kinds[k]).n,
                       extra = cw_changes_get_list(newer, &cw_changes_kinds[k]).n;

                if (extra > 0 && cw_changes_reserve(older, &cw_changes_kinds[k], extra) < 0)
                        return -ENOMEM;
                longest = n + extra > longest ? n + extra : longest;
        }
        *ret_longest = longest;
        return 0;
}

/* Of which rows have moved. */
static void move_texts(struct cw_changes *older, struct cw_changes *newer)
{
        cw_arena_join(&older->texts, &newer->texts);
        older->loose |= newer->loose;
        newer->loose = false;
}

int cw_changes_merge(struct cw_changes *older, struct cw_changes *newer)
{
        cw_autofree size_t *order = NULL;
        cw_autofree unsigned char *marks = NULL;
        struct scratch scratch;
        size_t longest;

        /* What lies as it is stands behind what is packed. */
        if (newer->packed.n > 0)
                cw_changes_pack_cards(older);
        if (prepare(older, newer, &longest) < 0)
                return -ENOMEM;
        order = calloc(longest + 1, sizeof(*order));
        marks = calloc(longest + 1, 1);
        if (!order || !marks)
                return -ENOMEM;
        scratch = (struct scratch){.order = order, .marks = marks};

        for (size_t i = 0; i < newer->sources.n; i++)
                if (newer->sources.rows[i].removed)
                        cw_changes_forget_source(older, newer->sources.rows[i].source);
        for (size_t k = 0; k < CW_CHANGES_KINDS; k++) {
                move_rows(older, newer, &cw_changes_kinds[k]);
                if (cw_changes_kinds[k].compare && (k != CW_CHANGES_CARDS || older->packed.n == 0))
                        keep_last_of_each(older, &cw_changes_kinds[k], &scratch);
        }
        keep_newest(older, &cw_changes_kinds[CW_CHANGES_HISTORY]);
        keep_newest(older, &cw_changes_kinds[CW_CHANGES_AUDIT]);
        move_texts(older, newer);
        older->merged = true;
        if (older->error == 0)
                older->error = newer->error;
        cw_changes_deinit(newer);
        return older->error;
}

static bool is_of_cards(size_t k)
{
        return k == CW_CHANGES_PACKED || k == CW_CHANGES_CARDS;
}

int cw_changes_append(struct cw_changes *older, struct cw_changes *newer)
{
        for (size_t k = 0; k < CW_CHANGES_KINDS; k++)
                if (!is_of_cards(k) && cw_changes_reserve(older, &cw_changes_kinds[k],
                                                          cw_changes_get_list(newer, &cw_changes_kinds[k]).n) < 0)
                        return -ENOMEM;
        for (size_t k = 0; k < CW_CHANGES_KINDS; k++)
                if (!is_of_cards(k))
                        move_rows(older, newer, &cw_changes_kinds[k]);
        move_texts(older, newer);
        return 0;
}

/* The same rows in the order of their keys; of each key the last. */
static int sort_list(struct cw_changes *changes, const struct cw_changes_kind *kind)
{
        struct cw_changes_list list = cw_changes_get_list(changes, kind), sorted = {.n = 0};
        struct ordering ordering = {.list = &list, .kind = kind};
        cw_autofree size_t *order = NULL;

        if (is_rising(&list, kind))
                return 0;
        order = reallocarray(NULL, list.n, sizeof(*order));
        sorted.rows = reallocarray(NULL, list.n, kind->size);
        sorted.capacity = list.n;
        if (!order || !sorted.rows) {
                free(sorted.rows);
                return -ENOMEM;
        }
        for (size_t i = 0; i < list.n; i++)
                order[i] = i;
        qsort_r(order, list.n, sizeof(*order), compare_order, &ordering);
        for (size_t i = 0; i < list.n; i++) {
                char *row = cw_changes_row_at(&list, kind, order[i]);
                char *next = i + 1 < list.n ? cw_changes_row_at(&list, kind, order[i + 1]) : NULL;

                if (!next || kind->compare(row, next) != 0) {
                        memcpy(cw_changes_row_at(&sorted, kind, sorted.n++), row, kind->size);
                        continue;
                }
                if (kind->absorb)
                        kind->absorb(next, row);
                cw_changes_release(changes, kind, row);
        }
        free(list.rows);
        cw_changes_set_list(changes, kind, sorted);
        return 0;
}

int cw_changes_sort(struct cw_changes *changes)
{
        int r = 0;

        if (changes->merged && changes->packed.n > 0)
                cw_changes_keep_last_cards(changes);
        for (size_t k = 0; r == 0 && k < CW_CHANGES_KINDS; k++)
                if (!is_of_cards(k) && cw_changes_kinds[k].compare)
                        r = sort_list(changes, &cw_changes_kinds[k]);
        if (changes->merged && changes->loose)
                cw_changes_tidy_texts(changes);
        return r;
}

static void drop_gone(struct cw_changes *changes, const struct cw_changes_kind *kind)
{
        struct cw_changes_list list = cw_changes_get_list(changes, kind);
        size_t kept = 0;

        for (size_t i = 0; i < list.n; i++) {
                char *row = cw_changes_row_at(&list, kind, i);

                if (kind->is_gone(row))
                        cw_changes_release(changes, kind, row);
                else if (kept++ != i)
                        memcpy(cw_changes_row_at(&list, kind, kept - 1), row, kind->size);
        }
        list.n = kept;
        cw_changes_set_list(changes, kind, list);
}

int cw_changes_lay_over(struct cw_changes *rows, struct cw_changes *newer)
{
        size_t longest;
        int r = prepare(rows, newer, &longest);

        if (r < 0)
                return r;
        for (size_t k = 0; k < CW_CHANGES_KINDS; k++)
                if (cw_changes_kinds[k].compare)
                        move_rows(rows, newer, &cw_changes_kinds[k]);
        move_texts(rows, newer);
        cw_changes_deinit(newer);
        r = cw_changes_sort(rows);
        for (size_t k = 0; r == 0 && k < CW_CHANGES_KINDS; k++)
                if (cw_changes_kinds[k].compare)
                        drop_gone(rows, &cw_changes_kinds[k]);
        return r;
}
