/* SPDX-License-Identifier: Apache-2.0 */
/* The past comes back as it was committed, oldest first, all of it or what a span asks for. */
#include "rows.h"

#include <errno.h>
#include <sqlite3.h>

#include "../../../src/store/db.h"
#include "cardwatch/store_history.h"
#include "old_store.h"

/* What a walk brought: copies, and the times beside them. */
struct seen {
        struct cw_changes rows;
        int64_t at[4096];
        size_t n;
        size_t stop_at; /* 0: never */
};

static void seen_deinit(struct seen *seen)
{
        cw_changes_deinit(&seen->rows);
}

static int see_card(void *data, int64_t at, const struct cw_card_row *row)
{
        struct seen *seen = data;

        cw_changes_card(&seen->rows, row);
        assert_int_equal(seen->rows.error, 0);
        assert_true(seen->n < CW_ARRAY_SIZE(seen->at));
        seen->at[seen->n++] = at;
        return seen->n == seen->stop_at ? 42 : 0;
}

static int see_edge(void *data, const struct cw_history_row *row)
{
        struct seen *seen = data;

        cw_changes_history(&seen->rows, row);
        return ++seen->n == seen->stop_at ? -EDOM : 0;
}

static void walk_cards(struct cw_store *store, struct cw_store_span span, struct seen *ret_seen)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;

        seen_deinit(ret_seen);
        *ret_seen = (struct seen){.stop_at = ret_seen->stop_at};
        if (cw_store_walk_cards(store, &span, see_card, ret_seen, &message) != (ret_seen->stop_at ? 42 : 0))
                fail_msg("%s", cw_buf_text(&message));
}

static void walk_edges(struct cw_store *store, struct cw_store_span span, struct seen *ret_seen)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;

        seen_deinit(ret_seen);
        *ret_seen = (struct seen){.n = 0};
        if (cw_store_walk_edges(store, &span, see_edge, ret_seen, &message) != 0)
                fail_msg("%s", cw_buf_text(&message));
}

static struct cw_card_row change(const char *source, int64_t id, cw_amount from, cw_amount to)
{
        return (struct cw_card_row){.source = (char *)source,
                                    .card = {.id = id, .customer = 7, .available = to, .total = to, .currency = "EUR"},
                                    .changed = 5,
                                    .has_before = true,
                                    .before = {.available = from, .total = from},
                                    .first_seen_at = 1,
                                    .observed_at = id,
                                    .observations = 2};
}

static void commit_change(struct cw_store *store, const struct cw_card_row *row, int64_t at)
{
        struct cw_changes changes = CW_CHANGES_NULL;

        cw_changes_card(&changes, row);
        commit(store, &changes, at);
}

static void assert_same_change(const struct cw_card_row *a, const struct cw_card_row *b)
{
        assert_string_equal(a->source, b->source);
        assert_true(a->card.id == b->card.id && a->card.customer == b->card.customer);
        assert_true(a->card.available == b->card.available && a->card.pending == b->card.pending);
        assert_true(a->card.total == b->card.total && a->card.suppressed == b->card.suppressed);
        assert_string_equal(a->card.reference ? a->card.reference : "(none)",
                            b->card.reference ? b->card.reference : "(none)");
        assert_string_equal(a->card.currency, b->card.currency);
        assert_string_equal(a->card.last4, b->card.last4);
        assert_true(a->changed == b->changed && a->has_before == b->has_before);
        assert_true(a->before.available == b->before.available && a->before.pending == b->before.pending);
        assert_true(a->before.total == b->before.total && a->before.suppressed == b->before.suppressed);
        assert_true(a->first_seen_at == b->first_seen_at && a->observed_at == b->observed_at);
        assert_true(a->observations == b->observations && a->missing == b->missing);
        assert_true(a->unseen == b->unseen && a->folded_at == b->folded_at && a->gone == b->gone);
}

