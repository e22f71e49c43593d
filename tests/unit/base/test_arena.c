/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: every piece is filled with a byte of its own; pieces that overlap or go away would show another's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/arena.h"
#include "cardwatch/cleanup.h"

enum { N_PIECES = 4000, LARGE = 100000 };

struct piece {
        unsigned char *bytes;
        size_t size;
};

/* Mostly small, now and then none at all, or larger than any chunk. */
static size_t size_of(size_t i)
{
        return i % 500 == 7 ? LARGE : i % 41;
}

static void take(struct cw_arena *arena, struct piece *pieces, size_t from, size_t to)
{
        for (size_t i = from; i < to; i++) {
                pieces[i] = (struct piece){.bytes = cw_arena_take(arena, size_of(i)), .size = size_of(i)};
                assert_non_null(pieces[i].bytes);
                assert_int_equal((uintptr_t)pieces[i].bytes % sizeof(int64_t), 0);
                memset(pieces[i].bytes, (int)(i % 251), pieces[i].size);
        }
}

static void assert_untouched(const struct piece *pieces)
{
        for (size_t i = 0; i < N_PIECES; i++)
                for (size_t k = 0; k < pieces[i].size; k++)
                        assert_int_equal(pieces[i].bytes[k], i % 251);
}

static void test_pieces_stay_apart_and_where_they_are(void **state)
{
        static struct piece pieces[N_PIECES];
        cw_cleanup(cw_arena_deinit) struct cw_arena arena = CW_ARENA_NULL, other = CW_ARENA_NULL;
        size_t bytes;

        (void)state;
        take(&arena, pieces, 0, N_PIECES / 2);
        take(&other, pieces, N_PIECES / 2, N_PIECES);
        bytes = arena.bytes + other.bytes;
        cw_arena_join(&arena, &other);
        assert_null(other.chunks);
        assert_int_equal(arena.bytes, bytes);
        assert_int_equal(other.bytes, 0);
        assert_untouched(pieces);
        assert_non_null(cw_arena_take(&arena, 3));
        assert_untouched(pieces);
}

static void test_few_things_take_little_and_many_not_much_more_than_they_are(void **state)
{
        cw_cleanup(cw_arena_deinit) struct cw_arena arena = CW_ARENA_NULL;
        size_t taken = 0;

        (void)state;
        assert_non_null(cw_arena_take(&arena, 1));
        assert_true(arena.bytes < 2000);
        for (size_t i = 0; i < N_PIECES; i++, taken += (size_of(i) + 7) / 8 * 8)
                assert_non_null(cw_arena_take(&arena, size_of(i)));
        assert_true(arena.bytes < taken + 64000);
        assert_null(cw_arena_take(&arena, SIZE_MAX));
}

static void test_nothing_joins_nothing(void **state)
{
        cw_cleanup(cw_arena_deinit) struct cw_arena arena = CW_ARENA_NULL, other = CW_ARENA_NULL;

        (void)state;
        cw_arena_join(&arena, &other);
        assert_null(arena.chunks);
        assert_non_null(cw_arena_take(&other, 10));
        cw_arena_join(&arena, &other);
        assert_non_null(arena.chunks);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pieces_stay_apart_and_where_they_are),
                cmocka_unit_test(test_few_things_take_little_and_many_not_much_more_than_they_are),
                cmocka_unit_test(test_nothing_joins_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
