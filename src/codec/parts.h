/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_PARTS_H
#define CARDWATCH_CODEC_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/arrival.h"
#include "cardwatch/provider.h"

#include "prints.h"

/*
 * Parts: a page as stretches of its customers, of which those that did not change are known again and passed over.
 *
 * A part begins with its first customer's brace and ends before the closing one of its last: so its bytes say the same
 * whatever stands around them. One that changed is cut behind as many customers as it had, so that the next begins
 * where it began before, wherever that is now. A page that could not be scanned is one part, all its bytes.
 */

struct cw_parts {
        const struct cw_prints *prints;
        const struct cw_prints_page *before; /* as the page was told last */
        const struct cw_arrival *arrival; /* how the page came in */
        const char *bytes; /* what was kept of it */
        uint64_t known; /* parts that may be passed over, a bit each */
        uint64_t returned; /* of those that were left out, the ones whose place was come by */
        size_t place; /* where the next one was looked for */
        size_t first; /* where the first one began */
        size_t least; /* bytes of a part that is not cut as it was */
        struct cw_prints_part now[CW_PAGE_PARTS_MAX];
        struct cw_page_part told[CW_PAGE_PARTS_MAX];
        uint32_t n;
        size_t n_customers;
        bool whole;
};

/* Of a page of which `len` bytes were kept. `known` has all that was left out. */
void cw_parts_begin(struct cw_parts *parts, const struct cw_prints *prints, const struct cw_arrival *arrival,
                    uint64_t known, const char *bytes, size_t len);

/* Whether the next part is known again with what stands at `at`, and how many bytes that is: none if it was left out
 * there when it came in. */
bool cw_parts_skip(struct cw_parts *parts, const char *at, size_t left, size_t *ret_len);

/* At the end: whether all that was left out has its place. Else bytes are missing that only the API has. */
bool cw_parts_is_all(const struct cw_parts *parts);

/* Whether the next part is cut here. */
bool cw_parts_is_full(const struct cw_parts *parts, size_t n_customers, size_t len);

/* The next part, which was decoded. */
void cw_parts_add(struct cw_parts *parts, const char *bytes, size_t len, const struct cw_page_part *part);

/* Instead of all that: whether the page is one part, known again; and that it is one, with the print that its bytes had
 * before anything was cut in them. */
bool cw_parts_skip_whole(struct cw_parts *parts, const char *bytes, size_t len);
void cw_parts_be_whole(struct cw_parts *parts, const struct cw_print *print, size_t len,
                       const struct cw_page_part *part);

#endif
