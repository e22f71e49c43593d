/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what reads money is the edge where a wrong cent would come in, so the tables stand on the edges. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/money.h"

#define UNTOUCHED INT64_C(-77777)
#define UNIT      CW_AMOUNT_UNIT

static void test_reads(void **state)
{
        static const struct {
                const char *text;
                int r;
                cw_amount expected;
        } cases[] = {
                {"0", 0, 0},
                {"-0", 0, 0},
                {"-0.000000", 0, 0},
                {"1250.75", 0, 1250750000},
                {"-3", 0, -3 * UNIT},
                {"1.5e3", 0, 1500 * UNIT},
                {"1.5E+3", 0, 1500 * UNIT},
                {"15e-1", 0, 1500000},
                {"10e-1", 0, UNIT},
                {"99.99", 0, 99990000},
                {"0.000001", 0, 1},
                {"-0.000001", 0, -1},
                {"1e-6", 0, 1},
                {"100e-8", 0, 1},
                {"0.0000001e1", 0, 1},
                {"1.0000000", 0, UNIT},
                {"1.00000000000000000000000000000000000000000000000000000000000000000", 0, UNIT},
                {"1000000000000000000000000000000000000000e-39", 0, UNIT},
                {"0.00000000000000000000000000000000000000012345678e41", 0, 12345678},
                {"123456.789012", 0, 123456789012},
                {"0e0", 0, 0},
                {"0e999999999999999999999999999999999", 0, 0},
                {"0.000e-999999999999999999999999999999999", 0, 0},
                {"1e000000000000000000000000000000000003", 0, 1000 * UNIT},
                {"9223372036854.775807", 0, INT64_MAX},
                {"-9223372036854.775807", 0, -INT64_MAX},
                {"9223372036854775807e-6", 0, INT64_MAX},
                {"9223372036854.7758070000", 0, INT64_MAX},

                {"0.0000001", -EDOM, 0},
                {"1e-7", -EDOM, 0},
                {"1.0000001", -EDOM, 0},
                {"12.34567891", -EDOM, 0},
                {"1e-999999999999999999999999999999999", -EDOM, 0},

                {"9223372036854.775808", -ERANGE, 0},
                {"-9223372036854.775808", -ERANGE, 0},
                {"9223372036855", -ERANGE, 0},
                {"10000000000000", -ERANGE, 0},
                {"92233720368547758070", -ERANGE, 0},
                {"18446744073709.551617", -ERANGE, 0},
                {"18446744073709551617", -ERANGE, 0},
                {"1e13", -ERANGE, 0},
                {"1e400", -ERANGE, 0},
                {"1e99999999999999999999999999999999", -ERANGE, 0},

                {"", -EINVAL, 0},
                {"-", -EINVAL, 0},
                {"+1", -EINVAL, 0},
                {"01", -EINVAL, 0},
                {"-01", -EINVAL, 0},
                {"00", -EINVAL, 0},
                {"1.", -EINVAL, 0},
                {".5", -EINVAL, 0},
                {"-.5", -EINVAL, 0},
                {"1.e3", -EINVAL, 0},
                {"1e", -EINVAL, 0},
                {"1e+", -EINVAL, 0},
                {"1e1.5", -EINVAL, 0},
                {"e5", -EINVAL, 0},
                {"1 ", -EINVAL, 0},
                {" 1", -EINVAL, 0},
                {"1,5", -EINVAL, 0},
                {"1_000", -EINVAL, 0},
                {"--1", -EINVAL, 0},
                {"1.2.3", -EINVAL, 0},
                {"0x10", -EINVAL, 0},
                {"NaN", -EINVAL, 0},
                {"Infinity", -EINVAL, 0},
                {"1e5e5", -EINVAL, 0},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_amount amount = UNTOUCHED;
                int r = cw_amount_parse(cases[i].text, strlen(cases[i].text), &amount);
                cw_amount expected = cases[i].r < 0 ? UNTOUCHED : cases[i].expected;

                if (r != cases[i].r || amount != expected)
                        fail_msg("'%s' gives %d and %" PRId64, cases[i].text, r, amount);
        }
}

