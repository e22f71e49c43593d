/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the life of a ruleset: made empty with the builtins' defaults, filled by the configuration, counted, let go of.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/expr.h"
#include "cardwatch/overrides.h"
#include "cardwatch/rules.h"
#include "cardwatch/value.h"
#include "cardwatch/zone.h"

static const struct {
        const char *name;
        struct cw_builtin defaults;
} builtins[CW_BUILTIN_COUNT] = {
        [CW_BUILTIN_SOURCE_DOWN] = {"source-down", {true, CW_SEVERITY_CRITICAL, .after_polls = 3}},
        [CW_BUILTIN_AUTH_FAILED] = {"auth-failed", {true, CW_SEVERITY_CRITICAL, 0, 0}},
        [CW_BUILTIN_STALE] = {"stale", {true, CW_SEVERITY_CRITICAL, 0, 0}},
        [CW_BUILTIN_SUSPECT_SNAPSHOT] = {"suspect-snapshot", {true, CW_SEVERITY_CRITICAL, 0, 0}},
        [CW_BUILTIN_BAD_DATA] = {"bad-data", {true, CW_SEVERITY_WARNING, 0, 0}},
        [CW_BUILTIN_NOTIFIER_FAILING] = {"notifier-failing", {true, CW_SEVERITY_WARNING, .after_ms = 5 * CW_MINUTE_MS}},
        [CW_BUILTIN_STORE_FAILING] = {"store-failing", {true, CW_SEVERITY_CRITICAL, 0, 0}},
        [CW_BUILTIN_RELOAD_FAILED] = {"reload-failed", {true, CW_SEVERITY_WARNING, 0, 0}},
        [CW_BUILTIN_CLOCK_SKEW] = {"clock-skew", {true, CW_SEVERITY_WARNING, 0, 0}},
};

const char *cw_builtin_name(enum cw_builtin_kind kind)
{
        assert((size_t)kind < CW_BUILTIN_COUNT);
        return builtins[kind].name;
}

int cw_ruleset_new(struct cw_ruleset **ret_rules)
{
        struct cw_ruleset *rules = calloc(1, sizeof(*rules));

        if (!rules)
                return -ENOMEM;
        rules->refs = 1;
        for (size_t i = 0; i < CW_BUILTIN_COUNT; i++)
                rules->builtins[i] = builtins[i].defaults;
        *ret_rules = rules;
        return 0;
}

struct cw_ruleset *cw_ruleset_ref(struct cw_ruleset *rules)
{
        assert(rules->refs > 0);
        rules->refs++;
        return rules;
}

static void override_deinit(struct cw_override *override, size_t n_params)
{
        cw_match_deinit(&override->match);
        for (size_t i = 0; override->params && i < n_params; i++)
                cw_value_deinit(&override->params[i]);
        free(override->params);
        free(override->given);
        cw_override_table_free(override->table);
}

static void rule_deinit(struct cw_rule *rule)
{
        for (size_t i = 0; i < rule->n_overrides; i++)
                override_deinit(&rule->overrides[i], rule->n_params);
        free(rule->overrides);
        for (size_t i = 0; i < rule->n_params; i++) {
                free(rule->param_names[i]);
                cw_value_deinit(&rule->params[i]);
        }
        free(rule->param_names);
        free(rule->params);
        for (size_t i = 0; i < rule->n_labels; i++) {
                free(rule->labels[i].name);
                free(rule->labels[i].value);
        }
        free(rule->labels);
        cw_match_deinit(&rule->match);
        cw_expr_free(rule->when);
        cw_expr_free(rule->clear);
        for (size_t i = 0; i < rule->n_levels; i++)
                cw_expr_free(rule->levels[i].when);
        free(rule->levels);
        cw_expr_free(rule->on);
        free(rule->summary);
        free(rule->description);
        free(rule->name);
}

void cw_ruleset_unref(struct cw_ruleset *rules)
{
        if (!rules)
                return;
        assert(rules->refs > 0);
        if (--rules->refs > 0)
                return;
        for (size_t i = 0; i < rules->n_rules; i++)
                rule_deinit(&rules->rules[i]);
        free(rules->rules);
        for (size_t i = 0; i < rules->n_sources; i++)
                free(rules->sources[i].name);
        free(rules->sources);
        for (size_t i = 0; i < rules->n_notifiers; i++) {
                free(rules->notifiers[i].name);
                free(rules->notifiers[i].customers);
                free(rules->notifiers[i].fallback);
        }
        free(rules->notifiers);
        for (size_t i = 0; i < rules->n_digests; i++)
                cw_digest_plan_deinit(&rules->digests[i]);
        free(rules->digests);
        cw_route_deinit(&rules->route);
        for (size_t i = 0; i < rules->n_windows; i++)
                cw_window_deinit(&rules->windows[i]);
        free(rules->windows);
        cw_zone_free(rules->zone);
        for (size_t i = 0; i < rules->n_inhibitions; i++)
                cw_inhibition_deinit(&rules->inhibitions[i]);
        free(rules->inhibitions);
        free(rules);
}

bool cw_ruleset_is_fallback(const struct cw_ruleset *rules, size_t notifier)
{
        for (size_t i = 0; i < rules->n_notifiers; i++)
                for (size_t k = 0; k < rules->notifiers[i].n_fallback; k++)
                        if (rules->notifiers[i].fallback[k] == notifier)
                                return true;
        return false;
}
