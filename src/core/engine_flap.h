/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_FLAP_H
#define CARDWATCH_CORE_ENGINE_FLAP_H

#include "engine_state.h"

/*
 * Flapping (rules.md): an alert that fires too often within a window is told once as flapping, then it is quiet until
 * it has not moved for that window; the end is told once. The telling itself is the policy's: here are only the counts
 * and clocks. All of it by the wall clock, judged whenever the engine is called.
 */

/* The alert is about to fire: counts it, and says in the draft and the alert whether it flaps now. */
void cw_engine_flap_fires(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft);

/* It fired or resolved. */
void cw_engine_flap_moved(struct cw_engine *engine, struct cw_alert *alert);

/* Its severity rises or falls to that of the draft: what is critical does not flap, unless asked for. */
void cw_engine_flap_severity(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft);

/* Its severity rose or fell. */
void cw_engine_flap_graded(struct cw_engine *engine, struct cw_alert *alert);

/* All whose time has come. */
void cw_engine_flaps_due(struct cw_engine *engine);
int64_t cw_engine_flaps_wake_at(const struct cw_engine *engine);

/* After loading, another ruleset, or a clock that was set: every clock is looked at anew. */
void cw_engine_flaps_anew(struct cw_engine *engine);

#endif
