/* SPDX-License-Identifier: Apache-2.0 */
/* What is told now: groups that are due ask the ledger about each of their alerts. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "policy.h"
#include "policy_baseline.h"

/* The message of this group that was never attempted, to which changes can be added: no repeat, no baseline, no events.
 */
static struct cw_intent *open_intent(const struct cw_group *group)
{
        struct cw_intent *last = group->n_lane ? group->lane[group->n_lane - 1] : NULL;

        if (!last || last->kind != CW_NOTICE_ALERT || last->state != CW_INTENT_QUEUED || last->repeat || last->baseline)
                return NULL;
        return last;
}

static struct cw_intent *new_intent(struct cw_policy *policy, struct cw_group *group, uint32_t repeat)
{
        struct cw_intent *intent;
        struct cw_intent like = {
                .notifier = group->notifier,
                .kind = CW_NOTICE_ALERT,
                .repeat = repeat,
                .queued_at = policy->now,
                .next_at = policy->now,
        };

        if (cw_outbox_add(&policy->outbox, &like, &group, 1, &intent) < 0) {
                policy->error = -ENOMEM;
                return NULL;
        }
        return intent;
}

static void settle_intent(struct cw_policy *policy, struct cw_intent *intent)
{
        if (intent->n_items == 0) {
                cw_intent_remember(intent, true, policy->changes);
                if (cw_outbox_remove(&policy->outbox, intent) < 0)
                        policy->error = -ENOMEM;
                return;
        }
        cw_intent_derive_id(intent);
        cw_intent_remember(intent, false, policy->changes);
        if (cw_outbox_offer(&policy->outbox, intent) < 0)
                policy->error = -ENOMEM;
}

/* One alert of a group that is due. Returns whether it gave the group's open message something to say. */
static bool tell_alert(struct cw_policy *policy, struct cw_group *group, struct cw_alert *alert,
                       struct cw_telling *telling, struct cw_intent **open)
{
        const struct cw_notifier_traits *traits = &policy->rules->notifiers[group->notifier_index];
        struct cw_intent *queued = telling->queued ? cw_outbox_find(&policy->outbox, telling->queued) : NULL;
        struct cw_item *waiting = queued ? cw_intent_find_item(queued, alert->fingerprint) : NULL;
        enum cw_due_action action = cw_ledger_decide(telling, alert, waiting, traits->send_resolved);
        struct cw_item item;

        if (alert->state != CW_ALERT_FIRING && !traits->send_resolved)
                telling->sent = telling->accepted = (struct cw_known){0}; /* no end is owed */
        if (action == CW_DUE_NOTHING)
                return false;
        if (action == CW_DUE_TAKE_BACK) {
                cw_intent_remove_item(queued, waiting);
                telling->queued = 0;
                if (queued != *open)
                        settle_intent(policy, queued);
                return queued == *open;
        }
        item = cw_ledger_item(telling, alert, action);
        if (waiting) {
                cw_intent_set_item(waiting, &item);
                if (queued != *open)
                        settle_intent(policy, queued);
                return queued == *open;
        }
        if (item.entry->baseline && item.entry->state == CW_ENTRY_FIRING && telling->sent.state == CW_KNOWN_NOTHING) {
                if (cw_baseline_add(&policy->baselines[group->notifier_index], &item, telling) < 0)
                        policy->error = -ENOMEM;
                return false;
        }
        if (!*open)
                *open = new_intent(policy, group, 0);
        if (!*open || cw_intent_add_item(*open, &item) < 0) {
                policy->error = -ENOMEM;
                return false;
        }
        telling->queued = (*open)->sequence;
        return true;
}

static void record_held(struct cw_policy *policy, const struct cw_alert *alert, const char *by)
{
        struct cw_history_row row = {
                .at = policy->now,
                .fingerprint = alert->fingerprint,
                .rule = (char *)alert->rule,
                .source = (char *)alert->source,
                .customer = alert->customer,
                .card = alert->card,
                .edge = alert->edge,
                .what = "held",
                .reason = (char *)by,
        };

        cw_changes_history(policy->changes, &row);
}

