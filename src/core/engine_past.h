/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_PAST_H
#define CARDWATCH_CORE_ENGINE_PAST_H

#include "engine_rule.h"

/*
 * Time: what the engine keeps of a card's past, and when a card that does not change is worth a look (engine_past.c).
 */

/* Longer than this without an observation, and nobody was looking. */
int64_t cw_engine_gap_ms(const struct cw_source_state *state);

/* How long nobody was looking before an observation at `at`; 0: no longer than usual. */
int64_t cw_engine_away_ms(const struct cw_source_state *state, const struct cw_record *record, int64_t at);

/* NULL: nothing of it is kept. */
const struct cw_trail *cw_engine_trail(const struct cw_source_state *state, int64_t card);

/* An unchanged observation at `at` is worth a look. */
bool cw_engine_is_due(const struct cw_source_state *state, const struct cw_record *record, int64_t at);

/* The look's observation changed fields; its record is still as before. */
void cw_engine_walk_on(struct cw_engine *engine, const struct cw_look *look, uint16_t fields);

/* The cards that the poll under way brought unchanged, and for which time alone may have moved something. */
void cw_engine_look_at_due(struct cw_engine *engine, struct cw_source_state *state);

/* At a poll's end: cards with alerts that wait and that it did not bring are stored with when they were seen last. */
void cw_engine_mark_unseen(struct cw_engine *engine, struct cw_source_state *state);

/* Another ruleset, or a start: what its windows need, and every card that time may have moved is looked at. */
void cw_engine_reckon_needs(struct cw_engine *engine);
void cw_engine_look_at_all(struct cw_engine *engine);

/* The wall clock was set: what alerts wait for stays as long ago as it is. */
void cw_engine_waiting_clock_set(struct cw_engine *engine, int64_t by_ms);

/* engine_alike.c: polls that need no telling card by card. */
void cw_engine_polls_alike(struct cw_engine *engine, struct cw_source_state *state, int64_t at);
void cw_engine_rest_seen(struct cw_engine *engine, struct cw_source_state *state, int64_t at);

#endif
