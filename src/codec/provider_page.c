/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the strict pass has judged all bytes, so json-c builds one customer at a time and its tree is gone before the
 * next: memory follows the largest customer, not the page. What grows with the page is bounded by count. Of a key that
 * stands twice json-c keeps the last: keys are counted in the bytes before its tree is asked.
 */
#include "provider_page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/json_tokener.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/map.h"
#include "cardwatch/provider.h"

#include "envelope.h"
#include "json_span.h"
#include "page_store.h"
#include "provider_field.h"
#include "strict_json.h"

#define CUSTOMERS_MAX       1000000
#define BAD_MAX             10000
#define REFERENCE_LEN_MAX   65536
#define CUSTOMER_WEIGHT_MAX ((size_t)256 << 20)

#define TWICE "stands twice"

struct builder {
        struct cw_page_store *store;
        struct cw_page *page; /* in it */
        struct cw_map customers_by_card; /* index of the customer + 1 */
        struct json_tokener *tokener;
        struct cw_provider_error *error;
};

CW_DEFINE_CLEANUP(struct json_object *, json_object_put);

static int add_bad(struct builder *builder, int64_t customer, int64_t card, const char *field, const char *reason)
{
        struct cw_page *page = builder->page;
        struct cw_bad_card *bad;

        if (page->n_bad == BAD_MAX)
                return cw_envelope_malformed(builder->error, "more than %d cards cannot be trusted", BAD_MAX);
        if (cw_page_store_more_bad(builder->store) < 0)
                return -ENOMEM;
        bad = &page->bad[page->n_bad++];
        *bad = (struct cw_bad_card){.customer = customer, .card = card};
        snprintf(bad->field, sizeof(bad->field), "%s", field);
        snprintf(bad->reason, sizeof(bad->reason), "%s", reason);
        return 0;
}

static int keep_text(struct builder *builder, const char *bytes, size_t len, const char **ret_text)
{
        char *text = cw_page_store_text(builder->store, len);

        if (!text)
                return -ENOMEM;
        memcpy(text, bytes, len);
        text[len] = '\0';
        *ret_text = text;
        return 0;
}

/* All fields but the id; NULL or the reason, with the name of the field. */
static const char *read_fields(struct json_object *object, struct cw_card *card, const char **ret_field)
{
        const struct {
                const char *name;
                cw_amount *amount;
        } amounts[] = {{"totalBalance", &card->total},
                       {"availableBalance", &card->available},
                       {"pendingBalance", &card->pending}};
        struct json_object *value = NULL;
        const char *reason;

        *ret_field = "currency";
        reason = cw_provider_field(object, *ret_field, NULL, &value);
        if (!reason)
                reason = cw_provider_field_currency(value, card->currency);
        for (size_t i = 0; !reason && i < CW_ARRAY_SIZE(amounts); i++) {
                *ret_field = amounts[i].name;
                reason = cw_provider_field(object, *ret_field, NULL, &value);
                if (!reason)
                        reason = cw_provider_field_amount(value, amounts[i].amount);
        }
        if (reason)
                return reason;
        *ret_field = "bSuppressed";
        reason = cw_provider_field(object, *ret_field, NULL, &value);
        if (!reason)
                reason = cw_provider_field_bool(value, &card->suppressed);
        if (reason)
                return reason;
        *ret_field = "cardNumber";
        value = NULL;
        reason = cw_provider_field(object, *ret_field, NULL, &value);
        if (reason && strcmp(reason, "is missing") != 0)
                return reason;
        cw_provider_field_last4(value, card->last4);
        return NULL;
}

/* A card id that stood on this page before makes the later card a bad one: the first is kept. */
static int note_card_id(struct builder *builder, const struct cw_card *card, bool *ret_twice)
{
        uint64_t key = (uint64_t)card->id;
        void *before = cw_map_get(&builder->customers_by_card, key);
        char reason[96] = "stands twice in one answer";
        int64_t other;

        *ret_twice = before != NULL;
        if (!before) {
                void *index_plus_1 = (void *)(uintptr_t)builder->page->n_customers;

                return cw_map_put(&builder->customers_by_card, key, index_plus_1);
        }
        other = builder->page->customers[(uintptr_t)before - 1].id;
        if (other != card->customer)
                snprintf(reason, sizeof(reason), "also stands under customer %" PRId64, other);
        return add_bad(builder, card->customer, card->id, "id", reason);
}

static int add_card(struct builder *builder, const struct cw_card *card)
{
        struct cw_page *page = builder->page;

        if (cw_page_store_more_cards(builder->store) < 0)
                return -ENOMEM;
        page->cards[page->n_cards++] = *card;
        page->customers[page->n_customers - 1].n_cards++;
        return 0;
}

