/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_SCAN_H
#define CARDWATCH_CODEC_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct cw_id_set;
struct cw_page_store;
struct cw_parts;
struct cw_shape;

/*
 * Scan: the fast lane, which reads a page whose shape (shape.h) was predicted.
 *
 * True means that the reference lane (provider_page.h) would accept these bytes with just this page, no card of which
 * is bad. False means nothing at all: what stands in the store and the parts counts for nothing.
 */

struct cw_scan_input {
        const struct cw_shape *shape;
        const char *bytes;
        size_t len;
        int one_customer;
        struct cw_parts *parts; /* begun; those that are known again are passed over. NULL: everything is read */
};

/* Into a cleared store; `ids` is any set. */
bool cw_scan_page(const struct cw_scan_input *input, struct cw_id_set *ids, struct cw_page_store *store);

/* The same for processors with AVX2 and BMI; there is none for other architectures than x86-64. */
bool cw_scan_page_avx2(const struct cw_scan_input *input, struct cw_id_set *ids, struct cw_page_store *store);

#endif
