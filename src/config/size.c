/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a size is a number shifted by tens of bits; what is written is the largest unit that divides it. */
#include "size.h"

#include <inttypes.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"

static bool digits_of(const char *text, size_t len, int64_t *ret_value)
{
        int64_t value = 0;

        for (size_t i = 0; i < len; i++)
                if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, text[i] - '0', &value))
                        return false;
        *ret_value = value;
        return len > 0;
}

bool cw_size_parse(const char *text, uint64_t *ret_size)
{
        static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
        size_t digits = strspn(text, "0123456789");
        int64_t value;

        if (!digits_of(text, digits, &value))
                return false;
        for (size_t i = 0; i < CW_ARRAY_SIZE(units); i++) {
                if (strcmp(text + digits, units[i]) != 0)
                        continue;
                if ((uint64_t)value > (uint64_t)INT64_MAX >> (10 * i))
                        return false;
                *ret_size = (uint64_t)value << (10 * i);
                return true;
        }
        return false;
}

void cw_size_format(struct cw_buf *buf, uint64_t size)
{
        static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
        size_t i = 0;

        for (; i + 1 < CW_ARRAY_SIZE(units) && size > 0 && size % 1024 == 0; i++)
                size /= 1024;
        cw_buf_printf(buf, "%" PRIu64 "%s", size, units[i]);
}
