/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_SEEN_H
#define CARDWATCH_CORE_ENGINE_SEEN_H

#include "engine_state.h"

/*
 * What pages, look-ups and the faster lane bring, event by event (engine_seen.c).
 */

void cw_engine_page_seen(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_customer_seen(struct cw_engine *engine, struct cw_source_state *state, int64_t customer);
void cw_engine_card_seen(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_card_bad(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_card_read(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_customer_read(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
void cw_engine_card_watched(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);

/* Marks the card as brought by this poll; false if it was already. */
bool cw_engine_mark_seen(struct cw_source_state *state, struct cw_record *record);

/* The card is there, and nothing else is learnt of it. */
void cw_engine_only_seen(struct cw_engine *engine, struct cw_source_state *state, struct cw_record *record);

/* What is known of the card was observed later. */
bool cw_engine_is_older(const struct cw_engine *engine, const struct cw_record *record, int64_t at);

#endif
