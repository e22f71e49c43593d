/* SPDX-License-Identifier: Apache-2.0 */
/* Many cards, many polls: what comes back is right, what is old goes; times and sizes are printed, and decide nothing.
 */
#include "rows.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <time.h>

#include "cardwatch/store_history.h"

#define MANY  100000
#define POLLS 60

static double now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static long size_kb(const struct place *place)
{
        struct stat st;

        return stat(place->path, &st) == 0 ? (long)st.st_size / 1024 : -1;
}

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

/* Ids as a provider deals them: neither dense nor in order. */
static int64_t id_of(int64_t i)
{
        return i * 7919 % MANY * 13;
}

static void assert_all(struct cw_store *store, const cw_amount *expected)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;
        size_t at = 0;
        double begin = now_ms();

        load(store, &rows);
        print_message("  load %zu cards: %.0f ms\n", rows.cards.n, now_ms() - begin);
        for (int64_t i = 0; i < MANY; i++) {
                if (expected[i] == 0)
                        continue;
                assert_true(at < rows.cards.n);
                assert_true(rows.cards.rows[at].card.id == i * 13);
                assert_true(rows.cards.rows[at].card.available == expected[i]);
                at++;
        }
        assert_int_equal(at, rows.cards.n);
}

static void test_a_hundred_thousand_cards(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        cw_autofree cw_amount *expected = calloc(MANY, sizeof(*expected));
        unsigned seed = 1;
        double begin;

        (void)state;
        assert_non_null(expected);
        place_init(&place);
        store = open_store(&place);
        for (int64_t i = 0; i < MANY; i++) {
                expected[id_of(i) / 13] = 1000000 + i;
                add_card(&changes, "main", id_of(i), 1000000 + i);
        }
        begin = now_ms();
        commit(store, &changes, 1);
        print_message("  commit %d cards: %.0f ms\n", MANY, now_ms() - begin);
        assert_all(store, expected);
        begin = now_ms();
        maintain(store, 1, false);
        print_message("  checkpoint: %.0f ms\n", now_ms() - begin);
        assert_int_equal(count(&place, "SELECT journal_changes FROM checkpoint"), 0);
        assert_int_equal(count(&place, "SELECT count(*) FROM journal_ids"),
                         count(&place, "SELECT count(*) FROM journal"));
        assert_all(store, expected);

        begin = now_ms();
        for (int poll = 0; poll < POLLS; poll++) {
                for (int k = 0; k < 1000; k++) {
                        int64_t i = rand_r(&seed) % MANY;

                        expected[i] = rand_r(&seed) % 8 == 0 ? 0 : rand_r(&seed);
                        if (expected[i] == 0)
                                drop_card(&changes, "main", i * 13);
                        else
                                add_card(&changes, "main", i * 13, expected[i]);
                }
                commit(store, &changes, poll);
                maintain(store, poll, false);
        }
        print_message("  %d polls with 1000 changes: %.1f ms each, %ld kB\n", POLLS, (now_ms() - begin) / POLLS,
                      size_kb(&place));
        assert_true(count(&place, "SELECT journal_changes FROM checkpoint") < 30000);
        assert_all(store, expected);
        maintain(store, 1, true);
        cw_store_close(store);
        print_message("  closed: %ld kB\n", size_kb(&place));
        store = open_store(&place);
        assert_all(store, expected);
}

