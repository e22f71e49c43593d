/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_PRINTS_H
#define CARDWATCH_SOURCE_PRINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cycle.h"

/*
 * Prints: by what the bytes of each page are known again, so that a page that did not change is not decoded.
 *
 * A print is a hash of 128 bits under a key that is drawn when the source begins and that nobody outside learns: two
 * texts that differ in a digit have the same one as seldom as chance allows, and nobody can make them. Beside it stands
 * what the page said of the list. Nothing of a page's text is kept. What a page that is known again means, the listener
 * knows.
 */

struct cw_print {
        uint64_t low, high;
};

struct cw_print_row {
        struct cw_print print;
        struct cw_cycle_answer facts;
        bool known;
};

struct cw_prints {
        unsigned char key[192];
        bool keyed; /* else nothing is known again */
        struct cw_print_row *rows; /* by page number */
        size_t n;
};

void cw_prints_init(struct cw_prints *prints);
void cw_prints_deinit(struct cw_prints *prints);

struct cw_print cw_prints_take(const struct cw_prints *prints, const char *bytes, size_t len);

/* The page was told with these bytes. Where there is no memory for it, it will not be known again. */
void cw_prints_keep(struct cw_prints *prints, uint32_t page, const struct cw_print *print,
                    const struct cw_cycle_answer *facts);

/* What the page said of the list, if these are the bytes that it was told with last; else NULL. */
const struct cw_cycle_answer *cw_prints_find(const struct cw_prints *prints, uint32_t page,
                                             const struct cw_print *print);

#endif
