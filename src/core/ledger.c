/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include "cardwatch/changes.h"
#include "cardwatch/hash.h"

static enum cw_due_action unless_dead(const struct cw_telling *telling, const struct cw_alert *alert,
                                      enum cw_due_action action)
{
        return telling->dead_edge == alert->edge ? CW_DUE_NOTHING : action;
}

static enum cw_due_action decide_firing(const struct cw_telling *telling, const struct cw_alert *alert)
{
        bool insisted = telling->sent_edge < alert->insist_edge;

        if (telling->sent.state == CW_KNOWN_FIRING && telling->sent.severity == alert->severity && !insisted)
                return telling->queued ? CW_DUE_TAKE_BACK : CW_DUE_NOTHING;
        if (telling->queued && telling->queued_edge == alert->edge)
                return CW_DUE_NOTHING;
        return unless_dead(telling, alert, CW_DUE_FIRING);
}

static enum cw_due_action decide_over(const struct cw_telling *telling, const struct cw_alert *alert,
                                      bool send_resolved)
{
        if (telling->sent.state != CW_KNOWN_FIRING && !telling->queued)
                return CW_DUE_NOTHING; /* fired and resolved inside a hold or a wait: history */
        if (!send_resolved)
                return telling->queued ? CW_DUE_TAKE_BACK : CW_DUE_NOTHING;
        if (telling->queued && telling->queued_edge == alert->edge)
                return CW_DUE_NOTHING;
        if (telling->sent.state == CW_KNOWN_FIRING)
                return unless_dead(telling, alert, CW_DUE_RESOLVED);
        return CW_DUE_FOLDED;
}

enum cw_due_action cw_ledger_decide(const struct cw_telling *telling, const struct cw_alert *alert, bool send_resolved)
{
        return alert->state == CW_ALERT_FIRING ? decide_firing(telling, alert)
                                               : decide_over(telling, alert, send_resolved);
}

bool cw_ledger_baseline(const struct cw_telling *telling, const struct cw_alert *alert)
{
        return alert->state == CW_ALERT_FIRING && alert->entry->baseline && telling->sent.state == CW_KNOWN_NOTHING &&
               !telling->dead_edge;
}

struct cw_item cw_ledger_item(const struct cw_telling *telling, const struct cw_alert *alert, enum cw_due_action action)
{
        struct cw_item item = {.entry = alert->entry, .edge = alert->edge, .folded = action == CW_DUE_FOLDED};

        if (action == CW_DUE_FIRING && telling->sent.state == CW_KNOWN_FIRING &&
            telling->sent.severity != alert->severity)
                item.previous_severity = telling->sent.severity;
        return item;
}

bool cw_ledger_over(const struct cw_telling *telling, const struct cw_alert *alert, bool send_resolved)
{
        bool owed = send_resolved && telling->sent.state == CW_KNOWN_FIRING && telling->dead_edge != alert->edge;

        return alert->state != CW_ALERT_FIRING && !telling->queued && !telling->under_way && !owed;
}

uint64_t cw_ledger_key(const char *notifier, uint64_t fingerprint)
{
        struct cw_hash hash;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_string(&hash, notifier);
        cw_hash_u64(&hash, fingerprint);
        return cw_hash_end(&hash);
}

static void remember(const struct cw_telling *telling, bool gone, struct cw_changes *changes)
{
        static const enum cw_entry_state states[] = {
                [CW_KNOWN_NOTHING] = CW_ENTRY_EVENT,
                [CW_KNOWN_FIRING] = CW_ENTRY_FIRING,
                [CW_KNOWN_RESOLVED] = CW_ENTRY_RESOLVED,
        };
        struct cw_ledger_row row = {
                .notifier = (char *)telling->notifier,
                .fingerprint = telling->fingerprint,
                .edge = telling->dead_edge ? telling->dead_edge : telling->accepted_edge,
                .state = (uint8_t)states[telling->accepted.state],
                .severity = (uint8_t)telling->accepted.severity,
                .accepted = !telling->dead_edge,
                .gone = gone,
        };

        cw_changes_ledger(changes, &row);
}

void cw_ledger_remember(struct cw_telling *telling, struct cw_changes *changes)
{
        telling->stored = true;
        remember(telling, false, changes);
}

void cw_ledger_forget(struct cw_telling *telling, struct cw_changes *changes)
{
        if (telling->stored)
                remember(telling, true, changes);
        telling->stored = false;
}
