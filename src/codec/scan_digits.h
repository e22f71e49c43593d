/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_SCAN_DIGITS_H
#define CARDWATCH_CODEC_SCAN_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cardwatch/money.h"

/*
 * Scan digits: eight digits at a time within one register.
 *
 * What a function looks at ends CW_SCAN_VALUE_MAX bytes (scan_step.h) from `at`. One that takes where a number should
 * begin returns where it ends, or NULL for any surprise.
 */

static inline uint64_t cw_scan_load8(const char *at)
{
        uint64_t word;

        memcpy(&word, at, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        return word;
}

/* How many bytes from here on are digits, at most eight; *word: each byte what its digit counts. */
static inline unsigned cw_scan_digits(const char *at, uint64_t *ret_word)
{
        uint64_t word = cw_scan_load8(at) ^ UINT64_C(0x3030303030303030);
        /* A byte of ten or more reaches its highest bit; what it carries over only touches bytes behind it. */
        uint64_t others = ((word + UINT64_C(0x7676767676767676)) | word) & UINT64_C(0x8080808080808080);

        *ret_word = word;
        return others ? (unsigned)__builtin_ctzll(others) / 8 : 8;
}

static inline bool cw_scan_is_four_digits(const char *at)
{
        uint32_t word;

        memcpy(&word, at, sizeof(word));
        word ^= UINT32_C(0x30303030);
        return (((word + UINT32_C(0x76767676)) | word) & UINT32_C(0x80808080)) == 0;
}

/* What eight digits count together: pairs, fours, all. */
static inline uint64_t cw_scan_sum(uint64_t word)
{
        const uint64_t mask = UINT64_C(0x000000ff000000ff);

        word = word * 10 + (word >> 8);
        return ((word & mask) * UINT64_C(0x000f424000000064) + ((word >> 16) & mask) * UINT64_C(0x0000271000000001)) >>
               32;
}

/* What the first `n` (1 to 8) of them count. */
static inline uint64_t cw_scan_value(uint64_t word, unsigned n)
{
        return cw_scan_sum(word << (64 - 8 * n));
}

/* A number of up to sixteen digits, none of them a leading zero. */
static inline const char *cw_scan_whole(const char *at, uint64_t *ret_whole)
{
        static const uint64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
        uint64_t word, whole;
        unsigned n = cw_scan_digits(at, &word), more;

        if (n == 0 || (n > 1 && *at == '0'))
                return NULL;
        whole = cw_scan_value(word, n);
        if (n == 8) {
                more = cw_scan_digits(at + 8, &word);
                if (more > 0)
                        whole = whole * powers[more] + cw_scan_value(word, more);
                n += more;
        }
        *ret_whole = whole;
        return at + n; /* a seventeenth digit is a surprise to whatever is expected there */
}

/* With a sign, in a string, without decimals or with many digits. */
static __attribute__((noinline)) const char *cw_scan_odd_amount(const char *at, cw_amount *ret_amount)
{
        static const uint32_t powers[] = {0, 100000, 10000, 1000, 100, 10, 1};
        bool quoted = *at == '"', negative;
        uint64_t whole, word, decimals = 0;
        unsigned n;

        at += quoted;
        negative = *at == '-';
        at += negative;
        at = cw_scan_whole(at, &whole);
        if (!at || whole >= CW_AMOUNT_MAX / CW_AMOUNT_UNIT)
                return NULL;
        if (*at == '.') {
                n = cw_scan_digits(at + 1, &word);
                if (n == 0 || n > 6)
                        return NULL;
                decimals = cw_scan_value(word, n) * powers[n];
                at += 1 + n;
        }
        whole = whole * CW_AMOUNT_UNIT + decimals;
        *ret_amount = negative ? -(cw_amount)whole : (cw_amount)whole;
        if (quoted && *at++ != '"')
                return NULL;
        return at;
}

#endif
