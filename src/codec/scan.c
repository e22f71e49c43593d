/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: an API writes every page alike. So what stands between two values is known beforehand and only compared, and
 * each value is read where it stands, knowing what it must be. Nothing is searched for, nothing is looked at twice, and
 * every branch but one is the same for every card. Whatever is not as predicted ends the scan, and the reference lane
 * begins at the beginning: so nothing here has to know what an odd page means, only that this one is not odd. The bytes
 * stay as they are.
 *
 * No bound is checked within a field. While more than MARGIN bytes are left none can be passed; the last ones are moved
 * into a room with zeros behind them, which nothing predicted contains.
 */
#include "scan.h"

#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/provider.h"
#include "cardwatch/text.h"

#include "card_number.h"
#include "id_set.h"
#include "json_text.h"
#include "page_store.h"
#include "parts.h"
#include "scan_digits.h"
#include "scan_number.h"
#include "scan_step.h"
#include "shape.h"

#ifndef CW_SCAN_PAGE /* scan_avx2.c has another name for it */
#define CW_SCAN_PAGE cw_scan_page
#endif

/* What the reference lane may refuse for its size is never scanned. */
#define PAGE_MAX      ((size_t)64 << 20)
#define CUSTOMERS_MAX 1000000
#define CARDS_MAX     4000 /* of one customer */

/* More than a usual card, or any one field, and all that may follow before the next is asked for: the ends of card,
 * cards, customer and details. */
#define MARGIN 2048

/* Texts are kept in rooms of this size. */
#define TEXTS_SIZE 4096

/* Digits that a card number keeps. */
#define KEPT 4

struct scan {
        const struct cw_shape *shape;
        struct cw_id_set *ids;
        struct cw_page_store *store;
        struct cw_page *page; /* in it */
        struct cw_parts *parts; /* NULL: everything is read */
        const char *bytes_end;
        const char *end; /* of what `at` walks in: the bytes, or the tail with its zeros */
        const char *moved; /* where the tail stands in the bytes; NULL: not moved yet */
        size_t n_moved;
        bool usual_customers, usual_cards; /* those of read_usual_customer and read_usual_card */
        bool ids_rise;
        int64_t last_id;
        char *text, *text_end; /* room for texts, of the store */
        char currency[4], raw_currency[4]; /* of the card before */
        char tail[2 * MARGIN];
};

static __attribute__((noinline)) const char *move_to_tail(struct scan *scan, const char *at)
{
        if (scan->moved)
                return at;
        scan->moved = at;
        scan->n_moved = (size_t)(scan->end - at);
        memcpy(scan->tail, at, scan->n_moved);
        memset(scan->tail + scan->n_moved, 0, sizeof(scan->tail) - scan->n_moved);
        scan->end = scan->tail + sizeof(scan->tail);
        return scan->tail;
}

/* In the bytes, wherever it is being read. */
static inline const char *place_of(const struct scan *scan, const char *at)
{
        return scan->moved ? scan->moved + (at - scan->tail) : at;
}

/* Before each field. */
static inline const char *ensure_margin(struct scan *scan, const char *at)
{
        return scan->end - at < MARGIN ? move_to_tail(scan, at) : at;
}

static inline const char *skip(const char *at, const struct cw_shape_bytes *bytes)
{
        return cw_scan_is(at, bytes) ? at + bytes->len : NULL;
}

static inline bool is_null(const char *at)
{
        return memcmp(at, "null", 4) == 0;
}

static const char *read_count(const char *at, int64_t *ret_count)
{
        if (!is_null(at))
                return cw_scan_id(at, ret_count);
        *ret_count = -1;
        return at + 4;
}

/* At the opening quote; the text without its quotes. */
static inline const char *read_text(const char *at, const char **ret_text, size_t *ret_len)
{
        const char *text = at + 1, *end;
        bool plain;

        if (*at != '"')
                return NULL;
        end = cw_scan_text(text, &plain);
        if (!end || (!plain && cw_text_valid_utf8(text, (size_t)(end - text)) != (size_t)(end - text)))
                return NULL;
        *ret_text = text;
        *ret_len = (size_t)(end - text);
        return end + 1;
}

/* How long the escape at `at` is, if it stands for one character of its own; else 0. */
static size_t escape_len(const char *at)
{
        int32_t unit;

        if (at[1] != 'u')
                return at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) ? 2 : 0;
        unit = cw_json_text_hex4(at + 2);
        return unit > 0 && (unit < 0xd800 || unit > 0xdfff) ? 6 : 0;
}

