/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_ID_SET_H
#define CARDWATCH_CODEC_ID_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Id set: which ids stood on a page.
 *
 * Zeroed at first; emptied for each page it is used for, keeping memory for about as many ids as the last one had.
 * Nobody can make it slow: ids that were chosen to collide count as known.
 */

struct cw_id_set {
        uint64_t *slots; /* id + 1, or 0 */
        size_t capacity; /* a power of two, or 0 */
        size_t n;
};

void cw_id_set_deinit(struct cw_id_set *set);

void cw_id_set_clear(struct cw_id_set *set);

/* An id from 0 on. False if it may stand in the set already, or without memory. */
bool cw_id_set_add(struct cw_id_set *set, int64_t id);

#endif
