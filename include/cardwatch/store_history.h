/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_STORE_HISTORY_H
#define CARDWATCH_STORE_HISTORY_H

#include <stdint.h>

#include "cardwatch/rows.h"
#include "cardwatch/store.h"

/*
 * Store history: the past, oldest first, one row at a time, so that years of it cost no memory.
 *
 * Works on any open store, also one that is open for looking only while a daemon writes: what is walked is one
 * consistent state. Rows are borrowed for the call; a visitor that returns non-zero ends the walk with that value.
 */

struct cw_store_span {
        int64_t from_at, to_at; /* from <= time of the commit < to; 0: from the beginning, to the end */
        const char *source; /* NULL: every source */
        int64_t card; /* with has_card: only this one */
        bool has_card;
        uint64_t fingerprint; /* of edges: only this alert's; 0: every one */
};

/*
 * From here until the release all that is read (cw_store_load too) is one state, and walks may be made from within
 * walks of the other kind. For looking only: nothing can be committed meanwhile.
 */
int cw_store_hold(struct cw_store *store, struct cw_buf *message) __attribute__((warn_unused_result));
void cw_store_release(struct cw_store *store); /* of one that is not held: nothing */

/* Changes of cards, as they were committed; `at` is the time of the commit, the observation's own stands in the row.
 * Rows that only count (`changed` 0, not gone) are left out; rows of sources and cards that are gone since come too.
 * What an older cardwatch stored says that all changed, and nothing of before. */
typedef int (*cw_store_visit_card)(void *data, int64_t at, const struct cw_card_row *row);
int cw_store_walk_cards(struct cw_store *store, const struct cw_store_span *span, cw_store_visit_card visit, void *data,
                        struct cw_buf *message) __attribute__((warn_unused_result));

/* Edges of alerts and what became of messages about them. */
typedef int (*cw_store_visit_edge)(void *data, const struct cw_history_row *row);
int cw_store_walk_edges(struct cw_store *store, const struct cw_store_span *span, cw_store_visit_edge visit, void *data,
                        struct cw_buf *message) __attribute__((warn_unused_result));

/* Cards that are walked as the present (cw_store_walk_present) say when their fields changed last: known of all changes
 * from this time on; 0: of all, INT64_MAX: an older cardwatch stored them, and of none. */
int cw_store_past_from(struct cw_store *store, int64_t *ret_at, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* How far back it reaches: the time of the oldest change of a card that is kept, 0: there is none. */
int cw_store_oldest(struct cw_store *store, int64_t *ret_at, struct cw_buf *message)
        __attribute__((warn_unused_result));

#endif
