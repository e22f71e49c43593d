/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CORE_CARD_PACK_PRIVATE_H
#define CW_CORE_CARD_PACK_PRIVATE_H

#include <stdint.h>

#include "cardwatch/card_pack.h"
#include "cardwatch/wrapping.h"

/*
 * What readers of every version of packs share.
 */

/* A text with a fixed place. */
void cw_cards_read_short(struct cw_unpack *unpack, char *ret_text, size_t size);
void cw_cards_read_digits(struct cw_unpack *unpack, char ret_digits[static 5]);

/* One row of a pack of version 1, over the row before it. `unpack` says whether it was one. */
void cw_cards_read_1(struct cw_cards_reader *reader, struct cw_card_row *row);

#endif
