/* SPDX-License-Identifier: Apache-2.0 */
/* A literal becomes a ruleset the way the configuration would have built it. */
#include "ruleset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/expr.h"
#include "cardwatch/value.h"

static void *must(void *memory)
{
        if (!memory)
                abort();
        return memory;
}

static char *copy(const char *text)
{
        return text ? must(strdup(text)) : NULL;
}

static struct cw_value value_of(const char *text)
{
        struct cw_expr_error error;
        struct cw_value value;

        if (cw_value_parse(text, strlen(text), &value, &error) < 0) {
                fprintf(stderr, "%s: %s\n", text, error.message);
                abort();
        }
        return value;
}

static struct cw_expr *compile(const char *text, const struct cw_rule *rule, bool is_event)
{
        struct cw_expr_scope scope = {.is_event = is_event};
        enum cw_value_type type;
        struct cw_expr_error error = {0};
        struct cw_expr *expr;

        if (!text)
                return NULL;
        if (rule->n_params) {
                type = rule->params[0].type;
                scope.params = (struct cw_expr_params){1, (const char *const *)rule->param_names, &type};
        }
        if (cw_expr_compile(text, &scope, &expr, &error) < 0) {
                fprintf(stderr, "%s: %s\n", text, error.message);
                abort();
        }
        return expr;
}

static void match_customer(struct cw_match *match, int64_t customer)
{
        match->customers = must(malloc(sizeof(int64_t)));
        match->customers[0] = customer;
        match->n_customers = 1;
}

static void build_overrides(struct cw_rule *rule, const struct rule_spec *spec)
{
        rule->overrides = must(calloc(SPEC_OVERRIDES, sizeof(*rule->overrides)));
        for (size_t i = 0; i < SPEC_OVERRIDES && spec->overrides[i].value; i++) {
                struct cw_override *override = &rule->overrides[rule->n_overrides++];

                match_customer(&override->match, spec->overrides[i].customer);
                override->params = must(calloc(1, sizeof(*override->params)));
                override->params[0] = value_of(spec->overrides[i].value);
                override->given = must(calloc(1, sizeof(bool)));
                override->given[0] = true;
        }
}

static void build_levels(struct cw_rule *rule, const struct rule_spec *spec)
{
        rule->levels = must(calloc(SPEC_LEVELS, sizeof(*rule->levels)));
        for (; rule->n_levels < SPEC_LEVELS && spec->levels[rule->n_levels].when; rule->n_levels++)
                rule->levels[rule->n_levels] = (struct cw_level){
                        .severity = spec->levels[rule->n_levels].severity,
                        .when = compile(spec->levels[rule->n_levels].when, rule, false),
                };
}

static void build_life(struct cw_rule *rule, const struct rule_spec *spec)
{
        rule->for_ms = spec->for_ms;
        rule->keep_firing_for_ms = spec->keep_firing_for_ms;
        rule->flap = spec->flap;
        rule->flap_critical = spec->flap_critical;
        rule->arm_after_clear = spec->arm_after_clear;
        rule->confirm = spec->confirm;
}

static void build_rule(struct cw_rule *rule, const struct rule_spec *spec)
{
        rule->name = copy(spec->name);
        rule->enabled = !spec->disabled;
        rule->severity = spec->severity ? spec->severity : CW_SEVERITY_WARNING;
        rule->match.suppressed = spec->suppressed;
        if (spec->only_customer)
                match_customer(&rule->match, spec->only_customer);
        if (spec->param) {
                rule->n_params = 1;
                rule->param_names = must(calloc(1, sizeof(char *)));
                rule->param_names[0] = copy(spec->param);
                rule->params = must(calloc(1, sizeof(*rule->params)));
                rule->params[0] = value_of(spec->value);
                build_overrides(rule, spec);
        }
        if (spec->label) {
                rule->labels = must(calloc(1, sizeof(*rule->labels)));
                rule->labels[0] = (struct cw_label){copy(spec->label), copy(spec->label_value)};
                rule->n_labels = 1;
        }
        rule->when = compile(spec->when, rule, false);
        rule->clear = compile(spec->clear, rule, false);
        rule->on = compile(spec->on, rule, true);
        build_levels(rule, spec);
        build_life(rule, spec);
        cw_rule_seal(rule);
}

static void build_sources(struct cw_ruleset *rules, const struct ruleset_spec *spec)
{
        rules->sources = must(calloc(SPEC_SOURCES, sizeof(*rules->sources)));
        do {
                const char *name = spec->sources[rules->n_sources];

                rules->sources[rules->n_sources++] = (struct cw_source_traits){
                        .name = copy(name ? name : "main"),
                        .every_ms = spec->every_ms ? spec->every_ms : CW_MINUTE_MS,
                        .stale_after = 3,
                        .missing_after = spec->missing_after ? spec->missing_after : 2,
                };
        } while (rules->n_sources < SPEC_SOURCES && spec->sources[rules->n_sources]);
}

