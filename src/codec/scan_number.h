/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_SCAN_NUMBER_H
#define CARDWATCH_CODEC_SCAN_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/money.h"

#include "scan_digits.h"
#include "scan_step.h"

/*
 * Scan number: ids, and decimals as counts of 10^-6, where they stand; where they end, or NULL for any surprise.
 *
 * Both ways read the same numbers, the usual ones quickly and the others through scan_digits.h.
 */

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

/* Sixteen bytes from n on move the first n of a register to its end, with zeros before them. */
static const signed char cw_scan_last[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                             0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15};

/* What sixteen digits count together: pairs, fours, eights, all. */
static inline uint64_t cw_scan_sum16(__m128i digits)
{
        uint64_t eights;

        digits = _mm_madd_epi16(_mm_maddubs_epi16(digits, _mm_set1_epi16(0x010a)), _mm_set1_epi32(0x00010064));
        digits = _mm_madd_epi16(_mm_packus_epi32(digits, digits), _mm_set1_epi32(0x00012710));
        eights = (uint64_t)_mm_cvtsi128_si64(digits);
        return (eights & 0xffffffff) * 100000000 + (eights >> 32);
}

/* *ret_digits: what each of sixteen bytes counts; a bit for each that is no digit. */
static inline unsigned cw_scan_others16(const char *at, __m128i *ret_digits)
{
        __m128i digits = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)at), _mm_set1_epi8('0'));

        *ret_digits = digits;
        return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digits, _mm_set1_epi8(10)), digits));
}

static inline const char *cw_scan_id(const char *at, int64_t *ret_id)
{
        __m128i digits;
        unsigned n = _tzcnt_u32(cw_scan_others16(at, &digits)); /* 32: there is none */

        if (n - 1 > 14 || (*at == '0' && n > 1))
                return cw_scan_whole(at, (uint64_t *)ret_id);
        digits = _mm_shuffle_epi8(digits, _mm_loadu_si128((const __m128i *)(cw_scan_last + n)));
        *ret_id = (int64_t)cw_scan_sum16(digits);
        return at + n;
}

/* The digits are moved to where each counts what its place says. */
static inline const char *cw_scan_amount(const char *at, cw_amount *ret_amount)
{
        __m128i digits;
        unsigned others = cw_scan_others16(at, &digits);
        unsigned n = _tzcnt_u32(others), end = _tzcnt_u32(others & (others - 1)); /* 32: there is none */

        if (n - 1 > 9 || at[n] != '.' || end - n - 2 > 5 || (*at == '0' && n > 1))
                return cw_scan_odd_amount(at, ret_amount);
        digits = _mm_and_si128(digits, _mm_loadu_si128((const __m128i *)(cw_scan_first + 16 - end)));
        digits = _mm_shuffle_epi8(digits, _mm_load_si128((const __m128i *)cw_scan_places[n]));
        *ret_amount = (cw_amount)cw_scan_sum16(digits);
        return at + end;
}

#else

static inline const char *cw_scan_id(const char *at, int64_t *ret_id)
{
        return cw_scan_whole(at, (uint64_t *)ret_id);
}

/* Most have a point and no more than eight digits: those before and those behind it are put side by side, and counted
 * at once. */
static inline const char *cw_scan_amount(const char *at, cw_amount *ret_amount)
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
