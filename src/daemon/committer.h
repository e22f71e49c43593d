/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_COMMITTER_H
#define CARDWATCH_DAEMON_COMMITTER_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/store.h"

struct cw_changes;
struct cw_log;
struct cw_loop;

/*
 * Committer: from what steps want remembered to transactions, one at a time.
 *
 * Steps append to the pending changes; a commit takes all of them to the worker pool while the next ones gather.
 * Whoever must not go on before something is on the disk waits here. If a commit fails, its changes are merged back and
 * tried again, with the next commit or by the clock, and those who waited go on all the same: an alert is worth more
 * than its record. What was committed is settled in the store when no more comes for a second (settling.h).
 */

struct cw_committer;

struct cw_committer_options {
        struct cw_loop *loop;
        struct cw_store *store; /* used on worker threads until cw_committer_close is done */
        struct cw_log *log;
        struct cw_store_keep keep;
        /* The store began to fail, or works again. Called once per change. */
        void (*result)(void *data, bool failing, const char *reason);
        /* A commit ended and no other began. */
        void (*idle)(void *data);
        void *data;
};

typedef void (*cw_committer_fn)(void *data);

int cw_committer_new(const struct cw_committer_options *options, struct cw_committer **ret_committer)
        __attribute__((warn_unused_result));
void cw_committer_free(struct cw_committer *committer);

/* Where steps append. */
struct cw_changes *cw_committer_changes(struct cw_committer *committer);

/* Commits what is pending, now or after the commit under way. */
void cw_committer_commit(struct cw_committer *committer);

/* `fn` once what is pending now was committed, or could not be; never from inside this call. -ENOMEM. */
int cw_committer_wait(struct cw_committer *committer, cw_committer_fn fn, void *data)
        __attribute__((warn_unused_result));

/* What the store took on the disk when it was measured last; all zero before. */
struct cw_store_size cw_committer_size(const struct cw_committer *committer);

/* Nothing is pending and nothing under way, or what is pending cannot be written. */
bool cw_committer_settled(const struct cw_committer *committer);

/* Commits the rest, folds the journal, then calls `closed`; nothing is committed afterwards. */
void cw_committer_close(struct cw_committer *committer, cw_committer_fn closed, void *data);

#endif
