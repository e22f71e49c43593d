/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: rows come in the order of pages or of ids, so the row before is nearly the row that follows; and amounts are
 * mostly whole cents, which are counted as such.
 */
#include "cardwatch/card_pack.h"

#include <errno.h>
#include <string.h>

#include "card_pack_private.h"
#include "cardwatch/text.h"

/* With the past of cards, and without. */
#define VERSION_PRESENT 3
#define VERSION_CHANGES 2
#define VERSION_FIRST   1

/* How many millionths a cent has, and up to where amounts are surely not wrapped by a difference. */
#define CENT       10000
#define CENTS_MOST (INT64_C(1) << 60)

/* The rare ones stand high, so that the flags of most rows are one byte or two. */
enum {
        FLAG_SAME_OWNER = 1 << 0, /* customer and reference are those of the row before */
        FLAG_SAME_CURRENCY = 1 << 1,
        FLAG_CENTS = 1 << 2, /* every amount is whole cents and written so */
        FLAG_ADDS_UP = 1 << 3, /* total is available and pending, and is left out */
        FLAG_DIGITS = 1 << 4, /* last4 is four digits and written as a number */
        FLAG_CHANGED = 1 << 5,
        FLAG_BEFORE = 1 << 6,
        FLAG_BASELINE = 1 << 7,
        FLAG_LOOK_AGAIN = 1 << 8,
        FLAG_SUPPRESSED = 1 << 9,
        FLAG_MISSING = 1 << 10,
        FLAG_GONE = 1 << 11,
        FLAG_UNSEEN = 1 << 12,
        FLAG_FOLDED = 1 << 13,
        FLAG_PAST = 1 << 14,
        FLAGS_ALL = (1 << 15) - 1,
};

/* Which balances were others before; what is left out was the same. */
enum {
        BEFORE_AVAILABLE = 1 << 0,
        BEFORE_PENDING = 1 << 1,
        BEFORE_REST = 1 << 2,
        BEFORE_SUPPRESSED = 1 << 3, /* it was: not a difference */
        BEFORE_ALL = (1 << 4) - 1,
};

/* What `total` has that is neither available nor pending. */
static int64_t rest_of(int64_t total, int64_t available, int64_t pending)
{
        return cw_wrapping_difference(cw_wrapping_difference(total, available), pending);
}

bool cw_cards_is_change(const struct cw_card_row *row)
{
        return row->changed || row->gone;
}

void cw_cards_settle(struct cw_card_row *row)
{
        row->changed = 0;
        row->has_before = false;
        row->before = (struct cw_balances){0};
}

static void begin(struct cw_cards_writer *writer, uint64_t version)
{
        cw_buf_clear(&writer->buf);
        cw_buf_clear(&writer->reference);
        writer->n = 0;
        writer->previous = (struct cw_card_row){.source = NULL};
        writer->has_reference = false;
        writer->with_past = version == VERSION_PRESENT;
        cw_pack_u64(&writer->buf, version);
}

void cw_cards_begin(struct cw_cards_writer *writer)
{
        begin(writer, VERSION_CHANGES);
}

void cw_cards_begin_present(struct cw_cards_writer *writer, int64_t past_from)
{
        begin(writer, VERSION_PRESENT);
        cw_pack_i64(&writer->buf, past_from);
}

void cw_cards_deinit(struct cw_cards_writer *writer)
{
        cw_buf_deinit(&writer->buf);
        cw_buf_deinit(&writer->reference);
}

int cw_cards_end(struct cw_cards_writer *writer)
{
        cw_pack_seal(&writer->buf, 0);
        return cw_buf_error(&writer->buf);
}

static bool four_digits(const char *last4)
{
        return strlen(last4) == 4 && strspn(last4, "0123456789") == 4;
}

static bool same_owner(const struct cw_cards_writer *writer, const struct cw_card *card)
{
        const char *reference = writer->has_reference ? cw_buf_text(&writer->reference) : NULL;

        return card->customer == writer->previous.card.customer && cw_text_same(card->reference, reference);
}

static bool whole_cents(int64_t amount)
{
        return amount % CENT == 0 && amount > -CENTS_MOST && amount < CENTS_MOST;
}

static bool all_whole_cents(const struct cw_card_row *row)
{
        const struct cw_card *card = &row->card;

        return whole_cents(card->available) && whole_cents(card->pending) && whole_cents(card->total) &&
               whole_cents(row->before.available) && whole_cents(row->before.pending) && whole_cents(row->before.total);
}

