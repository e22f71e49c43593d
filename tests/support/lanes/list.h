/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_LANES_LIST_H
#define CARDWATCH_TESTS_LANES_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "cardwatch/buf.h"
#include "cardwatch/provider.h"

/*
 * List: a page that was told part by part, time after time, put together again.
 *
 * Stands for whoever is told: it remembers what each part brought, and of one that is alike believes that it brings the
 * same. What it has in the end must be what the reference lane reads in the page's bytes.
 */

struct cw_scan_input;
struct cw_prints;

struct lanes_list {
        struct cw_buf parts[CW_PAGE_PARTS_MAX]; /* what each says, as text */
        size_t n;
};

void lanes_list_deinit(struct lanes_list *list);

/* Whether a part that is told anew brings a card of one that is alike (source_listener.h). */
bool lanes_list_repeats(const struct lanes_list *list, const struct cw_page *page);

/* The page is told. NULL, or in what it differs from the truth, which is the same page read the long way. */
const char *lanes_list_differs(struct lanes_list *list, const struct cw_page *page, const struct cw_page *truth);

/* The page read by the scanner, cut into the smallest parts, and told. Pages that it does not take say nothing. */
const char *lanes_list_scan(struct lanes_list *list, struct cw_prints *prints, const struct cw_scan_input *input,
                            bool *ret_alike);

#endif
