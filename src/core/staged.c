/* SPDX-License-Identifier: Apache-2.0 */
#include "staged.h"

void cw_stage_deinit(struct cw_stage *stage)
{
        cw_chunks_deinit(&stage->chunks);
        stage->n = 0;
}

int cw_stage_add(struct cw_stage *stage, const struct cw_staged *staged)
{
        int r = cw_chunks_reserve(&stage->chunks, stage->n + 1, sizeof(*staged));

        if (r < 0)
                return r;
        *cw_stage_at(stage, stage->n++) = *staged;
        return 0;
}

void cw_stage_cut(struct cw_stage *stage, size_t n)
{
        stage->n = n;
        cw_chunks_shrink(&stage->chunks, n);
}

struct cw_stage cw_stage_take(struct cw_stage *stage)
{
        struct cw_stage taken = *stage;

        *stage = (struct cw_stage){.n = 0};
        return taken;
}

void cw_stage_is_behind(struct cw_stage *taken, size_t i)
{
        if ((i + 1) % CW_CHUNK == 0)
                cw_chunks_let_go(&taken->chunks, i / CW_CHUNK);
}

void cw_stage_is_over(struct cw_stage *stage, struct cw_stage *taken)
{
        if (stage->chunks.n == 0 && taken->n <= CW_STAGED_MANY) {
                cw_chunks_deinit(&stage->chunks); /* room for a chunk that was not to be had */
                stage->chunks = taken->chunks;
        } else {
                cw_chunks_deinit(&taken->chunks);
        }
        *taken = (struct cw_stage){.n = 0};
}
