/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: rows come in the order of pages or of ids, so the row before is nearly the row that follows. */
#include "cards.h"

#include <errno.h>
#include <string.h>

#define VERSION 1

/* The rare ones stand high, so that the flags of most rows are one byte. */
enum {
        FLAG_SAME_OWNER = 1 << 0, /* customer and reference are those of the row before */
        FLAG_SAME_CURRENCY = 1 << 1,
        FLAG_SUPPRESSED = 1 << 2,
        FLAG_BASELINE = 1 << 3,
        FLAG_LOOK_AGAIN = 1 << 4,
        FLAG_DIGITS = 1 << 5, /* last4 is four digits and written as a number */
        FLAG_MISSING = 1 << 6,
        FLAG_GONE = 1 << 7,
        FLAGS_ALL = (1 << 8) - 1,
};

/* Differences wrap: any 64 bits come back as they were. */
static int64_t difference(int64_t a, int64_t b)
{
        return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t sum(int64_t a, int64_t b)
{
        return (int64_t)((uint64_t)a + (uint64_t)b);
}

void cw_cards_begin(struct cw_cards_writer *writer)
{
        cw_buf_clear(&writer->buf);
        writer->n = 0;
        writer->previous = (struct cw_card_row){.source = NULL};
        writer->reference_at = 0;
        cw_pack_u64(&writer->buf, VERSION);
}

void cw_cards_deinit(struct cw_cards_writer *writer)
{
        cw_buf_deinit(&writer->buf);
}

int cw_cards_end(struct cw_cards_writer *writer)
{
        cw_pack_seal(&writer->buf, 0);
        return cw_buf_error(&writer->buf);
}

static bool same_text(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool four_digits(const char *last4)
{
        return strlen(last4) == 4 && strspn(last4, "0123456789") == 4;
}

static bool same_owner(const struct cw_cards_writer *writer, const struct cw_card *card)
{
        const char *reference = writer->reference_at > 0 ? cw_buf_text(&writer->buf) + writer->reference_at : NULL;

        return card->customer == writer->previous.card.customer && same_text(card->reference, reference);
}

static unsigned flags_of(const struct cw_cards_writer *writer, const struct cw_card_row *row)
{
        const struct cw_card *card = &row->card;

        return (same_owner(writer, card) ? FLAG_SAME_OWNER : 0u) |
               (strcmp(card->currency, writer->previous.card.currency) == 0 ? FLAG_SAME_CURRENCY : 0u) |
               (card->suppressed ? FLAG_SUPPRESSED : 0u) | (row->baseline ? FLAG_BASELINE : 0u) |
               (row->look_again ? FLAG_LOOK_AGAIN : 0u) | (four_digits(card->last4) ? FLAG_DIGITS : 0u) |
               (row->missing ? FLAG_MISSING : 0u) | (row->gone ? FLAG_GONE : 0u);
}

static void add_owner(struct cw_cards_writer *writer, const struct cw_card *card)
{
        cw_pack_i64(&writer->buf, difference(card->customer, writer->previous.card.customer));
        cw_pack_string(&writer->buf, card->reference);
        writer->reference_at = card->reference ? writer->buf.len - strlen(card->reference) - 1 : 0;
}

static uint64_t number_of(const char *digits)
{
        uint64_t number = 0;

        for (; *digits; digits++)
                number = number * 10 + (uint64_t)(*digits - '0');
        return number;
}

void cw_cards_add(struct cw_cards_writer *writer, const struct cw_card_row *row)
{
        const struct cw_card *card = &row->card, *before = &writer->previous.card;
        struct cw_buf *buf = &writer->buf;
        unsigned flags = flags_of(writer, row);

        cw_pack_u64(buf, flags);
        cw_pack_i64(buf, difference(card->id, before->id));
        if (!(flags & FLAG_SAME_OWNER))
                add_owner(writer, card);
        if (!(flags & FLAG_SAME_CURRENCY))
                cw_pack_string(buf, card->currency);
        if (flags & FLAG_DIGITS)
                cw_pack_u64(buf, number_of(card->last4));
        else
                cw_pack_string(buf, card->last4);
        cw_pack_i64(buf, card->available);
        cw_pack_i64(buf, card->pending);
        cw_pack_i64(buf, difference(difference(card->total, card->available), card->pending));
        cw_pack_i64(buf, difference(row->first_seen_at, writer->previous.first_seen_at));
        cw_pack_i64(buf, difference(row->observed_at, writer->previous.observed_at));
        cw_pack_u64(buf, row->observations);
        if (flags & FLAG_MISSING)
                cw_pack_u64(buf, row->missing);
        writer->previous = *row;
        writer->n++;
}

int cw_cards_read(struct cw_cards_reader *reader, const void *data, size_t len)
{
        *reader = (struct cw_cards_reader){.unpack = {.bad = true}};
        cw_unpack_init(&reader->unpack, data, len);
        return cw_unpack_u64(&reader->unpack) == VERSION ? 0 : -EBADMSG;
}

/* A text with a fixed place. */
static void read_short(struct cw_unpack *unpack, char *ret_text, size_t size)
{
        const char *text = cw_unpack_string(unpack);
        size_t len = text ? strlen(text) : size;

        if (len >= size) {
                unpack->bad = true;
                return;
        }
        memcpy(ret_text, text, len + 1);
}

static void read_digits(struct cw_unpack *unpack, char ret_digits[static 5])
{
        uint64_t number = cw_unpack_most(unpack, 9999);

        for (int i = 3; i >= 0; i--, number /= 10)
                ret_digits[i] = (char)('0' + number % 10);
        ret_digits[4] = '\0';
}

static void read_card(struct cw_unpack *unpack, uint64_t flags, struct cw_card *card)
{
        card->id = sum(card->id, cw_unpack_i64(unpack));
        if (!(flags & FLAG_SAME_OWNER)) {
                card->customer = sum(card->customer, cw_unpack_i64(unpack));
                card->reference = cw_unpack_string(unpack);
        }
        if (!(flags & FLAG_SAME_CURRENCY))
                read_short(unpack, card->currency, sizeof(card->currency));
        if (flags & FLAG_DIGITS)
                read_digits(unpack, card->last4);
        else
                read_short(unpack, card->last4, sizeof(card->last4));
        card->available = cw_unpack_i64(unpack);
        card->pending = cw_unpack_i64(unpack);
        card->total = sum(sum(cw_unpack_i64(unpack), card->available), card->pending);
        card->suppressed = flags & FLAG_SUPPRESSED;
}

int cw_cards_next(struct cw_cards_reader *reader, struct cw_card_row *ret_row)
{
        struct cw_unpack *unpack = &reader->unpack;
        struct cw_card_row *row = &reader->previous;
        uint64_t flags;

        if (cw_unpack_done(unpack))
                return 0;
        flags = cw_unpack_most(unpack, FLAGS_ALL);
        read_card(unpack, flags, &row->card);
        row->first_seen_at = sum(row->first_seen_at, cw_unpack_i64(unpack));
        row->observed_at = sum(row->observed_at, cw_unpack_i64(unpack));
        row->observations = (uint32_t)cw_unpack_most(unpack, UINT32_MAX);
        row->missing = flags & FLAG_MISSING ? (uint8_t)cw_unpack_most(unpack, UINT8_MAX) : 0;
        row->baseline = flags & FLAG_BASELINE;
        row->look_again = flags & FLAG_LOOK_AGAIN;
        row->gone = flags & FLAG_GONE;
        if (unpack->bad)
                return -EBADMSG;
        *ret_row = *row;
        return CW_CARDS_ROW;
}
