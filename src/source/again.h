/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_AGAIN_H
#define CARDWATCH_SOURCE_AGAIN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Again: a lane without a beat, for customers that are to be read once more before an alert fires. A round of it begins
 * when somebody waits; what cannot be read at once is not worth waiting for, so it is unreadable.
 */

struct cw_source;
struct cw_source_lane;

/* Adds the lane behind the watches. -ENOMEM. */
int cw_again_new(struct cw_source *source) __attribute__((warn_unused_result));

/* Begins a round with whoever waits. `may`: the API can be asked. */
void cw_again_begin(struct cw_source *source, struct cw_source_lane *lane, bool may);

void cw_again_unreadable(struct cw_source *source, int64_t customer);

#endif
