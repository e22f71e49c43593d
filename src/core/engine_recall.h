/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_RECALL_H
#define CARDWATCH_CORE_ENGINE_RECALL_H

#include "engine_state.h"

/*
 * Trails of cards, as the engine begins and recalls them (recall.h).
 */

/* The card's trail; when it has none yet an empty one, folded as it was stored. -ENOMEM. */
int cw_engine_begin_trail(struct cw_source_state *state, const struct cw_record *record,
                          struct cw_attention **ret_attention) __attribute__((warn_unused_result));

/* No point of a trail lies ahead of the clock. */
void cw_engine_set_trails(const struct cw_engine *engine, struct cw_source_state *state);

#endif
