/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_ACT_H
#define CARDWATCH_CORE_ENGINE_ACT_H

#include "engine_state.h"

/*
 * What operators do (engine_act.c): each act changes something and is written down for good.
 */

void cw_engine_act(struct cw_engine *engine, const struct cw_event *event);

/* The acknowledgement of an alert ends: it is over, or worse. */
void cw_engine_drop_ack(struct cw_engine *engine, struct cw_alert *alert);

/* Those that have run out end: nothing shows them any more. */
void cw_engine_acks_due(struct cw_engine *engine);
int64_t cw_engine_acks_wake_at(const struct cw_engine *engine);

/* After loading, or a clock that was set: when they run out is looked at anew. */
void cw_engine_acks_anew(struct cw_engine *engine);

#endif
