/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: rules move into the ruleset first, so that it owns them whatever comes; then each is completed in its place. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/expr.h"
#include "cardwatch/expr_subject.h"
#include "cardwatch/text.h"
#include "cardwatch/value.h"
#include "compose.h"

static const struct cw_node *name_of(const struct cw_draft *draft, size_t i)
{
        return cw_node_get(draft->rules[i].node, "name");
}

static bool has_source(const struct cw_draft *draft, const char *name)
{
        for (size_t i = 0; i < draft->n_sources; i++)
                if (draft->sources[i].source.name && strcmp(draft->sources[i].source.name, name) == 0)
                        return true;
        return false;
}

static void check_source(struct cw_composer *composer, const struct cw_node *node)
{
        if (node->kind != CW_NODE_SCALAR || node->len == 0 || has_source(composer->draft, node->text))
                return;
        cw_reader_complain(composer->reader, node, "there is no source \"%s\"", node->text);
}

void cw_compose_match(struct cw_composer *composer, const struct cw_node *node, struct cw_match *match)
{
        const struct cw_node *source = cw_node_get(node, "source");

        if (source && source->kind == CW_NODE_SCALAR)
                check_source(composer, source);
        for (size_t i = 0; source && source->kind == CW_NODE_SEQUENCE && i < source->n_items; i++)
                check_source(composer, source->items[i]);
        for (size_t i = 0; i < match->n_currencies; i++)
                for (char *c = match->currencies[i]; *c; c++)
                        if (*c >= 'a' && *c <= 'z')
                                *c = (char)(*c - 'a' + 'A');
}

struct compiling {
        struct cw_composer *composer;
        const struct cw_rule *rule;
        bool is_event;
};

static struct cw_expr *compile(const struct compiling *compiling, const struct cw_node *node)
{
        struct cw_reader *reader = compiling->composer->reader;
        const struct cw_rule *rule = compiling->rule;
        cw_autofree enum cw_value_type *types = cw_reader_alloc(reader, rule->n_params, sizeof(*types));
        struct cw_expr_scope scope = {
                .params = {rule->n_params, (const char *const *)rule->param_names, types},
                .is_event = compiling->is_event,
        };
        struct cw_expr_error error = {0};
        struct cw_expr *expr = NULL;
        int r;

        if (!types || node->bad)
                return NULL;
        if (node->kind != CW_NODE_SCALAR) {
                cw_reader_complain(reader, node, "an expression must be a text");
                return NULL;
        }
        for (size_t i = 0; i < rule->n_params; i++)
                types[i] = rule->params[i].type;
        r = cw_expr_compile(node->text, &scope, &expr, &error);
        if (r == -EINVAL)
                cw_reader_complain_at(reader, node->document, cw_node_locate(node, error.offset, error.len), "%s",
                                      error.message);
        else if (r < 0)
                reader->error = r;
        return r < 0 ? NULL : expr;
}

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

static void compile_all(struct cw_composer *composer, const struct cw_rule_draft *draft, struct cw_rule *rule)
{
        struct compiling condition = {composer, rule, false}, event = {composer, rule, true};

        if (draft->when) {
                rule->when = compile(&condition, draft->when);
                check_currency(composer, draft->when, rule, rule->when);
        }
        if (draft->clear) {
                rule->clear = compile(&condition, draft->clear);
                check_currency(composer, draft->clear, rule, rule->clear);
        }
        if (draft->on) {
                rule->on = compile(&event, draft->on);
                check_currency(composer, draft->on, rule, rule->on);
        }
}

/* `levels` was refused already where it stands. */
static void check_kind(struct cw_composer *composer, const struct cw_rule_draft *draft, size_t i)
{
        const struct cw_node *when = cw_node_key(draft->node, "when"), *on = cw_node_key(draft->node, "on");
        const struct cw_node *clear = cw_node_key(draft->node, "clear"), *levels = cw_node_key(draft->node, "levels");

        if (when && on)
                cw_reader_complain(composer->reader, on, "\"when\" and \"on\" exclude each other");
        if (!cw_node_key_meant(draft->node, "when") && !cw_node_key_meant(draft->node, "on") && !levels &&
            draft->node->kind == CW_NODE_MAPPING)
                cw_reader_complain(composer->reader, draft->node, "rules[%zu] needs \"when\" or \"on\"", i);
        if (clear && !cw_node_key_meant(draft->node, "when") && !levels)
                cw_reader_complain(composer->reader, clear, "\"clear\" needs \"when\"");
}

static void check_name(struct cw_composer *composer, const struct cw_rule_draft *draft)
{
        const struct cw_node *name = cw_node_get(draft->node, "name");

        for (size_t i = 0; name && name->kind == CW_NODE_SCALAR && i < CW_BUILTIN_COUNT; i++)
                if (strcmp(name->text, cw_builtin_name((enum cw_builtin_kind)i)) == 0)
                        cw_reader_complain(composer->reader, name, "\"%s\" is the name of a built-in alert",
                                           name->text);
}

void cw_compose_rules(struct cw_composer *composer)
{
        struct cw_draft *draft = composer->draft;
        struct cw_ruleset *rules = composer->rules;

        cw_compose_unique(composer, "rule", draft->n_rules, name_of);
        rules->rules = cw_reader_alloc(composer->reader, draft->n_rules, sizeof(*rules->rules));
        if (!rules->rules)
                return;
        for (size_t i = 0; i < draft->n_rules; i++) {
                rules->rules[i] = draft->rules[i].rule;
                draft->rules[i].rule = (struct cw_rule){0};
                rules->n_rules++;
        }
        for (size_t i = 0; i < draft->n_rules && composer->reader->error == 0; i++) {
                struct cw_where top = {NULL, "rules", 0}, where = {&top, NULL, i};
                const struct cw_rule_draft *rule = &draft->rules[i];

                check_name(composer, rule);
                check_kind(composer, rule, i);
                cw_compose_match(composer, cw_node_get(rule->node, "match"), &rules->rules[i].match);
                cw_compose_params(composer, rule, &where, &rules->rules[i]);
                if (composer->reader->error == 0)
                        compile_all(composer, rule, &rules->rules[i]);
        }
        if (draft->n_rules == 0 && cw_compose_is_absent(composer, "rules"))
                cw_compose_complain(composer, true, "there are no rules: only the daemon's own alerts will be told");
}
