/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_ARENA_H
#define CARDWATCH_ARENA_H

#include <stddef.h>

/*
 * Arena: memory for many small things that are let go of together.
 *
 * Taking a piece is an addition, and letting go costs the same for one as for a hundred thousand. No piece is given
 * back by itself. Pieces never move; they are aligned for pointers and 64-bit numbers.
 */

struct cw_arena {
        struct cw_arena_chunk *chunks; /* the first is the one that is being filled */
        size_t bytes; /* of all chunks */
};

#define CW_ARENA_NULL                                                                                                  \
        {                                                                                                              \
                0                                                                                                      \
        }

void cw_arena_deinit(struct cw_arena *arena);

/* A piece of so many bytes, not cleared; NULL: out of memory. */
void *cw_arena_take(struct cw_arena *arena, size_t size);

/* What `from` holds belongs to `to`, and stays where it is. */
void cw_arena_join(struct cw_arena *to, struct cw_arena *from);

#endif
