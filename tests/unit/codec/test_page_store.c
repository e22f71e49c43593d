/* SPDX-License-Identifier: Apache-2.0 */
/* The room of a page's texts: each has its own, however they fill the blocks, and the next page finds it again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/codec/page_store.h"
#include "cardwatch/cleanup.h"

#define BLOCK 16384
#define TEXTS 64

/* Fills the room of each text and looks at all of them at the end: none lies in another's. */
static void fill_page(struct cw_page_store *store, const size_t *lens, size_t n, char **ret_first)
{
        char *texts[TEXTS];

        assert_int_equal(cw_page_store_clear(store), 0);
        for (size_t i = 0; i < n; i++) {
                texts[i] = cw_page_store_text(store, lens[i]);
                assert_non_null(texts[i]);
                memset(texts[i], (int)('a' + i), lens[i]);
                texts[i][lens[i]] = '\0';
        }
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(strlen(texts[i]), lens[i]);
                for (size_t k = 0; k < lens[i]; k++)
                        assert_int_equal(texts[i][k], 'a' + i);
        }
        *ret_first = texts[0];
}

static void test_texts_fill_blocks(void **state)
{
        static const struct {
                const char *name;
                size_t lens[TEXTS];
                size_t n;
        } cases[] = {
                {"one that fills its block to the last byte", {BLOCK - 1, 1}, 2},
                {"one that leaves room for a NUL alone", {BLOCK - 2, 0, 1}, 3},
                {"one that does not fit behind another by a byte", {100, BLOCK - 101, 5}, 3},
                {"one that fits exactly", {100, BLOCK - 102, 5}, 3},
                {"one larger than a block", {10, 3 * BLOCK, 10}, 3},
                {"several blocks", {9000, 9000, 9000, 9000, 9000}, 5},
                {"empty ones", {0, 0, 0}, 3},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_page_store store = {.page = CW_PAGE_NULL};
                char *first, *again;

                print_message("  %s\n", cases[i].name);
                fill_page(&store, cases[i].lens, cases[i].n, &first);
                fill_page(&store, cases[i].lens, cases[i].n, &again);
                assert_ptr_equal(again, first);
                cw_page_deinit(&store.page);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_texts_fill_blocks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
