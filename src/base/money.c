/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a number's text is a run of digits and the place of its point; the exponent only moves the point. So parsing
 * keeps where the first and last digits that are not zero stand, and every question of range or precision is one about
 * places.
 */
#include "cardwatch/money.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/digits.h"

#define DECIMALS 6

/* An exponent beyond this decides by itself: no text that fits into memory could balance it. */
#define EXPONENT_LIMIT (INT64_MAX / 4)

struct number {
        bool negative;
        const char *digits; /* whole digits, perhaps a point, decimals */
        size_t n_digits; /* bytes of it, the point included */
        int64_t n_whole; /* digits before the point */
        int64_t exponent;
};

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static size_t count_digits(const char *text, size_t len)
{
        size_t n = 0;

        while (n < len && is_digit(text[n]))
                n++;
        return n;
}

/* Reads [eE][+-]digits at the end of a number; the whole rest must be that. */
static int scan_exponent(const char *text, size_t len, int64_t *ret_exponent)
{
        int64_t exponent = 0;
        bool negative = false;
        size_t i = 1;

        if (text[0] != 'e' && text[0] != 'E')
                return -EINVAL;
        if (i < len && (text[i] == '+' || text[i] == '-'))
                negative = text[i++] == '-';
        if (i == len || count_digits(text + i, len - i) != len - i)
                return -EINVAL;
        for (; i < len; i++)
                exponent = exponent > EXPONENT_LIMIT / 10 - 1 ? EXPONENT_LIMIT : exponent * 10 + (text[i] - '0');
        *ret_exponent = negative ? -exponent : exponent;
        return 0;
}

static int scan(const char *text, size_t len, struct number *ret_number)
{
        struct number number = {0};
        size_t i = 0, n;

        if (i < len && text[i] == '-') {
                number.negative = true;
                i++;
        }
        number.digits = text + i;
        n = count_digits(text + i, len - i);
        if (n == 0 || (n > 1 && text[i] == '0'))
                return -EINVAL;
        number.n_whole = (int64_t)n;
        i += n;
        if (i < len && text[i] == '.') {
                n = count_digits(text + i + 1, len - i - 1);
                if (n == 0)
                        return -EINVAL;
                i += n + 1;
        }
        number.n_digits = (size_t)(text + i - number.digits);
        if (i < len && scan_exponent(text + i, len - i, &number.exponent) < 0)
                return -EINVAL;
        *ret_number = number;
        return 0;
}

/* Multiplies by a power of ten. */
static int scale(uint64_t *value, int64_t places)
{
        for (; places > 0; places--) {
                if (*value > (uint64_t)CW_AMOUNT_MAX / 10)
                        return -ERANGE;
                *value *= 10;
        }
        return 0;
}

/* The digits from the first to the last that is not zero, as 10^-6 of the unit. */
static int evaluate(const struct number *number, cw_amount *ret_amount)
{
        /* The place of a digit is its power of ten; `place` is that of the digit about to be read. */
        int64_t place = number->n_whole - 1 + number->exponent, last_place = 0;
        bool excess = false;
        uint64_t value = 0;

        for (size_t i = 0; i < number->n_digits; i++) {
                unsigned digit = (unsigned char)number->digits[i] - (unsigned)'0';

                if (number->digits[i] == '.')
                        continue;
                if (digit != 0) {
                        if (place < -DECIMALS)
                                return excess ? -ERANGE : -EDOM;
                        if (!excess && value != 0)
                                excess = scale(&value, last_place - place) < 0;
                        excess = excess || value > (uint64_t)CW_AMOUNT_MAX - digit;
                        value += excess ? 0 : digit;
                        last_place = place;
                }
                place--;
        }
        if (excess || (value != 0 && scale(&value, last_place + DECIMALS) < 0))
                return -ERANGE;
        *ret_amount = number->negative ? -(cw_amount)value : (cw_amount)value;
        return 0;
}

int cw_amount_parse(const char *text, size_t len, cw_amount *ret_amount)
{
        struct number number;
        int r;

        r = scan(text, len, &number);
        if (r < 0)
                return r;
        return evaluate(&number, ret_amount);
}

static int narrow(__int128 wide, cw_amount *ret_amount)
{
        if (wide > CW_AMOUNT_MAX || wide < CW_AMOUNT_MIN)
                return -ERANGE;
        *ret_amount = (cw_amount)wide;
        return 0;
}

