/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_AGAIN_H
#define CARDWATCH_CORE_ENGINE_AGAIN_H

#include "engine_state.h"

/*
 * Looking twice (`confirm`, observing.md): before an alert fires its customer is read once more, an effect of the
 * engine that is answered by events. Until then the alert waits.
 */

struct cw_eye;

/* Asks for it; false: not again in this poll, it has asked for too many. */
bool cw_engine_ask_again(struct cw_eye *eye);

void cw_engine_card_again(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_customer_again(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);

#endif