static void test_history_goes_when_it_is_too_old(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        for (int64_t i = 0; i < 100; i++) {
                cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
                struct cw_intent_row intent = {
                        .sequence = (uint64_t)i + 1, .notifier = (char *)"hook", .state = CW_INTENT_DELIVERED};

                snprintf(intent.id, sizeof(intent.id), "%032lld", (long long)i);
                add_card(&changes, "main", i, 1);
                cw_changes_intent(&changes, &intent);
                cw_changes_history(&changes, &(struct cw_history_row){.at = i * HOUR_MS,
                                                                      .rule = (char *)"r",
                                                                      .source = (char *)"main",
                                                                      .what = "firing"});
                commit(store, &changes, i * HOUR_MS);
        }
        /* Without a checkpoint the journal is no history yet, however old. */
        maintain(store, 50 * HOUR_MS, false);
        assert_int_equal(count(&place, "SELECT count(*) FROM journal"), 100);
        maintain(store, 50 * HOUR_MS, true);
        assert_int_equal(count(&place, "SELECT count(*) FROM journal"), 51);
        assert_int_equal(count(&place, "SELECT count(*) FROM delivered"), 51);
        assert_int_equal(count(&place, "SELECT count(*) FROM alert_history"), 51);
        assert_int_equal(count(&place, "SELECT min(at) FROM journal"), 49 * HOUR_MS);
        maintain(store, 1000 * HOUR_MS, false);
        assert_int_equal(count(&place, "SELECT count(*) FROM journal"), 0);
        assert_int_equal(count(&place, "SELECT count(*) FROM delivered"), 0);
        assert_int_equal(count(&place, "SELECT count(*) FROM alert_history"), 0);
        assert_int_equal(count(&place, "SELECT cards FROM checkpoint"), 100);
        assert_int_equal(count(&place, "SELECT count(*) FROM journal_ids"), 0);
}

static void test_forgetting_is_bounded_and_catches_up(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        for (int64_t i = 0; i < 5000; i++)
                cw_changes_history(&changes,
                                   &(struct cw_history_row){
                                           .at = 0, .rule = (char *)"r", .source = (char *)"main", .what = "event"});
        commit(store, &changes, 1);
        settle(store);
        assert_true(maintain_some(store, 100 * HOUR_MS, false));
        assert_int_equal(count(&place, "SELECT count(*) FROM alert_history"), 4500);
        maintain(store, 100 * HOUR_MS, false);
        assert_int_equal(count(&place, "SELECT count(*) FROM alert_history"), 0);
}

static void test_what_is_too_old_is_looked_for_now_and_then(void **state)
{
        static const struct {
                const char *name;
                int64_t after_ms;
                struct cw_store_keep keep;
                int64_t left;
        } cases[] = {{"a moment later", 59999, keep_an_hour, 1},
                     {"a minute later", 60000, keep_an_hour, 0},
                     {"the clock was set back", -1, keep_an_hour, 0},
                     {"history is kept shorter", 1, {.history_ms = HOUR_MS - 1, .audit_ms = HOUR_MS}, 0},
                     {"what was done is kept shorter", 1, {.history_ms = HOUR_MS, .audit_ms = HOUR_MS - 1}, 0}};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                struct cw_changes changes = CW_CHANGES_NULL;

                print_message("  %s\n", cases[i].name);
                place_init(&place);
                store = open_store(&place);
                maintain(store, 100 * HOUR_MS, false);
                cw_changes_history(&changes,
                                   &(struct cw_history_row){
                                           .at = 0, .rule = (char *)"r", .source = (char *)"main", .what = "event"});
                commit(store, &changes, 1);
                while (cw_store_maintain(store, 100 * HOUR_MS + cases[i].after_ms, &cases[i].keep, false, NULL) > 0)
                        ;
                assert_int_equal(count(&place, "SELECT count(*) FROM alert_history"), cases[i].left);
        }
}

static void test_people_can_read_the_tables(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        struct cw_entry entry = {.severity = CW_SEVERITY_CRITICAL,
                                 .rule = "low",
                                 .source = "main",
                                 .has_card = true,
                                 .card = {.available = -3200000, .currency = "USD"},
                                 .reason = "available < floor"};
        struct cw_alert_row alert = {
                .fingerprint = UINT64_C(0x9f86d081884c7d65), .rule = (char *)"low", .source = (char *)"main"};

        (void)state;
        place_init(&place);
        store = open_store(&place);
        assert_int_equal(cw_entry_new(&entry, &alert.entry), 0);
        cw_changes_alert(&changes, &alert);
        cw_entry_unref(alert.entry);
        add_card(&changes, "main", 1, 1);
        commit(store, &changes, 77);
        assert_int_equal(count(&place,
                               "SELECT available FROM alert WHERE fingerprint = '9f86d081884c7d65' AND severity = "
                               "'critical' AND currency = 'USD' AND reason = 'available < floor'"),
                         -3200000);
        assert_int_equal(count(&place, "SELECT epoch * 1000 + config FROM journal WHERE sequence = 1 AND at = 77"),
                         1000);
        assert_int_equal(count(&place, "SELECT sequence FROM commit_state WHERE at = 77 AND epoch = 1 AND config = 0"),
                         1);
}

