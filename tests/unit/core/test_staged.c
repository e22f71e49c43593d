/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken is let go of as it is looked at, and what waits longer is staged again meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../../src/core/staged.h"

static void fill(struct cw_stage *stage, size_t n)
{
        for (size_t i = 0; i < n; i++)
                assert_int_equal(cw_stage_add(stage, &(struct cw_staged){.card = {.id = (int64_t)i}}), 0);
}

/* Looks at all, and stages every `again`th once more. */
static void look(struct cw_stage *stage, size_t again)
{
        struct cw_stage taken = cw_stage_take(stage);

        assert_int_equal(stage->n, 0);
        for (size_t i = 0; i < taken.n; i++) {
                struct cw_staged staged = *cw_stage_at(&taken, i);

                cw_stage_is_behind(&taken, i);
                if (i % again == 0)
                        assert_int_equal(cw_stage_add(stage, &staged), 0);
        }
        cw_stage_is_over(stage, &taken);
        assert_int_equal(taken.chunks.n, 0);
}

static void test_what_is_staged_again_stays_in_order(void **state)
{
        static const struct {
                size_t n, again;
        } cases[] = {
                {0, 1},
                {1, 1},
                {CW_STAGED_MANY, 1},
                {CW_STAGED_MANY, 3},
                {CW_CHUNK - 1, 1},
                {CW_CHUNK, 1},
                {CW_CHUNK + 1, 1},
                {3 * CW_CHUNK, 1},
                {3 * CW_CHUNK, 2},
                {3 * CW_CHUNK + 5, 1000},
                {3 * CW_CHUNK, CW_CHUNK},
                {2 * CW_CHUNK, CW_CHUNK * 4},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct cw_stage stage = {.n = 0};

                fill(&stage, cases[i].n);
                look(&stage, cases[i].again);
                assert_int_equal(stage.n, (cases[i].n + cases[i].again - 1) / cases[i].again);
                for (size_t k = 0; k < stage.n; k++)
                        assert_int_equal(cw_stage_at(&stage, k)->card.id, k * cases[i].again);
                look(&stage, SIZE_MAX); /* the first stays */
                assert_int_equal(stage.n, cases[i].n > 0);
                fill(&stage, CW_CHUNK + 1); /* and more comes */
                cw_stage_deinit(&stage);
        }
}

/* How many chunks are kept after so many were looked at. */
static size_t kept_after(size_t n)
{
        struct cw_stage stage = {.n = 0}, taken;
        size_t kept;

        fill(&stage, n);
        taken = cw_stage_take(&stage);
        cw_stage_is_over(&stage, &taken);
        assert_int_equal(stage.n, 0);
        kept = stage.chunks.n;
        cw_stage_deinit(&stage);
        return kept;
}

static void test_few_leave_their_memory_to_the_next_and_many_do_not(void **state)
{
        (void)state;
        assert_int_equal(kept_after(0), 0);
        assert_int_equal(kept_after(1), 1);
        assert_int_equal(kept_after(CW_STAGED_MANY), 1);
        assert_int_equal(kept_after(CW_STAGED_MANY + 1), 0);
}

/* The room for chunks was there, and the first chunk was not. */
static void test_what_could_not_be_staged_again_leaves_nothing_behind(void **state)
{
        struct cw_stage stage = {.n = 0}, taken;

        (void)state;
        fill(&stage, 1);
        taken = cw_stage_take(&stage);
        stage.chunks.chunks = calloc(16, sizeof(char *));
        stage.chunks.capacity = 16;
        cw_stage_is_over(&stage, &taken);
        fill(&stage, 2);
        assert_int_equal(stage.chunks.n, 1);
        cw_stage_deinit(&stage); /* a sanitizer sees what is lost */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_staged_again_stays_in_order),
                cmocka_unit_test(test_few_leave_their_memory_to_the_next_and_many_do_not),
                cmocka_unit_test(test_what_could_not_be_staged_again_leaves_nothing_behind),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
