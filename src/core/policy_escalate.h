/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_ESCALATE_H
#define CARDWATCH_CORE_POLICY_ESCALATE_H

#include "policy.h"

/*
 * Escalation: who hears of an alert too, when it has been told for long and nobody looks after it.
 *
 * The clock of an alert runs from the first message about it as it is (a rise in severity begins anew), and stands
 * while it is acknowledged: when that ends, the steps that are left count from there.
 */

/* A message says that the alert fires. */
void cw_policy_told(struct cw_policy *policy, struct cw_alert *alert);
/* Somebody looks after it, or does no longer. */
void cw_policy_acknowledged(struct cw_policy *policy, struct cw_alert *alert);
/* It had a transition and may have other routes: steps of those whose time is past are passed over. */
void cw_policy_escalations_follow(struct cw_policy *policy, struct cw_alert *alert);
/* Forgets what was: it became worse, or nobody has to do with it any more. */
void cw_policy_escalate_afresh(struct cw_alert *alert);

/* Takes every step that is due. */
void cw_policy_escalations_due(struct cw_policy *policy);
/* When the next one is, 0: none is. */
int64_t cw_policy_escalations_wake_at(struct cw_policy *policy);

/* After loading, or after the clock was set: the clocks from what the alerts remember. After another ruleset: steps
 * whose time is past by then are passed over (`pass_over`): a configuration tells nobody what fires already. */
void cw_policy_escalations_anew(struct cw_policy *policy, bool pass_over);

#endif
