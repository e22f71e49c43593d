/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_GATHER_H
#define CW_STORE_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/card_pack.h"

/*
 * Gather: card rows, ordered by card, those of each in the order in which they were added.
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
        size_t next; /* the one that is handed out next */
};

void cw_gather_begin(struct cw_gather *gather); /* over an empty one, all zero */
void cw_gather_deinit(struct cw_gather *gather);

/* -ENOMEM. */
int cw_gather_add(struct cw_gather *gather, const struct cw_card_row *row) __attribute__((warn_unused_result));
int cw_gather_settle(struct cw_gather *gather) __attribute__((warn_unused_result));

/* Of a settled one, the card whose row comes next. False: there is none left. */
bool cw_gather_peek(const struct cw_gather *gather, int64_t *ret_id);

/* And all rows of that card, `past` following each of them: the last one, settled. It lives until the next call.
 * -ENOMEM. */
int cw_gather_take(struct cw_gather *gather, struct cw_card_past *past, struct cw_card_row *ret_row)
        __attribute__((warn_unused_result));

#endif
