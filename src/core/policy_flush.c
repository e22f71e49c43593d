/* SPDX-License-Identifier: Apache-2.0 */
/* What is told now: groups that are due ask the ledger about each of their alerts. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"

#include "policy.h"
#include "policy_baseline.h"
#include "policy_crowd.h"
#include "policy_digest.h"
#include "policy_escalate.h"
#include "policy_fold.h"
#include "policy_groups.h"
#include "policy_hold.h"
#include "policy_silence.h"
#include "policy_tellings.h"
#include "policy_window.h"

void cw_policy_intent_changed(struct cw_policy *policy, struct cw_intent *intent)
{
        if (intent->changed)
                return;
        if (policy->n_changed == policy->changed_capacity) {
                size_t capacity = policy->changed_capacity ? policy->changed_capacity * 2 : 16;
                uint64_t *changed = reallocarray(policy->changed, capacity, sizeof(*changed));

                if (!changed) {
                        policy->error = -ENOMEM;
                        return;
                }
                policy->changed = changed;
                policy->changed_capacity = capacity;
        }
        intent->changed = true;
        policy->changed[policy->n_changed++] = intent->sequence;
}

static bool is_open(const struct cw_intent *intent)
{
        return intent->kind == CW_NOTICE_ALERT && intent->state == CW_INTENT_QUEUED && !intent->in_hand &&
               !intent->repeat && !intent->baseline;
}

/* The message of this group that was never attempted, to which changes can be added: no repeat, no baseline, no events.
 */
