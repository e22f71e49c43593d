/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_TELLINGS_H
#define CARDWATCH_CORE_POLICY_TELLINGS_H

#include "policy.h"

/*
 * What the files of the policy share about tellings: who has to do with which alert.
 */

struct cw_telling *cw_policy_telling(struct cw_policy *policy, const char *notifier, struct cw_alert *alert,
                                     bool create);
void cw_policy_end_telling(struct cw_policy *policy, struct cw_telling *telling);
/* Whether the rules in force send such an alert to this notifier (index in the ruleset). */
bool cw_policy_routed(const struct cw_policy *policy, const struct cw_alert *alert, size_t notifier);
/* The same, without standing in for others. */
bool cw_policy_routed_itself(const struct cw_policy *policy, const struct cw_alert *alert, size_t notifier);
/* What the notifier knows of the alert, in its group; NULL: it has nothing to do with it. */
struct cw_telling *cw_policy_place(struct cw_policy *policy, size_t notifier, struct cw_alert *alert, bool create);
/* What its receiver knows of the alert with this item of the message. */
struct cw_known cw_policy_known(const struct cw_policy *policy, const struct cw_intent *intent,
                                const struct cw_item *item, const struct cw_alert *alert);
/* Something is due about it that no hold keeps back. */
bool cw_policy_is_due(struct cw_policy *policy, const struct cw_telling *telling);

/* The notifier (index in the ruleset) was taken off the route before it heard of the alert: it never will. Whoever
 * did hear of it still hears the end. What became a dead letter is remembered all the same, so that it is not told
 * again when the notifier is reached once more. */
bool cw_policy_not_begun(const struct cw_policy *policy, const struct cw_telling *telling, size_t notifier);

/* What cw_policy_touch and cw_policy_event do for all, for one notifier (index in the ruleset) whatever the routes say.
 */
void cw_policy_touch_at(struct cw_policy *policy, size_t notifier, struct cw_alert *alert, bool urgent);
void cw_policy_tell_event(struct cw_policy *policy, size_t notifier, const struct cw_item *item);

#endif
