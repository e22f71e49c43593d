/* SPDX-License-Identifier: Apache-2.0 */
/* What was committed becomes the policy's state again: groups, then messages in their order, then the ledger. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "group_key.h"
#include "intent_count.h"
#include "policy.h"
#include "policy_digest.h"
#include "policy_escalate.h"
#include "policy_groups.h"
#include "policy_hold.h"
#include "policy_letters.h"
#include "policy_silence.h"
#include "policy_tellings.h"

/* Longer than any wait a receiver may ask for: a time further ahead was written under another clock. */
#define AHEAD_MAX_MS (INT64_C(24) * 3600 * 1000)

static int64_t clamped(const struct cw_policy *policy, int64_t at)
{
        at -= policy->behind_ms;
        return at > policy->now + AHEAD_MAX_MS ? policy->now : at;
}

static int64_t past(const struct cw_policy *policy, int64_t at)
{
        return at > policy->now ? policy->now : at;
}

static int load_group(struct cw_policy *policy, const struct cw_group_row *row)
{
        struct cw_group *group;

        if (cw_policy_notifier_index(policy, row->notifier) == SIZE_MAX) {
                cw_changes_group(policy->changes,
                                 &(struct cw_group_row){.notifier = row->notifier, .key = row->key, .gone = true});
                return 0;
        }
        group = cw_policy_group(policy, row->notifier, row->key);
        if (!group)
                return policy->error;
        /* After its first message it is a name, not a clock: repeats have their ids from it. */
        group->begun_at = row->told_at ? row->begun_at : past(policy, row->begun_at);
        group->told_at = row->told_at ? past(policy, row->told_at - policy->behind_ms) : 0;
        group->due_at = row->due_at ? clamped(policy, row->due_at) : 0;
        group->repeat = row->repeat;
        memcpy(group->thread, row->thread, sizeof(group->thread));
        group->thread[sizeof(group->thread) - 1] = '\0';
        return group->due_at ? cw_due_push(&policy->due, group->due_at, group->hash) : 0;
}

static int groups_of(struct cw_policy *policy, const struct cw_intent_row *row, struct cw_group ***ret_groups,
                     size_t *ret_n)
{
        cw_autofree char *keys = strdup(row->groups ? row->groups : "");
        cw_autofree struct cw_group **groups = NULL;
        size_t n = 0;
        char *rest = keys, *key;

        if (!keys)
                return -ENOMEM;
        while ((key = strsep(&rest, "\n"))) {
                struct cw_group **grown;

                if (!*key)
                        continue;
                grown = reallocarray(groups, n + 1, sizeof(struct cw_group *));
                if (!grown)
                        return -ENOMEM;
                groups = grown;
                groups[n] = cw_policy_group(policy, row->notifier, key);
                if (!groups[n])
                        return policy->error;
                n++;
        }
        *ret_groups = cw_take(groups);
        *ret_n = n;
        return 0;
}

#define KINDS_MAX 16 /* routes that such a message tells of, times what is left out of their keys */

/* A message that is loaded, and one of its groups of each kind of key. */
struct loading {
        struct cw_intent *intent;
        struct cw_group *kinds[KINDS_MAX];
        size_t n_kinds;
};

static void find_kinds(struct loading *loading)
{
        for (size_t i = 0; i < loading->intent->n_groups && loading->n_kinds < KINDS_MAX; i++) {
                struct cw_group *group = loading->intent->groups[i];
                size_t k = 0;

                while (k < loading->n_kinds && !cw_group_is_like(loading->kinds[k], group))
                        k++;
                if (k == loading->n_kinds)
                        loading->kinds[loading->n_kinds++] = group;
        }
}

/* A message that was just added is the last in the lanes of its groups: nobody goes through all of them for each alert
 * of a first message, which has as many. Takes the key. */
static struct cw_group *group_at(struct cw_policy *policy, const struct cw_intent *intent, struct cw_buf *key)
{
        struct cw_group *group = cw_map_get(&policy->groups, cw_group_hash(intent->notifier, cw_buf_text(key)));

        if (cw_buf_error(key) < 0)
                policy->error = -ENOMEM;
        cw_buf_deinit(key);
        return group && group->n_lane > 0 && group->lane[group->n_lane - 1] == intent ? group : NULL;
}

/* The one of a message's groups to which the alert belongs: by the rules in force, or, if they have changed since it
 * was queued, by as much as one of the keys says. */
