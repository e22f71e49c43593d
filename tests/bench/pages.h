/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_PAGES_H
#define BENCH_PAGES_H

#include <stddef.h>

/*
 * The data sets: pages of customers as the card API would answer them, the same at every run.
 *
 * All cards have at least 1000.00 and stay there, so that rules below that look at what changes and find nothing. A
 * change rewrites digits where they stand: what is served next differs in nothing else.
 */

struct pages;

enum pages_shape {
        PAGES_EVEN, /* a card a customer, every key there */
        PAGES_UNEVEN, /* up to three cards a customer, references that are null, amounts of all lengths */
};

struct pages *pages_new(size_t n_cards, size_t customers_a_page, enum pages_shape shape);

void pages_free(struct pages *pages);

/* Other balances for so many cards, drawn anew each time. */
void pages_change(struct pages *pages, size_t n);

size_t pages_count(const struct pages *pages);

/* The bytes of a page, counted from 1; lent. NULL behind the last. */
char *pages_get(const struct pages *pages, size_t number, size_t *ret_len);

#endif
