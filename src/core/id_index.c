/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: linear probing. A part grows by a third, not to double, since slack is memory of every card; so sizes are no
 * powers of two, and a hash becomes a slot by multiplication. Removing closes the gap, so that no graves are needed.
 */
#include "id_index.h"

#include <errno.h>
#include <stdlib.h>

#define SIZE_FIRST 8

/* Ids are often consecutive: spread them (the finaliser of SplitMix64) or linear probing forms runs. */
static uint64_t spread(int64_t id)
{
        uint64_t x = (uint64_t)id;

        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        return x ^ (x >> 31);
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

        if (part->size == 0)
                return CW_ID_INDEX_NONE;
        for (uint32_t slot = home_of(part, hash); part->slots[slot]; slot = after(part, slot))
                if (index->id_of(rows, part->slots[slot] - 1) == id)
                        return part->slots[slot] - 1;
        return CW_ID_INDEX_NONE;
}

void cw_id_index_expect(const struct cw_id_index *index, int64_t id)
{
        uint64_t hash = spread(id);
        const struct cw_id_index_part *part = &index->parts[part_of(hash)];

        if (part->size > 0)
                __builtin_prefetch(&part->slots[home_of(part, hash)], 1);
}

/* There is room. */
static void put(struct cw_id_index_part *part, uint64_t hash, uint32_t entry)
{
        uint32_t slot = home_of(part, hash);

        while (part->slots[slot])
                slot = after(part, slot);
        part->slots[slot] = entry;
        part->n++;
}

/* A sixth of the slots stays free, or searches get long. */
static int make_room(const struct cw_id_index *index, const void *rows, struct cw_id_index_part *part)
{
        struct cw_id_index_part grown = {.size = part->size ? part->size + part->size / 3 : SIZE_FIRST};

        if (part->size - part->size / 6 > part->n + 1)
                return 0;
        grown.slots = calloc(grown.size, sizeof(*grown.slots));
        if (!grown.slots)
                return -ENOMEM;
        for (uint32_t i = 0; i < part->size; i++)
                if (part->slots[i])
                        put(&grown, spread(index->id_of(rows, part->slots[i] - 1)), part->slots[i]);
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
                part->slots = calloc(size, sizeof(*part->slots));
                part->size = part->slots ? (uint32_t)size : 0;
        }
}

int cw_id_index_add(struct cw_id_index *index, const void *rows, uint32_t row)
{
        uint64_t hash = spread(index->id_of(rows, row));
        struct cw_id_index_part *part = &index->parts[part_of(hash)];
        int r = make_room(index, rows, part);

        if (r == 0)
                put(part, hash, row + 1);
        return r;
}

/* The slot that holds the row, which is there. */
static uint32_t slot_of(const struct cw_id_index_part *part, uint64_t hash, uint32_t row)
{
        uint32_t slot = home_of(part, hash);

        while (part->slots[slot] != row + 1)
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
                uint32_t home;

                next = after(part, next);
                if (!part->slots[next])
                        break;
                home = home_of(part, spread(index->id_of(rows, part->slots[next] - 1)));
                if (distance(part, home, next) < distance(part, gap, next))
                        continue;
                part->slots[gap] = part->slots[next];
                gap = next;
        }
        part->slots[gap] = 0;
        part->n--;
}

void cw_id_index_move(struct cw_id_index *index, const void *rows, uint32_t row, uint32_t to)
{
        uint64_t hash = spread(index->id_of(rows, row));
        struct cw_id_index_part *part = &index->parts[part_of(hash)];

        part->slots[slot_of(part, hash, row)] = to + 1;
}

size_t cw_id_index_bytes(const struct cw_id_index *index)
{
        size_t bytes = sizeof(*index);

        for (size_t i = 0; i < CW_ID_INDEX_PARTS; i++)
                bytes += index->parts[i].size * sizeof(*index->parts[i].slots);
        return bytes;
}
