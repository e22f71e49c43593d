/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_CHECKPOINT_H
#define CW_STORE_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "journal.h"

/*
 * Checkpoint: all cards of a source as they were after some commit, so that starting need not read the journal from its
 * beginning.
 *
 * Chunks of cards in rising order of ids. Together with the journal after it, it gives the present cards (present.h),
 * and out of those a new checkpoint is written (fold.h); nothing else knows how.
 */

struct cw_checkpoint {
        int64_t sequence; /* the last commit that is in it; 0: none was made yet */
        int64_t chunks, cards;
        int64_t journal_changes; /* card rows in the journal after it */
};

/* All zero when nothing is stored of the source. */
int cw_checkpoint_get(struct cw_store *store, const char *source, struct cw_checkpoint *ret_checkpoint,
                      struct cw_buf *message) __attribute__((warn_unused_result));

/* The past that its cards have: from when on all changes of them are known, 0: since each was first seen, INT64_MAX:
 * they have none. */
int cw_checkpoint_past_from(struct cw_store *store, const char *source, int64_t *ret_at, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* One of its chunks; the statement holds it until it is reset, and has no row where there is no such chunk. */
int cw_checkpoint_chunk(struct cw_store *store, const char *source, int64_t sequence, int64_t chunk,
                        sqlite3_stmt **ret_statement, struct cw_buf *message) __attribute__((warn_unused_result));

/* Inside a transaction: from now on this is the source's checkpoint. Its chunks are there already, those of the one
 * before still are. */
int cw_checkpoint_set(struct cw_store *store, const char *source, const struct cw_checkpoint *checkpoint,
                      struct cw_buf *message) __attribute__((warn_unused_result));

/* Inside a transaction: the source has no cards as of `sequence`, whatever the journal says of before. */
int cw_checkpoint_void(struct cw_store *store, const char *source, int64_t sequence, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* The last commit. */
int cw_checkpoint_last_commit(struct cw_store *store, int64_t *ret_sequence, struct cw_buf *message)
        __attribute__((warn_unused_result));

#endif
