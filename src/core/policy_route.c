/* SPDX-License-Identifier: Apache-2.0 */
/* Who hears of an alert, and in which group: what the routes say, and what was begun before they said so. */
#include <errno.h>
#include <string.h>

#include "group_key.h"
#include "policy.h"
#include "policy_copy.h"
#include "policy_fallback.h"
#include "policy_groups.h"
#include "policy_tellings.h"

static bool is_about(const struct cw_entry *entry, const char *notifier)
{
        for (size_t i = 0; i < entry->n_labels; i++)
                if (strcmp(entry->labels[i].name, "notifier") == 0)
                        return strcmp(entry->labels[i].value, notifier) == 0;
        return false;
}

/* The daemon's alert about a notifier goes to all others, routed or not. */
static bool goes_to_all_others(const struct cw_entry *entry)
{
        return !entry->has_card && strcmp(entry->rule, cw_builtin_name(CW_BUILTIN_NOTIFIER_FAILING)) == 0;
}

/* By a step that was taken: one that was passed over left no telling. */
static bool is_escalated(const struct cw_policy *policy, const struct cw_alert *alert, size_t notifier)
{
        const char *name = policy->rules->notifiers[notifier].name;

        return alert->escalated_ms && cw_map_get(&policy->tellings, cw_ledger_key(name, alert->fingerprint)) &&
               cw_policy_escalating(policy, alert->entry, notifier, alert->escalated_ms);
}

bool cw_policy_routed_itself(const struct cw_policy *policy, const struct cw_alert *alert, size_t notifier)
{
        if (!policy->rules->notifiers[notifier].copies && goes_to_all_others(alert->entry))
                return !is_about(alert->entry, policy->rules->notifiers[notifier].name);
        return cw_policy_reaching(policy, alert->entry, notifier) || is_escalated(policy, alert, notifier);
}

bool cw_policy_routed(const struct cw_policy *policy, const struct cw_alert *alert, size_t notifier)
{
        return cw_policy_routed_itself(policy, alert, notifier) || cw_policy_stands_in(policy, alert, notifier);
}

const struct cw_route *cw_policy_route(const struct cw_policy *policy, const struct cw_entry *entry, size_t notifier)
{
        const struct cw_route *root = &policy->rules->route;
        const struct cw_route *route = cw_policy_reaching(policy, entry, notifier);

        if (!route)
                route = cw_policy_escalating(policy, entry, notifier, INT64_MAX);
        return route ? route : cw_route_home(root, entry);
}

/* Routes group apart from each other: what the key says of its route is what the route is about, not where it stands,
 * so that the key outlives other changes of the tree. */
void cw_policy_key(struct cw_policy *policy, size_t notifier, const struct cw_entry *entry, struct cw_buf *key)
{
        const struct cw_route *route = cw_policy_route(policy, entry, notifier);

        if (policy->rules->notifiers[notifier].copies)
                cw_group_key_of_customer(entry, route->group_by, route->n_group_by, key);
        else
                cw_group_key(entry, route->group_by, route->n_group_by, key);
        cw_group_key_of_route(route->id, key);
        if (cw_buf_error(key) < 0)
                policy->error = -ENOMEM;
}

struct cw_group *cw_policy_group_of(struct cw_policy *policy, size_t notifier, const struct cw_entry *entry)
{
        struct cw_buf key = CW_BUF_NULL;
        struct cw_group *group = NULL;

        cw_policy_key(policy, notifier, entry, &key);
        if (!policy->error)
                group = cw_policy_group(policy, policy->rules->notifiers[notifier].name, cw_buf_text(&key));
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
        cw_policy_visit(policy, group); /* nothing may be left to say of it */
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

/* The group that it comes to goes on where the one that it leaves stood: nothing is repeated sooner for it, or never
 * again, and its mails stay in their thread. Several may come from several groups, in no order: the latest counts. */
static void carry_clocks(struct cw_policy *policy, const struct cw_group *from, struct cw_group *to)
{
        bool waits = to->due_at && !to->told_at; /* for others to come into its first message */

        if (!from->told_at || from->told_at <= to->told_at)
                return;
        to->told_at = from->told_at;
        if (to->repeat < from->repeat)
                to->repeat = from->repeat;
        if (!to->begun_at || from->begun_at < to->begun_at)
                to->begun_at = from->begun_at;
        if (!to->thread[0])
                memcpy(to->thread, from->thread, sizeof(to->thread));
        if (waits && cw_policy_speaks_at(policy, to, false) < to->due_at)
                to->due_at = cw_policy_speaks_at(policy, to, false);
        if (to->route->repeat_every_ms) {
                /* By other rules: what was planned so far, they plan anew from there. */
                int64_t at = policy->replanned ? from->due_at : to->told_at + to->route->repeat_every_ms;

                if (at && (!to->due_at || at < to->due_at))
                        to->due_at = at;
        }
        cw_group_remember(to, policy->changes);
        cw_policy_visit(policy, to);
}

/* What is due of it is due in the group that it comes to: nobody asks the other one about it any more. */
static void move(struct cw_policy *policy, struct cw_telling *telling, struct cw_group *group)
{
        if (telling->sent.state == CW_KNOWN_FIRING)
                carry_clocks(policy, telling->group, group);
        cw_policy_join(policy, telling, group);
        if (cw_policy_is_due(policy, telling))
                cw_policy_touch_group(policy, group, false, false);
}

/* The customer was taken off those who are told: nobody is left to be told the end. */
static bool is_none_of_its_customers(const struct cw_policy *policy, const struct cw_telling *telling, size_t notifier)
{
        return !telling->queued && !telling->under_way &&
               !cw_policy_may_hear(&policy->rules->notifiers[notifier], telling->alert->entry);
}

struct cw_telling *cw_policy_place(struct cw_policy *policy, size_t notifier, struct cw_alert *alert, bool create)
{
        const char *name = policy->rules->notifiers[notifier].name;
        struct cw_telling *telling = cw_policy_telling(policy, name, alert, create);
        struct cw_group *group;

        if (!telling)
                return NULL;
        if ((!telling->dead_edge && cw_policy_not_begun(policy, telling, notifier)) ||
            is_none_of_its_customers(policy, telling, notifier)) {
                leave(policy, telling);
                cw_policy_end_telling(policy, telling);
                return NULL;
        }
        /* While something about it is on its way, all about it stays in that lane: it goes in order. */
        if (telling->group && (telling->queued || telling->under_way))
                return telling;
        group = cw_policy_group_of(policy, notifier, alert->entry);
        if (!group)
                return NULL;
        if (telling->group && telling->group != group)
                move(policy, telling, group);
        else
                cw_policy_join(policy, telling, group);
        return telling;
}

void cw_policy_find_route(const struct cw_policy *policy, struct cw_group *group)
{
        const struct cw_route *route = cw_route_find(&policy->rules->route, group->route_id);

        group->route = route ? route : &policy->rules->route;
}
