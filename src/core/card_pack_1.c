/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: packs as they were written before changes knew what they changed. They are read as what they prove: the card
 * was so then, and nothing is said of before.
 */
#include "card_pack_private.h"

enum {
        FLAG_SAME_OWNER = 1 << 0,
        FLAG_SAME_CURRENCY = 1 << 1,
        FLAG_SUPPRESSED = 1 << 2,
        FLAG_BASELINE = 1 << 3,
        FLAG_LOOK_AGAIN = 1 << 4,
        FLAG_DIGITS = 1 << 5,
        FLAG_MISSING = 1 << 6,
        FLAG_GONE = 1 << 7,
        FLAGS_ALL = (1 << 8) - 1,
};

static void read_card(struct cw_unpack *unpack, uint64_t flags, struct cw_card *card)
{
        card->id = cw_wrapping_sum(card->id, cw_unpack_i64(unpack));
        if (!(flags & FLAG_SAME_OWNER)) {
                card->customer = cw_wrapping_sum(card->customer, cw_unpack_i64(unpack));
                card->reference = cw_unpack_string(unpack); /* of the bytes themselves, which stay */
        }
        if (!(flags & FLAG_SAME_CURRENCY))
                cw_cards_read_short(unpack, card->currency, sizeof(card->currency));
        if (flags & FLAG_DIGITS)
                cw_cards_read_digits(unpack, card->last4);
        else
                cw_cards_read_short(unpack, card->last4, sizeof(card->last4));
        card->available = cw_unpack_i64(unpack);
        card->pending = cw_unpack_i64(unpack);
        card->total = cw_wrapping_sum(cw_wrapping_sum(cw_unpack_i64(unpack), card->available), card->pending);
        card->suppressed = flags & FLAG_SUPPRESSED;
}

void cw_cards_read_1(struct cw_cards_reader *reader, struct cw_card_row *row)
{
        struct cw_unpack *unpack = &reader->unpack;
        uint64_t flags = cw_unpack_most(unpack, FLAGS_ALL);

        read_card(unpack, flags, &row->card);
        row->first_seen_at = cw_wrapping_sum(row->first_seen_at, cw_unpack_i64(unpack));
        row->observed_at = cw_wrapping_sum(row->observed_at, cw_unpack_i64(unpack));
        row->observations = (uint32_t)cw_unpack_most(unpack, UINT32_MAX);
        row->missing = flags & FLAG_MISSING ? (uint8_t)cw_unpack_most(unpack, UINT8_MAX) : 0;
        row->baseline = flags & FLAG_BASELINE;
        row->look_again = flags & FLAG_LOOK_AGAIN;
        row->gone = flags & FLAG_GONE;
        row->changed = UINT16_MAX;
}