static void test_changes_come_back_as_they_were_committed(void **state)
{
        static const struct cw_card_row cases[] = {
                {.card = {.id = 1, .available = 95100000, .total = 95100000, .reference = "acme-1", .last4 = "0034"},
                 .changed = UINT16_MAX},
                {.card = {.id = 2,
                          .available = 95100000,
                          .pending = 4900000,
                          .total = 100000000,
                          .reference = "acme-12"},
                 .changed = 1,
                 .has_before = true,
                 .before = {.available = 95110000, .pending = 4900000, .total = 100010000}},
                {.card = {.id = 3, .available = 1, .reference = "acme-12", .suppressed = true},
                 .changed = 9,
                 .has_before = true,
                 .before = {.total = -1}},
                {.card = {.id = 4, .reference = "acm"},
                 .changed = 8,
                 .has_before = true,
                 .before = {.suppressed = true},
                 .folded_at = 5},
                {.card = {.id = 5, .reference = ""}, .changed = 256, .has_before = true, .unseen = true, .missing = 2},
                {.card = {.id = 6, .available = CW_AMOUNT_MIN, .pending = CW_AMOUNT_MIN, .total = CW_AMOUNT_MAX},
                 .changed = 7,
                 .has_before = true,
                 .before = {CW_AMOUNT_MAX, CW_AMOUNT_MAX, CW_AMOUNT_MIN, true}},
                {.card = {.id = INT64_MIN, .customer = INT64_MAX, .reference = "acme-12\xf0\x9f\x98\x80"},
                 .changed = 1,
                 .has_before = true,
                 .before = {INT64_MIN, INT64_MIN, INT64_MIN, true},
                 .folded_at = INT64_MIN,
                 .first_seen_at = INT64_MIN,
                 .observed_at = INT64_MAX},
                {.card = {.id = INT64_MAX, .available = 10000 * (INT64_C(1) << 49)},
                 .changed = 1,
                 .has_before = true,
                 .before = {.available = -10000 * (INT64_C(1) << 49)}},
                {.card = {.id = 2}, .gone = true},
        };
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;
        cw_cleanup(seen_deinit) struct seen seen = {.n = 0};

        (void)state;
        place_init(&place);
        store = open_store(&place);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_card_row row = cases[i];

                row.source = (char *)"main";
                cw_changes_card(&changes, &row);
        }
        commit(store, &changes, 77);
        for (int folded = 0; folded < 2; folded++) {
                walk_cards(store, (struct cw_store_span){0}, &seen);
                assert_int_equal(seen.n, CW_ARRAY_SIZE(cases));
                for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                        struct cw_card_row row = cases[i];

                        row.source = (char *)"main";
                        print_message("  card %lld\n", (long long)row.card.id);
                        assert_int_equal(seen.at[i], 77);
                        assert_same_change(&row, &seen.rows.cards.rows[i]);
                }
                /* The present state is no change. */
                load(store, &rows);
                assert_int_equal(rows.cards.n, CW_ARRAY_SIZE(cases) - 2);
                for (size_t i = 0; i < rows.cards.n; i++) {
                        assert_true(rows.cards.rows[i].changed == 0 && !rows.cards.rows[i].has_before);
                        assert_true(rows.cards.rows[i].before.available == 0);
                }
                cw_changes_deinit(&rows);
                maintain(store, 77, true);
        }
}

static void test_rows_that_only_count_are_no_history(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(seen_deinit) struct seen seen = {.n = 0};
        struct cw_card_row row = change("main", 1, 5, 4);

        (void)state;
        place_init(&place);
        store = open_store(&place);
        commit_change(store, &row, 1);
        row.changed = 0;
        row.missing = 1;
        commit_change(store, &row, 2);
        row.gone = true;
        commit_change(store, &row, 3);
        walk_cards(store, (struct cw_store_span){0}, &seen);
        assert_int_equal(seen.n, 2);
        assert_int_equal(seen.at[0], 1);
        assert_true(seen.at[1] == 3 && seen.rows.cards.rows[1].gone);
}

/* Two sources, cards 0 to 9, commits at 100, 110, …: card i of "a" changes at commits that i divides, all of "b"
 * always. */
static void fill(struct cw_store *store)
{
        for (int64_t k = 1; k <= 20; k++) {
                cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

                for (int64_t i = 1; i < 10; i++) {
                        struct cw_card_row row = change("a", i, 0, k * 100 + i);

                        if (k % i == 0)
                                cw_changes_card(&changes, &row);
                }
                for (int64_t i = 0; i < 20; i++) {
                        struct cw_card_row row = change("b", i, 0, k * 1000 + i);

                        cw_changes_card(&changes, &row);
                }
                commit(store, &changes, 100 + 10 * k);
        }
}

