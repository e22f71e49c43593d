/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_RECEIVER_ROW_H
#define CARDWATCH_RECEIVER_ROW_H

#include <stdbool.h>
#include <stdint.h>

struct cw_changes;

/*
 * Receiver row: what is remembered of whoever a notifier speaks to: whether it takes messages, since when it does not,
 * when it is asked again, and when its rate allows the next message.
 */

/* Why a receiver has not got a message: it said so, it said nothing, or it is not there. The last cannot be the fault
 * of the message. */
enum cw_mishap { CW_MISHAP_ANSWER, CW_MISHAP_SILENCE, CW_MISHAP_UNREACHABLE };

struct cw_receiver_row {
        char *notifier; /* the key */
        bool failing; /* for long, or a message died, and nothing was delivered since */
        int64_t failing_since_at; /* wall times, 0: not */
        int64_t failed_at, next_at; /* the last probe that failed, and the next one */
        int64_t token_at;
        uint32_t probes; /* that failed in a row; 0: the circuit is closed */
        uint32_t n_failed; /* different messages, since the last success */
        uint32_t era, round; /* names, so that a message knows whether it is among them */
        bool unreachable;
        bool gone;
};

/* What a message remembers of its failures, beside its waits. */
struct cw_intent_trouble {
        uint8_t kind; /* enum cw_mishap of the last */
        bool released; /* once it did not have to wait, because its receiver was there again */
        uint32_t era, round; /* when it failed last, one higher than the receiver's; 0: never */
};

/* Appends a deep copy; a failure is remembered in changes->error. */
void cw_changes_receiver(struct cw_changes *changes, const struct cw_receiver_row *row);

#endif