/* The same as read_text, with escapes: names are full of them where an API writes ASCII only. */
static __attribute__((noinline)) const char *read_escaped_text(const char *at, const char **ret_text, size_t *ret_len)
{
        const char *text = at + 1, *end = text;
        size_t n;

        if (*at != '"')
                return NULL;
        while (*end != '"') {
                n = *end == '\\' ? escape_len(end) : (unsigned char)*end >= 0x20;
                end += n;
                if (n == 0 || end - text > CW_SCAN_TEXT_MAX)
                        return NULL;
        }
        if (cw_text_valid_utf8(text, (size_t)(end - text)) != (size_t)(end - text))
                return NULL;
        *ret_text = text;
        *ret_len = (size_t)(end - text);
        return end + 1;
}

static const char *read_skipped(const char *at)
{
        const char *text, *behind;
        uint64_t word;
        size_t len;

        switch (*at) {
        case '"':
                behind = read_text(at, &text, &len);
                return behind ? behind : read_escaped_text(at, &text, &len);
        case 't':
                return memcmp(at, "true", 4) == 0 ? at + 4 : NULL;
        case 'f':
                return memcmp(at, "false", 5) == 0 ? at + 5 : NULL;
        case 'n':
                return is_null(at) ? at + 4 : NULL;
        case '[':
                return at[1] == ']' ? at + 2 : NULL;
        case '{':
                return at[1] == '}' ? at + 2 : NULL;
        default:
                at = cw_scan_whole(at + (*at == '-'), &word);
                if (!at || *at != '.')
                        return at;
                at++;
                len = cw_scan_digits(at, &word);
                return len > 0 ? at + len : NULL;
        }
}

static inline const char *read_currency(struct scan *scan, const char *at, char ret_currency[static 4])
{
        char upper[4] = "";

        if (*at++ != '"')
                return NULL;
        if (memcmp(at, scan->raw_currency, 4) != 0) {
                for (int i = 0; i < 3; i++) {
                        upper[i] = at[i] >= 'a' && at[i] <= 'z' ? (char)(at[i] - 'a' + 'A') : at[i];
                        if (upper[i] < 'A' || upper[i] > 'Z')
                                return NULL;
                }
                if (at[3] != '"')
                        return NULL;
                memcpy(scan->raw_currency, at, 4);
                memcpy(scan->currency, upper, 4);
        }
        memcpy(ret_currency, scan->currency, 4);
        return at + 4;
}

/* Nothing but its last digits is taken from it. */
static __attribute__((noinline)) const char *read_odd_card_number(const char *at, char ret_last4[static 5])
{
        const char *text;
        size_t len;

        if (is_null(at))
                return at + 4;
        at = read_text(at, &text, &len);
        if (at && len >= KEPT && cw_scan_is_four_digits(text + len - KEPT))
                memcpy(ret_last4, text + len - KEPT, KEPT);
        return at;
}

/* Most have sixteen digits, or twelve that are cut already and four. */
static inline const char *read_card_number(const char *at, char ret_last4[static 5])
{
        if (at[0] != '"' || !cw_scan_is_plain16(at + 1) || !cw_scan_is_four_digits(at + 17 - KEPT))
                return read_odd_card_number(at, ret_last4);
        memcpy(ret_last4, at + 17 - KEPT, KEPT);
        return at + 18;
}

static inline const char *read_bool(const char *at, bool *ret_bool)
{
        *ret_bool = *at == 't';
        if (*ret_bool)
                return memcmp(at, "true", 4) == 0 ? at + 4 : NULL;
        return memcmp(at, "false", 5) == 0 ? at + 5 : NULL;
}

static __attribute__((noinline)) const char *read_odd_reference(struct scan *scan, const char *at,
                                                                const char **ret_reference)
{
        struct cw_buf buf = CW_BUF_NULL;
        char own[2 * CW_SCAN_TEXT_MAX], *copy = NULL;
        const char *text;
        size_t len;

        if (is_null(at))
                return at + 4;
        at = read_escaped_text(at, &text, &len);
        if (!at)
                return NULL;
        memcpy(own, text, len);
        cw_card_number_mask_if_one(own, len);
        cw_json_text_append(own, len, &buf);
        if (cw_buf_error(&buf) == 0)
                copy = cw_page_store_text(scan->store, buf.len);
        if (copy)
                memcpy(copy, cw_buf_text(&buf), buf.len + 1);
        *ret_reference = copy;
        cw_buf_deinit(&buf);
        return copy ? at : NULL;
}

