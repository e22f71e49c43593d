/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a disk, an editor or a half-copied file did: errors that name the place, never a crash, never silence. */
#include "rows.h"

#include <errno.h>
#include <sqlite3.h>

#define FLIPS 400

static void fill(struct cw_changes *changes)
{
        struct cw_entry *entry = NULL;
        struct cw_item item = {.edge = 1};

        assert_int_equal(cw_entry_new(&(struct cw_entry){.rule = "low", .source = "main"}, &entry), 0);
        item.entry = entry;
        add_source(changes, "main", false);
        for (uint64_t i = 0; i < 200; i++) {
                add_card(changes, "main", (int64_t)i, 1);
                cw_changes_alert(changes, &(struct cw_alert_row){.fingerprint = i,
                                                                 .rule = (char *)"low",
                                                                 .source = (char *)"main",
                                                                 .entry = entry});
                cw_changes_ledger(changes, &(struct cw_ledger_row){.notifier = (char *)"hook", .fingerprint = i});
        }
        cw_changes_intent(changes,
                          &(struct cw_intent_row){
                                  .sequence = 5, .id = "ab", .notifier = (char *)"hook", .items = &item, .n_items = 1});
        cw_changes_group(changes, &(struct cw_group_row){.notifier = (char *)"hook", .key = (char *)"g"});
        cw_changes_rule(changes, &(struct cw_rule_row){.name = (char *)"low", .meaning = 1});
        cw_entry_unref(entry);
}

/* A store of which half of the cards are in the checkpoint and all in the journal. */
static void make_store(const struct place *place)
{
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = open_store(place);
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        fill(&changes);
        commit(store, &changes, 1);
        maintain(store, 1, true);
        for (int64_t i = 100; i < 300; i++)
                add_card(&changes, "main", i, 2);
        commit(store, &changes, 2);
}

static void damage(const struct place *place, const char *sql)
{
        sqlite3 *db = NULL;
        char *error = NULL;

        assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
        if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
                fail_msg("%s: %s", sql, error);
        assert_true(sqlite3_changes(db) > 0);
        sqlite3_close(db);
}

static void test_damage_is_named(void **state)
{
        static const struct {
                const char *sql, *words;
        } cases[] = {
                {"UPDATE journal SET cards = x'00' WHERE sequence = 2",
                 "journal is damaged at source main, sequence 2, part 0"},
                {"UPDATE journal SET cards = substr(cards, 1, 100) WHERE sequence = 2", "journal is damaged"},
                {"UPDATE journal SET cards = zeroblob(0) WHERE sequence = 2", "journal is damaged"},
                {"UPDATE journal SET changed = 7 WHERE sequence = 2", "journal is damaged"},
                {"UPDATE journal SET cards = 'text' WHERE sequence = 2", "journal is damaged"},
                {"UPDATE checkpoint_chunk SET cards = x'01'",
                 "checkpoint_chunk is damaged at source main, sequence 1, chunk 0"},
                {"DELETE FROM journal WHERE sequence = 2",
                 "journal is damaged at source main: 0 changes after sequence 1, 200"},
                {"UPDATE checkpoint SET journal_changes = 100000", "200 changes after sequence 1, 100000 expected"},
                {"UPDATE checkpoint SET cards = 199", "checkpoint_chunk is damaged"},
                {"DELETE FROM checkpoint_chunk", "checkpoint_chunk is damaged at source main, sequence 1, chunk 0"},
                {"UPDATE checkpoint SET chunks = 2", "checkpoint_chunk is damaged at source main, sequence 1, chunk 1"},
                {"UPDATE checkpoint SET chunks = 'many'", "checkpoint is damaged at source main"},
                {"UPDATE alert SET entry = x'0102' WHERE fingerprint = '0000000000000007'",
                 "alert is damaged at 0000000000000007"},
                {"UPDATE alert SET fingerprint = 'xyz' WHERE fingerprint = '0000000000000007'",
                 "alert is damaged at xyz"},
                {"UPDATE alert SET firings = x'0102' WHERE fingerprint = '0000000000000007'", "alert is damaged"},
                {"UPDATE alert SET flapping = 2 WHERE fingerprint = '0000000000000007'", "alert is damaged"},
                {"UPDATE alert SET edge = -1 WHERE fingerprint = '0000000000000007'", "alert is damaged"},
                {"UPDATE ledger SET state = 9 WHERE fingerprint = '0000000000000007'",
                 "ledger is damaged at hook, 0000000000000007"},
                {"UPDATE ledger SET severity = 1.5", "ledger is damaged"},
                {"UPDATE outbox SET items = x''", "outbox is damaged at 5"},
                {"UPDATE outbox SET state = 3", "outbox is damaged at 5"},
                {"UPDATE outbox SET id = printf('%.*c', 33, 'a')", "outbox is damaged at 5"},
                {"UPDATE alert_group SET repeat = 'x'", "alert_group is damaged at hook, g"},
                {"UPDATE rule SET meaning = 'x'", "rule is damaged at low"},
                {"UPDATE source SET baseline_done = 2", "source is damaged at main"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;
                cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;

                print_message("  %s\n", cases[i].sql);
                place_init(&place);
                make_store(&place);
                damage(&place, cases[i].sql);
                store = open_store(&place);
                assert_int_equal(cw_store_load(store, &rows, &message), -EBADMSG);
                assert_true(cw_changes_empty(&rows));
                if (!strstr(cw_buf_text(&message), cases[i].words))
                        fail_msg("'%s' does not say '%s'", cw_buf_text(&message), cases[i].words);
        }
}

static char *read_whole(const char *path, size_t *ret_len)
{
        FILE *file = fopen(path, "r");
        char *bytes;

        assert_non_null(file);
        assert_int_equal(fseek(file, 0, SEEK_END), 0);
        *ret_len = (size_t)ftell(file);
        rewind(file);
        bytes = malloc(*ret_len);
        assert_non_null(bytes);
        assert_int_equal(fread(bytes, 1, *ret_len, file), *ret_len);
        fclose(file);
        return bytes;
}

static void write_whole(const char *path, const char *bytes, size_t len)
{
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, len, file), len);
        fclose(file);
}

