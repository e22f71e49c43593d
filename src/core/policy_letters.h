/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_LETTERS_H
#define CARDWATCH_CORE_POLICY_LETTERS_H

#include "cardwatch/engine_acts.h"
#include "policy.h"

/*
 * What operators do with messages that are not delivered (policy_letters.c).
 */

/* Tried again now, a dead letter with the id and the bytes that it has. `row` is what is stored of it; of one that
 * still waits its sequence is enough. */
enum cw_letter_verdict cw_policy_retry(struct cw_policy *policy, const struct cw_intent_row *row);

/* Given up: nobody is told, and nobody is told again until its alerts change. */
enum cw_letter_verdict cw_policy_drop(struct cw_policy *policy, const struct cw_intent_row *row);

/* policy_load.c: puts it at the end of its lanes, and what it tells into the ledger. -EBADMSG, -ENOMEM. */
int cw_policy_load_intent(struct cw_policy *policy, const struct cw_intent_row *row)
        __attribute__((warn_unused_result));

#endif
