/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ID_INDEX_H
#define CARDWATCH_CORE_ID_INDEX_H

#include <stddef.h>
#include <stdint.h>

/*
 * Id index: which row of an array has an id.
 *
 * Three bytes a slot, for the ids themselves stand in the rows and are asked for there; four in a part that has to name
 * a row beyond the first sixteen million. Divided into parts that grow one by one, so that no addition moves more than
 * a 256th of what there is: a million rows never make anybody wait. Rows are numbered from 0; the owner moves and
 * removes them and says so.
 */

#define CW_ID_INDEX_PARTS 256
#define CW_ID_INDEX_NONE  UINT32_MAX

struct cw_id_index_part {
        uint8_t *slots; /* row + 1, 0: free */
        uint32_t size, n;
        uint32_t width; /* bytes of a slot */
};

struct cw_id_index {
        int64_t (*id_of)(const void *rows, uint32_t row);
        struct cw_id_index_part parts[CW_ID_INDEX_PARTS];
};

void cw_id_index_init(struct cw_id_index *index, int64_t (*id_of)(const void *rows, uint32_t row));
void cw_id_index_deinit(struct cw_id_index *index);

/* CW_ID_INDEX_NONE: no row has it. `rows` is what id_of is asked with. */
uint32_t cw_id_index_find(const struct cw_id_index *index, const void *rows, int64_t id);

/* It will be looked for or added soon: its place is fetched meanwhile. */
void cw_id_index_expect(const struct cw_id_index *index, int64_t id);

/* Room for `n` ids, so that adding them one by one moves nothing; only of an empty one. Without memory it grows as it
 * would have. */
void cw_id_index_reserve(struct cw_id_index *index, size_t n);

/* A row that is there, with an id that no other has. -ENOMEM. */
int cw_id_index_add(struct cw_id_index *index, const void *rows, uint32_t row) __attribute__((warn_unused_result));

/* While the row still has its id. */
void cw_id_index_remove(struct cw_id_index *index, const void *rows, uint32_t row);

/* The same id stands in row `to`, which is one before, from now on; both still have it. */
void cw_id_index_move(struct cw_id_index *index, const void *rows, uint32_t row, uint32_t to);

size_t cw_id_index_bytes(const struct cw_id_index *index);

#endif
