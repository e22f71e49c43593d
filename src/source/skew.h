/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_SKEW_H
#define CARDWATCH_SOURCE_SKEW_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Skew: how far the API's clock is from ours, by the Date of its answers.
 *
 * The median of the last answers, so that neither one that a cache gave nor one that travelled long says anything.
 * Reads no clock.
 */

enum { CW_SKEW_SAMPLES = 9 };

struct cw_skew {
        int64_t samples[CW_SKEW_SAMPLES];
        unsigned n, next;
};

/* An answer: its Date, when its request was sent, and how long it took. */
void cw_skew_add(struct cw_skew *skew, int64_t date_at, int64_t sent_at, int64_t took_ms);

/* The API's clock minus ours; false while no answer has told. */
bool cw_skew_median(const struct cw_skew *skew, int64_t *ret_skew_ms);

#endif
