/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: what a rule says besides when it fires (its severity, labels and words) is no part of its meaning, so that
 * nothing is looked at anew for it; what fires takes it over when the rules come into force.
 */
#include <errno.h>
#include <string.h>

#include "engine_private.h"

static bool same_text(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Labels and words as the rule says them. */
static bool is_dressed(const struct cw_entry *entry, const struct cw_rule *rule)
{
        bool same = entry->n_labels == rule->n_labels && same_text(entry->summary, rule->summary) &&
                    same_text(entry->description, rule->description);

        for (size_t i = 0; same && i < rule->n_labels; i++)
                same = strcmp(entry->labels[i].name, rule->labels[i].name) == 0 &&
                       strcmp(entry->labels[i].value, rule->labels[i].value) == 0;
        return same;
}

static void dress(struct cw_engine *engine, struct cw_alert *alert, const struct cw_rule *rule)
{
        struct cw_entry draft = *alert->entry, *entry;

        draft.labels = rule->labels;
        draft.n_labels = rule->n_labels;
        draft.summary = rule->summary;
        draft.description = rule->description;
        if (cw_entry_new(&draft, &entry) < 0) {
                engine->error = -ENOMEM;
                return;
        }
        cw_entry_unref(alert->entry);
        alert->entry = entry;
        cw_alert_remember(alert, engine->changes);
}

void cw_engine_dress_alerts(struct cw_engine *engine)
{
        size_t cursor = 0;
        void *value;

        while (!engine->error && cw_map_next(&engine->alerts.map, &cursor, NULL, &value)) {
                struct cw_alert *alert = value;
                size_t rule = alert->state == CW_ALERT_FIRING && alert->entry->has_card
                                      ? cw_engine_rule_index(engine, alert->rule)
                                      : SIZE_MAX;

                if (rule != SIZE_MAX && !engine->rules->rules[rule].on &&
                    !is_dressed(alert->entry, &engine->rules->rules[rule]))
                        dress(engine, alert, &engine->rules->rules[rule]);
        }
}

/* By this rule with all others of its source, or because it was missing or set aside when they were. */
static bool is_looked_at_anew(const struct cw_engine *engine, size_t rule, const struct cw_alert *alert)
{
        for (size_t s = 0; s < engine->n_sources; s++) {
                const struct cw_record *record;

                if (strcmp(engine->sources[s].name, alert->source) != 0)
                        continue;
                record = cw_snapshot_find(&engine->sources[s].snapshot, alert->card);
                return engine->fresh[rule * engine->n_sources + s] || !record || record->unsettled;
        }
        return true;
}

/* A card that is looked at anew shows then whether it fires, and how severely; levels are part of a rule's meaning. */
static enum cw_severity severity_by_rules(const struct cw_engine *engine, const struct cw_alert *alert)
{
        size_t rule = cw_engine_rule_index(engine, alert->rule);

        for (size_t i = 0; !alert->entry->has_card && i < CW_BUILTIN_COUNT; i++)
                if (strcmp(cw_builtin_name((enum cw_builtin_kind)i), alert->rule) == 0)
                        return engine->rules->builtins[i].severity;
        if (rule == SIZE_MAX || engine->rules->rules[rule].n_levels > 0 || is_looked_at_anew(engine, rule, alert))
                return alert->severity;
        return engine->rules->rules[rule].severity;
}

void cw_engine_grade_alerts(struct cw_engine *engine)
{
        size_t cursor = 0;
        void *value;

        while (!engine->error && cw_map_next(&engine->alerts.map, &cursor, NULL, &value)) {
                struct cw_alert *alert = value;
                enum cw_severity severity;

                if (alert->state != CW_ALERT_FIRING)
                        continue;
                severity = severity_by_rules(engine, alert);
                if (severity != alert->severity) {
                        struct cw_entry *before = cw_entry_ref(alert->entry);
                        struct cw_entry draft = *before;

                        draft.severity = severity;
                        cw_engine_update(engine, alert, &draft);
                        cw_entry_unref(before);
                }
        }
}
