/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_ACTS_H
#define CARDWATCH_ACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_changes;
struct cw_intent_row;

/*
 * Acts: what operators do, as events bring it and as rows keep it.
 */

#define CW_SILENCE_ID_SIZE 17 /* 16 hexadecimal digits and a NUL; derived, never random */

/* Who acts, and why. */
struct cw_act {
        const char *by, *why;
        int64_t uid; /* of the socket's peer, -1: not known */
};

/* A silence that was not ended and has not run out. */
struct cw_silence_row {
        char id[CW_SILENCE_ID_SIZE];
        char *match; /* terms separated by newlines (alert_match.h); "": every alert */
        char *by, *why;
        int64_t made_at, until_at;
        bool gone; /* it ended: delete it */
};

/* Kept for years, never changed. */
struct cw_audit_row {
        int64_t at;
        char *by; /* the name that was given */
        int64_t uid; /* -1: not known */
        char *what; /* "silence", "silence-end", "ack", "unack", "accept", "reload", "retry", "drop" */
        char *target; /* of a silence its id and match, of an acknowledgement the fingerprint, of a reload the hash … */
        char *why;
};

/* Append a deep copy, as those of changes.h. */
void cw_changes_silence(struct cw_changes *changes, const struct cw_silence_row *row);
void cw_changes_audit(struct cw_changes *changes, const struct cw_audit_row *row);

/* What an event says of an act. */
struct cw_event_act {
        struct cw_act by;
        const struct cw_silence_row *silence; /* SILENCE: match and until_at count */
        const char *id; /* SILENCE_END */
        uint64_t fingerprint; /* ACK and UNACK */
        int64_t until_at; /* ACK */
        const struct cw_intent_row *letter; /* RETRY, DROP: of one that waits the sequence and the id */
        const char *what, *target; /* AUDIT */
};

#endif
