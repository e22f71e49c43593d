/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_SCAN_STEP_H
#define CARDWATCH_CODEC_SCAN_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "scan_digits.h"
#include "shape.h"

/* How many bytes are compared at once. */
#if defined(CW_SCAN_PLAIN)
#define CW_SCAN_STEP 8
#elif defined(__AVX2__) && defined(__BMI__)
#define CW_SCAN_STEP 32
#include <immintrin.h>
#elif defined(__SSE2__)
#define CW_SCAN_STEP 16
#include <emmintrin.h>
#else
#define CW_SCAN_STEP 8
#endif

/*
 * Scan step: bytes that are only compared, as many at once as the machine can.
 *
 * The same source is compiled for machines that differ in that (scan.c, scan_avx2.c). What a function looks at, found
 * or not, ends CW_SCAN_VALUE_MAX bytes from `at`; that they can be read is its caller's care.
 */

#define CW_SCAN_TEXT_MAX  192 /* bytes of a text; a longer one is a surprise */
#define CW_SCAN_VALUE_MAX (CW_SCAN_TEXT_MAX + 64)

/* Whether CW_SCAN_STEP bytes from `i` on are these, as far as there are so many. */
static inline bool cw_scan_is_step(const char *at, const struct cw_shape_bytes *bytes, size_t i)
{
#if CW_SCAN_STEP == 32
        __m256i here = _mm256_loadu_si256((const __m256i *)(at + i));
        __m256i there = _mm256_loadu_si256((const __m256i *)(bytes->text + i));
        __m256i mask = _mm256_loadu_si256((const __m256i *)(bytes->mask + i));

        return _mm256_testz_si256(_mm256_xor_si256(here, there), mask);
#elif CW_SCAN_STEP == 16
        __m128i here = _mm_loadu_si128((const __m128i *)(at + i));
        __m128i there = _mm_load_si128((const __m128i *)(bytes->text + i));
        __m128i mask = _mm_load_si128((const __m128i *)(bytes->mask + i));

        return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_and_si128(here, mask), there)) == 0xffff;
#else
        return ((cw_scan_load8(at + i) ^ cw_scan_load8(bytes->text + i)) & cw_scan_load8(bytes->mask + i)) == 0;
#endif
}

/* Whether these bytes stand there. */
static inline bool cw_scan_is(const char *at, const struct cw_shape_bytes *bytes)
{
        if (!cw_scan_is_step(at, bytes, 0))
                return false;
        for (size_t i = CW_SCAN_STEP; __builtin_expect(i < bytes->len, CW_SCAN_STEP < 32); i += CW_SCAN_STEP)
                if (!cw_scan_is_step(at, bytes, i))
                        return false;
        return true;
}

/* From behind a quote to the next one, without escapes or control characters; *ret_plain: nor anything beyond ASCII. */
static inline const char *cw_scan_text(const char *at, bool *ret_plain)
{
        const char *start = at;

        *ret_plain = true;
#if CW_SCAN_STEP > 8
        for (; at - start <= CW_SCAN_TEXT_MAX; at += 16) {
                __m128i here = _mm_loadu_si128((const __m128i *)at);
                __m128i quotes = _mm_cmpeq_epi8(here, _mm_set1_epi8('"'));
                __m128i others = _mm_or_si128(_mm_cmpeq_epi8(here, _mm_set1_epi8('\\')),
                                              _mm_cmpeq_epi8(_mm_min_epu8(here, _mm_set1_epi8(0x1f)), here));
                unsigned ends = (unsigned)_mm_movemask_epi8(_mm_or_si128(quotes, others));
                unsigned beyond = (unsigned)_mm_movemask_epi8(here);

                if (ends == 0) {
                        *ret_plain = *ret_plain && beyond == 0;
                        continue;
                }
                at += __builtin_ctz(ends);
                *ret_plain = *ret_plain && (beyond & (ends ^ (ends - 1))) == 0;
                return *at == '"' && at - start <= CW_SCAN_TEXT_MAX ? at : NULL;
        }
        return NULL;
#else
        for (; at - start <= CW_SCAN_TEXT_MAX; at++) {
                unsigned char c = (unsigned char)*at;

                if (c == '"')
                        return at;
                if (c < 0x20 || c == '\\')
                        return NULL;
                *ret_plain = *ret_plain && c < 0x80;
        }
        return NULL;
#endif
}

/* Whether sixteen bytes are the inside of a text, ASCII without escapes, and it ends there. */
static inline bool cw_scan_is_plain16(const char *at)
{
#if CW_SCAN_STEP > 8
        __m128i here = _mm_loadu_si128((const __m128i *)at);
        __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(here, _mm_set1_epi8('"')),
                                    _mm_cmpeq_epi8(here, _mm_set1_epi8('\\')));

        /* Signed, a byte beyond ASCII is less than a space, too. */
        return at[16] == '"' && _mm_movemask_epi8(_mm_or_si128(ends, _mm_cmplt_epi8(here, _mm_set1_epi8(' ')))) == 0;
#else
        bool plain;

        return cw_scan_text(at, &plain) == at + 16 && plain;
#endif
}

#endif
