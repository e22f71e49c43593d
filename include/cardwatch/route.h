/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_ROUTE_H
#define CARDWATCH_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/filter.h"

/*
 * Routes: the tree that says who hears of an alert, when, and together with what. Plain data, owned by the ruleset.
 *
 * An alert goes down the tree: at each route the first child whose filter holds takes it, and the next one too if that
 * child says so (`goes_on`); what no child takes is handled by the route itself. What the configuration leaves to the
 * parent stands in each route written out.
 */

enum cw_group_key {
        CW_GROUP_RULE,
        CW_GROUP_SEVERITY,
        CW_GROUP_CUSTOMER,
        CW_GROUP_CURRENCY,
        CW_GROUP_CARD,
        CW_GROUP_LABEL
};

struct cw_group_by {
        enum cw_group_key key;
        char *label; /* for CW_GROUP_LABEL */
};

/* Who hears of an alert too, if nobody looks after it. */
struct cw_escalation {
        int64_t after_ms; /* the first message about it */
        size_t *notify; /* indices of notifiers */
        size_t n_notify;
};

enum { CW_ROUTE_DEPTH_MAX = 16 };

struct cw_route {
        struct cw_filter match; /* the root's holds for everything */
        bool goes_on; /* its siblings are asked as well */
        size_t *notify; /* indices of notifiers */
        size_t n_notify;
        struct cw_group_by *group_by;
        size_t n_group_by;
        int64_t group_wait_ms, group_interval_ms, repeat_every_ms; /* repeat 0: never */
        size_t *mute, *only; /* indices of windows */
        size_t n_mute, n_only;
        struct cw_escalation *escalate; /* the soonest first */
        size_t n_escalate;
        struct cw_route *routes;
        size_t n_routes;
        uint64_t id; /* of what it and its parents match: the same wherever it stands, save among those that match the
                      * same; the root's is 0 */
};

/* Derives the ids: the last step of building a tree. */
void cw_route_seal(struct cw_route *root);
void cw_route_deinit(struct cw_route *route);

/* Every route that handles the entry, in order, until `fn` says true; whether it did. */
typedef bool (*cw_route_fn)(void *data, const struct cw_route *route);
bool cw_route_walk(const struct cw_route *root, const struct cw_entry *entry, cw_route_fn fn, void *data);

/* The first that handles it at all. */
const struct cw_route *cw_route_home(const struct cw_route *root, const struct cw_entry *entry);
/* The first that handles it and notifies this notifier; NULL: none does. */
const struct cw_route *cw_route_reaching(const struct cw_route *root, const struct cw_entry *entry, size_t notifier);
/* The first whose escalations reach the notifier by `after_ms`; NULL: none does. */
const struct cw_route *cw_route_escalating(const struct cw_route *root, const struct cw_entry *entry, size_t notifier,
                                           int64_t after_ms);
/* The one of this id; NULL: there is none any more. */
const struct cw_route *cw_route_find(const struct cw_route *root, uint64_t id);

#endif
