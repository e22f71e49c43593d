/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/strpool.h"

static const char *ref(struct cw_strpool *pool, const char *text)
{
        const char *string;

        assert_int_equal(cw_strpool_ref(pool, text, text ? strlen(text) : 0, &string), 0);
        return string;
}

static void test_equal_texts_are_one_string(void **state)
{
        struct cw_strpool *pool;
        char copy[] = "acme-1";
        const char *a, *b, *c, *empty, *cut;

        (void)state;
        assert_int_equal(cw_strpool_new(&pool), 0);
        a = ref(pool, "acme-1");
        b = ref(pool, copy);
        c = ref(pool, "acme-2");
        empty = ref(pool, "");
        assert_int_equal(cw_strpool_ref(pool, "acme-1xyz", 6, &cut), 0);
        assert_ptr_equal(a, b);
        assert_ptr_equal(a, cut);
        assert_ptr_not_equal(a, c);
        assert_string_equal(a, "acme-1");
        assert_string_equal(empty, "");
        cw_strpool_unref(pool, a);
        cw_strpool_unref(pool, b);
        assert_string_equal(cut, "acme-1");
        cw_strpool_unref(pool, cut);
        cw_strpool_unref(pool, c);
        cw_strpool_unref(pool, empty);
        cw_strpool_free(pool);
}

static void test_null_is_null(void **state)
{
        struct cw_strpool *pool;
        const char *string = "untouched";

        (void)state;
        assert_int_equal(cw_strpool_new(&pool), 0);
        assert_int_equal(cw_strpool_ref(pool, NULL, 0, &string), 0);
        assert_null(string);
        assert_null(cw_strpool_again(NULL));
        cw_strpool_unref(pool, NULL);
        cw_strpool_free(pool);
        cw_strpool_free(NULL);
}

/* The address sanitizer sees what is read after its end, the leak check what outlives it. */
static void test_a_text_lives_as_long_as_its_references(void **state)
{
        struct cw_strpool *pool;
        const char *strings[5000];
        char text[32];

        (void)state;
        assert_int_equal(cw_strpool_new(&pool), 0);
        for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 5000; i++) {
                        snprintf(text, sizeof(text), "reference-%d", i);
                        strings[i] = ref(pool, text);
                        assert_ptr_equal(cw_strpool_again(strings[i]), strings[i]);
                }
                for (int i = 0; i < 5000; i++) {
                        snprintf(text, sizeof(text), "reference-%d", i);
                        cw_strpool_unref(pool, strings[i]);
                        assert_string_equal(strings[i], text);
                        cw_strpool_unref(pool, strings[i]);
                }
        }
        cw_strpool_free(pool);
}

/* Many at once, of which some are there, some are new, some stand there twice and some are none. */
static void test_many_are_what_each_would_be(void **state)
{
        enum { N = 300 };
        char texts[N][32];
        const char *given[N], *strings[N];
        struct cw_strpool *pool;
        const char *old;

        (void)state;
        assert_int_equal(cw_strpool_new(&pool), 0);
        old = ref(pool, "reference-7");
        cw_strpool_reserve(pool, N);
        for (int i = 0; i < N; i++) {
                snprintf(texts[i], sizeof(texts[i]), "reference-%d", i / 2);
                given[i] = i % 5 == 0 ? NULL : texts[i];
        }
        assert_int_equal(cw_strpool_ref_many(pool, given, N, strings), 0);
        assert_ptr_equal(strings[14], old);
        for (int i = 0; i < N; i++) {
                if (!given[i]) {
                        assert_null(strings[i]);
                        continue;
                }
                assert_string_equal(strings[i], texts[i]);
                assert_ptr_equal(ref(pool, texts[i]), strings[i]);
                cw_strpool_unref(pool, strings[i]);
        }
        assert_int_equal(cw_strpool_count(pool), N / 2);
        cw_strpool_unref(pool, old);
        for (int i = 0; i < N; i++)
                cw_strpool_unref(pool, strings[i]);
        assert_int_equal(cw_strpool_count(pool), 0);
        cw_strpool_free(pool);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_equal_texts_are_one_string),
                cmocka_unit_test(test_null_is_null),
                cmocka_unit_test(test_a_text_lives_as_long_as_its_references),
                cmocka_unit_test(test_many_are_what_each_would_be),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
