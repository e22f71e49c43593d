/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: linear probing. A part grows by a third, not to double, since slack is memory of every card; so sizes are no
 * powers of two, and a hash becomes a slot by multiplication. Removing closes the gap, so that no graves are needed.
 */
#include "id_index.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define SIZE_FIRST 8

#define NARROW      3
#define WIDE        4
#define NARROW_MOST ((1u << 8 * NARROW) - 1)

/* Ids are often consecutive: spread them (the finaliser of SplitMix64) or linear probing forms runs. */
static uint64_t spread(int64_t id)
{
        uint64_t x = (uint64_t)id;

        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        return x ^ (x >> 31);
}

/* The row in a slot, plus one. */
static uint32_t entry_in(const struct cw_id_index_part *part, uint32_t slot)
{
        const uint8_t *at = part->slots + (size_t)slot * part->width;
        uint32_t entry = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;

        return part->width == NARROW ? entry : entry | (uint32_t)at[3] << 24;
}

static void set_entry(const struct cw_id_index_part *part, uint32_t slot, uint32_t entry)
{
        uint8_t *at = part->slots + (size_t)slot * part->width;

        for (uint32_t i = 0; i < part->width; i++)
                at[i] = (uint8_t)(entry >> 8 * i);
}

static size_t part_of(uint64_t hash)
{
        return hash >> 56;
}

static uint32_t home_of(const struct cw_id_index_part *part, uint64_t hash)
{
        return (uint32_t)((hash & UINT32_MAX) * part->size >> 32);
}

static uint32_t after(const struct cw_id_index_part *part, uint32_t slot)
{
        return slot + 1 == part->size ? 0 : slot + 1;
}

void cw_id_index_init(struct cw_id_index *index, int64_t (*id_of)(const void *rows, uint32_t row))
{
        *index = (struct cw_id_index){.id_of = id_of};
        for (size_t i = 0; i < CW_ID_INDEX_PARTS; i++)
                index->parts[i].width = NARROW;
}

void cw_id_index_deinit(struct cw_id_index *index)
{
        for (size_t i = 0; i < CW_ID_INDEX_PARTS; i++)
                free(index->parts[i].slots);
        cw_id_index_init(index, index->id_of);
}

uint32_t cw_id_index_find(const struct cw_id_index *index, const void *rows, int64_t id)
{
        uint64_t hash = spread(id);
        const struct cw_id_index_part *part = &index->parts[part_of(hash)];
        uint32_t entry;

        if (part->size == 0)
                return CW_ID_INDEX_NONE;
        for (uint32_t slot = home_of(part, hash); (entry = entry_in(part, slot)); slot = after(part, slot))
                if (index->id_of(rows, entry - 1) == id)
                        return entry - 1;
        return CW_ID_INDEX_NONE;
}

void cw_id_index_expect(const struct cw_id_index *index, int64_t id)
{
        uint64_t hash = spread(id);
        const struct cw_id_index_part *part = &index->parts[part_of(hash)];

        if (part->size > 0)
                __builtin_prefetch(part->slots + (size_t)home_of(part, hash) * part->width, 1);
}

/* There is room. */
static void put(struct cw_id_index_part *part, uint64_t hash, uint32_t entry)
{
        uint32_t slot = home_of(part, hash);

        while (entry_in(part, slot))
                slot = after(part, slot);
        set_entry(part, slot, entry);
        part->n++;
}

/* A sixth of the slots stays free, or searches get long. */
static bool is_full(const struct cw_id_index_part *part)
{
        return part->size - part->size / 6 <= part->n + 1;
}

/* For one entry more, which has the room in a slot. */
static int make_room(const struct cw_id_index *index, const void *rows, struct cw_id_index_part *part, uint32_t entry)
{
        struct cw_id_index_part grown = {.size = part->size, .width = entry > NARROW_MOST ? WIDE : part->width};

        if (!is_full(part) && grown.width == part->width)
                return 0;
        if (is_full(part))
                grown.size = part->size ? part->size + part->size / 3 : SIZE_FIRST;
        grown.slots = calloc(grown.size, grown.width);
        if (!grown.slots)
                return -ENOMEM;
        for (uint32_t i = 0; i < part->size; i++)
                if (entry_in(part, i))
                        put(&grown, spread(index->id_of(rows, entry_in(part, i) - 1)), entry_in(part, i));
        free(part->slots);
        *part = grown;
        return 0;
}

/* A quarter more than their share: parts are not filled evenly, and some slots stay free. */
void cw_id_index_reserve(struct cw_id_index *index, size_t n)
{
        size_t size = n / CW_ID_INDEX_PARTS + n / CW_ID_INDEX_PARTS / 4 + SIZE_FIRST;

        for (size_t i = 0; i < CW_ID_INDEX_PARTS && size < UINT32_MAX; i++) {
                struct cw_id_index_part *part = &index->parts[i];

                if (part->size > 0)
                        continue;
                part->slots = calloc(size, part->width);
                part->size = part->slots ? (uint32_t)size : 0;
        }
}

int cw_id_index_add(struct cw_id_index *index, const void *rows, uint32_t row)
{
        uint64_t hash = spread(index->id_of(rows, row));
        struct cw_id_index_part *part = &index->parts[part_of(hash)];
        int r = make_room(index, rows, part, row + 1);

        if (r == 0)
                put(part, hash, row + 1);
        return r;
}

/* The slot that holds the row, which is there. */
static uint32_t slot_of(const struct cw_id_index_part *part, uint64_t hash, uint32_t row)
{
        uint32_t slot = home_of(part, hash);

        while (entry_in(part, slot) != row + 1)
                slot = after(part, slot);
        return slot;
}

static uint32_t distance(const struct cw_id_index_part *part, uint32_t from, uint32_t to)
{
        return to >= from ? to - from : to + part->size - from;
}

void cw_id_index_remove(struct cw_id_index *index, const void *rows, uint32_t row)
{
        uint64_t hash = spread(index->id_of(rows, row));
        struct cw_id_index_part *part = &index->parts[part_of(hash)];
        uint32_t gap = slot_of(part, hash, row), next = gap;

        for (;;) {
                uint32_t entry, home;

                next = after(part, next);
                entry = entry_in(part, next);
                if (!entry)
                        break;
                home = home_of(part, spread(index->id_of(rows, entry - 1)));
                if (distance(part, home, next) < distance(part, gap, next))
                        continue;
                set_entry(part, gap, entry);
                gap = next;
        }
        set_entry(part, gap, 0);
        part->n--;
}

void cw_id_index_move(struct cw_id_index *index, const void *rows, uint32_t row, uint32_t to)
{
        uint64_t hash = spread(index->id_of(rows, row));
        struct cw_id_index_part *part = &index->parts[part_of(hash)];

        assert(to < row); /* so there is room for it where there was for the row */
        set_entry(part, slot_of(part, hash, row), to + 1);
}

size_t cw_id_index_bytes(const struct cw_id_index *index)
{
        size_t bytes = sizeof(*index);

        for (size_t i = 0; i < CW_ID_INDEX_PARTS; i++)
                bytes += index->parts[i].size * index->parts[i].width;
        return bytes;
}
