/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_PAGE_STORE_H
#define CARDWATCH_CODEC_PAGE_STORE_H

#include <stddef.h>

#include "cardwatch/provider.h"

/*
 * Page store: a page with the room that it grows in, so that one page after the other is decoded into the same memory.
 *
 * Cleared between pages; what an unusually large page took is given back then. A page that is to live for itself is
 * taken out by copying `page`, which owns everything, and forgetting the store.
 */

struct cw_page_store {
        struct cw_page page;
        size_t customers_capacity, cards_capacity, bad_capacity;
};

/* 0 or -ENOMEM. After a failure it may be cleared again, or given up by cw_page_deinit(&store->page). */
int cw_page_store_clear(struct cw_page_store *store) __attribute__((warn_unused_result));

/* Room for one more element. 0 or -ENOMEM. */
int cw_page_store_more_customers(struct cw_page_store *store) __attribute__((warn_unused_result));
int cw_page_store_more_cards(struct cw_page_store *store) __attribute__((warn_unused_result));
int cw_page_store_more_bad(struct cw_page_store *store) __attribute__((warn_unused_result));

/* Room for a text of `len` bytes and its NUL, which is not written; it lives as long as the page. NULL: no memory. */
char *cw_page_store_text(struct cw_page_store *store, size_t len);

#endif
