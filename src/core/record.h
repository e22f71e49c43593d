/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_RECORD_H
#define CARDWATCH_CORE_RECORD_H

#include "cardwatch/card.h"

/*
 * Record: what is remembered of one card, in 60 bytes, for there may be a million.
 *
 * Amounts are counts of what all three of a card are multiples of: cents, nearly always. 36 bits of them are 340
 * million units, of whole units 34 billion. The currency's three letters and the last four digits are one number. A
 * card of which anything fits into none of these is *odd*: what it shows stands elsewhere (snapshot.h).
 */

enum cw_scale { CW_SCALE_CENTS, CW_SCALE_UNITS, CW_SCALE_MICROS, CW_SCALE_ODD };

struct cw_record {
        int64_t id, customer;
        int64_t observed_at : 47; /* when the request was sent */
        uint32_t leaf : 17; /* the part of a page that brought it */
        int64_t first_seen_at : 47; /* likewise */
        uint32_t missing : 8;
        uint32_t scale : 2;
        bool suppressed : 1;
        bool baseline : 1;
        bool look_again : 1;
        bool unsettled : 1; /* new rules were settled without it: they look at it when it is next observed */
        bool unseen : 1; /* an alert waits, and the last poll did not bring it: stored with when it was seen last */
        bool taken : 1; /* the poll `seen_in` brought a reading that could be trusted */
        bool held : 1; /* and its word about it was not believed */
        uint32_t face : 28; /* currency and last four digits */
        int64_t available : 36; /* counts, of what `scale` says */
        uint32_t observations : 28; /* that changed it: one a second for eight years */
        int64_t pending : 36;
        uint32_t seen_in : 28; /* number of the last poll that brought it */
        int64_t total : 36;
        uint32_t reference; /* link to a text (texts.h) */
} __attribute__((packed, aligned(4)));

/* Times go into fewer bits than 64: up to the year 4199. */
#define CW_RECORD_TIME(at) ((at)&INT64_C(0x3fffffffffff))

/* Counts and numbers of polls into fewer than 32. */
#define CW_RECORD_COUNT_MOST 0xfffffffu
#define CW_RECORD_COUNT(n)   ((n)&CW_RECORD_COUNT_MOST)

/* Amounts, currency and last four digits; false: the card is odd, which is all that the record says then. */
bool cw_record_show(struct cw_record *record, const struct cw_card *card);

/* The same from a record that is not odd, the card's other fields untouched. */
void cw_record_shown(const struct cw_record *record, struct cw_card *card);

/* Whether a record that is not odd shows the same. */
bool cw_record_shows(const struct cw_record *record, const struct cw_card *card);

#endif
