/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: from the last digit on, into a room that the longest number fits into. */
#include "cardwatch/digits.h"

#include <assert.h>
#include <stddef.h>

#include "cardwatch/buf.h"

#define WIDTH_MAX 20 /* the smallest number's */

void cw_digits_put(struct cw_buf *buf, int64_t value)
{
        cw_digits_put_padded(buf, value, 1);
}

void cw_digits_put_padded(struct cw_buf *buf, int64_t value, unsigned width)
{
        uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
        char text[WIDTH_MAX], *end = text + WIDTH_MAX, *first = end;

        assert(width <= WIDTH_MAX);
        do {
                *--first = (char)('0' + rest % 10);
                rest /= 10;
        } while (rest > 0);
        while (first > end - width + (value < 0))
                *--first = '0';
        if (value < 0)
                *--first = '-';
        cw_buf_append(buf, first, (size_t)(end - first));
}
