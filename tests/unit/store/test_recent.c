/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the log that are in memory are used only when they are all of it, and do not become many. */
#include "../../../src/store/db.h"
#include "cardwatch/changes_cards.h"
#include "cardwatch/store_settle.h"
#include "random_rows.h"

static void commit_rows(struct cw_store *store, unsigned *seed, int64_t at, bool handing)
{
        struct cw_changes changes = CW_CHANGES_NULL;

        fill(&changes, seed, at);
        assert_int_equal(cw_store_commit(store, &changes, at, NULL), 0);
        if (handing)
                cw_store_hand_over(store, &changes);
        cw_changes_deinit(&changes);
}

/* Likewise of one that adds nothing to the log. */
static void hand_over_nothing(struct cw_store *store, int64_t at, bool card)
{
        struct cw_changes changes = CW_CHANGES_NULL;

        if (card)
                add_card(&changes, "main", 1, at);
        assert_int_equal(cw_store_commit(store, &changes, at, NULL), 0);
        cw_store_hand_over(store, &changes);
}

/* c: a commit, h: one that is handed over, e: likewise, of nothing, k: likewise, of a card, s: all is settled, r:
 * closed and opened again, d: a source is removed */
static void do_as(const struct place *place, struct cw_store **store, const char *script)
{
        unsigned seed = 1;

        for (int64_t at = 1; *script; script++, at++) {
                struct cw_changes changes = CW_CHANGES_NULL;

                switch (*script) {
                case 's':
                        settle(*store);
                        break;
                case 'r':
                        cw_store_close(*store);
                        *store = open_store(place);
                        break;
                case 'd':
                        add_source(&changes, "main", true);
                        commit(*store, &changes, at);
                        break;
                case 'e':
                case 'k':
                        hand_over_nothing(*store, at, *script == 'k');
                        break;
                default:
                        commit_rows(*store, &seed, at, *script == 'h');
                }
        }
}

static void test_when_it_is_whole(void **state)
{
        static const struct {
                const char *script;
                bool whole;
        } cases[] = {{"", false},    {"h", true},    {"hhh", true},  {"c", false},    {"hc", false},   {"ch", false},
                     {"hch", false}, {"cs", false},  {"csh", true},  {"cssh", true},  {"hchsh", true}, {"hr", false},
                     {"hrh", false}, {"hrsh", true}, {"hcdh", true}, {"hhd", false},  {"hdh", true},   {"cdhh", true},
                     {"hdc", false}, {"e", false},   {"k", false},   {"hehkh", true}, {"ce", false},   {"ck", false},
                     {"hce", false}, {"cksh", true}};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;

                print_message("  %s\n", cases[i].script);
                place_init(&place);
                store = open_store(&place);
                do_as(&place, &store, cases[i].script);
                assert_int_equal(cw_recent_is_whole(&store->recent, store->unsettled), cases[i].whole);
        }
}

static void test_it_does_not_become_much(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        struct cw_changes changes = CW_CHANGES_NULL;
        size_t before = 0;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        for (int64_t at = 1; before < CW_STORE_MUCH_UNSETTLED; at++) {
                before = store->unsettled;
                for (int i = 0; i < 20000; i++)
                        cw_changes_history(&changes, &(struct cw_history_row){.at = at,
                                                                              .rule = (char *)"a rule with a name",
                                                                              .source = (char *)"main",
                                                                              .what = "event"});
                assert_int_equal(cw_store_commit(store, &changes, at, NULL), 0);
                cw_store_hand_over(store, &changes);
                assert_int_equal(changes.history.n, 0);
                /* Whoever settles when there is much finds all of it here. */
                assert_int_equal(cw_recent_is_whole(&store->recent, store->unsettled),
                                 before < CW_STORE_MUCH_UNSETTLED);
                if (before >= CW_STORE_MUCH_UNSETTLED)
                        assert_int_equal(store->recent.rows.history.n, 0);
        }
        settle(store);
        assert_false(store->recent.lacks);
}

/* Whoever commits and hands nothing over, as after a first poll, and then commits nothing, as before the end. */
static void test_what_was_not_handed_over_is_read(void **state)
{
        static const char *const scripts[] = {"ce", "ck", "hcek"};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(scripts); i++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                cw_cleanup(cw_changes_deinit) struct cw_changes before = CW_CHANGES_NULL, after = CW_CHANGES_NULL;

                print_message("  %s\n", scripts[i]);
                place_init(&place);
                store = open_store(&place);
                do_as(&place, &store, scripts[i]);
                load(store, &before);
                settle(store);
                load(store, &after);
                assert_true(before.alerts.n > 0);
                assert_int_equal(after.alerts.n, before.alerts.n);
                assert_int_equal(after.intents.n, before.intents.n);
        }
}

/* They stand in the journal. */
static void test_cards_are_not_kept(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        struct cw_changes changes = CW_CHANGES_NULL;
        unsigned seed = 1;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        add_card(&changes, "main", 76, 1);
        cw_changes_pack_cards(&changes);
        fill(&changes, &seed, 1);
        assert_int_equal(cw_store_commit(store, &changes, 1, NULL), 0);
        cw_store_hand_over(store, &changes);
        assert_true(cw_changes_empty(&changes));
        assert_int_equal(store->recent.rows.cards.n, 0);
        assert_null(store->recent.rows.cards.rows);
        assert_int_equal(store->recent.rows.packed.n, 0);
        assert_true(store->recent.rows.history.n > 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_when_it_is_whole),
                cmocka_unit_test(test_it_does_not_become_much),
                cmocka_unit_test(test_what_was_not_handed_over_is_read),
                cmocka_unit_test(test_cards_are_not_kept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