static unsigned flags_of(const struct cw_cards_writer *writer, const struct cw_card_row *row)
{
        const struct cw_card *card = &row->card;
        bool adds_up = rest_of(card->total, card->available, card->pending) == 0;

        return (same_owner(writer, card) ? FLAG_SAME_OWNER : 0u) |
               (strcmp(card->currency, writer->previous.card.currency) == 0 ? FLAG_SAME_CURRENCY : 0u) |
               (all_whole_cents(row) ? FLAG_CENTS : 0u) | (adds_up ? FLAG_ADDS_UP : 0u) |
               (four_digits(card->last4) ? FLAG_DIGITS : 0u) | (row->changed ? FLAG_CHANGED : 0u) |
               (row->has_before ? FLAG_BEFORE : 0u) | (row->baseline ? FLAG_BASELINE : 0u) |
               (row->look_again ? FLAG_LOOK_AGAIN : 0u) | (card->suppressed ? FLAG_SUPPRESSED : 0u) |
               (row->missing ? FLAG_MISSING : 0u) | (row->gone ? FLAG_GONE : 0u) | (row->unseen ? FLAG_UNSEEN : 0u) |
               (row->folded_at ? FLAG_FOLDED : 0u) |
               (writer->with_past && row->past && row->past->fields ? FLAG_PAST : 0u);
}

static size_t shared_length(const struct cw_cards_writer *writer, const char *reference)
{
        const char *before = cw_buf_text(&writer->reference);
        size_t n = 0;

        while (reference[n] && reference[n] == before[n])
                n++;
        return n;
}

/* 0: no reference; else how much of the one before it begins with, and one. */
static void add_owner(struct cw_cards_writer *writer, const struct cw_card *card)
{
        size_t shared;

        cw_pack_i64(&writer->buf, cw_wrapping_difference(card->customer, writer->previous.card.customer));
        writer->has_reference = card->reference != NULL;
        if (!card->reference) {
                cw_pack_u64(&writer->buf, 0);
                cw_buf_clear(&writer->reference);
                return;
        }
        shared = shared_length(writer, card->reference);
        cw_pack_u64(&writer->buf, shared + 1);
        cw_pack_bytes(&writer->buf, card->reference + shared, strlen(card->reference + shared));
        cw_buf_clear(&writer->reference);
        cw_buf_puts(&writer->reference, card->reference);
        /* The next row would be written against a text that is not there. */
        if (cw_buf_error(&writer->reference) < 0)
                writer->buf.error = cw_buf_error(&writer->reference);
}

static uint64_t number_of(const char *digits)
{
        uint64_t number = 0;

        for (; *digits; digits++)
                number = number * 10 + (uint64_t)(*digits - '0');
        return number;
}

static void add_amount(struct cw_buf *buf, int64_t amount, unsigned flags)
{
        cw_pack_i64(buf, flags & FLAG_CENTS ? amount / CENT : amount);
}

static void add_balances(struct cw_buf *buf, const struct cw_card *card, unsigned flags)
{
        add_amount(buf, card->available, flags);
        add_amount(buf, card->pending, flags);
        if (!(flags & FLAG_ADDS_UP))
                add_amount(buf, rest_of(card->total, card->available, card->pending), flags);
}

static void add_before(struct cw_buf *buf, const struct cw_card_row *row, unsigned flags)
{
        const struct cw_card *now = &row->card;
        const struct cw_balances *before = &row->before;
        int64_t available = cw_wrapping_difference(before->available, now->available);
        int64_t pending = cw_wrapping_difference(before->pending, now->pending);
        int64_t rest = cw_wrapping_difference(rest_of(before->total, before->available, before->pending),
                                              rest_of(now->total, now->available, now->pending));

        cw_pack_u64(buf, (available ? BEFORE_AVAILABLE : 0u) | (pending ? BEFORE_PENDING : 0u) |
                                 (rest ? BEFORE_REST : 0u) | (before->suppressed ? BEFORE_SUPPRESSED : 0u));
        if (available)
                add_amount(buf, available, flags);
        if (pending)
                add_amount(buf, pending, flags);
        if (rest)
                add_amount(buf, rest, flags);
}

static void add_counts(struct cw_cards_writer *writer, const struct cw_card_row *row, unsigned flags)
{
        struct cw_buf *buf = &writer->buf;

        cw_pack_i64(buf, cw_wrapping_difference(row->first_seen_at, writer->previous.first_seen_at));
        cw_pack_i64(buf, cw_wrapping_difference(row->observed_at, writer->previous.observed_at));
        cw_pack_u64(buf, row->observations);
        if (flags & FLAG_MISSING)
                cw_pack_u64(buf, row->missing);
        if (flags & FLAG_FOLDED)
                cw_pack_i64(buf, cw_wrapping_difference(row->folded_at, row->observed_at));
}

/* Most fields changed when the one before did, and when the card was observed. */
static void add_past(struct cw_buf *buf, const struct cw_card_past *past, int64_t at)
{
        cw_pack_u64(buf, past->fields);
        for (unsigned i = 0; i < CW_CARD_FIELDS; i++) {
                if (!(past->fields & 1u << i))
                        continue;
                cw_pack_i64(buf, cw_wrapping_difference(at, past->changed_at[i]));
                at = past->changed_at[i];
        }
}