/* A copy, sixteen bytes at a time: there is room behind both. */
static inline char *keep_text(struct scan *scan, const char *text, size_t len)
{
        char *copy = scan->text;

        if (scan->text_end - copy < CW_SCAN_VALUE_MAX) {
                copy = cw_page_store_text(scan->store, TEXTS_SIZE - 1);
                if (!copy)
                        return NULL;
                scan->text_end = copy + TEXTS_SIZE;
        }
        for (size_t i = 0; i < len; i += 16)
                memcpy(copy + i, text + i, 16);
        copy[len] = '\0';
        scan->text = copy + len + 1;
        return copy;
}

static inline const char *read_reference(struct scan *scan, const char *at, const char **ret_reference)
{
        const char *text, *behind;
        size_t len;
        char *copy;

        behind = read_text(at, &text, &len);
        if (!behind)
                return read_odd_reference(scan, at, ret_reference);
        copy = keep_text(scan, text, len);
        if (copy && *copy <= '9') /* a card number begins with a digit, or a space or dash */
                cw_card_number_mask_if_one(copy, len);
        *ret_reference = copy;
        return copy ? behind : NULL;
}

/* Whether no card before has the id of this one. Where ids rise from card to card, that needs no set. */
static inline bool is_new_id(struct scan *scan, int64_t id)
{
        const struct cw_page *page = scan->page;

        if (scan->ids_rise && id > scan->last_id) {
                scan->last_id = id;
                return true;
        }
        if (scan->ids_rise) {
                scan->ids_rise = false;
                cw_id_set_clear(scan->ids);
                for (size_t i = 0; i < page->n_cards; i++)
                        if (!cw_id_set_add(scan->ids, page->cards[i].id))
                                return false;
        }
        return cw_id_set_add(scan->ids, id);
}

static inline const char *read_card_field(struct scan *scan, enum cw_shape_kind kind, const char *at,
                                          struct cw_card *card)
{
        switch (kind) {
        case CW_SHAPE_CARD_ID:
                return cw_scan_id(at, &card->id);
        case CW_SHAPE_CURRENCY:
                return read_currency(scan, at, card->currency);
        case CW_SHAPE_CARD_NUMBER:
                return read_card_number(at, card->last4);
        case CW_SHAPE_TOTAL:
                return cw_scan_amount(at, &card->total);
        case CW_SHAPE_AVAILABLE:
                return cw_scan_amount(at, &card->available);
        case CW_SHAPE_PENDING:
                return cw_scan_amount(at, &card->pending);
        case CW_SHAPE_SUPPRESSED:
                return read_bool(at, &card->suppressed);
        default:
                return read_skipped(at);
        }
}

static __attribute__((noinline)) const char *read_any_card(struct scan *scan, const char *at, struct cw_card *card)
{
        const struct cw_shape_object *shape = &scan->shape->card;

        for (const struct cw_shape_field *field = shape->fields, *end = field + shape->n_fields; field < end; field++) {
                at = ensure_margin(scan, at);
                if (cw_scan_is(at, &field->before)) {
                        at = read_card_field(scan, field->kind, at + field->before.len, card);
                        if (!at)
                                return NULL;
                } else if (!field->optional) {
                        return NULL;
                }
        }
        return at;
}

/* A card that has the documents' fields in the documents' order: the same without asking each field what it is. */
static inline const char *read_usual_card(struct scan *scan, const char *at, struct cw_card *card)
{
        const struct cw_shape_field *field = scan->shape->card.fields;

        if (!(at = skip(at, &field[0].before)) || !(at = cw_scan_id(at, &card->id)) ||
            !(at = skip(at, &field[1].before)) || !(at = read_currency(scan, at, card->currency)) ||
            !(at = skip(at, &field[2].before)) || !(at = read_card_number(at, card->last4)) ||
            !(at = skip(at, &field[3].before)) || !(at = cw_scan_amount(at, &card->total)) ||
            !(at = skip(at, &field[4].before)) || !(at = cw_scan_amount(at, &card->available)) ||
            !(at = skip(at, &field[5].before)) || !(at = cw_scan_amount(at, &card->pending)) ||
            !(at = skip(at, &field[6].before)) || !(at = read_bool(at, &card->suppressed)))
                return NULL;
        return at;
}

