/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: an array of flags is a map nobody can get wrong; the real one must agree with it after every step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/map.h"

enum { N_KEYS = 600, N_STEPS = 200000 };

static uint64_t next_random(uint64_t *seed)
{
        *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return *seed >> 33;
}

/* Keys with equal low bits, and the extremes among them. */
static uint64_t key_of(size_t i)
{
        return i == 0 ? 0 : i == 1 ? UINT64_MAX : i % 3 == 0 ? (uint64_t)i << 40 : i;
}

static void assert_walk_agrees(const struct cw_map *map, char *const model[N_KEYS], size_t n_living)
{
        size_t cursor = 0, n = 0;
        uint64_t key;
        void *value;

        while (cw_map_next(map, &cursor, &key, &value)) {
                assert_ptr_equal(cw_map_get(map, key), value);
                n++;
        }
        assert_int_equal(n, n_living);
        assert_int_equal(map->used, n_living);
        for (size_t i = 0; i < N_KEYS; i++)
                assert_ptr_equal(cw_map_get(map, key_of(i)), model[i]);
}

static void test_agrees_with_a_naive_model(void **state)
{
        struct cw_map map = CW_MAP_NULL;
        char *model[N_KEYS] = {0}, things[2];
        size_t n_living = 0;
        uint64_t seed = 42;

        (void)state;
        for (int step = 0; step < N_STEPS; step++) {
                size_t i = next_random(&seed) % N_KEYS;
                /* Phases of mostly putting and mostly removing. */
                int removing = next_random(&seed) % 10 < (step / 20000 % 2 ? 8 : 3);
                char *thing = &things[next_random(&seed) % 2];

                if (removing) {
                        assert_ptr_equal(cw_map_remove(&map, key_of(i)), model[i]);
                        n_living -= model[i] != NULL;
                        model[i] = NULL;
                } else {
                        assert_int_equal(cw_map_put(&map, key_of(i), thing), 0);
                        n_living += model[i] == NULL;
                        model[i] = thing;
                }
                assert_true(map.filled < map.capacity || map.capacity == 0);
                if (step % 1000 == 0)
                        assert_walk_agrees(&map, model, n_living);
        }
        assert_walk_agrees(&map, model, n_living);
        cw_map_deinit(&map);
}

static void test_an_empty_map_answers(void **state)
{
        struct cw_map map = CW_MAP_NULL;
        size_t cursor = 0;

        (void)state;
        assert_null(cw_map_get(&map, 7));
        assert_null(cw_map_remove(&map, 7));
        assert_false(cw_map_next(&map, &cursor, NULL, NULL));
        cw_map_deinit(&map);
        cw_map_deinit(&map);
}

static void test_removing_while_walking_sees_each_entry_once(void **state)
{
        struct cw_map map = CW_MAP_NULL;
        size_t cursor = 0, n = 0;
        uint64_t key;
        int thing;

        (void)state;
        for (uint64_t i = 0; i < 1000; i++)
                assert_int_equal(cw_map_put(&map, i, &thing), 0);
        while (cw_map_next(&map, &cursor, &key, NULL)) {
                assert_ptr_equal(cw_map_remove(&map, key), &thing);
                n++;
        }
        assert_int_equal(n, 1000);
        assert_int_equal(map.used, 0);
        cw_map_deinit(&map);
}

static void test_coming_and_going_does_not_grow_it(void **state)
{
        struct cw_map map = CW_MAP_NULL;
        int thing;

        (void)state;
        for (uint64_t i = 0; i < 100000; i++) {
                assert_int_equal(cw_map_put(&map, i, &thing), 0);
                if (i >= 10)
                        assert_ptr_equal(cw_map_remove(&map, i - 10), &thing);
        }
        assert_true(map.capacity <= 64);
        cw_map_deinit(&map);
}

static void test_the_same_history_walks_the_same(void **state)
{
        struct cw_map a = CW_MAP_NULL, b = CW_MAP_NULL;
        size_t cursor_a = 0, cursor_b = 0;
        uint64_t key_a, key_b;
        int thing;

        (void)state;
        for (uint64_t i = 0; i < 100; i++) {
                assert_int_equal(cw_map_put(&a, i * 977, &thing), 0);
                assert_int_equal(cw_map_put(&b, i * 977, &thing), 0);
        }
        while (cw_map_next(&a, &cursor_a, &key_a, NULL)) {
                assert_true(cw_map_next(&b, &cursor_b, &key_b, NULL));
                assert_true(key_a == key_b);
        }
        assert_false(cw_map_next(&b, &cursor_b, NULL, NULL));
        cw_map_deinit(&a);
        cw_map_deinit(&b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_agrees_with_a_naive_model),
                cmocka_unit_test(test_an_empty_map_answers),
                cmocka_unit_test(test_removing_while_walking_sees_each_entry_once),
                cmocka_unit_test(test_coming_and_going_does_not_grow_it),
                cmocka_unit_test(test_the_same_history_walks_the_same),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
