/* SPDX-License-Identifier: Apache-2.0 */
/* Who hears of an alert, and in which group: what the route says, and what was begun before it said so. */
#include <errno.h>
#include <string.h>

#include "policy.h"
#include "policy_groups.h"
#include "policy_tellings.h"

static bool is_about(const struct cw_entry *entry, const char *notifier)
{
        for (size_t i = 0; i < entry->n_labels; i++)
                if (strcmp(entry->labels[i].name, "notifier") == 0)
                        return strcmp(entry->labels[i].value, notifier) == 0;
        return false;
}

/* The daemon's alert about a notifier goes to all others, routed or not; everything else goes where the route says. */
bool cw_policy_routed(const struct cw_policy *policy, const struct cw_alert *alert, size_t notifier)
{
        const struct cw_route *route = &policy->rules->route;

        if (strcmp(alert->rule, cw_builtin_name(CW_BUILTIN_NOTIFIER_FAILING)) == 0 && !alert->entry->has_card)
                return !is_about(alert->entry, policy->rules->notifiers[notifier].name);
        for (size_t i = 0; i < route->n_notify; i++)
                if (route->notify[i] == notifier)
                        return true;
        return false;
}

void cw_policy_key(struct cw_policy *policy, const struct cw_entry *entry, struct cw_buf *key)
{
        const struct cw_route *route = &policy->rules->route;

        cw_group_key(entry, route->group_by, route->n_group_by, key);
        if (cw_buf_error(key) < 0)
                policy->error = -ENOMEM;
}

struct cw_group *cw_policy_group_of(struct cw_policy *policy, const char *notifier, const struct cw_entry *entry)
{
        struct cw_buf key = CW_BUF_NULL;
        struct cw_group *group = NULL;

        cw_policy_key(policy, entry, &key);
        if (!policy->error)
                group = cw_policy_group(policy, notifier, cw_buf_text(&key));
        cw_buf_deinit(&key);
        return group;
}

static void leave(struct cw_policy *policy, struct cw_telling *telling)
{
        if (!telling->group)
                return;
        cw_group_remove_member(telling->group, telling->alert);
        cw_policy_visit(policy, telling->group);
        telling->group = NULL;
}

void cw_policy_join(struct cw_policy *policy, struct cw_telling *telling, struct cw_group *group)
{
        if (telling->group == group)
                return;
        leave(policy, telling);
        telling->group = group;
        if (cw_group_add_member(group, telling->alert) < 0)
                policy->error = -ENOMEM;
}

static bool is_begun(const struct cw_telling *telling)
{
        return telling->sent.state == CW_KNOWN_FIRING || telling->queued || telling->under_way;
}

bool cw_policy_not_begun(const struct cw_policy *policy, const struct cw_telling *telling, size_t notifier)
{
        return !is_begun(telling) && telling->alert->state == CW_ALERT_FIRING &&
               !cw_policy_routed(policy, telling->alert, notifier);
}

struct cw_telling *cw_policy_place(struct cw_policy *policy, size_t notifier, struct cw_alert *alert, bool create)
{
        const char *name = policy->rules->notifiers[notifier].name;
        struct cw_telling *telling = cw_policy_telling(policy, name, alert, create);

        if (!telling)
                return NULL;
        if (cw_policy_not_begun(policy, telling, notifier)) {
                leave(policy, telling);
                cw_policy_end_telling(policy, telling);
                return NULL;
        }
        /* What was told in one group ends in it, whatever the configuration says by then. */
        if (!telling->group || !is_begun(telling)) {
                struct cw_group *group = cw_policy_group_of(policy, name, alert->entry);

                if (!group)
                        return NULL;
                cw_policy_join(policy, telling, group);
        }
        return telling;
}