#define FLEET  40000
#define TURNS  200
#define LIMIT  (UINT64_C(2) << 30)
#define STAYED (UINT64_C(90) * 24 * 60 * FLEET / 100) /* one in a hundred changes each minute, 90 days long */

/* Three cards of each customer, seen first in one of forty pages, some of them on one of the days since. */
static struct cw_card_row purchase(int64_t i, int64_t at, cw_amount balance, cw_amount spent, char reference[static 32])
{
        cw_amount pending = i % 5 ? 0 : 12340000;

        snprintf(reference, 32, "customer-%05lld", (long long)i / 3);
        return (struct cw_card_row){.source = (char *)"main",
                                    .card = {.id = 50000 + i * 3,
                                             .customer = 11000 + i / 3,
                                             .available = balance - spent - pending,
                                             .pending = pending,
                                             .total = balance - spent,
                                             .reference = reference,
                                             .currency = "EUR",
                                             .last4 = "4711"},
                                    .changed = 5,
                                    .has_before = true,
                                    .before = {.available = balance - pending, .pending = pending, .total = balance},
                                    .first_seen_at = 1763000000000 + (i % 7 ? i / 1000 * 130 : i * 86400),
                                    .observed_at = at + i / 1000 * 130,
                                    .observations = 1000,
                                    .baseline = i % 7,
                                    .look_again = true};
}

static int count_visits(void *data, int64_t at, const struct cw_card_row *row)
{
        (void)at;
        (void)row;
        ++*(size_t *)data;
        return 0;
}

static void test_ninety_days_of_changes_have_room(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        struct cw_store_span span = {.card = 50000, .has_card = true};
        int64_t before, bytes;
        unsigned seed = 3;
        size_t n = 0, visits = 0;
        double begin;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        before = count(&place, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
        for (int64_t turn = 0; turn < TURNS; turn++) {
                int64_t at = 1764000000000 + turn * 60000;

                for (int64_t i = 0; i < FLEET; i++) {
                        char reference[32];
                        struct cw_card_row row;

                        if (rand_r(&seed) % 100)
                                continue;
                        row = purchase(i, at, INT64_C(10000) * (rand_r(&seed) % 1000000),
                                       INT64_C(10000) * (rand_r(&seed) % 9000), reference);
                        cw_changes_card(&changes, &row);
                        n++;
                }
                commit(store, &changes, at);
        }
        bytes = count(&place, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") - before;
        print_message("  %.1f bytes a change, %.2f GiB in 90 days\n", (double)bytes / (double)n,
                      (double)bytes / (double)n * (double)STAYED / (double)(1 << 30));
        assert_true((uint64_t)bytes * STAYED / n < LIMIT);
        begin = now_ms();
        assert_int_equal(cw_store_walk_cards(store, &span, count_visits, &visits, NULL), 0);
        print_message("  one card among %zu changes: %zu in %.1f ms\n", n, visits, now_ms() - begin);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_hundred_thousand_cards),
                cmocka_unit_test(test_history_goes_when_it_is_too_old),
                cmocka_unit_test(test_forgetting_is_bounded_and_catches_up),
                cmocka_unit_test(test_what_is_too_old_is_looked_for_now_and_then),
                cmocka_unit_test(test_ninety_days_of_changes_have_room),
                cmocka_unit_test(test_people_can_read_the_tables),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
