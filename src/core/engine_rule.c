/* SPDX-License-Identifier: Apache-2.0 */
/* One rule, one observation: does an alert open, go on, or end; did an event happen. */
#include <errno.h>
#include <string.h>

#include "cardwatch/clock.h"
#include "cardwatch/expr_subject.h"
#include "cardwatch/value.h"
#include "engine_eye.h"
#include "engine_private.h"
#include "rule_judge.h"
#include "rule_params.h"

#define BEAT_LEAST_MS 50 /* of a poll and of the faster lane */

static struct cw_maybe_amount subject_of(const struct cw_expr *expr, const struct cw_card *card,
                                         bool *ret_high_is_worse)
{
        struct cw_expr_subject subject;

        if (cw_expr_subject(expr, &subject) != 0)
                return (struct cw_maybe_amount){0};
        *ret_high_is_worse = subject.high_is_worse;
        return (struct cw_maybe_amount){.amount = cw_expr_amount_of(card, subject.amount), .known = true};
}

static struct cw_maybe_amount worse(struct cw_maybe_amount a, struct cw_maybe_amount b, bool high_is_worse)
{
        if (!a.known || !b.known)
                return a.known ? a : b;
        return (a.amount > b.amount) == high_is_worse ? a : b;
}

/* For people: amounts with the currency's digits, times without what nobody reads. */
static void write_value(struct cw_buf *buf, const struct cw_value *value, const char *currency)
{
        struct cw_value shown = *value;

        if (value->type == CW_VALUE_AMOUNT || value->type == CW_VALUE_NUMBER) {
                cw_amount_format(buf, value->number, cw_currency_digits(currency));
                return;
        }
        if (value->type == CW_VALUE_DURATION && value->duration_ms >= CW_HOUR_MS)
                shown.duration_ms -= value->duration_ms % CW_MINUTE_MS;
        else if (value->type == CW_VALUE_DURATION)
                shown.duration_ms -= value->duration_ms % CW_SECOND_MS;
        cw_value_format(buf, &shown);
}

/* "spent(1h) 550.00, " before the limit's name, where what is compared is more than the amount that is shown. */
static void write_measure(struct cw_buf *buf, const struct cw_expr_limit *measure, const char *currency)
{
        cw_buf_append(buf, measure->label, measure->label_len);
        cw_buf_putc(buf, ' ');
        write_value(buf, &measure->value, currency);
        cw_buf_puts(buf, ", ");
}

/* What makes the condition true, and what that is measured by. False: there is no such thing. */
static bool find_limit(const struct cw_expr *expr, const struct cw_expr_context *context,
                       struct cw_expr_limit *ret_limit, struct cw_expr_limit *ret_measure, bool *ret_is_measured)
{
        if (cw_expr_alternative(expr, context, ret_measure, ret_limit) == 0)
                *ret_is_measured = true;
        else if (cw_expr_limit(expr, context, ret_limit) == 0)
                *ret_is_measured = cw_expr_measure(expr, context, ret_measure) == 0 && ret_measure->value.known;
        else
                return false;
        return ret_limit->value.known;
}

static void describe_limit(struct cw_eye *eye, const struct cw_expr *expr, struct cw_entry *draft)
{
        struct cw_expr_context context = eye->context;
        struct cw_expr_limit limit, measure;
        bool is_measured;

        cw_buf_clear(&eye->limit_label);
        cw_buf_clear(&eye->limit_text);
        context.look_at = NULL;
        if (!find_limit(expr, &context, &limit, &measure, &is_measured))
                return;
        if (is_measured)
                write_measure(&eye->limit_label, &measure, eye->look->card->currency);
        if (is_measured && !limit.is_name)
                cw_buf_puts(&eye->limit_label, "limit");
        else
                cw_buf_append(&eye->limit_label, limit.label, limit.label_len);
        write_value(&eye->limit_text, &limit.value, eye->look->card->currency);
        if (cw_buf_error(&eye->limit_text) < 0 || cw_buf_error(&eye->limit_label) < 0) {
                eye->engine->error = -ENOMEM;
                return;
        }
        draft->limit_label = cw_buf_text(&eye->limit_label);
        draft->limit_text = cw_buf_text(&eye->limit_text);
}

