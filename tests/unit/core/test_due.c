/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../src/core/due.h"

static void test_an_empty_heap_has_nothing(void **state)
{
        struct cw_due due = {0};
        struct cw_due_entry entry = {.at = 5, .key = 6};

        (void)state;
        assert_false(cw_due_peek(&due, &entry));
        assert_int_equal(entry.at, 5);
        cw_due_deinit(&due);
}

static void test_equal_times_come_in_the_order_of_their_keys(void **state)
{
        struct cw_due due = {0};
        struct cw_due_entry entry;

        (void)state;
        for (uint64_t key = 10; key > 0; key--)
                assert_int_equal(cw_due_push(&due, 7, key), 0);
        for (uint64_t key = 1; key <= 10; key++) {
                assert_true(cw_due_peek(&due, &entry));
                assert_int_equal(entry.key, key);
                cw_due_pop(&due);
        }
        assert_false(cw_due_peek(&due, &entry));
        cw_due_deinit(&due);
}

static uint64_t draw(uint64_t *random)
{
        *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return *random >> 33;
}

static size_t count(const struct cw_due_entry *list, size_t n, int64_t at, size_t most)
{
        size_t due = 0;

        for (size_t i = 0; i < n; i++)
                due += list[i].at <= at;
        return due < most ? due : most;
}

/* Pushes and pops at random; whatever comes out is the smallest of a plain list, and as many are due as are in that. */
static void test_what_comes_out_is_the_earliest(void **state)
{
        struct cw_due due = {0};
        struct cw_due_entry list[600], entry;
        size_t n = 0;
        uint64_t random = 1;

        (void)state;
        for (int i = 0; i < 20000; i++) {
                size_t least = 0, most = draw(&random) % 300;
                int64_t at = (int64_t)(draw(&random) % 60) - 30;

                assert_int_equal(cw_due_count(&due, at, most), count(list, n, at, most));
                if (n < 600 && (n == 0 || draw(&random) % 100 < 52)) {
                        list[n] = (struct cw_due_entry){(int64_t)(draw(&random) % 50) - 25, draw(&random) % 8};
                        assert_int_equal(cw_due_push(&due, list[n].at, list[n].key), 0);
                        n++;
                        continue;
                }
                for (size_t j = 1; j < n; j++)
                        if (list[j].at < list[least].at ||
                            (list[j].at == list[least].at && list[j].key < list[least].key))
                                least = j;
                assert_true(cw_due_peek(&due, &entry));
                assert_int_equal(entry.at, list[least].at);
                assert_int_equal(entry.key, list[least].key);
                cw_due_pop(&due);
                list[least] = list[--n];
        }
        cw_due_deinit(&due);
}

static void test_what_is_later_is_left(void **state)
{
        struct cw_due due = {0};
        struct cw_due_entry entry = {0};

        (void)state;
        assert_false(cw_due_take(&due, 100, &entry));
        assert_int_equal(cw_due_push(&due, 20, 2), 0);
        assert_int_equal(cw_due_push(&due, 10, 1), 0);
        assert_false(cw_due_take(&due, 9, &entry));
        assert_true(cw_due_take(&due, 10, &entry));
        assert_int_equal(entry.key, 1);
        assert_false(cw_due_take(&due, 19, &entry));
        assert_int_equal(due.n, 1);
        cw_due_deinit(&due);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_empty_heap_has_nothing),
                cmocka_unit_test(test_equal_times_come_in_the_order_of_their_keys),
                cmocka_unit_test(test_what_comes_out_is_the_earliest),
                cmocka_unit_test(test_what_is_later_is_left),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
