/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_FOLD_H
#define CARDWATCH_CORE_POLICY_FOLD_H

#include "policy.h"

/*
 * Folding a storm: when one step would give a notifier more than CW_MESSAGES_MOST messages, those about one rule become
 * one, which stands in the lane of every group it tells of; and when that is not enough, so do those of the rules with
 * least to say. Nothing is left out: a message counts whatever it does not list.
 */

enum { CW_MESSAGES_MOST = 10 };

/* After everything was queued that this step has to say, before any of it has an id. */
void cw_policy_fold_storm(struct cw_policy *policy);

/* Several messages of one kind and notifier that were never attempted become one. */
void cw_policy_merge(struct cw_policy *policy, struct cw_intent *const *intents, size_t n);

#endif
