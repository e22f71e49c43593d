/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_STORE_H
#define CARDWATCH_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_changes;

/*
 * Store: what survives kill -9.
 *
 * Blocking calls, made on a worker thread by the daemon, one at a time (the handle may move between threads, never be used by
 * two at once). Behind it SQLite in WAL with synchronous=FULL: a commit that returned 0 is on the disk. The journal of card
 * changes is the truth, the checkpoint of cards a short cut to it. One process at a time owns a store.
 *
 * Errors are negative errno values: -EBUSY another process owns it, -ENOSPC the disk is full, -EIO, -EBADMSG no store of
 * ours or one from a newer version, -ENOMEM. One line that tells more is appended to `message` (NULL: not wanted).
 */

struct cw_store;

/* Opens or creates, takes the lock, migrates. */
int cw_store_open(const char *path, struct cw_store **ret_store, struct cw_buf *message) __attribute__((warn_unused_result));

/* Looks without owning: works beside a running daemon, never writes, cannot commit. -ENOENT when there is none. */
int cw_store_open_readonly(const char *path, struct cw_store **ret_store, struct cw_buf *message)
        __attribute__((warn_unused_result));
void cw_store_close(struct cw_store *store);

/* All that is stored, as the rows it was committed as (cards: present state; history left out; delivered intents left out). */
int cw_store_load(struct cw_store *store, struct cw_changes *ret_rows, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* One transaction. `at` is the time of the decision. Nothing of it is there after a failure. */
int cw_store_commit(struct cw_store *store, const struct cw_changes *changes, int64_t at, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* Folds the journal into the checkpoint when it has grown enough (`force`: now), and drops history older than `keep_ms`. */
int cw_store_maintain(struct cw_store *store, int64_t now, int64_t keep_ms, bool force, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* Named points at which a test can end or fail the process's commit: CARDWATCH_FAULT, see tests/fault. */

#endif
