/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint is made in shares: whatever is committed, removed or cut short between two of them, what is present
 * stays what was committed. */
#include "rows.h"

#include <sqlite3.h>

#include "cardwatch/changes_cards.h"

#define ROWS  600000 /* in the journal, where it has to be too much */
#define CARDS 30000 /* several chunks, and enough changes for a checkpoint to be due */

static int64_t count(const struct place *place, const char *sql)
{
        sqlite3_stmt *statement = NULL;
        sqlite3 *db = NULL;
        int64_t n;

        assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        n = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        sqlite3_close(db);
        return n;
}

/* What must be present, by id; 0: the card is gone. */
static cw_amount expected[CARDS];

static void change(struct cw_changes *changes, unsigned *seed, int n)
{
        for (int k = 0; k < n; k++) {
                int64_t i = rand_r(seed) % CARDS;

                expected[i] = rand_r(seed) % 8 == 0 ? 0 : 1 + rand_r(seed) % 1000000;
                if (expected[i] == 0)
                        drop_card(changes, "main", i);
                else
                        add_card(changes, "main", i, expected[i]);
        }
}

static void assert_present(struct cw_store *store)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;
        size_t at = 0;

        load(store, &rows);
        for (int64_t i = 0; i < CARDS; i++) {
                if (expected[i] == 0)
                        continue;
                assert_true(at < rows.cards.n);
                assert_int_equal(rows.cards.rows[at].card.id, i);
                assert_true(rows.cards.rows[at].card.available == expected[i]);
                at++;
        }
        assert_int_equal(at, rows.cards.n);
}

static void fill(struct cw_store *store)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        for (int64_t i = 0; i < CARDS; i++) {
                expected[i] = 1 + i;
                add_card(&changes, "main", i, expected[i]);
        }
        commit(store, &changes, 1);
}

static void test_commits_go_on_between_shares(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        unsigned seed = 7;
        int shares = 0;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        fill(store);
        for (int round = 0; round < 3; round++) {
                cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

                while (maintain_some(store, 2, false)) {
                        change(&changes, &seed, 100);
                        commit(store, &changes, 2);
                        if (shares++ % 4 == 0)
                                assert_present(store);
                }
                change(&changes, &seed, CARDS);
                commit(store, &changes, 2);
                assert_present(store);
        }
        print_message("  %d shares\n", shares);
        assert_true(shares > 20);
        maintain(store, 2, true);
        assert_int_equal(count(&place, "SELECT journal_changes FROM checkpoint"), 0);
        assert_int_equal(count(&place, "SELECT count(DISTINCT sequence) FROM checkpoint_chunk"), 1);
        assert_present(store);
}

/* After every number of shares there are. */
static void test_who_is_cut_short_finds_the_old_one(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        unsigned seed = 9;
        bool more = true;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        fill(store);
        for (int shares = 1; more; shares++) {
                for (int i = 0; more && i < shares; i++)
                        more = maintain_some(store, 2, false);
                cw_store_close(store);
                store = open_store(&place);
                assert_present(store);
                if (shares == 6) {
                        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

                        change(&changes, &seed, CARDS);
                        commit(store, &changes, 3);
                }
                assert_true(shares < 100);
        }
        assert_int_equal(count(&place, "SELECT count(DISTINCT sequence) FROM checkpoint_chunk"), 1);
        assert_present(store);
}

/* Whether it stays away or comes back at once, with other cards. */
static void test_a_source_is_removed_between_shares(void **state)
{
        (void)state;
        for (int removed_after = 1; removed_after < 14; removed_after++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

                place_init(&place);
                store = open_store(&place);
                fill(store);
                for (int i = 0; i < removed_after; i++)
                        (void)maintain_some(store, 2, false);
                add_source(&changes, "main", true);
                memset(expected, 0, sizeof(expected));
                if (removed_after % 2) {
                        add_source(&changes, "main", false);
                        add_card(&changes, "main", 5, expected[5] = 55);
                }
                commit(store, &changes, 2);
                assert_present(store);
                maintain(store, 2, false);
                assert_present(store);
                maintain(store, 2, true);
                assert_present(store);
                assert_int_equal(count(&place, "SELECT count(*) FROM checkpoint_chunk"), removed_after % 2);
        }
}

/* More than is gathered at once: it is folded range by range, and what is committed meanwhile comes after it. */
static void test_a_journal_of_half_a_million_rows_is_folded(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        int64_t n = 0;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        for (int round = 1; n < ROWS; round++) {
                for (int64_t i = 0; i < CARDS; i++, n++) {
                        expected[i] = round * 100 + i;
                        add_card(&changes, "main", i, expected[i]);
                }
                cw_changes_pack_cards(&changes);
                commit(store, &changes, round);
        }
        for (unsigned seed = 3; maintain_some(store, 2, false);) {
                change(&changes, &seed, 10);
                commit(store, &changes, 2);
        }
        assert_int_equal(count(&place, "SELECT count(DISTINCT sequence) FROM checkpoint_chunk"), 1);
        assert_true(count(&place, "SELECT journal_changes FROM checkpoint") < ROWS / 10);
        assert_present(store);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_commits_go_on_between_shares),
                cmocka_unit_test(test_who_is_cut_short_finds_the_old_one),
                cmocka_unit_test(test_a_source_is_removed_between_shares),
                cmocka_unit_test(test_a_journal_of_half_a_million_rows_is_folded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