/* Tells what changed; returns whether anything did. */
static bool tell_changes(struct cw_policy *policy, struct cw_group *group)
{
        struct cw_intent *open = open_intent(group);
        bool changed = false;
        size_t before = policy->baselines[group->notifier_index].n;

        for (size_t i = 0; i < group->n_members; i++) {
                struct cw_alert *alert = group->members[i];
                struct cw_telling *telling = cw_policy_telling(policy, group->notifier, alert, false);
                const char *held_by;

                if (!telling || telling->group != group)
                        continue;
                held_by = cw_policy_held_by(policy, alert);
                if (held_by)
                        record_held(policy, alert, held_by);
                else
                        changed |= tell_alert(policy, group, alert, telling, &open);
        }
        if (changed && open)
                settle_intent(policy, open);
        return changed || policy->baselines[group->notifier_index].n != before;
}

/* All that fires, once more. Not while an earlier message of the group still tries: it would pile up behind it. */
static void tell_again(struct cw_policy *policy, struct cw_group *group)
{
        struct cw_intent *intent = NULL;

        if (group->n_lane > 0)
                return;
        for (size_t i = 0; i < group->n_members && !policy->error; i++) {
                struct cw_alert *alert = group->members[i];
                struct cw_telling *telling = cw_policy_telling(policy, group->notifier, alert, false);
                struct cw_item item = {.entry = alert->entry, .edge = alert->edge};

                if (!telling || telling->group != group || alert->state != CW_ALERT_FIRING ||
                    cw_policy_held_by(policy, alert))
                        continue;
                if (!intent)
                        intent = new_intent(policy, group, group->repeat + 1);
                if (!intent || cw_intent_add_item(intent, &item) < 0)
                        policy->error = -ENOMEM;
                else
                        telling->queued = intent->sequence;
        }
        if (!intent)
                return;
        group->repeat++;
        settle_intent(policy, intent);
}

static void flush_group(struct cw_policy *policy, struct cw_group *group)
{
        int64_t repeat_ms = policy->rules->route.repeat_every_ms;

        group->due_at = 0;
        if (tell_changes(policy, group)) {
                group->told_at = policy->now;
        } else if (repeat_ms && group->told_at && group->told_at + repeat_ms <= policy->now) {
                tell_again(policy, group);
                group->told_at = policy->now;
        }
        if (repeat_ms && group->told_at && group->n_members)
                group->due_at = group->told_at + repeat_ms;
        if (group->due_at && cw_due_push(&policy->due, group->due_at, group->hash) < 0)
                policy->error = -ENOMEM;
        cw_group_remember(group, policy->changes);
}

static void flush_touched(struct cw_policy *policy)
{
        for (size_t i = 0; i < policy->n_touched; i++) {
                struct cw_group *group = policy->touched[i];

                if (group->notifier_index == SIZE_MAX)
                        continue;
                if (group->due_at <= policy->now)
                        flush_group(policy, group);
                else if (cw_due_push(&policy->due, group->due_at, group->hash) < 0)
                        policy->error = -ENOMEM;
        }
}

static void flush_due(struct cw_policy *policy)
{
        struct cw_due_entry entry;

        while (!policy->error && cw_due_peek(&policy->due, &entry) && entry.at <= policy->now) {
                struct cw_group *group = cw_map_get(&policy->groups, entry.key);

                cw_due_pop(&policy->due);
                if (!group || group->due_at != entry.at || group->notifier_index == SIZE_MAX)
                        continue;
                flush_group(policy, group);
                cw_policy_prune(policy, group);
        }
}

void cw_policy_flush(struct cw_policy *policy)
{
        flush_touched(policy);
        flush_due(policy);
        for (size_t i = 0; i < policy->rules->n_notifiers; i++)
                cw_baseline_queue(policy, &policy->baselines[i], policy->rules->notifiers[i].name);
        /* A touched group is not let go of before its turn here, so the list holds no dangling one. */
        for (size_t i = 0; i < policy->n_touched; i++) {
                policy->touched[i]->touched = false;
                cw_policy_prune(policy, policy->touched[i]);
        }
        policy->n_touched = 0;
}

int64_t cw_policy_wake_at(struct cw_policy *policy)
{
        struct cw_due_entry entry;

        while (cw_due_peek(&policy->due, &entry)) {
                const struct cw_group *group = cw_map_get(&policy->groups, entry.key);

                if (group && group->due_at == entry.at)
                        return entry.at;
                cw_due_pop(&policy->due);
        }
        return 0;
}
