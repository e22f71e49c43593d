/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_DRAFT_ROUTE_H
#define CARDWATCH_CONFIG_DRAFT_ROUTE_H

#include "cardwatch/match.h"
#include "node.h"

/*
 * The part of the draft that says who hears of an alert, and what holds back.
 */

/* What an alert must be; texts move into a struct cw_filter. */
struct cw_filter_draft {
        char **severities;
        size_t n_severities;
        char **rules;
        size_t n_rules;
        struct cw_match cards;
        struct cw_label *labels;
        size_t n_labels;
};

struct cw_escalation_draft {
        const struct cw_node *node, *notify;
        int64_t after_ms;
};

struct cw_route_draft {
        const struct cw_node *node, *notify, *group_by, *mute, *only;
        struct cw_filter_draft match;
        bool goes_on;
        int64_t group_wait_ms, group_interval_ms, repeat_every_ms;
        struct cw_escalation_draft *escalate;
        size_t n_escalate;
        struct cw_route_draft *routes;
        size_t n_routes;
};

struct cw_window_draft {
        const struct cw_node *node;
        char *name, *from, *to;
        char **days, **except, **dates;
        size_t n_days, n_except, n_dates;
};

struct cw_digest_draft {
        const struct cw_node *node, *notify;
        char *name, *at;
        char **days;
        size_t n_days;
        bool per_customer;
};

struct cw_inhibition_draft {
        const struct cw_node *node;
        struct cw_filter_draft source, target;
        char **equal;
        size_t n_equal;
};

#endif
