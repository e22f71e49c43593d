/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_RECORD_H
#define CARDWATCH_CORE_RECORD_H

#include "cardwatch/card.h"
#include "cardwatch/notice.h"

/*
 * Record: what is remembered of one card, in 64 bytes, for there may be a million.
 *
 * Amounts are counts of what all three of a card are multiples of: cents, nearly always. 36 bits of them are 340
 * million units, of whole units 34 billion. Amounts that are neither small nor round are *odd*: they stand elsewhere
 * (snapshot.h).
 */

enum cw_scale { CW_SCALE_CENTS, CW_SCALE_UNITS, CW_SCALE_MICROS, CW_SCALE_ODD };

struct cw_record {
        int64_t id, customer;
        uint32_t reference; /* link to a string of the pool */
        char last4[4]; /* not terminated; all zero: none */
        int64_t observed_at : 47; /* when the request was sent */
        uint32_t leaf : 17; /* the page that brought it */
        int64_t first_seen_at : 48; /* likewise */
        uint8_t missing;
        bool suppressed : 1;
        bool baseline : 1;
        bool look_again : 1;
        bool unsettled : 1; /* new rules were settled without it: they look at it when it is next observed */
        bool unseen : 1; /* an alert waits, and the last poll did not bring it: stored with when it was seen last */
        bool taken : 1; /* the poll `seen_in` brought a reading that could be trusted */
        bool held : 1; /* and its word about it was not believed */
        uint32_t currency : 24; /* three letters, the first one lowest */
        uint32_t scale : 4;
        int64_t available : 36; /* counts, of what `scale` says */
        uint32_t observations : 28; /* that changed it: one a second for eight years */
        int64_t pending : 36;
        uint32_t seen_in : 28; /* number of the last poll that brought it */
        int64_t total : 36;
};

/* Times go into fewer bits than 64: up to the year 4199. */
#define CW_RECORD_TIME(at) ((at)&INT64_C(0x3fffffffffff))

/* Counts and numbers of polls into fewer than 32. */
#define CW_RECORD_COUNT(n) ((n)&0xfffffffu)

extern const int64_t cw_record_factors[CW_SCALE_ODD + 1];

static inline cw_amount cw_record_amount(const struct cw_record *record, int64_t count)
{
        return count * cw_record_factors[record->scale];
}

/* Sets amounts and scale; false: they are odd, which the scale says. */
bool cw_record_set_amounts(struct cw_record *record, const struct cw_card *card);

/* Of three letters: the fourth byte ends them. */
static inline uint32_t cw_record_currency(const char currency[static 4])
{
        const unsigned char *bytes = (const unsigned char *)currency;

        return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

#endif
