/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a window that is a parameter is as long as the longest that any card may get for it. */
#include "cardwatch/expr.h"
#include "cardwatch/overrides.h"
#include "cardwatch/rule.h"
#include "cardwatch/value.h"
#include "trail_private.h"

bool cw_trail_needs_any(const struct cw_trail_needs *needs)
{
        return cw_trail_needs_recall_ms(needs) > 0;
}

int64_t cw_trail_needs_recall_ms(const struct cw_trail_needs *needs)
{
        int64_t longest_ms = 0;

        if (needs->kept)
                return INT64_MAX;
        for (unsigned field = 0; field < CW_FIELD_COUNT; field++)
                if (needs->window_ms[field] > longest_ms)
                        longest_ms = needs->window_ms[field];
        return longest_ms > 0 ? cw_trail_reach_ms(longest_ms) : 0;
}

static void lengthen(int64_t *longest_ms, const struct cw_value *value)
{
        if (value->known && value->type == CW_VALUE_DURATION && value->duration_ms > *longest_ms)
                *longest_ms = value->duration_ms;
}

static void add_override(const struct cw_override *override, size_t n_params, int64_t *longest_ms)
{
        for (size_t i = 0; i < n_params; i++) {
                if (!override->table) {
                        if (override->given[i])
                                lengthen(&longest_ms[i], &override->params[i]);
                } else if (cw_override_table_longest_ms(override->table, i) > longest_ms[i]) {
                        longest_ms[i] = cw_override_table_longest_ms(override->table, i);
                }
        }
}

static void add_expr(const struct cw_expr *expr, const int64_t *longest_ms, struct cw_trail_needs *needs)
{
        if (expr)
                cw_expr_needs(expr, longest_ms, needs);
}

void cw_rule_needs(const struct cw_rule *rule, struct cw_trail_needs *needs)
{
        int64_t longest_ms[CW_RULE_PARAMS_MAX] = {0};

        for (size_t i = 0; i < rule->n_params; i++)
                lengthen(&longest_ms[i], &rule->params[i]);
        for (size_t o = 0; o < rule->n_overrides; o++)
                add_override(&rule->overrides[o], rule->n_params, longest_ms);
        add_expr(rule->when, longest_ms, needs);
        add_expr(rule->clear, longest_ms, needs);
        add_expr(rule->on, longest_ms, needs);
        for (size_t i = 0; i < rule->n_levels; i++)
                add_expr(rule->levels[i].when, longest_ms, needs);
}