void cw_cards_add(struct cw_cards_writer *writer, const struct cw_card_row *row)
{
        const struct cw_card *card = &row->card, *before = &writer->previous.card;
        struct cw_buf *buf = &writer->buf;
        unsigned flags = flags_of(writer, row);

        cw_pack_u64(buf, flags);
        cw_pack_i64(buf, cw_wrapping_difference(card->id, before->id));
        if (!(flags & FLAG_SAME_OWNER))
                add_owner(writer, card);
        if (!(flags & FLAG_SAME_CURRENCY))
                cw_pack_string(buf, card->currency);
        if (flags & FLAG_DIGITS)
                cw_pack_u64(buf, number_of(card->last4));
        else
                cw_pack_string(buf, card->last4);
        add_balances(buf, card, flags);
        add_counts(writer, row, flags);
        if (flags & FLAG_CHANGED)
                cw_pack_u64(buf, row->changed);
        if (flags & FLAG_BEFORE)
                add_before(buf, row, flags);
        if (flags & FLAG_PAST)
                add_past(buf, row->past, row->observed_at);
        writer->previous = *row;
        writer->n++;
}

void cw_cards_add_alone(struct cw_cards_writer *writer, const struct cw_card_row *row)
{
        cw_buf_clear(&writer->reference);
        writer->previous = (struct cw_card_row){.source = NULL};
        writer->has_reference = false;
        cw_cards_add(writer, row);
}

void cw_cards_read_alone(struct cw_cards_reader *reader, const void *data, size_t len)
{
        const unsigned char *bytes = data;

        cw_buf_clear(&reader->reference);
        reader->previous = (struct cw_card_row){.source = NULL};
        reader->unpack = (struct cw_unpack){.at = bytes, .end = bytes + len};
        reader->version = VERSION_CHANGES;
}

int cw_cards_read(struct cw_cards_reader *reader, const void *data, size_t len)
{
        cw_buf_clear(&reader->reference);
        reader->previous = (struct cw_card_row){.source = NULL};
        cw_unpack_init(&reader->unpack, data, len);
        reader->version = cw_unpack_u64(&reader->unpack);
        reader->past_from = reader->version == VERSION_PRESENT ? cw_unpack_i64(&reader->unpack) : INT64_MAX;
        return !reader->unpack.bad && reader->version >= VERSION_FIRST && reader->version <= VERSION_PRESENT ? 0
                                                                                                             : -EBADMSG;
}

void cw_cards_reader_deinit(struct cw_cards_reader *reader)
{
        cw_buf_deinit(&reader->reference);
}

void cw_cards_read_short(struct cw_unpack *unpack, char *ret_text, size_t size)
{
        const char *text = cw_unpack_string(unpack);
        size_t len = text ? strlen(text) : size;

        if (len >= size) {
                unpack->bad = true;
                return;
        }
        memcpy(ret_text, text, len + 1);
}

void cw_cards_read_digits(struct cw_unpack *unpack, char ret_digits[static 5])
{
        uint64_t number = cw_unpack_most(unpack, 9999);

        for (int i = 3; i >= 0; i--, number /= 10)
                ret_digits[i] = (char)('0' + number % 10);
        ret_digits[4] = '\0';
}

/* Over the reference before it, of which the row's card has the pointer. */
static void read_owner(struct cw_cards_reader *reader, struct cw_card *card)
{
        struct cw_unpack *unpack = &reader->unpack;
        uint64_t shared;
        const void *rest;
        size_t len;

        card->customer = cw_wrapping_sum(card->customer, cw_unpack_i64(unpack));
        shared = cw_unpack_most(unpack, (uint64_t)reader->reference.len + 1);
        card->reference = NULL;
        if (shared == 0) {
                cw_buf_clear(&reader->reference);
                return;
        }
        rest = cw_unpack_bytes(unpack, &len);
        if (unpack->bad || memchr(rest, '\0', len)) {
                unpack->bad = true;
                return;
        }
        reader->reference.len = (size_t)shared - 1;
        cw_buf_append(&reader->reference, rest, len);
        if (reader->reference.data)
                reader->reference.data[reader->reference.len] = '\0';
        card->reference = cw_buf_text(&reader->reference);
}

static int64_t read_amount(struct cw_unpack *unpack, uint64_t flags)
{
        int64_t amount = cw_unpack_i64(unpack);

        if ((flags & FLAG_CENTS) && __builtin_mul_overflow(amount, CENT, &amount)) {
                unpack->bad = true;
                return 0;
        }
        return amount;
}

