/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another ruleset comes into force. A rule is its name and its meaning: one that is the same keeps its alerts and is
 * not evaluated anew; a new or changed one is looked at with every card until its source's next complete poll; the
 * alerts of one that is gone end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_flap.h"
#include "engine_past.h"
#include "engine_private.h"
#include "policy_groups.h"

size_t cw_engine_rule_index(const struct cw_engine *engine, const char *name)
{
        for (size_t i = 0; i < engine->rules->n_rules; i++)
                if (engine->rules->rules[i].enabled && strcmp(engine->rules->rules[i].name, name) == 0)
                        return i;
        return SIZE_MAX;
}

static bool is_builtin(const struct cw_engine *engine, const char *name, bool *ret_enabled)
{
        for (size_t i = 0; i < CW_BUILTIN_COUNT; i++) {
                if (strcmp(cw_builtin_name((enum cw_builtin_kind)i), name) != 0)
                        continue;
                *ret_enabled = engine->rules->builtins[i].enabled;
                return true;
        }
        return false;
}

static bool has_source(const struct cw_engine *engine, const char *name)
{
        for (size_t i = 0; i < engine->n_sources; i++)
                if (strcmp(engine->sources[i].name, name) == 0)
                        return true;
        return false;
}

/* The daemon's own alert about a notifier that is no longer configured. */
static bool is_about_nobody(const struct cw_engine *engine, const struct cw_alert *alert)
{
        for (size_t i = 0; i < alert->entry->n_labels; i++)
                if (strcmp(alert->entry->labels[i].name, "notifier") == 0)
                        return cw_policy_notifier_index(&engine->policy, alert->entry->labels[i].value) == SIZE_MAX;
        return false;
}

static const char *why_it_ends(const struct cw_engine *engine, const struct cw_alert *alert)
{
        bool enabled;
        size_t rule;

        if (*alert->source && !has_source(engine, alert->source))
                return "source removed";
        if (is_builtin(engine, alert->rule, &enabled))
                return !enabled ? "turned off" : is_about_nobody(engine, alert) ? "notifier removed" : NULL;
        rule = cw_engine_rule_index(engine, alert->rule);
        /* A rule of that name may have become one about events, which have no end. */
        return rule == SIZE_MAX || engine->rules->rules[rule].on ? "rule removed" : NULL;
}

static void end_orphaned_alerts(struct cw_engine *engine)
{
        size_t cursor = 0;
        uint64_t fingerprint;
        void *value;

        while (cw_map_next(&engine->alerts.map, &cursor, &fingerprint, &value)) {
                struct cw_alert *alert = value;
                enum cw_alert_state alert_state = alert->state;
                bool idle = alert_state == CW_ALERT_INACTIVE && !alert->shown_clear;
                const char *reason = idle ? NULL : why_it_ends(engine, alert);

                if (reason && alert->shown_clear)
                        cw_engine_forget_shown_clear(engine, alert); /* one that is inactive may be gone with it */
                if (reason && alert_state == CW_ALERT_FIRING)
                        cw_engine_resolve_as_is(engine, alert, reason);
                else if (reason && alert_state != CW_ALERT_INACTIVE)
                        cw_engine_stop_waiting(engine, alert, reason);
        }
}

/* The states of sources that stay move over; those that go are forgotten, new ones begin. */
static int move_sources(struct cw_engine *engine, struct cw_ruleset *rules)
{
        struct cw_source_state *sources = calloc(rules->n_sources + 1, sizeof(*sources));

        if (!sources)
                return -ENOMEM;
        for (size_t i = 0; i < rules->n_sources; i++) {
                struct cw_source_state *old = NULL;

                for (size_t j = 0; j < engine->n_sources; j++)
                        if (engine->sources[j].name && strcmp(engine->sources[j].name, rules->sources[i].name) == 0)
                                old = &engine->sources[j];
                if (old) {
                        sources[i] = *old;
                        sources[i].traits = &rules->sources[i];
                        old->name = NULL;
                } else if (cw_source_state_init(engine, &sources[i], &rules->sources[i]) < 0) {
                        engine->error = -ENOMEM;
                }
        }
        for (size_t j = 0; j < engine->n_sources; j++) {
                if (!engine->sources[j].name)
                        continue;
                cw_source_state_remember(engine, &engine->sources[j], true);
                cw_source_state_deinit(engine, &engine->sources[j]);
        }
        free(engine->sources);
        engine->sources = sources;
        engine->n_sources = rules->n_sources;
        return 0;
}

static const struct cw_rule *same_name(const struct cw_ruleset *rules, const char *name)
{
        for (size_t i = 0; i < rules->n_rules; i++)
                if (rules->rules[i].enabled && strcmp(rules->rules[i].name, name) == 0)
                        return &rules->rules[i];
        return NULL;
}

/*
 * A rule that is new or changed is looked at with every card that is known already, until the source's next complete
 * poll. Its row is written only then: whoever is restarted in between finds it changed once more.
 */
