/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_ROWS_H
#define CARDWATCH_ROWS_H

#include "cardwatch/card_row.h"
#include "cardwatch/digest_rows.h"
#include "cardwatch/history.h"
#include "cardwatch/notice.h"
#include "cardwatch/receiver_row.h"

/*
 * Rows: what is remembered, each the whole present state of one thing under its key.
 *
 * Plain data without behaviour; who owns the texts is said by who holds the rows (changes.h). Times are wall times, 0:
 * never.
 */

struct cw_source_row {
        char *source;
        bool baseline_done;
        bool removed; /* the source and its cards are no longer configured: delete them */
        int64_t first_poll_at, last_poll_at, last_complete_at; /* 0: never */
        int64_t poll_ms; /* how long the last one took */
        uint32_t failed_polls; /* in a row */
        int64_t blocked_until_at, otp_step; /* of the log-in: source.h, struct cw_source_memory */
        char *lack; /* what its last poll lacked, in words; "" or NULL: nothing */
        uint8_t suspicion; /* how far each kind is: the engine alone reads it */
};

/* Live alerts, and the little that outlives them: the counts that ids are derived from. */
struct cw_alert_row {
        uint64_t fingerprint;
        char *rule, *source;
        int64_t customer, card;
        uint32_t episode, edge;
        uint8_t state; /* enum cw_alert_state of engine.h */
        bool baseline; /* waiting since before the source's first complete poll, or with a new rule; inactive: seen
                          clear by a new rule that arms only then */
        bool flapping;
        int64_t since_at; /* waiting: when the condition became true, later by the time nobody was looking */
        int64_t clear_at; /* firing: since when `clear` has been true, 0: it is not */
        int64_t *fired_at; /* the last transitions to firing, oldest first, as many as somebody counts; owned */
        size_t n_fired_at; /* at most CW_FLAP_LIMIT_MAX + 1 */
        int64_t moved_at; /* the last transition */
        char *acked_by; /* NULL: it is not acknowledged */
        int64_t acked_until_at;
        int64_t told_at; /* the first message that it fires as it does; counts where something escalates */
        int64_t escalated_ms; /* escalations up to so long after that were taken */
        uint32_t insist_edge; /* told although receivers know that it fires, 0: nothing */
        struct cw_entry *entry; /* a reference; NULL when nothing is to be told of it any more */
        bool gone; /* it waited, and nothing came of it: delete it */
};

/* What a receiver knows of an alert. What is on its way to it stands in the intents. */
struct cw_ledger_row {
        char *notifier;
        uint64_t fingerprint;
        uint32_t edge; /* the last transition that was accepted, or that became a dead letter */
        uint8_t state; /* enum cw_entry_state of the last accepted; CW_ENTRY_EVENT: none was */
        uint8_t severity; /* likewise */
        bool accepted; /* false: `edge` is a dead letter's */
        bool gone;
};

struct cw_group_row {
        char *notifier;
        char *key; /* canonical text of source and group values */
        int64_t begun_at, told_at, due_at; /* 0: not */
        uint32_t repeat;
        char thread[33]; /* id of the message that opened it; "" until one was rendered */
        bool gone;
};

enum cw_intent_state { CW_INTENT_QUEUED, CW_INTENT_RENDERED, CW_INTENT_DEAD, CW_INTENT_DELIVERED };

struct cw_intent_row {
        uint64_t sequence; /* order of queueing, unique, the key */
        char id[33];
        char *notifier, *groups; /* keys, separated by '\n' */
        uint8_t kind; /* enum cw_notice_kind */
        uint8_t state;
        bool baseline, opens_thread;
        uint32_t repeat;
        int64_t queued_at, next_at, failing_since_at, delivered_at; /* the last 0: when it is committed */
        uint32_t attempts;
        struct cw_intent_trouble trouble;
        char *error; /* of the last attempt, one line */
        struct cw_item *items; /* entries are references */
        size_t n_items;
        char *digest; /* packed facts of one (digest.h); NULL: it is none */
        char *payload; /* rendered bytes; NULL: not yet, or let go of after delivery */
        char *counted; /* packed tallies of events that it has no items of any more; NULL: none */
        size_t digest_len, payload_len, counted_len;
        bool gone;
};

struct cw_rule_row {
        char *name;
        uint64_t meaning;
        bool gone;
};

#endif