/* One of a card's keys that stands twice, so that nobody knows what it says; NULL: none does. */
static const char *find_twice(const struct cw_json_span *card)
{
        static const char *const names[] = {
                "id", "currency", "totalBalance", "availableBalance", "pendingBalance", "bSuppressed", "cardNumber"};
        struct cw_json_span values[CW_ARRAY_SIZE(names)];
        unsigned counts[CW_ARRAY_SIZE(names)];

        cw_json_span_count(card, names, CW_ARRAY_SIZE(names), counts, values);
        for (size_t i = 0; i < CW_ARRAY_SIZE(names); i++)
                if (counts[i] > 1)
                        return names[i];
        return NULL;
}

/* `reference_reason`: why the customer's reference, and so each of its cards, cannot be trusted; NULL if it can. */
static int read_card(struct builder *builder, struct json_object *object, const struct cw_json_span *span,
                     const char *reference_reason)
{
        const struct cw_page_customer *customer = &builder->page->customers[builder->page->n_customers - 1];
        struct cw_card card = {.customer = customer->id, .reference = customer->reference};
        struct json_object *value = NULL;
        const char *field = "id", *reason, *ambiguous;
        bool twice = false;
        int r;

        if (!json_object_is_type(object, json_type_object))
                return add_bad(builder, customer->id, 0, "cards", "has an element that is no object");
        ambiguous = find_twice(span);
        reason = ambiguous && strcmp(ambiguous, field) == 0 ? TWICE : cw_provider_field(object, field, NULL, &value);
        if (!reason)
                reason = cw_provider_field_id(value, &card.id);
        if (reason)
                return add_bad(builder, customer->id, 0, field, reason);
        r = note_card_id(builder, &card, &twice);
        if (r != 0 || twice)
                return r;
        if (ambiguous)
                return add_bad(builder, customer->id, card.id, ambiguous, TWICE);
        reason = read_fields(object, &card, &field);
        if (!reason && reference_reason) {
                field = "customersReference";
                reason = reference_reason;
        }
        if (reason)
                return add_bad(builder, customer->id, card.id, field, reason);
        return add_card(builder, &card);
}

static int read_reference(struct builder *builder, struct json_object *object, const char **ret_reference,
                          const char **ret_reason)
{
        struct json_object *value = NULL;
        const char *reason = cw_provider_field(object, "customersReference", "reference", &value);
        size_t len;

        if (reason && strcmp(reason, "is missing") == 0)
                return 0;
        if (!reason && !value)
                return 0;
        if (!reason && !json_object_is_type(value, json_type_string))
                reason = "is no string";
        len = reason ? 0 : (size_t)json_object_get_string_len(value);
        if (len > REFERENCE_LEN_MAX)
                reason = "is too long";
        if (reason) {
                *ret_reason = reason;
                return 0;
        }
        return keep_text(builder, json_object_get_string(value), len, ret_reference);
}

/* `span` is the array as it was written. */
static int read_cards(struct builder *builder, struct json_object *object, const struct cw_json_span *span,
                      const char *reference_reason)
{
        int64_t customer = builder->page->customers[builder->page->n_customers - 1].id;
        struct json_object *cards = NULL;
        const char *reason = cw_provider_field(object, "cards", NULL, &cards);
        struct cw_json_span card;
        struct cw_json_walk walk;
        size_t n;
        int r = 0;

        if (reason && strcmp(reason, "is missing") != 0)
                return cw_envelope_malformed(builder->error, "customer %" PRId64 ": cards %s", customer, reason);
        if (!cards)
                return 0;
        if (!json_object_is_type(cards, json_type_array))
                return cw_envelope_malformed(builder->error, "customer %" PRId64 ": cards is no array", customer);
        n = json_object_array_length(cards);
        walk = cw_json_walk_begin(span);
        for (size_t i = 0; r == 0 && i < n && cw_json_walk_element(&walk, &card); i++)
                r = read_card(builder, json_object_array_get_idx(cards, i), &card, reference_reason);
        return r;
}

/* What stands twice among what is read of a customer; *ret_cards is set if it has cards. */
static const char *judge_members(const struct cw_json_span *customer, struct cw_json_span *ret_cards)
{
        enum { ID, ID_ALIAS, REFERENCE, REFERENCE_ALIAS, CARDS, N };
        static const char *const names[N] = {[ID] = "customersId",
                                             [ID_ALIAS] = "id",
                                             [REFERENCE] = "customersReference",
                                             [REFERENCE_ALIAS] = "reference",
                                             [CARDS] = "cards"};
        struct cw_json_span values[N];
        unsigned counts[N];

        cw_json_span_count(customer, names, N, counts, values);
        if (counts[ID] > 0)
                counts[ID_ALIAS] = 0;
        if (counts[REFERENCE] > 0)
                counts[REFERENCE_ALIAS] = 0;
        for (size_t i = 0; i < N; i++)
                if (counts[i] > 1)
                        return names[i];
        if (counts[CARDS] > 0)
                *ret_cards = values[CARDS];
        return NULL;
}

