/* SPDX-License-Identifier: Apache-2.0 */
#include "list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/codec/id_set.h"
#include "../../../src/codec/page_store.h"
#include "../../../src/codec/parts.h"
#include "../../../src/codec/provider_page.h"
#include "../../../src/codec/scan.h"
#include "../../../src/codec/shape.h"
#include "cardwatch/cleanup.h"

static void write_card(struct cw_buf *buf, const struct cw_card *card)
{
        cw_buf_printf(buf, "card %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s %s %s %d\n", card->id,
                      card->customer, card->total, card->available, card->pending, card->reference ?: "-",
                      card->currency, card->last4, card->suppressed);
}

/* So many customers and their cards, from these on. */
static void write_part(struct cw_buf *buf, const struct cw_page *page, size_t first, size_t n)
{
        for (size_t i = first; i < first + n; i++) {
                const struct cw_page_customer *customer = &page->customers[i];

                cw_buf_printf(buf, "customer %" PRId64 " %s\n", customer->id, customer->reference ?: "-");
                for (size_t k = 0; k < customer->n_cards; k++)
                        write_card(buf, &page->cards[customer->first_card + k]);
        }
}

void lanes_list_deinit(struct lanes_list *list)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(list->parts); i++)
                cw_buf_deinit(&list->parts[i]);
        *list = (struct lanes_list){0};
}

bool lanes_list_repeats(const struct lanes_list *list, const struct cw_page *page)
{
        char card[40];

        for (size_t i = 0; i < page->n_cards; i++) {
                snprintf(card, sizeof(card), "card %" PRId64 " ", page->cards[i].id);
                for (size_t k = 0; k < page->n_parts; k++)
                        if (page->parts[k].alike && strstr(cw_buf_text((struct cw_buf *)&list->parts[k]), card))
                                return true;
        }
        return false;
}

const char *lanes_list_differs(struct lanes_list *list, const struct cw_page *page, const struct cw_page *truth)
{
        struct cw_buf told = CW_BUF_NULL, expected = CW_BUF_NULL;
        size_t first = 0, cards = 0, listed = 0;
        const char *what = NULL;

        for (size_t i = 0; i < page->n_parts; i++) {
                const struct cw_page_part *part = &page->parts[i];

                if (!part->alike) {
                        cw_buf_clear(&list->parts[i]);
                        write_part(&list->parts[i], page, first, part->n_customers);
                        first += part->n_customers;
                        cards += part->n_cards;
                } else if (i >= list->n) {
                        what = "a part is alike that was never told";
                }
                listed += part->n_customers;
                cw_buf_puts(&told, cw_buf_text(&list->parts[i]));
        }
        list->n = page->n_parts;
        write_part(&expected, truth, 0, truth->n_customers);
        if (!what && (first != page->n_customers || cards != page->n_cards))
                what = "the parts are not the page";
        if (!what && (listed != truth->n_customers || listed != page->n_listed))
                what = "the number of customers differs";
        if (!what && strcmp(cw_buf_text(&told), cw_buf_text(&expected)) != 0)
                what = "what was told differs";
        if (!what && (page->page_size != truth->page_size || page->page_number != truth->page_number ||
                      page->number_of_pages != truth->number_of_pages))
                what = "a count of the envelope differs";
        cw_buf_deinit(&told);
        cw_buf_deinit(&expected);
        return what;
}

static const char *compare(struct lanes_list *list, const struct cw_page *page, const struct cw_scan_input *input)
{
        struct cw_page truth = CW_PAGE_NULL;
        struct cw_provider_error error = {0};
        char *copy = malloc(input->len);
        const char *what = "the scanner took a page that the reference lane refuses";

        if (!copy)
                abort();
        memcpy(copy, input->bytes, input->len);
        if (cw_provider_decode_page(copy, input->len, 0, &truth, &error) == CW_PROVIDER_OK)
                what = truth.n_bad > 0 ? "the scanner took a bad card" : lanes_list_differs(list, page, &truth);
        cw_page_deinit(&truth);
        free(copy);
        return what;
}

/* Each list comes in pieces of another length. */
static void arrive(const struct cw_prints *prints, uint64_t known, const struct cw_scan_input *input,
                   struct cw_arrival *ret_arrival, struct cw_buf *kept)
{
        const struct cw_prints_page *before = cw_prints_find(prints, 1);
        size_t piece = 1 + input->len % 97 * (input->len % 5), n;

        *ret_arrival = (struct cw_arrival){.prints = prints,
                                           .number = 1,
                                           .telling = before->tellings,
                                           .known = known,
                                           .place = before->first,
                                           .gap = input->shape->details.next.len};
        for (size_t at = 0; at < input->len; at += n) {
                n = input->len - at < piece ? input->len - at : piece;
                cw_arrival_keep(ret_arrival, kept, input->bytes + at, n);
        }
        if (cw_buf_error(kept) < 0 || kept->len + ret_arrival->left_out_bytes != input->len)
                abort();
}

static bool scan(struct cw_parts *parts, const struct cw_prints *prints, uint64_t known,
                 const struct cw_scan_input *input, struct cw_page_store *store)
{
        struct cw_scan_input kept_input = *input;
        struct cw_buf kept = CW_BUF_NULL;
        struct cw_arrival arrival;
        struct cw_id_set ids = {0};
        bool scanned;

        arrive(prints, known, input, &arrival, &kept);
        kept_input.parts = parts;
        kept_input.bytes = cw_buf_text(&kept);
        kept_input.len = kept.len;
        cw_parts_begin(parts, prints, &arrival, known, kept_input.bytes, kept_input.len);
        parts->least = 1;
        if (cw_page_store_clear(store) < 0)
                abort();
        scanned = cw_scan_page(&kept_input, &ids, store) && cw_parts_is_all(parts);
        cw_id_set_deinit(&ids);
        cw_buf_deinit(&kept);
        parts->bytes = NULL;
        parts->arrival = NULL;
        store->page.parts = parts->told;
        store->page.n_parts = parts->n;
        store->page.n_listed = parts->n_customers;
        return scanned;
}

const char *lanes_list_scan(struct lanes_list *list, struct cw_prints *prints, const struct cw_scan_input *input,
                            bool *ret_alike)
{
        struct cw_page_store store = {.page = CW_PAGE_NULL};
        struct cw_parts parts;
        struct cw_prints_page told = {.parts = parts.now};
        const char *what = NULL;
        bool scanned = scan(&parts, prints, UINT64_MAX, input, &store);

        if (!scanned || lanes_list_repeats(list, &store.page))
                scanned = scan(&parts, prints, 0, input, &store);
        *ret_alike = scanned && store.page.n_listed > store.page.n_customers;
        if (scanned) {
                what = compare(list, &store.page, input);
                told.n_parts = parts.n;
                told.first = parts.first;
                cw_prints_keep(prints, 1, &told);
        }
        store.page.parts = NULL;
        cw_page_deinit(&store.page);
        return what;
}
