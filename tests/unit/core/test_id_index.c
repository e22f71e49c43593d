/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../../src/core/id_index.h"
#include "cardwatch/cleanup.h"

enum { MOST = 20000, STEPS = 200000 };

/* Rows from `first` on, for what is before them costs nothing to name. */
struct rows {
        uint32_t first, n;
        int64_t ids[MOST];
};

static int64_t id_of(const void *rows, uint32_t row)
{
        const struct rows *these = rows;

        assert_in_range(row, these->first, these->first + MOST - 1);
        return these->ids[row - these->first];
}

static unsigned below(uint64_t *random, unsigned n)
{
        *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (unsigned)((*random >> 33) % n);
}

static void add(struct cw_id_index *index, struct rows *rows, int64_t id)
{
        rows->ids[rows->n] = id;
        assert_int_equal(cw_id_index_add(index, rows, rows->first + rows->n), 0);
        rows->n++;
}

/* As the owners do it: the last takes its place. */
static void take_away(struct cw_id_index *index, struct rows *rows, uint32_t which)
{
        uint32_t last = rows->n - 1;

        cw_id_index_remove(index, rows, rows->first + which);
        if (which != last) {
                cw_id_index_move(index, rows, rows->first + last, rows->first + which);
                rows->ids[which] = rows->ids[last];
        }
        rows->n--;
}

static void all_are_found(const struct cw_id_index *index, const struct rows *rows)
{
        for (uint32_t i = 0; i < rows->n; i++)
                assert_int_equal(cw_id_index_find(index, rows, rows->ids[i]), rows->first + i);
}

static void test_ids_come_and_go_wherever_their_rows_are(void **state)
{
        static const struct {
                const char *name;
                uint32_t first;
                size_t reserved;
        } cases[] = {
                {"the first rows", 0, 0},
                {"the first rows, all expected", 0, MOST},
                {"up to the last row that three bytes name, and beyond", (1u << 24) - MOST / 4, 0},
                {"the same, all expected", (1u << 24) - MOST / 4, MOST},
                {"the row behind the last that three bytes name", (1u << 24) - 1, 0},
                {"the last rows of all", UINT32_MAX - MOST, 0},
        };
        static struct rows rows;

        (void)state;
        for (size_t c = 0; c < CW_ARRAY_SIZE(cases); c++) {
                struct cw_id_index index;
                uint64_t random = 42;
                int64_t next = -1000;

                print_message("  %s\n", cases[c].name);
                rows = (struct rows){.first = cases[c].first};
                cw_id_index_init(&index, id_of);
                cw_id_index_reserve(&index, cases[c].reserved);
                for (unsigned step = 0; step < STEPS; step++) {
                        bool adds = below(&random, 100) < (step / 40000 % 2 ? 35u : 65u); /* growing and shrinking */

                        if (adds && rows.n < MOST) {
                                cw_id_index_expect(&index, next);
                                assert_int_equal(cw_id_index_find(&index, &rows, next), CW_ID_INDEX_NONE);
                                add(&index, &rows, next++);
                        } else if (rows.n > 0) {
                                uint32_t which = below(&random, rows.n);
                                int64_t id = rows.ids[which];

                                take_away(&index, &rows, which);
                                assert_int_equal(cw_id_index_find(&index, &rows, id), CW_ID_INDEX_NONE);
                        }
                        if (step % 20000 == 0)
                                all_are_found(&index, &rows);
                }
                all_are_found(&index, &rows);
                while (rows.n > 0)
                        take_away(&index, &rows, rows.n - 1);
                assert_int_equal(cw_id_index_find(&index, &rows, next - 1), CW_ID_INDEX_NONE);
                cw_id_index_deinit(&index);
        }
}

static void test_an_id_costs_five_bytes_at_most_and_seven_far_out(void **state)
{
        static const struct {
                uint32_t first;
                size_t most;
        } cases[] = {{0, 5}, {1u << 24, 7}};
        static struct rows rows;

        (void)state;
        for (size_t c = 0; c < CW_ARRAY_SIZE(cases); c++) {
                struct cw_id_index index;

                rows = (struct rows){.first = cases[c].first};
                cw_id_index_init(&index, id_of);
                for (int64_t id = 1; id <= MOST; id++)
                        add(&index, &rows, id);
                assert_in_range(cw_id_index_bytes(&index) - sizeof(index), 3 * MOST, cases[c].most * MOST);
                cw_id_index_deinit(&index);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ids_come_and_go_wherever_their_rows_are),
                cmocka_unit_test(test_an_id_costs_five_bytes_at_most_and_seven_far_out),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
