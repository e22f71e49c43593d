/* SPDX-License-Identifier: Apache-2.0 */
/* What is present is the same whether the journal is gathered at once or range by range. */
#include "rows.h"

#include "../../../src/store/present.h"
#include "cardwatch/card_pack.h"

#define CARDS 3000

static void change(struct cw_changes *changes, unsigned *seed, int n)
{
        for (int k = 0; k < n; k++) {
                struct cw_card_row row = {.source = "main",
                                          .card = {.id = (rand_r(seed) % CARDS - CARDS / 4) * INT64_C(1000003),
                                                   .customer = rand_r(seed) % 100,
                                                   .available = rand_r(seed),
                                                   .currency = "EUR"},
                                          .changed = (uint16_t)(1u << rand_r(seed) % CW_CARD_FIELDS),
                                          .has_before = true,
                                          .before = {.available = rand_r(seed)},
                                          .first_seen_at = 5,
                                          .observed_at = 1000 + k,
                                          .observations = (uint32_t)k,
                                          .gone = rand_r(seed) % 8 == 0};

                cw_changes_card(changes, &row);
        }
}

static void write_row(struct cw_buf *buf, const struct cw_card_row *row)
{
        cw_buf_printf(buf, "%lld %lld %lld %lld %u", (long long)row->card.id, (long long)row->card.customer,
                      (long long)row->card.available, (long long)row->observed_at, row->observations);
        for (unsigned i = 0; row->past && i < CW_CARD_FIELDS; i++)
                if (row->past->fields & 1u << i)
                        cw_buf_printf(buf, " %u:%lld", i, (long long)row->past->changed_at[i]);
        cw_buf_putc(buf, '\n');
}

static void gather(struct cw_present *present, size_t share)
{
        int r;

        while ((r = cw_present_gather(present, share, NULL)) == CW_JOURNAL_MORE)
                ;
        assert_int_equal(r, 0);
}

/* Returns in how many ranges it was handed out. */
static int walk(struct cw_store *store, size_t rows_most, size_t share, struct cw_buf *buf)
{
        struct cw_present *present;
        struct cw_card_row row;
        int ranges = 1, r;

        cw_buf_clear(buf);
        assert_int_equal(cw_present_new(store, "main", INT64_MAX, rows_most, &present, NULL), 0);
        gather(present, share);
        while ((r = cw_present_next(present, &row, NULL)) != 0) {
                if (r == CW_PRESENT_GATHER) {
                        gather(present, share);
                        ranges++;
                } else {
                        assert_int_equal(r, CW_CARDS_ROW);
                        write_row(buf, &row);
                }
        }
        cw_present_free(present);
        assert_int_equal(cw_buf_error(buf), 0);
        return ranges;
}

static void assert_ranges_alike(struct cw_store *store, size_t rows)
{
        static const size_t most[] = {1, 7, 100, 1000, 5000, 20000};
        cw_cleanup(cw_buf_deinit) struct cw_buf once = CW_BUF_NULL, ranged = CW_BUF_NULL;

        assert_int_equal(walk(store, SIZE_MAX, 65536, &once), 1);
        for (size_t i = 0; i < CW_ARRAY_SIZE(most); i++) {
                int ranges = walk(store, most[i], 300, &ranged);

                assert_string_equal(cw_buf_text(&once), cw_buf_text(&ranged));
                if (most[i] >= rows)
                        assert_int_equal(ranges, 1);
                else if (most[i] >= 1000)
                        assert_in_range(ranges, rows / most[i], rows / most[i] + 1);
        }
}

static void test_ranges_hand_out_the_same(void **state)
{
        (void)state;
        for (unsigned first = 1; first < 6; first++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                unsigned seed = first;
                size_t rows = 0;

                place_init(&place);
                store = open_store(&place);
                assert_ranges_alike(store, 0);
                for (int round = 0; round < 6; round++) {
                        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
                        int n = round % 2 ? 4000 : rand_r(&seed) % 3000;

                        change(&changes, &seed, n);
                        rows += (size_t)n;
                        commit(store, &changes, round + 1);
                        assert_ranges_alike(store, rows);
                        if (round == 3) {
                                maintain(store, 10, true);
                                rows = 0;
                                assert_ranges_alike(store, rows);
                        }
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ranges_hand_out_the_same),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
