/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_LOAD_H
#define CARDWATCH_LOAD_H

#include <stdint.h>

struct cw_card_row;
struct cw_changes;
struct cw_engine;

/*
 * Load: cw_engine_load in steps, for whoever reads a million cards one by one and does not want to hold all of them
 * twice.
 *
 * Begin, every card, end, with the same rows at both ends: their cards are not looked at. After an error the engine is
 * only good for being freed. -EBADMSG: rows that cannot be.
 */

int cw_load_begin(struct cw_engine *engine, const struct cw_changes *stored, int64_t now, struct cw_changes *changes)
        __attribute__((warn_unused_result));
/* About so many cards of the source are to come: spares the time for growing, and decides nothing. */
void cw_load_expect(struct cw_engine *engine, const char *source, int64_t n_cards);
int cw_load_card(struct cw_engine *engine, const struct cw_card_row *row) __attribute__((warn_unused_result));
int cw_load_end(struct cw_engine *engine, const struct cw_changes *stored) __attribute__((warn_unused_result));

#endif
