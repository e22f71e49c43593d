/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_BASELINE_H
#define CARDWATCH_CORE_POLICY_BASELINE_H

#include "policy.h"

/*
 * Baseline: what a first poll finds wrong goes to a notifier in one message, whatever the grouping.
 *
 * Collects the items and their groups while groups are flushed, then queues one message in the lanes of all of them.
 */
struct cw_baseline {
        struct cw_item *items;
        struct cw_telling **tellings;
        size_t n, capacity;
        struct cw_group **groups;
        size_t n_groups, groups_capacity;
};

int cw_baselines_new(size_t n_notifiers, struct cw_baseline **ret_baselines) __attribute__((warn_unused_result));
void cw_baselines_free(struct cw_baseline *baselines, size_t n_notifiers);

int cw_baseline_add(struct cw_baseline *baseline, const struct cw_item *item, struct cw_telling *telling)
        __attribute__((warn_unused_result));
void cw_baseline_queue(struct cw_policy *policy, struct cw_baseline *baseline, const char *notifier);

#endif
