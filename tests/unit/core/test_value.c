/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"
#include "cardwatch/value.h"

static void test_reads_and_writes(void **state)
{
        static const struct {
                const char *text;
                enum cw_value_type type;
                const char *written;
        } cases[] = {
                {"100", CW_VALUE_NUMBER, "100"},
                {"  100 ", CW_VALUE_NUMBER, "100"},
                {"-5.25", CW_VALUE_NUMBER, "-5.25"},
                {"0.000001", CW_VALUE_NUMBER, "0.000001"},
                {"20%", CW_VALUE_NUMBER, "0.2"},
                {"-0.0001%", CW_VALUE_NUMBER, "-0.000001"},
                {"100 USD", CW_VALUE_AMOUNT, "100.00 USD"},
                {"100 jpy", CW_VALUE_AMOUNT, "100 JPY"},
                {"-3.5 bhd", CW_VALUE_AMOUNT, "-3.500 BHD"},
                {"48h", CW_VALUE_DURATION, "2d"},
                {"-1h30m", CW_VALUE_DURATION, "-1h30m"},
                {"true", CW_VALUE_BOOL, "true"},
                {"false", CW_VALUE_BOOL, "false"},
                {"\"text\"", CW_VALUE_STRING, "\"text\""},
                {"\"\"", CW_VALUE_STRING, "\"\""},
                {"\"a\\\"b\\\\c\\*\"", CW_VALUE_STRING, "\"a\\\"b\\\\c\\\\*\""},
                {"9223372036854775807", CW_VALUE_INTEGER, "9223372036854775807"},
                {"-9223372036854775807", CW_VALUE_INTEGER, "-9223372036854775807"},
                {"9223372036854", CW_VALUE_NUMBER, "9223372036854"},
                {"9223372036855", CW_VALUE_INTEGER, "9223372036855"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_value value, again, copy;
                struct cw_expr_error error = {0};
                struct cw_buf text = CW_BUF_NULL, copied = CW_BUF_NULL;

                if (cw_value_parse(cases[i].text, strlen(cases[i].text), &value, &error) < 0)
                        fail_msg("'%s': %s", cases[i].text, error.message);
                cw_value_format(&text, &value);
                if (!value.known || value.type != cases[i].type || strcmp(cw_buf_text(&text), cases[i].written) != 0)
                        fail_msg("'%s' is '%s'", cases[i].text, cw_buf_text(&text));
                assert_int_equal(cw_value_parse(text.data, text.len, &again, &error), 0);
                assert_int_equal(cw_value_copy(&again, &copy), 0);
                cw_value_deinit(&value);
                cw_value_deinit(&again);
                cw_value_format(&copied, &copy);
                assert_string_equal(cw_buf_text(&copied), cases[i].written);
                cw_value_deinit(&copy);
                cw_value_deinit(&copy);
                cw_buf_deinit(&text);
                cw_buf_deinit(&copied);
        }
}

static void test_mistakes(void **state)
{
        static const struct {
                const char *text;
                size_t offset, len;
                const char *fragment;
        } cases[] = {
                {"", 0, 0, "write a value"},
                {"   ", 3, 0, "write a value"},
                {"-", 1, 0, "write a value"},
                {"text", 0, 4, "write a value"},
                {"floor * 2", 0, 5, "write a value"},
                {"100 200", 4, 3, "nothing may follow"},
                {"100 USD x", 8, 1, "nothing may follow"},
                {"100 dollars", 4, 7, "nothing may follow"},
                {"\"a\" \"b\"", 4, 3, "nothing may follow"},
                {"20% USD", 4, 3, "nothing may follow"},
                {"-\"a\"", 0, 1, "sign"},
                {"-true", 0, 1, "sign"},
                {"--5", 1, 1, "write a value"},
                {"100USD", 0, 6, "`100 USD`"},
                {"0.0000001", 0, 9, "six decimals"},
                {"9223372036854775808", 0, 19, "too large"},
                {"9223372036855 USD", 14, 3, "too large"},
                {"9223372036855%%", 14, 1, "behind a number"},
                {"True", 0, 4, "lower case"},
                {"\"open", 0, 1, "closing"},
                {"'a'", 0, 1, "double quotes"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_value value = {.type = CW_VALUE_DURATION, .duration_ms = 77};
                struct cw_expr_error error = {0};
                int r = cw_value_parse(cases[i].text, strlen(cases[i].text), &value, &error);

                if (r != -EINVAL || error.offset != cases[i].offset || error.len != cases[i].len ||
                    !strstr(error.message, cases[i].fragment) || value.duration_ms != 77)
                        fail_msg("'%s': %d at %zu+%zu: %s", cases[i].text, r, error.offset, error.len, error.message);
        }
}

static void test_only_the_length_ends_a_value(void **state)
{
        struct cw_expr_error error = {0};
        struct cw_value value;

        (void)state;
        assert_int_equal(cw_value_parse("1234", 2, &value, &error), 0);
        assert_int_equal(value.number, 12 * CW_AMOUNT_UNIT);
        assert_int_equal(cw_value_parse("1\0", 2, &value, &error), -EINVAL);
        assert_int_equal(error.offset, 1);
        assert_int_equal(cw_value_parse("\"a\0b\"", 5, &value, &error), -EINVAL);
}

static uint64_t meaning_of(const char *text)
{
        struct cw_expr_error error;
        struct cw_value value;
        struct cw_hash hash;

        assert_int_equal(cw_value_parse(text, strlen(text), &value, &error), 0);
        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_value_meaning(&value, &hash);
        cw_value_deinit(&value);
        return cw_hash_end(&hash);
}

static void test_meaning(void **state)
{
        (void)state;
        assert_true(meaning_of("100") == meaning_of("100.0"));
        assert_true(meaning_of("20%") == meaning_of("0.2"));
        assert_true(meaning_of("100 usd") == meaning_of("100 USD"));
        assert_true(meaning_of("60m") == meaning_of("1h"));
        assert_true(meaning_of("100") != meaning_of("100 USD"));
        assert_true(meaning_of("100 EUR") != meaning_of("100 USD"));
        assert_true(meaning_of("true") != meaning_of("false"));
        assert_true(meaning_of("true") != meaning_of("\"true\""));
        assert_true(meaning_of("1") != meaning_of("1ms"));
}

static void test_unquoted_texts(void **state)
{
        struct cw_value value;

        (void)state;
        assert_int_equal(cw_value_string("a\"b", 3, &value), 0);
        assert_string_equal(value.string, "a\"b");
        cw_value_deinit(&value);
        assert_int_equal(cw_value_string("", 0, &value), 0);
        assert_string_equal(value.string, "");
        cw_value_deinit(&value);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_reads_and_writes),
                cmocka_unit_test(test_mistakes),
                cmocka_unit_test(test_only_the_length_ends_a_value),
                cmocka_unit_test(test_meaning),
                cmocka_unit_test(test_unquoted_texts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
