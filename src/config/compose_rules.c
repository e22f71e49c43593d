/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: rules move into the ruleset first, so that it owns them whatever comes; then each is completed in its place. */
#include <string.h>

#include "compose_route.h"
#include "compose_rule.h"

static const struct cw_node *name_of(const struct cw_draft *draft, size_t i)
{
        return cw_node_get(draft->rules[i].node, "name");
}

const char *cw_compose_source(const struct cw_composer *composer, const char *name, size_t len)
{
        for (size_t i = 0; i < composer->draft->n_sources; i++) {
                const char *known = composer->draft->sources[i].source.name;

                if (known && strlen(known) == len && memcmp(known, name, len) == 0)
                        return known;
        }
        return NULL;
}

/* One whose name is missing too has its place. */
static const char *source_name(const struct cw_ruleset *rules, size_t i)
{
        if (i >= rules->n_sources)
                return NULL;
        return rules->sources[i].name ? rules->sources[i].name : "";
}

static void check_source(struct cw_composer *composer, const struct cw_node *node)
{
        const struct cw_name_list list = {.what = "source", .name_of = source_name};

        if (node->kind != CW_NODE_SCALAR || node->len == 0 || cw_compose_source(composer, node->text, node->len))
                return;
        cw_compose_dangling(composer, node, &list);
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
                cw_compose_match(composer, cw_node_get(rule->node, "match"), &rules->rules[i].match);
                cw_compose_params(composer, rule, &where, &rules->rules[i]);
                if (composer->reader->error == 0)
                        cw_compose_life(composer, rule, &where, &rules->rules[i]);
                if (composer->reader->error == 0)
                        cw_compose_doubts(composer, rule, &rules->rules[i]);
        }
        if (draft->n_rules == 0 && cw_compose_is_absent(composer, "rules"))
                cw_compose_complain(composer, true, "there are no rules: only the daemon's own alerts will be told");
}
