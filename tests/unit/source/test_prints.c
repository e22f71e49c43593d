/* SPDX-License-Identifier: Apache-2.0 */
/* By what a page is known again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/source/prints.h"

#define LEN 5000

static const struct cw_cycle_answer facts = {.n_customers = 3, .page_size = 10, .page_number = 2, .number_of_pages = 4};

/* The one that matters: no digit anywhere changes unseen, and neither does the length. */
static void test_a_changed_digit_is_always_seen(void **state)
{
        struct cw_prints prints;
        char text[LEN];
        struct cw_print print;

        (void)state;
        cw_prints_init(&prints);
        memset(text, '7', sizeof(text));
        print = cw_prints_take(&prints, text, sizeof(text));
        cw_prints_keep(&prints, 2, &print, &facts);
        for (size_t i = 0; i < sizeof(text); i++) {
                struct cw_print other;

                text[i] = '8';
                other = cw_prints_take(&prints, text, sizeof(text));
                assert_null(cw_prints_find(&prints, 2, &other));
                text[i] = '7';
        }
        for (size_t len = 0; len < sizeof(text); len++) {
                struct cw_print other = cw_prints_take(&prints, text, len);

                assert_null(cw_prints_find(&prints, 2, &other));
        }
        print = cw_prints_take(&prints, text, sizeof(text));
        assert_int_equal(cw_prints_find(&prints, 2, &print)->n_customers, 3);
        assert_int_equal(cw_prints_find(&prints, 2, &print)->number_of_pages, 4);
        cw_prints_deinit(&prints);
}

static void test_each_page_has_its_own(void **state)
{
        struct cw_prints prints;
        struct cw_print print, other;

        (void)state;
        cw_prints_init(&prints);
        print = cw_prints_take(&prints, "a", 1);
        other = cw_prints_take(&prints, "b", 1);
        assert_null(cw_prints_find(&prints, 2, &print));
        cw_prints_keep(&prints, 2, &print, &facts);
        assert_non_null(cw_prints_find(&prints, 2, &print));
        assert_null(cw_prints_find(&prints, 1, &print));
        assert_null(cw_prints_find(&prints, 3, &print));
        assert_null(cw_prints_find(&prints, 100001, &print));
        cw_prints_keep(&prints, 2, &other, &facts);
        assert_null(cw_prints_find(&prints, 2, &print));
        cw_prints_keep(&prints, 70000, &other, &facts);
        assert_non_null(cw_prints_find(&prints, 70000, &other));
        cw_prints_keep(&prints, UINT32_MAX, &other, &facts); /* no page has such a number */
        assert_null(cw_prints_find(&prints, UINT32_MAX, &other));
        cw_prints_deinit(&prints);
}

/* Whoever writes the pages cannot know what two texts would look alike. */
static void test_the_key_is_another_each_time(void **state)
{
        struct cw_prints one, other;
        struct cw_print a, b;

        (void)state;
        cw_prints_init(&one);
        cw_prints_init(&other);
        a = cw_prints_take(&one, "page", 4);
        b = cw_prints_take(&other, "page", 4);
        assert_memory_not_equal(&a, &b, sizeof(a));
        cw_prints_deinit(&one);
        cw_prints_deinit(&other);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_changed_digit_is_always_seen),
                cmocka_unit_test(test_each_page_has_its_own),
                cmocka_unit_test(test_the_key_is_another_each_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
