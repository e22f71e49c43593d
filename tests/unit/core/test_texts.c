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

#include "../../../src/core/texts.h"

static uint32_t keep(struct cw_texts *texts, const char *text)
{
        uint32_t link;

        assert_int_equal(cw_texts_keep(texts, text, &link), 0);
        return link;
}

static uint32_t again(struct cw_texts *texts, uint32_t link)
{
        uint32_t more;

        assert_int_equal(cw_texts_again(texts, link, &more), 0);
        return more;
}

static struct cw_texts *begin(void)
{
        struct cw_texts *texts;

        assert_int_equal(cw_texts_new(&texts), 0);
        return texts;
}

static void test_null_is_null(void **state)
{
        struct cw_texts *texts = begin();

        (void)state;
        assert_int_equal(keep(texts, NULL), 0);
        assert_int_equal(again(texts, 0), 0);
        assert_null(cw_texts_get(texts, 0));
        cw_texts_release(texts, 0);
        assert_int_equal(cw_texts_count(texts), 0);
        cw_texts_free(texts);
        cw_texts_free(NULL);
}

static void test_a_text_is_kept_as_it_is(void **state)
{
        static const char *const given[] = {"", "a", "acme-1", "acme-12", "acme-1"};
        enum { N = sizeof(given) / sizeof(given[0]) };
        struct cw_texts *texts = begin();
        uint32_t links[N];

        (void)state;
        for (size_t i = 0; i < N; i++)
                links[i] = keep(texts, given[i]);
        for (size_t i = 0; i < N; i++)
                assert_string_equal(cw_texts_get(texts, links[i]), given[i]);
        assert_int_equal(links[4], links[2]);
        assert_int_equal(cw_texts_count(texts), N - 1);
        for (size_t i = 0; i < N; i++)
                cw_texts_release(texts, links[i]);
        assert_int_equal(cw_texts_count(texts), 0);
        cw_texts_free(texts);
}

/* The customers of one provider with the same few references, whose cards come in any order. */
static void test_few_texts_are_shared_by_many(void **state)
{
        enum { TEXTS = 3, CARDS = 600 };
        struct cw_texts *texts = begin();
        uint32_t links[CARDS];
        char text[16];

        (void)state;
        for (int i = 0; i < CARDS; i++) {
                snprintf(text, sizeof(text), "branch %d", i % TEXTS);
                links[i] = keep(texts, text);
        }
        assert_int_equal(cw_texts_count(texts), TEXTS);
        for (int i = 0; i < CARDS; i++)
                cw_texts_release(texts, links[i]);
        assert_int_equal(cw_texts_count(texts), 0);
        cw_texts_free(texts);
}

/* A byte counts up to 255: whoever comes then gets another text, and each dies with its own last reference. */
static void test_a_text_with_all_references_that_are_counted_is_made_again(void **state)
{
        enum { REFS = 255 };
        static const char *const by[] = {"keeping the text", "linking again"};

        (void)state;
        for (int linking = 0; linking < 2; linking++) {
                struct cw_texts *texts = begin();
                uint32_t first = keep(texts, "acme"), second;

                print_message("  %s\n", by[linking]);
                for (int i = 1; i < REFS; i++)
                        assert_int_equal(linking ? again(texts, first) : keep(texts, "acme"), first);
                assert_int_equal(cw_texts_count(texts), 1);
                second = linking ? again(texts, first) : keep(texts, "acme");
                assert_int_not_equal(second, first);
                assert_string_equal(cw_texts_get(texts, second), "acme");
                assert_int_equal(keep(texts, "acme"), second);
                assert_int_equal(cw_texts_count(texts), 2);
                cw_texts_release(texts, second);
                for (int i = 0; i < REFS; i++) {
                        assert_string_equal(cw_texts_get(texts, first), "acme");
                        cw_texts_release(texts, first);
                }
                assert_int_equal(cw_texts_count(texts), 1);
                assert_string_equal(cw_texts_get(texts, second), "acme");
                cw_texts_release(texts, second);
                cw_texts_free(texts);
        }
}

/* However texts come and go, what is kept is what a list of them would hold. */
enum { TEXTS = 400, STEPS = 200000, LONGEST = 3000, MANY_REFS = 600 };

