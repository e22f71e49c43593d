/* SPDX-License-Identifier: Apache-2.0 */
/* Not the decoder: what counts as JSON at all, and that card numbers do not get past the pass. */
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

#include "../../../src/codec/strict_json.h"

#define YES 0
#define NO  CW_STRICT_JSON_INVALID
#define REF CW_STRICT_JSON_REFUSED

/* Bytes with a NUL inside. */
#define RAW(literal) literal, sizeof(literal) - 1

/* On the heap with no byte to spare, so that the sanitizer sees one read too many. */
static char *exact_copy(const char *text, size_t len)
{
        char *copy = malloc(len ? len : 1);

        assert_non_null(copy);
        memcpy(copy, text, len);
        return copy;
}

static int check(const char *text, size_t len, struct cw_strict_json_error *ret_error)
{
        char *copy = exact_copy(text, len);
        int r = cw_strict_json_check(copy, len, CW_STRICT_JSON_OURS, ret_error);

        free(copy);
        return r;
}

static void test_grammar(void **state)
{
        static const struct {
                const char *name;
                const char *text;
                size_t len;
                int verdict;
        } cases[] = {
                {"an empty array is JSON", RAW("[]"), YES},
                {"an empty object is JSON", RAW("{}"), YES},
                {"a lonely number is JSON", RAW("42"), YES},
                {"a lonely negative real is JSON", RAW("-0.1"), YES},
                {"a lonely string is JSON", RAW("\"asd\""), YES},
                {"an empty string is JSON", RAW("\"\""), YES},
                {"a lonely literal is JSON", RAW("null"), YES},
                {"space may stand around everything", RAW(" \t\r\n[ 1 , { \"a\" : true } ] \n"), YES},
                {"an empty key is JSON", RAW("{\"\":0}"), YES},
                {"a long nest is JSON", RAW("[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]"), YES},
                {"0e+1 is a number", RAW("[0e+1]"), YES},
                {"0e1 is a number", RAW("[0e1]"), YES},
                {"-0 is a number", RAW("[-0]"), YES},
                {"1E-2 is a number", RAW("[1E-2]"), YES},
                {"123.456e78 is a number", RAW("[123.456e78]"), YES},
                {"a huge exponent is a number", RAW("[0.4e00669999999999999999999999999999999999]"), YES},
                {"a huge integer is a number", RAW("[-237462374673276894279832749832423479823246327846]"), YES},
                {"a pair of surrogates is a character", RAW("[\"\\uD801\\udc37\"]"), YES},
                {"the last pair of surrogates is a character", RAW("[\"\\uDBFF\\uDFFF\"]"), YES},
                {"all escapes are known", RAW("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"), YES},
                {"an escaped noncharacter is a character", RAW("[\"\\uFFFF\"]"), YES},
                {"an escaped backslash before u is no escape of four", RAW("[\"\\\\u0000\"]"), YES},
                {"DEL is no control character", RAW("[\"\x7f\"]"), YES},
                {"raw UTF-8 is fine", RAW("[\"\xe2\x82\xac\xf0\x9f\x92\xb3\xe2\x80\xa8\"]"), YES},
                {"a key may have escapes", RAW("{\"\\u0061b\":1}"), YES},

                {"nothing is no JSON", RAW(""), NO},
                {"only space is no JSON", RAW(" \n"), NO},
                {"a byte order mark is no JSON", RAW("\xef\xbb\xbf{}"), NO},
                {"a lonely byte order mark is no JSON", RAW("\xef\xbb\xbf"), NO},
                {"UTF-16 is no JSON", RAW("[\0\"\0\xe9\0\"\0]\0"), NO},
                {"a NUL is no JSON", RAW("\0"), NO},
                {"a NUL after the value is no JSON", RAW("{}\0"), NO},
                {"a comma at the end of an array", RAW("[1,]"), NO},
                {"a comma at the end of an object", RAW("{\"a\":1,}"), NO},
                {"a comma at the start", RAW("[,1]"), NO},
                {"two commas", RAW("[1,,2]"), NO},
                {"only a comma", RAW("[,]"), NO},
                {"no comma", RAW("[1 2]"), NO},
                {"a colon in an array", RAW("[\"a\":1]"), NO},
                {"a comma for a colon", RAW("{\"a\",1}"), NO},
                {"no value", RAW("{\"a\":}"), NO},
                {"no colon", RAW("{\"a\" 1}"), NO},
                {"two colons", RAW("{\"a\"::1}"), NO},
                {"a number as a key", RAW("{1:1}"), NO},
                {"a bare key", RAW("{a:1}"), NO},
                {"a key in single quotes", RAW("{'a':1}"), NO},
                {"a string in single quotes", RAW("['a']"), NO},
                {"a comment", RAW("[1/*x*/]"), NO},
                {"a comment of a line", RAW("{}//x"), NO},
                {"a hash comment", RAW("{}#x"), NO},
                {"a second value", RAW("{} {}"), NO},
                {"a bracket too many", RAW("[]]"), NO},
                {"the wrong bracket", RAW("[1}"), NO},
                {"the wrong brace", RAW("{\"a\":1]"), NO},
                {"an array that does not end", RAW("[1"), NO},
                {"an object that does not end", RAW("{\"a\":1"), NO},
                {"a key that does not end", RAW("{\"a"), NO},
                {"a string that ends with a backslash", RAW("\"\\"), NO},
                {"a string whose quote is escaped", RAW("[\"\\\"]"), NO},
                {"01 is no number", RAW("[01]"), NO},
                {"-01 is no number", RAW("[-01]"), NO},
                {"+1 is no number", RAW("[+1]"), NO},
                {"1. is no number", RAW("[1.]"), NO},
                {".1 is no number", RAW("[.1]"), NO},
                {"-.1 is no number", RAW("[-.1]"), NO},
                {"- is no number", RAW("[-]"), NO},
                {"-- is no number", RAW("[--1]"), NO},
                {"1e is no number", RAW("[1e]"), NO},
                {"1e+ is no number", RAW("[1e+]"), NO},
                {"0.e1 is no number", RAW("[0.e1]"), NO},
                {"1.0e- is no number", RAW("[1.0e-]"), NO},
                {"1eE2 is no number", RAW("[1eE2]"), NO},
                {"0x1 is no number", RAW("[0x1]"), NO},
                {"1_000 is no number", RAW("[1_000]"), NO},
                {"1 000 is no number", RAW("[1 000]"), NO},
                {"a fullwidth digit is no number", RAW("[\xef\xbc\x91]"), NO},
                {"NaN is no number", RAW("[NaN]"), NO},
                {"Infinity is no number", RAW("[Infinity]"), NO},
                {"-Infinity is no number", RAW("[-Infinity]"), NO},
                {"True is no literal", RAW("[True]"), NO},
                {"nul is no literal", RAW("[nul]"), NO},
                {"truey is no literal", RAW("[truey]"), NO},
                {"a raw tab in a string", RAW("[\"a\tb\"]"), NO},
                {"a raw newline in a string", RAW("[\"a\nb\"]"), NO},
                {"a raw NUL in a string", RAW("[\"a\0b\"]"), NO},
                {"an unknown escape", RAW("[\"\\x41\"]"), NO},
                {"an escaped apostrophe", RAW("[\"\\'\"]"), NO},
                {"an escape with too few digits", RAW("[\"\\u00A\"]"), NO},
                {"an escape with odd digits", RAW("[\"\\u00G0\"]"), NO},
                {"a capital U escape", RAW("[\"\\U0041\"]"), NO},
                {"half a pair of surrogates", RAW("[\"\\uD800\"]"), NO},
                {"half a pair and another escape", RAW("[\"\\uD800\\n\"]"), NO},
                {"half a pair and a letter", RAW("[\"\\uD800\\u0041\"]"), NO},
                {"a low surrogate first", RAW("[\"\\uDC00\\uD800\"]"), NO},
                {"half a pair in a key", RAW("{\"\\uD800\":1}"), NO},
                {"half a pair at the end", RAW("[\"\\uD800\\"), NO},
                {"a stray continuation byte", RAW("[\"\x80\"]"), NO},
                {"an overlong slash", RAW("[\"\xc0\xaf\"]"), NO},
                {"a surrogate in UTF-8", RAW("[\"\xed\xa0\x80\"]"), NO},
                {"beyond U+10FFFF", RAW("[\"\xf4\x90\x80\x80\"]"), NO},
                {"a character cut off", RAW("[\"\xe2\x82\"]"), NO},
                {"a form feed between values", RAW("[\f]"), NO},
                {"a no-break space between values", RAW("[\xc2\xa0]"), NO},

                {"a key twice", RAW("{\"a\":1,\"a\":2}"), REF},
                {"a key twice, once with an escape", RAW("{\"ab\":1,\"\\u0061b\":2}"), REF},
                {"a key twice, both with escapes", RAW("{\"\\u00e9\":1,\"\xc3\xa9\":2}"), REF},
                {"an empty key twice", RAW("{\"\":1,\"\":2}"), REF},
                {"a key twice around a nested object", RAW("{\"a\":{\"b\":1},\"a\":2}"), REF},
                {"the same key in two objects is fine", RAW("[{\"a\":1},{\"a\":{\"a\":2}}]"), YES},
                {"keys differing in case are two keys", RAW("{\"a\":1,\"A\":2}"), YES},
                {"a NUL in a string", RAW("[\"a\\u0000b\"]"), REF},
                {"a NUL in a key", RAW("{\"a\\u0000b\":1}"), REF},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_strict_json_error error = {0};
                int verdict = check(cases[i].text, cases[i].len, &error);

                if (verdict != cases[i].verdict)
                        fail_msg("%s: got %d at %zu: %s", cases[i].name, verdict, error.offset,
                                 error.reason ? error.reason : "-");
                assert_true(verdict == 0 || (error.reason && error.offset <= cases[i].len));
        }
}

