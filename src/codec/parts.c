/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: whoever reads a page comes to each part from the left. One that was left out when the page came in is believed
 * only where it was taken from: then what stood before it are the bytes that were just read, and put back it would read
 * as it does now. A place that is never come by fails the page, so nothing is read across a gap unnoticed.
 */
#include "parts.h"

/* So long that a print costs little beside what it saves, so short that a changed card brings few others with it. */
#define PART_BYTES 4096

/* A page is cut into so many at most, which leaves room for what it may be cut into when it grows. */
#define PARTS_AT_FIRST 48

void cw_parts_begin(struct cw_parts *parts, const struct cw_prints *prints, const struct cw_arrival *arrival,
                    uint64_t known, const char *bytes, size_t len)
{
        size_t share = (len + arrival->left_out_bytes) / PARTS_AT_FIRST;

        parts->prints = prints;
        parts->before = cw_prints_find(prints, arrival->number);
        parts->arrival = arrival;
        parts->bytes = bytes;
        parts->known = known;
        parts->returned = 0;
        parts->place = parts->before->first;
        parts->first = 0;
        parts->least = share > PART_BYTES ? share : PART_BYTES;
        parts->n = 0;
        parts->n_customers = 0;
        parts->whole = false;
}

/* As it was cut before; NULL: it was not. */
static const struct cw_prints_part *next_before(const struct cw_parts *parts)
{
        const struct cw_prints_page *before = parts->before;

        return !before->whole && parts->n < before->n_parts ? &before->parts[parts->n] : NULL;
}

static bool is_known(const struct cw_parts *parts, const struct cw_prints_part *part, const char *at, size_t left)
{
        return part && (parts->known >> parts->n & 1) && part->len <= left && cw_prints_is(parts->prints, part, at);
}

static bool was_left_out(const struct cw_parts *parts)
{
        return parts->n < CW_PAGE_PARTS_MAX && (parts->arrival->left_out >> parts->n & 1);
}

/* As whoever left out did (arrival.c). */
static void move_on(struct cw_parts *parts)
{
        const struct cw_prints_page *before = parts->before;

        if (parts->n < before->n_parts)
                parts->place += parts->arrival->gap + (was_left_out(parts) ? 0 : before->parts[parts->n].len);
}

static void put(struct cw_parts *parts, const struct cw_prints_part *now, const struct cw_page_part *told)
{
        move_on(parts);
        parts->now[parts->n] = *now;
        parts->told[parts->n++] = *told;
        parts->n_customers += told->n_customers;
}

/* The last part there is room for takes all that is left, so that it is always read. */
bool cw_parts_skip(struct cw_parts *parts, const char *at, size_t left, size_t *ret_len)
{
        const struct cw_prints_part *before = next_before(parts);
        size_t place = (size_t)(at - parts->bytes);

        if (parts->n == 0)
                parts->first = place;
        if (parts->n + 1 >= CW_PAGE_PARTS_MAX || !before)
                return false;
        if (was_left_out(parts) ? place != parts->place : !is_known(parts, before, at, left))
                return false;
        *ret_len = was_left_out(parts) ? 0 : before->len;
        parts->returned |= parts->arrival->left_out & UINT64_C(1) << parts->n;
        put(parts, before, &(struct cw_page_part){.n_customers = before->n_customers, .alike = true});
        return true;
}

bool cw_parts_is_all(const struct cw_parts *parts)
{
        return parts->returned == parts->arrival->left_out;
}

/* The last one before is cut anew: customers are added to it one by one. So are all when everything is read. */
bool cw_parts_is_full(const struct cw_parts *parts, size_t n_customers, size_t len)
{
        const struct cw_prints_part *before = next_before(parts);

        if (parts->n + 1 >= CW_PAGE_PARTS_MAX)
                return false;
        if (parts->known && before && parts->n + 1 < parts->before->n_parts)
                return n_customers >= before->n_customers;
        return len >= parts->least;
}

void cw_parts_add(struct cw_parts *parts, const char *bytes, size_t len, const struct cw_page_part *part)
{
        struct cw_prints_part now = {.print = cw_prints_take(parts->prints, bytes, len),
                                     .len = (uint32_t)len,
                                     .n_customers = part->n_customers};

        put(parts, &now, part);
}

bool cw_parts_skip_whole(struct cw_parts *parts, const char *bytes, size_t len)
{
        const struct cw_prints_page *before = parts->before;

        if (!before->whole || before->n_parts != 1 || before->parts->len != len ||
            !is_known(parts, before->parts, bytes, len))
                return false;
        parts->whole = true;
        put(parts, before->parts, &(struct cw_page_part){.n_customers = before->parts->n_customers, .alike = true});
        return true;
}

void cw_parts_be_whole(struct cw_parts *parts, const struct cw_print *print, size_t len,
                       const struct cw_page_part *part)
{
        struct cw_prints_part now = {.print = *print, .len = (uint32_t)len, .n_customers = part->n_customers};

        parts->whole = true;
        parts->n = 0;
        parts->n_customers = 0;
        put(parts, &now, part);
}
