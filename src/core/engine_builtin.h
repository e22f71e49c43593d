/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_BUILTIN_H
#define CARDWATCH_CORE_ENGINE_BUILTIN_H

#include "engine_trouble.h"

/*
 * What the daemon says of itself after a poll, a commit, a reload, a delivery (engine_builtin.c).
 */

void cw_engine_judge_poll(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
/* A poll ended: what it lacked, for whoever asks later why there was no complete one. */
void cw_engine_note_lack(struct cw_source_state *state, const char *reason);
void cw_engine_judge_age(struct cw_engine *engine, struct cw_source_state *state);
/* When the clock finds that out, 0: not by itself. */
int64_t cw_engine_stale_at(const struct cw_engine *engine, const struct cw_source_state *state);
void cw_engine_mark_bad(struct cw_engine *engine, struct cw_source_state *state, const struct cw_trouble *trouble);
void cw_engine_bad_card(struct cw_engine *engine, struct cw_source_state *state, const struct cw_event *event);
/* The card is set aside, and for this reason. */
bool cw_engine_is_bad(const struct cw_engine *engine, const struct cw_source_state *state, const struct cw_card *card,
                      const char *reason);
bool cw_engine_brought_unnamed(const struct cw_source_state *state, int64_t customer);
void cw_engine_bad_cards_over(struct cw_engine *engine, struct cw_source_state *state);
void cw_engine_store_result(struct cw_engine *engine, bool failing, const char *reason);
void cw_engine_reload_result(struct cw_engine *engine, bool failing, const char *reason);
void cw_engine_notifier_result(struct cw_engine *engine, const char *notifier, bool dead, const char *reason);

#endif
