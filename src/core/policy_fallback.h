/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_FALLBACK_H
#define CARDWATCH_CORE_POLICY_FALLBACK_H

#include "policy.h"

/*
 * Fallback: who takes the critical messages of a notifier that fails (policy_fallback.c).
 */

/* The notifier (index in the ruleset) stands in for one that fails, was to be told of the alert, and was not. */
bool cw_policy_stands_in(const struct cw_policy *policy, const struct cw_alert *alert, size_t notifier);
bool cw_policy_event_stands_in(const struct cw_policy *policy, const struct cw_entry *entry, size_t notifier);

/* The notifier fails from now on: those who stand in for it are told what it was not. */
void cw_policy_pass_on(struct cw_policy *policy, size_t notifier);
/* Under other rules others may stand in. */
void cw_policy_pass_on_all(struct cw_policy *policy);

#endif
