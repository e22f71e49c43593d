/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an alert: what one observation makes of it (rules.md).
 *
 *   inactive -- true --> waiting -- true for long enough, confirmed --> firing -- clear for long enough --> inactive
 *   unarmed  -- clear --> inactive
 *
 * Nothing is decided without looking: clocks are judged when the card is observed, by the time of the observation. What
 * a clock will want to know is said beforehand (cw_eye_call), so that observations that change nothing can be skipped
 * until then.
 */
#include <errno.h>
#include <stdlib.h>

#include "engine_again.h"
#include "engine_eye.h"
#include "engine_private.h"
#include "rule_judge.h"

static struct cw_verdict judge(const struct cw_eye *eye)
{
        bool firing = eye->alert && eye->alert->state == CW_ALERT_FIRING;

        return cw_rule_judge(eye->rule, &eye->context, firing ? eye->alert->severity : CW_SEVERITY_NONE);
}

/* Whether it could resolve. What is still true is not over, whatever `clear` says. */
static enum cw_truth is_over(const struct cw_eye *eye, const struct cw_verdict *verdict)
{
        if (verdict->truth == CW_TRUE)
                return CW_FALSE;
        if (eye->rule->clear)
                return cw_expr_truth(eye->rule->clear, &eye->context);
        return verdict->truth == CW_FALSE ? CW_TRUE : CW_UNKNOWN;
}

static struct cw_alert *alert_of(struct cw_eye *eye)
{
        if (!eye->alert && cw_alerts_get(&eye->engine->alerts, &eye->key, eye->fingerprint, &eye->alert) < 0)
                eye->engine->error = -ENOMEM;
        return eye->alert;
}

static void fire(struct cw_eye *eye, enum cw_severity severity, int confirmed)
{
        struct cw_because because = {cw_rule_decides(eye->rule, severity), &eye->context};
        struct cw_alert *alert = alert_of(eye);
        struct cw_entry draft;

        if (!alert)
                return;
        draft = cw_eye_draft(eye, severity);
        draft.confirmed = confirmed;
        draft.started_at = alert->state == CW_ALERT_WAITING ? alert->since_at : eye->engine->now;
        draft.baseline |= alert->baseline && alert->state == CW_ALERT_WAITING;
        eye->engine->because = &because;
        cw_engine_fire(eye->engine, alert, &draft);
        eye->engine->because = NULL;
}

/* Ready to fire, but for `confirm`. */
static void about_to_fire(struct cw_eye *eye, enum cw_severity severity)
{
        if (!eye->rule->confirm) {
                fire(eye, severity, -1);
        } else if (eye->look->again && eye->alert->asked) {
                fire(eye, severity, true);
        } else if (eye->look->unreadable || !cw_engine_ask_again(eye)) {
                fire(eye, severity, false);
        } else {
                cw_eye_call(eye, eye->look->at + 1);
        }
}

static void wait_on(struct cw_eye *eye, const struct cw_verdict *verdict)
{
        struct cw_alert *alert = eye->alert;

        if (alert->since_at > eye->look->at) {
                alert->since_at = eye->look->at; /* the clock was set back */
                cw_alert_remember(alert, eye->engine->changes);
        }
        if (eye->look->at - alert->since_at < eye->rule->for_ms)
                cw_eye_call(eye, alert->since_at + eye->rule->for_ms);
        else if (verdict->truth == CW_TRUE)
                about_to_fire(eye, verdict->severity);
        else
                cw_eye_call(eye, eye->look->at + 1);
}

static void begin_waiting(struct cw_eye *eye, const struct cw_verdict *verdict)
{
        struct cw_because because = {cw_rule_decides(eye->rule, verdict->severity), &eye->context};
        struct cw_alert *alert = alert_of(eye);

        if (!alert)
                return;
        alert->state = CW_ALERT_WAITING;
        alert->since_at = eye->look->at;
        alert->baseline = eye->look->baseline;
        eye->engine->n_waiting++;
        eye->engine->because = &because;
        cw_engine_record(eye->engine, alert, "waiting", cw_expr_text(because.expr));
        eye->engine->because = NULL;
        cw_alert_remember(alert, eye->engine->changes);
        wait_on(eye, verdict);
}