static void test_only_the_length_ends_a_number(void **state)
{
        static const char *const texts[] = {"12", "-12.5", "12e1", "0", "0.25", "9e-1"};
        static const char *const behind[] = {"3", ".", ".5", "e1", "E", "-1", "+", "x", " "};
        cw_amount amount, expected;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(texts); i++)
                for (size_t k = 0; k < CW_ARRAY_SIZE(behind); k++) {
                        char text[16];

                        snprintf(text, sizeof(text), "%s%s", texts[i], behind[k]);
                        assert_int_equal(cw_amount_parse(texts[i], strlen(texts[i]), &expected), 0);
                        assert_int_equal(cw_amount_parse(text, strlen(texts[i]), &amount), 0);
                        assert_int_equal(amount, expected);
                }
        assert_int_equal(cw_amount_parse("1\0", 2, &amount), -EINVAL);
}

/* A megabyte of digits: time is linear, and the answer is still the exact one. */
static void test_extreme_lengths(void **state)
{
        enum { LEN = 1 << 20 };
        cw_autofree char *text = malloc(LEN + 16);
        cw_amount amount = UNTOUCHED;

        (void)state;
        assert_non_null(text);
        memset(text, '0', LEN);
        memcpy(text, "5.", 2);
        assert_int_equal(cw_amount_parse(text, LEN, &amount), 0);
        assert_int_equal(amount, 5 * UNIT);
        text[LEN - 1] = '1';
        assert_int_equal(cw_amount_parse(text, LEN, &amount), -EDOM);

        memset(text, '0', LEN);
        text[0] = '7';
        assert_int_equal(cw_amount_parse(text, LEN, &amount), -ERANGE);
        memcpy(text + LEN, "e-1048575", 9);
        assert_int_equal(cw_amount_parse(text, LEN + 9, &amount), 0);
        assert_int_equal(amount, 7 * UNIT);

        memset(text, '9', LEN);
        assert_int_equal(cw_amount_parse(text, LEN, &amount), -ERANGE);
}

typedef int operation(cw_amount, cw_amount, cw_amount *);

static void test_reckons(void **state)
{
        static const struct {
                const char *name;
                operation *operation;
                cw_amount a, b;
                int r;
                cw_amount expected;
        } cases[] = {
                {"sums are exact", cw_amount_add, 100000, 200000, 0, 300000},
                {"the largest sum fits", cw_amount_add, INT64_MAX - 1, 1, 0, INT64_MAX},
                {"one more does not", cw_amount_add, INT64_MAX, 1, -ERANGE, 0},
                {"the least sum fits", cw_amount_add, -INT64_MAX + 1, -1, 0, -INT64_MAX},
                {"the asymmetric minimum is out of range", cw_amount_add, -INT64_MAX, -1, -ERANGE, 0},
                {"differences are exact", cw_amount_sub, 1, 2, 0, -1},
                {"a difference is checked", cw_amount_sub, INT64_MAX, -1, -ERANGE, 0},
                {"a difference is checked at the other end", cw_amount_sub, -INT64_MAX, 1, -ERANGE, 0},

                {"2 * 3", cw_amount_mul, 2 * UNIT, 3 * UNIT, 0, 6 * UNIT},
                {"half a millionth rounds to the even zero", cw_amount_mul, 1, 500000, 0, 0},
                {"one and a half rounds to the even two", cw_amount_mul, 3, 500000, 0, 2},
                {"two and a half rounds to the even two", cw_amount_mul, 5, 500000, 0, 2},
                {"minus one and a half rounds to minus two", cw_amount_mul, -3, 500000, 0, -2},
                {"minus two and a half rounds to minus two", cw_amount_mul, 5, -500000, 0, -2},
                {"above the half rounds up", cw_amount_mul, 1, 500001, 0, 1},
                {"the product goes through 128 bits", cw_amount_mul, INT64_MAX, UNIT, 0, INT64_MAX},
                {"minus one times the largest", cw_amount_mul, INT64_MAX, -UNIT, 0, -INT64_MAX},
                {"a product is checked", cw_amount_mul, INT64_MAX, UNIT + 1, -ERANGE, 0},
                {"the largest square is checked", cw_amount_mul, INT64_MAX, INT64_MAX, -ERANGE, 0},

                {"6 / 3", cw_amount_div, 6 * UNIT, 3 * UNIT, 0, 2 * UNIT},
                {"a third rounds down", cw_amount_div, UNIT, 3 * UNIT, 0, 333333},
                {"two thirds round up", cw_amount_div, 2 * UNIT, 3 * UNIT, 0, 666667},
                {"half a millionth of a quotient is even", cw_amount_div, 1, 2 * UNIT, 0, 0},
                {"one and a half millionths", cw_amount_div, 3, 2 * UNIT, 0, 2},
                {"and negative", cw_amount_div, -3, 2 * UNIT, 0, -2},
                {"two negatives", cw_amount_div, -6 * UNIT, -3 * UNIT, 0, 2 * UNIT},
                {"by zero", cw_amount_div, UNIT, 0, -EDOM, 0},
                {"zero by zero", cw_amount_div, 0, 0, -EDOM, 0},
                {"a quotient is checked", cw_amount_div, INT64_MAX, 1, -ERANGE, 0},
                {"the largest by itself", cw_amount_div, INT64_MAX, INT64_MAX, 0, UNIT},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_amount got = UNTOUCHED;
                int r = cases[i].operation(cases[i].a, cases[i].b, &got);
                cw_amount expected = cases[i].r < 0 ? UNTOUCHED : cases[i].expected;

                if (r != cases[i].r || got != expected)
                        fail_msg("%s: %d and %" PRId64, cases[i].name, r, got);
        }
}