void cw_eye_call(struct cw_eye *eye, int64_t at)
{
        if (*eye->look->look_at > at)
                *eye->look->look_at = at;
}

/* Since the alert fired; before that, as far as rules have the past of the card kept, and a day at most. */
static void begin_fall(const struct cw_eye *eye, struct cw_fall *fall)
{
        const struct cw_look *look = eye->look;
        int64_t kept_ms = eye->engine->needs.window_ms[CW_FIELD_AVAILABLE];
        int64_t begins_at = look->at - (kept_ms < CW_DAY_MS ? kept_ms : CW_DAY_MS);

        if (begins_at < look->record->first_seen_at)
                begins_at = look->record->first_seen_at;
        if (kept_ms > 0)
                cw_trail_fall(look->trail, begins_at, look->at, look->card->available, fall);
        else
                cw_fall_begin(fall, look->at, look->card->available);
}

static void follow_fall(const struct cw_eye *eye, struct cw_entry *draft)
{
        const struct cw_look *look = eye->look;
        const struct cw_entry *before = eye->alert && eye->alert->state == CW_ALERT_FIRING ? eye->alert->entry : NULL;

        if (eye->rule->on)
                return;
        if (before && strcmp(before->card.currency, look->card->currency) == 0)
                draft->fall = before->fall;
        else if (!before)
                begin_fall(eye, &draft->fall);
        cw_fall_tell(&draft->fall, look->at, look->card->available);
        draft->empty_at = cw_fall_ends_at(&draft->fall);
}

struct cw_entry cw_eye_draft(struct cw_eye *eye, enum cw_severity severity)
{
        const struct cw_look *look = eye->look;
        const struct cw_rule *rule = eye->rule;
        const struct cw_card *previous = eye->context.previous;
        const struct cw_expr *expr = cw_rule_decides(rule, severity);
        bool high_is_worse = false;
        struct cw_entry draft = {
                .severity = severity,
                .rule = rule->name,
                .source = look->state->name,
                .labels = rule->labels,
                .n_labels = rule->n_labels,
                .has_card = true,
                .card = *look->card,
                .reason = cw_expr_text(expr),
                .summary = rule->summary,
                .description = rule->description,
                .baseline = look->baseline,
                .confirmed = -1,
        };

        if (previous) {
                draft.has_previous = true;
                draft.previous = (struct cw_balances){
                        .available = previous->available,
                        .pending = previous->pending,
                        .total = previous->total,
                        .suppressed = previous->suppressed,
                };
        }
        draft.current = draft.fired = draft.worst = subject_of(expr, look->card, &high_is_worse);
        if (eye->alert && eye->alert->state == CW_ALERT_FIRING)
                draft.worst = worse(eye->alert->entry->worst, draft.current, high_is_worse);
        describe_limit(eye, expr, &draft);
        follow_fall(eye, &draft);
        return draft;
}

/*
 * Tells this observation from others of the card, those of an earlier life of it included: none is polled more often.
 * One that changed nothing is looked at once at most before the next that does.
 */
static uint32_t edge_of(const struct cw_look *look)
{
        return 2 * ((uint32_t)(look->record->first_seen_at / BEAT_LEAST_MS) + look->record->observations) +
               (look->counted ? 0 : 1);
}

static void record_event(struct cw_eye *eye, const struct cw_entry *entry)
{
        struct cw_buf detail = CW_BUF_NULL;
        struct cw_history_row row = {
                .at = eye->engine->now,
                .fingerprint = entry->fingerprint,
                .rule = (char *)entry->rule,
                .source = (char *)entry->source,
                .customer = eye->key.customer,
                .card = eye->key.card,
                .edge = edge_of(eye->look),
                .what = "event",
                .reason = (char *)entry->reason,
                .severity = (uint8_t)entry->severity,
        };

        cw_expr_explain(eye->rule->on, &eye->context, &detail);
        if (cw_buf_error(&detail) < 0)
                eye->engine->error = -ENOMEM;
        else
                row.detail = (char *)cw_buf_text(&detail);
        cw_changes_history(eye->engine->changes, &row);
        cw_buf_deinit(&detail);
}

