/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_MONEY_H
#define CARDWATCH_MONEY_H

#include <stddef.h>
#include <stdint.h>

struct cw_buf;

/*
 * Money: exact decimals.
 *
 * An amount is a signed 64-bit count of 10^-6 of its currency's unit. It is read from the number's own text and never
 * passes through binary floating point. Sums are checked; products and quotients go through 128 bits and round half to
 * even at 10^-6. The module knows how many minor digits a currency is written with (ISO 4217) and nothing else about
 * currencies.
 *
 * Errors of all functions: -ERANGE when a result does not fit; -EDOM as each says. Results are untouched on failure.
 */

typedef int64_t cw_amount;

#define CW_AMOUNT_UNIT INT64_C(1000000)
#define CW_AMOUNT_MAX  INT64_MAX
#define CW_AMOUNT_MIN  (-INT64_MAX) /* symmetric, so that negation never overflows */

/*
 * Reads a JSON number (RFC 8259, section 6: no leading plus or zeros, digits on both sides of the point, exponents).
 *
 * -EINVAL: not such a number. -EDOM: more than six decimals that are not zero. -ERANGE: too large.
 */
int cw_amount_parse(const char *text, size_t len, cw_amount *ret_amount) __attribute__((warn_unused_result));

int cw_amount_add(cw_amount a, cw_amount b, cw_amount *ret_sum) __attribute__((warn_unused_result));
int cw_amount_sub(cw_amount a, cw_amount b, cw_amount *ret_difference) __attribute__((warn_unused_result));

/* a * b, both counts of 10^-6, and so is the result. */
int cw_amount_mul(cw_amount a, cw_amount b, cw_amount *ret_product) __attribute__((warn_unused_result));

/* a / b likewise. -EDOM: b is zero. */
int cw_amount_div(cw_amount a, cw_amount b, cw_amount *ret_quotient) __attribute__((warn_unused_result));

/* Appends the exact decimal text with at least `min_digits` (0 to 6) decimals: 95.1 with 2 is "95.10", 0.001 is
 * "0.001". */
void cw_amount_format(struct cw_buf *buf, cw_amount amount, unsigned min_digits);

/* The same, to where there is room for CW_AMOUNT_TEXT_MAX characters, without a NUL. Returns their end. */
#define CW_AMOUNT_TEXT_MAX 24
char *cw_amount_write(char *at, cw_amount amount, unsigned min_digits);

/* The same for people: thousands in groups of three, U+2212 as the minus sign: "−1,234.50". */
void cw_amount_format_grouped(struct cw_buf *buf, cw_amount amount, unsigned min_digits);

/* Minor digits of an upper-case ISO 4217 code: 2 unless the standard says otherwise (JPY 0, BHD 3, CLF 4). */
unsigned cw_currency_digits(const char *currency);

#endif
