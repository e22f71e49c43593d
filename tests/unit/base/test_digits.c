/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: printf is the oracle. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/digits.h"

static void expect_as_printf(int64_t value)
{
        struct cw_buf text = CW_BUF_NULL;
        char expected[64];

        cw_digits_put(&text, value);
        snprintf(expected, sizeof(expected), "%" PRId64, value);
        assert_string_equal(cw_buf_text(&text), expected);
        for (unsigned width = 0; width <= 20; width++) {
                cw_buf_clear(&text);
                cw_digits_put_padded(&text, value, width);
                snprintf(expected, sizeof(expected), "%0*" PRId64, (int)width, value);
                assert_string_equal(cw_buf_text(&text), expected);
        }
        cw_buf_deinit(&text);
}

static void test_writes_what_printf_writes(void **state)
{
        static const int64_t edges[] = {
                0,       1,        -1,        9,         10,           -9,        -10,           99,
                100,     -100,     INT32_MAX, INT32_MIN, INT64_MAX,    INT64_MIN, INT64_MAX - 1, INT64_MIN + 1,
                1000000, -1000000, 2026,      -2026,     1234567890123};

        (void)state;
        for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++)
                expect_as_printf(edges[i]);
        srand(1);
        for (int i = 0; i < 2000; i++)
                expect_as_printf((int64_t)(((uint64_t)rand() << 33 ^ (uint64_t)rand() << 11 ^ (uint64_t)rand()) >>
                                           (rand() % 64)) *
                                 (rand() % 2 ? 1 : -1));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_writes_what_printf_writes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