static int mark_fresh(struct cw_engine *engine, const struct cw_ruleset *before)
{
        size_t n = engine->rules->n_rules * engine->n_sources;
        bool *fresh = calloc(n + 1, sizeof(*fresh));

        if (!fresh)
                return -ENOMEM;
        free(engine->fresh);
        engine->fresh = fresh;
        for (size_t i = 0; i < engine->rules->n_rules; i++) {
                const struct cw_rule *rule = &engine->rules->rules[i];
                const struct cw_rule *old = same_name(before, rule->name);

                if (!rule->enabled || (old && old->meaning == rule->meaning))
                        continue;
                for (size_t s = 0; s < engine->n_sources; s++) {
                        *cw_engine_fresh(engine, i, s) = engine->sources[s].snapshot.n > 0;
                        engine->any_fresh |= *cw_engine_fresh(engine, i, s);
                        /* A poll under way has brought cards already, unchanged ones without staging them. */
                        engine->sources[s].fresh_until = engine->sources[s].poll + 1;
                }
        }
        return 0;
}

static bool is_fresh_anywhere(struct cw_engine *engine, size_t rule)
{
        bool fresh = false;

        for (size_t s = 0; s < engine->n_sources; s++)
                fresh |= *cw_engine_fresh(engine, rule, s);
        return fresh;
}

void cw_engine_remember_settled_rules(struct cw_engine *engine)
{
        for (size_t i = 0; i < engine->rules->n_rules; i++) {
                const struct cw_rule *rule = &engine->rules->rules[i];
                struct cw_rule_row row = {.name = rule->name, .meaning = rule->meaning};

                if (rule->enabled && !is_fresh_anywhere(engine, i))
                        cw_changes_rule(engine->changes, &row);
        }
}

/* What is stored of a rule that is looked at anew is void: it may become again what it was before all cards were seen.
 */
static void forget_unsettled_rules(struct cw_engine *engine)
{
        for (size_t i = 0; i < engine->rules->n_rules; i++) {
                struct cw_rule_row row = {.name = engine->rules->rules[i].name, .gone = true};

                if (is_fresh_anywhere(engine, i))
                        cw_changes_rule(engine->changes, &row);
        }
}

static void remember_rules(struct cw_engine *engine, const struct cw_ruleset *before)
{
        for (size_t i = 0; i < before->n_rules; i++) {
                struct cw_rule_row row = {.name = before->rules[i].name, .gone = true};

                if (!same_name(engine->rules, row.name))
                        cw_changes_rule(engine->changes, &row);
        }
        forget_unsettled_rules(engine);
        cw_engine_remember_settled_rules(engine);
}

void cw_engine_compare_rules(struct cw_engine *engine, const struct cw_ruleset *before)
{
        if (mark_fresh(engine, before) < 0)
                engine->error = -ENOMEM;
        end_orphaned_alerts(engine);
        cw_engine_grade_alerts(engine);
        remember_rules(engine, before);
}

/* A rule that was still fresh counts as one that was never there: it will be found new again. */
static int forget_fresh(struct cw_engine *engine, struct cw_ruleset **ret_before)
{
        struct cw_ruleset *before;
        int r = cw_ruleset_new(&before);

        if (r < 0)
                return r;
        before->rules = calloc(engine->rules->n_rules + 1, sizeof(*before->rules));
        for (size_t i = 0; before->rules && i < engine->rules->n_rules; i++) {
                struct cw_rule *rule = &before->rules[before->n_rules++];
                bool fresh = is_fresh_anywhere(engine, i);

                rule->name = strdup(engine->rules->rules[i].name);
                rule->enabled = engine->rules->rules[i].enabled;
                rule->meaning = fresh ? ~engine->rules->rules[i].meaning : engine->rules->rules[i].meaning;
                if (!rule->name)
                        engine->error = -ENOMEM;
        }
        if (!before->rules || engine->error) {
                cw_ruleset_unref(before);
                return -ENOMEM;
        }
        *ret_before = before;
        return 0;
}

void cw_engine_set_rules(struct cw_engine *engine, struct cw_ruleset *rules)
{
        struct cw_ruleset *old = engine->rules;
        struct cw_ruleset *before;

        if (forget_fresh(engine, &before) < 0) {
                engine->error = -ENOMEM;
                return;
        }
        if (move_sources(engine, rules) < 0) {
                cw_ruleset_unref(before);
                engine->error = -ENOMEM;
                return;
        }
        engine->rules = cw_ruleset_ref(rules);
        cw_engine_dress_alerts(engine); /* before who hears of them is asked by their labels */
        cw_policy_set_rules(&engine->policy, rules);
        cw_engine_reckon_needs(engine);
        cw_engine_compare_rules(engine, before);
        cw_engine_look_at_all(engine);
        cw_engine_flaps_anew(engine);
        cw_ruleset_unref(before);
        cw_ruleset_unref(old);
}
