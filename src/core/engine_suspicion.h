/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_SUSPICION_H
#define CARDWATCH_CORE_ENGINE_SUSPICION_H

#include "engine_state.h"

/*
 * A list too odd to be true (engine_suspicion.c).
 */

bool cw_engine_empties(const struct cw_source_state *state, const struct cw_staged *staged);
bool cw_engine_too_many_empty(const struct cw_source_state *state);
void cw_engine_judge_pages(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
bool cw_engine_re_read_says_otherwise(struct cw_source_state *state, const struct cw_card *card);
void cw_engine_re_read_cannot_tell(struct cw_source_state *state);
void cw_engine_re_read(struct cw_source_state *state, int64_t customer, enum cw_look_up_result result);
void cw_engine_settle_suspicion(struct cw_engine *engine, struct cw_source_state *state);
void cw_engine_weigh_re_reads(struct cw_source_state *state);
void cw_engine_accept(struct cw_source_state *state);

/* All of it in a word: what still has to be confirmed comes first. */
enum cw_suspicion cw_engine_suspicion(const struct cw_source_state *state);
/* As a number that is stored, and back. */
uint8_t cw_engine_pack_suspicions(const struct cw_source_state *state);
void cw_engine_unpack_suspicions(struct cw_source_state *state, uint8_t packed);

#endif
