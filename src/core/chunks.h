/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_CHUNKS_H
#define CARDWATCH_CORE_CHUNKS_H

#include <stddef.h>

/*
 * Chunks: an array of rows that grows without moving any of them, so that a pointer to one stays good, and no addition
 * has to copy a hundred megabytes first. The owner knows the size of a row and how many there are.
 */

#define CW_CHUNK_BITS 14 /* so large that what is lost at its end is nothing */
#define CW_CHUNK      ((size_t)1 << CW_CHUNK_BITS)

struct cw_chunks {
        char **chunks;
        size_t n, capacity;
};

void cw_chunks_deinit(struct cw_chunks *chunks);

/* Room for so many rows. -ENOMEM, also for more rows than 32 bits count. */
int cw_chunks_reserve(struct cw_chunks *chunks, size_t n_rows, size_t size) __attribute__((warn_unused_result));

/* So many are left. */
void cw_chunks_shrink(struct cw_chunks *chunks, size_t n_rows);

/* The rows of this chunk are not looked at any more, and all that is to come is the end of all. */
void cw_chunks_let_go(struct cw_chunks *chunks, size_t chunk);

static inline void *cw_chunks_at(const struct cw_chunks *chunks, size_t row, size_t size)
{
        return chunks->chunks[row >> CW_CHUNK_BITS] + (row & (CW_CHUNK - 1)) * size;
}

#endif
