/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_ITEMS_H
#define CW_STORE_ITEMS_H

#include <stddef.h>

struct cw_buf;
struct cw_item;

/*
 * Items: what one intent tells, as one sealed record, and back.
 */
void cw_items_pack(const struct cw_item *items, size_t n_items, struct cw_buf *buf);

/* Any bytes: -EBADMSG. The items and their entries are the caller's: cw_items_free. */
int cw_items_unpack(const void *data, size_t len, struct cw_item **ret_items, size_t *ret_n)
        __attribute__((warn_unused_result));

void cw_items_free(struct cw_item *items, size_t n_items);

#endif
