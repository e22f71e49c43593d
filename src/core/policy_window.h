/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_WINDOW_H
#define CARDWATCH_CORE_POLICY_WINDOW_H

#include "policy.h"

/*
 * Windows that are open now, and which of them holds a route back.
 */

/* Looks at the time; notes that a hold may have ended if a window turned since. */
void cw_policy_windows_turn(struct cw_policy *policy);
/* When one may turn next, 0: nothing hangs on any. */
int64_t cw_policy_windows_wake_at(const struct cw_policy *policy);
/* Another ruleset. */
int cw_policy_windows_anew(struct cw_policy *policy) __attribute__((warn_unused_result));
/* What holds the route back now, in words; NULL: nothing. Only while windows_open is not NULL. */
const char *cw_policy_muted(const struct cw_policy *policy, const struct cw_route *route);

#endif