/* Everything one can do with a store; only that it comes back counts, and that an error is one of ours. */
static bool use(const struct place *place)
{
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL, changes = CW_CHANGES_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        bool whole = true;
        int r = cw_store_open(place->path, &store, &message);

        if (r < 0) {
                assert_true(message.len > 0);
                return false;
        }
        r = cw_store_load(store, &rows, &message);
        assert_true(r == 0 || message.len > 0);
        whole = whole && r == 0;
        fill(&changes);
        whole = cw_store_commit(store, &changes, 3, NULL) == 0 && whole;
        whole = cw_store_maintain(store, 100 * HOUR_MS, &keep_an_hour, true, NULL) == 0 && whole;
        return whole;
}

static void test_no_cut_file_crashes(void **state)
{
        cw_cleanup(place_deinit) struct place place, copy;
        cw_autofree char *bytes = NULL;
        unsigned refused = 0;
        size_t len;

        (void)state;
        place_init(&place);
        place_init(&copy);
        make_store(&place);
        bytes = read_whole(place.path, &len);
        for (size_t cut = 1; cut < len; cut += 1500) {
                write_whole(copy.path, bytes, cut);
                refused += !use(&copy);
        }
        print_message("  %u cut files refused\n", refused);
        assert_true(refused > 0);
}

static void test_no_flipped_byte_crashes(void **state)
{
        cw_cleanup(place_deinit) struct place place, copy;
        cw_autofree char *bytes = NULL;
        unsigned seed = 1, refused = 0;
        size_t len;

        (void)state;
        place_init(&place);
        place_init(&copy);
        make_store(&place);
        bytes = read_whole(place.path, &len);
        for (int i = 0; i < FLIPS; i++) {
                size_t at = (size_t)rand_r(&seed) % len;
                char before = bytes[at];

                bytes[at] ^= (char)(1 + rand_r(&seed) % 255);
                write_whole(copy.path, bytes, len);
                refused += !use(&copy);
                bytes[at] = before;
        }
        print_message("  %u of %d flips refused\n", refused, FLIPS);
        assert_true(refused > 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_damage_is_named),
                cmocka_unit_test(test_no_cut_file_crashes),
                cmocka_unit_test(test_no_flipped_byte_crashes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
