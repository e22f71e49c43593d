/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: names become places in the ruleset's lists; what is named must be there, and what is there had better be named.
 */
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/text.h"
#include "compose.h"

/* The texts of a list, or the one that stands for a list; NULL behind the last. Complains about what is no text. */
static const struct cw_node *text_item(struct cw_reader *reader, const struct cw_node *node, const char *key, size_t i)
{
        const struct cw_node *item;

        if (node->kind == CW_NODE_SCALAR)
                return i == 0 ? node : NULL;
        if (node->kind == CW_NODE_MAPPING) {
                if (i == 0)
                        cw_reader_complain(reader, node, "\"%s\" must be a list of names", key);
                return NULL;
        }
        if (i >= node->n_items)
                return NULL;
        item = node->items[i];
        if (item->kind != CW_NODE_SCALAR)
                cw_reader_complain(reader, item, "\"%s\" must be a list of names", key);
        return item;
}

static size_t items_of(const struct cw_node *node)
{
        return node->kind == CW_NODE_SEQUENCE ? node->n_items : 1;
}

static size_t find_notifier(const struct cw_ruleset *rules, const char *name)
{
        size_t i = 0;

        while (i < rules->n_notifiers && strcmp(rules->notifiers[i].name, name) != 0)
                i++;
        return i;
}

static void complain_dangling(struct cw_composer *composer, const struct cw_node *node)
{
        const struct cw_ruleset *rules = composer->rules;
        cw_autofree const char **names = cw_reader_alloc(composer->reader, rules->n_notifiers, sizeof(*names));
        const char *nearest;

        for (size_t i = 0; names && i < rules->n_notifiers; i++)
                names[i] = rules->notifiers[i].name;
        nearest = names ? cw_text_nearest(node->text, names, rules->n_notifiers) : NULL;
        cw_reader_complain(composer->reader, node, "there is no notifier \"%s\"%s%s%s", node->text,
                           nearest ? " (did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?)" : "");
}

/* False: it is not there, so that nothing can be said about who is reached. */
static bool notify_one(struct cw_composer *composer, const struct cw_node *item, bool *reached)
{
        struct cw_route *route = &composer->rules->route;
        size_t i;

        if (item->kind != CW_NODE_SCALAR || item->bad)
                return false;
        i = find_notifier(composer->rules, item->text);
        if (i == composer->rules->n_notifiers) {
                complain_dangling(composer, item);
                return false;
        } else if (reached[i]) {
                cw_reader_complain(composer->reader, item, "\"%s\" is named twice", item->text);
        } else {
                reached[i] = true;
                route->notify[route->n_notify++] = i;
        }
        return true;
}

static void warn_unreached(struct cw_composer *composer, const bool *reached)
{
        for (size_t i = 0; i < composer->rules->n_notifiers; i++) {
                const struct cw_node *node = composer->draft->notifiers[i].node, *name = cw_node_get(node, "name");

                if (!reached[i])
                        cw_reader_warn(composer->reader, name ? name : node, "no route reaches notifier \"%s\"",
                                       composer->rules->notifiers[i].name);
        }
}

static void compose_notify(struct cw_composer *composer)
{
        const struct cw_node *node = composer->draft->route.notify, *item;
        struct cw_ruleset *rules = composer->rules;
        cw_autofree bool *reached = cw_reader_alloc(composer->reader, rules->n_notifiers, sizeof(*reached));
        bool all = node && node->kind != CW_NODE_MAPPING;

        rules->route.notify = cw_reader_alloc(composer->reader, rules->n_notifiers, sizeof(*rules->route.notify));
        if (!rules->route.notify || !reached)
                return;
        for (size_t i = 0; !node && i < rules->n_notifiers; i++)
                rules->route.notify[rules->route.n_notify++] = i;
        if (!node)
                return;
        for (size_t i = 0; (item = text_item(composer->reader, node, "notify", i)); i++)
                all = notify_one(composer, item, reached) && all;
        if (all)
                warn_unreached(composer, reached);
}

static bool has_label(const struct cw_ruleset *rules, const char *name)
{
        for (size_t i = 0; i < rules->n_rules; i++)
                for (size_t j = 0; j < rules->rules[i].n_labels; j++)
                        if (strcmp(rules->rules[i].labels[j].name, name) == 0)
                                return true;
        return false;
}

static const char *const group_keys[] = {
        [CW_GROUP_RULE] = "rule",         [CW_GROUP_SEVERITY] = "severity", [CW_GROUP_CUSTOMER] = "customer",
        [CW_GROUP_CURRENCY] = "currency", [CW_GROUP_CARD] = "card",
};

static bool group_one(struct cw_composer *composer, const struct cw_node *item, struct cw_group_by *ret_group)
{
        if (item->kind != CW_NODE_SCALAR || item->bad)
                return false;
        for (size_t i = 0; i < CW_ARRAY_SIZE(group_keys); i++)
                if (strcmp(item->text, group_keys[i]) == 0) {
                        ret_group->key = (enum cw_group_key)i;
                        return true;
                }
        if (!has_label(composer->rules, item->text)) {
                cw_reader_complain(composer->reader, item,
                                   "\"%s\" is none of rule, severity, customer, currency, card, and no "
                                   "rule has a label of that name",
                                   item->text);
                return false;
        }
        ret_group->key = CW_GROUP_LABEL;
        ret_group->label = cw_reader_dup(composer->reader, item->text);
        return ret_group->label != NULL;
}

static void compose_groups(struct cw_composer *composer)
{
        const struct cw_node *node = composer->draft->route.group_by, *item;
        struct cw_route *route = &composer->rules->route;
        size_t n = node ? items_of(node) : 2;

        route->group_by = cw_reader_alloc(composer->reader, n, sizeof(*route->group_by));
        if (!route->group_by)
                return;
        if (!node) {
                route->group_by[route->n_group_by++].key = CW_GROUP_RULE;
                route->group_by[route->n_group_by++].key = CW_GROUP_CUSTOMER;
                return;
        }
        for (size_t i = 0; (item = text_item(composer->reader, node, "group_by", i)); i++)
                if (group_one(composer, item, &route->group_by[route->n_group_by]))
                        route->n_group_by++;
}

void cw_compose_route(struct cw_composer *composer)
{
        struct cw_route *route = &composer->rules->route;

        compose_notify(composer);
        compose_groups(composer);
        route->group_wait_ms = composer->draft->route.group_wait_ms;
        route->group_interval_ms = composer->draft->route.group_interval_ms;
        route->repeat_every_ms = composer->draft->route.repeat_every_ms;
}
