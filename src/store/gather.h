/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_GATHER_H
#define CW_STORE_GATHER_H

#include <stddef.h>
#include <stdint.h>

#include "cards.h"

/*
 * Gather: of the card rows that were added, the last of each card, in rising order of ids.
 *
 * Rows are kept packed, some fifty bytes each, and ordered share by share: whoever adds a bounded number of them
 * between two calls of cw_gather_settle never waits long.
 */

struct cw_gathered {
        int64_t id;
        size_t offset; /* of the row; later rows lie behind earlier ones */
};

struct cw_gather {
        struct cw_cards_writer writer;
        struct cw_cards_reader reader;
        struct cw_gathered *rows;
        size_t n, capacity;
        size_t settled; /* so many of them are in order */
};

void cw_gather_begin(struct cw_gather *gather); /* over an empty one, all zero */
void cw_gather_deinit(struct cw_gather *gather);

/* -ENOMEM. */
int cw_gather_add(struct cw_gather *gather, const struct cw_card_row *row) __attribute__((warn_unused_result));
int cw_gather_settle(struct cw_gather *gather) __attribute__((warn_unused_result));

/* Of a settled one, its row at that place; it lives until the next call. -ENOMEM. */
int cw_gather_get(struct cw_gather *gather, size_t at, struct cw_card_row *ret_row) __attribute__((warn_unused_result));

#endif
