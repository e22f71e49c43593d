/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_SCAN_AMOUNT_H
#define CARDWATCH_CODEC_SCAN_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/money.h"

#include "scan_digits.h"
#include "scan_step.h"

/* Scan amount: a decimal where it stands, as a count of 10^-6; where it ends, or NULL for any surprise. */

#if CW_SCAN_STEP == 32
/* Sixteen bytes from 16 - n on keep the first n of a register. */
static const signed char cw_scan_first[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

/* Moves n digits, a point and six more digits so that the point would stand behind the tenth place. */
static const _Alignas(16) signed char cw_scan_places[11][16] = {
        {0},
        {-1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 2, 3, 4, 5, 6, 7},
        {-1, -1, -1, -1, -1, -1, -1, -1, 0, 1, 3, 4, 5, 6, 7, 8},
        {-1, -1, -1, -1, -1, -1, -1, 0, 1, 2, 4, 5, 6, 7, 8, 9},
        {-1, -1, -1, -1, -1, -1, 0, 1, 2, 3, 5, 6, 7, 8, 9, 10},
        {-1, -1, -1, -1, -1, 0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11},
        {-1, -1, -1, -1, 0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12},
        {-1, -1, -1, 0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13},
        {-1, -1, 0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14},
        {-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15},
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, -1},
};
#endif

/* With a sign, in a string, without decimals or with many digits. */
static __attribute__((noinline)) char *cw_scan_odd_amount(char *at, cw_amount *ret_amount)
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

#if CW_SCAN_STEP == 32

/* The same with sixteen bytes at once: the digits are moved to where each counts what its place says. */
static inline char *cw_scan_amount(char *at, cw_amount *ret_amount)
{
        const __m128i tens = _mm_set1_epi16(0x010a), hundreds = _mm_set1_epi32(0x00010064);
        const __m128i myriads = _mm_set1_epi32(0x00012710);
        __m128i digits = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)at), _mm_set1_epi8('0'));
        unsigned others = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digits, _mm_set1_epi8(10)), digits));
        unsigned n = _tzcnt_u32(others), end = _tzcnt_u32(others & (others - 1)); /* 32: there is none */
        uint64_t sums;

        if (n - 1 > 9 || at[n] != '.' || end - n - 2 > 5 || (*at == '0' && n > 1))
                return cw_scan_odd_amount(at, ret_amount);
        digits = _mm_and_si128(digits, _mm_loadu_si128((const __m128i *)(cw_scan_first + 16 - end)));
        digits = _mm_shuffle_epi8(digits, _mm_load_si128((const __m128i *)cw_scan_places[n]));
        digits = _mm_madd_epi16(_mm_maddubs_epi16(digits, tens), hundreds);
        digits = _mm_madd_epi16(_mm_packus_epi32(digits, digits), myriads);
        sums = (uint64_t)_mm_cvtsi128_si64(digits);
        *ret_amount = (cw_amount)((sums & 0xffffffff) * 100000000 + (sums >> 32));
        return at + end;
}

#else

/* Most have a point and no more than eight digits: those before and those behind it are put side by side, and counted
 * at once. */
static inline char *cw_scan_amount(char *at, cw_amount *ret_amount)
{
        static const uint32_t powers[] = {0, 100000, 10000, 1000, 100, 10, 1, 0, 0};
        uint64_t before, behind;
        unsigned n = cw_scan_digits(at, &before), m;

        if (n - 1 > 6 || at[n] != '.')
                return cw_scan_odd_amount(at, ret_amount);
        m = cw_scan_digits(at + n + 1, &behind);
        if (m - 1 > 5 || n + m > 8 || ((before & 0xff) == 0 && n > 1))
                return cw_scan_odd_amount(at, ret_amount);
        *ret_amount = (cw_amount)(cw_scan_sum((before << (64 - 8 * n) >> (8 * m)) | behind << (64 - 8 * m)) *
                                  powers[m]);
        return at + n + 1 + m;
}

#endif

#endif
