/* SPDX-License-Identifier: Apache-2.0 */
/* What became of a message, and what the ledger learns from it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "outbox_line.h"
#include "policy.h"
#include "policy_delivery.h"
#include "policy_fallback.h"
#include "policy_groups.h"
#include "policy_tellings.h"

#define BACKOFF_FIRST_MS   1000
#define BACKOFF_LONGEST_MS (15 * 60 * 1000)

/* Who hears of no ends knows nothing once an episode is over, however late its message arrives. */
static bool is_past(const struct cw_policy *policy, const struct cw_intent *intent, const struct cw_item *item,
                    const struct cw_alert *alert)
{
        if (intent->notifier_index == SIZE_MAX || policy->rules->notifiers[intent->notifier_index].send_resolved)
                return false;
        return alert->state != CW_ALERT_FIRING || alert->entry->fired_at != item->entry->fired_at;
}

struct cw_known cw_policy_known(const struct cw_policy *policy, const struct cw_intent *intent,
                                const struct cw_item *item, const struct cw_alert *alert)
{
        if (is_past(policy, intent, item, alert))
                return (struct cw_known){0};
        return (struct cw_known){
                .state = item->entry->state == CW_ENTRY_FIRING ? CW_KNOWN_FIRING : CW_KNOWN_RESOLVED,
                .severity = item->entry->severity,
        };
}

static struct cw_telling *telling_of(const struct cw_policy *policy, const struct cw_intent *intent,
                                     const struct cw_item *item)
{
        return cw_map_get(&policy->tellings, cw_ledger_key(intent->notifier, item->entry->fingerprint));
}

/* The first message that is rendered in a thread opens it. */
static void open_threads(struct cw_policy *policy, struct cw_intent *intent)
{
        for (size_t i = 0; i < intent->n_groups; i++) {
                struct cw_group *group = intent->groups[i];

                if (group->thread[0] || !group->begun_at)
                        continue;
                memcpy(group->thread, intent->id, sizeof(group->thread));
                intent->opens_thread = true;
                cw_group_remember(group, policy->changes);
        }
}

/* What is too much for one part stays to be told, and goes on being changed until its turn comes. */
static void leave_rest(struct cw_policy *policy, struct cw_intent *intent)
{
        size_t part = cw_intent_part(intent, policy->rules->notifiers[intent->notifier_index].list);
        const struct cw_intent like = {.notifier = intent->notifier,
                                       .kind = intent->kind,
                                       .repeat = intent->repeat,
                                       .baseline = intent->baseline,
                                       .passed_on = intent->passed_on,
                                       .queued_at = intent->queued_at,
                                       .next_at = policy->now};
        struct cw_intent *rest;

        if (part == intent->n_items)
                return;
        cw_intent_order(intent);
        if (cw_outbox_add(&policy->outbox, &like, intent->groups, intent->n_groups, &rest) < 0) {
                policy->error = -ENOMEM;
                return;
        }
        for (size_t i = part; i < intent->n_items; i++) {
                struct cw_telling *telling = telling_of(policy, intent, &intent->items[i]);

                if (cw_intent_add_item(rest, &intent->items[i]) < 0)
                        policy->error = -ENOMEM;
                if (telling && telling->queued == intent->sequence)
                        telling->queued = rest->sequence;
        }
        while (intent->n_items > part)
                cw_intent_remove_item(intent, &intent->items[intent->n_items - 1]);
        cw_policy_intent_changed(policy, rest);
}

const char *cw_policy_rendered(struct cw_policy *policy, uint64_t sequence, const char *payload, size_t payload_len)
{
        struct cw_intent *intent = cw_outbox_find(&policy->outbox, sequence);

        if (!intent || intent->state != CW_INTENT_QUEUED)
                return NULL;
        intent->payload = malloc(payload_len + 1);
        if (!intent->payload) {
                policy->error = -ENOMEM;
                return NULL;
        }
        memcpy(intent->payload, payload, payload_len);
        intent->payload[payload_len] = '\0';
        intent->payload_len = payload_len;
        cw_outbox_rendered(&policy->outbox, intent);
        leave_rest(policy, intent);
        open_threads(policy, intent);
        for (size_t i = 0; intent->kind == CW_NOTICE_ALERT && i < intent->n_items; i++) {
                struct cw_telling *telling = telling_of(policy, intent, &intent->items[i]);

                if (!telling)
                        continue;
                telling->queued = 0;
                telling->under_way = sequence;
                telling->sent = cw_policy_known(policy, intent, &intent->items[i], telling->alert);
                telling->sent_edge = intent->items[i].edge;
                /* A repeat may tell what was over before it went: its end is owed from now on. */
                if (telling->group && cw_policy_is_due(policy, telling))
                        cw_policy_touch_group(policy, telling->group, false, false);
        }
        cw_intent_remember(intent, false, policy->changes);
        return intent->notifier;
}