static int read_customer(struct builder *builder, struct json_object *object, const struct cw_json_span *span)
{
        struct cw_page *page = builder->page;
        struct cw_page_customer customer = {.first_card = page->n_cards};
        struct cw_json_span cards = {.text = "[]", .len = 2};
        const char *ambiguous = judge_members(span, &cards);
        struct json_object *value = NULL;
        const char *reference_reason = NULL, *reason = cw_provider_field(object, "customersId", "id", &value);
        int r;

        if (ambiguous)
                return cw_envelope_malformed(builder->error, "a customer's %s " TWICE, ambiguous);
        if (!reason)
                reason = cw_provider_field_id(value, &customer.id);
        if (reason)
                return cw_envelope_malformed(builder->error, "a customer's id %s", reason);
        if (page->n_customers == CUSTOMERS_MAX)
                return cw_envelope_malformed(builder->error, "more than %d customers", CUSTOMERS_MAX);
        r = read_reference(builder, object, &customer.reference, &reference_reason);
        if (r < 0)
                return r;
        if (cw_page_store_more_customers(builder->store) < 0)
                return -ENOMEM;
        page->customers[page->n_customers++] = customer;
        return read_cards(builder, object, &cards, reference_reason);
}

static int read_element(struct builder *builder, const struct cw_json_span *span)
{
        cw_cleanup(json_object_put_cleanup) struct json_object *object = NULL;

        if (cw_json_span_kind(span) != '{')
                return cw_envelope_malformed(builder->error, "details has an element that is no customer");
        if (span->weight > CUSTOMER_WEIGHT_MAX)
                return cw_envelope_malformed(builder->error, "a customer is too large");
        json_tokener_reset(builder->tokener);
        object = json_tokener_parse_ex(builder->tokener, span->text, (int)span->len);
        if (!object)
                return cw_envelope_malformed(builder->error, "a customer could not be decoded");
        return read_customer(builder, object, span);
}

static int read_details(struct builder *builder, const struct cw_envelope *envelope, int one_customer)
{
        struct cw_json_walk walk;
        struct cw_json_span element;
        int r = 0;

        if (!envelope->has_details)
                return cw_envelope_malformed(builder->error, "status says success, but there are no details");
        if (one_customer && cw_json_span_kind(&envelope->details) == '{')
                return read_element(builder, &envelope->details);
        if (cw_json_span_kind(&envelope->details) != '[')
                return cw_envelope_malformed(builder->error, "details is no array");
        walk = cw_json_walk_begin(&envelope->details);
        while (r == 0 && cw_json_walk_element(&walk, &element))
                r = read_element(builder, &element);
        return r;
}

int cw_provider_page_read(char *bytes, size_t len, int one_customer, struct cw_page_store *store,
                          struct cw_provider_error *ret_error)
{
        struct builder builder = {
                .store = store, .page = &store->page, .customers_by_card = CW_MAP_NULL, .error = ret_error};
        struct cw_envelope envelope = {0};
        int r = cw_envelope_read(bytes, len, &envelope, ret_error);

        if (r != CW_PROVIDER_OK)
                return r;
        store->page.page_size = envelope.page_size;
        store->page.page_number = envelope.page_number;
        store->page.number_of_pages = envelope.number_of_pages;
        builder.tokener = json_tokener_new_ex(CW_STRICT_JSON_DEPTH + 2);
        r = builder.tokener ? read_details(&builder, &envelope, one_customer) : -ENOMEM;
        if (builder.tokener)
                json_tokener_free(builder.tokener);
        cw_map_deinit(&builder.customers_by_card);
        return r;
}

int cw_provider_decode_page(char *bytes, size_t len, int one_customer, struct cw_page *ret_page,
                            struct cw_provider_error *ret_error)
{
        struct cw_page_store store = {.page = CW_PAGE_NULL};
        int r = cw_page_store_clear(&store);

        if (r == 0)
                r = cw_provider_page_read(bytes, len, one_customer, &store, ret_error);
        if (r == CW_PROVIDER_OK)
                *ret_page = store.page;
        else
                cw_page_deinit(&store.page);
        return r;
}
