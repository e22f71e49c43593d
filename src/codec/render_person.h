/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_RENDER_PERSON_H
#define CARDWATCH_CODEC_RENDER_PERSON_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/buf.h"
#include "cardwatch/notice.h"

/*
 * What people are shown: the small parts every message for them is made of.
 *
 * Texts from outside come out as valid UTF-8 of a sane length in which nothing hides: control characters are made
 * visible, and what would turn the direction of the line around is written as its code. Nothing here escapes for a
 * format: the result is plain text. Errors stick in the buffer.
 */

enum {
        CW_PERSON_REFERENCE_MAX = 80, /* characters */
        CW_PERSON_TEXT_MAX = 300,
        CW_PERSON_LONG_MAX = 2000,
};

/* "acme-1", or "customer 11057" when there is no reference. */
void cw_person_customer(struct cw_buf *buf, const struct cw_card *card);

/* "1,234.50", without the currency; of a disguised entry "95 %". */
void cw_person_amount(struct cw_buf *buf, cw_amount amount, const struct cw_entry *entry);

/* The same with the currency; what is disguised has none. */
void cw_person_money(struct cw_buf *buf, cw_amount amount, const struct cw_entry *entry);

/* What was reckoned, with no more digits than say something: those of the currency, or two that are not zero; but as
 * many as it takes to stay above, below or equal to `other`. */
cw_amount cw_person_rounded(cw_amount amount, cw_amount other, const struct cw_entry *entry);

/* In the process's time zone, as short as `now` allows: "08:02", "21 Nov 08:02", "2025-11-21 08:02". */
void cw_person_time(struct cw_buf *buf, int64_t at, int64_t now);

/* What the alert is about, among the balances: the watched value where it is one of them. */
struct cw_person_shown {
        const char *name; /* "pending", "total"; NULL: available, which needs no name */
        cw_amount now;
        struct cw_maybe_amount was; /* at the observation before */
};

void cw_person_shown(const struct cw_entry *entry, struct cw_person_shown *ret_shown);

/* Whether the extreme the alert went to is a high one. */
bool cw_person_went_up(const struct cw_entry *entry);

/* "empty in about 9 h": as coarse as it is sure. False, and nothing: it is not known, is of no use to who reads about a
 * value that is too high, or was not heard of for too long to be still true. */
bool cw_person_empty(struct cw_buf *buf, const struct cw_entry *entry, int64_t now);

/* "third time this week"; false, and nothing: it is the first, or began so long ago that it would be another week. */
bool cw_person_times(struct cw_buf *buf, const struct cw_entry *entry, int64_t now);

/* "previous.available": the limit is what `was` says. */
bool cw_person_limit_is_previous(const struct cw_entry *entry);

/* "floor"; "was" for the observation before; "limit" where the rule gives it no name. */
void cw_person_limit_name(struct cw_buf *buf, const struct cw_entry *entry);

/* When what is told began. */
int64_t cw_person_since(const struct cw_entry *entry);

#endif
