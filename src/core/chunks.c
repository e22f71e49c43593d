/* SPDX-License-Identifier: Apache-2.0 */
#include "chunks.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define CHUNKS_FIRST 16
#define ROWS_MOST    ((size_t)UINT32_MAX - 1)

void cw_chunks_deinit(struct cw_chunks *chunks)
{
        for (size_t i = 0; i < chunks->n; i++)
                free(chunks->chunks[i]);
        free(chunks->chunks);
        *chunks = (struct cw_chunks){0};
}

static int add(struct cw_chunks *chunks, size_t size)
{
        if (chunks->n == chunks->capacity) {
                size_t capacity = chunks->capacity ? chunks->capacity * 2 : CHUNKS_FIRST;
                char **grown = reallocarray(chunks->chunks, capacity, sizeof(char *));

                if (!grown)
                        return -ENOMEM;
                chunks->chunks = grown;
                chunks->capacity = capacity;
        }
        chunks->chunks[chunks->n] = malloc(CW_CHUNK * size);
        if (!chunks->chunks[chunks->n])
                return -ENOMEM;
        chunks->n++;
        return 0;
}

int cw_chunks_reserve(struct cw_chunks *chunks, size_t n_rows, size_t size)
{
        int r = n_rows > ROWS_MOST ? -ENOMEM : 0;

        while (r == 0 && chunks->n * CW_CHUNK < n_rows)
                r = add(chunks, size);
        return r;
}

/* One is kept empty, so that a row that comes and goes at an edge does not cost one each time. */
void cw_chunks_shrink(struct cw_chunks *chunks, size_t n_rows)
{
        while (chunks->n > 1 && n_rows <= (chunks->n - 2) * CW_CHUNK)
                free(chunks->chunks[--chunks->n]);
}

void cw_chunks_let_go(struct cw_chunks *chunks, size_t chunk)
{
        free(chunks->chunks[chunk]);
        chunks->chunks[chunk] = NULL;
}
