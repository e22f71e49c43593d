/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

/* With its share of the index that stays well below the goal of 96 bytes a card. */
_Static_assert(sizeof(struct cw_record) == 64, "a record has grown");

#define COUNT_MOST ((INT64_C(1) << 35) - 1)

const int64_t cw_record_factors[CW_SCALE_ODD + 1] = {
        [CW_SCALE_CENTS] = CW_AMOUNT_UNIT / 100,
        [CW_SCALE_UNITS] = CW_AMOUNT_UNIT,
        [CW_SCALE_MICROS] = 1,
        [CW_SCALE_ODD] = 0,
};

static bool fits(cw_amount amount, int64_t factor)
{
        return amount % factor == 0 && amount / factor >= -COUNT_MOST && amount / factor <= COUNT_MOST;
}

/* The compiler does not see that they fit. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
static void set_counts(struct cw_record *record, const struct cw_card *card, int64_t factor)
{
        record->available = card->available / factor;
        record->pending = card->pending / factor;
        record->total = card->total / factor;
}
#pragma GCC diagnostic pop

bool cw_record_set_amounts(struct cw_record *record, const struct cw_card *card)
{
        unsigned scale = CW_SCALE_CENTS;

        while (scale < CW_SCALE_ODD &&
               !(fits(card->available, cw_record_factors[scale]) && fits(card->pending, cw_record_factors[scale]) &&
                 fits(card->total, cw_record_factors[scale])))
                scale++;
        record->scale = scale & 3;
        if (scale == CW_SCALE_ODD)
                return false;
        set_counts(record, card, cw_record_factors[scale]);
        return true;
}
