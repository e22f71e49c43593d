/* SPDX-License-Identifier: Apache-2.0 */
/* The size that a store may have is held while it is written to: history goes, oldest first, and nothing that lives. */
#include "rows.h"

#include <sys/stat.h>

#include "cardwatch/store_history.h"
#include "cardwatch/store_pages.h"

#define MIB       (INT64_C(1) << 20)
#define CARDS     2000
#define POLLS     1200
#define MINUTE_MS 60000

static int64_t bytes_at(const char *path)
{
        struct stat st;

        return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static int64_t bytes(const struct place *place)
{
        char log[128];

        snprintf(log, sizeof(log), "%s-wal", place->path);
        return bytes_at(place->path) + bytes_at(log);
}

static void keep_within(struct cw_store *store, int64_t now, int64_t max_bytes)
{
        struct cw_store_keep keep = {
                .history_ms = 10000 * HOUR_MS, .audit_ms = 10000 * HOUR_MS, .max_bytes = max_bytes};
        int r = CW_STORE_MORE;

        for (int i = 0; r == CW_STORE_MORE; i++) {
                r = cw_store_maintain(store, now, &keep, false, NULL);
                assert_true(i < 5000);
        }
        assert_int_equal(r, 0);
}

/* One card in ten changes, and an alert fires. */
static void poll(struct cw_store *store, int64_t n)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        char detail[400];

        for (int64_t i = n % 10; i < CARDS; i += 10) {
                struct cw_card_row row = {
                        .source = (char *)"main",
                        .card = {.id = i, .customer = i, .available = n * 7919 + i, .currency = "EUR"},
                        .changed = 1,
                        .has_before = true,
                        .before = {.available = n * 104729},
                        .observed_at = n * MINUTE_MS};

                cw_changes_card(&changes, &row);
        }
        memset(detail, 'x', sizeof(detail) - 1);
        detail[sizeof(detail) - 1] = '\0';
        for (int i = 0; i < 5; i++)
                cw_changes_history(&changes, &(struct cw_history_row){.at = n * MINUTE_MS,
                                                                      .rule = (char *)"low",
                                                                      .source = (char *)"main",
                                                                      .what = "firing",
                                                                      .detail = detail});
        commit(store, &changes, n * MINUTE_MS);
}

static void add_what_lives(struct cw_store *store)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        struct cw_alert_row alert = {.fingerprint = 1, .rule = (char *)"low", .source = (char *)"main", .edge = 1};
        struct cw_ledger_row ledger = {.notifier = (char *)"hook", .fingerprint = 1, .edge = 1};
        struct cw_intent_row intent = {.sequence = 1, .notifier = (char *)"hook", .state = CW_INTENT_DEAD};

        add_source(&changes, "main", false);
        for (int64_t i = 0; i < CARDS; i++)
                add_card(&changes, "main", i, 1);
        cw_changes_alert(&changes, &alert);
        cw_changes_ledger(&changes, &ledger);
        cw_changes_intent(&changes, &intent);
        cw_changes_audit(&changes, &(struct cw_audit_row){.at = MINUTE_MS, .by = (char *)"ann", .what = "silence"});
        commit(store, &changes, MINUTE_MS);
}

static int count_audit(void *data, struct cw_store_place at, const struct cw_audit_row *row)
{
        (void)at;
        (void)row;
        ++*(int *)data;
        return 0;
}

static void assert_what_lives(struct cw_store *store)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;
        struct cw_store_page page = {.limit = 9};
        int audited = 0;

        load(store, &rows);
        assert_int_equal(rows.cards.n, CARDS);
        assert_int_equal(rows.sources.n, 1);
        assert_int_equal(rows.alerts.n, 1);
        assert_int_equal(rows.ledger.n, 1);
        assert_int_equal(rows.intents.n, 1);
        assert_int_equal(cw_store_page_audit(store, &page, count_audit, &audited, NULL), 0);
        assert_int_equal(audited, 1);
}

static int note_time(void *data, const struct cw_history_row *row)
{
        int64_t *first_and_last = data;

        if (!first_and_last[0])
                first_and_last[0] = row->at;
        first_and_last[1] = row->at;
        return 0;
}

static void test_the_size_is_held(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        struct cw_store_span span = {.from_at = 0};
        int64_t edges[2] = {0}, oldest, most = 0;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        add_what_lives(store);
        for (int64_t n = 2; n < POLLS; n++) {
                poll(store, n);
                if (n % 16 == 0)
                        keep_within(store, n * MINUTE_MS, 4 * MIB);
                most = bytes(&place) > most ? bytes(&place) : most;
        }
        print_message("  at most %lld kB of %lld\n", (long long)most / 1024, (long long)4 * MIB / 1024);
        assert_true(most > 2 * MIB && most <= 4 * MIB);
        assert_what_lives(store);
        assert_int_equal(cw_store_walk_edges(store, &span, note_time, edges, NULL), 0);
        assert_int_equal(cw_store_oldest(store, &oldest, NULL), 0);
        print_message("  edges from minute %lld, changes from minute %lld on\n", (long long)edges[0] / MINUTE_MS,
                      (long long)oldest / MINUTE_MS);
        /* Some of it is left, and both kinds go back about as far. */
        assert_int_equal(edges[1], (POLLS - 1) * MINUTE_MS);
        assert_true(edges[0] > 100 * MINUTE_MS && oldest > 100 * MINUTE_MS);
        assert_true(edges[0] - oldest < 60 * MINUTE_MS && oldest - edges[0] < 60 * MINUTE_MS);
}

static void test_a_lower_limit_makes_the_file_shorter(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        int64_t n = 2;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        add_what_lives(store);
        for (; n < 900; n++)
                poll(store, n);
        assert_true(bytes(&place) > 4 * MIB);
        keep_within(store, n * MINUTE_MS, 2 * MIB);
        cw_store_close(store);
        assert_true(bytes(&place) <= 2 * MIB);
        store = open_store(&place);
        assert_what_lives(store);
}

/* What lives alone may be too much: then all history goes, and that is it. */
static void test_what_lives_stays_however_large(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        int64_t oldest;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        add_what_lives(store);
        for (int64_t n = 2; n < 40; n++)
                poll(store, n);
        keep_within(store, 50 * MINUTE_MS, 10000);
        assert_what_lives(store);
        assert_int_equal(cw_store_oldest(store, &oldest, NULL), 0);
        assert_int_equal(oldest, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_size_is_held),
                cmocka_unit_test(test_a_lower_limit_makes_the_file_shorter),
                cmocka_unit_test(test_what_lives_stays_however_large),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
