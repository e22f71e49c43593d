/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/json_in.h"

static struct cw_json read_text(char *text)
{
        struct cw_json value;

        assert_int_equal(cw_json_read(text, strlen(text), &value, NULL), 0);
        return value;
}

static void test_members_and_elements(void **state)
{
        char text[] = " {\"a\" : 1 ,\"b\":[ \"x\\n\\u00e9\" ,{ }, []],\"\\u0063\":null, \"d\": true} ";
        struct cw_json top = read_text(text), value, name;
        struct cw_buf buf = CW_BUF_NULL;
        size_t cursor = 0, n = 0;
        bool flag = false;

        (void)state;
        assert_int_equal(cw_json_kind(&top), CW_JSON_OBJECT);
        assert_true(cw_json_member(&top, "b", &value));
        assert_int_equal(cw_json_kind(&value), CW_JSON_ARRAY);
        assert_false(cw_json_member(&value, "x", &name));
        assert_true(cw_json_next(&value, &cursor, NULL, &name));
        assert_true(cw_json_string(&name, &buf));
        assert_string_equal(cw_buf_text(&buf), "x\n\xc3\xa9");
        assert_true(cw_json_next(&value, &cursor, NULL, &name));
        assert_int_equal(cw_json_kind(&name), CW_JSON_OBJECT);
        assert_false(cw_json_next(&name, &(size_t){0}, NULL, &(struct cw_json){0}));
        assert_true(cw_json_next(&value, &cursor, NULL, &name));
        assert_int_equal(cw_json_kind(&name), CW_JSON_ARRAY);
        assert_false(cw_json_next(&value, &cursor, NULL, &name));

        assert_false(cw_json_member(&top, "c", &value));
        assert_false(cw_json_member(&top, "A", &value));
        assert_true(cw_json_member(&top, "d", &value));
        assert_true(cw_json_bool(&value, &flag));
        assert_true(flag);
        assert_false(cw_json_string(&value, &buf));
        for (cursor = 0; cw_json_next(&top, &cursor, &name, &value); n++)
                assert_true(n != 2 || (name.len == 6 && cw_json_kind(&value) == CW_JSON_NULL));
        assert_int_equal(n, 4);
        cw_buf_deinit(&buf);
}

static void test_integers(void **state)
{
        static const struct {
                const char *text;
                bool good;
                int64_t value;
        } cases[] = {
                {"0", true, 0},
                {"-0", true, 0},
                {"9223372036854775807", true, INT64_MAX},
                {"-9223372036854775808", true, INT64_MIN},
                {"9223372036854775808", false, 0},
                {"-9223372036854775809", false, 0},
                {"1.0", false, 0},
                {"1e2", false, 0},
                {"\"1\"", false, 0},
                {"null", false, 0},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                char text[40];
                int64_t number = 0;
                struct cw_json value;

                print_message("  %s\n", cases[i].text);
                strcpy(text, cases[i].text);
                value = read_text(text);
                assert_int_equal(cw_json_int(&value, &number), cases[i].good);
                assert_int_equal(number, cases[i].value);
        }
}

static void test_what_is_no_document(void **state)
{
        static const char *const cases[] = {"",    " ", "{", "{\"a\":1,\"a\":2}", "[1,]", "1 2", "\"\\u0000\"",
                                            "'a'", "01"};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf why = CW_BUF_NULL;
                struct cw_json value;
                char text[40];

                print_message("  %s\n", cases[i]);
                strcpy(text, cases[i]);
                assert_int_equal(cw_json_read(text, strlen(text), &value, &why), -EBADMSG);
                assert_non_null(strstr(cw_buf_text(&why), " at byte "));
                cw_buf_deinit(&why);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_members_and_elements),
                cmocka_unit_test(test_integers),
                cmocka_unit_test(test_what_is_no_document),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
