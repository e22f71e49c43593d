/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_PAGES_H
#define CARDWATCH_TESTS_PAGES_H

#include <stdbool.h>
#include <stdint.h>

struct cw_buf;

/*
 * Pages: answers as no two APIs write them. A style says what all pages of one API have in common: space, the order and
 * the case of keys, what it adds and leaves out; a seed says what stands on one page.
 */

#define PAGES_FIELDS 10

struct pages_style {
        unsigned space; /* none, after commas and colons, lines */
        bool pascal, quoted, one_customer;
        unsigned extras[3]; /* of envelope, customer, card: keys that nobody reads */
        unsigned order[3][PAGES_FIELDS];
};

/* Below `n`; the state moves on. */
unsigned pages_chance(uint64_t *state, unsigned n);

void pages_style_draw(struct pages_style *style, uint64_t *state);

/* Appends a page of up to `customers`. `odd`: about one value in so many is written as nobody expects; 0: none. */
void pages_write(const struct pages_style *style, uint64_t *state, unsigned customers, unsigned odd,
                 struct cw_buf *buf);

#endif
