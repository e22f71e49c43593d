/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_CROWD_H
#define CARDWATCH_CORE_POLICY_CROWD_H

#include "policy.h"

/*
 * Crowds: what a receiver that is not there lets pile up is bounded.
 *
 * Alerts are: a message tells how each ended, so there is one entry for each. Events are not, so messages of them that
 * were never attempted keep so many entries, the most severe and the latest, and only count the others, by rule and
 * currency; and when there are too many such messages, those about one rule become one, those with something critical
 * in them last. No event is left out of the counts.
 */

enum {
        CW_CROWD_MESSAGES_MOST = 1000, /* about events, for one notifier */
        CW_CROWD_ITEMS_MOST = 1000, /* in one of them */
        CW_CROWD_AFTER_MS = 10 * 60 * 1000, /* or when its receiver is known not to be there */
        CW_CROWD_NOTIFIER_MOST = 20000, /* in all of them for one notifier, as long as each keeps one */
};

/* After everything was queued that this step has to say. */
void cw_policy_thin_crowds(struct cw_policy *policy);

#endif
