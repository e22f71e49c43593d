/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_STORE_SETTLE_H
#define CARDWATCH_STORE_SETTLE_H

#include "cardwatch/store.h"

/*
 * Settling: what was committed stands in a log first; it is read and survives there as well as anywhere. A share of
 * settling, some ten milliseconds long, brings the oldest of it into the tables that people look into: all or nothing
 * of it, and what failed is there to be tried again. Outcomes besides 0, all is settled: CW_STORE_MORE.
 */
int cw_store_settle(struct cw_store *store, struct cw_buf *message) __attribute__((warn_unused_result));

/* What the last commit wrote, for a store that may want to settle it without reading it again. Leaves `changes` empty.
 */
void cw_store_hand_over(struct cw_store *store, struct cw_changes *changes);

/* Bytes that are not settled yet. */
size_t cw_store_unsettled(const struct cw_store *store);

#endif
