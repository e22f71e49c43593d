/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_JOURNAL_H
#define CW_STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/card_row.h"

struct cw_buf;
struct cw_changes;
struct cw_store;

/*
 * Journal: what every commit changed about cards, appended and never touched again until it is old.
 *
 * One row for each commit and source; only a commit of very many cards is cut into parts, so that neither writing nor
 * reading needs memory for all of them at once. A row carries the lease and the configuration its commit was made
 * under. It keeps the count in `checkpoint` of what came after the last checkpoint.
 */

/* Of the lease under which this store is owned, and of the configuration: constant while there is one owner. */
#define CW_STORE_EPOCH  1
#define CW_STORE_CONFIG 0

/* Which commit this is. */
struct cw_commit {
        int64_t sequence;
        int64_t at;
};

/* Inside a transaction. */
int cw_journal_add(struct cw_store *store, const struct cw_commit *commit, const struct cw_changes *changes,
                   struct cw_buf *message) __attribute__((warn_unused_result));

/* All rows of the bytes of one part, which were `expected`; their sources are NULL. -EBADMSG with *ret_damaged: they
 * are none, or not that many. */
int cw_journal_walk_part(const void *cards, size_t len, size_t expected, cw_card_visit visit, void *data,
                         bool *ret_damaged) __attribute__((warn_unused_result));

/* Where a reader stands: behind this part. */
struct cw_journal_place {
        int64_t sequence, part;
};

/* The rows behind a place, up to those of commit `until`, the earliest first, and moves the place behind them; stops
 * after the part with which it has read `most` rows. Outcomes besides 0, nothing is left: CW_JOURNAL_MORE. -EBADMSG
 * names the row that is damaged. */
#define CW_JOURNAL_MORE 1

struct cw_journal_span {
        const char *source;
        struct cw_journal_place place;
        int64_t until;
        size_t most;
};
int cw_journal_read(struct cw_store *store, struct cw_journal_span *span, cw_card_visit visit, void *data,
                    struct cw_buf *message) __attribute__((warn_unused_result));

#endif
