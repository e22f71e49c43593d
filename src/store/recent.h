/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_RECENT_H
#define CW_STORE_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/changes.h"

/*
 * Recent: the rows that stand in the change log, while they are all in memory still.
 *
 * Whoever committed hands them over, so that settling need not read and unpack what was packed a moment before. It is
 * all of the log or nothing: where a record of the log is missing here, because it was not handed over, was there when
 * the store was opened, or would be too much to keep, the log itself is read. So nothing depends on them but the time.
 */

struct cw_recent {
        struct cw_changes rows; /* the later behind the earlier */
        int64_t last; /* sequence of the last record */
        size_t bytes; /* as the log counts them */
        bool lacks; /* some of the log */
        struct {
                int64_t sequence, at;
                size_t bytes; /* 0: nothing is */
        } awaited; /* committed, and not handed over yet */
};

/* Before a commit, of whatever: rows that are handed over from now on are not those of the one before it. */
void cw_recent_await_no_more(struct cw_recent *recent);

/* After a commit that appended to the log. */
void cw_recent_await(struct cw_recent *recent, int64_t sequence, int64_t at, size_t bytes);

/* Takes the rows of that commit, without those of cards, or lets go of all there is. Nothing, where none is awaited. */
void cw_recent_take(struct cw_recent *recent, struct cw_changes *changes);

/* Whether all of a log of so many bytes, some at least, is here. */
bool cw_recent_is_whole(const struct cw_recent *recent, size_t unsettled);

/* The log was settled to so many bytes, or holds as many from before. */
void cw_recent_begin(struct cw_recent *recent, size_t unsettled);

#endif
