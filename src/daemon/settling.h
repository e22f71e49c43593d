/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_SETTLING_H
#define CARDWATCH_DAEMON_SETTLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Settling: when what was committed goes from the store's log into its tables.
 *
 * Not while more of it keeps coming: rows that are settled together share pages, and a message whose delivery is known
 * by then never stands in the outbox's table. But in seconds, for the tables are what people look into, and before the
 * store has to read back what it wrote.
 */

struct cw_settling {
        bool due; /* now, by the clock */
        size_t timed; /* bytes that were not settled when the clock was set last, 0: it is not set */
        int64_t latest_mono; /* while it is set: nothing puts it off beyond this */
};

/* Outcomes of cw_settling_wait besides milliseconds. */
#define CW_SETTLING_AS_IT_IS (-1) /* the clock is right */
#define CW_SETTLING_NEVER    (-2) /* there is nothing to wait for */

/* After a commit or a share of settling, with `unsettled` bytes in the log: what the clock is to be set to. */
int64_t cw_settling_wait(struct cw_settling *settling, size_t unsettled, int64_t now_mono);

/* The clock came to its end. */
void cw_settling_ring(struct cw_settling *settling);

/* Whether a share is to be settled next, where a commit may want to be next, and some were since the last share. */
bool cw_settling_is_wanted(const struct cw_settling *settling, size_t unsettled, bool commit_wanted,
                           bool commits_before);

#endif