/* All but its closing brace. */
static inline const char *read_card(struct scan *scan, const char *at, const struct cw_page_customer *customer)
{
        struct cw_card *card;
        const char *behind;

        if (scan->page->n_cards == scan->store->cards_capacity && cw_page_store_more_cards(scan->store) < 0)
                return NULL;
        card = &scan->page->cards[scan->page->n_cards];
        *card = (struct cw_card){.customer = customer->id, .reference = customer->reference};
        at = ensure_margin(scan, at);
        behind = scan->usual_cards ? read_usual_card(scan, at, card) : NULL;
        if (!behind)
                behind = read_any_card(scan, at, card);
        if (!behind || !is_new_id(scan, card->id))
                return NULL;
        scan->page->n_cards++;
        return behind;
}

static const char *read_cards(struct scan *scan, const char *at, struct cw_page_customer *customer)
{
        const struct cw_shape_array *shape = &scan->shape->cards;
        size_t first = scan->page->n_cards;

        if (is_null(at))
                return at + 4;
        if (at[0] == '[' && at[1] == ']')
                return at + 2;
        for (at = skip(at, &shape->open); at; at += shape->next.len) {
                at = read_card(scan, at, customer);
                customer->n_cards = scan->page->n_cards - first;
                if (!at || customer->n_cards > CARDS_MAX)
                        return NULL;
                if (!cw_scan_is(at, &shape->next))
                        return skip(at, &shape->last);
        }
        return NULL;
}

static inline const char *read_customer_field(struct scan *scan, enum cw_shape_kind kind, const char *at,
                                              struct cw_page_customer *customer)
{
        switch (kind) {
        case CW_SHAPE_CUSTOMER_ID:
                return cw_scan_id(at, &customer->id);
        case CW_SHAPE_REFERENCE:
                return read_reference(scan, at, &customer->reference);
        case CW_SHAPE_CARDS:
                return read_cards(scan, at, customer);
        default:
                return read_skipped(at);
        }
}

static inline bool keep_customer(struct scan *scan, const struct cw_page_customer *customer)
{
        struct cw_page *page = scan->page;

        if (page->n_customers == CUSTOMERS_MAX ||
            (page->n_customers == scan->store->customers_capacity && cw_page_store_more_customers(scan->store) < 0))
                return false;
        page->customers[page->n_customers++] = *customer;
        return true;
}

static const char *read_any_customer(struct scan *scan, const char *at, struct cw_page_customer *customer)
{
        const struct cw_shape_object *shape = &scan->shape->customer;
        bool cards_came_first = false;

        for (const struct cw_shape_field *field = shape->fields, *end = field + shape->n_fields; field < end; field++) {
                at = ensure_margin(scan, at);
                if (cw_scan_is(at, &field->before)) {
                        cards_came_first = customer->n_cards > 0;
                        at = read_customer_field(scan, field->kind, at + field->before.len, customer);
                        if (!at)
                                return NULL;
                } else if (!field->optional) {
                        return NULL;
                }
        }
        for (size_t i = 0; cards_came_first && i < customer->n_cards; i++) {
                scan->page->cards[customer->first_card + i].customer = customer->id;
                scan->page->cards[customer->first_card + i].reference = customer->reference;
        }
        return at;
}

/* Of a customer that has the documents' fields in the documents' order: all before its cards. */
static inline const char *read_usual_customer(struct scan *scan, const char *at, struct cw_page_customer *customer)
{
        const struct cw_shape_field *field = scan->shape->customer.fields;

        if (!(at = skip(at, &field[0].before)) || !(at = cw_scan_id(at, &customer->id)) ||
            !(at = skip(at, &field[1].before)) || !(at = read_reference(scan, at, &customer->reference)))
                return NULL;
        return skip(at, &field[2].before);
}

/* All but its closing brace. */
static inline const char *read_customer(struct scan *scan, const char *at)
{
        struct cw_page_customer customer = {.first_card = scan->page->n_cards};
        const char *cards;

        at = ensure_margin(scan, at);
        cards = scan->usual_customers ? read_usual_customer(scan, at, &customer) : NULL;
        if (cards) {
                at = read_cards(scan, cards, &customer);
        } else {
                customer.reference = NULL;
                at = read_any_customer(scan, at, &customer);
        }
        return at && keep_customer(scan, &customer) ? at : NULL;
}