static void drop_question(struct cw_alert *alert)
{
        free(alert->asked);
        alert->asked = NULL;
}

static void go_on_waiting(struct cw_eye *eye)
{
        struct cw_alert *alert = eye->alert;
        struct cw_verdict verdict = judge(eye);

        if (!eye->look->again && !eye->look->unreadable)
                drop_question(alert); /* asked anew, if it still is one */
        if (verdict.truth == CW_FALSE && eye->look->again && alert->asked) {
                cw_eye_call(eye, eye->look->at + 1); /* not confirmed: the next observation decides */
                return;
        }
        if (verdict.truth == CW_FALSE) {
                cw_engine_stop_waiting(eye->engine, alert, CW_REASON_NOT_TRUE);
                eye->alert = NULL;
                return;
        }
        if (eye->look->away_ms > 0) {
                alert->since_at += eye->look->away_ms;
                cw_alert_remember(alert, eye->engine->changes);
        }
        wait_on(eye, &verdict);
}

static void unarm(struct cw_eye *eye)
{
        struct cw_alert *alert = alert_of(eye);

        if (!alert)
                return;
        alert->state = CW_ALERT_UNARMED;
        cw_alert_remember(alert, eye->engine->changes);
}

/* While the rule is new, it may see the card for the first time more than once. */
static void note_clear(struct cw_eye *eye)
{
        struct cw_alert *alert = eye->look->fresh ? alert_of(eye) : NULL;

        if (alert)
                alert->shown_clear = true;
}

/* Whether a card that the rule sees for the first time may alert: `arm: after_clear` wants to see it clear first. */
static bool is_armed(struct cw_eye *eye, const struct cw_verdict *verdict)
{
        if (!eye->rule->arm_after_clear || !eye->look->newly || (eye->alert && eye->alert->shown_clear))
                return true;
        if (is_over(eye, verdict) != CW_TRUE) {
                unarm(eye);
                return false;
        }
        note_clear(eye);
        return true;
}

static void look_at_rest(struct cw_eye *eye)
{
        struct cw_verdict verdict = judge(eye);

        if (!is_armed(eye, &verdict) || verdict.truth != CW_TRUE)
                return;
        if (eye->rule->for_ms > 0 || eye->rule->confirm)
                begin_waiting(eye, &verdict);
        else
                fire(eye, verdict.severity, -1);
}

static void resolve(struct cw_eye *eye)
{
        const struct cw_expr *clear = eye->rule->clear;
        struct cw_because because = {clear ? clear : cw_rule_decides(eye->rule, eye->alert->severity), &eye->context};
        struct cw_entry draft = cw_eye_draft(eye, eye->alert->severity);

        eye->engine->because = &because;
        cw_engine_resolve(eye->engine, eye->alert, &draft, clear ? cw_expr_text(clear) : CW_REASON_NOT_TRUE);
        eye->engine->because = NULL;
}

/* Since when it could resolve; the clock runs while that is unknown. Returns whether it has been long enough. */
static bool has_kept(struct cw_eye *eye, enum cw_truth over)
{
        struct cw_alert *alert = eye->alert;
        int64_t keep_ms = eye->rule->keep_firing_for_ms, since_at = alert->clear_at;

        if (over == CW_FALSE)
                since_at = 0;
        else if (since_at > eye->look->at || (over == CW_TRUE && since_at == 0))
                since_at = eye->look->at;
        if (over == CW_TRUE && eye->look->at - since_at >= keep_ms)
                return true;
        if (since_at != alert->clear_at) {
                alert->clear_at = since_at;
                cw_alert_remember(alert, eye->engine->changes);
        }
        if (since_at)
                cw_eye_call(eye, since_at + keep_ms > eye->look->at ? since_at + keep_ms : eye->look->at + 1);
        return false;
}

