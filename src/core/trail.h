/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_TRAIL_H
#define CARDWATCH_CORE_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/card.h"
#include "cardwatch/fall.h"
#include "trail_needs.h"

/*
 * Trail: what the windows of rules need to know of one card's past.
 *
 * For each field that some window looks at, the points at which it changed, back to just before the longest of these
 * windows; for `unchanged`, when it last changed. A window of d at t is (t - d, t]: a change at its very beginning is
 * not in it, and the value in force there is the one after that change. What lies before the first observation is not
 * covered: the window is as long as what was observed.
 *
 * Bounded: when a field has CW_TRAIL_POINTS_MAX points the past is folded (cw_trail_fold): changes within one slot of
 * time become one span that keeps first, last, least, greatest, sums of falls and rises, count and integral. Slots are
 * aligned to the clock, powers of two of ms, no longer than a 32nd of their age. A window that begins inside a span
 * begins before its first change instead: it is longer than written by a 32nd at most, and everything is exact for the
 * window as it then is. What was folded depends only on the points and on the time of the last fold, which is stored
 * with the card: a trail recalled from the journal is the same.
 *
 * A clock that was set back: see cw_trail_clock.
 */

#define CW_TRAIL_POINTS_MAX 1024 /* of one field, since the last fold */

struct cw_trail;

/* Empty; the card was first seen at `first_seen_at`. -ENOMEM. */
int cw_trail_new(int64_t first_seen_at, struct cw_trail **ret_trail) __attribute__((warn_unused_result));
void cw_trail_free(struct cw_trail *trail);

/*
 * An observation at `at` changed fields: their values before and now. `before` NULL: the first observation, or one
 * that begins anew (another currency: amounts have no past before it). Drops what no window needs any more. Folds
 * when it must, and says when (*ret_folded_at, untouched otherwise). -ENOMEM: nothing was added.
 */
struct cw_trail_change {
        int64_t at;
        uint16_t changed; /* a bit (1 << enum cw_field) each */
        const struct cw_card *before, *now;
};
int cw_trail_add(struct cw_trail *trail, const struct cw_trail_needs *needs, const struct cw_trail_change *change,
                 int64_t *ret_folded_at) __attribute__((warn_unused_result));

/* A field has had its value, which is that of `now`, since then: what is known without its changes, before those that
 * are known are added. -ENOMEM. */
int cw_trail_know(struct cw_trail *trail, enum cw_field field, int64_t since, const struct cw_card *now)
        __attribute__((warn_unused_result));

/*
 * Folds as it is folded at that time, and again whenever changes up to that time are added. A trail that is recalled
 * is told the stored time first, while it is empty: then it does not fold at other times than it did. -ENOMEM: it is
 * as it was.
 */
int cw_trail_fold(struct cw_trail *trail, int64_t at) __attribute__((warn_unused_result));

/*
 * It is `at` now: what is dated later was dated by a wrong clock, and counts as of now. cw_trail_add does this by
 * itself; to be called when the clock was set back, and at the end of a recall.
 */
void cw_trail_clock(struct cw_trail *trail, int64_t at);

/* Bytes that it takes. */
size_t cw_trail_size(const struct cw_trail *trail);

/* What windows see. */
struct cw_trail_window {
        int64_t begins_at; /* not before what was observed */
        int64_t first, last, least, greatest; /* values in force; of fields that are no amounts, nothing */
        int64_t fell, rose; /* sums of the falls and of the rises; -1: too large to be said */
        uint32_t changes;
        int64_t average; /* weighted by time, half to even; of no time at all the present value */
        int64_t moves_at; /* when, without another change, its oldest change leaves it; INT64_MAX: it has none */
        int64_t stretches_at; /* when it begins to be longer than written, if it is not; likewise */
};
void cw_trail_look(const struct cw_trail *trail, enum cw_field field, int64_t window_ms, int64_t at,
                   const struct cw_card *now, struct cw_trail_window *ret_window);

/* How the available balance, `now` of which is the present, fell since `begins_at`, which is no longer ago than the
 * longest window over it; what was folded is left out. `trail` NULL: it did not change. */
void cw_trail_fall(const struct cw_trail *trail, int64_t begins_at, int64_t at, cw_amount now,
                   struct cw_fall *ret_fall);

/* Since when the field has had its value. */
int64_t cw_trail_since(const struct cw_trail *trail, enum cw_field field);

#endif
