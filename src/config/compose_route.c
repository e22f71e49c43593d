/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the tree is written out from the root down, so that each route begins with what its parent has. */
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"
#include "compose_route.h"

/* Which notifiers some route reaches, and whether all names could be read, so that something can be said of the rest.
 */
struct reach {
        bool *notifiers, *windows;
        bool whole;
};

static void names(struct cw_composer *composer, const struct cw_name_list *list, struct reach *reach, size_t **places,
                  size_t *n)
{
        bool whole;

        free(*places);
        cw_compose_names(composer, list, places, n, &whole);
        reach->whole = reach->whole && whole;
}

static void mark(bool *reached, const size_t *places, size_t n)
{
        for (size_t i = 0; i < n; i++)
                reached[places[i]] = true;
}

static size_t *copy_places(struct cw_composer *composer, const size_t *places, size_t n)
{
        size_t *copy = cw_reader_alloc(composer->reader, n, sizeof(*copy));

        if (copy && n)
                memcpy(copy, places, n * sizeof(*copy));
        return copy;
}

static void inherit_groups(struct cw_composer *composer, const struct cw_route *parent, struct cw_route *route)
{
        route->group_by = cw_reader_alloc(composer->reader, parent->n_group_by, sizeof(*route->group_by));
        for (size_t i = 0; route->group_by && i < parent->n_group_by; i++) {
                const struct cw_group_by *by = &parent->group_by[i];

                route->group_by[route->n_group_by++] = (struct cw_group_by){
                        by->key, by->label ? cw_reader_dup(composer->reader, by->label) : NULL};
        }
}

static void inherit_escalations(struct cw_composer *composer, const struct cw_route *parent, struct cw_route *route)
{
        route->escalate = cw_reader_alloc(composer->reader, parent->n_escalate, sizeof(*route->escalate));
        for (size_t i = 0; route->escalate && i < parent->n_escalate; i++) {
                const struct cw_escalation *step = &parent->escalate[i];

                route->escalate[route->n_escalate++] = (struct cw_escalation){
                        step->after_ms, copy_places(composer, step->notify, step->n_notify), step->n_notify};
        }
}

/* All that a child has from its parent. */
static void inherit(struct cw_composer *composer, const struct cw_route *parent, struct cw_route *route)
{
        route->notify = copy_places(composer, parent->notify, parent->n_notify);
        route->n_notify = parent->n_notify;
        route->mute = copy_places(composer, parent->mute, parent->n_mute);
        route->n_mute = parent->n_mute;
        route->only = copy_places(composer, parent->only, parent->n_only);
        route->n_only = parent->n_only;
        route->group_wait_ms = parent->group_wait_ms;
        route->group_interval_ms = parent->group_interval_ms;
        route->repeat_every_ms = parent->repeat_every_ms;
        inherit_groups(composer, parent, route);
        inherit_escalations(composer, parent, route);
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
        if (!cw_compose_has_label(composer->rules, item->text)) {
                cw_compose_no_key(composer, item, "rule, severity, customer, currency, card");
                return false;
        }
        ret_group->key = CW_GROUP_LABEL;
        ret_group->label = cw_reader_dup(composer->reader, item->text);
        return ret_group->label != NULL;
}

static void compose_groups(struct cw_composer *composer, const struct cw_node *node, struct cw_route *route)
{
        size_t n = node->kind == CW_NODE_SEQUENCE ? node->n_items : 1;
        const struct cw_node *item;

        for (size_t i = 0; i < route->n_group_by; i++)
                free(route->group_by[i].label);
        free(route->group_by);
        route->n_group_by = 0;
        route->group_by = cw_reader_alloc(composer->reader, n, sizeof(*route->group_by));
        for (size_t i = 0; route->group_by && (item = cw_compose_text_item(composer->reader, node, "group_by", i)); i++)
                if (group_one(composer, item, &route->group_by[route->n_group_by]))
                        route->n_group_by++;
}

static int compare_steps(const void *a, const void *b)
{
        const struct cw_escalation *x = a, *y = b;

        return x->after_ms < y->after_ms ? -1 : x->after_ms > y->after_ms;
}

