/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: between two edges no window turns, so that it is enough to look when the time has left the span that was looked
 * at: forward, or back when the clock was set. */
#include "policy_window.h"

#include <errno.h>
#include <stdlib.h>

#include "policy_hold.h"

static bool uses_windows(const struct cw_route *route)
{
        bool uses = route->n_mute || route->n_only;

        for (size_t i = 0; !uses && i < route->n_routes; i++)
                uses = uses_windows(&route->routes[i]);
        return uses;
}

void cw_policy_windows_turn(struct cw_policy *policy)
{
        const struct cw_ruleset *rules = policy->rules;

        if (!policy->windows_open || (policy->now >= policy->windows_from && policy->now < policy->windows_until))
                return;
        policy->windows_from = policy->now;
        policy->windows_until = INT64_MAX;
        for (size_t i = 0; i < rules->n_windows; i++) {
                bool open = cw_window_is_open(&rules->windows[i], rules->zone, policy->now);
                int64_t edge = cw_window_next_edge(&rules->windows[i], rules->zone, policy->now);

                if (policy->windows_open[i] != open)
                        cw_policy_hold_ended(policy);
                policy->windows_open[i] = open;
                policy->windows_until = edge < policy->windows_until ? edge : policy->windows_until;
        }
}

int cw_policy_windows_anew(struct cw_policy *policy)
{
        const struct cw_ruleset *rules = policy->rules;

        free(policy->windows_open);
        policy->windows_open = NULL;
        policy->windows_from = policy->windows_until = 0;
        if (!uses_windows(&rules->route))
                return 0;
        policy->windows_open = calloc(rules->n_windows + 1, sizeof(*policy->windows_open));
        if (!policy->windows_open)
                return -ENOMEM;
        cw_policy_windows_turn(policy);
        return 0;
}

int64_t cw_policy_windows_wake_at(const struct cw_policy *policy)
{
        return policy->windows_open && policy->windows_until != INT64_MAX ? policy->windows_until : 0;
}

const char *cw_policy_muted(const struct cw_policy *policy, const struct cw_route *route)
{
        const struct cw_window *windows = policy->rules->windows;

        for (size_t i = 0; i < route->n_mute; i++)
                if (policy->windows_open[route->mute[i]])
                        return windows[route->mute[i]].muted;
        for (size_t i = 0; i < route->n_only; i++)
                if (policy->windows_open[route->only[i]])
                        return NULL;
        return route->n_only ? windows[route->only[0]].outside : NULL;
}
