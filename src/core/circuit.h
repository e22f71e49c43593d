/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_CIRCUIT_H
#define CARDWATCH_CORE_CIRCUIT_H

#include "cardwatch/backoff.h"
#include "cardwatch/event.h"

/*
 * Circuit: whether a receiver takes messages at all, and who may try while it does not.
 *
 * A message that fails may be at fault itself, or its receiver may be. While the circuit is closed everybody tries for
 * himself. It opens when the receiver cannot be reached, or when several different messages failed and none was
 * delivered between them. Then one message at a time goes out, a probe, and all others wait unwritten; the first that
 * is delivered closes it. What may have been the fault of a message is answered by trying another one, so that a
 * message that can never be delivered holds nothing up.
 *
 * Pure: a state, what happened, and the time. Which message it is the outbox knows.
 */

struct cw_circuit {
        int64_t failing_since_at; /* the first failure since the last success, 0: none */
        int64_t failed_at; /* the last one, while open */
        int64_t next_at; /* when the next probe may go */
        uint32_t probes; /* that failed in a row; 0: closed */
        uint32_t n_failed; /* different messages since the last success */
        uint32_t era; /* counts successes after failures: a message that failed in this one is in n_failed */
        uint32_t round; /* of probes: each of those that were tried before has its turn */
        bool unreachable; /* the last failure says nothing of its message */
};

struct cw_circuit_failure {
        enum cw_mishap kind;
        bool counted; /* this message failed before since the last success */
        bool probe; /* it was let out while the circuit was open */
        bool alone; /* nothing else was delivered during the attempt */
        uint32_t chance; /* uniform over its range */
};

bool cw_circuit_is_open(const struct cw_circuit *circuit);

/* A message was delivered. Whether that closed the circuit. */
bool cw_circuit_succeeded(struct cw_circuit *circuit);
void cw_circuit_failed(struct cw_circuit *circuit, const struct cw_circuit_failure *failure, int64_t now);

/* While open: when the next probe may go. `unwritten`: messages wait that were never tried. */
int64_t cw_circuit_probe_at(const struct cw_circuit *circuit, bool unwritten);

/* While open: the next probe had better be one that was never tried. `all_had_turn`: the others all failed in this
 * round. */
bool cw_circuit_wants_unwritten(const struct cw_circuit *circuit, bool all_had_turn);

#endif