static void test_writes(void **state)
{
        static const struct {
                cw_amount amount;
                unsigned min_digits;
                const char *plain;
                const char *grouped;
        } cases[] = {
                {95100000, 2, "95.10", "95.10"},
                {1000, 2, "0.001", "0.001"},
                {0, 2, "0.00", "0.00"},
                {0, 0, "0", "0"},
                {UNIT, 0, "1", "1"},
                {1500000, 0, "1.5", "1.5"},
                {-1, 0, "-0.000001", "\u22120.000001"},
                {UNIT, 6, "1.000000", "1.000000"},
                {UNIT, 60, "1.000000", "1.000000"},
                {999 * UNIT, 2, "999.00", "999.00"},
                {-1234500000, 2, "-1234.50", "\u22121,234.50"},
                {1234567 * UNIT, 0, "1234567", "1,234,567"},
                {INT64_MAX, 2, "9223372036854.775807", "9,223,372,036,854.775807"},
                {-INT64_MAX, 2, "-9223372036854.775807", "\u22129,223,372,036,854.775807"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf plain = CW_BUF_NULL, grouped = CW_BUF_NULL;

                cw_amount_format(&plain, cases[i].amount, cases[i].min_digits);
                cw_amount_format_grouped(&grouped, cases[i].amount, cases[i].min_digits);
                assert_string_equal(cw_buf_text(&plain), cases[i].plain);
                assert_string_equal(cw_buf_text(&grouped), cases[i].grouped);
                cw_buf_deinit(&plain);
                cw_buf_deinit(&grouped);
        }
}

static void test_what_is_written_reads_back(void **state)
{
        uint64_t seed = 1;

        (void)state;
        for (int i = 0; i < 20000; i++) {
                struct cw_buf text = CW_BUF_NULL;
                cw_amount amount, again = 0;

                seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                amount = (cw_amount)(seed >> 1) >> (i % 60);
                if (i % 2)
                        amount = -amount;
                cw_amount_format(&text, amount, (unsigned)(i % 7));
                assert_int_equal(cw_amount_parse(text.data, text.len, &again), 0);
                if (again != amount)
                        fail_msg("%" PRId64 " is written %s", amount, text.data);
                cw_buf_deinit(&text);
        }
}

static void test_minor_digits(void **state)
{
        static const struct {
                const char *currency;
                unsigned digits;
        } cases[] = {
                {"USD", 2}, {"EUR", 2}, {"GBP", 2}, {"JPY", 0}, {"KRW", 0}, {"VND", 0}, {"ISK", 0}, {"CLP", 0},
                {"CLF", 4}, {"UYW", 4}, {"UYI", 0}, {"UYU", 2}, {"BHD", 3}, {"KWD", 3}, {"OMR", 3}, {"JOD", 3},
                {"TND", 3}, {"IQD", 3}, {"LYD", 3}, {"MGA", 2}, {"MRU", 2}, {"HUF", 2}, {"TWD", 2}, {"XOF", 0},
                {"XAF", 0}, {"XPF", 0}, {"PYG", 0}, {"UGX", 0}, {"RWF", 0}, {"BIF", 0}, {"DJF", 0}, {"GNF", 0},
                {"KMF", 0}, {"VUV", 0}, {"ZZZ", 2}, {"", 2},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++)
                if (cw_currency_digits(cases[i].currency) != cases[i].digits)
                        fail_msg("%s", cases[i].currency);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_reads),           cmocka_unit_test(test_only_the_length_ends_a_number),
                cmocka_unit_test(test_extreme_lengths), cmocka_unit_test(test_reckons),
                cmocka_unit_test(test_writes),          cmocka_unit_test(test_what_is_written_reads_back),
                cmocka_unit_test(test_minor_digits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