static struct cw_group *group_in(struct cw_policy *policy, const struct loading *loading, const struct cw_entry *entry)
{
        const struct cw_intent *intent = loading->intent;
        size_t notifier = cw_policy_notifier_index(policy, intent->notifier);
        struct cw_group *found, *best = NULL;
        struct cw_buf key = CW_BUF_NULL;

        if (notifier == SIZE_MAX || intent->n_groups == 1)
                return intent->groups[0];
        cw_policy_key(policy, notifier, entry, &key);
        found = group_at(policy, intent, &key);
        if (found)
                return found;
        for (size_t i = 0; i < loading->n_kinds; i++) {
                cw_group_key_like(entry, loading->kinds[i], &key);
                found = group_at(policy, intent, &key);
                if (found && (!best || found->n_values > best->n_values))
                        best = found;
        }
        return best ? best : intent->groups[0];
}

/* What stands in a message tells how far the receiver's knowledge goes. */
static int load_item(struct cw_policy *policy, const struct loading *loading, const struct cw_item *item)
{
        struct cw_intent *intent = loading->intent;
        struct cw_alert *alert = cw_alerts_find(policy->alerts, item->entry->fingerprint);
        struct cw_telling *telling;

        if (cw_intent_add_item(intent, item) < 0)
                return -ENOMEM;
        if (intent->kind != CW_NOTICE_ALERT || !alert)
                return 0;
        telling = cw_policy_telling(policy, intent->notifier, alert, true);
        if (!telling)
                return policy->error;
        cw_policy_join(policy, telling, group_in(policy, loading, item->entry));
        if (intent->state == CW_INTENT_QUEUED) {
                telling->queued = intent->sequence;
                telling->queued_edge = item->edge;
        } else {
                telling->under_way = intent->sequence;
                telling->sent = cw_policy_known(policy, intent, item, alert);
                telling->sent_edge = item->edge;
        }
        return 0;
}

int cw_policy_load_intent(struct cw_policy *policy, const struct cw_intent_row *row)
{
        cw_autofree struct cw_group **groups = NULL;
        size_t n_groups = 0;
        struct loading loading = {.n_kinds = 0};
        struct cw_intent *intent;
        struct cw_intent like = {
                .sequence = row->sequence,
                .notifier = row->notifier,
                .kind = row->kind,
                .state = row->state,
                .baseline = row->baseline,
                .opens_thread = row->opens_thread,
                .repeat = row->repeat,
                .queued_at = row->queued_at,
                .next_at = clamped(policy, row->next_at),
                .attempts = row->attempts,
                .trouble = row->trouble,
                .backoff = {.failures = row->attempts,
                            .since_at = past(policy, row->failing_since_at - policy->behind_ms)},
        };
        int r;

        if (row->state != CW_INTENT_QUEUED && row->state != CW_INTENT_RENDERED)
                return 0;
        if (row->state == CW_INTENT_RENDERED && !row->payload)
                return -EBADMSG;
        r = groups_of(policy, row, &groups, &n_groups);
        if (r < 0)
                return r;
        if (n_groups == 0)
                return -EBADMSG;
        r = cw_outbox_add(&policy->outbox, &like, groups, n_groups, &intent);
        if (r < 0)
                return r;
        memcpy(intent->id, row->id, sizeof(intent->id));
        intent->id[sizeof(intent->id) - 1] = '\0';
        if (row->error) {
                intent->error = strdup(row->error);
                if (!intent->error)
                        return -ENOMEM;
        }
        if (row->payload) {
                intent->payload = malloc(row->payload_len + 1);
                if (!intent->payload)
                        return -ENOMEM;
                memcpy(intent->payload, row->payload, row->payload_len);
                intent->payload[row->payload_len] = '\0';
                intent->payload_len = row->payload_len;
        }
        if (row->digest)
                r = cw_intent_set_digest(intent, row->digest, row->digest_len);
        if (r == 0 && row->counted)
                r = cw_intent_set_counted(intent, row->counted, row->counted_len);
        loading.intent = intent;
        find_kinds(&loading);
        for (size_t i = 0; r == 0 && i < row->n_items; i++)
                r = load_item(policy, &loading, &row->items[i]);
        return r;
}

static int64_t moved(const struct cw_policy *policy, int64_t at)
{
        return at ? past(policy, at - policy->behind_ms) : 0;
}

