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
        uint32_t links[N];
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
        assert_int_equal(cw_strpool_link_many(pool, given, N, links), 0);
        for (int i = 0; i < N; i++)
                strings[i] = cw_strpool_text(pool, links[i]);
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

/* However texts come and go, the pool holds what a list of them would. */
enum { TEXTS = 400, STEPS = 200000, LONGEST = 3000 };

struct known {
        char *text;
        const char *string;
        uint32_t link;
        unsigned count;
};

static unsigned below(uint64_t *random, unsigned n)
{
        *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (unsigned)((*random >> 33) % n);
}

/* Mostly of the length of a reference, some beyond what shares a slab; all different. */
static char *make_text(uint64_t *random, unsigned number)
{
        unsigned len = below(random, 8) ? below(random, 24) : below(random, LONGEST);
        char *text = malloc(len + 16);

        assert_non_null(text);
        memset(text, 'x', len);
        snprintf(text + len, 16, "%u", number);
        return text;
}

static void take_one(struct cw_strpool *pool, struct known *known, unsigned how)
{
        const char *string = NULL;
        uint32_t link = 0;

        if (how == 0 && known->count > 0) {
                string = cw_strpool_again(known->string);
        } else if (how == 1) {
                assert_int_equal(cw_strpool_link(pool, known->text, strlen(known->text), &link), 0);
                string = cw_strpool_text(pool, link);
                assert_true(known->count == 0 || !known->link || known->link == link);
        } else {
                string = ref(pool, known->text);
        }
        assert_string_equal(string, known->text);
        if (known->count > 0)
                assert_ptr_equal(string, known->string);
        else
                known->link = 0;
        known->string = string;
        known->link = link ? link : known->link;
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
                        take_one(pool, one, below(&random, 3));
                else if (one->count > 0)
                        cw_strpool_unref(pool, one->string), one->count--;
                if (one->count > 0)
                        assert_string_equal(one->string, one->text);
                if (one->count > 0 && one->link)
                        assert_ptr_equal(cw_strpool_text(pool, one->link), one->string);
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

enum { MANY = 100000 };

static void fill(struct cw_strpool *pool, uint32_t *links, const char *prefix, int digits)
{
        char text[64];

        for (int i = 0; i < MANY; i++) {
                const char *was = cw_strpool_text(pool, links[i]);

                snprintf(text, sizeof(text), "%s%0*d", prefix, digits, i);
                assert_int_equal(cw_strpool_link(pool, text, strlen(text), &links[i]), 0);
                cw_strpool_unref(pool, was);
        }
}

static void test_a_text_costs_little_and_a_dead_one_nothing(void **state)
{
        uint32_t *links = calloc(MANY, sizeof(*links));
        struct cw_strpool *pool;
        size_t bytes, least;

        (void)state;
        assert_non_null(links);
        assert_int_equal(cw_strpool_new(&pool), 0);
        fill(pool, links, "customer-", 6);
        bytes = cw_strpool_bytes(pool);
        assert_true(bytes <= (size_t)MANY * (16 + 12));
        /* Other texts in the place of all these, shorter and longer ones: what a provider changes all the time. */
        for (int round = 0; round < 3; round++) {
                fill(pool, links, "", 1);
                fill(pool, links, "a-longer-reference-of-customer-", 6);
                fill(pool, links, "client-", 8);
        }
        fill(pool, links, "customer-", 6);
        assert_true(cw_strpool_bytes(pool) <= bytes + bytes / 16);
        for (int i = 0; i < MANY; i++)
                cw_strpool_unref(pool, cw_strpool_text(pool, links[i]));
        least = cw_strpool_bytes(pool);
        assert_true(least < bytes / 4); /* the table, and no texts */
        cw_strpool_free(pool);
        free(links);
}

/* The parts of the table fill alike, and must not all be made anew while a few pages are read. */
static void test_the_table_grows_by_and_by(void **state)
{
        enum { CUSTOMERS = 400000, PAGE = 10000, EACH = 24 };
        uint32_t *links = calloc(CUSTOMERS, sizeof(*links));
        struct cw_strpool *pool;
        size_t before = 0;
        char text[16];

        (void)state;
        assert_non_null(links);
        assert_int_equal(cw_strpool_new(&pool), 0);
        for (uint32_t i = 0; i < CUSTOMERS; i++) {
                snprintf(text, sizeof(text), "c%08u", i);
                assert_int_equal(cw_strpool_link(pool, text, strlen(text), &links[i]), 0);
                if ((i + 1) % PAGE)
                        continue;
                if (before)
                        assert_in_range(cw_strpool_bytes(pool) - before, 0, PAGE * EACH + 100000);
                before = cw_strpool_bytes(pool);
        }
        for (uint32_t i = 0; i < CUSTOMERS; i++)
                cw_strpool_unref(pool, cw_strpool_text(pool, links[i]));
        cw_strpool_free(pool);
        free(links);
}

static void test_what_is_given_back_is_used_again(void **state)
{
        uint32_t *links = calloc(MANY, sizeof(*links));
        struct cw_strpool *pool;
        size_t bytes;
        char text[64];

        (void)state;
        assert_non_null(links);
        assert_int_equal(cw_strpool_new(&pool), 0);
        fill(pool, links, "customer-", 6);
        bytes = cw_strpool_bytes(pool);
        for (int i = 0; i < MANY; i += 2)
                cw_strpool_unref(pool, cw_strpool_text(pool, links[i]));
        for (int i = 0; i < MANY; i += 2) {
                snprintf(text, sizeof(text), "consumer-%06d", i);
                assert_int_equal(cw_strpool_link(pool, text, strlen(text), &links[i]), 0);
        }
        assert_true(cw_strpool_bytes(pool) <= bytes + bytes / 64); /* a part of the table may have grown */
        for (int i = 0; i < MANY; i++)
                cw_strpool_unref(pool, cw_strpool_text(pool, links[i]));
        cw_strpool_free(pool);
        free(links);
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

static void test_a_pool_that_expects_many_takes_them_as_any(void **state)
{
        uint32_t *links = calloc(MANY, sizeof(*links));
        struct cw_strpool *pool;

        (void)state;
        assert_non_null(links);
        assert_int_equal(cw_strpool_new(&pool), 0);
        cw_strpool_reserve(pool, 10);
        fill(pool, links, "", 1);
        cw_strpool_reserve(pool, MANY);
        fill(pool, links, "", 1);
        for (int i = 0; i < MANY; i++)
                cw_strpool_unref(pool, cw_strpool_text(pool, links[i]));
        cw_strpool_free(pool);
        free(links);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_equal_texts_are_one_string),
                cmocka_unit_test(test_null_is_null),
                cmocka_unit_test(test_a_text_lives_as_long_as_its_references),
                cmocka_unit_test(test_many_are_what_each_would_be),
                cmocka_unit_test(test_texts_come_and_go_at_random),
                cmocka_unit_test(test_a_text_costs_little_and_a_dead_one_nothing),
                cmocka_unit_test(test_the_table_grows_by_and_by),
                cmocka_unit_test(test_what_is_given_back_is_used_again),
                cmocka_unit_test(test_a_text_is_not_one_that_begins_like_it),
                cmocka_unit_test(test_a_pool_that_expects_many_takes_them_as_any),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
