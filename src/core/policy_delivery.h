/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_DELIVERY_H
#define CARDWATCH_CORE_POLICY_DELIVERY_H

#include "policy.h"

/*
 * What became of a message, and what the ledger learns from it (policy_delivery.c).
 */

/* The name of its notifier (of the pool), or NULL when there is no such
 * message. */
const char *cw_policy_rendered(struct cw_policy *policy, uint64_t sequence, const char *payload, size_t payload_len);
const char *cw_policy_delivered(struct cw_policy *policy, uint64_t sequence);

struct cw_attempt_failure {
        uint64_t sequence;
        bool permanent;
        int64_t asked_ms;
        uint32_t chance;
        const char *reason;
};
struct cw_attempt_outcome {
        bool dead; /* it will not be tried again */
        int64_t failing_ms; /* for how long it has failed now */
};
const char *cw_policy_attempt_failed(struct cw_policy *policy, const struct cw_attempt_failure *failure,
                                     struct cw_attempt_outcome *ret_outcome);

#endif
