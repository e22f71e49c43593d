/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the rules as they are in force, and how many alerts of each fire: counted in one go, for alerts may be many. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/expr.h"
#include "cardwatch/rules.h"
#include "cardwatch/settings.h"
#include "control_aside.h"
#include "control_call.h"

static const struct cw_config *config_of(const struct cw_control_call *call)
{
        return call->options->calls->settings(call->options->data)->config;
}

static void put_expr(struct cw_json_out *out, const char *name, const struct cw_expr *expr)
{
        cw_json_out_string(out, name, expr ? cw_expr_text(expr) : NULL);
}

/* How many alerts of a rule fire. */
struct tally {
        const char *rule;
        int64_t firing;
};

static int compare_tallies(const void *one, const void *other)
{
        return strcmp(((const struct tally *)one)->rule, ((const struct tally *)other)->rule);
}

static struct tally *find_tally(struct tally *tallies, const struct cw_ruleset *rules, const char *rule)
{
        const struct tally wanted = {.rule = rule};

        return bsearch(&wanted, tallies, rules->n_rules, sizeof(*tallies), compare_tallies);
}

/* Of all rules in one go, by name. NULL: out of memory. */
static struct tally *count_firing(const struct cw_engine *engine, const struct cw_ruleset *rules)
{
        struct tally *tallies = calloc(rules->n_rules + 1, sizeof(*tallies));
        const struct cw_entry *entry;
        size_t cursor = 0;

        for (size_t i = 0; tallies && i < rules->n_rules; i++)
                tallies[i].rule = rules->rules[i].name;
        if (!tallies)
                return NULL;
        qsort(tallies, rules->n_rules, sizeof(*tallies), compare_tallies);
        while (cw_engine_next_alert(engine, &cursor, &entry)) {
                struct tally *found = find_tally(tallies, rules, entry->rule);

                if (found) /* else the rule is built in */
                        found->firing++;
        }
        return tallies;
}

static void put_rule(struct cw_json_out *out, const struct cw_rule *rule, int64_t firing)
{
        cw_json_out_open(out, NULL, '{');
        cw_json_out_string(out, "name", rule->name);
        cw_json_out_bool(out, "enabled", rule->enabled);
        cw_json_out_string(out, "severity", rule->n_levels ? NULL : cw_severity_name(rule->severity));
        put_expr(out, "when", rule->when);
        cw_json_out_open(out, "levels", '[');
        for (size_t i = 0; i < rule->n_levels; i++) {
                cw_json_out_open(out, NULL, '{');
                cw_json_out_string(out, "severity", cw_severity_name(rule->levels[i].severity));
                put_expr(out, "when", rule->levels[i].when);
                cw_json_out_close(out, '}');
        }
        cw_json_out_close(out, ']');
        put_expr(out, "clear", rule->clear);
        put_expr(out, "on", rule->on);
        cw_json_out_int(out, "for_ms", rule->for_ms);
        cw_json_out_int(out, "keep_firing_for_ms", rule->keep_firing_for_ms);
        cw_json_out_open(out, "labels", '{');
        for (size_t i = 0; i < rule->n_labels; i++)
                cw_json_out_string(out, rule->labels[i].name, rule->labels[i].value);
        cw_json_out_close(out, '}');
        cw_json_out_int(out, "firing", firing);
        cw_json_out_close(out, '}');
}

static void write_page(struct cw_control_call *call, void *data)
{
        const struct cw_ruleset *ruleset = config_of(call)->rules;
        struct cw_json_out out = {.buf = &call->answer->body};
        cw_autofree struct tally *tallies = count_firing(call->options->calls->engine(call->options->data), ruleset);
        const struct cw_control_range *range = data;
        size_t end = cw_control_range_end(range, ruleset->n_rules);

        if (!tallies) {
                cw_control_refuse(call, 503, strerror(ENOMEM));
                return;
        }
        cw_json_out_open(&out, NULL, '{');
        cw_json_out_open(&out, "rules", '[');
        for (size_t i = (size_t)range->from; i < end; i++)
                put_rule(&out, &ruleset->rules[i], find_tally(tallies, ruleset, ruleset->rules[i].name)->firing);
        cw_json_out_close(&out, ']');
        cw_control_put_next(&out, range, ruleset->n_rules);
        cw_json_out_close(&out, '}');
        cw_buf_putc(&call->answer->body, '\n');
}

static bool take_page(struct cw_control_call *call, void *data)
{
        struct cw_control_range *range = data;

        range->limit = CW_CONTROL_LIMIT;
        return cw_control_take_range(call, range);
}

static void list(struct cw_control_call *call)
{
        static const struct cw_control_gathering page = {sizeof(struct cw_control_range), take_page, write_page, NULL};

        cw_control_gather(call, &page);
}

static const struct cw_control_route routes[] = {{"GET", "/api/v1/rules", list}};

const struct cw_control_family cw_control_rule_routes = {routes, CW_ARRAY_SIZE(routes)};