/* Takes the message out; its groups may have ended with it. */
static void finish(struct cw_policy *policy, struct cw_intent *intent, bool gone)
{
        struct cw_group **groups = intent->groups;
        size_t n_groups = intent->n_groups;
        struct cw_group **kept = reallocarray(NULL, n_groups + 1, sizeof(struct cw_group *));

        if (!kept) {
                policy->error = -ENOMEM;
                return;
        }
        memcpy(kept, groups, n_groups * sizeof(struct cw_group *));
        cw_intent_remember(intent, gone, policy->changes);
        if (cw_outbox_remove(&policy->outbox, intent) < 0)
                policy->error = -ENOMEM;
        for (size_t i = 0; i < n_groups; i++)
                cw_policy_prune(policy, kept[i]);
        free(kept);
}

void cw_policy_record(struct cw_policy *policy, const struct cw_post *post, const struct cw_item *item)
{
        const struct cw_entry *entry = item->entry;
        struct cw_history_row row = {
                .at = policy->now,
                .fingerprint = entry->fingerprint,
                .rule = (char *)entry->rule,
                .source = (char *)entry->source,
                .customer = entry->has_card ? entry->card.customer : 0,
                .card = entry->has_card ? entry->card.id : 0,
                .edge = item->edge,
                .what = post->what,
                .reason = (char *)post->reason,
                .notifier = (char *)post->notifier,
                .severity = (uint8_t)entry->severity,
        };

        memcpy(row.message, post->id, sizeof(row.message));
        cw_changes_history(policy->changes, &row);
}

static void record(struct cw_policy *policy, const struct cw_intent *intent, const struct cw_item *item,
                   const char *what, const char *reason)
{
        const struct cw_post post = {.id = intent->id, .notifier = intent->notifier, .what = what, .reason = reason};

        /* That it was listed in a digest told nobody anything new. */
        if (intent->kind != CW_NOTICE_DIGEST)
                cw_policy_record(policy, &post, item);
}

/* Nothing about it is on its way any more: it may belong to another group by now. Of an alert that is over and owed to
 * nobody nothing is left that a route could ask for. */
static void settle(struct cw_policy *policy, size_t notifier, struct cw_telling *telling)
{
        if (notifier != SIZE_MAX && telling->group && telling->alert->entry && !telling->queued &&
            telling->sent.state != CW_KNOWN_RESOLVED)
                (void)cw_policy_place(policy, notifier, telling->alert, false);
}

static void accepted(struct cw_policy *policy, struct cw_intent *intent, const struct cw_item *item)
{
        struct cw_telling *telling = telling_of(policy, intent, item);

        if (!telling)
                return;
        telling->accepted = telling->sent = cw_policy_known(policy, intent, item, telling->alert);
        telling->accepted_edge = telling->sent_edge = item->edge;
        telling->under_way = 0;
        if (telling->queued == intent->sequence)
                telling->queued = 0;
        telling->dead_edge = 0;
        cw_ledger_remember(telling, policy->changes);
        settle(policy, intent->notifier_index, telling);
}

/* Its receiver has a row while there is something to remember of it. */
static void remember_receiver(struct cw_policy *policy, const struct cw_intent *intent)
{
        cw_outbox_line_remember(&policy->outbox, intent->notifier_index, policy->changes);
}

const char *cw_policy_delivered(struct cw_policy *policy, uint64_t sequence)
{
        struct cw_intent *intent = cw_outbox_find(&policy->outbox, sequence);
        const char *notifier;

        if (!intent)
                return NULL;
        notifier = intent->notifier_index == SIZE_MAX ? NULL : policy->rules->notifiers[intent->notifier_index].name;
        for (size_t i = 0; i < intent->n_items; i++) {
                record(policy, intent, &intent->items[i], "sent", NULL);
                if (intent->kind == CW_NOTICE_ALERT)
                        accepted(policy, intent, &intent->items[i]);
        }
        if (cw_outbox_succeeded(&policy->outbox, intent, policy->now, policy->changes) < 0)
                policy->error = -ENOMEM;
        remember_receiver(policy, intent);
        intent->state = CW_INTENT_DELIVERED;
        intent->attempts++;
        finish(policy, intent, false);
        return notifier;
}

