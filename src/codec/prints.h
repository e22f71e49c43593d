/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_PRINTS_H
#define CARDWATCH_CODEC_PRINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Prints: by what the bytes of each page of a list are known again, so that what did not change is not decoded.
 *
 * A print is a hash of 128 bits under a key that is drawn at the start and that nobody outside learns: two texts that
 * differ in a digit have the same one as seldom as chance allows, and no way is known to make such two without the key.
 * A page has one for each of its parts (parts.h), or one for all its bytes. Nothing of a page's text is kept.
 */

struct cw_print {
        uint64_t low, high;
};

/* A stretch of a page. */
struct cw_prints_part {
        struct cw_print print;
        uint32_t len, n_customers;
};

struct cw_prints_page {
        struct cw_prints_part *parts;
        uint32_t n_parts; /* 0: nothing is known of the page */
        uint32_t tellings; /* of this page: of which one it is known */
        bool whole; /* one part, which is all its bytes; of such a page also what it said of the list */
        size_t first; /* where the first part begins */
        int64_t page_size, page_number, number_of_pages;
};

struct cw_prints {
        unsigned char key[192];
        bool keyed; /* else nothing is known again */
        struct cw_prints_page *pages; /* by number */
        size_t n;
};

void cw_prints_init(struct cw_prints *prints);
void cw_prints_deinit(struct cw_prints *prints);

struct cw_print cw_prints_take(const struct cw_prints *prints, const char *bytes, size_t len);

/* Whether these are the bytes. */
bool cw_prints_is(const struct cw_prints *prints, const struct cw_prints_part *part, const char *bytes);

/* What is known of the page; never NULL. */
const struct cw_prints_page *cw_prints_find(const struct cw_prints *prints, uint32_t number);

/* This is known from now on, as of another telling; the parts are copied. Where there is no memory for it, nothing is.
 */
void cw_prints_keep(struct cw_prints *prints, uint32_t number, const struct cw_prints_page *page);

#endif