static void build_customers(const struct notifier_spec *spec, struct cw_notifier_traits *traits)
{
        traits->copies = spec->copies;
        traits->customers = must(calloc(SPEC_CUSTOMERS, sizeof(*traits->customers)));
        while (traits->n_customers < SPEC_CUSTOMERS && spec->customers[traits->n_customers]) {
                traits->customers[traits->n_customers] = spec->customers[traits->n_customers];
                traits->n_customers++;
        }
}

static void build_fallback(const struct cw_ruleset *rules, struct cw_notifier_traits *traits,
                           const struct notifier_spec *spec)
{
        traits->fallback = must(calloc(2, sizeof(*traits->fallback)));
        for (size_t k = 0; k < 2 && spec->fallback[k]; k++)
                for (size_t i = 0; i < rules->n_notifiers; i++)
                        if (strcmp(rules->notifiers[i].name, spec->fallback[k]) == 0)
                                traits->fallback[traits->n_fallback++] = i;
}

static void build_notifiers(struct cw_ruleset *rules, const struct ruleset_spec *spec)
{
        rules->notifiers = must(calloc(SPEC_NOTIFIERS, sizeof(*rules->notifiers)));
        rules->route.notify = must(calloc(SPEC_NOTIFIERS, sizeof(size_t)));
        do {
                const struct notifier_spec *notifier = &spec->notifiers[rules->n_notifiers];

                if (!notifier->unrouted && !notifier->copies)
                        rules->route.notify[rules->route.n_notify++] = rules->n_notifiers;
                rules->notifiers[rules->n_notifiers++] = (struct cw_notifier_traits){
                        .name = copy(notifier->name ? notifier->name : "chat"),
                        .send_resolved = !notifier->no_ends,
                        .list = notifier->list_all ? CW_LIST_ALL
                                : notifier->list   ? notifier->list
                                                   : 20,
                        .retry_for_ms = notifier->retry_for_ms ? notifier->retry_for_ms : CW_DAY_MS,
                        .token_ms = notifier->token_ms,
                };
                build_customers(notifier, &rules->notifiers[rules->n_notifiers - 1]);
        } while (rules->n_notifiers < SPEC_NOTIFIERS && spec->notifiers[rules->n_notifiers].name);
        for (size_t i = 0; i < rules->n_notifiers; i++)
                build_fallback(rules, &rules->notifiers[i], &spec->notifiers[i]);
}

static void build_route(struct cw_ruleset *rules, const struct ruleset_spec *spec)
{
        static const struct cw_group_by usual[] = {{.key = CW_GROUP_RULE}, {.key = CW_GROUP_CUSTOMER}};
        const struct cw_group_by *by = spec->n_group_by ? spec->group_by : usual;
        struct cw_route *route = &rules->route;

        route->n_group_by = spec->one_group ? 0 : spec->n_group_by ? spec->n_group_by : CW_ARRAY_SIZE(usual);
        route->group_by = must(calloc(SPEC_GROUP_BY, sizeof(*route->group_by)));
        for (size_t i = 0; i < route->n_group_by; i++)
                route->group_by[i] = (struct cw_group_by){by[i].key, copy(by[i].label)};
        route->group_wait_ms = spec->group_wait_ms;
        route->group_interval_ms = spec->group_interval_ms;
        route->repeat_every_ms = spec->repeat_every_ms;
}

static void build_digests(struct cw_ruleset *rules, const struct ruleset_spec *spec)
{
        rules->digests = must(calloc(SPEC_DIGESTS, sizeof(*rules->digests)));
        for (; rules->n_digests < SPEC_DIGESTS && spec->digests[rules->n_digests].name; rules->n_digests++) {
                const struct digest_spec *from = &spec->digests[rules->n_digests];
                struct cw_digest_plan *plan = &rules->digests[rules->n_digests];

                *plan = (struct cw_digest_plan){.name = copy(from->name),
                                                .days = from->days ? from->days : CW_EVERY_DAY,
                                                .at_min = from->at_min,
                                                .per_customer = from->per_customer};
                plan->notify = must(calloc(rules->n_notifiers + 1, sizeof(*plan->notify)));
                for (; plan->n_notify < rules->n_notifiers; plan->n_notify++)
                        plan->notify[plan->n_notify] = plan->n_notify;
        }
}

struct cw_ruleset *ruleset_build(const struct ruleset_spec *spec)
{
        struct cw_ruleset *rules;

        if (cw_ruleset_new(&rules) < 0)
                abort();
        build_sources(rules, spec);
        rules->rules = must(calloc(SPEC_RULES, sizeof(*rules->rules)));
        while (rules->n_rules < SPEC_RULES && spec->rules[rules->n_rules].name) {
                build_rule(&rules->rules[rules->n_rules], &spec->rules[rules->n_rules]);
                rules->n_rules++;
        }
        build_notifiers(rules, spec);
        build_digests(rules, spec);
        build_route(rules, spec);
        ruleset_build_routing(rules, &spec->routing);
        for (size_t i = 0; i < CW_BUILTIN_COUNT; i++)
                if (spec->builtins_off & (1u << i))
                        rules->builtins[i].enabled = false;
        return rules;
}
