/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_DELIVERY_H
#define CARDWATCH_CORE_POLICY_DELIVERY_H

#include "cardwatch/event.h"
#include "policy.h"

/*
 * What became of a message, and what the ledger learns from it (policy_delivery.c).
 */

/* The name of its notifier (of the pool), or NULL when there is no such
 * message. */
const char *cw_policy_rendered(struct cw_policy *policy, uint64_t sequence, const char *payload, size_t payload_len);
const char *cw_policy_delivered(struct cw_policy *policy, uint64_t sequence);

/* Whether more alerts than `much` have to be looked at when anything becomes of the message. */
bool cw_policy_tells_much(const struct cw_policy *policy, uint64_t sequence, size_t much);

struct cw_attempt_failure {
        uint64_t sequence;
        bool permanent;
        enum cw_mishap mishap;
        int64_t asked_ms;
        uint32_t chance;
        const char *reason;
};
struct cw_attempt_outcome {
        bool dead; /* it will not be tried again */
};
const char *cw_policy_attempt_failed(struct cw_policy *policy, const struct cw_attempt_failure *failure,
                                     struct cw_attempt_outcome *ret_outcome);

/* The notifier (index in the ruleset) fails from now on, until something is delivered. */
void cw_policy_begin_failing(struct cw_policy *policy, size_t notifier);
/* Nothing was delivered for so long although it was tried, and it does not count as failing yet. */
bool cw_policy_has_failed_for(const struct cw_policy *policy, size_t notifier, int64_t ms);
/* When the first one will have, 0: none. */
int64_t cw_policy_fails_at(const struct cw_policy *policy, int64_t after_ms);
/* What its receiver said last, or what happened instead. */
const char *cw_policy_last_error(const struct cw_policy *policy, size_t notifier);

/* Takes it out of the outbox, as if it had died, and leaves nothing of it there. */
void cw_policy_drop_intent(struct cw_policy *policy, struct cw_intent *intent);

/* What became of a message about something, for whoever asks why they were told, or not. */
struct cw_post {
        const char *id, *notifier;
        const char *what; /* a literal */
        const char *reason; /* NULL: none */
};
void cw_policy_record(struct cw_policy *policy, const struct cw_post *post, const struct cw_item *item);

#endif
