/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_baseline.h"
#include "policy_groups.h"

#include <errno.h>
#include <stdlib.h>

int cw_baselines_new(size_t n_notifiers, struct cw_baseline **ret_baselines)
{
        struct cw_baseline *baselines = calloc(n_notifiers + 1, sizeof(*baselines));

        if (!baselines)
                return -ENOMEM;
        *ret_baselines = baselines;
        return 0;
}

static void clear(struct cw_baseline *baseline)
{
        free(baseline->items);
        free(baseline->tellings);
        free(baseline->groups);
        *baseline = (struct cw_baseline){0};
}

void cw_baselines_free(struct cw_baseline *baselines, size_t n_notifiers)
{
        if (!baselines)
                return;
        for (size_t i = 0; i < n_notifiers; i++)
                clear(&baselines[i]);
        free(baselines);
}

/* Groups are flushed one after the other, so a group seen before is the last one. */
static int add_group(struct cw_baseline *baseline, struct cw_group *group)
{
        if (baseline->n_groups && baseline->groups[baseline->n_groups - 1] == group)
                return 0;
        if (baseline->n_groups == baseline->groups_capacity) {
                size_t capacity = baseline->groups_capacity ? baseline->groups_capacity * 2 : 8;
                struct cw_group **groups = reallocarray(baseline->groups, capacity, sizeof(struct cw_group *));

                if (!groups)
                        return -ENOMEM;
                baseline->groups = groups;
                baseline->groups_capacity = capacity;
        }
        baseline->groups[baseline->n_groups++] = group;
        return 0;
}

int cw_baseline_add(struct cw_baseline *baseline, const struct cw_item *item, struct cw_telling *telling)
{
        if (baseline->n == baseline->capacity) {
                size_t capacity = baseline->capacity ? baseline->capacity * 2 : 8;
                struct cw_item *items = reallocarray(baseline->items, capacity, sizeof(*items));
                struct cw_telling **tellings;

                if (!items)
                        return -ENOMEM;
                baseline->items = items;
                tellings = reallocarray(baseline->tellings, capacity, sizeof(struct cw_telling *));
                if (!tellings)
                        return -ENOMEM;
                baseline->tellings = tellings;
                baseline->capacity = capacity;
        }
        baseline->items[baseline->n] = *item;
        baseline->tellings[baseline->n++] = telling;
        return add_group(baseline, telling->group);
}

static int queue(struct cw_policy *policy, struct cw_baseline *baseline, const char *notifier)
{
        struct cw_intent like = {
                .notifier = notifier,
                .kind = CW_NOTICE_ALERT,
                .baseline = true,
                .queued_at = policy->now,
                .next_at = policy->now,
        };
        struct cw_intent *intent;
        int r;

        r = cw_outbox_add(&policy->outbox, &like, baseline->groups, baseline->n_groups, &intent);
        for (size_t i = 0; r == 0 && i < baseline->n; i++) {
                r = cw_intent_add_item(intent, &baseline->items[i]);
                baseline->tellings[i]->queued = intent->sequence;
                baseline->tellings[i]->queued_edge = baseline->items[i].edge;
        }
        if (r == 0)
                cw_policy_intent_changed(policy, intent);
        return r;
}

void cw_baseline_queue(struct cw_policy *policy, struct cw_baseline *baseline, const char *notifier)
{
        if (baseline->n && queue(policy, baseline, notifier) < 0)
                policy->error = -ENOMEM;
        clear(baseline);
}
