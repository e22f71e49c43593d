/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_PRESENT_H
#define CW_STORE_PRESENT_H

#include <stddef.h>
#include <stdint.h>

#include "checkpoint.h"
#include "journal.h"

/*
 * Present: every card of a source as it is after some commit, in rising order of ids.
 *
 * The checkpoint is a sorted stream; what the journal says since is gathered first (gather.h) and laid over it. Both
 * can be done share by share, with commits in between: neither the old checkpoint nor what the journal holds of before
 * `until` is touched by those. Not so by the removal of the source: whoever shares must look whether the checkpoint is
 * still the same.
 *
 * What is gathered stays in memory, some 70 bytes a row of the journal. Where that is more than `rows_most`, the cards
 * are handed out range by range: the journal is read for each, and once more before, to find ranges of equal weight.
 */

struct cw_present;

/* As of commit `until` (INT64_MAX: the last), which must not lie before the checkpoint. */
int cw_present_new(struct cw_store *store, const char *source, int64_t until, size_t rows_most,
                   struct cw_present **ret_present, struct cw_buf *message) __attribute__((warn_unused_result));
void cw_present_free(struct cw_present *present);

/* The checkpoint that it builds on, as it was at the beginning. */
const struct cw_checkpoint *cw_present_checkpoint(const struct cw_present *present);

/* Some `most` rows more of the journal. Outcomes besides 0, that was all: CW_JOURNAL_MORE. */
int cw_present_gather(struct cw_present *present, size_t most, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* After all was gathered, the next card. Outcomes besides 0, the end: CW_CARDS_ROW; CW_PRESENT_GATHER, what follows has
 * to be gathered first. The row lives until the next call. */
#define CW_PRESENT_GATHER 2

int cw_present_next(struct cw_present *present, struct cw_card_row *ret_row, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* All of that at once, inside a transaction. */
int cw_present_walk(struct cw_store *store, const char *source, cw_card_visit visit, void *data, struct cw_buf *message)
        __attribute__((warn_unused_result));

#endif
