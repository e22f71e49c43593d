/* SPDX-License-Identifier: Apache-2.0 */
/* Who has to do with an alert: notifiers, groups and their life. What is told when stands in policy_flush.c. */
#include "policy.h"
#include "policy_groups.h"
#include "policy_tellings.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "outbox_line.h"
#include "policy_baseline.h"
#include "policy_copy.h"
#include "policy_digest.h"
#include "policy_escalate.h"
#include "policy_fallback.h"
#include "policy_hold.h"
#include "policy_silence.h"
#include "policy_window.h"

void cw_policy_init(struct cw_policy *policy, struct cw_strpool *pool, struct cw_alerts *alerts)
{
        *policy = (struct cw_policy){.pool = pool, .alerts = alerts};
        cw_outbox_init(&policy->outbox, pool);
}

static void telling_free(struct cw_policy *policy, struct cw_telling *telling)
{
        cw_strpool_unref(policy->pool, telling->notifier);
        free(telling);
}

static void group_free(struct cw_policy *policy, struct cw_group *group)
{
        cw_strpool_unref(policy->pool, group->notifier);
        cw_group_free(group);
}

void cw_policy_deinit(struct cw_policy *policy)
{
        size_t cursor = 0;
        uint64_t key;
        void *value;

        cw_outbox_deinit(&policy->outbox);
        cw_policy_digests_deinit(policy);
        cw_policy_silences_deinit(policy);
        cw_policy_holds_deinit(policy);
        cw_due_deinit(&policy->escalations);
        while (cw_map_next(&policy->tellings, &cursor, &key, &value))
                telling_free(policy, value);
        cw_map_deinit(&policy->tellings);
        for (cursor = 0; cw_map_next(&policy->groups, &cursor, &key, &value);)
                group_free(policy, value);
        cw_map_deinit(&policy->groups);
        cw_due_deinit(&policy->due);
        cw_baselines_free(policy->baselines, policy->rules ? policy->rules->n_notifiers : 0);
        free(policy->touched);
        free(policy->changed);
}

void cw_policy_begin(struct cw_policy *policy, int64_t now, struct cw_changes *changes)
{
        uint64_t by_time = now > 0 ? (uint64_t)now * 1000 : 0;

        policy->now = now;
        policy->changes = changes;
        /* Not in the first step: it may be the one that brings what was stored. */
        if (policy->begun_at && !policy->has_digests)
                cw_policy_digests_set_rules(policy);
        if (!policy->begun_at)
                policy->begun_at = now;
        /* Above all that was ever given out, delivered messages that nobody remembers included. */
        if (policy->outbox.next_sequence < by_time)
                policy->outbox.next_sequence = by_time;
        policy->first_sequence = policy->outbox.next_sequence;
        cw_policy_windows_turn(policy);
}

size_t cw_policy_notifier_index(const struct cw_policy *policy, const char *name)
{
        for (size_t i = 0; i < policy->rules->n_notifiers; i++)
                if (strcmp(policy->rules->notifiers[i].name, name) == 0)
                        return i;
        return SIZE_MAX;
}

struct cw_telling *cw_policy_telling(struct cw_policy *policy, const char *notifier, struct cw_alert *alert,
                                     bool create)
{
        uint64_t key = cw_ledger_key(notifier, alert->fingerprint);
        struct cw_telling *telling = cw_map_get(&policy->tellings, key);

        if (telling || !create)
                return telling;
        telling = calloc(1, sizeof(*telling));
        if (!telling || cw_strpool_ref(policy->pool, notifier, strlen(notifier), &telling->notifier) < 0 ||
            cw_map_put(&policy->tellings, key, telling) < 0) {
                if (telling)
                        telling_free(policy, telling);
                policy->error = -ENOMEM;
                return NULL;
        }
        telling->fingerprint = alert->fingerprint;
        telling->alert = alert;
        alert->tellings++;
        if (!policy->loading)
                cw_ledger_remember(telling, policy->changes);
        return telling;
}

void cw_policy_end_telling(struct cw_policy *policy, struct cw_telling *telling)
{
        struct cw_alert *alert = telling->alert;
        bool ran, settles;

        cw_ledger_forget(telling, policy->changes);
        cw_map_remove(&policy->tellings, cw_ledger_key(telling->notifier, telling->fingerprint));
        telling_free(policy, telling);
        alert->tellings--;
        if (alert->tellings > 0)
                return;
        ran = alert->told_at != 0;
        cw_policy_escalate_afresh(alert);
        settles = alert->state != CW_ALERT_FIRING && alert->entry;
        cw_alert_settle(alert);
        if (ran || settles)
                cw_alert_remember(alert, policy->changes);
}

