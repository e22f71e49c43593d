/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_LOAD_CARDS_H
#define CARDWATCH_CORE_ENGINE_LOAD_CARDS_H

#include "engine_state.h"

/*
 * Load cards: what load.h does with each of them.
 */

/* NULL until the first card comes. */
struct cw_load_batch;

/* What waits is taken over, and who the cards' customers are is known. -ENOMEM, -EBADMSG. */
int cw_engine_load_cards_end(struct cw_engine *engine) __attribute__((warn_unused_result));

/* Takes NULL. */
void cw_load_batch_free(struct cw_load_batch *batch);

/* A clock that was set back since must not make the past look like the future. */
static inline int64_t cw_load_past(const struct cw_engine *engine, int64_t at)
{
        return at > engine->now ? engine->now : at;
}

#endif