struct known {
        char *text;
        uint32_t links[MANY_REFS];
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

static void test_texts_come_and_go_at_random(void **state)
{
        static struct known known[TEXTS];
        struct cw_texts *texts = begin();
        uint64_t random = 42;

        (void)state;
        for (unsigned i = 0; i < TEXTS; i++)
                known[i].text = make_text(&random, i);
        for (unsigned step = 0; step < STEPS; step++) {
                /* A few are asked for all the time, and by more than are counted. */
                struct known *one = &known[below(&random, below(&random, 4) ? TEXTS : 4)];
                bool takes = below(&random, 1000) < (step / 20000 % 2 ? 350u : 600u); /* growing and shrinking */
                uint32_t *last = &one->links[one->count];

                if (takes && one->count < MANY_REFS) {
                        *last = one->count > 0 && below(&random, 2) ? again(texts, last[-1]) : keep(texts, one->text);
                        one->count++;
                } else if (!takes && one->count > 0) {
                        unsigned which = below(&random, one->count--);

                        cw_texts_release(texts, one->links[which]);
                        one->links[which] = one->links[one->count];
                }
                if (one->count > 0)
                        assert_string_equal(cw_texts_get(texts, one->links[below(&random, one->count)]), one->text);
        }
        for (unsigned i = 0; i < TEXTS; i++) {
                while (known[i].count-- > 0) {
                        assert_string_equal(cw_texts_get(texts, known[i].links[known[i].count]), known[i].text);
                        cw_texts_release(texts, known[i].links[known[i].count]);
                }
                free(known[i].text);
        }
        cw_texts_free(texts); /* which asserts that nothing is left */
}

enum { MANY = 100000 };

static void fill(struct cw_texts *texts, uint32_t *links, const char *prefix, int digits)
{
        char text[64];

        for (int i = 0; i < MANY; i++) {
                uint32_t was = links[i];

                snprintf(text, sizeof(text), "%s%0*d", prefix, digits, i);
                links[i] = keep(texts, text);
                cw_texts_release(texts, was);
        }
}

static void empty(struct cw_texts *texts, const uint32_t *links)
{
        for (int i = 0; i < MANY; i++)
                cw_texts_release(texts, links[i]);
}

static void test_a_text_costs_little_and_a_dead_one_nothing(void **state)
{
        uint32_t *links = calloc(MANY, sizeof(*links));
        struct cw_texts *texts = begin();
        size_t none = cw_texts_bytes(texts), bytes;

        (void)state;
        assert_non_null(links);
        fill(texts, links, "customer-", 6);
        bytes = cw_texts_bytes(texts);
        assert_true(bytes - none <= (size_t)MANY * (sizeof("customer-123456") + 2));
        /* Other texts in the place of all these, shorter and longer ones: what a provider changes all the time. */
        for (int round = 0; round < 3; round++) {
                fill(texts, links, "", 1);
                fill(texts, links, "a-longer-reference-of-customer-", 6);
                fill(texts, links, "client-", 8);
        }
        fill(texts, links, "customer-", 6);
        assert_true(cw_texts_bytes(texts) <= bytes + bytes / 16);
        empty(texts, links);
        assert_true(cw_texts_bytes(texts) < bytes / 8); /* what knows of slabs, and no texts */
        cw_texts_free(texts);
        free(links);
}

static void test_what_is_given_back_is_used_again(void **state)
{
        uint32_t *links = calloc(MANY, sizeof(*links));
        struct cw_texts *texts = begin();
        size_t bytes;
        char text[64];

        (void)state;
        assert_non_null(links);
        fill(texts, links, "customer-", 6);
        bytes = cw_texts_bytes(texts);
        for (int i = 0; i < MANY; i += 2)
                cw_texts_release(texts, links[i]);
        for (int i = 0; i < MANY; i += 2) {
                snprintf(text, sizeof(text), "consumer-%06d", i);
                links[i] = keep(texts, text);
        }
        assert_int_equal(cw_texts_bytes(texts), bytes);
        empty(texts, links);
        cw_texts_free(texts);
        free(links);
}

/* Of every length on both sides of where a text has a slab of its own. */
static void test_a_text_may_have_any_length(void **state)
{
        enum { LENGTHS = 2000 };
        static uint32_t links[LENGTHS];
        static char text[LENGTHS];
        struct cw_texts *texts = begin();

        (void)state;
        for (int round = 0; round < 2; round++) {
                for (size_t len = LENGTHS; len-- > 0;) {
                        memset(text, 'x', len);
                        text[len] = '\0';
                        links[len] = keep(texts, text);
                }
                for (size_t len = 0; len < LENGTHS; len++) {
                        assert_int_equal(strlen(cw_texts_get(texts, links[len])), len);
                        cw_texts_release(texts, links[len]);
                }
        }
        cw_texts_free(texts);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_null_is_null),
                cmocka_unit_test(test_a_text_is_kept_as_it_is),
                cmocka_unit_test(test_few_texts_are_shared_by_many),
                cmocka_unit_test(test_a_text_with_all_references_that_are_counted_is_made_again),
                cmocka_unit_test(test_texts_come_and_go_at_random),
                cmocka_unit_test(test_a_text_costs_little_and_a_dead_one_nothing),
                cmocka_unit_test(test_what_is_given_back_is_used_again),
                cmocka_unit_test(test_a_text_may_have_any_length),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