struct cw_group *cw_policy_group(struct cw_policy *policy, const char *notifier, const char *key)
{
        struct cw_group *group = cw_map_get(&policy->groups, cw_group_hash(notifier, key));
        const char *name;
        int r;

        if (group)
                return group;
        r = cw_strpool_ref(policy->pool, notifier, strlen(notifier), &name);
        if (r == 0) {
                r = cw_group_new(name, key, &group);
                if (r < 0)
                        cw_strpool_unref(policy->pool, name);
        }
        if (r == 0) {
                r = cw_map_put(&policy->groups, group->hash, group);
                if (r < 0)
                        group_free(policy, group);
        }
        if (r < 0) {
                policy->error = r;
                return NULL;
        }
        group->notifier_index = cw_policy_notifier_index(policy, notifier);
        cw_policy_find_route(policy, group);
        return group;
}

void cw_policy_visit(struct cw_policy *policy, struct cw_group *group)
{
        if (group->touched)
                return;
        if (policy->n_touched == policy->touched_capacity) {
                size_t capacity = policy->touched_capacity ? policy->touched_capacity * 2 : 16;
                struct cw_group **touched = reallocarray(policy->touched, capacity, sizeof(struct cw_group *));

                if (!touched) {
                        policy->error = -ENOMEM;
                        return;
                }
                policy->touched = touched;
                policy->touched_capacity = capacity;
        }
        group->touched = true;
        policy->touched[policy->n_touched++] = group;
}

void cw_policy_prune(struct cw_policy *policy, struct cw_group *group)
{
        bool configured = group->notifier_index != SIZE_MAX;
        bool send_resolved = configured && policy->rules->notifiers[group->notifier_index].send_resolved;
        size_t kept = 0;

        for (size_t i = 0; i < group->n_members; i++) {
                struct cw_alert *alert = group->members[i];
                struct cw_telling *telling = cw_policy_telling(policy, group->notifier, alert, false);

                if (!telling || telling->group != group)
                        continue;
                if ((cw_ledger_over(telling, alert, send_resolved) && !alert->flapping) ||
                    (configured && !telling->dead_edge && cw_policy_not_begun(policy, telling, group->notifier_index)))
                        cw_policy_end_telling(policy, telling);
                else
                        group->members[kept++] = alert;
        }
        group->n_members = kept;
        if (group->n_members > 0 || group->n_lane > 0 || group->touched)
                return;
        cw_group_forget(group, policy->changes);
        cw_map_remove(&policy->groups, group->hash);
        group_free(policy, group);
}

/* What is known of a receiver ends with its notifier. */
static void forget_receivers(struct cw_policy *policy, const struct cw_ruleset *rules)
{
        for (size_t i = 0; i < policy->outbox.n_lines; i++) {
                struct cw_receiver_row gone = {.notifier = (char *)policy->outbox.lines[i].name, .gone = true};
                bool stays = false;

                for (size_t k = 0; k < rules->n_notifiers; k++)
                        stays |= strcmp(rules->notifiers[k].name, gone.notifier) == 0;
                if (!stays)
                        cw_changes_receiver(policy->changes, &gone);
        }
}

/* Whoever changed the configuration wants to see at once what it does. */
static void ask_receivers(struct cw_policy *policy)
{
        for (size_t i = 0; i < policy->outbox.n_lines; i++) {
                struct cw_circuit *circuit = &policy->outbox.lines[i].circuit;

                if (!cw_circuit_is_open(circuit) || circuit->next_at <= policy->now)
                        continue;
                circuit->next_at = policy->now;
                cw_outbox_line_remember(&policy->outbox, i, policy->changes);
        }
}

void cw_policy_set_rules(struct cw_policy *policy, struct cw_ruleset *rules)
{
        if (policy->rules)
                cw_policy_escalations_due(policy); /* what was due was due by the rules so far */
        forget_receivers(policy, rules);
        cw_baselines_free(policy->baselines, policy->rules ? policy->rules->n_notifiers : 0);
        policy->baselines = NULL;
        policy->rules = rules;
        if (cw_baselines_new(rules->n_notifiers, &policy->baselines) < 0 ||
            cw_outbox_set_rules(&policy->outbox, rules) < 0) {
                policy->error = -ENOMEM;
                return;
        }
        cw_policy_holds_anew(policy);
        ask_receivers(policy);
        cw_policy_bury_orphans(policy);
        cw_policy_escalations_anew(policy, true);
        cw_policy_replan(policy);
        cw_policy_pass_on_all(policy);
        if (policy->has_digests)
                cw_policy_digests_set_rules(policy);
}

int64_t cw_policy_speaks_at(const struct cw_policy *policy, const struct cw_group *group, bool urgent)
{
        int64_t at;

        if (!group->told_at)
                return group->begun_at + group->route->group_wait_ms;
        if (urgent)
                return policy->now;
        at = group->told_at + group->route->group_interval_ms;
        return at > policy->now ? at : policy->now;
}