static struct cw_intent *open_intent(const struct cw_group *group)
{
        for (size_t i = 0; i < group->n_lane; i++)
                if (is_open(group->lane[i]))
                        return group->lane[i];
        return NULL;
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

/* Says nothing any more: taken back before anybody saw it. */
static void withdraw(struct cw_policy *policy, struct cw_intent *intent)
{
        for (size_t i = 0; i < intent->n_groups; i++)
                cw_policy_visit(policy, intent->groups[i]);
        cw_intent_remember(intent, true, policy->changes);
        if (cw_outbox_remove(&policy->outbox, intent) < 0)
                policy->error = -ENOMEM;
}

static void settle_changed(struct cw_policy *policy)
{
        for (size_t i = 0; i < policy->n_changed; i++) {
                struct cw_intent *intent = cw_outbox_find(&policy->outbox, policy->changed[i]);

                if (!intent)
                        continue;
                intent->changed = false;
                if (intent->n_items == 0 && intent->kind != CW_NOTICE_DIGEST) {
                        withdraw(policy, intent);
                        continue;
                }
                cw_intent_derive_id(intent);
                cw_intent_remember(intent, false, policy->changes);
                if (cw_outbox_offer(&policy->outbox, intent) < 0)
                        policy->error = -ENOMEM;
        }
        policy->n_changed = 0;
}

/* By the rules in force. */
static bool belongs_elsewhere(struct cw_policy *policy, const struct cw_telling *telling)
{
        const struct cw_group *group = telling->group;
        struct cw_buf key = CW_BUF_NULL;
        bool elsewhere;

        cw_policy_key(policy, group->notifier_index, telling->alert->entry, &key);
        elsewhere = cw_group_hash(group->notifier, cw_buf_text(&key)) != group->hash;
        cw_buf_deinit(&key);
        return elsewhere;
}

/* What was queued kept it in its group. After a restart nothing would say that it was ever there. */
static void take_back(struct cw_policy *policy, struct cw_telling *telling, struct cw_intent *queued)
{
        struct cw_item *item = cw_intent_find_item(queued, telling->fingerprint);

        if (item)
                cw_intent_remove_item(queued, item);
        cw_policy_intent_changed(policy, queued);
        telling->queued = 0;
        if (!telling->under_way && telling->alert->entry && belongs_elsewhere(policy, telling)) {
                telling->group->astray = true;
                cw_policy_visit(policy, telling->group);
        }
}

static void change_item(struct cw_policy *policy, struct cw_telling *telling, struct cw_intent *queued,
                        const struct cw_item *item)
{
        struct cw_item *slot = cw_intent_find_item(queued, telling->fingerprint);

        if (slot)
                cw_intent_set_item(slot, item);
        cw_policy_intent_changed(policy, queued);
        telling->queued_edge = item->edge;
}

/* A new item for the group's open message, or for the baseline. */
static void queue_item(struct cw_policy *policy, struct cw_group *group, struct cw_telling *telling,
                       const struct cw_item *item)
{
        struct cw_intent *open;

        if (cw_ledger_baseline(telling, telling->alert)) {
                if (cw_baseline_add(&policy->baselines[group->notifier_index], item, telling) < 0)
                        policy->error = -ENOMEM;
                return;
        }
        open = open_intent(group);
        if (!open)
                open = new_intent(policy, group, 0);
        if (!open || cw_intent_add_item(open, item) < 0) {
                policy->error = -ENOMEM;
                return;
        }
        cw_policy_intent_changed(policy, open);
        telling->queued = open->sequence;
        telling->queued_edge = item->edge;
}

/* A repeat tells of what still fires; a change is told by itself. */
static bool waits_in_repeat(const struct cw_policy *policy, const struct cw_telling *telling)
{
        const struct cw_intent *queued = telling->queued ? cw_outbox_find(&policy->outbox, telling->queued) : NULL;

        return queued && queued->repeat;
}

/* A repeat that waits says what is no longer so: it has to be taken back, though nothing is owed. */
static bool repeats_what_was(const struct cw_policy *policy, const struct cw_telling *telling)
{
        return waits_in_repeat(policy, telling) && telling->queued_edge != telling->alert->edge;
}

static enum cw_due_action due_action(const struct cw_policy *policy, const struct cw_group *group,
                                     const struct cw_telling *telling)
{
        struct cw_telling without_repeat = *telling;

        if (waits_in_repeat(policy, telling)) {
                if (telling->queued_edge == telling->alert->edge)
                        return CW_DUE_NOTHING;
                without_repeat.queued = 0;
        }
        if (cw_policy_not_begun(policy, telling, group->notifier_index))
                return CW_DUE_NOTHING;
        /* What was already so when watching began is for those who watch. */
        if (policy->rules->notifiers[group->notifier_index].copies && cw_ledger_baseline(telling, telling->alert))
                return CW_DUE_NOTHING;
        return cw_ledger_decide(&without_repeat, telling->alert,
                                policy->rules->notifiers[group->notifier_index].send_resolved);
}

/* One alert of a group that is due. Returns whether there was something to say of it. */
static bool tell_alert(struct cw_policy *policy, struct cw_group *group, struct cw_telling *telling)
{
        struct cw_alert *alert = telling->alert;
        enum cw_due_action action = due_action(policy, group, telling);
        struct cw_intent *queued = telling->queued ? cw_outbox_find(&policy->outbox, telling->queued) : NULL;
        struct cw_item item;

        if (repeats_what_was(policy, telling)) {
                take_back(policy, telling, queued);
                queued = NULL;
        }
        if (action != CW_DUE_NOTHING && action != CW_DUE_TAKE_BACK) {
                item = cw_ledger_item(telling, alert, action);
                if (queued)
                        change_item(policy, telling, queued, &item);
                else
                        queue_item(policy, group, telling, &item);
                if (action == CW_DUE_FIRING)
                        cw_policy_told(policy, alert);
        } else if (action == CW_DUE_TAKE_BACK && queued) {
                take_back(policy, telling, queued);
        }
        return action != CW_DUE_NOTHING && action != CW_DUE_TAKE_BACK;
}

bool cw_policy_is_due(struct cw_policy *policy, const struct cw_telling *telling)
{
        return telling->alert->entry && telling->group->notifier_index != SIZE_MAX &&
               (due_action(policy, telling->group, telling) != CW_DUE_NOTHING || repeats_what_was(policy, telling)) &&
               !cw_policy_held_by(policy, telling->alert, telling);
}

static void record_held(struct cw_policy *policy, const struct cw_alert *alert, const char *notifier, const char *by)
{
        struct cw_history_row row = cw_alert_history(alert, policy->now, "held", by);

        row.notifier = (char *)notifier;
        cw_changes_history(policy->changes, &row);
}

/* What would be told and is not, once for each transition and reason. */
static void note_held(struct cw_policy *policy, const struct cw_group *group, struct cw_telling *telling,
                      const char *by)
{
        uint64_t reason = cw_hash64(CW_HASH_KEY_DERIVED, by, strlen(by));

        if (due_action(policy, group, telling) == CW_DUE_NOTHING ||
            (telling->held_edge == telling->alert->edge && telling->held_reason == reason))
                return;
        telling->held_edge = telling->alert->edge;
        telling->held_reason = reason;
        record_held(policy, telling->alert, group->notifier, by);
}

/* Tells what changed; returns whether anything did. */
static bool tell_changes(struct cw_policy *policy, struct cw_group *group)
{
        bool changed = false;

        for (size_t i = 0; i < group->n_members; i++) {
                struct cw_alert *alert = group->members[i];
                struct cw_telling *telling = cw_policy_telling(policy, group->notifier, alert, false);
                const char *held_by;

                if (!telling || telling->group != group)
                        continue;
                held_by = cw_policy_held_by(policy, alert, telling);
                if (held_by)
                        note_held(policy, group, telling, held_by);
                else
                        changed |= tell_alert(policy, group, telling);
        }
        return changed;
}

static void wait_in(struct cw_telling *telling, const struct cw_intent *intent, const struct cw_alert *alert)
{
        telling->queued = intent->sequence;
        telling->queued_edge = alert->edge;
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
                    cw_alert_is_acknowledged(alert, policy->now) || cw_policy_held_by(policy, alert, telling) ||
                    !cw_policy_routed(policy, alert, group->notifier_index))
                        continue;
                if (!intent)
                        intent = new_intent(policy, group, group->repeat + 1);
                if (!intent || cw_intent_add_item(intent, &item) < 0)
                        policy->error = -ENOMEM;
                else
                        wait_in(telling, intent, alert);
        }
        if (!intent)
                return;
        group->repeat++;
        cw_policy_intent_changed(policy, intent);
}

