/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_STORE_H
#define CARDWATCH_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_card_row;
struct cw_changes;

/*
 * Store: what survives kill -9.
 *
 * Blocking calls, made on a worker thread by the daemon, one at a time (the handle may move between threads, never be
 * used by two at once). Behind it SQLite in WAL with synchronous=FULL: a commit that returned 0 is on the disk. The
 * journal of card changes is the truth, the checkpoint of cards a short cut to it. One process at a time owns a store;
 * the lock is a file beside it, PATH.lock, and ends with its holder, however that ends.
 *
 * Errors are negative errno values: -EBUSY another process owns it, -ENOSPC the disk is full, -EIO, -EBADMSG no store
 * of ours, one from a newer version, or damage (the message names table and key), -EROFS open for looking only,
 * -ENOMEM; from opening also what the file system said of the path. One line that tells more is appended to `message`
 * (NULL: not wanted); there is none for -ENOMEM. After an error the handle is as usable as before.
 */

struct cw_store;

#define CW_STORE_MORE 1 /* an outcome of what is done in shares: call again when no commit is waiting */

/* Opens or creates (mode 0640), takes the lock, migrates. */
int cw_store_open(const char *path, struct cw_store **ret_store, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* Looks without owning: works beside a running daemon, never writes, cannot commit. -ENOENT when there is none. */
int cw_store_open_readonly(const char *path, struct cw_store **ret_store, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* Takes NULL. */
void cw_store_close(struct cw_store *store);

/*
 * All that is stored, as the rows it was committed as (cards: present state, sorted by source and id; history and audit
 * left out; delivered intents left out). `ret_rows` is overwritten: hand in an empty one.
 */
int cw_store_load(struct cw_store *store, struct cw_changes *ret_rows, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* The same, and the cards one by one, as the store is between two calls: hold it for both to be one state. The row is
 * borrowed; a visitor that returns non-zero ends the walk with that value. */
int cw_store_load_but_cards(struct cw_store *store, struct cw_changes *ret_rows, struct cw_buf *message)
        __attribute__((warn_unused_result));
typedef int (*cw_store_visit_present)(void *data, const struct cw_card_row *row);
int cw_store_walk_present(struct cw_store *store, cw_store_visit_present visit, void *data, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* About how many cards a source has: as many as its checkpoint. */
int cw_store_count_cards(struct cw_store *store, const char *source, int64_t *ret_cards, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* The same of the sources alone. */
int cw_store_load_sources(struct cw_store *store, struct cw_changes *ret_rows, struct cw_buf *message)
        __attribute__((warn_unused_result));

/*
 * One transaction. `at` is the time of the decision. Nothing of it is there after a failure. Removals of sources count
 * before everything else in the same changes. Changes with an error in them are refused with it.
 */
int cw_store_commit(struct cw_store *store, const struct cw_changes *changes, int64_t at, struct cw_buf *message)
        __attribute__((warn_unused_result));

/*
 * A share, some milliseconds long, of what keeps a store in shape: folds the journal into the checkpoint when it has
 * grown enough (`force`: now, and whole, and settles all there is), and drops history and what operators did that is
 * older than is to be kept. Outcomes besides 0, there is nothing to do: CW_STORE_MORE. Cheap when there is nothing to
 * do, to be called about as often as there are polls.
 */
struct cw_store_keep {
        int64_t history_ms, audit_ms;
        int64_t max_bytes; /* of all of it: history is dropped earlier than that, oldest first; 0: no limit */
};

int cw_store_maintain(struct cw_store *store, int64_t now, const struct cw_store_keep *keep, bool force,
                      struct cw_buf *message) __attribute__((warn_unused_result));

/* What it takes on the disk: the file, of that what is in use, and the database's log beside it. */
struct cw_store_size {
        int64_t file_bytes, used_bytes, log_bytes;
};
int cw_store_measure(struct cw_store *store, struct cw_store_size *ret_size, struct cw_buf *message)
        __attribute__((warn_unused_result));

/*
 * For tests, in builds with CARDWATCH_FAULTS only: CARDWATCH_FAULT in the environment, read when a store is opened,
 * names commits of this handle, counted from 1; commits of empty changes do not count.
 *
 *   commit-fail:N       the Nth and all later ones fail with -ENOSPC
 *   commit-fail:N-M     the Nth to the Mth
 *   commit-exit:before:N  the process ends with 137 when the Nth is written and not yet committed
 *   commit-exit:after:N   ... when the Nth is on the disk and nobody was told
 *   settle-fail:N, settle-fail:N-M, settle-exit:before:N, settle-exit:after:N   the same of shares of settling
 */

#endif