static void go_on(struct cw_eye *eye)
{
        struct cw_verdict verdict = judge(eye);
        enum cw_truth over = is_over(eye, &verdict);
        enum cw_severity severity = verdict.truth == CW_TRUE ? verdict.severity : eye->alert->severity;
        struct cw_because because = {cw_rule_decides(eye->rule, severity), &eye->context};
        struct cw_entry draft;

        if (has_kept(eye, over)) {
                resolve(eye);
                return;
        }
        if (eye->rule->n_levels == 0 && verdict.truth != CW_TRUE)
                severity = eye->rule->severity;
        if (eye->look->unchanged && severity == eye->alert->severity)
                return;
        draft = cw_eye_draft(eye, severity);
        eye->engine->because = &because;
        cw_engine_update(eye->engine, eye->alert, &draft);
        eye->engine->because = NULL;
}

/* The rule is not about the card any more: it was deactivated, most often. */
static void look_away(struct cw_eye *eye)
{
        const char *reason = eye->look->card->suppressed ? "card suppressed" : "the rule no longer matches the card";
        enum cw_alert_state state = eye->alert ? eye->alert->state : CW_ALERT_INACTIVE;
        struct cw_entry draft;

        switch (state) {
        case CW_ALERT_FIRING:
                draft = cw_eye_draft(eye, eye->alert->severity);
                cw_engine_resolve(eye->engine, eye->alert, &draft, reason);
                break;
        case CW_ALERT_WAITING:
                cw_engine_stop_waiting(eye->engine, eye->alert, reason);
                break;
        case CW_ALERT_INACTIVE:
                if (eye->could_arm && !(eye->alert && eye->alert->shown_clear))
                        unarm(eye);
                break;
        case CW_ALERT_UNARMED:
                break;
        }
}

void cw_engine_live(struct cw_eye *eye)
{
        enum cw_alert_state state = eye->alert ? eye->alert->state : CW_ALERT_INACTIVE;
        struct cw_verdict verdict;

        if (!eye->visible) {
                look_away(eye);
                return;
        }
        switch (state) {
        case CW_ALERT_FIRING:
                go_on(eye);
                break;
        case CW_ALERT_WAITING:
                go_on_waiting(eye);
                break;
        case CW_ALERT_UNARMED:
                verdict = judge(eye);
                if (eye->rule->arm_after_clear && is_over(eye, &verdict) != CW_TRUE)
                        break;
                if (eye->rule->arm_after_clear)
                        note_clear(eye);
                cw_engine_stop_waiting(eye->engine, eye->alert, NULL);
                eye->alert = NULL;
                if (verdict.truth == CW_TRUE) /* the rule does not ask for it any more */
                        look_at_rest(eye);
                break;
        case CW_ALERT_INACTIVE:
                look_at_rest(eye);
                break;
        }
}

void cw_engine_stop_waiting(struct cw_engine *engine, struct cw_alert *alert, const char *reason)
{
        if (alert->state == CW_ALERT_WAITING) {
                engine->n_waiting--;
                cw_engine_record(engine, alert, "not waiting", reason);
        }
        drop_question(alert);
        alert->state = CW_ALERT_INACTIVE;
        alert->since_at = 0;
        alert->baseline = false;
        alert->shown_clear_stored = alert->shown_clear;
        if (alert->edge == 0 && !alert->shown_clear)
                cw_alerts_forget(&engine->alerts, alert, engine->changes);
        else
                cw_alert_remember(alert, engine->changes);
}

void cw_engine_forget_shown_clear(struct cw_engine *engine, struct cw_alert *alert)
{
        bool stored = alert->shown_clear_stored;

        alert->shown_clear = alert->shown_clear_stored = false;
        if (alert->state == CW_ALERT_INACTIVE && alert->edge == 0)
                cw_alerts_forget(&engine->alerts, alert, stored ? engine->changes : NULL);
        else
                cw_alert_remember(alert, engine->changes);
}
