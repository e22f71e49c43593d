/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: why an alert is in its state, told from the engine's own state and by the evaluation that it decides by. */
#include <errno.h>
#include <string.h>

#include "cardwatch/engine_view.h"
#include "engine_past.h"
#include "engine_private.h"
#include "policy_hold.h"
#include "policy_tellings.h"
#include "rule_judge.h"
#include "rule_params.h"

struct subject {
        const struct cw_engine *engine;
        const struct cw_explain_style *style;
        struct cw_buf *buf;
        const char *rule_name, *source;
        int64_t customer, card;
        const struct cw_alert *alert; /* NULL: it never was anything but inactive */
        const struct cw_rule *rule; /* NULL: one of the daemon's own */
        const struct cw_source_state *state;
        const struct cw_record *record; /* NULL: the card is not known */
        struct cw_value params[CW_RULE_PARAMS_MAX];
        struct cw_card shown;
        struct cw_expr_context context;
};

static void say_time(struct subject *subject, const char *before, int64_t at)
{
        cw_buf_puts(subject->buf, before);
        subject->style->write_time(subject->buf, at);
}

static void say_state(struct subject *subject)
{
        static const char *const states[] = {
                [CW_ALERT_INACTIVE] = "inactive",
                [CW_ALERT_FIRING] = "firing",
                [CW_ALERT_WAITING] = "waiting",
                [CW_ALERT_UNARMED] = "unarmed: the card was never seen clear",
        };
        const struct cw_alert *alert = subject->alert;
        enum cw_alert_state state = alert ? alert->state : CW_ALERT_INACTIVE;

        cw_buf_puts(subject->buf, states[state]);
        if (state == CW_ALERT_FIRING) {
                cw_buf_printf(subject->buf, " (%s)", cw_severity_name(alert->severity));
                say_time(subject, " since ", alert->entry->fired_at);
        } else if (state == CW_ALERT_WAITING) {
                say_time(subject, " since ", alert->since_at);
        } else if (alert && alert->moved_at) {
                say_time(subject, " since ", alert->moved_at);
        }
        if (alert && alert->episode)
                cw_buf_printf(subject->buf, ", fired %u %s so far", alert->episode,
                              alert->episode == 1 ? "time" : "times");
        cw_buf_putc(subject->buf, '\n');
}

static void say_expr(struct subject *subject, const char *label, const struct cw_expr *expr)
{
        if (!expr)
                return;
        cw_buf_printf(subject->buf, "  %s: ", label);
        cw_expr_explain(expr, &subject->context, subject->buf);
        cw_buf_putc(subject->buf, '\n');
}

static bool is_first(const struct cw_record *record)
{
        return record->observed_at == record->first_seen_at;
}

static void say_conditions(struct subject *subject)
{
        const struct cw_rule *rule = subject->rule;

        say_time(subject, "as the card was observed last, ", subject->record->observed_at);
        cw_buf_puts(subject->buf, ":\n");
        if (rule->looks_back && !subject->context.previous && !is_first(subject->record))
                cw_buf_puts(subject->buf, "  it changed then, and what it was before is not kept\n");
        if (!cw_match_card(&rule->match, subject->source, &subject->shown))
                cw_buf_puts(subject->buf, "  the rule does not match this card\n");
        else if (subject->shown.suppressed && !rule->sees_suppressed)
                cw_buf_puts(subject->buf, "  the card is deactivated, and the rule skips such cards\n");
        for (size_t i = rule->n_levels; i-- > 0;)
                say_expr(subject, cw_severity_name(rule->levels[i].severity), rule->levels[i].when);
        say_expr(subject, "when", rule->when);
        say_expr(subject, "clear", rule->clear);
        say_expr(subject, "on", rule->on);
}

static void say_duration(struct subject *subject, const char *label, int64_t ms)
{
        cw_buf_printf(subject->buf, "%s ", label);
        subject->style->write_duration(subject->buf, ms);
}

static void say_clocks(struct subject *subject)
{
        const struct cw_alert *alert = subject->alert;
        const struct cw_rule *rule = subject->rule;

        if (alert->state == CW_ALERT_WAITING) {
                say_duration(subject, "fires when the condition has been true", rule->for_ms);
                say_time(subject, ": at the first observation from ", alert->since_at + rule->for_ms);
                cw_buf_puts(subject->buf, alert->asked ? "; its customer is being read once more\n" : "\n");
        }
        if (alert->clear_at) {
                say_time(subject, "could resolve since ", alert->clear_at);
                say_duration(subject, ", and does after", rule->keep_firing_for_ms);
                cw_buf_putc(subject->buf, '\n');
        }
        if (alert->flapping)
                say_time(subject, "flapping: quiet until it has not moved for the window; it moved last ",
                         alert->moved_at);
        cw_buf_puts(subject->buf, alert->flapping ? "\n" : "");
}

