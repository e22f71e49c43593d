/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: names become places in the ruleset's lists; what is named must be there. */
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/text.h"
#include "compose_route.h"

const struct cw_node *cw_compose_text_item(struct cw_reader *reader, const struct cw_node *node, const char *key,
                                           size_t i)
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

const char *cw_compose_notifier_name(const struct cw_ruleset *rules, size_t i)
{
        return i < rules->n_notifiers ? rules->notifiers[i].name : NULL;
}

const char *cw_compose_window_name(const struct cw_ruleset *rules, size_t i)
{
        return i < rules->n_windows ? rules->windows[i].name : NULL;
}

static size_t count(const struct cw_composer *composer, const struct cw_name_list *list)
{
        size_t n = 0;

        while (list->name_of(composer->rules, n))
                n++;
        return n;
}

void cw_compose_dangling(struct cw_composer *composer, const struct cw_node *node, const struct cw_name_list *list)
{
        size_t n = count(composer, list);
        cw_autofree const char **names = cw_reader_alloc(composer->reader, n, sizeof(*names));
        const char *nearest;

        for (size_t i = 0; names && i < n; i++)
                names[i] = list->name_of(composer->rules, i);
        nearest = names ? cw_text_nearest(node->text, names, n) : NULL;
        cw_reader_complain(composer->reader, node, "there is no %s \"%s\"%s%s%s", list->what, node->text,
                           nearest ? " (did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?)" : "");
}

void cw_compose_no_key(struct cw_composer *composer, const struct cw_node *node, const char *keys)
{
        cw_autofree char *copy = cw_reader_dup(composer->reader, keys);
        const char *names[16], *nearest;
        char *rest = copy, *name;
        size_t n = 0;

        while (copy && n < CW_ARRAY_SIZE(names) && (name = strsep(&rest, ", ")))
                if (*name)
                        names[n++] = name;
        nearest = cw_text_nearest(node->text, names, n);
        cw_reader_complain(composer->reader, node, "\"%s\" is none of %s, and no rule has a label of that name%s%s%s",
                           node->text, keys, nearest ? " (did you mean \"" : "", nearest ? nearest : "",
                           nearest ? "\"?)" : "");
}

static bool is_listed(const size_t *places, size_t n, size_t place)
{
        for (size_t i = 0; i < n; i++)
                if (places[i] == place)
                        return true;
        return false;
}

void cw_compose_names(struct cw_composer *composer, const struct cw_name_list *list, size_t **ret_places, size_t *ret_n,
                      bool *ret_whole)
{
        size_t n = count(composer, list);
        size_t *places = cw_reader_alloc(composer->reader, n, sizeof(*places));
        const struct cw_node *item;

        *ret_places = places;
        *ret_n = 0;
        *ret_whole = list->node->kind != CW_NODE_MAPPING;
        for (size_t i = 0; places && (item = cw_compose_text_item(composer->reader, list->node, list->key, i)); i++) {
                size_t place = 0;

                if (item->kind != CW_NODE_SCALAR || item->bad) {
                        *ret_whole = false;
                        continue;
                }
                while (place < n && strcmp(list->name_of(composer->rules, place), item->text) != 0)
                        place++;
                if (place == n) {
                        cw_compose_dangling(composer, item, list);
                        *ret_whole = false;
                } else if (is_listed(places, *ret_n, place)) {
                        cw_reader_complain(composer->reader, item, "\"%s\" is named twice", item->text);
                } else {
                        places[(*ret_n)++] = place;
                }
        }
}
