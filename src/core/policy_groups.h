/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_GROUPS_H
#define CARDWATCH_CORE_POLICY_GROUPS_H

#include "policy.h"

/*
 * What the files of the policy share about groups: their life and their clocks.
 */

struct cw_group *cw_policy_group(struct cw_policy *policy, const char *notifier, const char *key);
void cw_policy_join(struct cw_policy *policy, struct cw_telling *telling, struct cw_group *group);
void cw_policy_prune(struct cw_policy *policy, struct cw_group *group);
/* It is pruned when the step ends. */
void cw_policy_visit(struct cw_policy *policy, struct cw_group *group);
/* The time at which the group may next speak about changes. */
int64_t cw_policy_speaks_at(const struct cw_policy *policy, const struct cw_group *group, bool urgent);
/* It may have something to say, as soon as its clocks allow. */
void cw_policy_touch_group(struct cw_policy *policy, struct cw_group *group, bool urgent, bool at_once);
/* What a message that was never attempted says has changed: it is settled once, when the step ends. */
void cw_policy_intent_changed(struct cw_policy *policy, struct cw_intent *intent);
/* The route by which a notifier (index in the ruleset) hears of an entry: whose windows and clocks count. Of one that
 * no route reaches (any more) it is the first that handles the entry at all. Never NULL. */
const struct cw_route *cw_policy_route(const struct cw_policy *policy, const struct cw_entry *entry, size_t notifier);
/* The text that names the group. */
void cw_policy_key(struct cw_policy *policy, size_t notifier, const struct cw_entry *entry, struct cw_buf *key);
/* The group an entry belongs to at a notifier under the rules in force. */
struct cw_group *cw_policy_group_of(struct cw_policy *policy, size_t notifier, const struct cw_entry *entry);
/* Its route under the rules in force. */
void cw_policy_find_route(const struct cw_policy *policy, struct cw_group *group);
size_t cw_policy_notifier_index(const struct cw_policy *policy, const char *name);

#endif