static void say_telling(struct subject *subject, const struct cw_telling *telling)
{
        static const char *const known[] = {
                [CW_KNOWN_NOTHING] = "was told nothing",
                [CW_KNOWN_FIRING] = "knows that it fires",
                [CW_KNOWN_RESOLVED] = "knows that it is over",
        };
        const char *held_by = cw_policy_held_by(&subject->engine->policy, subject->alert, telling);

        cw_buf_printf(subject->buf, "  %s %s", telling->notifier, known[telling->accepted.state]);
        if (telling->under_way)
                cw_buf_puts(subject->buf, "; a message is under way");
        if (telling->queued)
                cw_buf_puts(subject->buf, "; a message waits");
        if (held_by)
                cw_buf_printf(subject->buf, "; held by %s", held_by);
        if (telling->dead_edge)
                cw_buf_puts(subject->buf, "; a message became a dead letter");
        cw_buf_putc(subject->buf, '\n');
}

static void say_tellings(struct subject *subject)
{
        const struct cw_ruleset *rules = subject->engine->rules;
        bool any = false;

        for (size_t i = 0; i < rules->n_notifiers; i++) {
                const struct cw_telling *telling = cw_map_get(
                        &subject->engine->policy.tellings,
                        cw_ledger_key(rules->notifiers[i].name, subject->alert->fingerprint));

                if (!telling)
                        continue;
                cw_buf_puts(subject->buf, any ? "" : "receivers:\n");
                say_telling(subject, telling);
                any = true;
        }
}

/* An observation that changed nothing was of what had been observed before. */
static const struct cw_card *previous_of(const struct subject *subject)
{
        return subject->record->look_again || is_first(subject->record) ? NULL : &subject->shown;
}

static void find_card(struct subject *subject)
{
        const struct cw_engine *engine = subject->engine;

        for (size_t i = 0; i < engine->n_sources; i++)
                if (strcmp(engine->sources[i].name, subject->source) == 0)
                        subject->state = &engine->sources[i];
        if (!subject->state)
                return;
        subject->record = cw_snapshot_find(&subject->state->snapshot, subject->card);
        if (subject->record && subject->record->customer != subject->customer)
                subject->record = NULL;
        if (!subject->record || !subject->rule)
                return;
        subject->shown = cw_snapshot_card(&subject->state->snapshot, subject->record);
        cw_rule_params(subject->rule, subject->source, &subject->shown, subject->params);
        subject->context = (struct cw_expr_context){
                .now = &subject->shown,
                .previous = previous_of(subject),
                .source = subject->source,
                .params = subject->params,
                .at = subject->record->observed_at,
                .first_seen_at = subject->record->first_seen_at,
                .trail = cw_engine_trail(subject->state, subject->card),
        };
}

/* An alert that never fired nor waited has no memory: it is looked for among all rules and cards. */
static bool find_by_hash(struct subject *subject, uint64_t fingerprint)
{
        const struct cw_engine *engine = subject->engine;

        for (size_t s = 0; s < engine->n_sources; s++)
                for (size_t i = 0; i < engine->sources[s].snapshot.n; i++)
                        for (size_t r = 0; r < engine->rules->n_rules; r++) {
                                const struct cw_record *record = cw_snapshot_at(&engine->sources[s].snapshot, i);
                                struct cw_alert_key key = {engine->rules->rules[r].name, engine->sources[s].name,
                                                           record->customer, record->id};

                                if (cw_alert_fingerprint(&key) != fingerprint)
                                        continue;
                                subject->rule_name = key.rule;
                                subject->source = key.source;
                                subject->customer = key.customer;
                                subject->card = key.card;
                                return true;
                        }
        return false;
}

static bool find(struct subject *subject, uint64_t fingerprint)
{
        size_t rule;

        subject->alert = cw_alerts_find(&subject->engine->alerts, fingerprint);
        if (subject->alert) {
                subject->rule_name = subject->alert->rule;
                subject->source = subject->alert->source;
                subject->customer = subject->alert->customer;
                subject->card = subject->alert->card;
        } else if (!find_by_hash(subject, fingerprint)) {
                return false;
        }
        rule = cw_engine_rule_index(subject->engine, subject->rule_name);
        subject->rule = rule == SIZE_MAX ? NULL : &subject->engine->rules->rules[rule];
        find_card(subject);
        return true;
}

int cw_engine_explain(const struct cw_engine *engine, uint64_t fingerprint, const struct cw_explain_style *style,
                      struct cw_buf *buf)
{
        struct subject subject = {.engine = engine, .style = style, .buf = buf};

        if (!find(&subject, fingerprint))
                return -ENOENT;
        cw_buf_puts(buf, subject.rule_name);
        if (subject.rule)
                cw_buf_printf(buf, " · card %lld of customer %lld", (long long)subject.card,
                              (long long)subject.customer);
        if (*subject.source)
                cw_buf_printf(buf, " · %s", subject.source);
        cw_buf_putc(buf, '\n');
        if (!subject.rule || !subject.rule->on)
                say_state(&subject);
        if (subject.alert && subject.alert->entry && !subject.rule)
                cw_buf_printf(buf, "  %s\n", subject.alert->entry->summary);
        if (subject.rule && subject.record)
                say_conditions(&subject);
        else if (subject.rule)
                cw_buf_puts(buf, "the card is not known any more\n");
        if (subject.rule && subject.alert)
                say_clocks(&subject);
        if (subject.alert)
                say_tellings(&subject);
        return cw_buf_error(buf);
}
