/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_CHANGE_LOG_H
#define CW_STORE_CHANGE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "journal.h"

/*
 * Change log: what was committed and does not stand in its tables yet.
 *
 * A commit appends one record here (changes_pack.h) instead of a row in each of a dozen tables, all of them on pages of
 * their own. Settling brings the oldest records into the tables, of each thing only the last that was said of it, and
 * drops them in the same transaction. Whoever reads the tables lays over them what stands here; both within one
 * transaction.
 */

/* Inside a transaction. -EMSGSIZE: it is too much for one record. */
int cw_change_log_add(struct cw_store *store, const struct cw_commit *commit, const struct cw_changes *changes,
                      size_t *ret_bytes, struct cw_buf *message) __attribute__((warn_unused_result));

/* Inside a transaction: the oldest records into the tables, as many as have `most` bytes, one at least. */
int cw_change_log_settle(struct cw_store *store, size_t most, size_t *ret_bytes, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* All of it, sorted (cw_changes_sort); history and audit in the order of writing. `ret_rows` is overwritten. */
int cw_change_log_read(struct cw_store *store, struct cw_changes *ret_rows, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* How much it holds. */
int cw_change_log_measure(struct cw_store *store, size_t *ret_bytes, struct cw_buf *message)
        __attribute__((warn_unused_result));

#endif
