/* SPDX-License-Identifier: Apache-2.0 */
#include "card_past.h"

#include "cardwatch/rows.h"

/* Without a balance before there is nothing that amounts could be compared with: they begin anew. */
#define AMOUNTS ((1u << 3) - 1)

void cw_card_past_follow(struct cw_card_past *past, const struct cw_card_row *row)
{
        uint16_t fields = row->changed & ((1u << CW_CARD_FIELDS) - 1);

        if (row->gone || row->first_seen_at != past->first_seen_at)
                *past = (struct cw_card_past){.first_seen_at = row->first_seen_at};
        if (row->gone || !fields || row->observed_at <= row->first_seen_at)
                return;
        if (!row->has_before)
                fields |= AMOUNTS;
        past->fields |= fields;
        for (unsigned i = 0; i < CW_CARD_FIELDS; i++)
                if (fields & 1u << i)
                        past->changed_at[i] = row->observed_at;
}
