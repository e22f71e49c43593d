/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_copy.h"

#include <stdlib.h>

static int by_number(const void *left, const void *right)
{
        int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

        return (a > b) - (a < b);
}

bool cw_policy_may_hear(const struct cw_notifier_traits *traits, const struct cw_entry *entry)
{
        if (!traits->copies)
                return true;
        return entry->has_card && traits->n_customers > 0 &&
               bsearch(&entry->card.customer, traits->customers, traits->n_customers, sizeof(*traits->customers),
                       by_number);
}

const struct cw_route *cw_policy_reaching(const struct cw_policy *policy, const struct cw_entry *entry, size_t notifier)
{
        const struct cw_notifier_traits *traits = &policy->rules->notifiers[notifier];

        if (!cw_policy_may_hear(traits, entry))
                return NULL;
        return cw_route_reaching(&policy->rules->route, entry, traits->copies ? traits->copies - 1 : notifier);
}

const struct cw_route *cw_policy_escalating(const struct cw_policy *policy, const struct cw_entry *entry,
                                            size_t notifier, int64_t after_ms)
{
        const struct cw_notifier_traits *traits = &policy->rules->notifiers[notifier];

        if (!cw_policy_may_hear(traits, entry))
                return NULL;
        return cw_route_escalating(&policy->rules->route, entry, traits->copies ? traits->copies - 1 : notifier,
                                   after_ms);
}

int64_t cw_policy_reader(const struct cw_notifier_traits *traits, const struct cw_entry *entry)
{
        return traits->copies && entry->has_card ? entry->card.customer : 0;
}
