/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: what follows from a rule as written, worked out once. The meaning is a hash of what decides when the rule fires
 * and resolves, and of nothing else: a new severity, label or wording leaves its alerts alone.
 */
#include "cardwatch/expr.h"
#include "cardwatch/hash.h"
#include "cardwatch/rules.h"
#include "cardwatch/value.h"

/* Lists are sets: their order is no part of the meaning, so that single hashes are summed. */
static void hash_texts(struct cw_hash *hash, char *const *texts, size_t n)
{
        uint64_t sum = 0;

        for (size_t i = 0; i < n; i++) {
                struct cw_hash one;

                cw_hash_init(&one, CW_HASH_KEY_DERIVED);
                cw_hash_string(&one, texts[i]);
                sum += cw_hash_end(&one);
        }
        cw_hash_u64(hash, n);
        cw_hash_u64(hash, sum);
}

static void hash_ids(struct cw_hash *hash, const int64_t *ids, size_t n)
{
        cw_hash_u64(hash, n);
        for (size_t i = 0; i < n; i++)
                cw_hash_u64(hash, (uint64_t)ids[i]);
}

static void hash_match(struct cw_hash *hash, const struct cw_match *match)
{
        hash_texts(hash, match->sources, match->n_sources);
        hash_ids(hash, match->customers, match->n_customers);
        hash_texts(hash, match->references, match->n_references);
        hash_texts(hash, match->currencies, match->n_currencies);
        hash_ids(hash, match->cards, match->n_cards);
        cw_hash_u64(hash, match->suppressed);
}

static void hash_expr(struct cw_hash *hash, const struct cw_expr *expr)
{
        cw_hash_u64(hash, expr != NULL);
        if (expr)
                cw_expr_meaning(expr, hash);
}

static uint64_t meaning(const struct cw_rule *rule)
{
        struct cw_hash hash;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        hash_match(&hash, &rule->match);
        cw_hash_u64(&hash, rule->n_params);
        for (size_t i = 0; i < rule->n_params; i++) {
                cw_hash_string(&hash, rule->param_names[i]);
                cw_value_meaning(&rule->params[i], &hash);
        }
        cw_hash_u64(&hash, rule->n_overrides);
        for (size_t i = 0; i < rule->n_overrides; i++) {
                hash_match(&hash, &rule->overrides[i].match);
                for (size_t j = 0; j < rule->n_params; j++) {
                        cw_hash_u64(&hash, rule->overrides[i].given[j]);
                        if (rule->overrides[i].given[j])
                                cw_value_meaning(&rule->overrides[i].params[j], &hash);
                }
        }
        hash_expr(&hash, rule->when);
        hash_expr(&hash, rule->clear);
        hash_expr(&hash, rule->on);
        return cw_hash_end(&hash);
}

static unsigned uses(const struct cw_expr *expr)
{
        return expr ? cw_expr_uses(expr) : 0;
}

static bool sees_suppressed(const struct cw_rule *rule)
{
        switch (rule->match.suppressed) {
        case CW_SUPPRESSED_UNSAID:
                return rule->on || ((uses(rule->when) | uses(rule->clear)) & CW_EXPR_USES_SUPPRESSED);
        case CW_SUPPRESSED_FALSE:
                break;
        case CW_SUPPRESSED_TRUE:
        case CW_SUPPRESSED_ANY:
                return true;
        }
        return false;
}

void cw_rule_seal(struct cw_rule *rule)
{
        rule->sees_suppressed = sees_suppressed(rule);
        rule->looks_back = (uses(rule->when) | uses(rule->clear) | uses(rule->on)) & CW_EXPR_USES_PREVIOUS;
        rule->meaning = meaning(rule);
}