static void compose_escalations(struct cw_composer *composer, const struct cw_route_draft *draft, struct reach *reach,
                                struct cw_route *route)
{
        for (size_t i = 0; i < route->n_escalate; i++)
                free(route->escalate[i].notify);
        free(route->escalate);
        route->n_escalate = 0;
        route->escalate = cw_reader_alloc(composer->reader, draft->n_escalate, sizeof(*route->escalate));
        for (size_t i = 0; route->escalate && i < draft->n_escalate; i++) {
                const struct cw_escalation_draft *one = &draft->escalate[i];
                struct cw_escalation *step = &route->escalate[route->n_escalate++];
                struct cw_name_list list = {one->notify, "notify", "notifier", cw_compose_notifier_name};

                step->after_ms = one->after_ms;
                if (list.node)
                        names(composer, &list, reach, &step->notify, &step->n_notify);
                if (list.node && list.node->kind == CW_NODE_SEQUENCE && list.node->n_items == 0)
                        cw_reader_complain(composer->reader, list.node, "\"notify\" must name at least one notifier");
                mark(reach->notifiers, step->notify, step->n_notify);
        }
        if (route->escalate)
                qsort(route->escalate, route->n_escalate, sizeof(*route->escalate), compare_steps);
}

/* What the route says itself takes the place of what it has from its parent. */
static void compose_own(struct cw_composer *composer, const struct cw_route_draft *draft, struct reach *reach,
                        struct cw_route *route)
{
        const struct cw_name_list notify = {draft->notify, "notify", "notifier", cw_compose_notifier_name};
        const struct cw_name_list mute = {draft->mute, "mute", "window", cw_compose_window_name};
        const struct cw_name_list only = {draft->only, "only", "window", cw_compose_window_name};

        if (notify.node)
                names(composer, &notify, reach, &route->notify, &route->n_notify);
        if (mute.node)
                names(composer, &mute, reach, &route->mute, &route->n_mute);
        if (only.node)
                names(composer, &only, reach, &route->only, &route->n_only);
        if (draft->group_by)
                compose_groups(composer, draft->group_by, route);
        if (cw_node_get(draft->node, "group_wait"))
                route->group_wait_ms = draft->group_wait_ms;
        if (cw_node_get(draft->node, "group_interval"))
                route->group_interval_ms = draft->group_interval_ms;
        if (cw_node_get(draft->node, "repeat_every"))
                route->repeat_every_ms = draft->repeat_every_ms;
        if (cw_node_get(draft->node, "escalate"))
                compose_escalations(composer, draft, reach, route);
        mark(reach->windows, route->mute, route->n_mute);
        mark(reach->windows, route->only, route->n_only);
}

/* What it takes; 0: everything. */
static uint64_t meaning_of(const struct cw_filter *filter)
{
        struct cw_hash hash;

        if (cw_filter_is_everything(filter))
                return 0;
        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_filter_hash(filter, &hash);
        return cw_hash_end(&hash);
}

/* What a route before it takes whole never comes to it. `meanings` are those of the routes up to it. */
static void doubt_order(struct cw_composer *composer, const struct cw_route_draft *drafts,
                        const struct cw_route *routes, const uint64_t *meanings, size_t place)
{
        for (size_t i = 0; i < place; i++) {
                if (routes[i].goes_on || (meanings[i] != 0 && meanings[i] != meanings[place]))
                        continue;
                cw_reader_warn(composer->reader, drafts[place].node,
                               "no alert comes to this route: the one in line %u takes %s", drafts[i].node->span.line,
                               meanings[i] == 0 ? "them all" : "the same ones");
                return;
        }
}

static void compose_route(struct cw_composer *composer, struct cw_route_draft *draft, struct reach *reach,
                          struct cw_route *route, unsigned depth);

static void compose_children(struct cw_composer *composer, const struct cw_route_draft *draft, struct reach *reach,
                             struct cw_route *route, unsigned depth)
{
        cw_autofree uint64_t *meanings = NULL;

