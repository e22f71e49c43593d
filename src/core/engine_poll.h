/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_POLL_H
#define CARDWATCH_CORE_ENGINE_POLL_H

#include "engine_state.h"

/*
 * What a poll tells, event by event (engine_poll.c).
 */

void cw_engine_poll_began(struct cw_engine *engine, struct cw_source_state *state, int64_t at);
void cw_engine_poll_goes_on(struct cw_engine *engine, struct cw_source_state *state);
void cw_engine_pages_read(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_poll_ended(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);

#endif
