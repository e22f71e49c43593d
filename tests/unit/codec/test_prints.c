/* SPDX-License-Identifier: Apache-2.0 */
/* By what a page is known again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/codec/prints.h"

#define LEN 5000

/* The one that matters: no digit anywhere changes unseen. */
static void test_a_changed_digit_is_always_seen(void **state)
{
        struct cw_prints prints;
        struct cw_prints_part part = {.len = LEN};
        char text[LEN];

        (void)state;
        cw_prints_init(&prints);
        memset(text, '7', sizeof(text));
        part.print = cw_prints_take(&prints, text, sizeof(text));
        for (size_t i = 0; i < sizeof(text); i++) {
                text[i] = '8';
                assert_false(cw_prints_is(&prints, &part, text));
                text[i] = '7';
        }
        for (part.len = 0; part.len < sizeof(text); part.len++)
                assert_false(cw_prints_is(&prints, &part, text));
        assert_true(cw_prints_is(&prints, &part, text));
        cw_prints_deinit(&prints);
}

static void keep(struct cw_prints *prints, uint32_t number, uint32_t n_parts)
{
        struct cw_prints_part parts[3] = {{.len = 1, .n_customers = 4}, {.len = 2}, {.len = 3}};
        struct cw_prints_page page = {.parts = parts, .n_parts = n_parts, .page_size = number};

        cw_prints_keep(prints, number, &page);
}

static void test_each_page_has_its_own(void **state)
{
        struct cw_prints prints;

        (void)state;
        cw_prints_init(&prints);
        assert_int_equal(cw_prints_find(&prints, 2)->n_parts, 0);
        keep(&prints, 2, 3);
        assert_int_equal(cw_prints_find(&prints, 2)->n_parts, 3);
        assert_int_equal(cw_prints_find(&prints, 2)->parts[2].len, 3);
        assert_int_equal(cw_prints_find(&prints, 2)->page_size, 2);
        assert_int_equal(cw_prints_find(&prints, 1)->n_parts, 0);
        assert_int_equal(cw_prints_find(&prints, 100001)->n_parts, 0);
        keep(&prints, 70000, 1);
        assert_int_equal(cw_prints_find(&prints, 70000)->parts[0].n_customers, 4);
        keep(&prints, 2, 1);
        assert_int_equal(cw_prints_find(&prints, 2)->n_parts, 1);
        keep(&prints, 2, 0);
        assert_int_equal(cw_prints_find(&prints, 2)->n_parts, 0);
        keep(&prints, UINT32_MAX, 1); /* no page has such a number */
        assert_int_equal(cw_prints_find(&prints, UINT32_MAX)->n_parts, 0);
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
