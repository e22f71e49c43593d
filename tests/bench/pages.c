/* SPDX-License-Identifier: Apache-2.0 */
#include "pages.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a card's balances stand: the decimal points of its total and its available. */
struct place {
        uint32_t page, total, available;
};

struct page {
        char *bytes;
        size_t len;
};

struct pages {
        struct page *pages;
        struct place *places;
        size_t n_pages, n_cards;
        uint64_t random;
};

#define CUSTOMER_BYTES_MAX 1024
#define ENVELOPE_BYTES_MAX 256

static uint64_t next_random(struct pages *pages)
{
        pages->random = pages->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return pages->random >> 33;
}

static void *need(void *memory)
{
        if (!memory) {
                fputs("out of memory\n", stderr);
                exit(1);
        }
        return memory;
}

static char *write_card(struct pages *pages, size_t card, size_t page, char *at)
{
        static const char *const currencies[] = {"usd", "eur", "gbp", "usd"};
        struct place *place = &pages->places[card];
        const char *start = pages->pages[page].bytes;
        uint64_t units = 1000 + next_random(pages) % (card % 3 ? 9000 : 200000);
        unsigned cents = (unsigned)(next_random(pages) % 100), pending = (unsigned)(next_random(pages) % 5000);

        place->page = (uint32_t)page;
        at += sprintf(at,
                      "{\"id\":%zu,\"currency\":\"%s\",\"cardNumber\":\"411111******%04zu\",\"totalBalance\":%" PRIu64,
                      card + 1, currencies[card % 4], card % 10000, units);
        place->total = (uint32_t)(at - start);
        at += sprintf(at, ".%02u,\"availableBalance\":%" PRIu64, cents, units);
        place->available = (uint32_t)(at - start);
        at += sprintf(at, ".%02u,\"pendingBalance\":%u.%02u,\"bSuppressed\":%s}", cents, pending / 100, pending % 100,
                      card % 50 == 49 ? "true" : "false");
        return at;
}

static char *write_customer(struct pages *pages, size_t customer, size_t page, size_t *card, size_t n, char *at)
{
        if (n > 1 && customer % 7 == 0)
                at += sprintf(at, "{\"customersId\":%zu,\"customersReference\":null,\"cards\":[", customer + 1);
        else
                at += sprintf(at, "{\"customersId\":%zu,\"customersReference\":\"customer-%zu\",\"cards\":[",
                              customer + 1, customer + 1);
        for (size_t i = 0; i < n && *card < pages->n_cards; i++) {
                if (i > 0)
                        *at++ = ',';
                at = write_card(pages, (*card)++, page, at);
        }
        *at++ = ']';
        *at++ = '}';
        return at;
}

static size_t cards_of(enum pages_shape shape, size_t customer)
{
        return shape == PAGES_EVEN ? 1 : 1 + customer % 3;
}

static size_t customers_for(enum pages_shape shape, size_t n_cards)
{
        size_t n = 0;

        for (size_t cards = 0; cards < n_cards; n++)
                cards += cards_of(shape, n);
        return n;
}

struct pages *pages_new(size_t n_cards, size_t customers_a_page, enum pages_shape shape)
{
        struct pages *pages = need(calloc(1, sizeof(*pages)));
        size_t n_customers = customers_for(shape, n_cards), customer = 0, card = 0;

        pages->random = 1;
        pages->n_cards = n_cards;
        pages->n_pages = (n_customers + customers_a_page - 1) / customers_a_page;
        pages->pages = need(calloc(pages->n_pages, sizeof(*pages->pages)));
        pages->places = need(calloc(n_cards, sizeof(*pages->places)));
        for (size_t i = 0; i < pages->n_pages; i++) {
                struct page *page = &pages->pages[i];
                size_t end = customer + customers_a_page < n_customers ? customer + customers_a_page : n_customers;
                char *at = need(malloc(ENVELOPE_BYTES_MAX + (end - customer) * CUSTOMER_BYTES_MAX));

                page->bytes = at;
                at += sprintf(at, "{\"id\":0,\"details\":[");
                for (size_t first = customer; customer < end; customer++) {
                        if (customer > first)
                                *at++ = ',';
                        at = write_customer(pages, customer, i, &card, cards_of(shape, customer), at);
                }
                at += sprintf(
                        at,
                        "],\"pageSize\":%zu,\"pageNumber\":%zu,\"numberOfPages\":%zu,\"status\":\"1\",\"errors\":[]}",
                        customers_a_page, i + 1, pages->n_pages);
                page->len = (size_t)(at - page->bytes);
                page->bytes = need(realloc(page->bytes, page->len + 1));
        }
        return pages;
}

void pages_free(struct pages *pages)
{
        for (size_t i = 0; i < pages->n_pages; i++)
                free(pages->pages[i].bytes);
        free(pages->pages);
        free(pages->places);
        free(pages);
}

/* Two digits before the point and two behind it: what has at least 1000.00 keeps it. */
static void write_digits(char *point, unsigned value)
{
        point[-2] = (char)('0' + value / 1000 % 10);
        point[-1] = (char)('0' + value / 100 % 10);
        point[1] = (char)('0' + value / 10 % 10);
        point[2] = (char)('0' + value % 10);
}

void pages_change(struct pages *pages, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const struct place *place = &pages->places[next_random(pages) % pages->n_cards];
                unsigned value = (unsigned)(next_random(pages) % 10000);

                write_digits(pages->pages[place->page].bytes + place->total, value);
                write_digits(pages->pages[place->page].bytes + place->available, value);
        }
}

size_t pages_count(const struct pages *pages)
{
        return pages->n_pages;
}

char *pages_get(const struct pages *pages, size_t number, size_t *ret_len)
{
        if (number < 1 || number > pages->n_pages)
                return NULL;
        *ret_len = pages->pages[number - 1].len;
        return pages->pages[number - 1].bytes;
}
