/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_ROUND_H
#define CARDWATCH_SOURCE_ROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/backoff.h"

/*
 * Round: which customer of a list to read next through the one-customer endpoint, and when all have been.
 *
 * The list is the caller's and outlives the round. A customer holds a slot from its first request until it is settled;
 * a reading that failed is tried again up to `retries` times. Pure: time (monotonic ms) and chance come from outside,
 * requests are the caller's, and so is what an answer means.
 */

#define CW_ROUND_SLOTS 64 /* most readings at once */

struct cw_round_slot {
        enum { CW_ROUND_FREE, CW_ROUND_ASKED, CW_ROUND_DUE } state;
        size_t index; /* of the customer */
        int64_t due; /* CW_ROUND_DUE: when to ask again */
        struct cw_backoff backoff;
};

struct cw_round {
        const int64_t *customers;
        size_t n, next;
        unsigned at_once, retries;
        struct cw_round_slot slots[CW_ROUND_SLOTS];
};

enum cw_round_action {
        CW_ROUND_ASK, /* for *ret_index in *ret_slot; say so with cw_round_asked */
        CW_ROUND_WAIT, /* until *ret_due, or an answer (INT64_MAX: only for that) */
        CW_ROUND_DONE,
};

void cw_round_init(struct cw_round *round, const int64_t *customers, size_t n, unsigned at_once, unsigned retries);

enum cw_round_action cw_round_next(const struct cw_round *round, int64_t now, unsigned *ret_slot, size_t *ret_index,
                                   int64_t *ret_due);

/* Returns whether it is the customer's first request. */
bool cw_round_asked(struct cw_round *round, unsigned slot, size_t index);

void cw_round_settled(struct cw_round *round, unsigned slot);

/* Returns whether the customer is settled with that: it is not asked for again. `final`: asking again is no use. */
bool cw_round_failed(struct cw_round *round, unsigned slot, bool final, int64_t now, uint32_t chance);

/* The same customer once more, at once and not counted as a failure. */
void cw_round_again(struct cw_round *round, unsigned slot, int64_t now);

/* Takes out one customer that is not settled, whatever becomes of its request; false when all are. */
bool cw_round_drop(struct cw_round *round, size_t *ret_index);

#endif
