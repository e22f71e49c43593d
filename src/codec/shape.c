/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the strict pass and the reference lane have judged the page, so its first customer and the card with most
 * members are walked (json_span.h) and the bytes between their values copied. Other customers and cards need not look
 * the same: then the page is a surprise to the scanner, and nothing more.
 */
#include "shape.h"

#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/text.h"

#include "json_span.h"

/* The card to learn from is sought among so many. */
#define CARDS_LOOKED_AT 64

struct name {
        const char *text;
        enum cw_shape_kind kind;
        bool required;
};

static const struct name envelope_names[] = {
        {"status", CW_SHAPE_STATUS, true},
        {"details", CW_SHAPE_DETAILS, true},
        {"pageSize", CW_SHAPE_PAGE_SIZE, false},
        {"pageNumber", CW_SHAPE_PAGE_NUMBER, false},
        {"numberOfPages", CW_SHAPE_NUMBER_OF_PAGES, false},
        {NULL, CW_SHAPE_SKIPPED, false},
};

static const struct name customer_names[] = {
        {"customersId", CW_SHAPE_CUSTOMER_ID, true},
        {"id", CW_SHAPE_CUSTOMER_ID, true},
        {"customersReference", CW_SHAPE_REFERENCE, false},
        {"reference", CW_SHAPE_REFERENCE, false},
        {"cards", CW_SHAPE_CARDS, false},
        {NULL, CW_SHAPE_SKIPPED, false},
};

static const struct name card_names[] = {
        {"id", CW_SHAPE_CARD_ID, true},
        {"currency", CW_SHAPE_CURRENCY, true},
        {"cardNumber", CW_SHAPE_CARD_NUMBER, false},
        {"totalBalance", CW_SHAPE_TOTAL, true},
        {"availableBalance", CW_SHAPE_AVAILABLE, true},
        {"pendingBalance", CW_SHAPE_PENDING, true},
        {"bSuppressed", CW_SHAPE_SUPPRESSED, true},
        {NULL, CW_SHAPE_SKIPPED, false},
};

static bool set_bytes(struct cw_shape_bytes *bytes, const char *from, const char *to)
{
        size_t len = (size_t)(to - from);

        if (len > CW_SHAPE_BYTES_MAX)
                return false;
        *bytes = (struct cw_shape_bytes){.len = len};
        memcpy(bytes->text, from, len);
        memset(bytes->mask, 0xff, len);
        return true;
}

/* NULL: a key whose value the strict pass would cut although nobody reads it, or one that is not plain. */
static const struct name *find_name(const struct cw_json_span *key, const struct name *names)
{
        static const char *const cut[] = {"cardNumber", "customersReference", "reference"};

        for (size_t i = 0; i < key->len; i++)
                if (key->text[i] == '\\' || (unsigned char)key->text[i] >= 0x80)
                        return NULL;
        for (; names->text; names++)
                if (cw_json_span_is(key, names->text))
                        return names;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cut); i++)
                if (cw_json_span_is(key, cut[i]))
                        return NULL;
        return names;
}

static bool is_skippable(const struct cw_json_span *value)
{
        char kind = cw_json_span_kind(value);

        return (kind != '{' && kind != '[') || value->len == 2;
}

static bool has_kind(const struct cw_shape_object *object, enum cw_shape_kind kind)
{
        for (size_t i = 0; i < object->n_fields; i++)
                if (object->fields[i].kind == kind)
                        return true;
        return false;
}

static bool has_all_required(const struct cw_shape_object *object, const struct name *names)
{
        for (; names->text; names++)
                if (names->required && !has_kind(object, names->kind))
                        return false;
        return true;
}

/* *ret_container is the value of the member that holds the next level, if there is one. */
static bool learn_object(struct cw_shape_object *object, const struct cw_json_span *span, const struct name *names,
                         struct cw_json_span *ret_container)
{
        struct cw_json_walk walk = cw_json_walk_begin(span);
        struct cw_json_span key, value;
        const char *behind = span->text;

        *object = (struct cw_shape_object){0};
        while (cw_json_walk_member(&walk, &key, &value)) {
                const struct name *name = find_name(&key, names);
                struct cw_shape_field *field = &object->fields[object->n_fields];

                if (!name || object->n_fields == CW_SHAPE_FIELDS_MAX)
                        return false;
                if (name->kind == CW_SHAPE_SKIPPED ? !is_skippable(&value) : has_kind(object, name->kind))
                        return false;
                if (!set_bytes(&field->before, behind, value.text))
                        return false;
                field->kind = name->kind;
                field->optional = !name->required && object->n_fields > 0; /* before the first stands the brace */
                object->n_fields++;
                behind = value.text + value.len;
                if (name->kind == CW_SHAPE_DETAILS || name->kind == CW_SHAPE_CARDS)
                        *ret_container = value;
        }
        return has_all_required(object, names) && set_bytes(&object->after, behind, span->text + span->len);
}

