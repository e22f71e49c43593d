/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_MAP_H
#define CARDWATCH_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Map: 64-bit keys to pointers, open addressing with linear probing.
 *
 * Keys are ids or hashes (cw_hash) of whatever identifies a thing; a key says who it is, so callers that hash strings
 * rely on 64 bits being enough for what they hold, or compare the thing they find. The map owns neither keys nor
 * values. Iteration order is arbitrary but depends only on what was put in, so that two runs of the same history agree.
 */

struct cw_map {
        struct cw_map_slot *slots;
        size_t capacity; /* a power of two, or 0 */
        size_t used; /* living entries */
        size_t filled; /* living entries and graves */
};

#define CW_MAP_NULL                                                                                                    \
        {                                                                                                              \
                0                                                                                                      \
        }

void cw_map_deinit(struct cw_map *map);

/* The value at `key`, or NULL. */
void *cw_map_get(const struct cw_map *map, uint64_t key);

/* Puts or replaces; `value` must not be NULL. 0 or -ENOMEM. */
int cw_map_put(struct cw_map *map, uint64_t key, void *value) __attribute__((warn_unused_result));

/* Takes out; returns what was there, or NULL. Safe for the current entry while iterating. */
void *cw_map_remove(struct cw_map *map, uint64_t key);

/* Walks: start with *cursor = 0; false at the end. */
bool cw_map_next(const struct cw_map *map, size_t *cursor, uint64_t *ret_key, void **ret_value);

#endif
