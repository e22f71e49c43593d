/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves: whose they are, when they are settled, and when a number is used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../src/core/leaves.h"

static void test_a_page_is_found_by_its_number(void **state)
{
        struct cw_leaves leaves = {0};
        uint32_t leaf;

        (void)state;
        assert_null(cw_leaves_find(&leaves, 1));
        leaf = cw_leaves_tell(&leaves, 70, 1, 1000);
        assert_int_not_equal(leaf, 0);
        assert_ptr_equal(cw_leaves_find(&leaves, 70), cw_leaves_at(&leaves, leaf));
        assert_null(cw_leaves_find(&leaves, 69));
        assert_null(cw_leaves_find(&leaves, 100000));
        assert_null(cw_leaves_at(&leaves, 0));
        cw_leaves_stir(&leaves, 0); /* is nothing */
        cw_leaves_deinit(&leaves);
}

static void test_it_is_settled_when_all_it_brought_is(void **state)
{
        struct cw_leaves leaves = {0};
        uint32_t leaf = cw_leaves_tell(&leaves, 1, 1, 1000);

        (void)state;
        cw_leaves_at(&leaves, leaf)->n_cards = 2;
        assert_false(cw_leaf_is_settled(cw_leaves_at(&leaves, leaf)));
        cw_leaves_at(&leaves, leaf)->n_settled = 2;
        assert_true(cw_leaf_is_settled(cw_leaves_at(&leaves, leaf)));
        cw_leaves_stir(&leaves, leaf);
        assert_false(cw_leaf_is_settled(cw_leaves_at(&leaves, leaf)));
        cw_leaves_deinit(&leaves);
}

/* A card that its page does not bring any more still belongs to the leaf that did: that number must mean nothing else.
 */
static void test_a_number_is_used_again_when_nobody_has_it(void **state)
{
        struct cw_leaves leaves = {0};
        uint32_t old = cw_leaves_tell(&leaves, 1, 1, 1000), next, card = cw_leaves_move(&leaves, 0, old);

        (void)state;
        cw_leaves_begin(&leaves);
        next = cw_leaves_tell(&leaves, 1, 2, 2000);
        assert_int_not_equal(next, old);
        cw_leaves_begin(&leaves);
        assert_int_not_equal(cw_leaves_tell(&leaves, 2, 3, 3000), old);
        card = cw_leaves_move(&leaves, card, next);
        assert_int_equal(card, next);
        assert_int_not_equal(cw_leaves_tell(&leaves, 3, 3, 3000), old); /* in the same poll it may be staged */
        cw_leaves_begin(&leaves);
        assert_int_equal(cw_leaves_tell(&leaves, 4, 4, 4000), old);
        cw_leaves_deinit(&leaves);
}

static void test_there_are_no_more_than_a_record_can_name(void **state)
{
        struct cw_leaves leaves = {0};
        uint32_t leaf = 0;

        (void)state;
        for (uint32_t i = 0; i < CW_LEAVES_MOST - 1; i++)
                leaf = cw_leaves_tell(&leaves, i, 1, 1000);
        assert_int_equal(leaf, CW_LEAVES_MOST - 1);
        assert_int_equal(cw_leaves_tell(&leaves, CW_LEAVES_MOST, 1, 1000), 0);
        assert_int_equal(cw_leaves_tell(&leaves, UINT32_MAX, 1, 1000), 0);
        assert_int_equal(cw_leaves_tell(&leaves, 0, 2, 1000), CW_LEAVES_MOST);
        assert_int_equal(cw_leaves_tell(&leaves, 1, 2, 1000), 0);
        assert_null(cw_leaves_find(&leaves, 1)); /* what it was told as no longer counts */
        cw_leaves_deinit(&leaves);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_page_is_found_by_its_number),
                cmocka_unit_test(test_it_is_settled_when_all_it_brought_is),
                cmocka_unit_test(test_a_number_is_used_again_when_nobody_has_it),
                cmocka_unit_test(test_there_are_no_more_than_a_record_can_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
