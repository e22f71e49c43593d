/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_INTENT_COUNT_H
#define CARDWATCH_CORE_INTENT_COUNT_H

#include "intent.h"

/*
 * What a message only counts: of events that wait too long for their receiver, the least severe and oldest give up
 * their place, and their number stays. They go on adding to the message's id, so that it says what it is about.
 */

/* What it has counted only, as it was packed. -EBADMSG, -ENOMEM. */
int cw_intent_set_counted(struct cw_intent *intent, const char *packed, size_t len) __attribute__((warn_unused_result));
/* The worst first, of those the latest. */
void cw_intent_rank_items(struct cw_intent *intent);
/* The items behind the first `n_kept` are only counted from now on. -ENOMEM. */
int cw_intent_count_items(struct cw_intent *intent, size_t n_kept) __attribute__((warn_unused_result));
/* `intent` also counts what `other` has counted. -ENOMEM. */
int cw_intent_count_like(struct cw_intent *intent, const struct cw_intent *other) __attribute__((warn_unused_result));
/* The tallies, whose texts lie in the intent; they are the caller's to free. -ENOMEM. */
int cw_intent_tallies(const struct cw_intent *intent, struct cw_tally **ret_tallies, size_t *ret_n)
        __attribute__((warn_unused_result));

#endif
