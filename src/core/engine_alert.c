/* SPDX-License-Identifier: Apache-2.0 */
/* The transitions of an alert: each counts as an edge, is remembered, and is reported to the policy. */
#include <errno.h>
#include <stdlib.h>

#include "engine_act.h"
#include "engine_flap.h"
#include "engine_private.h"
#include "policy_digest.h"

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

/* The expression with the value of each part, at the moment it decided. */
static void explain(struct cw_engine *engine, struct cw_buf *detail)
{
        struct cw_expr_context context;

        if (!engine->because)
                return;
        context = *engine->because->context;
        context.look_at = NULL;
        cw_expr_explain(engine->because->expr, &context, detail);
        if (cw_buf_error(detail) < 0)
                engine->error = -ENOMEM;
}

void cw_engine_record(struct cw_engine *engine, const struct cw_alert *alert, const char *what, const char *reason)
{
        const char *because = reason ? reason : alert->entry ? alert->entry->reason : "";
        struct cw_history_row row = cw_alert_history(alert, engine->now, what, because);
        struct cw_buf detail = CW_BUF_NULL;

        explain(engine, &detail);
        if (detail.len > 0 && !engine->error)
                row.detail = (char *)cw_buf_text(&detail);
        cw_changes_history(engine->changes, &row);
        cw_buf_deinit(&detail);
}

/* Whatever it waited for is over. */
static void settle_waiting(struct cw_engine *engine, struct cw_alert *alert)
{
        if (alert->state == CW_ALERT_WAITING)
                engine->n_waiting--;
        free(alert->asked);
        alert->asked = NULL;
        alert->since_at = alert->clear_at = 0;
        alert->baseline = false;
}

void cw_engine_fire(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft)
{
        draft->state = CW_ENTRY_FIRING;
        draft->fired_at = engine->now;
        if (!draft->started_at)
                draft->started_at = engine->now;
        cw_engine_flap_fires(engine, alert, draft);
        if (!show(engine, alert, draft))
                return;
        settle_waiting(engine, alert);
        alert->state = CW_ALERT_FIRING;
        alert->severity = draft->severity;
        alert->episode++;
        alert->edge++;
        cw_engine_flap_moved(engine, alert);
        cw_engine_record(engine, alert, "firing", NULL);
        cw_policy_digest_note(&engine->policy, alert->entry, alert->edge);
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
        draft->fired_this_week = before->fired_this_week;
        draft->flapping = alert->flapping;
        if (moved)
                cw_engine_flap_severity(engine, alert, draft);
        if (rose || !cw_alert_is_acknowledged(alert, engine->now))
                cw_engine_drop_ack(engine, alert);
        draft->acknowledged_by = alert->acked_by;
        if (!show(engine, alert, draft))
                return;
        if (moved) {
                alert->severity = draft->severity;
                alert->edge++;
                cw_engine_flap_graded(engine, alert);
                cw_engine_record(engine, alert, "severity", NULL);
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
        draft->acknowledged_by = before->acknowledged_by;
        draft->fired = before->fired;
        draft->fired_this_week = before->fired_this_week;
        draft->fall = (struct cw_fall){0};
        draft->empty_at = 0;
        draft->flapping = alert->flapping;
        draft->reason = reason;
        if (!show(engine, alert, draft))
                return;
        alert->state = CW_ALERT_INACTIVE;
        cw_engine_drop_ack(engine, alert);
        alert->clear_at = 0;
        alert->edge++;
        cw_engine_flap_moved(engine, alert);
        cw_engine_record(engine, alert, "resolved", NULL);
        cw_policy_digest_note(&engine->policy, alert->entry, alert->edge);
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
