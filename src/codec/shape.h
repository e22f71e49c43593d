/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_SHAPE_H
#define CARDWATCH_CODEC_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Shape: how an API writes its pages: which keys in which order, and every byte that stands between two values.
 *
 * Learnt from a page that the reference lane accepted; what it cannot express (nested extras, keys with escapes, a key
 * twice) is not learnt. Put together from its parts, with values in between, it makes nothing but strict JSON in which
 * no key that is read stands twice: whoever finds the parts need not look for that again. It holds keys and space,
 * never a value.
 */

#define CW_SHAPE_FIELDS_MAX 24
#define CW_SHAPE_BYTES_MAX  64

/* Bytes that stand between two values, with a mask of 0xff for each of them and zeros behind. */
struct cw_shape_bytes {
        _Alignas(16) char text[CW_SHAPE_BYTES_MAX];
        _Alignas(16) char mask[CW_SHAPE_BYTES_MAX];
        size_t len;
};

enum cw_shape_kind {
        CW_SHAPE_SKIPPED, /* a value that is no array or object, or an empty one */
        /* of the envelope */
        CW_SHAPE_STATUS,
        CW_SHAPE_DETAILS,
        CW_SHAPE_PAGE_SIZE,
        CW_SHAPE_PAGE_NUMBER,
        CW_SHAPE_NUMBER_OF_PAGES,
        /* of a customer */
        CW_SHAPE_CUSTOMER_ID,
        CW_SHAPE_REFERENCE,
        CW_SHAPE_CARDS,
        /* of a card */
        CW_SHAPE_CARD_ID,
        CW_SHAPE_CURRENCY,
        CW_SHAPE_CARD_NUMBER,
        CW_SHAPE_TOTAL,
        CW_SHAPE_AVAILABLE,
        CW_SHAPE_PENDING,
        CW_SHAPE_SUPPRESSED,
};

struct cw_shape_field {
        struct cw_shape_bytes before; /* from the value before, or the brace, to this one */
        enum cw_shape_kind kind;
        bool optional; /* may be missing */
};

struct cw_shape_object {
        struct cw_shape_field fields[CW_SHAPE_FIELDS_MAX];
        size_t n_fields; /* 0: never seen */
        struct cw_shape_bytes after; /* from the last value to the closing brace, which is in it */
};

/* Of one with elements; they have their closing braces in `next` and `last`. An empty one is [] in every shape. */
struct cw_shape_array {
        struct cw_shape_bytes open, next, last;
};

struct cw_shape {
        struct cw_shape_bytes begin, end; /* space around it all */
        struct cw_shape_object envelope, customer, card;
        struct cw_shape_array details, cards;
        bool one_customer; /* details is no array */
};

/* The shape of the documents' example without any space. */
void cw_shape_init(struct cw_shape *shape);

/*
 * From a page that the reference lane has accepted. Parts that the page does not show (it may have no card) stay as
 * they are, and so does everything if something of it cannot be expressed.
 */
void cw_shape_learn(struct cw_shape *shape, const char *bytes, size_t len);

#endif