static void test_a_span_brings_what_it_asks_for(void **state)
{
        static const struct {
                const char *name;
                struct cw_store_span span;
                size_t n;
                int64_t first_at, last_at;
        } cases[] = {
                {"everything", {0}, 400 + 20 + 10 + 6 + 5 + 4 + 3 + 2 + 2 + 2, 110, 300},
                {"one source", {.source = "b"}, 400, 110, 300},
                {"a source that is not there", {.source = "c"}, 0, 0, 0},
                {"one card of one source", {.source = "a", .card = 3, .has_card = true}, 6, 130, 280},
                {"one card of all sources", {.card = 3, .has_card = true}, 26, 110, 300},
                {"a card that is nowhere", {.card = 4000, .has_card = true}, 0, 0, 0},
                {"card 0", {.card = 0, .has_card = true}, 20, 110, 300},
                {"from a time on, itself included", {.from_at = 250, .source = "b"}, 120, 250, 300},
                {"up to a time, itself excluded", {.to_at = 130, .source = "b"}, 40, 110, 120},
                {"between commits", {.from_at = 131, .to_at = 139}, 0, 0, 0},
                {"a card in a time",
                 {.from_at = 150, .to_at = 251, .source = "a", .card = 5, .has_card = true},
                 3,
                 150,
                 250},
        };
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        fill(store);
        for (int folded = 0; folded < 2; folded++) {
                for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                        cw_cleanup(seen_deinit) struct seen seen = {.n = 0};

                        print_message("  %s\n", cases[i].name);
                        walk_cards(store, cases[i].span, &seen);
                        assert_int_equal(seen.n, cases[i].n);
                        for (size_t k = 1; k < seen.n; k++)
                                assert_true(seen.at[k - 1] <= seen.at[k]);
                        assert_true(seen.n == 0 || seen.at[0] == cases[i].first_at);
                        assert_true(seen.n == 0 || seen.at[seen.n - 1] == cases[i].last_at);
                }
                maintain(store, 1000, true);
        }
}

static void test_a_visitor_ends_the_walk(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(seen_deinit) struct seen seen = {.stop_at = 5};
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        fill(store);
        walk_cards(store, (struct cw_store_span){0}, &seen);
        assert_int_equal(seen.n, 5);
        /* Nothing is left open: the owner goes on. */
        add_card(&changes, "a", 1, 1);
        commit(store, &changes, 1000);
        maintain(store, 1000, true);
}

static int64_t count_ids(const struct place *place)
{
        sqlite3_stmt *statement = NULL;
        sqlite3 *db = NULL;
        int64_t n;

        assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM journal_ids", -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        n = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        sqlite3_close(db);
        return n;
}

static void test_the_past_of_a_removed_source_is_kept_until_it_is_old(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        cw_cleanup(seen_deinit) struct seen seen = {.n = 0};
        int64_t oldest = -1;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        assert_int_equal(cw_store_oldest(store, &oldest, NULL), 0);
        assert_int_equal(oldest, 0);
        fill(store);
        add_source(&changes, "b", true);
        commit(store, &changes, 1000);
        walk_cards(store, (struct cw_store_span){.source = "b"}, &seen);
        assert_int_equal(seen.n, 400);
        assert_int_equal(cw_store_oldest(store, &oldest, NULL), 0);
        assert_int_equal(oldest, 110);
        maintain(store, HOUR_MS + 210, true);
        walk_cards(store, (struct cw_store_span){0}, &seen);
        assert_int_equal(seen.at[0], 210);
        assert_int_equal(cw_store_oldest(store, &oldest, NULL), 0);
        assert_int_equal(oldest, 210);
        assert_int_equal(count_ids(&place), 10);
        maintain(store, 10 * HOUR_MS, true);
        assert_int_equal(count_ids(&place), 0);
        walk_cards(store, (struct cw_store_span){.source = "b"}, &seen);
        assert_int_equal(seen.n, 0);
}

/* Whatever is committed and whenever the journal is folded, one card's walk is the whole walk without the others. */
static void test_one_card_is_what_the_whole_says_of_it(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(seen_deinit) struct seen whole = {.n = 0};
        unsigned seed = 7;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        for (int64_t k = 0; k < 60; k++) {
                cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

                for (int n = rand_r(&seed) % 100; n >= 0; n--) {
                        struct cw_card_row row = change(rand_r(&seed) % 3 ? "a" : "b", rand_r(&seed) % 200, k, n);

                        cw_changes_card(&changes, &row);
                }
                commit(store, &changes, k);
                if (rand_r(&seed) % 10 == 0)
                        maintain(store, k, true);
        }
        walk_cards(store, (struct cw_store_span){0}, &whole);
        for (int64_t id = 0; id < 200; id++) {
                cw_cleanup(seen_deinit) struct seen one = {.n = 0};
                size_t at = 0;

                walk_cards(store, (struct cw_store_span){.card = id, .has_card = true}, &one);
                for (size_t i = 0; i < whole.n; i++) {
                        if (whole.rows.cards.rows[i].card.id != id)
                                continue;
                        assert_true(at < one.n);
                        assert_same_change(&whole.rows.cards.rows[i], &one.rows.cards.rows[at++]);
                }
                assert_int_equal(at, one.n);
        }
}

