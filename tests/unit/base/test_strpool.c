/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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
                        assert_ptr_equal(ref(pool, text), strings[i]);
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

/* However texts come and go, the pool holds what a list of them would. */
enum { TEXTS = 400, STEPS = 200000, LONGEST = 3000 };

struct known {
        char *text;
        const char *string;
        unsigned count;
};

static unsigned below(uint64_t *random, unsigned n)
{
        *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (unsigned)((*random >> 33) % n);
}

/* Mostly of the length of a name; all different. */
static char *make_text(uint64_t *random, unsigned number)
{
        unsigned len = below(random, 8) ? below(random, 24) : below(random, LONGEST);
        char *text = malloc(len + 16);

        assert_non_null(text);
        memset(text, 'x', len);
        snprintf(text + len, 16, "%u", number);
        return text;
}

static void take_one(struct cw_strpool *pool, struct known *known)
{
        const char *string = ref(pool, known->text);

        assert_string_equal(string, known->text);
        if (known->count > 0)
                assert_ptr_equal(string, known->string);
        known->string = string;
        known->count++;
}

static void test_texts_come_and_go_at_random(void **state)
{
        static struct known known[TEXTS];
        struct cw_strpool *pool;
        uint64_t random = 42;

        (void)state;
        assert_int_equal(cw_strpool_new(&pool), 0);
        for (unsigned i = 0; i < TEXTS; i++)
                known[i] = (struct known){.text = make_text(&random, i)};
        for (unsigned step = 0; step < STEPS; step++) {
                struct known *one = &known[below(&random, TEXTS)];
                bool takes = below(&random, 1000) < (step / 20000 % 2 ? 350u : 600u); /* growing and shrinking */

                if (takes)
                        take_one(pool, one);
                else if (one->count > 0)
                        cw_strpool_unref(pool, one->string), one->count--;
                if (one->count > 0)
                        assert_string_equal(one->string, one->text);
        }
        for (unsigned i = 0; i < TEXTS; i++) {
                for (; known[i].count > 0; known[i].count--) {
                        assert_string_equal(known[i].string, known[i].text);
                        cw_strpool_unref(pool, known[i].string);
                }
                free(known[i].text);
        }
        cw_strpool_free(pool); /* which asserts that nothing is left */
}

static void test_a_text_is_not_one_that_begins_like_it(void **state)
{
        enum { LENGTHS = 2000 };
        const char *strings[LENGTHS];
        struct cw_strpool *pool;
        char text[LENGTHS];

        (void)state;
        memset(text, 'x', sizeof(text));
        assert_int_equal(cw_strpool_new(&pool), 0);
        for (size_t len = LENGTHS; len-- > 0;) {
                assert_int_equal(cw_strpool_ref(pool, text, len, &strings[len]), 0);
                assert_int_equal(strlen(strings[len]), len);
        }
        for (size_t len = 0; len < LENGTHS; len++)
                cw_strpool_unref(pool, strings[len]);
        cw_strpool_free(pool);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_equal_texts_are_one_string),
                cmocka_unit_test(test_null_is_null),
                cmocka_unit_test(test_a_text_lives_as_long_as_its_references),
                cmocka_unit_test(test_texts_come_and_go_at_random),
                cmocka_unit_test(test_a_text_is_not_one_that_begins_like_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
