/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_HOLD_H
#define CARDWATCH_CORE_POLICY_HOLD_H

#include "policy.h"

/*
 * Holds: what keeps an alert from being told for now. A hold decides nothing about the alert itself; when it ends, the
 * ledger tells what is true then, to whoever has to do with the alert already.
 */

/* Whether something keeps the alert from being told now, and what in words. NULL: nothing. */
const char *cw_policy_held_by(const struct cw_policy *policy, const struct cw_alert *alert,
                              const struct cw_telling *telling);
/* The same of an event at a notifier. */
const char *cw_policy_event_held_by(const struct cw_policy *policy, const struct cw_entry *entry, size_t notifier);

/* The alert had a transition: holds that hang on it may have begun or ended. */
void cw_policy_holds_follow(struct cw_policy *policy, const struct cw_alert *alert);
/* Something that held may hold no more: looked at once, when the step ends. */
void cw_policy_hold_ended(struct cw_policy *policy);
/* Touches what is due and no longer held, if any hold may have ended. */
void cw_policy_release_held(struct cw_policy *policy);

/* Another ruleset, or a first one: from nothing but the alerts and the time. */
void cw_policy_holds_anew(struct cw_policy *policy);
void cw_policy_holds_deinit(struct cw_policy *policy);

#endif