static void add_edge(struct cw_changes *changes, struct cw_history_row row)
{
        row.rule = row.rule ? row.rule : (char *)"low";
        row.source = row.source ? row.source : (char *)"a";
        row.what = row.what ? row.what : "firing";
        cw_changes_history(changes, &row);
}

static void fill_edges(struct cw_store *store)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        add_edge(&changes,
                 (struct cw_history_row){.at = 30, .fingerprint = 1, .card = 5, .edge = 3, .what = "resolved"});
        add_edge(&changes,
                 (struct cw_history_row){.at = 10, .fingerprint = 1, .card = 5, .edge = 1, .what = "waiting"});
        add_edge(&changes, (struct cw_history_row){.at = 20,
                                                   .fingerprint = 1,
                                                   .customer = 9,
                                                   .card = 5,
                                                   .edge = UINT32_MAX,
                                                   .reason = (char *)"r",
                                                   .detail = (char *)"available (95.10) < floor (100)",
                                                   .severity = CW_SEVERITY_CRITICAL});
        add_edge(&changes, (struct cw_history_row){.at = 20,
                                                   .fingerprint = 1,
                                                   .card = 5,
                                                   .what = "sent",
                                                   .notifier = (char *)"hook",
                                                   .message = "0123456789abcdef0123456789abcdef"});
        commit(store, &changes, 20);
        add_edge(&changes,
                 (struct cw_history_row){.at = 20, .fingerprint = UINT64_MAX, .card = 5, .source = (char *)"b"});
        add_edge(&changes, (struct cw_history_row){.at = 40, .fingerprint = 3, .card = 0, .what = "something new"});
        commit(store, &changes, 40);
}

static void test_edges_come_back_oldest_first(void **state)
{
        static const struct {
                const char *name;
                struct cw_store_span span;
                int64_t at[6];
                size_t n;
        } cases[] = {
                {"everything", {0}, {10, 20, 20, 20, 30, 40}, 6},
                {"one alert", {.fingerprint = 1}, {10, 20, 20, 30}, 4},
                {"the greatest fingerprint", {.fingerprint = UINT64_MAX}, {20}, 1},
                {"one card", {.card = 5, .has_card = true}, {10, 20, 20, 20, 30}, 5},
                {"one card of one source", {.card = 5, .has_card = true, .source = "b"}, {20}, 1},
                {"an alert in a time", {.fingerprint = 1, .from_at = 20, .to_at = 30}, {20, 20}, 2},
                {"a time", {.from_at = 11, .to_at = 41}, {20, 20, 20, 30, 40}, 5},
                {"an alert of another card", {.fingerprint = 1, .card = 6, .has_card = true}, {0}, 0},
                {"an alert and its card", {.fingerprint = 1, .card = 5, .has_card = true}, {10, 20, 20, 30}, 4},
        };
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(seen_deinit) struct seen seen = {.n = 0};
        const struct cw_history_row *row;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        fill_edges(store);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                print_message("  %s\n", cases[i].name);
                walk_edges(store, cases[i].span, &seen);
                assert_int_equal(seen.n, cases[i].n);
                for (size_t k = 0; k < seen.n; k++)
                        assert_int_equal(seen.rows.history.rows[k].at, cases[i].at[k]);
        }
        walk_edges(store, (struct cw_store_span){.fingerprint = 1}, &seen);
        row = &seen.rows.history.rows[1];
        assert_true(row->fingerprint == 1 && row->customer == 9 && row->card == 5 && row->edge == UINT32_MAX);
        assert_string_equal(row->rule, "low");
        assert_string_equal(row->source, "a");
        assert_string_equal(row->what, "firing");
        assert_string_equal(row->reason, "r");
        assert_string_equal(row->detail, "available (95.10) < floor (100)");
        assert_int_equal(row->severity, CW_SEVERITY_CRITICAL);
        assert_true(!row->notifier && row->message[0] == '\0');
        row++;
        assert_string_equal(row->what, "sent");
        assert_string_equal(row->notifier, "hook");
        assert_string_equal(row->message, "0123456789abcdef0123456789abcdef");
        assert_true(!row->detail && !row->reason && row->severity == CW_SEVERITY_NONE);
}

