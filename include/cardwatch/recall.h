/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_RECALL_H
#define CARDWATCH_RECALL_H

#include "cardwatch/engine.h"
#include "cardwatch/rows.h"

/*
 * Recall: an engine that was loaded, or that got other rules, learns what its windows need to know of the past.
 *
 * Whoever runs it walks the stored changes of cards from `now` - cw_recall_ms() on, oldest first, and hands in each;
 * then ends. Without it windows begin at the present, which is right only where there is no past.
 */

/* How far back the rules look, 0: not at all. */
int64_t cw_recall_ms(const struct cw_ruleset *rules);

/* The same for an engine whose cards were loaded with their past (rows.h, struct cw_card_past), which must not be
 * forgotten then. */
int64_t cw_recall_windows_ms(const struct cw_ruleset *rules);

/* Forgets every trail. */
void cw_recall_begin(struct cw_engine *engine);
int cw_recall_card(struct cw_engine *engine, const struct cw_card_row *row) __attribute__((warn_unused_result));
int cw_recall_end(struct cw_engine *engine) __attribute__((warn_unused_result));

#endif
