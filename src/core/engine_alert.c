/* SPDX-License-Identifier: Apache-2.0 */
/* The transitions of an alert: each counts as an edge, is remembered, and is reported to the policy. */
#include <errno.h>

#include "engine_private.h"

/* The alert shows the draft from now on. */
static bool show(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft)
{
        struct cw_entry *entry;

        draft->fingerprint = alert->fingerprint;
        if (cw_entry_new(draft, &entry) < 0) {
                engine->error = -ENOMEM;
                return false;
        }
        cw_entry_unref(alert->entry);
        alert->entry = entry;
        return true;
}

static void record(struct cw_engine *engine, const struct cw_alert *alert, const char *what)
{
        struct cw_history_row row = {
                .at = engine->now,
                .fingerprint = alert->fingerprint,
                .rule = (char *)alert->rule,
                .source = (char *)alert->source,
                .customer = alert->customer,
                .card = alert->card,
                .edge = alert->edge,
                .what = what,
                .reason = (char *)alert->entry->reason,
        };

        cw_changes_history(engine->changes, &row);
}

void cw_engine_fire(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft)
{
        draft->state = CW_ENTRY_FIRING;
        draft->started_at = draft->fired_at = engine->now;
        draft->confirmed = -1;
        if (!show(engine, alert, draft))
                return;
        alert->state = CW_ALERT_FIRING;
        alert->severity = draft->severity;
        alert->episode++;
        alert->edge++;
        record(engine, alert, "firing");
        cw_policy_touch(&engine->policy, alert, false);
        cw_alert_remember(alert, engine->changes);
}

void cw_engine_update(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft)
{
        const struct cw_entry *before = alert->entry;
        bool rose = draft->severity > alert->severity;
        bool moved = draft->severity != alert->severity;

        draft->state = CW_ENTRY_FIRING;
        draft->started_at = before->started_at;
        draft->fired_at = before->fired_at;
        draft->baseline = before->baseline;
        draft->confirmed = before->confirmed;
        draft->fired = before->fired;
        if (!show(engine, alert, draft))
                return;
        if (moved) {
                alert->severity = draft->severity;
                alert->edge++;
                record(engine, alert, "severity");
                cw_policy_touch(&engine->policy, alert, rose);
        }
        cw_alert_remember(alert, engine->changes);
}

void cw_engine_resolve(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft, const char *reason)
{
        const struct cw_entry *before = alert->entry;

        draft->state = CW_ENTRY_RESOLVED;
        draft->started_at = before->started_at;
        draft->fired_at = before->fired_at;
        draft->resolved_at = engine->now;
        draft->severity = alert->severity;
        draft->baseline = before->baseline;
        draft->confirmed = before->confirmed;
        draft->fired = before->fired;
        draft->reason = reason;
        if (!show(engine, alert, draft))
                return;
        alert->state = CW_ALERT_INACTIVE;
        alert->edge++;
        record(engine, alert, "resolved");
        cw_policy_touch(&engine->policy, alert, false);
        cw_alert_settle(alert);
        cw_alert_remember(alert, engine->changes);
}

void cw_engine_resolve_as_is(struct cw_engine *engine, struct cw_alert *alert, const char *reason)
{
        struct cw_entry *before = cw_entry_ref(alert->entry);
        struct cw_entry draft = *before;

        cw_engine_resolve(engine, alert, &draft, reason);
        cw_entry_unref(before);
}
