/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a rule that compiles may still never fire, or never rest; what can be seen of that is said. Whether an alert
 * would end as soon as it began is not worked out but tried: on a card that stands between the two limits.
 */
#include <inttypes.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/expr_subject.h"
#include "cardwatch/recall.h"
#include "compose_rule.h"

/* One condition of a rule, and where it stands. */
struct condition {
        const struct cw_expr *expr;
        const struct cw_node *node;
};

struct doubting {
        struct cw_composer *composer;
        const struct cw_rule *rule;
};

static bool has_currency(const struct cw_match *match, const char *currency)
{
        for (size_t i = 0; i < match->n_currencies; i++)
                if (strcmp(match->currencies[i], currency) == 0)
                        return true;
        return match->n_currencies == 0;
}

/* A limit in a currency that no card of the rule has is never crossed. */
static void doubt_currency(const struct doubting *doubting, const struct condition *condition)
{
        struct cw_card card = {.reference = "", .currency = ""};
        struct cw_expr_context context = {.now = &card, .source = "", .params = doubting->rule->params};
        struct cw_expr_limit limit;

        if (!condition->expr || cw_expr_limit(condition->expr, &context, &limit) != 0)
                return;
        if (limit.value.type != CW_VALUE_AMOUNT || !limit.value.known || limit.value.currency[0] == '\0')
                return;
        if (!has_currency(&doubting->rule->match, limit.value.currency))
                cw_reader_warn(doubting->composer->reader, condition->node,
                               "this compares with %s, and no card that the rule matches has that "
                               "currency",
                               limit.value.currency);
}

/* A card of which one amount is `count`, and the others go with it. */
static struct cw_card card_at(enum cw_expr_amount amount, int64_t count, const char *currency)
{
        struct cw_card card = {.reference = "", .available = count, .total = count};

        if (amount == CW_EXPR_PENDING) {
                card.available = 0;
                card.pending = count;
        }
        memcpy(card.currency, currency, sizeof(card.currency));
        return card;
}

/* A limit that is the same whatever the card has. */
struct limit {
        enum cw_expr_amount amount;
        int64_t count;
        char currency[4];
};

static bool find_limit(const struct doubting *doubting, const struct cw_expr *expr, struct limit *ret_limit)
{
        const struct cw_match *match = &doubting->rule->match;
        const char *currency = match->n_currencies > 0 ? match->currencies[0] : "EUR";
        struct cw_expr_subject subject;
        struct cw_expr_limit limits[2];

        if (!expr || cw_expr_subject(expr, &subject) != 0)
                return false;
        for (size_t i = 0; i < CW_ARRAY_SIZE(limits); i++) {
                struct cw_card card = card_at(subject.amount, (int64_t)i * 1000003, currency);
                struct cw_expr_context context = {.now = &card, .source = "", .params = doubting->rule->params};

                if (cw_expr_limit(expr, &context, &limits[i]) != 0 || !limits[i].value.known ||
                    limits[i].value.type != CW_VALUE_AMOUNT)
                        return false;
        }
        *ret_limit = (struct limit){.amount = subject.amount, .count = limits[0].value.number};
        memcpy(ret_limit->currency, limits[0].value.currency, sizeof(ret_limit->currency));
        return limits[0].value.number == limits[1].value.number;
}

static bool both_hold(const struct doubting *doubting, const struct condition *condition, const struct limit *limit,
                      int64_t count)
{
        struct cw_card card = card_at(limit->amount, count, limit->currency);
        struct cw_expr_context context = {.now = &card, .source = "", .params = doubting->rule->params};

        return cw_expr_truth(condition->expr, &context) == CW_TRUE &&
               cw_expr_truth(doubting->rule->clear, &context) == CW_TRUE;
}

/* What is true together would open an alert and end it, over and over. */
static void doubt_rest(const struct doubting *doubting, const struct condition *condition, const struct cw_node *clear)
{
        static const char *const names[] = {"available", "pending", "total"};
        struct limit opens, ends;
        int64_t tried[7];

        if (!find_limit(doubting, condition->expr, &opens) || !find_limit(doubting, doubting->rule->clear, &ends))
                return;
        if (opens.amount != ends.amount || strcmp(opens.currency, ends.currency) != 0)
                return;
        tried[0] = opens.count / 2 + ends.count / 2;
        for (int i = 0; i < 3; i++) {
                if (__builtin_add_overflow(opens.count, i - 1, &tried[1 + i]) ||
                    __builtin_add_overflow(ends.count, i - 1, &tried[4 + i]))
                        return;
        }
        for (size_t i = 0; i < CW_ARRAY_SIZE(tried); i++) {
                struct cw_buf text = CW_BUF_NULL;

                if (!both_hold(doubting, condition, &opens, tried[i]))
                        continue;
                cw_amount_format(&text, tried[i], 0);
                cw_reader_warn(doubting->composer->reader, clear,
                               "\"clear\" holds together with the condition, with %s at %s for one: the alert would "
                               "come and go without end",
                               names[opens.amount], cw_buf_text(&text));
                cw_buf_deinit(&text);
                return;
        }
}

/* What a rule needs to remember is a 32nd longer than its longest window (trail.h). */
static void doubt_history(const struct doubting *doubting, const struct cw_node *node)
{
        struct cw_rule *rule = (struct cw_rule *)(uintptr_t)doubting->rule;
        struct cw_ruleset one = {.rules = rule, .n_rules = 1};
        int64_t keep_ms = doubting->composer->draft->config.keep_history_ms, recall_ms = cw_recall_ms(&one);
        struct cw_buf text = CW_BUF_NULL;

        if (!node || recall_ms == INT64_MAX || recall_ms <= keep_ms + keep_ms / 32 + 1)
                return;
        cw_duration_format(&text, keep_ms);
        cw_reader_warn(doubting->composer->reader, node,
                       "the rule looks back longer than the history is kept (%s, see store.keep_history): after a "
                       "restart it knows no more than that",
                       cw_buf_text(&text));
        cw_buf_deinit(&text);
}

/* The condition of a level as written; levels were sorted since. */
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

static void doubt_condition(const struct doubting *doubting, const struct condition *condition,
                            const struct cw_node *clear)
{
        doubt_currency(doubting, condition);
        if (condition->expr && doubting->rule->clear)
                doubt_rest(doubting, condition, clear);
}

void cw_compose_doubts(struct cw_composer *composer, const struct cw_rule_draft *draft, const struct cw_rule *rule)
{
        const struct doubting doubting = {composer, rule};
        const struct condition when = {rule->when, draft->when}, clear = {rule->clear, draft->clear},
                               on = {rule->on, draft->on};

        doubt_condition(&doubting, &when, draft->clear);
        for (size_t i = 0; i < rule->n_levels; i++) {
                struct condition level = {rule->levels[i].when, level_node(draft, &rule->levels[i])};

                doubt_condition(&doubting, &level, draft->clear);
        }
        doubt_currency(&doubting, &clear);
        doubt_currency(&doubting, &on);
        doubt_history(&doubting, draft->when ? draft->when : draft->levels ? draft->levels : draft->on);
}