static void load_receiver(struct cw_policy *policy, const struct cw_receiver_row *row)
{
        size_t notifier = cw_policy_notifier_index(policy, row->notifier);
        struct cw_outbox_line *line;

        if (notifier == SIZE_MAX) {
                cw_changes_receiver(policy->changes,
                                    &(struct cw_receiver_row){.notifier = row->notifier, .gone = true});
                return;
        }
        line = &policy->outbox.lines[notifier];
        line->failing = row->failing;
        line->token_at = row->token_at ? clamped(policy, row->token_at) : 0;
        line->circuit = (struct cw_circuit){
                .failing_since_at = moved(policy, row->failing_since_at),
                .failed_at = moved(policy, row->failed_at),
                .next_at = row->next_at ? clamped(policy, row->next_at) : 0,
                .probes = row->probes,
                .n_failed = row->n_failed,
                .era = row->era,
                .round = row->round,
                .unreachable = row->unreachable,
        };
}

static int load_telling(struct cw_policy *policy, const struct cw_ledger_row *row)
{
        struct cw_alert *alert = cw_alerts_find(policy->alerts, row->fingerprint);
        struct cw_telling *telling;

        if (!alert || cw_policy_notifier_index(policy, row->notifier) == SIZE_MAX) {
                cw_changes_ledger(policy->changes, &(struct cw_ledger_row){.notifier = row->notifier,
                                                                           .fingerprint = row->fingerprint,
                                                                           .gone = true});
                return 0;
        }
        telling = cw_policy_telling(policy, row->notifier, alert, true);
        if (!telling)
                return policy->error;
        telling->stored = true;
        if (row->state != CW_ENTRY_EVENT)
                telling->accepted.state = row->state == CW_ENTRY_FIRING ? CW_KNOWN_FIRING : CW_KNOWN_RESOLVED;
        telling->accepted.severity = row->severity;
        if (row->accepted)
                telling->accepted_edge = row->edge;
        else
                telling->dead_edge = row->edge;
        if (!telling->under_way) {
                telling->sent = telling->accepted;
                telling->sent_edge = telling->accepted_edge;
        }
        return 0;
}

static int load_rows(struct cw_policy *policy, const struct cw_changes *stored)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < stored->digests.n; i++)
                r = cw_policy_load_digest(policy, &stored->digests.rows[i]);
        for (size_t i = 0; r == 0 && i < stored->happenings.n; i++)
                r = cw_policy_load_happening(policy, &stored->happenings.rows[i]);
        for (size_t i = 0; r == 0 && i < stored->silences.n; i++)
                r = cw_policy_load_silence(policy, &stored->silences.rows[i]);
        for (size_t i = 0; i < stored->receivers.n; i++)
                load_receiver(policy, &stored->receivers.rows[i]);
        for (size_t i = 0; r == 0 && i < stored->groups.n; i++)
                r = load_group(policy, &stored->groups.rows[i]);
        for (size_t i = 0; r == 0 && i < stored->intents.n; i++)
                r = cw_policy_load_intent(policy, &stored->intents.rows[i]);
        for (size_t i = 0; r == 0 && i < stored->ledger.n; i++)
                r = load_telling(policy, &stored->ledger.rows[i]);
        return r;
}

/* Whoever was owed the end of an alert may be configured no more. */
static void settle_alerts(struct cw_policy *policy)
{
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&policy->alerts->map, &cursor, NULL, &value)) {
                struct cw_alert *alert = value;

                if (!alert->entry || alert->tellings > 0 || alert->state == CW_ALERT_FIRING)
                        continue;
                cw_alert_settle(alert);
                cw_alert_remember(alert, policy->changes);
        }
}

int cw_policy_load(struct cw_policy *policy, const struct cw_changes *stored, int64_t behind_ms)
{
        int r;

        policy->loading = true;
        policy->behind_ms = behind_ms;
        r = load_rows(policy, stored);
        if (r == 0)
                r = cw_outbox_set_rules(&policy->outbox, policy->rules);
        if (r == 0) {
                cw_policy_holds_anew(policy);
                cw_policy_escalations_anew(policy, false);
                cw_policy_digests_set_rules(policy);
                cw_policy_replan(policy); /* before groups without members are let go of */
                cw_policy_bury_orphans(policy);
                cw_policy_flush(policy);
                settle_alerts(policy);
                r = policy->error;
        }
        policy->loading = false;
        return r;
}