bool cw_policy_tells_much(const struct cw_policy *policy, uint64_t sequence, size_t much)
{
        const struct cw_intent *intent = cw_outbox_find((struct cw_outbox *)&policy->outbox, sequence);
        size_t n = intent ? intent->n_items : 0;

        for (size_t i = 0; intent && i < intent->n_groups && n <= much; i++)
                n += intent->groups[i]->n_members;
        return n > much;
}

/* A resolution that waits for a firing which will never arrive has nobody to tell. */
static void drop_waiting_resolution(struct cw_policy *policy, struct cw_telling *telling)
{
        struct cw_intent *intent = cw_outbox_find(&policy->outbox, telling->queued);
        struct cw_item *item = intent ? cw_intent_find_item(intent, telling->fingerprint) : NULL;

        if (!item || item->entry->state != CW_ENTRY_RESOLVED || telling->accepted.state == CW_KNOWN_FIRING)
                return;
        cw_intent_remove_item(intent, item);
        cw_policy_intent_changed(policy, intent);
        telling->queued = 0;
}

/* Its transition is not told again. What was given up before it was tried changes nothing of what may have arrived. */
static void block(struct cw_policy *policy, struct cw_intent *intent, const struct cw_item *item,
                  struct cw_telling *telling)
{
        if (telling->queued == intent->sequence)
                telling->queued = 0;
        if (telling->under_way == intent->sequence || !telling->under_way) {
                telling->under_way = 0;
                telling->sent = telling->accepted;
                telling->sent_edge = telling->accepted_edge = 0; /* its row holds the dead one instead */
        }
        telling->dead_edge = item->edge;
        if (telling->queued)
                drop_waiting_resolution(policy, telling);
        cw_ledger_remember(telling, policy->changes);
        /* The alert may have gone on since: what is due now was not while this message could still arrive. */
        if (telling->group)
                cw_policy_touch_group(policy, telling->group, false, false);
        settle(policy, intent->notifier_index, telling);
}

static void give_up(struct cw_policy *policy, struct cw_intent *intent, const char *what)
{
        for (size_t i = 0; i < intent->n_items; i++)
                record(policy, intent, &intent->items[i], what, intent->error);
        for (size_t i = 0; intent->kind == CW_NOTICE_ALERT && i < intent->n_items; i++) {
                struct cw_telling *telling = telling_of(policy, intent, &intent->items[i]);

                if (telling)
                        block(policy, intent, &intent->items[i], telling);
        }
        intent->state = CW_INTENT_DEAD;
}

static void bury(struct cw_policy *policy, struct cw_intent *intent)
{
        give_up(policy, intent, "dead");
        finish(policy, intent, false);
}

void cw_policy_drop_intent(struct cw_policy *policy, struct cw_intent *intent)
{
        give_up(policy, intent, "dropped");
        finish(policy, intent, true);
}

static void note_error(struct cw_intent *intent, const char *reason)
{
        free(intent->error);
        intent->error = strdup(reason ? reason : "");
}

/* Whoever asks for time, or takes no message of this kind, is there: the pause, or the next message, is the answer. */
static void note_failure(struct cw_policy *policy, struct cw_intent *intent, const struct cw_attempt_failure *failure)
{
        bool open = cw_circuit_is_open(&policy->outbox.lines[intent->notifier_index].circuit);

        if (open || !(failure->permanent || failure->asked_ms > 0))
                cw_outbox_failed(&policy->outbox, intent, failure->mishap, failure->chance, policy->now);
        remember_receiver(policy, intent);
}

void cw_policy_begin_failing(struct cw_policy *policy, size_t notifier)
{
        struct cw_outbox_line *line = &policy->outbox.lines[notifier];

        if (line->failing)
                return;
        line->failing = true;
        cw_outbox_line_remember(&policy->outbox, notifier, policy->changes);
        cw_policy_pass_on(policy, notifier);
}

