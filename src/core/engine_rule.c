/* SPDX-License-Identifier: Apache-2.0 */
/* One rule, one observation: does an alert open, go on, or end; did an event happen. */
#include <errno.h>
#include <string.h>

#include "cardwatch/expr_subject.h"
#include "cardwatch/value.h"
#include "engine_private.h"
#include "rule_params.h"

#define TEXT_MAX 256

/* Everything needed while one rule looks at one card; on the stack, so that a look allocates nothing unless something
 * changes. */
struct eye {
        struct cw_engine *engine;
        const struct cw_look *look;
        const struct cw_rule *rule;
        struct cw_alert_key key;
        struct cw_alert *alert; /* NULL: it never fired */
        struct cw_value params[CW_RULE_PARAMS_MAX];
        struct cw_expr_context context;
        char limit_label[TEXT_MAX];
        struct cw_buf limit_text;
};

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

static void describe_limit(struct eye *eye, const struct cw_expr *expr, struct cw_entry *draft)
{
        struct cw_expr_limit limit;
        size_t len;

        if (cw_expr_limit(expr, &eye->context, &limit) != 0 || !limit.value.known)
                return;
        len = limit.label_len < TEXT_MAX - 1 ? limit.label_len : TEXT_MAX - 1;
        memcpy(eye->limit_label, limit.label, len);
        eye->limit_label[len] = '\0';
        if (limit.value.type == CW_VALUE_AMOUNT || limit.value.type == CW_VALUE_NUMBER)
                cw_amount_format(&eye->limit_text, limit.value.number, cw_currency_digits(eye->look->card->currency));
        else
                cw_value_format(&eye->limit_text, &limit.value);
        if (cw_buf_error(&eye->limit_text) < 0) {
                eye->engine->error = -ENOMEM;
                return;
        }
        draft->limit_label = eye->limit_label;
        draft->limit_text = cw_buf_text(&eye->limit_text);
}

/* The entry as this observation shows it; everything in it is borrowed. */
static struct cw_entry draft_of(struct eye *eye)
{
        const struct cw_look *look = eye->look;
        const struct cw_rule *rule = eye->rule;
        const struct cw_expr *expr = rule->when ? rule->when : rule->on;
        bool high_is_worse = false;
        struct cw_entry draft = {
                .severity = rule->severity,
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

        if (look->previous) {
                draft.has_previous = true;
                draft.previous = (struct cw_balances){
                        .available = look->previous->available,
                        .pending = look->previous->pending,
                        .total = look->previous->total,
                        .suppressed = look->previous->suppressed,
                };
        }
        draft.current = draft.fired = draft.worst = subject_of(expr, look->card, &high_is_worse);
        if (eye->alert && eye->alert->state == CW_ALERT_FIRING)
                draft.worst = worse(eye->alert->entry->worst, draft.current, high_is_worse);
        describe_limit(eye, expr, &draft);
        return draft;
}

static void open_alert(struct eye *eye)
{
        struct cw_alert *alert;
        struct cw_entry draft = draft_of(eye);

        if (cw_alerts_get(&eye->engine->alerts, &eye->key, &alert) < 0)
                eye->engine->error = -ENOMEM;
        else
                cw_engine_fire(eye->engine, alert, &draft);
}

static bool is_over(const struct eye *eye)
{
        const struct cw_rule *rule = eye->rule;

        if (rule->clear)
                return cw_expr_truth(rule->clear, &eye->context) == CW_TRUE;
        return cw_expr_truth(rule->when, &eye->context) == CW_FALSE;
}

static void go_on(struct eye *eye)
{
        struct cw_entry draft;

        if (!is_over(eye)) {
                if (eye->look->unchanged)
                        return;
                draft = draft_of(eye);
                cw_engine_update(eye->engine, eye->alert, &draft);
                return;
        }
        draft = draft_of(eye);
        cw_engine_resolve(eye->engine, eye->alert, &draft,
                          eye->rule->clear ? cw_expr_text(eye->rule->clear) : "the condition is no longer true");
}

static void look_at_condition(struct eye *eye, bool visible)
{
        bool firing = eye->alert && eye->alert->state == CW_ALERT_FIRING;

        if (!visible && firing) {
                struct cw_entry draft = draft_of(eye);

                cw_engine_resolve(eye->engine, eye->alert, &draft,
                                  eye->look->card->suppressed ? "card suppressed"
                                                              : "the rule no longer matches the card");
        } else if (visible && firing) {
                go_on(eye);
        } else if (visible && cw_expr_truth(eye->rule->when, &eye->context) == CW_TRUE) {
                open_alert(eye);
        }
}

/* Tells this observation from others of the card, those of an earlier life of it included. */
static uint32_t edge_of(const struct cw_record *record)
{
        return (uint32_t)(record->first_seen_at / 1000) + record->observations;
}

static void look_for_event(struct eye *eye)
{
        struct cw_entry draft, *entry;
        struct cw_history_row row;

        if (eye->look->baseline || cw_expr_truth(eye->rule->on, &eye->context) != CW_TRUE)
                return;
        draft = draft_of(eye);
        draft.state = CW_ENTRY_EVENT;
        draft.started_at = eye->engine->now;
        draft.fingerprint = cw_alert_fingerprint(&eye->key);
        if (cw_entry_new(&draft, &entry) < 0) {
                eye->engine->error = -ENOMEM;
                return;
        }
        row = (struct cw_history_row){
                .at = eye->engine->now,
                .fingerprint = entry->fingerprint,
                .rule = (char *)entry->rule,
                .source = (char *)entry->source,
                .customer = eye->key.customer,
                .card = eye->key.card,
                .edge = edge_of(eye->look->record),
                .what = "event",
                .reason = (char *)entry->reason,
        };
        cw_changes_history(eye->engine->changes, &row);
        cw_policy_event(&eye->engine->policy, entry, edge_of(eye->look->record));
        cw_entry_unref(entry);
}

void cw_engine_look(struct cw_engine *engine, const struct cw_look *look)
{
        const struct cw_rule *rule = &engine->rules->rules[look->rule];
        struct eye eye = {
                .engine = engine,
                .look = look,
                .rule = rule,
                .key = {.rule = rule->name,
                        .source = look->state->name,
                        .customer = look->card->customer,
                        .card = look->card->id},
        };
        bool visible = cw_match_card(&rule->match, look->state->name, look->card) &&
                       (rule->sees_suppressed || !look->card->suppressed);

        if (rule->when)
                eye.alert = cw_alerts_find(&engine->alerts, cw_alert_fingerprint(&eye.key));
        if (!visible && !(eye.alert && eye.alert->state == CW_ALERT_FIRING))
                return;
        cw_rule_params(rule, look->state->name, look->card, eye.params);
        eye.context = (struct cw_expr_context){
                .now = look->card,
                .previous = look->previous,
                .source = look->state->name,
                .params = eye.params,
                .appeared = look->appeared,
                .disappeared = look->disappeared,
        };
        if (rule->when)
                look_at_condition(&eye, visible);
        else
                look_for_event(&eye);
        cw_buf_deinit(&eye.limit_text);
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
        }
}