void cw_policy_touch_group(struct cw_policy *policy, struct cw_group *group, bool urgent, bool at_once)
{
        int64_t at;

        if (!group->begun_at)
                group->begun_at = policy->now;
        at = at_once ? policy->now : cw_policy_speaks_at(policy, group, urgent);
        if (!group->due_at || at < group->due_at)
                group->due_at = at;
        cw_group_remember(group, policy->changes);
        cw_policy_visit(policy, group);
}

/* Whoever hears of no ends knows nothing any more once there was one: the next episode is told again. */
static void end_is_not_owed(struct cw_policy *policy, struct cw_telling *telling)
{
        if (telling->sent.state == CW_KNOWN_NOTHING)
                return;
        telling->sent = telling->accepted = (struct cw_known){0};
        cw_ledger_remember(telling, policy->changes);
}

void cw_policy_touch_at(struct cw_policy *policy, size_t notifier, struct cw_alert *alert, bool urgent)
{
        bool create = alert->state == CW_ALERT_FIRING && cw_policy_routed(policy, alert, notifier);
        struct cw_telling *telling = cw_policy_place(policy, notifier, alert, create);

        if (!telling)
                return;
        if (alert->state != CW_ALERT_FIRING && !policy->rules->notifiers[notifier].send_resolved)
                end_is_not_owed(policy, telling);
        cw_policy_touch_group(policy, telling->group, urgent, !telling->queued && cw_ledger_baseline(telling, alert));
}

void cw_policy_touch(struct cw_policy *policy, struct cw_alert *alert, bool urgent)
{
        assert(alert->entry);
        if (urgent)
                cw_policy_escalate_afresh(alert);
        for (size_t i = 0; i < policy->rules->n_notifiers; i++)
                cw_policy_touch_at(policy, i, alert, urgent);
        cw_policy_escalations_follow(policy, alert);
        cw_policy_holds_follow(policy, alert);
}

/* The message of the lane to which events can still be added. */
static struct cw_intent *open_event_intent(const struct cw_group *group)
{
        for (size_t i = 0; i < group->n_lane; i++)
                if (group->lane[i]->kind == CW_NOTICE_EVENT && group->lane[i]->state == CW_INTENT_QUEUED &&
                    !group->lane[i]->in_hand)
                        return group->lane[i];
        return NULL;
}

static void queue_event(struct cw_policy *policy, struct cw_group *group, const struct cw_item *item)
{
        struct cw_intent *intent = open_event_intent(group);
        struct cw_intent like = {
                .notifier = group->notifier,
                .kind = CW_NOTICE_EVENT,
                .queued_at = policy->now,
                .next_at = policy->now,
        };

        if (!intent && cw_outbox_add(&policy->outbox, &like, &group, 1, &intent) < 0) {
                policy->error = -ENOMEM;
                return;
        }
        if (cw_intent_add_item(intent, item) < 0)
                policy->error = -ENOMEM;
        cw_policy_intent_changed(policy, intent);
}

/* An event inside a hold is history. */
static void record_held_event(struct cw_policy *policy, const struct cw_item *item, const char *notifier,
                              const char *by)
{
        const struct cw_entry *entry = item->entry;
        struct cw_history_row row = {
                .at = policy->now,
                .fingerprint = entry->fingerprint,
                .rule = (char *)entry->rule,
                .source = (char *)entry->source,
                .customer = entry->card.customer,
                .card = entry->card.id,
                .edge = item->edge,
                .what = "held",
                .reason = (char *)by,
                .notifier = (char *)notifier,
                .severity = (uint8_t)entry->severity,
        };

        cw_changes_history(policy->changes, &row);
}

void cw_policy_tell_event(struct cw_policy *policy, size_t notifier, const struct cw_item *item)
{
        const char *by = cw_policy_event_held_by(policy, item->entry, notifier);
        struct cw_group *group;

        if (by) {
                record_held_event(policy, item, policy->rules->notifiers[notifier].name, by);
                return;
        }
        group = cw_policy_group_of(policy, notifier, item->entry);
        if (group)
                queue_event(policy, group, item);
}

void cw_policy_event(struct cw_policy *policy, struct cw_entry *entry, uint32_t edge)
{
        struct cw_item item = {.entry = entry, .edge = edge};

        cw_policy_digest_note(policy, entry, edge);
        for (size_t i = 0; i < policy->rules->n_notifiers; i++)
                if (cw_policy_reaching(policy, entry, i) || cw_policy_event_stands_in(policy, entry, i))
                        cw_policy_tell_event(policy, i, &item);
}