        if (draft->n_routes && depth == CW_ROUTE_DEPTH_MAX) {
                cw_reader_complain(composer->reader, draft->routes[0].node, "routes are nested more than %d deep",
                                   CW_ROUTE_DEPTH_MAX);
                return;
        }
        route->routes = cw_reader_alloc(composer->reader, draft->n_routes, sizeof(*route->routes));
        meanings = cw_reader_alloc(composer->reader, draft->n_routes, sizeof(*meanings));
        for (size_t i = 0; route->routes && meanings && i < draft->n_routes && composer->reader->error == 0; i++) {
                struct cw_route *child = &route->routes[route->n_routes++];
                struct cw_route_draft *one = &draft->routes[i];

                cw_compose_filter(composer, &one->match, cw_node_get(one->node, "match"), &child->match);
                child->goes_on = one->goes_on;
                meanings[i] = meaning_of(&child->match);
                doubt_order(composer, draft->routes, route->routes, meanings, i);
                inherit(composer, route, child);
                if (composer->reader->error == 0)
                        compose_route(composer, one, reach, child, depth + 1);
        }
}

static void compose_route(struct cw_composer *composer, struct cw_route_draft *draft, struct reach *reach,
                          struct cw_route *route, unsigned depth)
{
        compose_own(composer, draft, reach, route);
        mark(reach->notifiers, route->notify, route->n_notify);
        compose_children(composer, draft, reach, route, depth);
}

/* The root begins with every notifier, and with groups of a customer's alerts of one rule. */
static void begin_root(struct cw_composer *composer, struct cw_route *root)
{
        size_t n = composer->rules->n_notifiers;

        root->notify = cw_reader_alloc(composer->reader, n, sizeof(*root->notify));
        for (size_t i = 0; root->notify && i < n; i++)
                root->notify[root->n_notify++] = i;
        root->group_by = cw_reader_alloc(composer->reader, 2, sizeof(*root->group_by));
        if (!root->group_by)
                return;
        root->group_by[root->n_group_by++].key = CW_GROUP_RULE;
        root->group_by[root->n_group_by++].key = CW_GROUP_CUSTOMER;
}

/* Nobody can mean a window by a name that is missing, or another's. */
static bool can_be_meant(const struct cw_ruleset *rules, size_t window)
{
        const char *name = rules->windows[window].name;
        size_t i = 0;

        while (i < window && strcmp(rules->windows[i].name, name) != 0)
                i++;
        return i == window && *name;
}

static void warn_unreached(struct cw_composer *composer, const struct reach *reach)
{
        const struct cw_draft *draft = composer->draft;

        for (size_t i = 0; i < composer->rules->n_notifiers; i++) {
                const struct cw_node *node = draft->notifiers[i].node, *name = cw_node_get(node, "name");

                if (!reach->notifiers[i] && !cw_ruleset_is_fallback(composer->rules, i))
                        cw_reader_warn(composer->reader, name ? name : node, "no route reaches notifier \"%s\"",
                                       composer->rules->notifiers[i].name);
        }
        for (size_t i = 0; i < composer->rules->n_windows; i++)
                if (!reach->windows[i] && can_be_meant(composer->rules, i))
                        cw_reader_warn(composer->reader, draft->windows[i].node, "no route uses window \"%s\"",
                                       composer->rules->windows[i].name);
}

void cw_compose_route(struct cw_composer *composer)
{
        struct cw_ruleset *rules = composer->rules;
        cw_autofree bool *notifiers = cw_reader_alloc(composer->reader, rules->n_notifiers, sizeof(*notifiers));
        cw_autofree bool *windows = cw_reader_alloc(composer->reader, rules->n_windows, sizeof(*windows));
        struct reach reach = {notifiers, windows, true};

        begin_root(composer, &rules->route);
        if (!notifiers || !windows || composer->reader->error)
                return;
        composer->draft->route.node = cw_node_get(composer->main->root, "route");
        compose_route(composer, &composer->draft->route, &reach, &rules->route, 0);
        for (size_t i = 0; i < rules->n_digests; i++)
                mark(reach.notifiers, rules->digests[i].notify, rules->digests[i].n_notify);
        if (reach.whole && composer->reader->error == 0)
                warn_unreached(composer, &reach);
        cw_route_seal(&rules->route);
}