/* Whatever core writes down. */
static void test_what_happened_is_known_again(void **state)
{
        static const char *const whats[] = {"waiting", "not waiting", "firing",       "severity",       "resolved",
                                            "settled", "event",       "held",         "queued",         "sent",
                                            "dead",    "dropped",     "acknowledged", "unacknowledged", "counted",
                                            "merged",  "escalated"};
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        cw_cleanup(seen_deinit) struct seen seen = {.n = 0};

        (void)state;
        place_init(&place);
        store = open_store(&place);
        for (size_t i = 0; i < CW_ARRAY_SIZE(whats); i++)
                add_edge(&changes, (struct cw_history_row){.at = (int64_t)i + 1, .what = whats[i]});
        commit(store, &changes, 20);
        walk_edges(store, (struct cw_store_span){.to_at = 100}, &seen);
        assert_int_equal(seen.n, CW_ARRAY_SIZE(whats));
        for (size_t i = 0; i < seen.n; i++)
                assert_string_equal(seen.rows.history.rows[i].what, whats[i]);
}

static void exec(const struct place *place, const char *sql)
{
        sqlite3 *db = NULL;
        char *error = NULL;

        assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
        if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
                fail_msg("%s: %s", sql, error);
        sqlite3_close(db);
}

static void test_damage_of_the_past_is_named(void **state)
{
        static const struct {
                const char *sql, *words;
                bool edges;
        } cases[] = {
                {"UPDATE journal SET cards = x'00' WHERE sequence = 2",
                 "journal is damaged at source a, sequence 2, part 0", false},
                {"UPDATE journal SET changed = 7 WHERE sequence = 2", "journal is damaged", false},
                {"UPDATE journal SET changed = 'x' WHERE sequence = 2", "journal is damaged", false},
                {"UPDATE journal_ids SET ids = 'text'", "journal_ids is damaged at sequence 1, part 1", false},
                {"UPDATE alert_history SET message = printf('%.*c', 33, 'a') WHERE number = 2",
                 "alert_history is damaged at 2", true},
                {"UPDATE alert_history SET severity = 'odd' WHERE number = 3", "alert_history is damaged at 3", true},
                {"UPDATE alert_history SET edge = -1", "alert_history is damaged at 2", true},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
                cw_cleanup(seen_deinit) struct seen seen = {.n = 0};
                struct cw_store_span span = {.card = 1, .has_card = !cases[i].edges};

                print_message("  %s\n", cases[i].sql);
                place_init(&place);
                store = open_store(&place);
                fill(store);
                fill_edges(store);
                exec(&place, cases[i].sql);
                if (cases[i].edges)
                        assert_int_equal(cw_store_walk_edges(store, &span, see_edge, &seen, &message), -EBADMSG);
                else
                        assert_int_equal(cw_store_walk_cards(store, &span, see_card, &seen, &message), -EBADMSG);
                if (!strstr(cw_buf_text(&message), cases[i].words))
                        fail_msg("'%s' does not say '%s'", cw_buf_text(&message), cases[i].words);
        }
}

static int walk_edges_within(void *data, int64_t at, const struct cw_card_row *row)
{
        struct seen seen = {.n = 0};

        (void)at;
        (void)row;
        walk_edges(data, (struct cw_store_span){0}, &seen);
        assert_int_equal(seen.n, 6);
        seen_deinit(&seen);
        return 0;
}

