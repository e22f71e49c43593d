/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: what follows from a rule as written, worked out once. The meaning is a hash of what decides when the rule fires
 * and resolves, and of nothing else: a new severity, label or wording leaves its alerts alone.
 */
#include "cardwatch/cleanup.h"
#include "cardwatch/expr.h"
#include "cardwatch/hash.h"
#include "cardwatch/overrides.h"
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

static void hash_override(struct cw_hash *hash, const struct cw_override *override, size_t n_params)
{
        cw_hash_u64(hash, override->table != NULL);
        if (override->table) {
                cw_override_table_meaning(override->table, hash);
                return;
        }
        hash_match(hash, &override->match);
        for (size_t i = 0; i < n_params; i++) {
                cw_hash_u64(hash, override->given[i]);
                if (override->given[i])
                        cw_value_meaning(&override->params[i], hash);
        }
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
        for (size_t i = 0; i < rule->n_overrides; i++)
                hash_override(&hash, &rule->overrides[i], rule->n_params);
        hash_expr(&hash, rule->when);
        cw_hash_u64(&hash, rule->n_levels);
        for (size_t i = 0; i < rule->n_levels; i++) {
                cw_hash_string(&hash, cw_severity_name(rule->levels[i].severity));
                hash_expr(&hash, rule->levels[i].when);
        }
        hash_expr(&hash, rule->clear);
        hash_expr(&hash, rule->on);
        cw_hash_u64(&hash, (uint64_t)rule->for_ms);
        cw_hash_u64(&hash, (uint64_t)rule->keep_firing_for_ms);
        cw_hash_u64(&hash, rule->arm_after_clear);
        return cw_hash_end(&hash);
}

/* What any of its expressions looks at. */
static unsigned uses(const struct cw_rule *rule)
{
        const struct cw_expr *exprs[] = {rule->when, rule->clear, rule->on};
        unsigned all = 0;

        for (size_t i = 0; i < CW_ARRAY_SIZE(exprs); i++)
                all |= exprs[i] ? cw_expr_uses(exprs[i]) : 0;
        for (size_t i = 0; i < rule->n_levels; i++)
                all |= cw_expr_uses(rule->levels[i].when);
        return all;
}

static bool sees_suppressed(const struct cw_rule *rule)
{
        switch (rule->match.suppressed) {
        case CW_SUPPRESSED_UNSAID:
                return rule->on || (uses(rule) & CW_EXPR_USES_SUPPRESSED);
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
        rule->looks_back = uses(rule) & CW_EXPR_USES_PREVIOUS;
        rule->looks_far = uses(rule) & CW_EXPR_USES_PAST;
        rule->meaning = meaning(rule);
}
