/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one walk down the tree finds every route that handles an alert; who asks says when it has seen enough. */
#include "cardwatch/route.h"

#include <stdlib.h>

#include "cardwatch/hash.h"

static uint64_t id_of(const struct cw_route *route, uint64_t parent, uint64_t twins)
{
        struct cw_hash hash;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_u64(&hash, parent);
        cw_filter_hash(&route->match, &hash);
        if (twins)
                cw_hash_u64(&hash, twins);
        return cw_hash_end(&hash);
}

/* One that goes on may have a twin that matches the same alerts for others, with clocks of its own. They are counted
 * from the last on, while those before it still have the id that they share. */
static void seal(struct cw_route *route)
{
        for (size_t i = 0; i < route->n_routes; i++)
                route->routes[i].id = id_of(&route->routes[i], route->id, 0);
        for (size_t i = route->n_routes; i-- > 0;) {
                struct cw_route *child = &route->routes[i];
                uint64_t twins = 0;

                for (size_t k = 0; k < i; k++)
                        twins += route->routes[k].id == child->id;
                if (twins)
                        child->id = id_of(child, route->id, twins);
                seal(child);
        }
}

void cw_route_seal(struct cw_route *root)
{
        root->id = 0;
        seal(root);
}

void cw_route_deinit(struct cw_route *route)
{
        for (size_t i = 0; i < route->n_routes; i++)
                cw_route_deinit(&route->routes[i]);
        free(route->routes);
        for (size_t i = 0; i < route->n_escalate; i++)
                free(route->escalate[i].notify);
        free(route->escalate);
        for (size_t i = 0; i < route->n_group_by; i++)
                free(route->group_by[i].label);
        free(route->group_by);
        free(route->notify);
        free(route->mute);
        free(route->only);
        cw_filter_deinit(&route->match);
        *route = (struct cw_route){0};
}

bool cw_route_walk(const struct cw_route *root, const struct cw_entry *entry, cw_route_fn fn, void *data)
{
        bool taken = false;

        for (size_t i = 0; i < root->n_routes; i++) {
                const struct cw_route *child = &root->routes[i];

                if (!cw_filter_holds(&child->match, entry))
                        continue;
                taken = true;
                if (cw_route_walk(child, entry, fn, data))
                        return true;
                if (!child->goes_on)
                        return false;
        }
        return !taken && fn(data, root);
}

struct wanted {
        size_t notifier;
        int64_t after_ms;
        const struct cw_route *found;
};

static bool has(const size_t *notify, size_t n, size_t notifier)
{
        for (size_t i = 0; i < n; i++)
                if (notify[i] == notifier)
                        return true;
        return false;
}

static bool is_first(void *data, const struct cw_route *route)
{
        struct wanted *wanted = data;

        wanted->found = route;
        return true;
}

const struct cw_route *cw_route_home(const struct cw_route *root, const struct cw_entry *entry)
{
        struct wanted wanted = {0};

        cw_route_walk(root, entry, is_first, &wanted);
        return wanted.found;
}

static bool reaches(void *data, const struct cw_route *route)
{
        struct wanted *wanted = data;

        if (has(route->notify, route->n_notify, wanted->notifier))
                wanted->found = route;
        return wanted->found != NULL;
}

const struct cw_route *cw_route_reaching(const struct cw_route *root, const struct cw_entry *entry, size_t notifier)
{
        struct wanted wanted = {.notifier = notifier};

        cw_route_walk(root, entry, reaches, &wanted);
        return wanted.found;
}

static bool escalates(void *data, const struct cw_route *route)
{
        struct wanted *wanted = data;

        for (size_t i = 0; i < route->n_escalate && route->escalate[i].after_ms <= wanted->after_ms; i++)
                if (has(route->escalate[i].notify, route->escalate[i].n_notify, wanted->notifier))
                        wanted->found = route;
        return wanted->found != NULL;
}

const struct cw_route *cw_route_escalating(const struct cw_route *root, const struct cw_entry *entry, size_t notifier,
                                           int64_t after_ms)
{
        struct wanted wanted = {.notifier = notifier, .after_ms = after_ms};

        cw_route_walk(root, entry, escalates, &wanted);
        return wanted.found;
}

const struct cw_route *cw_route_find(const struct cw_route *root, uint64_t id)
{
        const struct cw_route *found = root->id == id ? root : NULL;

        for (size_t i = 0; !found && i < root->n_routes; i++)
                found = cw_route_find(&root->routes[i], id);
        return found;
}