static void flush_group(struct cw_policy *policy, struct cw_group *group)
{
        int64_t repeat_ms = group->route->repeat_every_ms;

        group->due_at = 0;
        if (tell_changes(policy, group)) {
                group->told_at = policy->now;
        } else if (repeat_ms && group->n_members && group->told_at && group->told_at + repeat_ms <= policy->now) {
                tell_again(policy, group);
                group->told_at = policy->now;
        }
        if (repeat_ms && group->told_at && group->n_members)
                group->due_at = group->told_at + repeat_ms;
        if (group->due_at && cw_due_push(&policy->due, group->due_at, group->hash) < 0)
                policy->error = -ENOMEM;
        cw_group_remember(group, policy->changes);
}

static int by_key(const void *one, const void *other)
{
        const struct cw_group *a = *(const struct cw_group *const *)one, *b = *(const struct cw_group *const *)other;

        if (a->notifier_index != b->notifier_index)
                return a->notifier_index < b->notifier_index ? -1 : 1;
        return strcmp(a->key, b->key);
}

/* In one order, whatever they were touched in: that differs with the order of cards in memory, and so with restarts. */
static void flush_touched(struct cw_policy *policy)
{
        if (policy->n_touched > 1)
                qsort(policy->touched, policy->n_touched, sizeof(struct cw_group *), by_key);
        for (size_t i = 0; i < policy->n_touched; i++) {
                struct cw_group *group = policy->touched[i];

                if (group->notifier_index == SIZE_MAX || !group->due_at)
                        continue;
                /* All of them are touched, in no order: they are told in that of their times. */
                if (group->due_at <= policy->now && !policy->replanned)
                        flush_group(policy, group);
                else if (cw_due_push(&policy->due, group->due_at, group->hash) < 0)
                        policy->error = -ENOMEM;
        }
}

static void flush_due(struct cw_policy *policy)
{
        struct cw_due_entry entry;

        while (!policy->error && cw_due_take(&policy->due, policy->now, &entry)) {
                struct cw_group *group = cw_map_get(&policy->groups, entry.key);

                if (!group || group->due_at != entry.at || group->notifier_index == SIZE_MAX)
                        continue;
                flush_group(policy, group);
                cw_policy_prune(policy, group);
        }
}

static bool has_something_due(struct cw_policy *policy, const struct cw_group *group)
{
        for (size_t i = 0; i < group->n_members; i++) {
                const struct cw_telling *telling = cw_policy_telling(policy, group->notifier, group->members[i], false);

                if (telling && telling->group == group && cw_policy_is_due(policy, telling))
                        return true;
        }
        return false;
}

/* When the group is repeated. Rules that repeat sooner than those so far, or that repeat at all, tell nothing at once,
 * and however often they are read again, no later. */
static int64_t repeats_at(const struct cw_policy *policy, const struct cw_group *group, int64_t planned_at)
{
        int64_t repeat_ms = group->route->repeat_every_ms, at = group->told_at + repeat_ms;

        if (!repeat_ms || !group->told_at || !group->n_members)
                return 0;
        if (at > policy->now || (planned_at && planned_at <= policy->now))
                return at;
        at = policy->now + repeat_ms;
        return planned_at && planned_at < at ? planned_at : at;
}