/* One that is known again is passed over. All but the closing brace of its last customer. */
static const char *read_part(struct scan *scan, const char *at)
{
        const struct cw_page *page = scan->page;
        const char *from = place_of(scan, at);
        size_t first = page->n_customers, first_card = page->n_cards;
        struct cw_page_part part;
        size_t len;

        if (scan->parts && cw_parts_skip(scan->parts, from, (size_t)(scan->bytes_end - from), &len))
                return ensure_margin(scan, at + len);
        for (;;) {
                at = read_customer(scan, at);
                if (!at || !cw_scan_is(at, &scan->shape->details.next))
                        break;
                if (scan->parts &&
                    cw_parts_is_full(scan->parts, page->n_customers - first, (size_t)(place_of(scan, at) - from)))
                        break;
                at += scan->shape->details.next.len;
        }
        if (!at || !scan->parts)
                return at;
        part = (struct cw_page_part){.n_customers = (uint32_t)(page->n_customers - first),
                                     .n_cards = (uint32_t)(page->n_cards - first_card)};
        cw_parts_add(scan->parts, from, (size_t)(place_of(scan, at) - from), &part);
        return at;
}

static const char *read_details(struct scan *scan, const char *at)
{
        const struct cw_shape_array *shape = &scan->shape->details;

        if (scan->shape->one_customer) {
                at = read_customer(scan, at);
                return at ? skip(at, &scan->shape->customer.after) : NULL;
        }
        if (at[0] == '[' && at[1] == ']')
                return at + 2;
        for (at = skip(at, &shape->open); at; at += shape->next.len) {
                at = read_part(scan, at);
                if (!at)
                        return NULL;
                if (!cw_scan_is(at, &shape->next))
                        return skip(at, &shape->last);
        }
        return NULL;
}

static const char *read_envelope_field(struct scan *scan, enum cw_shape_kind kind, const char *at)
{
        switch (kind) {
        case CW_SHAPE_STATUS:
                return memcmp(at, "\"1\"", 3) == 0 ? at + 3 : NULL;
        case CW_SHAPE_DETAILS:
                return read_details(scan, at);
        case CW_SHAPE_PAGE_SIZE:
                return read_count(at, &scan->page->page_size);
        case CW_SHAPE_PAGE_NUMBER:
                return read_count(at, &scan->page->page_number);
        case CW_SHAPE_NUMBER_OF_PAGES:
                return read_count(at, &scan->page->number_of_pages);
        default:
                return read_skipped(at);
        }
}

static const char *read_page(struct scan *scan, const char *at)
{
        const struct cw_shape_object *shape = &scan->shape->envelope;

        at = skip(ensure_margin(scan, at), &scan->shape->begin);
        for (const struct cw_shape_field *field = shape->fields, *end = field + shape->n_fields; at && field < end;
             field++) {
                at = ensure_margin(scan, at);
                if (cw_scan_is(at, &field->before))
                        at = read_envelope_field(scan, field->kind, at + field->before.len);
                else if (!field->optional)
                        return NULL;
        }
        at = at ? skip(at, &shape->after) : NULL;
        return at ? skip(at, &scan->shape->end) : NULL;
}

static bool has_kinds(const struct cw_shape_object *object, const enum cw_shape_kind *kinds, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (object->fields[i].kind != kinds[i])
                        return false;
        return object->n_fields == n;
}

bool CW_SCAN_PAGE(const struct cw_scan_input *input, struct cw_id_set *ids, struct cw_page_store *store)
{
        static const enum cw_shape_kind customers[] = {CW_SHAPE_CUSTOMER_ID, CW_SHAPE_REFERENCE, CW_SHAPE_CARDS};
        static const enum cw_shape_kind cards[] = {
                CW_SHAPE_CARD_ID,   CW_SHAPE_CURRENCY, CW_SHAPE_CARD_NUMBER, CW_SHAPE_TOTAL,
                CW_SHAPE_AVAILABLE, CW_SHAPE_PENDING,  CW_SHAPE_SUPPRESSED,
        };
        const struct cw_shape *shape = input->shape;
        struct scan scan = {.shape = shape,
                            .ids = ids,
                            .store = store,
                            .page = &store->page,
                            .parts = input->parts,
                            .bytes_end = input->bytes + input->len,
                            .end = input->bytes + input->len,
                            .ids_rise = true,
                            .last_id = -1,
                            .currency = "USD",
                            .raw_currency = {'U', 'S', 'D', '"'}}; /* as if there had been one */
        const char *at;

        if (input->len == 0 || input->len > PAGE_MAX || (shape->one_customer && !input->one_customer))
                return false;
        scan.usual_customers = has_kinds(&shape->customer, customers, CW_ARRAY_SIZE(customers));
        scan.usual_cards = has_kinds(&shape->card, cards, CW_ARRAY_SIZE(cards));
        at = read_page(&scan, input->bytes);
        if (scan.moved)
                explicit_bzero(scan.tail, sizeof(scan.tail));
        return at && scan.moved && at == scan.tail + scan.n_moved;
}
