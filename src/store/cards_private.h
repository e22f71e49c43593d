/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_CARDS_PRIVATE_H
#define CW_STORE_CARDS_PRIVATE_H

#include <stdint.h>

#include "cards.h"

/*
 * What readers of every version of packs share. Differences wrap: any 64 bits come back as they were.
 */

static inline int64_t cw_cards_difference(int64_t a, int64_t b)
{
        return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int64_t cw_cards_sum(int64_t a, int64_t b)
{
        return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* A text with a fixed place. */
void cw_cards_read_short(struct cw_unpack *unpack, char *ret_text, size_t size);
void cw_cards_read_digits(struct cw_unpack *unpack, char ret_digits[static 5]);

/* One row of a pack of version 1, over the row before it. `unpack` says whether it was one. */
void cw_cards_read_1(struct cw_cards_reader *reader, struct cw_card_row *row);

#endif
