/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a dead letter that is tried again is a message on its way like any other. What it tells may have gone on since;
 * so it goes before all that was not tried yet, and the ledger is asked anew what is due behind it: whoever hears of an
 * old firing is told its end right after.
 */
#include "policy_letters.h"

#include <errno.h>
#include <string.h>

#include "outbox_line.h"
#include "policy_delivery.h"
#include "policy_groups.h"
#include "policy_tellings.h"

static struct cw_telling *telling_of(const struct cw_policy *policy, const char *notifier, const struct cw_item *item)
{
        return cw_map_get(&policy->tellings, cw_ledger_key(notifier, item->entry->fingerprint));
}

/* What is on its way about the same alerts is newer: told before it, the old message would be the last word. */
static bool is_overtaken(const struct cw_policy *policy, const struct cw_intent_row *row)
{
        for (size_t i = 0; row->kind == CW_NOTICE_ALERT && i < row->n_items; i++) {
                const struct cw_telling *telling = telling_of(policy, row->notifier, &row->items[i]);

                if (telling && (telling->under_way || (telling->queued && !row->payload)))
                        return true;
        }
        return false;
}

/* An alert that is over, and that nobody had to do with any more, shows something again: its end is owed. */
static void recall_end(struct cw_policy *policy, const struct cw_item *item)
{
        struct cw_alert *alert = cw_alerts_find(policy->alerts, item->entry->fingerprint);
        struct cw_entry ended = *item->entry;

        if (!alert || alert->entry || alert->state == CW_ALERT_FIRING)
                return;
        ended.state = CW_ENTRY_RESOLVED;
        ended.resolved_at = alert->moved_at ? alert->moved_at : policy->now;
        ended.current = (struct cw_maybe_amount){0};
        ended.reason = "it ended before this message could be delivered";
        if (cw_entry_new(&ended, &alert->entry) < 0)
                policy->error = -ENOMEM;
        else
                cw_alert_remember(alert, policy->changes);
}

static bool was_tried(const struct cw_intent *intent)
{
        return intent->state != CW_INTENT_QUEUED || intent->in_hand;
}

/* From the end of its lanes to before all that was not tried yet. */
static void go_before_unwritten(struct cw_policy *policy, struct cw_intent *intent)
{
        for (size_t i = 0; i < intent->n_groups; i++) {
                struct cw_group *group = intent->groups[i];
                size_t at = group->n_lane - 1;

                while (at > 0 && !was_tried(group->lane[at - 1]))
                        at--;
                cw_group_lane_remove(group, intent);
                if (cw_group_lane_insert(group, intent, at) < 0)
                        policy->error = -ENOMEM;
        }
}

static void ask_ledger(struct cw_policy *policy, const struct cw_intent *intent)
{
        for (size_t i = 0; intent->kind == CW_NOTICE_ALERT && i < intent->n_items; i++) {
                struct cw_telling *telling = telling_of(policy, intent->notifier, &intent->items[i]);

                if (!telling)
                        continue;
                telling->dead_edge = 0;
                cw_ledger_remember(telling, policy->changes);
                if (telling->group)
                        cw_policy_touch_group(policy, telling->group, false, true);
        }
        for (size_t i = 0; i < intent->n_groups; i++)
                cw_policy_visit(policy, intent->groups[i]);
}

static void revive(struct cw_policy *policy, const struct cw_intent_row *row)
{
        struct cw_intent_row again = *row;
        struct cw_intent *intent;
        int r;

        again.state = row->payload ? CW_INTENT_RENDERED : CW_INTENT_QUEUED;
        again.next_at = policy->now;
        again.attempts = 0;
        again.failing_since_at = 0;
        again.trouble = (struct cw_intent_trouble){0};
        for (size_t i = 0; again.kind == CW_NOTICE_ALERT && i < again.n_items; i++)
                recall_end(policy, &again.items[i]);
        r = cw_policy_load_intent(policy, &again);
        intent = r == 0 ? cw_outbox_find(&policy->outbox, row->sequence) : NULL;
        if (!intent) {
                policy->error = r < 0 ? r : -ENOMEM;
                return;
        }
        intent->attempts = row->attempts;
        if (row->payload)
                go_before_unwritten(policy, intent);
        ask_ledger(policy, intent);
        cw_intent_remember(intent, false, policy->changes);
        if (cw_outbox_offer(&policy->outbox, intent) < 0)
                policy->error = -ENOMEM;
}

enum cw_letter_verdict cw_policy_retry(struct cw_policy *policy, const struct cw_intent_row *row)
{
        struct cw_intent *live = cw_outbox_find(&policy->outbox, row->sequence);

        if (live && live->in_hand)
                return CW_LETTER_IN_HAND;
        if (live) {
                live->next_at = policy->now;
                live->asked_at = 0;
                policy->outbox.lines[live->notifier_index].circuit.next_at = policy->now;
                policy->outbox.lines[live->notifier_index].pause.until = policy->now;
                cw_intent_remember(live, false, policy->changes);
                cw_outbox_line_remember(&policy->outbox, live->notifier_index, policy->changes);
                if (cw_outbox_offer(&policy->outbox, live) < 0)
                        policy->error = -ENOMEM;
                return CW_LETTER_DONE;
        }
        if (row->state != CW_INTENT_DEAD)
                return CW_LETTER_GONE;
        if (cw_policy_notifier_index(policy, row->notifier) == SIZE_MAX)
                return CW_LETTER_NO_NOTIFIER;
        if (is_overtaken(policy, row))
                return CW_LETTER_OVERTAKEN;
        revive(policy, row);
        return CW_LETTER_DONE;
}

enum cw_letter_verdict cw_policy_drop(struct cw_policy *policy, const struct cw_intent_row *row)
{
        struct cw_intent *live = cw_outbox_find(&policy->outbox, row->sequence);
        struct cw_post post = {.id = row->id, .notifier = row->notifier, .what = "dropped", .reason = row->error};
        struct cw_intent_row gone = *row;

        if (live && live->in_hand)
                return CW_LETTER_IN_HAND;
        if (live) {
                cw_policy_drop_intent(policy, live);
                return CW_LETTER_DONE;
        }
        if (row->state != CW_INTENT_DEAD)
                return CW_LETTER_GONE;
        for (size_t i = 0; row->kind != CW_NOTICE_DIGEST && i < row->n_items; i++)
                cw_policy_record(policy, &post, &row->items[i]);
        gone.gone = true;
        cw_changes_intent(policy->changes, &gone);
        return CW_LETTER_DONE;
}
