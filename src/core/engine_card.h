/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_CARD_H
#define CARDWATCH_CORE_ENGINE_CARD_H

#include "engine_state.h"

/*
 * One card: what an observation makes of its record, and how it goes (engine_card.c).
 */

void cw_engine_remember_card(struct cw_engine *engine, const struct cw_source_state *state,
                             const struct cw_record *record, bool gone);
void cw_engine_let_go_of_card(struct cw_engine *engine, struct cw_source_state *state, struct cw_record *record,
                              const char *reason);
void cw_engine_decide_card(struct cw_engine *engine, struct cw_source_state *state, const struct cw_staged *staged);
void cw_engine_count_missing(struct cw_engine *engine, struct cw_source_state *state);

#endif