static void look_for_event(struct cw_eye *eye)
{
        struct cw_entry draft, *entry;

        if (eye->look->baseline || cw_expr_truth(eye->rule->on, &eye->context) != CW_TRUE)
                return;
        draft = cw_eye_draft(eye, eye->rule->severity);
        draft.state = CW_ENTRY_EVENT;
        draft.started_at = eye->engine->now;
        draft.fingerprint = cw_alert_fingerprint(&eye->key);
        if (cw_entry_new(&draft, &entry) < 0) {
                eye->engine->error = -ENOMEM;
                return;
        }
        record_event(eye, entry);
        cw_policy_event(&eye->engine->policy, entry, edge_of(eye->look));
        cw_entry_unref(entry);
}

/* A reading that was asked for is compared with what the one before it was compared with. */
static const struct cw_card *previous_for(struct cw_eye *eye)
{
        const struct cw_asked *asked = eye->alert ? eye->alert->asked : NULL;

        if (!asked || (!eye->look->again && !eye->look->unreadable))
                return eye->look->previous;
        eye->previous = asked->previous;
        return asked->has_previous ? &eye->previous : NULL;
}

static void open_eye(struct cw_eye *eye)
{
        const struct cw_look *look = eye->look;
        const struct cw_rule *rule = eye->rule;
        struct cw_card active = *look->card;

        eye->visible = cw_match_card(&rule->match, look->state->name, look->card) &&
                       (rule->sees_suppressed || !look->card->suppressed);
        active.suppressed = false;
        eye->could_arm = rule->arm_after_clear && look->newly && !eye->visible &&
                         cw_match_card(&rule->match, look->state->name, &active);
        if (rule->on)
                return;
        eye->fingerprint = cw_alert_fingerprint(&eye->key);
        eye->alert = cw_alerts_find(&eye->engine->alerts, eye->fingerprint);
}

void cw_engine_look(struct cw_engine *engine, const struct cw_look *look)
{
        const struct cw_rule *rule = &engine->rules->rules[look->rule];
        struct cw_eye eye = {
                .engine = engine,
                .look = look,
                .rule = rule,
                .key = {.rule = rule->name,
                        .source = look->state->name,
                        .customer = look->card->customer,
                        .card = look->card->id},
        };

        open_eye(&eye);
        if (look->repeated && !(eye.alert && eye.alert->asked))
                return;
        if (!eye.visible && !eye.could_arm && !(eye.alert && eye.alert->state != CW_ALERT_INACTIVE))
                return;
        cw_rule_params(rule, look->state->name, look->card, eye.params);
        eye.context = (struct cw_expr_context){
                .now = look->card,
                .previous = previous_for(&eye),
                .source = look->state->name,
                .params = eye.params,
                .appeared = look->appeared,
                .disappeared = look->disappeared,
                .at = look->at,
                .first_seen_at = look->record->first_seen_at,
                .trail = look->trail,
                .look_at = look->look_at,
        };
        if (rule->on && eye.visible)
                look_for_event(&eye);
        else if (!rule->on)
                cw_engine_live(&eye);
        cw_buf_deinit(&eye.limit_text);
        cw_buf_deinit(&eye.limit_label);
}

void cw_engine_card_gone(struct cw_engine *engine, const struct cw_source_state *state, const struct cw_card *card,
                         const char *reason)
{
        for (size_t i = 0; i < engine->rules->n_rules; i++) {
                struct cw_alert_key key = {
                        .rule = engine->rules->rules[i].name,
                        .source = state->name,
                        .customer = card->customer,
                        .card = card->id,
                };
                struct cw_alert *alert = cw_alerts_find(&engine->alerts, cw_alert_fingerprint(&key));

                if (alert && alert->state == CW_ALERT_FIRING)
                        cw_engine_resolve_as_is(engine, alert, reason);
                else if (alert && alert->state != CW_ALERT_INACTIVE)
                        cw_engine_stop_waiting(engine, alert, reason);
        }
}
