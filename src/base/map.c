/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: linear probing over a power of two of slots. A removed entry leaves a grave, so that a walk is not disturbed by
 * removing what it stands on; graves go at the next rebuild. The position depends on the key alone: keys that somebody
 * outside could choose must be keyed hashes.
 */
#include "cardwatch/map.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define CAPACITY_FIRST 16

struct cw_map_slot {
        uint64_t key;
        void *value; /* NULL: never used, or a grave */
        bool grave;
};

/* The finaliser of MurmurHash3: ids that count up spread over all bits. */
static uint64_t spread(uint64_t key)
{
        key ^= key >> 33;
        key *= UINT64_C(0xff51afd7ed558ccd);
        key ^= key >> 33;
        key *= UINT64_C(0xc4ceb9fe1a85ec53);
        key ^= key >> 33;
        return key;
}

void cw_map_deinit(struct cw_map *map)
{
        free(map->slots);
        *map = (struct cw_map)CW_MAP_NULL;
}

/* The slot of `key`, or the first one free for it; NULL in an empty map only, as a slot is always left unused. */
static struct cw_map_slot *find(const struct cw_map *map, uint64_t key)
{
        struct cw_map_slot *grave = NULL;
        size_t i;

        if (map->capacity == 0)
                return NULL;
        for (i = (size_t)spread(key) & (map->capacity - 1);; i = (i + 1) & (map->capacity - 1)) {
                struct cw_map_slot *slot = &map->slots[i];

                if (slot->value && slot->key == key)
                        return slot;
                if (!slot->value && !slot->grave)
                        return grave ? grave : slot;
                if (slot->grave && !grave)
                        grave = slot;
        }
}

static void occupy(struct cw_map *map, struct cw_map_slot *slot, uint64_t key, void *value)
{
        map->used++;
        if (!slot->grave)
                map->filled++;
        *slot = (struct cw_map_slot){.key = key, .value = value};
}

/* Makes sure that one more entry leaves at least a quarter of the slots unused. */
static int make_room(struct cw_map *map)
{
        struct cw_map grown = {.capacity = CAPACITY_FIRST};

        if (map->capacity != 0 && map->filled + 1 <= map->capacity / 4 * 3)
                return 0;
        while (grown.capacity / 2 < map->used + 1) {
                if (grown.capacity > SIZE_MAX / 4)
                        return -ENOMEM;
                grown.capacity *= 2;
        }
        grown.slots = calloc(grown.capacity, sizeof(*grown.slots));
        if (!grown.slots)
                return -ENOMEM;
        for (size_t i = 0; i < map->capacity; i++)
                if (map->slots[i].value)
                        occupy(&grown, find(&grown, map->slots[i].key), map->slots[i].key, map->slots[i].value);
        free(map->slots);
        *map = grown;
        return 0;
}

void *cw_map_get(const struct cw_map *map, uint64_t key)
{
        const struct cw_map_slot *slot = find(map, key);

        return slot ? slot->value : NULL;
}

int cw_map_put(struct cw_map *map, uint64_t key, void *value)
{
        struct cw_map_slot *slot = find(map, key);
        int r;

        assert(value);
        if (slot && slot->value) {
                slot->value = value;
                return 0;
        }
        r = make_room(map);
        if (r < 0)
                return r;
        occupy(map, find(map, key), key, value);
        return 0;
}

void *cw_map_remove(struct cw_map *map, uint64_t key)
{
        struct cw_map_slot *slot = find(map, key);
        void *value;

        if (!slot || !slot->value)
                return NULL;
        value = slot->value;
        *slot = (struct cw_map_slot){.grave = true};
        map->used--;
        return value;
}

bool cw_map_next(const struct cw_map *map, size_t *cursor, uint64_t *ret_key, void **ret_value)
{
        while (*cursor < map->capacity) {
                const struct cw_map_slot *slot = &map->slots[(*cursor)++];

                if (!slot->value)
                        continue;
                if (ret_key)
                        *ret_key = slot->key;
                if (ret_value)
                        *ret_value = slot->value;
                return true;
        }
        return false;
}