/* Since when nothing was delivered although it was tried; 0: it works, or it is known to fail already. */
static int64_t troubled_since(const struct cw_policy *policy, size_t notifier)
{
        const struct cw_outbox_line *line = &policy->outbox.lines[notifier];

        return line->failing ? 0 : line->circuit.failing_since_at;
}

bool cw_policy_has_failed_for(const struct cw_policy *policy, size_t notifier, int64_t ms)
{
        int64_t since_at = troubled_since(policy, notifier);

        return since_at && policy->now - since_at >= ms;
}

int64_t cw_policy_fails_at(const struct cw_policy *policy, int64_t after_ms)
{
        int64_t at = 0;

        for (size_t i = 0; i < policy->rules->n_notifiers; i++) {
                int64_t since_at = troubled_since(policy, i);

                if (since_at && (!at || since_at + after_ms < at))
                        at = since_at + after_ms;
        }
        return at;
}

const char *cw_policy_last_error(const struct cw_policy *policy, size_t notifier)
{
        const struct cw_intent *last = NULL;
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&policy->outbox.intents, &cursor, NULL, &value)) {
                const struct cw_intent *intent = value;

                if (intent->notifier_index == notifier && intent->error && (!last || intent->sequence > last->sequence))
                        last = intent;
        }
        return last ? last->error : "nothing could be delivered";
}

const char *cw_policy_attempt_failed(struct cw_policy *policy, const struct cw_attempt_failure *failure,
                                     struct cw_attempt_outcome *ret_outcome)
{
        struct cw_intent *intent = cw_outbox_find(&policy->outbox, failure->sequence);
        struct cw_backoff_policy backoff = {.first_ms = BACKOFF_FIRST_MS, .longest_ms = BACKOFF_LONGEST_MS};
        const struct cw_notifier_traits *traits;
        int64_t wait_ms;

        if (!intent || intent->notifier_index == SIZE_MAX)
                return NULL;
        traits = &policy->rules->notifiers[intent->notifier_index];
        backoff.give_up_ms = traits->retry_for_ms;
        intent->attempts++;
        note_error(intent, failure->reason);
        cw_outbox_returned(&policy->outbox, intent);
        note_failure(policy, intent, failure);
        ret_outcome->dead = failure->permanent ||
                            cw_backoff_failed(&intent->backoff, &backoff, policy->now, failure->asked_ms,
                                              failure->chance, &wait_ms) == CW_BACKOFF_GIVE_UP;
        if (ret_outcome->dead) {
                size_t notifier = intent->notifier_index;

                bury(policy, intent);
                cw_policy_begin_failing(policy, notifier);
                return traits->name;
        }
        intent->next_at = policy->now + wait_ms;
        intent->asked_at = failure->asked_ms > 0 ? policy->now : 0;
        cw_intent_remember(intent, false, policy->changes);
        if (cw_outbox_offer(&policy->outbox, intent) < 0)
                policy->error = -ENOMEM;
        return traits->name;
}

/* Every message of a notifier that is no longer configured. */
static void bury_orphans(struct cw_policy *policy)
{
        size_t cursor = 0;
        uint64_t key;
        void *value;

        while (cw_map_next(&policy->outbox.intents, &cursor, &key, &value)) {
                struct cw_intent *intent = value;

                if (intent->notifier_index != SIZE_MAX)
                        continue;
                note_error(intent, "the notifier is no longer configured");
                bury(policy, intent);
                cursor = 0; /* burying may have taken others out as well */
        }
}

static void drop_orphaned_tellings(struct cw_policy *policy)
{
        size_t cursor = 0;
        uint64_t key;
        void *value;

        while (cw_map_next(&policy->tellings, &cursor, &key, &value)) {
                struct cw_telling *telling = value;

                if (cw_policy_notifier_index(policy, telling->notifier) == SIZE_MAX)
                        cw_policy_end_telling(policy, telling);
        }
        for (cursor = 0; cw_map_next(&policy->groups, &cursor, &key, &value);)
                cw_policy_prune(policy, value);
}

void cw_policy_bury_orphans(struct cw_policy *policy)
{
        size_t cursor = 0;
        uint64_t key;
        void *value;

        while (cw_map_next(&policy->groups, &cursor, &key, &value)) {
                struct cw_group *group = value;

                group->notifier_index = cw_policy_notifier_index(policy, group->notifier);
                cw_policy_find_route(policy, group);
        }
        bury_orphans(policy);
        drop_orphaned_tellings(policy);
}