static bool join(struct cw_shape_bytes *bytes, const struct cw_shape_bytes *more)
{
        if (bytes->len + more->len > CW_SHAPE_BYTES_MAX)
                return false;
        memcpy(bytes->text + bytes->len, more->text, more->len);
        memset(bytes->mask + bytes->len, 0xff, more->len);
        bytes->len += more->len;
        return true;
}

/* One with such elements. The space between two is that before the first, if there is only one. */
static bool learn_array(struct cw_shape_array *array, const struct cw_json_span *span,
                        const struct cw_shape_object *object)
{
        struct cw_json_walk walk = cw_json_walk_begin(span);
        struct cw_json_span element;
        struct cw_shape_bytes between, close;
        const char *behind = span->text;
        size_t n = 0;

        while (cw_json_walk_element(&walk, &element)) {
                if (n < 2 && !set_bytes(n == 0 ? &array->open : &between, behind, element.text))
                        return false;
                behind = element.text + element.len;
                n++;
        }
        if (n == 1) {
                between = array->open;
                between.text[0] = ',';
        }
        array->next = array->last = object->after;
        return set_bytes(&close, behind, span->text + span->len) && join(&array->next, &between) &&
               join(&array->last, &close);
}

static size_t count_members(const struct cw_json_span *object)
{
        struct cw_json_walk walk = cw_json_walk_begin(object);
        struct cw_json_span key, value;
        size_t n = 0;

        while (cw_json_walk_member(&walk, &key, &value))
                n++;
        return n;
}

static bool learn_cards(struct cw_shape *shape, const struct cw_json_span *cards)
{
        struct cw_json_span card, richest = {0};
        struct cw_json_walk walk;
        size_t most = 0;

        if (cw_json_span_kind(cards) != '[')
                return true;
        walk = cw_json_walk_begin(cards);
        for (int i = 0; i < CARDS_LOOKED_AT && cw_json_walk_element(&walk, &card); i++) {
                size_t n = cw_json_span_kind(&card) == '{' ? count_members(&card) : 0;

                if (n > most)
                        richest = card;
                most = n > most ? n : most;
        }
        if (most == 0)
                return true;
        return learn_object(&shape->card, &richest, card_names, NULL) &&
               learn_array(&shape->cards, cards, &shape->card);
}

static bool learn_customer(struct cw_shape *shape, const struct cw_json_span *span)
{
        struct cw_json_span cards = {0};

        return learn_object(&shape->customer, span, customer_names, &cards) && learn_cards(shape, &cards);
}

/* A customer with cards, if one of the first has any. */
static bool learn_customers(struct cw_shape *shape, const struct cw_json_span *details)
{
        struct cw_json_walk walk = cw_json_walk_begin(details);
        struct cw_json_span customer, richest = {0}, cards;
        size_t most = 0;

        for (int i = 0; i < CARDS_LOOKED_AT && cw_json_walk_element(&walk, &customer); i++) {
                size_t n = count_members(&customer) * 2;

                if (cw_json_span_member(&customer, "cards", &cards) == 0 && cards.len > 2)
                        n++;
                if (n > most)
                        richest = customer;
                most = n > most ? n : most;
        }
        return most == 0 ||
               (learn_customer(shape, &richest) && learn_array(&shape->details, details, &shape->customer));
}

static bool learn_page(struct cw_shape *shape, const char *bytes, size_t len)
{
        struct cw_json_span page = cw_json_span_of(bytes, len), details = {0};

        if (!set_bytes(&shape->begin, bytes, page.text) || !set_bytes(&shape->end, page.text + page.len, bytes + len) ||
            !learn_object(&shape->envelope, &page, envelope_names, &details))
                return false;
        shape->one_customer = cw_json_span_kind(&details) == '{';
        return shape->one_customer ? learn_customer(shape, &details) : learn_customers(shape, &details);
}

void cw_shape_learn(struct cw_shape *shape, const char *bytes, size_t len)
{
        struct cw_shape learnt = *shape;

        if (learn_page(&learnt, bytes, len))
                *shape = learnt;
}

void cw_shape_init(struct cw_shape *shape)
{
        static const char example[] =
                "{\"id\":0,\"details\":[{\"customersId\":1,\"customersReference\":\"\",\"cards\":[{\"id\":1,"
                "\"currency\":\"\",\"cardNumber\":\"\",\"totalBalance\":0,\"availableBalance\":0,"
                "\"pendingBalance\":0,\"bSuppressed\":false}]}],\"pageSize\":1,\"pageNumber\":1,"
                "\"numberOfPages\":1,\"status\":\"1\",\"errors\":[]}";

        *shape = (struct cw_shape){0};
        cw_shape_learn(shape, example, sizeof(example) - 1);
}
