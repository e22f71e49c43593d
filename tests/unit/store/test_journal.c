/* SPDX-License-Identifier: Apache-2.0 */
/* What was packed while it was made stands in the journal as if it had been packed when it was written. */
#include "rows.h"

#include <sqlite3.h>

#include "cardwatch/changes_cards.h"

#define CARDS 10000 /* three parts */

static void add_all(struct cw_changes *changes, bool pack)
{
        for (int64_t i = 0; i < CARDS; i++) {
                add_card(changes, i < CARDS - 10 ? "main" : "other", i, i * 7);
                if (pack && changes->cards.n >= CW_CARDS_TOGETHER)
                        cw_changes_pack_cards(changes);
        }
}

/* Every byte of both tables, as text. */
static void write_journal(const struct place *place, struct cw_buf *buf)
{
        sqlite3_stmt *statement = NULL;
        sqlite3 *db = NULL;

        assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db,
                                            "SELECT source, sequence, part, changed, hex(cards), hex(ids) "
                                            "FROM journal LEFT JOIN journal_ids USING (sequence, part) "
                                            "ORDER BY sequence, part",
                                            -1, &statement, NULL),
                         SQLITE_OK);
        while (sqlite3_step(statement) == SQLITE_ROW) {
                for (int i = 0; i < sqlite3_column_count(statement); i++) {
                        const char *text = (const char *)sqlite3_column_text(statement, i);

                        cw_buf_puts(buf, text ? text : "-");
                        cw_buf_putc(buf, ' ');
                }
                cw_buf_putc(buf, '\n');
        }
        sqlite3_finalize(statement);
        sqlite3_close(db);
        assert_int_equal(cw_buf_error(buf), 0);
}

static void test_packed_rows_are_stored_like_others(void **state)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf plain = CW_BUF_NULL, packed = CW_BUF_NULL;

        (void)state;
        for (int pack = 0; pack < 2; pack++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;

                place_init(&place);
                store = open_store(&place);
                add_all(&changes, pack);
                assert_int_equal(changes.packed.n, pack ? 2 : 0);
                commit(store, &changes, 1);
                write_journal(&place, pack ? &packed : &plain);
                load(store, &rows);
                assert_int_equal(rows.cards.n, CARDS);
                for (size_t i = 0; i < rows.cards.n; i++)
                        assert_int_equal(rows.cards.rows[i].card.available, rows.cards.rows[i].card.id * 7);
        }
        assert_in_range(plain.len, CARDS, 200 * CARDS);
        assert_string_equal(cw_buf_text(&plain), cw_buf_text(&packed));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_packed_rows_are_stored_like_others),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