static void test_what_is_no_character_in_theirs(void **state)
{
        static const struct {
                const char *name, *text, *after;
        } cases[] = {
                {"a NUL", "[\"a\\u0000b\"]", "[\"a\\ufffdb\"]"},
                {"a NUL in a key", "{\"id\\u0000x\":1}", "{\"id\\ufffdx\":1}"},
                {"two keys that are one before their NUL", "{\"a\\u0000b\":1,\"a\":2}", "{\"a\\ufffdb\":1,\"a\":2}"},
                {"a high surrogate alone", "[\"\\uD800\"]", "[\"\\ufffd\"]"},
                {"a low surrogate alone", "[\"\\uDC00x\"]", "[\"\\ufffdx\"]"},
                {"the wrong way round", "[\"\\uDC00\\uD800\"]", "[\"\\ufffd\\ufffd\"]"},
                {"half a pair before a whole one", "[\"\\uD800\\uD801\\udc37\"]", "[\"\\ufffd\\uD801\\udc37\"]"},
                {"half a pair before another escape", "[\"\\uD800\\n\"]", "[\"\\ufffd\\n\"]"},
                {"half a pair before a letter", "[\"\\uD800\\u0041\"]", "[\"\\ufffd\\u0041\"]"},
                {"an escaped backslash before u", "[\"\\\\u0000\"]", "[\"\\\\u0000\"]"},
                {"a pair", "[\"\\uD801\\udc37\"]", "[\"\\uD801\\udc37\"]"},
                {"a key twice", "{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                size_t len = strlen(cases[i].text);
                char *copy = exact_copy(cases[i].text, len);
                struct cw_strict_json_error error = {0};

                assert_int_equal(cw_strict_json_check(copy, len, CW_STRICT_JSON_THEIRS, &error), YES);
                if (strlen(cases[i].after) != len || memcmp(copy, cases[i].after, len) != 0)
                        fail_msg("%s: got %.*s", cases[i].name, (int)len, copy);
                free(copy);
        }
}

static void test_offset_points_at_the_error(void **state)
{
        struct cw_strict_json_error error = {0};

        (void)state;
        assert_int_equal(check(RAW("{\"a\": 01}"), &error), NO);
        assert_int_equal(error.offset, 7);
        assert_int_equal(check(RAW("[1"), &error), NO);
        assert_int_equal(error.offset, 2);
        assert_string_equal(error.reason, "ends too early");
}

static void test_every_truncation_is_refused(void **state)
{
        static const char text[] =
                "{\"a\\u00e9\":[1.5e-3,\"\\uD801\\udc37\\\\\",true],\"cardNumber\":\"4111111111111111\"}";
        struct cw_strict_json_error error = {0};

        (void)state;
        for (size_t len = 0; len < sizeof(text) - 1; len++)
                assert_int_equal(check(text, len, &error), NO);
        assert_int_equal(check(text, sizeof(text) - 1, &error), YES);
}

static void test_depth(void **state)
{
        enum { HOSTILE = 1000000 };
        struct cw_strict_json_error error = {0};
        char *deep = malloc(HOSTILE);

        (void)state;
        assert_non_null(deep);
        memset(deep, '[', CW_STRICT_JSON_DEPTH);
        memset(deep + CW_STRICT_JSON_DEPTH, ']', CW_STRICT_JSON_DEPTH);
        assert_int_equal(check(deep, 2 * CW_STRICT_JSON_DEPTH, &error), YES);
        memset(deep, '[', HOSTILE);
        assert_int_equal(check(deep, HOSTILE, &error), REF);
        assert_string_equal(error.reason, "is nested too deep");
        assert_int_equal(error.offset, CW_STRICT_JSON_DEPTH);
        free(deep);
}

static void build_object(struct cw_buf *buf, unsigned keys, const char *last)
{
        cw_buf_putc(buf, '{');
        for (unsigned i = 0; i < keys; i++)
                cw_buf_printf(buf, "\"k%u\":%u,", i, i);
        cw_buf_printf(buf, "\"%s\":0}", last);
}

static void test_many_keys(void **state)
{
        static const unsigned counts[] = {1, 14, 15, 16, 17, 18, 100000};
        struct cw_strict_json_error error = {0};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(counts); i++) {
                struct cw_buf fine = CW_BUF_NULL, twice = CW_BUF_NULL;

                build_object(&fine, counts[i], "last");
                build_object(&twice, counts[i], "\\u006b0");
                assert_int_equal(check(fine.data, fine.len, &error), YES);
                assert_int_equal(check(twice.data, twice.len, &error), REF);
                assert_string_equal(error.reason, "has a key twice in one object");
                cw_buf_deinit(&fine);
                cw_buf_deinit(&twice);
        }
}

