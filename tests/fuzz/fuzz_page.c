/* SPDX-License-Identifier: Apache-2.0 */
/* The card API's answers about cards: the list, one customer, and what an error says. */
#include <errno.h>

#include "cardwatch/provider.h"
#include "cardwatch/text.h"
#include "fuzz.h"

static void check_line(const char *text, size_t size)
{
        must(strnlen(text, size) < size);
        for (const char *c = text; *c; c++)
                must((unsigned char)*c >= 0x20);
}

static void check_card(const struct cw_page *page, size_t i)
{
        const struct cw_card *card = &page->cards[i];

        must(strlen(card->currency) == 3);
        must(card->last4[0] == '\0' || strspn(card->last4, "0123456789") == 4);
        if (card->reference)
                must(cw_text_valid_utf8(card->reference, strlen(card->reference)) == strlen(card->reference));
}

static void check_page(const struct cw_page *page)
{
        size_t next = 0;

        for (size_t i = 0; i < page->n_customers; i++) {
                const struct cw_page_customer *customer = &page->customers[i];

                must(customer->first_card == next);
                must(customer->n_cards <= page->n_cards - next);
                for (size_t j = next; j < next + customer->n_cards; j++)
                        must(page->cards[j].customer == customer->id);
                next += customer->n_cards;
        }
        must(next == page->n_cards);
        for (size_t i = 0; i < page->n_cards; i++)
                check_card(page, i);
        for (size_t i = 0; i < page->n_bad; i++) {
                check_line(page->bad[i].field, sizeof(page->bad[i].field));
                check_line(page->bad[i].reason, sizeof(page->bad[i].reason));
        }
}

static void decode(const uint8_t *data, size_t size, int one_customer)
{
        struct cw_page page = CW_PAGE_NULL;
        struct cw_provider_error error = {0};
        char *bytes = fuzz_copy(data, size, 0);
        int r = cw_provider_decode_page(bytes, size, one_customer, &page, &error);

        must(r >= 0 && r <= CW_PROVIDER_REFUSED);
        if (r == CW_PROVIDER_OK)
                check_page(&page);
        else
                must(error.reason[0] != '\0' && page.n_cards == 0 && page.n_customers == 0);
        check_line(error.reason, sizeof(error.reason));
        check_line(error.code, sizeof(error.code));
        check_line(error.field, sizeof(error.field));
        /* What stays in memory can be read again: it is as good, or as bad, as before. */
        if (r == CW_PROVIDER_OK) {
                struct cw_page again = CW_PAGE_NULL;

                must(cw_provider_decode_page(bytes, size, one_customer, &again, &error) == CW_PROVIDER_OK);
                must(again.n_cards == page.n_cards && again.n_bad == page.n_bad);
                cw_page_deinit(&again);
        }
        cw_page_deinit(&page);
        free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cw_provider_error error = {0};
        char *bytes;

        decode(data, size, 0);
        decode(data, size, 1);
        bytes = fuzz_copy(data, size, 0);
        cw_provider_decode_error(bytes, size, &error);
        check_line(error.reason, sizeof(error.reason));
        free(bytes);
        return 0;
}
