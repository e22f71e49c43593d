/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_TALLY_H
#define CARDWATCH_CORE_TALLY_H

#include "cardwatch/notice.h"
#include "cardwatch/pack.h"

/*
 * Tallies: what is counted by rule and currency, and how it is stored.
 */

/* The currency by which an entry is counted: "" without a card. */
const char *cw_tally_currency(const struct cw_entry *entry);
void cw_tally_count(struct cw_tally *tally, const struct cw_entry *entry);
void cw_tally_sum(struct cw_tally *tally, const struct cw_tally *more);

/* The one of this rule and currency; a new one, all zero, is put behind the others, for which there must be room. */
struct cw_tally *cw_tally_like(struct cw_tally *tallies, size_t *n_tallies, const char *rule, const char *currency);

void cw_tallies_pack(const struct cw_tally *tallies, size_t n_tallies, struct cw_buf *buf);
/* Takes any bytes: what is none marks `unpack` as bad. Texts point into its data; the tallies are the caller's to free.
 * -EBADMSG, -ENOMEM. */
int cw_tallies_unpack(struct cw_unpack *unpack, struct cw_tally **ret_tallies, size_t *ret_n)
        __attribute__((warn_unused_result));

#endif
