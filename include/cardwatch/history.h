/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_HISTORY_H
#define CARDWATCH_HISTORY_H

#include <stdint.h>

/*
 * History: what is kept of decisions, for whoever asks later why.
 *
 * Appended, never changed. Plain data; who owns the texts is said by who holds the rows (changes.h).
 */

/* An edge in an alert's life, appended to its history. */
struct cw_history_row {
        int64_t at;
        uint64_t fingerprint;
        char *rule, *source;
        int64_t customer, card;
        uint32_t edge;
        const char *what; /* a literal: "waiting", "firing", "severity", "resolved", "event", "held", "queued", "sent",
                             "dead", "taken back" … */
        char *reason; /* of a message or a hold: by what */
        char *detail; /* the expression with the value of each of its parts; NULL: none */
        char *notifier; /* of "held" and messages; NULL: none */
        char message[33]; /* the message's id; "": none */
        uint8_t severity; /* after it */
};

#endif