static void read_card(struct cw_cards_reader *reader, uint64_t flags, struct cw_card *card)
{
        struct cw_unpack *unpack = &reader->unpack;

        card->id = cw_wrapping_sum(card->id, cw_unpack_i64(unpack));
        if (!(flags & FLAG_SAME_OWNER))
                read_owner(reader, card);
        if (!(flags & FLAG_SAME_CURRENCY))
                cw_cards_read_short(unpack, card->currency, sizeof(card->currency));
        if (flags & FLAG_DIGITS)
                cw_cards_read_digits(unpack, card->last4);
        else
                cw_cards_read_short(unpack, card->last4, sizeof(card->last4));
        card->available = read_amount(unpack, flags);
        card->pending = read_amount(unpack, flags);
        card->total = cw_wrapping_sum(card->available, card->pending);
        if (!(flags & FLAG_ADDS_UP))
                card->total = cw_wrapping_sum(card->total, read_amount(unpack, flags));
        card->suppressed = flags & FLAG_SUPPRESSED;
}

static void read_before(struct cw_unpack *unpack, uint64_t flags, struct cw_card_row *row)
{
        const struct cw_card *now = &row->card;
        int64_t rest = rest_of(now->total, now->available, now->pending);
        uint64_t differs = cw_unpack_most(unpack, BEFORE_ALL);

        row->before = (struct cw_balances){.available = now->available, .pending = now->pending};
        if (differs & BEFORE_AVAILABLE)
                row->before.available = cw_wrapping_sum(row->before.available, read_amount(unpack, flags));
        if (differs & BEFORE_PENDING)
                row->before.pending = cw_wrapping_sum(row->before.pending, read_amount(unpack, flags));
        if (differs & BEFORE_REST)
                rest = cw_wrapping_sum(rest, read_amount(unpack, flags));
        row->before.total = cw_wrapping_sum(cw_wrapping_sum(rest, row->before.available), row->before.pending);
        row->before.suppressed = differs & BEFORE_SUPPRESSED;
}

static void read_counts(struct cw_unpack *unpack, uint64_t flags, struct cw_card_row *row)
{
        row->first_seen_at = cw_wrapping_sum(row->first_seen_at, cw_unpack_i64(unpack));
        row->observed_at = cw_wrapping_sum(row->observed_at, cw_unpack_i64(unpack));
        row->observations = (uint32_t)cw_unpack_most(unpack, UINT32_MAX);
        row->missing = flags & FLAG_MISSING ? (uint8_t)cw_unpack_most(unpack, UINT8_MAX) : 0;
        row->folded_at = flags & FLAG_FOLDED ? cw_wrapping_sum(row->observed_at, cw_unpack_i64(unpack)) : 0;
        row->baseline = flags & FLAG_BASELINE;
        row->look_again = flags & FLAG_LOOK_AGAIN;
        row->gone = flags & FLAG_GONE;
        row->unseen = flags & FLAG_UNSEEN;
}

static void read_past(struct cw_cards_reader *reader, struct cw_card_row *row)
{
        struct cw_card_past *past = &reader->past;
        int64_t at = row->observed_at;

        *past = (struct cw_card_past){.first_seen_at = row->first_seen_at};
        past->fields = (uint16_t)cw_unpack_most(&reader->unpack, (1u << CW_CARD_FIELDS) - 1);
        for (unsigned i = 0; i < CW_CARD_FIELDS; i++)
                if (past->fields & 1u << i)
                        past->changed_at[i] = at = cw_wrapping_difference(at, cw_unpack_i64(&reader->unpack));
        row->past = past;
}

static void read_row(struct cw_cards_reader *reader, struct cw_card_row *row)
{
        struct cw_unpack *unpack = &reader->unpack;
        uint64_t flags = cw_unpack_most(unpack, FLAGS_ALL);

        cw_cards_settle(row);
        read_card(reader, flags, &row->card);
        read_counts(unpack, flags, row);
        if (flags & FLAG_CHANGED)
                row->changed = (uint16_t)cw_unpack_most(unpack, UINT16_MAX);
        row->has_before = flags & FLAG_BEFORE;
        if (row->has_before)
                read_before(unpack, flags, row);
        row->past = NULL;
        if (flags & FLAG_PAST)
                read_past(reader, row);
}

int cw_cards_next(struct cw_cards_reader *reader, struct cw_card_row *ret_row)
{
        struct cw_card_row *row = &reader->previous;

        if (cw_unpack_done(&reader->unpack))
                return 0;
        if (reader->version == VERSION_FIRST)
                cw_cards_read_1(reader, row);
        else
                read_row(reader, row);
        if (reader->unpack.bad)
                return -EBADMSG;
        if (cw_buf_error(&reader->reference) < 0)
                return cw_buf_error(&reader->reference);
        *ret_row = *row;
        return CW_CARDS_ROW;
}
