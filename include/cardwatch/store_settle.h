/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_STORE_SETTLE_H
#define CARDWATCH_STORE_SETTLE_H

#include "cardwatch/store.h"

/*
 * Settling: what was committed stands in a log first; it is read and survives there as well as anywhere. A share of
 * settling, some tens of milliseconds long, brings the oldest of it into the tables that people look into: all or
 * nothing of it, and what failed is there to be tried again. Outcomes besides 0, all is settled: CW_STORE_MORE.
 */
int cw_store_settle(struct cw_store *store, struct cw_buf *message) __attribute__((warn_unused_result));

/* When there are so many bytes they are to be settled: up to the commit that reaches it, the store keeps the rows that
 * are handed over, and settles all of them in one share; of more than that it reads again what it wrote. */
#define CW_STORE_MUCH_UNSETTLED ((size_t)8 << 20)

/* What the last commit wrote, for a store that may want to settle it without reading it again. Leaves `changes` empty.
 */
void cw_store_hand_over(struct cw_store *store, struct cw_changes *changes);

/* Bytes that are not settled yet. */
size_t cw_store_unsettled(const struct cw_store *store);

#endif
