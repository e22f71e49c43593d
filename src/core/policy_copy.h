/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_COPY_H
#define CARDWATCH_CORE_POLICY_COPY_H

#include "policy.h"

/*
 * Copies: notifiers that tell customers what another notifier tells its people.
 *
 * Such a notifier hears of an alert where the one that it copies is reached by a route, and only of cards of the
 * customers it has. Its groups are of one customer each, whatever a route groups by; it hears of no baseline, and a
 * storm is folded for each customer alone. So no message to it is ever about two customers.
 */

/* Whether the notifier tells customers, and the entry is about one of them; of any other notifier: true. */
bool cw_policy_may_hear(const struct cw_notifier_traits *traits, const struct cw_entry *entry);

/* The route by which the notifier hears of the entry by itself (no escalation); NULL: none. */
const struct cw_route *cw_policy_reaching(const struct cw_policy *policy, const struct cw_entry *entry,
                                          size_t notifier);
/* The same of escalations by `after_ms`. */
const struct cw_route *cw_policy_escalating(const struct cw_policy *policy, const struct cw_entry *entry,
                                            size_t notifier, int64_t after_ms);

/* Whose the message is that tells of this entry: a customer; 0 for notifiers that tell no customers. */
int64_t cw_policy_reader(const struct cw_notifier_traits *traits, const struct cw_entry *entry);

#endif
