/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the log writes into memory; whatever stands in a value, a call makes one line with one level and one event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/log.h"

#define STAMP_LEN strlen("2026-11-22T08:00:00.123Z")

struct fixture {
        struct cw_log *log;
        FILE *stream;
        char *text;
        size_t len;
};

static void setup(struct fixture *fixture, enum cw_log_format format)
{
        *fixture = (struct fixture){0};
        fixture->stream = open_memstream(&fixture->text, &fixture->len);
        assert_non_null(fixture->stream);
        assert_int_equal(cw_log_new(fixture->stream, CW_LOG_INFO, format, &fixture->log), 0);
}

static void teardown(struct fixture *fixture)
{
        cw_log_free(fixture->log);
        fclose(fixture->stream);
        free(fixture->text);
}

static const struct {
        const char *name, *value, *text, *json;
} values[] = {
        {"a word stays bare", "main", "main", "\"main\""},
        {"two words are quoted", "two words", "\"two words\"", "\"two words\""},
        {"an empty value is seen", "", "\"\"", "\"\""},
        {"a quote is escaped", "a\"b", "\"a\\\"b\"", "\"a\\\"b\""},
        {"a backslash is escaped", "a\\", "\"a\\\\\"", "\"a\\\\\""},
        {"an equals sign is quoted", "a=b", "\"a=b\"", "\"a=b\""},
        {"a line cannot be forged", "x\n2026-11-22T08:00:00.123Z error forged",
         "\"x\\n2026-11-22T08:00:00.123Z error forged\"", "\"x\\n2026-11-22T08:00:00.123Z error forged\""},
        {"a return is escaped", "a\rb", "\"a\\rb\"", "\"a\\rb\""},
        {"a tab is escaped", "a\tb", "\"a\\tb\"", "\"a\\tb\""},
        {"a terminal is not reached", "\x1b[31m", "\"\\u001b[31m\"", "\"\\u001b[31m\""},
        {"delete is escaped", "\x7f", "\"\\u007f\"", "\"\\u007f\""},
        {"a C1 control is escaped", "\xc2\x85", "\"\\u0085\"", "\"\\u0085\""},
        {"a line separator is escaped", "\u2028", "\"\\u2028\"", "\"\\u2028\""},
        {"a turn of direction is escaped", "a\u202eb", "\"a\\u202eb\"", "\"a\\u202eb\""},
        {"an isolate is escaped", "\u2066", "\"\\u2066\"", "\"\\u2066\""},
        {"a byte order mark is escaped", "\ufeff", "\"\\ufeff\"", "\"\\ufeff\""},
        {"letters of the world stay", "Z\u00fcrich \u20ac", "\"Z\u00fcrich \u20ac\"", "\"Z\u00fcrich \u20ac\""},
        {"invalid UTF-8 is replaced", "a\xff\xc0\xaf", "\"a\\ufffd\\ufffd\\ufffd\"", "\"a\\ufffd\\ufffd\\ufffd\""},
        {"a cut character is replaced", "a\xe2\x82", "\"a\\ufffd\\ufffd\"", "\"a\\ufffd\\ufffd\""},
        {"no value is a dash", NULL, "-", "\"-\""},
};

static void test_values_in_text(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(values); i++) {
                struct fixture fixture;
                char expected[256];
                int64_t at;

                setup(&fixture, CW_LOG_TEXT);
                cw_log(fixture.log, CW_LOG_WARNING, "poll-failed", "page", "%d", 7, "reason", "%s", values[i].value,
                       NULL);
                snprintf(expected, sizeof(expected), " warning poll-failed page=7 reason=%s\n", values[i].text);
                if (fixture.len < STAMP_LEN || strcmp(fixture.text + STAMP_LEN, expected) != 0)
                        fail_msg("%s: %s", values[i].name, fixture.text);
                fixture.text[STAMP_LEN] = '\0';
                assert_int_equal(cw_clock_parse(fixture.text, &at), 0);
                teardown(&fixture);
        }
}

static void test_values_in_json(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(values); i++) {
                struct fixture fixture;
                char expected[256];
                const char *rest;

                setup(&fixture, CW_LOG_JSON);
                cw_log(fixture.log, CW_LOG_ERROR, "x", "n", "%llu", 18446744073709551615ull, "v", "%s", values[i].value,
                       NULL);
                snprintf(expected, sizeof(expected),
                         "\",\"level\":\"error\",\"event\":\"x\",\"n\":18446744073709551615,\"v\":%s}\n",
                         values[i].json);
                assert_memory_equal(fixture.text, "{\"time\":\"", 9);
                rest = fixture.text + 9 + STAMP_LEN;
                if (strcmp(rest, expected) != 0)
                        fail_msg("%s: %s", values[i].name, fixture.text);
                teardown(&fixture);
        }
}

static void test_every_conversion(void **state)
{
        struct fixture fixture;

        (void)state;
        setup(&fixture, CW_LOG_TEXT);
        cw_log(fixture.log, CW_LOG_INFO, "x", "a", "%d", -1, "b", "%u", 4294967295u, "c", "%ld", -2l, "d", "%lu", 3ul,
               "e", "%lld", -4ll, "f", "%llu", 5ull, "g", "%zu", (size_t)6, "h", "%s", "z", NULL);
        assert_string_equal(fixture.text + STAMP_LEN, " info x a=-1 b=4294967295 c=-2 d=3 e=-4 f=5 g=6 h=z\n");
        teardown(&fixture);
}

static void test_levels(void **state)
{
        struct fixture fixture;

        (void)state;
        setup(&fixture, CW_LOG_TEXT);
        cw_log(fixture.log, CW_LOG_DEBUG, "quiet", NULL);
        assert_int_equal(fixture.len, 0);
        assert_false(cw_log_enabled(fixture.log, CW_LOG_DEBUG));
        cw_log_configure(fixture.log, CW_LOG_DEBUG, CW_LOG_TEXT);
        cw_log(fixture.log, CW_LOG_DEBUG, "told", NULL);
        assert_string_equal(fixture.text + STAMP_LEN, " debug told\n");
        cw_log(NULL, CW_LOG_ERROR, "nowhere", NULL);
        teardown(&fixture);
}

static void test_an_endless_value_is_cut(void **state)
{
        struct fixture fixture;
        cw_autofree char *value = calloc(1, 1 << 20);

        (void)state;
        assert_non_null(value);
        memset(value, 'x', (1 << 20) - 1);
        setup(&fixture, CW_LOG_TEXT);
        cw_log(fixture.log, CW_LOG_INFO, "x", "v", "%s", value, NULL);
        assert_true(fixture.len < 4096);
        assert_int_equal(fixture.text[fixture.len - 1], '\n');
        teardown(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_values_in_text),          cmocka_unit_test(test_values_in_json),
                cmocka_unit_test(test_every_conversion),        cmocka_unit_test(test_levels),
                cmocka_unit_test(test_an_endless_value_is_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
