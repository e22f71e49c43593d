/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_WINDOW_H
#define CARDWATCH_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_zone;

/*
 * Windows: named spans of local time. Plain data, owned by the ruleset.
 *
 * A span belongs to the day on which it begins; one that ends no later than it begins ends on the next day. Whether a
 * window is open is what the clock on the wall says: an hour that the clock shows twice counts twice, one that it skips
 * not at all.
 */

struct cw_window {
        char *name;
        unsigned days; /* bits, Monday is 1 << 0 */
        int32_t from_min, to_min; /* minutes of the day; to: up to 1440 */
        int64_t *dates; /* days since 1970, rising; not empty: these alone count, whatever their weekday */
        size_t n_dates;
        int64_t *except; /* likewise: these do not count */
        size_t n_except;
        char *muted, *outside; /* "mute nights", "outside nights": what holds back, in words */
};

enum { CW_EVERY_DAY = 0x7f };

/* Pure. Times are wall times in ms. */
bool cw_window_is_open(const struct cw_window *window, const struct cw_zone *zone, int64_t at);
/* The next time at which it may be otherwise, always later than `at`. */
int64_t cw_window_next_edge(const struct cw_window *window, const struct cw_zone *zone, int64_t at);

void cw_window_deinit(struct cw_window *window);

#endif
