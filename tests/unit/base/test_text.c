/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/text.h"

static void test_glob(void **state)
{
        static const struct {
                const char *pattern, *text;
                bool expected;
        } cases[] = {
                {"", "", true},
                {"", "a", false},
                {"*", "", true},
                {"*", "anything", true},
                {"**", "", true},
                {"?", "", false},
                {"?", "a", true},
                {"?", "\u00e9", true},
                {"?", "\U0001f600", true},
                {"??", "\u00e9", false},
                {"?", "\xff", true},
                {"acme-*", "acme-", true},
                {"acme-*", "acme-1", true},
                {"acme-*", "Acme-1", false},
                {"acme-*", "xacme-1", false},
                {"*-1", "acme-1", true},
                {"*-1", "acme-1-1", true},
                {"*-1", "acme-1-2", false},
                {"a*b*c", "abbbcbc", true},
                {"a*b*c", "abbbcb", false},
                {"*a*", "bbb", false},
                {"*aab", "aaaaaaab", true},
                {"\\*", "*", true},
                {"\\*", "a", false},
                {"\\?", "?", true},
                {"\\\\", "\\", true},
                {"a\\", "a\\", true},
                {"*?", "", false},
                {"*?", "x", true},
                {"?*?", "x", false},
                {"*\u00e9", "caf\u00e9", true},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++)
                if (cw_text_glob(cases[i].pattern, cases[i].text) != cases[i].expected)
                        fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].text);
}

/* Backtracking into every star would take longer than the universe has. */
static void test_a_hostile_glob_ends(void **state)
{
        char pattern[401], text[4001];

        (void)state;
        for (int i = 0; i < 400; i += 2)
                memcpy(pattern + i, "*a", 2);
        pattern[399] = 'b';
        pattern[400] = '\0';
        memset(text, 'a', 4000);
        text[4000] = '\0';
        assert_false(cw_text_glob(pattern, text));
}

static void test_valid_utf8(void **state)
{
        static const struct {
                const char *name, *text;
                size_t expected;
        } cases[] = {
                {"empty", "", 0},
                {"ASCII", "abc", 3},
                {"two bytes", "\u00e9", 2},
                {"three bytes", "\u20ac", 3},
                {"four bytes", "\U0001f600", 4},
                {"the highest", "\xf4\x8f\xbf\xbf", 4},
                {"beyond the highest", "a\xf4\x90\x80\x80", 1},
                {"far beyond", "\xf5\x80\x80\x80", 0},
                {"an overlong slash", "\xc0\xaf", 0},
                {"overlong in three", "\xe0\x9f\xbf", 0},
                {"overlong in four", "\xf0\x8f\xbf\xbf", 0},
                {"the last before the surrogates", "\xed\x9f\xbf", 3},
                {"a surrogate", "\xed\xa0\x80", 0},
                {"after the surrogates", "\xee\x80\x80", 3},
                {"a lone continuation", "a\x80", 1},
                {"cut in the middle", "ab\xe2\x82", 2},
                {"a bad third byte", "\xe2\x82x", 0},
                {"a bad fourth byte", "\xf0\x9f\x98x", 0},
                {"Latin 1", "caf\xe9", 3},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++)
                if (cw_text_valid_utf8(cases[i].text, strlen(cases[i].text)) != cases[i].expected)
                        fail_msg("%s", cases[i].name);
        assert_int_equal(cw_text_valid_utf8("a\0b", 3), 3);
}

static void test_prefix(void **state)
{
        (void)state;
        assert_int_equal(cw_text_prefix("a\u00e9\u20acz", 7, 3), 6);
        assert_int_equal(cw_text_prefix("abc", 3, 10), 3);
        assert_int_equal(cw_text_prefix("abc", 3, 0), 0);
        assert_int_equal(cw_text_prefix("\xff\xff", 2, 1), 1);
        assert_int_equal(cw_text_prefix("\xe2\x82", 2, 1), 1);
}

static void test_same(void **state)
{
        char copy[] = "usd";

        (void)state;
        assert_true(cw_text_same("usd", copy));
        assert_true(cw_text_same(NULL, NULL));
        assert_false(cw_text_same("usd", "USD"));
        assert_false(cw_text_same("", NULL));
        assert_false(cw_text_same(NULL, ""));
}

static void test_case(void **state)
{
        (void)state;
        assert_true(cw_text_equal_nocase("usd", "UsD"));
        assert_true(cw_text_equal_nocase("", ""));
        assert_false(cw_text_equal_nocase("usd", "us"));
        assert_false(cw_text_equal_nocase("us", "usd"));
        assert_false(cw_text_equal_nocase("[", "{"));
        assert_false(cw_text_equal_nocase("\u00e9", "\u00c9"));
}

static void test_distance(void **state)
{
        static const struct {
                const char *a, *b;
                unsigned limit, expected;
        } cases[] = {
                {"", "", 3, 0},
                {"abc", "abc", 3, 0},
                {"abc", "abd", 3, 1},
                {"abc", "acb", 3, 1},
                {"abc", "ab", 3, 1},
                {"abc", "abcd", 3, 1},
                {"", "abc", 5, 3},
                {"abc", "", 5, 3},
                {"abc", "xyz", 5, 3},
                {"abc", "xyz", 1, 2},
                {"kitten", "sitting", 5, 3},
                {"ca", "abc", 5, 3},
                {"avialable", "available", 3, 1},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++)
                if (cw_text_distance(cases[i].a, cases[i].b, cases[i].limit) != cases[i].expected)
                        fail_msg("%s and %s", cases[i].a, cases[i].b);
}

static void test_long_words_are_equal_or_far(void **state)
{
        char a[500], b[500];

        (void)state;
        memset(a, 'a', 499);
        a[499] = '\0';
        memcpy(b, a, 500);
        assert_int_equal(cw_text_distance(a, b, 3), 0);
        b[498] = 'b';
        assert_int_equal(cw_text_distance(a, b, 3), 4);
}

static void test_did_you_mean(void **state)
{
        static const char *const candidates[] = {"available", "pending", "total", "card", "in"};
        static const struct {
                const char *word, *expected;
        } cases[] = {
                {"avialable", "available"},
                {"availble", "available"},
                {"pendng", "pending"},
                {"totl", "total"},
                {"cart", "card"},
                {"zzz", NULL},
                {"", NULL},
                {"x", NULL},
                {"balance", NULL},
                {"available", "available"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                const char *got = cw_text_nearest(cases[i].word, candidates, CW_ARRAY_SIZE(candidates));

                if (!got != !cases[i].expected || (got && strcmp(got, cases[i].expected) != 0))
                        fail_msg("'%s' gives '%s'", cases[i].word, got ? got : "nothing");
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_glob),         cmocka_unit_test(test_a_hostile_glob_ends),
                cmocka_unit_test(test_valid_utf8),   cmocka_unit_test(test_prefix),
                cmocka_unit_test(test_same),         cmocka_unit_test(test_case),
                cmocka_unit_test(test_distance),     cmocka_unit_test(test_long_words_are_equal_or_far),
                cmocka_unit_test(test_did_you_mean),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
