/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <string.h>

/* With its share of the index that stays well below the goal of 96 bytes a card. */
_Static_assert(sizeof(struct cw_record) == 60, "a record has grown");

#define COUNT_MOST ((INT64_C(1) << 35) - 1)

#define LETTERS     26
#define CURRENCIES  (1 + LETTERS * LETTERS * LETTERS) /* and none */
#define LAST4_CODES 10001 /* and none */
#define FACE_ODD    UINT32_MAX

_Static_assert(CURRENCIES *LAST4_CODES < 1 << 28, "a face has the room for both");

static const int64_t factors[] = {
        [CW_SCALE_CENTS] = CW_AMOUNT_UNIT / 100,
        [CW_SCALE_UNITS] = CW_AMOUNT_UNIT,
        [CW_SCALE_MICROS] = 1,
        [CW_SCALE_ODD] = 0,
};

/* FACE_ODD: no three capital letters, and not nothing. */
static uint32_t code_of_currency(const char *currency)
{
        uint32_t code = 0;

        if (!currency[0])
                return 0;
        for (int i = 0; i < 3; i++) {
                if (currency[i] < 'A' || currency[i] > 'Z')
                        return FACE_ODD;
                code = code * LETTERS + (uint32_t)(currency[i] - 'A');
        }
        return code + 1;
}

static uint32_t code_of_last4(const char *last4)
{
        uint32_t code = 0;

        if (!last4[0])
                return 0;
        for (int i = 0; i < 4; i++) {
                if (last4[i] < '0' || last4[i] > '9')
                        return FACE_ODD;
                code = code * 10 + (uint32_t)(last4[i] - '0');
        }
        return code + 1;
}

static uint32_t face_of(const struct cw_card *card)
{
        uint32_t currency = code_of_currency(card->currency), last4 = code_of_last4(card->last4);

        return currency == FACE_ODD || last4 == FACE_ODD ? FACE_ODD : currency * LAST4_CODES + last4;
}

/* Written from the last place on. */
static void write_digits(uint32_t number, uint32_t base, char first, char *text, size_t n)
{
        while (n > 0) {
                text[--n] = (char)(first + (char)(number % base));
                number /= base;
        }
}

static void read_face(uint32_t face, struct cw_card *card)
{
        uint32_t currency = face / LAST4_CODES, last4 = face % LAST4_CODES;

        memset(card->currency, 0, sizeof(card->currency));
        memset(card->last4, 0, sizeof(card->last4));
        if (currency > 0)
                write_digits(currency - 1, LETTERS, 'A', card->currency, 3);
        if (last4 > 0)
                write_digits(last4 - 1, 10, '0', card->last4, 4);
}

static bool fits(cw_amount amount, int64_t factor)
{
        return amount % factor == 0 && amount / factor >= -COUNT_MOST && amount / factor <= COUNT_MOST;
}

static unsigned scale_of(const struct cw_card *card)
{
        unsigned scale = CW_SCALE_CENTS;

        while (scale < CW_SCALE_ODD && !(fits(card->available, factors[scale]) && fits(card->pending, factors[scale]) &&
                                         fits(card->total, factors[scale])))
                scale++;
        return scale;
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

bool cw_record_show(struct cw_record *record, const struct cw_card *card)
{
        uint32_t face = face_of(card);
        unsigned scale = face == FACE_ODD ? CW_SCALE_ODD : scale_of(card);

        record->scale = scale & 3;
        if (scale == CW_SCALE_ODD)
                return false;
        record->face = CW_RECORD_COUNT(face);
        set_counts(record, card, factors[scale]);
        return true;
}

void cw_record_shown(const struct cw_record *record, struct cw_card *card)
{
        int64_t factor = factors[record->scale];

        card->available = record->available * factor;
        card->pending = record->pending * factor;
        card->total = record->total * factor;
        read_face(record->face, card);
}

bool cw_record_shows(const struct cw_record *record, const struct cw_card *card)
{
        int64_t factor = factors[record->scale];

        return record->available * factor == card->available && record->pending * factor == card->pending &&
               record->total * factor == card->total && record->face == face_of(card);
}
