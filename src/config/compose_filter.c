/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what is read of a match moves into a filter; what can never match because nothing has that name is said. */
#include <string.h>

#include "cardwatch/cleanup.h"
#include "compose_route.h"
#include "compose_rule.h"

/* Rules, then the daemon's own alerts. */
static const char *rule_name(const struct cw_ruleset *rules, size_t i)
{
        if (i < rules->n_rules)
                return rules->rules[i].name;
        i -= rules->n_rules;
        return i < CW_BUILTIN_COUNT ? cw_builtin_name((enum cw_builtin_kind)i) : NULL;
}

static bool has_rule(const struct cw_ruleset *rules, const char *name)
{
        const char *known;

        for (size_t i = 0; (known = rule_name(rules, i)); i++)
                if (strcmp(known, name) == 0)
                        return true;
        return false;
}

static void check_rules(struct cw_composer *composer, const struct cw_node *node)
{
        const struct cw_name_list list = {.what = "rule", .name_of = rule_name};
        const struct cw_node *item;

        if (!node || node->kind == CW_NODE_MAPPING)
                return;
        for (size_t i = 0; (item = cw_compose_text_item(composer->reader, node, "rule", i)); i++)
                if (item->kind == CW_NODE_SCALAR && !item->bad && item->len > 0 &&
                    !has_rule(composer->rules, item->text))
                        cw_compose_dangling(composer, item, &list);
}

bool cw_compose_has_label(const struct cw_ruleset *rules, const char *name)
{
        for (size_t i = 0; i < rules->n_rules; i++)
                for (size_t j = 0; j < rules->rules[i].n_labels; j++)
                        if (strcmp(rules->rules[i].labels[j].name, name) == 0)
                                return true;
        return false;
}

/* The alert about a notifier that fails names it by a label. */
static void doubt_labels(struct cw_composer *composer, const struct cw_node *labels)
{
        for (size_t i = 0; labels && labels->kind == CW_NODE_MAPPING && i < labels->n_items; i++) {
                const struct cw_node *key = labels->keys[i];

                if (!key->bad && strcmp(key->text, "notifier") != 0 &&
                    !cw_compose_has_label(composer->rules, key->text))
                        cw_reader_warn(composer->reader, key, "no rule has a label \"%s\": this matches nothing",
                                       key->text);
        }
}

void cw_compose_filter(struct cw_composer *composer, struct cw_filter_draft *draft, const struct cw_node *mapping,
                       struct cw_filter *filter)
{
        cw_compose_match(composer, mapping, &draft->cards);
        check_rules(composer, cw_node_get(mapping, "rule"));
        doubt_labels(composer, cw_node_get(mapping, "labels"));
        for (size_t i = 0; i < draft->n_severities; i++)
                filter->severities |= 1u << cw_severity_parse(draft->severities[i]);
        filter->rules = cw_take(draft->rules);
        filter->n_rules = draft->n_rules;
        filter->cards = draft->cards;
        filter->labels = cw_take(draft->labels);
        filter->n_labels = draft->n_labels;
        draft->n_rules = draft->n_labels = 0;
        draft->cards = (struct cw_match){0};
}