static void test_a_held_store_stands_still_beside_its_owner(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL, *looker = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;
        cw_cleanup(seen_deinit) struct seen seen = {.n = 0};

        (void)state;
        place_init(&place);
        store = open_store(&place);
        fill(store);
        fill_edges(store);
        assert_int_equal(cw_store_open_readonly(place.path, &looker, NULL), 0);
        assert_int_equal(cw_store_hold(looker, NULL), 0);
        add_card(&changes, "new", 1, 1);
        changes.cards.rows[0].changed = 1;
        commit(store, &changes, 500);
        maintain(store, 10 * HOUR_MS, true);
        load(looker, &rows);
        assert_int_equal(rows.cards.n, 29);
        walk_cards(looker, (struct cw_store_span){.source = "b"}, &seen);
        assert_int_equal(seen.n, 400);
        assert_int_equal(cw_store_walk_cards(looker,
                                             &(struct cw_store_span){.source = "a", .card = 9, .has_card = true},
                                             walk_edges_within, looker, NULL),
                         0);
        cw_store_release(looker);
        cw_store_release(looker);
        walk_cards(looker, (struct cw_store_span){0}, &seen);
        assert_int_equal(seen.n, 0);
        cw_changes_deinit(&rows);
        load(looker, &rows);
        assert_int_equal(rows.cards.n, 30);

        assert_int_equal(cw_store_hold(store, NULL), 0);
        add_card(&changes, "new", 2, 1);
        assert_int_equal(cw_store_commit(store, &changes, 501, NULL), -EBUSY);
        cw_store_release(store);
        commit(store, &changes, 501);
}

static void test_an_old_store_keeps_what_it_knew(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        cw_cleanup(seen_deinit) struct seen seen = {.n = 0}, edges = {.n = 0};
        int64_t delivered_at;

        (void)state;
        place_init(&place);
        exec(&place, old_store);
        store = open_store(&place);
        assert_int_equal(
                cw_db_number(store, "SELECT delivered_at FROM delivered WHERE number = 1", &delivered_at, NULL), 0);
        assert_int_equal(delivered_at, 1501);
        for (int folded = 0; folded < 2; folded++) {
                cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;

                load(store, &rows);
                assert_int_equal(rows.cards.n, 4);
                assert_true(rows.cards.rows[0].card.id == 1 && rows.cards.rows[0].card.available == 1000000);
                assert_string_equal(rows.cards.rows[0].card.reference, "acme-0");
                assert_true(rows.cards.rows[1].card.id == 3 && rows.cards.rows[1].card.available == 3000000);
                assert_true(rows.cards.rows[2].card.id == 4 && rows.cards.rows[2].card.available == 95100000);
                assert_string_equal(rows.cards.rows[2].card.last4, "0042");
                assert_true(rows.cards.rows[2].changed == 0 && !rows.cards.rows[2].unseen);
                assert_int_equal(rows.alerts.n, 1);
                assert_true(rows.alerts.rows[0].entry && rows.alerts.rows[0].n_fired_at == 0);
                assert_true(!rows.alerts.rows[0].flapping && rows.alerts.rows[0].since_at == 0);
                assert_true(!rows.alerts.rows[0].acked_by && rows.silences.n == 0);
                assert_true(rows.sources.n == 1 && rows.ledger.n == 1);
                maintain(store, 1500, true);
        }
        add_card(&changes, "main", 4, 7);
        changes.cards.rows[0].changed = 1;
        commit(store, &changes, 2000);
        walk_cards(store, (struct cw_store_span){.card = 4, .has_card = true}, &seen);
        assert_int_equal(seen.n, 3);
        assert_true(seen.at[1] == 1500 && seen.rows.cards.rows[1].card.available == 95100000);
        assert_true(seen.rows.cards.rows[1].changed == UINT16_MAX && !seen.rows.cards.rows[1].has_before);
        assert_true(seen.rows.cards.rows[2].changed == 1);
        walk_edges(store, (struct cw_store_span){.card = 4, .has_card = true}, &edges);
        assert_int_equal(edges.n, 1);
        assert_string_equal(edges.rows.history.rows[0].what, "firing");
        assert_true(!edges.rows.history.rows[0].detail && edges.rows.history.rows[0].severity == CW_SEVERITY_NONE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_changes_come_back_as_they_were_committed),
                cmocka_unit_test(test_rows_that_only_count_are_no_history),
                cmocka_unit_test(test_a_span_brings_what_it_asks_for),
                cmocka_unit_test(test_a_visitor_ends_the_walk),
                cmocka_unit_test(test_the_past_of_a_removed_source_is_kept_until_it_is_old),
                cmocka_unit_test(test_one_card_is_what_the_whole_says_of_it),
                cmocka_unit_test(test_edges_come_back_oldest_first),
                cmocka_unit_test(test_what_happened_is_known_again),
                cmocka_unit_test(test_damage_of_the_past_is_named),
                cmocka_unit_test(test_a_held_store_stands_still_beside_its_owner),
                cmocka_unit_test(test_an_old_store_keeps_what_it_knew),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
