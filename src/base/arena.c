/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a list of chunks, each twice as large as the one before, so that little is held for few things. What would fill
 * half of one gets one of its own behind it.
 */
#include "cardwatch/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define CHUNK_FIRST 1000
#define CHUNK_MOST  32000 /* less than what makes the heap tidy up when it is freed */
#define STEP        _Alignof(int64_t)

struct cw_arena_chunk {
        struct cw_arena_chunk *next;
        size_t size, taken;
        _Alignas(STEP) char data[];
};

_Static_assert(_Alignof(void *) <= STEP, "a piece may hold pointers");

void cw_arena_deinit(struct cw_arena *arena)
{
        struct cw_arena_chunk *chunk;

        while ((chunk = arena->chunks)) {
                arena->chunks = chunk->next;
                free(chunk);
        }
        *arena = (struct cw_arena)CW_ARENA_NULL;
}

static struct cw_arena_chunk *chunk_new(struct cw_arena *arena, size_t size)
{
        struct cw_arena_chunk *chunk = malloc(sizeof(*chunk) + size);

        if (!chunk)
                return NULL;
        chunk->size = size;
        chunk->taken = 0;
        arena->bytes += size;
        return chunk;
}

static size_t next_size(const struct cw_arena *arena)
{
        size_t size = arena->chunks ? arena->chunks->size * 2 : CHUNK_FIRST;

        return size < CHUNK_MOST ? size : CHUNK_MOST;
}

/* A chunk with room for so many bytes. */
static struct cw_arena_chunk *add_chunk(struct cw_arena *arena, size_t size)
{
        struct cw_arena_chunk *first = arena->chunks, *chunk;
        size_t usual = next_size(arena);
        bool large = size > usual / 2;

        chunk = chunk_new(arena, large ? size : usual);
        if (!chunk)
                return NULL;
        if (large && first) {
                chunk->next = first->next;
                first->next = chunk;
        } else {
                chunk->next = first;
                arena->chunks = chunk;
        }
        return chunk;
}

void *cw_arena_take(struct cw_arena *arena, size_t size)
{
        struct cw_arena_chunk *chunk = arena->chunks;
        char *piece;

        if (size > SIZE_MAX / 2)
                return NULL;
        size = (size + STEP - 1) / STEP * STEP;
        if (!chunk || size > chunk->size - chunk->taken)
                chunk = add_chunk(arena, size);
        if (!chunk)
                return NULL;
        piece = chunk->data + chunk->taken;
        chunk->taken += size;
        return piece;
}

void cw_arena_join(struct cw_arena *to, struct cw_arena *from)
{
        struct cw_arena_chunk **second = to->chunks ? &to->chunks->next : &to->chunks, *behind = *second;

        *second = from->chunks;
        while (*second)
                second = &(*second)->next;
        *second = behind;
        to->bytes += from->bytes;
        *from = (struct cw_arena)CW_ARENA_NULL;
}