static void replan_group(struct cw_policy *policy, struct cw_group *group)
{
        int64_t planned_at = group->due_at, repeats = repeats_at(policy, group, planned_at);
        int64_t stored_at = policy->loading ? planned_at : 0;

        group->due_at = 0;
        if (has_something_due(policy, group)) {
                if (!group->begun_at)
                        group->begun_at = policy->now;
                group->due_at = cw_policy_speaks_at(policy, group, false);
        }
        if (group->due_at && stored_at && stored_at < group->due_at)
                group->due_at = stored_at; /* a restart changes no clock */
        if (repeats && (!group->due_at || repeats < group->due_at))
                group->due_at = repeats;
        cw_group_remember(group, policy->changes);
        cw_policy_visit(policy, group);
}

void cw_policy_replan(struct cw_policy *policy)
{
        size_t cursor = 0;
        void *value;

        policy->replanned = true;
        while (cw_map_next(&policy->alerts->map, &cursor, NULL, &value)) {
                struct cw_alert *alert = value;

                for (size_t i = 0; alert->entry && alert->tellings > 0 && i < policy->rules->n_notifiers; i++)
                        cw_policy_place(policy, i, alert, false);
        }
        for (cursor = 0; cw_map_next(&policy->groups, &cursor, NULL, &value);)
                if (((struct cw_group *)value)->notifier_index != SIZE_MAX)
                        replan_group(policy, value);
}

/* Every time a group is told it is due at another time: what it left in the heap must not pile up. */
static void sweep_due(struct cw_policy *policy)
{
        size_t cursor = 0;
        void *value;

        if (policy->due.n < 64 + 4 * policy->groups.used)
                return;
        policy->due.n = 0;
        while (cw_map_next(&policy->groups, &cursor, NULL, &value)) {
                const struct cw_group *group = value;

                if (group->due_at && cw_due_push(&policy->due, group->due_at, group->hash) < 0)
                        policy->error = -ENOMEM;
        }
}

/* Whoever leaves is taken out of the members. */
static void place_members(struct cw_policy *policy, struct cw_group *group)
{
        group->astray = false;
        for (size_t i = group->n_members; i > 0; i--) {
                const struct cw_telling *telling = cw_policy_telling(policy, group->notifier, group->members[i - 1],
                                                                     false);

                if (telling && telling->group == group && telling->alert->entry && !telling->queued)
                        (void)cw_policy_place(policy, group->notifier_index, telling->alert, false);
        }
}

static void place_those_astray(struct cw_policy *policy)
{
        size_t n = policy->n_touched; /* those that they come to are touched, too */
        bool any = false;

        for (size_t i = 0; i < n; i++) {
                if (!policy->touched[i]->astray)
                        continue;
                any = true;
                place_members(policy, policy->touched[i]);
        }
        if (any)
                flush_touched(policy);
}

void cw_policy_flush(struct cw_policy *policy)
{
        sweep_due(policy);
        cw_policy_silences_due(policy);
        cw_policy_escalations_due(policy);
        cw_policy_release_held(policy);
        flush_touched(policy);
        flush_due(policy);
        place_those_astray(policy);
        for (size_t i = 0; i < policy->rules->n_notifiers; i++)
                cw_baseline_queue(policy, &policy->baselines[i], policy->rules->notifiers[i].name);
        cw_policy_fold_storm(policy);
        cw_policy_thin_crowds(policy);
        cw_policy_digests_due(policy);
        settle_changed(policy);
        /* A touched group is not let go of before its turn here, so the list holds no dangling one. */
        for (size_t i = 0; i < policy->n_touched; i++) {
                policy->touched[i]->touched = false;
                cw_policy_prune(policy, policy->touched[i]);
        }
        policy->n_touched = 0;
        policy->replanned = false;
}

/* When a group is due, 0: none is. */
static int64_t groups_wake_at(struct cw_policy *policy)
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

int64_t cw_policy_wake_at(struct cw_policy *policy)
{
        const int64_t times[] = {groups_wake_at(policy), cw_policy_silences_wake_at(policy),
                                 cw_policy_windows_wake_at(policy), cw_policy_escalations_wake_at(policy),
                                 cw_policy_digests_wake_at(policy)};
        int64_t at = policy->hold_ended ? policy->now : 0;

        for (size_t i = 0; i < CW_ARRAY_SIZE(times); i++)
                if (times[i] && (!at || times[i] < at))
                        at = times[i];
        return at;
}
