/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves: whose they are, when they are settled, and when a number is used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../src/core/leaves.h"

/* A page of one part. */
static uint32_t tell(struct cw_leaves *leaves, uint32_t place, uint32_t poll)
{
        uint32_t leaf;

        cw_leaves_turn(leaves, place, 1);
        leaf = cw_leaves_tell(leaves, poll, 1000);
        return leaf;
}

static void test_a_page_is_found_by_its_number(void **state)
{
        struct cw_leaves leaves = {0};
        uint32_t leaf;

        (void)state;
        assert_int_equal(cw_leaves_first(&leaves, 1), 0);
        leaf = tell(&leaves, 70, 1);
        assert_int_not_equal(leaf, 0);
        assert_int_equal(cw_leaves_first(&leaves, 70), leaf);
        assert_int_equal(cw_leaves_next(&leaves, leaf), 0);
        assert_int_equal(cw_leaves_first(&leaves, 69), 0);
        assert_int_equal(cw_leaves_first(&leaves, 100000), 0);
        assert_null(cw_leaves_at(&leaves, 0));
        cw_leaves_stir(&leaves, 0); /* is nothing */
        cw_leaves_deinit(&leaves);
}

static void assert_chain(const struct cw_leaves *leaves, uint32_t place, const uint32_t *expected)
{
        uint32_t leaf = cw_leaves_first(leaves, place);

        for (; *expected; expected++, leaf = cw_leaves_next(leaves, leaf))
                assert_int_equal(leaf, *expected);
        assert_int_equal(leaf, 0);
}

static void test_parts_keep_their_leaves_or_get_new_ones(void **state)
{
        struct cw_leaves leaves = {0};
        uint32_t parts[4] = {0}, changed, added;

        (void)state;
        cw_leaves_turn(&leaves, 1, 3);
        for (int i = 0; i < 3; i++)
                parts[i] = cw_leaves_tell(&leaves, 1, 1000);
        assert_chain(&leaves, 1, parts);

        cw_leaves_turn(&leaves, 1, 4);
        assert_int_equal(cw_leaves_keep(&leaves), parts[0]);
        changed = cw_leaves_tell(&leaves, 2, 2000);
        assert_int_equal(cw_leaves_keep(&leaves), parts[2]);
        added = cw_leaves_tell(&leaves, 2, 2000);
        assert_chain(&leaves, 1, (uint32_t[]){parts[0], changed, parts[2], added, 0});

        cw_leaves_turn(&leaves, 1, 1);
        assert_int_equal(cw_leaves_keep(&leaves), parts[0]);
        assert_chain(&leaves, 1, (uint32_t[]){parts[0], 0});
        cw_leaves_deinit(&leaves);
}

static void test_it_is_settled_when_all_it_brought_is(void **state)
{
        struct cw_leaves leaves = {0};
        uint32_t leaf = tell(&leaves, 1, 1);

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
        uint32_t old = tell(&leaves, 1, 1), next, card = cw_leaves_move(&leaves, 0, old);

        (void)state;
        cw_leaves_begin(&leaves);
        next = tell(&leaves, 1, 2);
        assert_int_not_equal(next, old);
        cw_leaves_begin(&leaves);
        assert_int_not_equal(tell(&leaves, 2, 3), old);
        card = cw_leaves_move(&leaves, card, next);
        assert_int_equal(card, next);
        assert_int_not_equal(tell(&leaves, 3, 3), old); /* in the same poll it may be staged */
        cw_leaves_begin(&leaves);
        assert_int_equal(tell(&leaves, 4, 4), old);
        cw_leaves_deinit(&leaves);
}

static void test_there_are_no_more_than_a_record_can_name(void **state)
{
        struct cw_leaves leaves = {0};
        uint32_t leaf = 0;

        (void)state;
        for (uint32_t i = 0; i < CW_LEAVES_MOST - 1; i++)
                leaf = tell(&leaves, i, 1);
        assert_int_equal(leaf, CW_LEAVES_MOST - 1);
        assert_int_equal(tell(&leaves, CW_LEAVES_MOST, 1), 0);
        assert_int_equal(tell(&leaves, UINT32_MAX, 1), 0);
        assert_int_equal(tell(&leaves, 0, 2), CW_LEAVES_MOST);
        assert_int_equal(tell(&leaves, 1, 2), 0);
        assert_int_equal(cw_leaves_first(&leaves, 1), 0); /* what it was told as no longer counts */
        cw_leaves_deinit(&leaves);
}

/* Else the parts behind it would be taken for the one in whose place they came to stand. */
static void test_behind_a_part_without_a_leaf_the_page_has_none(void **state)
{
        struct cw_leaves leaves = {0};
        uint32_t first, last;

        (void)state;
        cw_leaves_turn(&leaves, 1, 3);
        first = cw_leaves_tell(&leaves, 1, 1000);
        cw_leaves_tell(&leaves, 1, 1000);
        last = cw_leaves_tell(&leaves, 1, 1000);
        for (uint32_t i = 2; i <= CW_LEAVES_MOST - 2; i++)
                assert_int_not_equal(tell(&leaves, i, 1), 0);

        cw_leaves_turn(&leaves, 1, 3);
        assert_int_equal(cw_leaves_keep(&leaves), first);
        assert_int_equal(cw_leaves_tell(&leaves, 1, 1000), 0);
        assert_int_equal(cw_leaves_keep(&leaves), last);
        assert_chain(&leaves, 1, (uint32_t[]){first, 0});
        cw_leaves_deinit(&leaves);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_page_is_found_by_its_number),
                cmocka_unit_test(test_parts_keep_their_leaves_or_get_new_ones),
                cmocka_unit_test(test_it_is_settled_when_all_it_brought_is),
                cmocka_unit_test(test_a_number_is_used_again_when_nobody_has_it),
                cmocka_unit_test(test_there_are_no_more_than_a_record_can_name),
                cmocka_unit_test(test_behind_a_part_without_a_leaf_the_page_has_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
