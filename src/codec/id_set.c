/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: open addressing in a table that is at most half full, so that a long way to a free slot is somebody's intent.
 */
#include "id_set.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 128
#define PROBES_MAX     64

void cw_id_set_deinit(struct cw_id_set *set)
{
        free(set->slots);
        *set = (struct cw_id_set){0};
}

void cw_id_set_clear(struct cw_id_set *set)
{
        if (set->capacity / 32 > set->n && set->capacity > FIRST_CAPACITY)
                cw_id_set_deinit(set);
        if (set->capacity > 0)
                memset(set->slots, 0, set->capacity * sizeof(*set->slots));
        set->n = 0;
}

static bool put(struct cw_id_set *set, uint64_t key)
{
        size_t slot = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32);

        for (int i = 0; i < PROBES_MAX; i++, slot++) {
                uint64_t *there = &set->slots[slot & (set->capacity - 1)];

                if (*there == key)
                        return false;
                if (*there == 0) {
                        *there = key;
                        set->n++;
                        return true;
                }
        }
        return false;
}

static bool grow(struct cw_id_set *set)
{
        struct cw_id_set larger = {.capacity = set->capacity ? set->capacity * 2 : FIRST_CAPACITY};
        bool all = true;

        larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
        if (!larger.slots)
                return false;
        for (size_t i = 0; i < set->capacity; i++)
                if (set->slots[i] != 0)
                        all = put(&larger, set->slots[i]) && all;
        free(set->slots);
        *set = larger;
        return all;
}

bool cw_id_set_add(struct cw_id_set *set, int64_t id)
{
        if (set->n * 2 >= set->capacity && !grow(set))
                return false;
        return put(set, (uint64_t)id + 1);
}
