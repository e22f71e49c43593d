/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_WRAPPING_H
#define CARDWATCH_WRAPPING_H

#include <stdint.h>

/*
 * Differences that wrap: any 64 bits come back as they were.
 */

static inline int64_t cw_wrapping_difference(int64_t a, int64_t b)
{
        return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int64_t cw_wrapping_sum(int64_t a, int64_t b)
{
        return (int64_t)((uint64_t)a + (uint64_t)b);
}

#endif
