/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a rule that compiles may still never fire, or never rest; what can be seen of that is said. */
#include <string.h>

#include "cardwatch/expr_subject.h"
#include "compose_rule.h"

static bool has_currency(const struct cw_match *match, const char *currency)
{
        for (size_t i = 0; i < match->n_currencies; i++)
                if (strcmp(match->currencies[i], currency) == 0)
                        return true;
        return match->n_currencies == 0;
}

/* A limit in a currency that no card of the rule has is never crossed. */
static void check_currency(struct cw_composer *composer, const struct cw_node *node, const struct cw_rule *rule,
                           const struct cw_expr *expr)
{
        struct cw_card card = {.reference = "", .currency = ""};
        struct cw_expr_context context = {.now = &card, .source = "", .params = rule->params};
        struct cw_expr_limit limit;

        if (!expr || cw_expr_limit(expr, &context, &limit) != 0)
                return;
        if (limit.value.type != CW_VALUE_AMOUNT || !limit.value.known || limit.value.currency[0] == '\0')
                return;
        if (!has_currency(&rule->match, limit.value.currency))
                cw_reader_warn(composer->reader, node,
                               "this compares with %s, and no card that the rule matches has that "
                               "currency",
                               limit.value.currency);
}

/* The condition of the i-th level as written; levels were sorted since. */
static const struct cw_node *level_node(const struct cw_rule_draft *draft, const struct cw_level *level)
{
        const struct cw_node *levels = draft->levels;

        for (size_t i = 0; levels->kind == CW_NODE_SEQUENCE && i < levels->n_items; i++) {
                const struct cw_node *severity = cw_node_get(levels->items[i], "severity");

                if (severity && severity->kind == CW_NODE_SCALAR &&
                    cw_severity_parse(severity->text) == level->severity)
                        return cw_node_get(levels->items[i], "when");
        }
        return levels;
}

void cw_compose_doubts(struct cw_composer *composer, const struct cw_rule_draft *draft, const struct cw_rule *rule)
{
        check_currency(composer, draft->when, rule, rule->when);
        check_currency(composer, draft->clear, rule, rule->clear);
        check_currency(composer, draft->on, rule, rule->on);
        for (size_t i = 0; i < rule->n_levels; i++)
                check_currency(composer, level_node(draft, &rule->levels[i]), rule, rule->levels[i].when);
}
