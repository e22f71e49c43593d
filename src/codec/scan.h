/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_SCAN_H
#define CARDWATCH_CODEC_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_page_store;
struct cw_shape;

/*
 * Scan: the fast lane, which reads a page whose shape (shape.h) was predicted.
 *
 * True means that the reference lane (provider_page.h) would accept these bytes with just this page, no card of which
 * is bad, and that card numbers in them are cut as it cuts them. False means nothing at all: what stands in the store
 * counts for nothing, and the bytes mean to the reference lane what they meant before, though some card numbers may be
 * cut already.
 */

/* Room that one scan after the other uses; zeroed at first. */
struct cw_scan_room {
        uint64_t *ids; /* a set, while a page needs one */
        size_t capacity, size; /* slots there are, and those that this page uses: powers of two, or 0 */
        size_t expected; /* cards, as the page before had */
};

void cw_scan_room_deinit(struct cw_scan_room *room);

/* Into a cleared store. */
bool cw_scan_page(const struct cw_shape *shape, struct cw_scan_room *room, char *bytes, size_t len, int one_customer,
                  struct cw_page_store *store);

/* The same for processors with AVX2 and BMI; there is none for other architectures than x86-64. */
bool cw_scan_page_avx2(const struct cw_shape *shape, struct cw_scan_room *room, char *bytes, size_t len,
                       int one_customer, struct cw_page_store *store);

#endif
