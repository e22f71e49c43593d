/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_IDSET_H
#define CW_STORE_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_buf;

/*
 * Idset: which cards may be in a part of the journal, in ten bits for each (a Bloom filter).
 *
 * Looking for one card, all but a hundredth of the parts it is not in are passed over without being read. The answer
 * "no" is certain; whoever wants to mislead it with chosen ids only makes reading slower.
 */

/* An empty one with room for `n` ids, appended to `buf`. */
void cw_idset_begin(struct cw_buf *buf, size_t n);
void cw_idset_add(struct cw_buf *buf, int64_t id);

/* Any bytes; of no bytes, true. */
bool cw_idset_may_hold(const void *data, size_t len, int64_t id);

#endif
