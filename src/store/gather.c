/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a share is sorted by itself and then merged into what is in order already, later rows of a card behind. */
#include "gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "card_past.h"

#define ROWS_FIRST 1024

void cw_gather_begin(struct cw_gather *gather)
{
        cw_cards_begin(&gather->writer);
}

void cw_gather_deinit(struct cw_gather *gather)
{
        cw_cards_deinit(&gather->writer);
        cw_cards_reader_deinit(&gather->reader);
        free(gather->rows);
        *gather = (struct cw_gather){.n = 0};
}

int cw_gather_add(struct cw_gather *gather, const struct cw_card_row *row)
{
        if (gather->n == gather->capacity) {
                size_t capacity = gather->capacity > 0 ? gather->capacity * 2 : ROWS_FIRST;
                struct cw_gathered *rows = reallocarray(gather->rows, capacity, sizeof(*rows));

                if (!rows)
                        return -ENOMEM;
                gather->rows = rows;
                gather->capacity = capacity;
        }
        gather->rows[gather->n++] = (struct cw_gathered){.id = row->card.id, .offset = gather->writer.buf.len};
        cw_cards_add_alone(&gather->writer, row);
        return cw_buf_error(&gather->writer.buf);
}

static int compare(const void *one, const void *other)
{
        const struct cw_gathered *a = one, *b = other;

        if (a->id != b->id)
                return a->id < b->id ? -1 : 1;
        return (a->offset > b->offset) - (a->offset < b->offset);
}

static void merge(const struct cw_gathered *old, size_t n_old, const struct cw_gathered *new, size_t n_new,
                  struct cw_gathered *ret_rows)
{
        size_t n = 0, i = 0, j = 0;

        while (i < n_old && j < n_new) {
                if (old[i].id <= new[j].id)
                        ret_rows[n++] = old[i++];
                else
                        ret_rows[n++] = new[j++];
        }
        while (i < n_old)
                ret_rows[n++] = old[i++];
        while (j < n_new)
                ret_rows[n++] = new[j++];
}

int cw_gather_settle(struct cw_gather *gather)
{
        struct cw_gathered *share = gather->rows + gather->settled, *merged;
        size_t n = gather->n - gather->settled;

        if (n == 0)
                return 0;
        qsort(share, n, sizeof(*share), compare);
        /* The usual share of a first poll: all behind what there is. */
        if (gather->settled == 0 || share[0].id >= share[-1].id) {
                gather->n = gather->settled += n;
                return 0;
        }
        merged = reallocarray(NULL, gather->settled + n, sizeof(*merged));
        if (!merged)
                return -ENOMEM;
        merge(gather->rows, gather->settled, share, n, merged);
        gather->capacity = gather->settled + n;
        gather->settled = gather->n;
        free(gather->rows);
        gather->rows = merged;
        return 0;
}

bool cw_gather_peek(const struct cw_gather *gather, int64_t *ret_id)
{
        if (gather->next == gather->n)
                return false;
        *ret_id = gather->rows[gather->next].id;
        return true;
}

static int get(struct cw_gather *gather, const struct cw_gathered *gathered, struct cw_card_row *ret_row)
{
        const struct cw_buf *buf = &gather->writer.buf;
        int r;

        cw_cards_read_alone(&gather->reader, buf->data + gathered->offset, buf->len - gathered->offset);
        r = cw_cards_next(&gather->reader, ret_row);
        return r == CW_CARDS_ROW ? 0 : r < 0 ? r : -EBADMSG;
}

int cw_gather_take(struct cw_gather *gather, struct cw_card_past *past, struct cw_card_row *ret_row)
{
        int64_t id = gather->rows[gather->next].id;
        int r = 0;

        while (r == 0 && gather->next < gather->n && gather->rows[gather->next].id == id) {
                r = get(gather, &gather->rows[gather->next++], ret_row);
                if (r == 0)
                        cw_card_past_follow(past, ret_row);
        }
        cw_cards_settle(ret_row);
        return r;
}
