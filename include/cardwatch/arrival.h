/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_ARRIVAL_H
#define CARDWATCH_ARRIVAL_H

#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_prints;

/*
 * Arrival: a page of a list while it comes in, of which what is known again is left out at once.
 *
 * Embedded by whoever asks a decoder's API for a page; cw_decoder_expect begins it, and the same decoder reads what was
 * kept. A part is left out only when all its bytes are the ones that were told last, wherever the pieces that they come
 * in are cut. What does not stand where it stood the last time is kept: so is a page nobody knows, and any other
 * answer.
 */
struct cw_arrival {
        const struct cw_prints *prints; /* the decoder's */
        uint32_t number; /* the page's, in its list */
        uint32_t telling; /* which one of it is looked for */
        uint64_t known; /* parts that may be left out, a bit each, from the lowest */
        uint64_t left_out; /* and those that are */
        size_t left_out_bytes;
        size_t place; /* where the next part begins in what is kept */
        size_t gap; /* bytes between two parts */
        uint32_t next; /* which part that is */
        uint32_t missed; /* how many before it, in a row, were not as they were */
};

/* The next piece: what is to be kept of it is added to what was kept before. Nobody else adds to it or takes away. */
void cw_arrival_keep(struct cw_arrival *arrival, struct cw_buf *kept, const char *bytes, size_t n);

#endif
