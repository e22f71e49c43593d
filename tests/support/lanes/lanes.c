/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: copies of exactly the bytes, so that the sanitizers see a read beyond them. */
#include "lanes.h"

#include <stdlib.h>
#include <string.h>

#include "../../../src/codec/id_set.h"
#include "../../../src/codec/page_store.h"
#include "../../../src/codec/provider_page.h"
#include "../../../src/codec/scan.h"
#include "../../../src/codec/shape.h"
#include "cardwatch/cleanup.h"

#include "plain.h"

typedef bool scan_fn(const struct cw_scan_input *input, struct cw_id_set *ids, struct cw_page_store *store);

struct reading {
        char *bytes;
        int verdict;
        struct cw_page_store store;
        struct cw_provider_error error;
};

static void reading_deinit(struct reading *reading)
{
        cw_page_deinit(&reading->store.page);
        free(reading->bytes);
}

static char *copy_of(const char *bytes, size_t len)
{
        char *copy = malloc(len ? len : 1);

        if (!copy)
                abort();
        memcpy(copy, bytes, len);
        return copy;
}

static void clear(struct cw_page_store *store)
{
        if (cw_page_store_clear(store) < 0)
                abort();
}

/* The long way, in the reading's own bytes. */
static void read_long(struct reading *reading, size_t len, int one_customer)
{
        clear(&reading->store);
        reading->verdict = cw_provider_page_read(reading->bytes, len, one_customer, &reading->store, &reading->error);
}

static bool same_text(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static const char *cards_differ(const struct cw_card *a, const struct cw_card *b)
{
        if (a->id != b->id || a->customer != b->customer)
                return "a card's id or customer differs";
        if (a->available != b->available || a->pending != b->pending || a->total != b->total)
                return "a card's amount differs";
        if (!same_text(a->reference, b->reference))
                return "a card's reference differs";
        if (memcmp(a->currency, b->currency, sizeof(a->currency)) != 0)
                return "a card's currency differs";
        if (memcmp(a->last4, b->last4, sizeof(a->last4)) != 0)
                return "a card's last four digits differ";
        return a->suppressed == b->suppressed ? NULL : "whether a card is suppressed differs";
}

static const char *pages_differ(const struct cw_page *a, const struct cw_page *b)
{
        const char *what = NULL;

        if (a->n_customers != b->n_customers || a->n_cards != b->n_cards || a->n_bad != b->n_bad)
                return "the numbers of customers, cards or bad cards differ";
        if (a->page_size != b->page_size || a->page_number != b->page_number ||
            a->number_of_pages != b->number_of_pages)
                return "a count of the envelope differs";
        for (size_t i = 0; i < a->n_customers; i++) {
                const struct cw_page_customer *x = &a->customers[i], *y = &b->customers[i];

                if (x->id != y->id || x->first_card != y->first_card || x->n_cards != y->n_cards ||
                    !same_text(x->reference, y->reference))
                        return "a customer differs";
        }
        for (size_t i = 0; !what && i < a->n_cards; i++)
                what = cards_differ(&a->cards[i], &b->cards[i]);
        return what;
}

static const char *scanned_differs(const struct reading *scan, const struct reading *truth)
{
        if (truth->verdict != CW_PROVIDER_OK)
                return "the scanner took a page that the reference lane refuses";
        if (truth->store.page.n_bad > 0)
                return "the scanner took a bad card";
        return pages_differ(&scan->store.page, &truth->store.page);
}

/* After the scanner gave up. */
static const char *handed_over_differs(struct reading *scan, const struct reading *truth, size_t len, int one_customer)
{
        read_long(scan, len, one_customer);
        if (scan->verdict != truth->verdict || strcmp(scan->error.reason, truth->error.reason) != 0 ||
            strcmp(scan->error.code, truth->error.code) != 0)
                return "a page that the scanner gave up has another verdict than before";
        if (scan->verdict != CW_PROVIDER_OK)
                return NULL;
        if (memcmp(scan->bytes, truth->bytes, len) != 0)
                return "a page that the scanner gave up is left with other bytes";
        return pages_differ(&scan->store.page, &truth->store.page);
}

const char *lanes_differ(struct cw_shape *shape, const char *bytes, size_t len, int one_customer, bool *ret_scanned)
{
        static scan_fn *const scans[] = {
                cw_scan_page,
                cw_scan_page_plain,
#if defined(__x86_64__)
                cw_scan_page_avx2,
#endif
        };
        struct reading truth = {.bytes = copy_of(bytes, len)};
        struct cw_id_set ids = {0};
        const char *what = NULL;
        bool first = false;

        read_long(&truth, len, one_customer);
        for (size_t i = 0; !what && i < CW_ARRAY_SIZE(scans); i++) {
                struct reading scan = {.bytes = copy_of(bytes, len)};
                struct cw_scan_input input = {
                        .shape = shape, .bytes = scan.bytes, .len = len, .one_customer = one_customer};
                bool scanned;

#if defined(__x86_64__)
                if (i == 2 && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))) {
                        reading_deinit(&scan);
                        break;
                }
#endif
                clear(&scan.store);
                scanned = scans[i](&input, &ids, &scan.store);
                if (memcmp(scan.bytes, bytes, len) != 0)
                        what = "the scanner changes bytes";
                else if (i > 0 && scanned != first)
                        what = "the builds of the scanner take other pages";
                else if (scanned)
                        what = scanned_differs(&scan, &truth);
                else if (i == 0) /* they give up in the same place */
                        what = handed_over_differs(&scan, &truth, len, one_customer);
                first = scanned;
                reading_deinit(&scan);
        }
        if (truth.verdict == CW_PROVIDER_OK)
                cw_shape_learn(shape, truth.bytes, len);
        cw_id_set_deinit(&ids);
        reading_deinit(&truth);
        *ret_scanned = first;
        return what;
}