static void test_keys_without_end_are_bounded(void **state)
{
        struct cw_strict_json_error error = {0};
        struct cw_buf buf = CW_BUF_NULL;

        (void)state;
        build_object(&buf, CW_STRICT_JSON_KEYS, "last");
        assert_int_equal(check(buf.data, buf.len, &error), REF);
        assert_string_equal(error.reason, "has too many keys");
        cw_buf_deinit(&buf);
}

static void test_card_numbers(void **state)
{
        static const struct {
                const char *name;
                const char *text;
                const char *after;
        } cases[] = {
                {"four digits remain", "{\"cardNumber\":\"4111111111111111\"}",
                 "{\"cardNumber\":\"************1111\"}"},
                {"the case of the key does not matter", "{\"CARDNUMBER\":\"12345\"}", "{\"CARDNUMBER\":\"*2345\"}"},
                {"a key with escapes is the same key", "{\"c\\u0061rdNumber\":\"12345\"}",
                 "{\"c\\u0061rdNumber\":\"*2345\"}"},
                {"a key with a NUL is the same key, too", "{\"cardNumber\\u0000\":\"12345\"}",
                 "{\"cardNumber\\ufffd\":\"*2345\"}"},
                {"wherever it stands", "{\"\\u0000card\\ud800Number\":\"12345\"}",
                 "{\"\\ufffdcard\\ufffdNumber\":\"*2345\"}"},
                {"one that stands twice is cut twice", "{\"cardNumber\":\"12345\",\"cardNumber\":\"67890\"}",
                 "{\"cardNumber\":\"*2345\",\"cardNumber\":\"*7890\"}"},
                {"a NUL in a number", "{\"cardNumber\":\"411111\\u00001234\"}",
                 "{\"cardNumber\":\"************1234\"}"},
                {"a NUL among its last digits", "{\"cardNumber\":\"41111112\\u0000234\"}",
                 "{\"cardNumber\":\"*****************\"}"},
                {"a longer key is another", "{\"cardNumbers\":\"12345\"}", "{\"cardNumbers\":\"12345\"}"},
                {"digits as escapes are digits", "{\"cardNumber\":\"41\\u0031\\u0032345\"}",
                 "{\"cardNumber\":\"********\\u0032345\"}"},
                {"an escape among the last four remains whole", "{\"cardNumber\":\"9911\\u00322\"}",
                 "{\"cardNumber\":\"**11\\u00322\"}"},
                {"a number that ends otherwise goes whole", "{\"cardNumber\":\"4111111111111111 \"}",
                 "{\"cardNumber\":\"*****************\"}"},
                {"groups keep the last", "{\"cardNumber\":\"4111-1111-1111-1234\"}",
                 "{\"cardNumber\":\"***************1234\"}"},
                {"three digits go whole", "{\"cardNumber\":\"x123\"}", "{\"cardNumber\":\"****\"}"},
                {"four digits stay", "{\"cardNumber\":\"1234\"}", "{\"cardNumber\":\"1234\"}"},
                {"an empty one stays", "{\"cardNumber\":\"\"}", "{\"cardNumber\":\"\"}"},
                {"fullwidth digits go whole", "{\"cardNumber\":\"\xef\xbc\x91\xef\xbc\x91\xef\xbc\x91\xef\xbc\x91\"}",
                 "{\"cardNumber\":\"************\"}"},
                {"an escaped quote is no end", "{\"cardNumber\":\"41\\\"1112222\"}",
                 "{\"cardNumber\":\"*******2222\"}"},
                {"a number loses its digits", "{\"cardNumber\":4111111111111111}", "{\"cardNumber\":1111111111111111}"},
                {"a real loses its digits", "{\"cardNumber\":-4.25e3,\"a\":5}", "{\"cardNumber\":-1.11e1,\"a\":5}"},
                {"null stays", "{\"cardNumber\":null}", "{\"cardNumber\":null}"},
                {"any depth", "[{\"x\":[{\"cardNumber\":\"99991234\"}]}]", "[{\"x\":[{\"cardNumber\":\"****1234\"}]}]"},
                {"an array of them", "{\"cardNumber\":[\"99991234\",99]}", "{\"cardNumber\":[\"****1234\",11]}"},
                {"an object of them", "{\"cardNumber\":{\"pan\":\"99991234\",\"x\":[{\"y\":77}]},\"z\":8}",
                 "{\"cardNumber\":{\"pan\":\"****1234\",\"x\":[{\"y\":11}]},\"z\":8}"},
                {"the next member is its own", "{\"cardNumber\":\"99991234\",\"a\":\"99991234\"}",
                 "{\"cardNumber\":\"****1234\",\"a\":\"99991234\"}"},
                {"a reference that is a card number", "{\"customersReference\":\"4111111111111111\"}",
                 "{\"customersReference\":\"************1111\"}"},
                {"a reference that is one in groups", "{\"Reference\":\"3782 822463 10005\"}",
                 "{\"Reference\":\"*************0005\"}"},
                {"a reference with a wrong check digit stays", "{\"reference\":\"4111111111111112\"}",
                 "{\"reference\":\"4111111111111112\"}"},
                {"a reference of twelve digits stays", "{\"reference\":\"411111111112\"}",
                 "{\"reference\":\"411111111112\"}"},
                {"thirteen digits are enough", "{\"reference\":\"4222222222222\"}",
                 "{\"reference\":\"*********2222\"}"},
                {"a reference of twenty digits stays", "{\"reference\":\"00004111111111111111\"}",
                 "{\"reference\":\"00004111111111111111\"}"},
                {"a reference with a letter stays", "{\"reference\":\"A4111111111111111\"}",
                 "{\"reference\":\"A4111111111111111\"}"},
                {"a reference with escapes is read", "{\"reference\":\"411111111111111\\u0031\"}",
                 "{\"reference\":\"************111\\u0031\"}"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                size_t len = strlen(cases[i].text);
                char *copy = exact_copy(cases[i].text, len);
                struct cw_strict_json_error error = {0};

                assert_int_equal(cw_strict_json_check(copy, len, CW_STRICT_JSON_THEIRS, &error), YES);
                if (strlen(cases[i].after) != len || memcmp(copy, cases[i].after, len) != 0)
                        fail_msg("%s: got %.*s", cases[i].name, (int)len, copy);
                assert_int_equal(cw_strict_json_check(copy, len, CW_STRICT_JSON_THEIRS, &error), YES);
                free(copy);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_grammar),
                cmocka_unit_test(test_what_is_no_character_in_theirs),
                cmocka_unit_test(test_offset_points_at_the_error),
                cmocka_unit_test(test_every_truncation_is_refused),
                cmocka_unit_test(test_depth),
                cmocka_unit_test(test_many_keys),
                cmocka_unit_test(test_keys_without_end_are_bounded),
                cmocka_unit_test(test_card_numbers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
