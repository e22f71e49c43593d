/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_FALL_H
#define CARDWATCH_FALL_H

#include <stdint.h>

#include "cardwatch/clock.h"
#include "cardwatch/money.h"

/*
 * Fall: how a balance falls, as far as it takes to say when it will be gone.
 *
 * Told every change, the oldest first, and keeps nothing of them but sums, which weigh less the older they are: what
 * lies more than two days back counts half. It begins anew with what fits no line: a rise of more than a quarter of
 * what fell, a day without a fall, a clock that was set back. All zeroes: nothing was told.
 */
#define CW_FALL_SPAN_MOST_MS (3 * CW_DAY_MS) /* from since_at to until_at */

struct cw_fall {
        int64_t since_at; /* where it begins */
        int64_t until_at; /* the last fall; since_at before there was one */
        cw_amount last; /* the value in force */
        cw_amount fell, rose, largest; /* all falls, all rises, the largest fall */
        int64_t pause_ms; /* the longest without a fall */
        uint32_t falls; /* since it began, however long ago */
};

void cw_fall_begin(struct cw_fall *fall, int64_t at, cw_amount value);
void cw_fall_tell(struct cw_fall *fall, int64_t at, cw_amount value);

/*
 * When the value reaches zero if it goes on as it did, reckoned at its last fall in whole minutes from there. 0: nobody
 * can tell, because it is zero already, there were fewer than four falls, one of them is more than half of all, one
 * pause is more than half of the time, or the end would be further away than four times what was seen.
 */
int64_t cw_fall_ends_at(const struct cw_fall *fall);

#endif
