/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a part is looked for where it must stand if nothing before it became longer or shorter. That is so in most
 * pages, and what is found nowhere is only kept. Nearly all parts come whole within a piece and are never copied.
 */
#include "cardwatch/arrival.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/card.h"

#include "prints.h"

/* So many that are not as they were, one behind the other, and what follows has moved. */
#define MISSED_MOST 2

static void move_on(struct cw_arrival *arrival, size_t kept)
{
        arrival->place += kept + arrival->gap;
        arrival->next++;
}

/* Comes to the next part that may be left out; NULL: there is none, and the rest is kept. */
static const struct cw_prints_part *come_to_known(struct cw_arrival *arrival)
{
        const struct cw_prints_page *page;

        if (arrival->known == 0 || arrival->missed >= MISSED_MOST)
                return NULL;
        page = cw_prints_find(arrival->prints, arrival->number);
        if (page->whole || page->tellings != arrival->telling)
                return NULL;
        /* The last there is room for is always read (parts.c). */
        for (; arrival->next < page->n_parts && arrival->next + 1 < CW_PAGE_PARTS_MAX;
             move_on(arrival, page->parts[arrival->next].len))
                if (arrival->known >> arrival->next & 1)
                        return &page->parts[arrival->next];
        return NULL;
}

static size_t least(size_t a, size_t b)
{
        return a < b ? a : b;
}

static void settle(struct cw_arrival *arrival, const struct cw_prints_part *part, bool same)
{
        if (same) {
                arrival->left_out |= UINT64_C(1) << arrival->next;
                arrival->left_out_bytes += part->len;
        }
        arrival->missed = same ? 0 : arrival->missed + 1;
        move_on(arrival, same ? 0 : part->len);
}

/* It began in a piece before. */
static void take_out(struct cw_buf *kept, size_t from)
{
        explicit_bzero(kept->data + from, kept->len - from);
        kept->len = from;
}

/* Of a piece that begins within the part, or before it: how much of it was dealt with. */
static size_t keep_some(struct cw_arrival *arrival, const struct cw_prints_part *part, struct cw_buf *kept,
                        const char *bytes, size_t n)
{
        size_t place = arrival->place, end = place + part->len, len;
        bool same;

        assert(kept->len <= end);
        if (kept->len < place) {
                len = least(n, place - kept->len);
                cw_buf_append(kept, bytes, len);
                return len;
        }
        if (kept->len == place && n >= part->len) {
                same = cw_prints_is(arrival->prints, part, bytes);
                if (!same)
                        cw_buf_append(kept, bytes, part->len);
                settle(arrival, part, same);
                return part->len;
        }
        len = least(n, end - kept->len);
        cw_buf_append(kept, bytes, len);
        if (kept->len == end) {
                same = cw_prints_is(arrival->prints, part, kept->data + place);
                if (same)
                        take_out(kept, place);
                settle(arrival, part, same);
        }
        return len;
}

void cw_arrival_keep(struct cw_arrival *arrival, struct cw_buf *kept, const char *bytes, size_t n)
{
        const struct cw_prints_part *part;

        while (n > 0 && !cw_buf_error(kept) && (part = come_to_known(arrival))) {
                size_t len = keep_some(arrival, part, kept, bytes, n);

                bytes += len;
                n -= len;
        }
        cw_buf_append(kept, bytes, n);
}
