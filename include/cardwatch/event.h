/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_EVENT_H
#define CARDWATCH_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/acts.h"
#include "cardwatch/card.h"
#include "cardwatch/receiver_row.h"

struct cw_ruleset;

/*
 * Event: what the engine is told, one thing at a time. Everything in it is borrowed for the step.
 *
 * A poll is told in this order: POLL_BEGAN; as pages come PAGE_SEEN and its CARD_BAD, or CUSTOMER_SEEN and
 * CARD_SEEN one by one, POLL_GOES_ON now and then; PAGES_READ; for every look-up CARD_READ and
 * CARD_BAD, then CUSTOMER_READ; POLL_ENDED. A poll that is cancelled has no end.
 */

enum cw_event_kind {
        CW_EVENT_POLLS_ALIKE, /* instead of polls: at every beat up to `at` a complete one brought all as it was */
        CW_EVENT_POLL_BEGAN,
        CW_EVENT_PAGE_SEEN, /* all that one page brought; parts are alike only where cw_engine_knows_page said so */
        CW_EVENT_CUSTOMER_SEEN,
        CW_EVENT_CARD_SEEN,
        CW_EVENT_CARD_BAD,
        CW_EVENT_POLL_GOES_ON, /* a long poll: what has come is decided now */
        CW_EVENT_PAGES_READ, /* all pages came or failed: what is suspicious, who is missing (cw_engine_look_ups) */
        CW_EVENT_CUSTOMER_READ, /* the answer to a look-up; its cards come before as CARD_READ */
        CW_EVENT_CARD_READ, /* by a look-up */
        CW_EVENT_REST_SEEN, /* every card and customer that is known and was not named since POLL_BEGAN is as it was */
        CW_EVENT_POLL_ENDED,
        CW_EVENT_CARD_WATCHED, /* by the faster lane */
        CW_EVENT_CARD_AGAIN, /* by reading its customer once more before an alert fires (cw_engine_read_again) */
        CW_EVENT_CUSTOMER_AGAIN, /* the end of that */
        CW_EVENT_ACCEPT, /* an operator believes what looks suspicious */
        CW_EVENT_SILENCE, /* an operator wants to hear nothing of some alerts for a time */
        CW_EVENT_SILENCE_END,
        CW_EVENT_ACK, /* somebody looks after an alert: no repeats */
        CW_EVENT_UNACK,
        CW_EVENT_RETRY, /* a message that is not delivered is tried again now, or never */
        CW_EVENT_DROP,
        CW_EVENT_AUDIT, /* something else that an operator did, only recorded */
        CW_EVENT_SOURCE_MEMORY,
        CW_EVENT_TICK, /* time passed: something may be due (cw_engine_wake_at) */
        CW_EVENT_CLOCK_SET, /* the wall clock was set: before anything else is told by it */
        CW_EVENT_RULES, /* another ruleset is in force */
        CW_EVENT_STORE_RESULT, /* a commit failed, or worked */
        CW_EVENT_RELOAD_RESULT, /* a reload was refused, or worked */
        CW_EVENT_RENDERED, /* a message got its bytes: they stay */
        CW_EVENT_DELIVERED, /* its receiver has it */
        CW_EVENT_ATTEMPT_FAILED, /* its receiver has it not */
};

enum cw_look_up_result { CW_LOOK_UP_FOUND, CW_LOOK_UP_GONE, CW_LOOK_UP_UNREADABLE };

enum cw_auth_result { CW_AUTH_UNTRIED, CW_AUTH_OK, CW_AUTH_FAILED };

struct cw_event {
        enum cw_event_kind kind;
        size_t source; /* of poll events: index in the ruleset in force */
        int64_t at; /* of poll events: when the request was sent, wall time */
        union {
                int64_t customer; /* CUSTOMER_SEEN */
                const struct cw_card *card;
                struct cw_page_told page; /* PAGE_SEEN */
                struct {
                        int64_t customer, card; /* card 0: its id is what is bad */
                        const char *field, *reason;
                        bool watched; /* by the faster lane */
                } bad;
                struct {
                        uint32_t pages_good, pages_bad;
                        enum cw_auth_result auth;
                        int64_t took_ms;
                        const char *reason;
                        bool skew_known;
                        int64_t skew_ms;
                } poll; /* PAGES_READ (counts only) and POLL_ENDED */
                struct {
                        int64_t customer;
                        enum cw_look_up_result result;
                } read; /* CUSTOMER_READ and CUSTOMER_AGAIN */
                struct {
                        int64_t blocked_until_at, otp_step;
                } memory;
                struct cw_event_act act;
                struct cw_ruleset *rules;
                int64_t set_by_ms; /* CLOCK_SET: forward, or back if negative */
                struct {
                        bool failing;
                        const char *reason;
                } result;
                struct {
                        uint64_t sequence;
                        const char *payload; /* RENDERED */
                        size_t payload_len;
                        bool permanent; /* ATTEMPT_FAILED */
                        enum cw_mishap mishap;
                        int64_t asked_ms;
                        uint32_t chance;
                        const char *reason;
                } message;
        };
};

#endif