/* Rounds half to even. `divisor` is not zero, and neither is beyond 127 bits by construction. */
static __int128 divide(__int128 dividend, __int128 divisor)
{
        bool negative = (dividend < 0) != (divisor < 0);
        __int128 a = dividend < 0 ? -dividend : dividend;
        __int128 b = divisor < 0 ? -divisor : divisor;
        __int128 quotient = a / b, rest = a % b;

        if (rest * 2 > b || (rest * 2 == b && (quotient & 1)))
                quotient++;
        return negative ? -quotient : quotient;
}

int cw_amount_add(cw_amount a, cw_amount b, cw_amount *ret_sum)
{
        return narrow((__int128)a + b, ret_sum);
}

int cw_amount_sub(cw_amount a, cw_amount b, cw_amount *ret_difference)
{
        return narrow((__int128)a - b, ret_difference);
}

int cw_amount_mul(cw_amount a, cw_amount b, cw_amount *ret_product)
{
        return narrow(divide((__int128)a * b, CW_AMOUNT_UNIT), ret_product);
}

int cw_amount_div(cw_amount a, cw_amount b, cw_amount *ret_quotient)
{
        if (b == 0)
                return -EDOM;
        return narrow(divide((__int128)a * CW_AMOUNT_UNIT, b), ret_quotient);
}

/* With commas between the thousands. */
static void put_grouped(struct cw_buf *buf, uint64_t whole)
{
        uint64_t unit = 1;

        while (whole / unit >= 1000)
                unit *= 1000;
        cw_digits_put(buf, (int64_t)(whole / unit));
        while (unit > 1) {
                whole %= unit;
                unit /= 1000;
                cw_buf_putc(buf, ',');
                cw_digits_put_padded(buf, (int64_t)(whole / unit), 3);
        }
}

static uint64_t without_sign(cw_amount amount)
{
        return amount < 0 ? 0 - (uint64_t)amount : (uint64_t)amount;
}

/* The point and what stands behind it. */
static char *write_decimals(char *at, uint64_t value, unsigned min_digits)
{
        uint64_t decimals = value % (uint64_t)CW_AMOUNT_UNIT;
        unsigned n = DECIMALS, least = min_digits < DECIMALS ? min_digits : DECIMALS;

        for (; n > least && decimals % 10 == 0; n--)
                decimals /= 10;
        if (n == 0)
                return at;
        *at++ = '.';
        return cw_digits_write(at, (int64_t)decimals, n);
}

char *cw_amount_write(char *at, cw_amount amount, unsigned min_digits)
{
        uint64_t value = without_sign(amount);

        if (amount < 0)
                *at++ = '-';
        at = cw_digits_write(at, (int64_t)(value / (uint64_t)CW_AMOUNT_UNIT), 1);
        return write_decimals(at, value, min_digits);
}

void cw_amount_format(struct cw_buf *buf, cw_amount amount, unsigned min_digits)
{
        char text[CW_AMOUNT_TEXT_MAX];

        cw_buf_append(buf, text, (size_t)(cw_amount_write(text, amount, min_digits) - text));
}

void cw_amount_format_grouped(struct cw_buf *buf, cw_amount amount, unsigned min_digits)
{
        uint64_t value = without_sign(amount);
        char decimals[CW_AMOUNT_TEXT_MAX];

        if (amount < 0)
                cw_buf_puts(buf, "\u2212");
        put_grouped(buf, value / (uint64_t)CW_AMOUNT_UNIT);
        cw_buf_append(buf, decimals, (size_t)(write_decimals(decimals, value, min_digits) - decimals));
}

unsigned cw_currency_digits(const char *currency)
{
        /* ISO 4217, list one. What it gives no digits for (gold, test codes) is written with two, like most. */
        static const struct {
                char code[4];
                unsigned digits;
        } others[] = {
                {"BHD", 3}, {"BIF", 0}, {"CLF", 4}, {"CLP", 0}, {"DJF", 0}, {"GNF", 0}, {"IQD", 3},
                {"ISK", 0}, {"JOD", 3}, {"JPY", 0}, {"KMF", 0}, {"KRW", 0}, {"KWD", 3}, {"LYD", 3},
                {"OMR", 3}, {"PYG", 0}, {"RWF", 0}, {"TND", 3}, {"UGX", 0}, {"UYI", 0}, {"UYW", 4},
                {"VND", 0}, {"VUV", 0}, {"XAF", 0}, {"XOF", 0}, {"XPF", 0},
        };

        for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
                if (others[i].code[0] == currency[0] && others[i].code[1] == currency[1] &&
                    strcmp(others[i].code, currency) == 0)
                        return others[i].digits;
        return 2;
}
