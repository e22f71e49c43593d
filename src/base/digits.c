/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: how many digits there are is counted first, then they are written from the last one on. */
#include "cardwatch/digits.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "cardwatch/buf.h"

char *cw_digits_write(char *at, int64_t value, unsigned width)
{
        bool negative = value < 0;
        uint64_t rest = negative ? 0 - (uint64_t)value : (uint64_t)value;
        unsigned n = 1;
        char *end;

        assert(width <= CW_DIGITS_MAX);
        for (uint64_t left = rest; left >= 10; left /= 10)
                n++;
        if (n + negative < width)
                n = width - negative;
        if (negative)
                *at++ = '-';
        end = at + n;
        for (char *digit = end; digit > at; rest /= 10)
                *--digit = (char)('0' + rest % 10);
        return end;
}

void cw_digits_put(struct cw_buf *buf, int64_t value)
{
        cw_digits_put_padded(buf, value, 1);
}

void cw_digits_put_padded(struct cw_buf *buf, int64_t value, unsigned width)
{
        char text[CW_DIGITS_MAX];

        cw_buf_append(buf, text, (size_t)(cw_digits_write(text, value, width) - text));
}
