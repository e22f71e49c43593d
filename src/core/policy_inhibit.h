/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_INHIBIT_H
#define CARDWATCH_CORE_POLICY_INHIBIT_H

#include "policy.h"

/*
 * Which alerts that fire hold others back, as the configuration's inhibitions say.
 *
 * Alerts that match a source stand in buckets by what must be alike, so that asking for one target costs one look,
 * however many fire.
 */

/* The alert had a transition. */
void cw_policy_inhibitors_follow(struct cw_policy *policy, const struct cw_alert *alert);
/* What holds the entry back now, in words; NULL: nothing. */
const char *cw_policy_inhibited(const struct cw_policy *policy, const struct cw_entry *entry);
/* Another ruleset: from nothing but the alerts. */
int cw_policy_inhibitors_anew(struct cw_policy *policy) __attribute__((warn_unused_result));
void cw_policy_inhibitors_deinit(struct cw_policy *policy);

#endif
