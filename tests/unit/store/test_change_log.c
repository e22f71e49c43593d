/* SPDX-License-Identifier: Apache-2.0 */
/* What is committed is the same before it is settled, after it, and after a crash at any point of it. */
#include "random_rows.h"

#include <errno.h>
#include <sys/wait.h>

#include "../../../src/store/changes_pack.h"
#include "../../../src/store/db.h"
#include "cardwatch/changes_order.h"
#include "cardwatch/store_history.h"
#include "cardwatch/store_pages.h"

#define COMMITS 12

static void pack(const struct cw_changes *changes, struct cw_buf *record)
{
        cw_changes_pack(changes, record);
        assert_int_equal(cw_buf_error(record), 0);
}

/* Everything that can be read of a store, as bytes. */
static int note_edge(void *data, const struct cw_history_row *row)
{
        cw_buf_printf(data, "%lld %s %s %u\n", (long long)row->at, row->what, row->source, row->edge);
        return 0;
}

static int note_page_edge(void *data, struct cw_store_place place, const struct cw_history_row *row)
{
        cw_buf_printf(data, "%lld ", (long long)place.number);
        return note_edge(data, row);
}

static int note_act(void *data, struct cw_store_place place, const struct cw_audit_row *row)
{
        cw_buf_printf(data, "%lld %lld %lld\n", (long long)place.at, (long long)place.number, (long long)row->uid);
        return 0;
}

static void note_pages(struct cw_store *store, struct cw_buf *seen)
{
        const struct cw_store_page pages[] = {{.limit = 1000, .messages = true},
                                              {.limit = 5},
                                              {.limit = 7, .messages = true, .before = {.at = 6, .number = 20}},
                                              {.limit = 100, .from_at = 3, .to_at = 8}};

        for (size_t i = 0; i < CW_ARRAY_SIZE(pages); i++) {
                cw_buf_printf(seen, "page %zu\n", i);
                assert_int_equal(cw_store_page_edges(store, &pages[i], note_page_edge, seen, NULL), 0);
                assert_int_equal(cw_store_page_audit(store, &pages[i], note_act, seen, NULL), 0);
        }
}

static void note_walks(struct cw_store *store, struct cw_buf *seen)
{
        const struct cw_store_span spans[] = {{.from_at = 0},
                                              {.from_at = 3, .to_at = 9, .source = "hook"},
                                              {.card = 1, .has_card = true},
                                              {.fingerprint = 2}};

        for (size_t i = 0; i < CW_ARRAY_SIZE(spans); i++) {
                cw_buf_printf(seen, "walk %zu\n", i);
                assert_int_equal(cw_store_walk_edges(store, &spans[i], note_edge, seen, NULL), 0);
        }
}

static void note_outbox(struct cw_store *store, struct cw_buf *seen)
{
        for (size_t limit = 1; limit <= KEYS; limit += 2) {
                cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;
                char id[33];

                assert_int_equal(cw_store_page_outbox(store, limit - 1, limit, &rows, NULL), 0);
                snprintf(id, sizeof(id), "%032u", (unsigned)limit);
                assert_int_equal(cw_store_letter(store, id, &rows, NULL), 0);
                for (size_t i = 0; i < rows.intents.n; i++)
                        cw_buf_printf(seen, "letter %llu %u\n", (unsigned long long)rows.intents.rows[i].sequence,
                                      rows.intents.rows[i].attempts);
        }
}

static void see(struct cw_store *store, struct cw_buf *seen)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL, sources = CW_CHANGES_NULL;

        load(store, &rows);
        assert_int_equal(cw_store_load_sources(store, &sources, NULL), 0);
        assert_int_equal(sources.sources.n, rows.sources.n);
        assert_int_equal(sources.alerts.n, 0);
        for (size_t i = 0; i < rows.cards.n; i++)
                cw_buf_printf(seen, "card %lld %lld\n", (long long)rows.cards.rows[i].card.id,
                              (long long)rows.cards.rows[i].card.available);
        cw_buf_printf(seen,
                      "%zu alerts, %zu ledger, %zu groups, %zu messages, %zu rules, %zu digests, %zu happenings, %zu "
                      "sources, "
                      "%zu silences, %zu receivers, %zu edges, %zu acts\n",
                      rows.alerts.n, rows.ledger.n, rows.groups.n, rows.intents.n, rows.rules.n, rows.digests.n,
                      rows.happenings.n, rows.sources.n, rows.silences.n, rows.receivers.n, rows.history.n,
                      rows.audit.n);
        note_pages(store, seen);
        note_walks(store, seen);
        note_outbox(store, seen);
        pack(&rows, seen);
        assert_int_equal(cw_buf_error(seen), 0);
}

/* The same bytes, and where they begin to differ. */
static void assert_same(const struct cw_buf *one, const struct cw_buf *other)
{
        size_t same = 0;

        while (same < one->len && same < other->len && one->data[same] == other->data[same])
                same++;
        if (same < one->len || same < other->len)
                print_error("they differ at %zu of %zu and %zu:\n%.40s\n%.40s\n", same, one->len, other->len,
                            cw_buf_text(one) + same, cw_buf_text(other) + same);
        assert_int_equal(one->len, other->len);
        assert_memory_equal(one->data, other->data, one->len);
}

static void assert_store_shows(const struct place *place, const struct cw_buf *expected)
{
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf seen = CW_BUF_NULL;

        assert_int_equal(cw_store_open_readonly(place->path, &store, NULL), 0);
        see(store, &seen);
        assert_same(&seen, expected);
}

static void commit_some(struct cw_store *store, unsigned *seed, int64_t at)
{
        struct cw_changes changes = CW_CHANGES_NULL;

        fill(&changes, seed, at);
        commit(store, &changes, at);
}

/* Whether what was committed is handed over to be settled without reading it. */
enum handing { NEVER, ALWAYS, NOW_AND_THEN };

static void commit_handing(struct cw_store *store, unsigned *seed, int64_t at, enum handing handing)
{
        struct cw_changes changes = CW_CHANGES_NULL;

        fill(&changes, seed, at);
        assert_int_equal(cw_changes_sort(&changes), 0);
        assert_int_equal(cw_store_commit(store, &changes, at, NULL), 0);
        if (handing == ALWAYS || (handing == NOW_AND_THEN && at % 2 == 0))
                cw_store_hand_over(store, &changes);
        cw_changes_deinit(&changes);
}

static void test_what_is_not_settled_is_read_as_what_is(void **state)
{
        for (unsigned seed = 1; seed <= 20; seed++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                unsigned random = seed;

                (void)state;
                place_init(&place);
                store = open_store(&place);
                for (int64_t at = 1; at <= COMMITS; at++) {
                        cw_cleanup(cw_buf_deinit) struct cw_buf before = CW_BUF_NULL, after = CW_BUF_NULL;

                        commit_handing(store, &random, at, seed % 3);
                        assert_true(cw_store_unsettled(store) > 0);
                        see(store, &before);
                        assert_store_shows(&place, &before);
                        if (at % 3 > 0)
                                continue;
                        settle(store);
                        see(store, &after);
                        assert_same(&before, &after);
                        assert_store_shows(&place, &after);
                }
        }
}

/* Whatever was said in between, however it is settled, the same remains as if there were no log. */
static void test_settling_comes_to_the_same(void **state)
{
        static const struct {
                const char *name;
                enum handing handing;
                bool each, again; /* settled with every commit; opened again, as after a crash */
        } cases[] = {{"with every commit", NEVER, true, false},
                     {"after a crash", NEVER, false, true},
                     {"after a crash, handed over", ALWAYS, false, true},
                     {"all that was handed over", ALWAYS, false, false},
                     {"some that was handed over", NOW_AND_THEN, false, false},
                     {"with every commit, handed over", ALWAYS, true, false}};
        cw_cleanup(cw_buf_deinit) struct cw_buf expected = CW_BUF_NULL;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_cleanup(cw_buf_deinit) struct cw_buf seen = CW_BUF_NULL;
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                unsigned seed = 7;

                print_message("  %s\n", cases[i].name);
                place_init(&place);
                store = open_store(&place);
                for (int64_t at = 1; at <= COMMITS; at++) {
                        commit_handing(store, &seed, at, cases[i].handing);
                        if (cases[i].each)
                                settle(store);
                }
                if (cases[i].again) {
                        cw_store_close(cw_take(store));
                        store = open_store(&place);
                }
                assert_int_equal(cw_store_unsettled(store) > 0, !cases[i].each);
                settle(store);
                see(store, i == 0 ? &expected : &seen);
                if (i > 0)
                        assert_same(&seen, &expected);
        }
}

static int64_t count(struct cw_store *store, const char *sql)
{
        int64_t n;

        assert_int_equal(cw_db_number(store, sql, &n, NULL), 0);
        return n;
}

static void test_a_small_commit_goes_to_its_tables(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        struct cw_changes changes = CW_CHANGES_NULL;
        unsigned seed = 1;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        add_source(&changes, "main", false);
        commit(store, &changes, 1);
        assert_int_equal(cw_store_unsettled(store), 0);
        assert_int_equal(count(store, "SELECT count(*) FROM source"), 1);
        /* ... unless something stands in the log that was said before. */
        commit_some(store, &seed, 2);
        add_source(&changes, "other", false);
        commit(store, &changes, 3);
        assert_int_equal(count(store, "SELECT count(*) FROM source"), 1);
        assert_int_equal(count(store, "SELECT count(*) FROM change_log"), 2);
        settle(store);
        assert_int_equal(count(store, "SELECT count(*) FROM source WHERE name = 'other'"), 1);
        assert_int_equal(count(store, "SELECT count(*) FROM change_log"), 0);
}

static void test_a_removal_is_not_put_off(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;
        struct cw_changes changes = CW_CHANGES_NULL;
        unsigned seed = 1;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        commit_some(store, &seed, 1);
        assert_true(cw_store_unsettled(store) > 0);
        add_source(&changes, "main", true);
        add_card(&changes, "main", 77, 1);
        commit(store, &changes, 2);
        assert_int_equal(cw_store_unsettled(store), 0);
        load(store, &rows);
        assert_int_equal(rows.cards.n, 1);
        assert_int_equal(rows.cards.rows[0].card.id, 77);
}

static void test_a_large_commit_is_not_written_twice(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        struct cw_changes changes = CW_CHANGES_NULL;
        unsigned seed = 1;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        commit_some(store, &seed, 1);
        for (int i = 0; i < 40000; i++)
                cw_changes_history(&changes, &(struct cw_history_row){.at = 2,
                                                                      .rule = (char *)"a rule with a name",
                                                                      .source = (char *)"main",
                                                                      .what = "event"});
        commit(store, &changes, 2);
        assert_int_equal(cw_store_unsettled(store), 0);
        assert_true(count(store, "SELECT count(*) FROM alert_history") > 40000);
}

static void test_a_damaged_log_is_named(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        unsigned seed = 1;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        commit_some(store, &seed, 1);
        assert_int_equal(cw_db_exec(store, "UPDATE change_log SET changes = zeroblob(length(changes))", NULL), 0);
        assert_int_equal(cw_store_settle(store, &message), -EBADMSG);
        assert_non_null(strstr(cw_buf_text(&message), "table change_log is damaged at sequence 1"));
        assert_int_equal(cw_store_load(store, &rows, NULL), -EBADMSG);
}

#ifdef CARDWATCH_FAULTS
static void fail_a_share(enum handing handing)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf before = CW_BUF_NULL, after = CW_BUF_NULL, message = CW_BUF_NULL;
        unsigned seed = 3;
        size_t unsettled;

        place_init(&place);
        setenv("CARDWATCH_FAULT", "settle-fail:1-2", 1);
        store = open_store(&place);
        unsetenv("CARDWATCH_FAULT");
        commit_handing(store, &seed, 1, handing);
        commit_handing(store, &seed, 2, handing);
        unsettled = cw_store_unsettled(store);
        see(store, &before);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(cw_store_settle(store, &message), -ENOSPC);
                assert_int_equal(cw_store_unsettled(store), unsettled);
                assert_int_equal(count(store, "SELECT count(*) FROM alert_history"), 0);
        }
        assert_non_null(strstr(cw_buf_text(&message), "a test asked for this"));
        settle(store);
        see(store, &after);
        assert_same(&before, &after);
}

static void test_a_share_that_fails_loses_nothing(void **state)
{
        (void)state;
        fail_a_share(NEVER);
        fail_a_share(ALWAYS);
}

static void test_a_commit_that_fails_leaves_the_log_alone(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf before = CW_BUF_NULL, after = CW_BUF_NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, removal = CW_CHANGES_NULL;
        unsigned seed = 3;
        size_t unsettled;

        (void)state;
        place_init(&place);
        setenv("CARDWATCH_FAULT", "commit-fail:2-3", 1);
        store = open_store(&place);
        unsetenv("CARDWATCH_FAULT");
        commit_some(store, &seed, 1);
        unsettled = cw_store_unsettled(store);
        see(store, &before);
        fill(&changes, &seed, 2);
        assert_int_equal(cw_store_commit(store, &changes, 2, NULL), -ENOSPC);
        /* One that would have settled the log. */
        add_source(&removal, "main", true);
        assert_int_equal(cw_store_commit(store, &removal, 3, NULL), -ENOSPC);
        assert_int_equal(cw_store_unsettled(store), unsettled);
        see(store, &after);
        assert_same(&before, &after);
        settle(store);
        commit(store, &changes, 4);
}

/* In a child that ends at the named point; the last commit that it made before was the fourth. */
static void settle_and_be_killed(const struct place *place, const char *fault)
{
        int status;
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
                struct cw_store *store;
                unsigned seed = 5;

                setenv("CARDWATCH_FAULT", fault, 1);
                store = open_store(place);
                for (int64_t at = 1; at <= 4; at++) {
                        commit_some(store, &seed, at);
                        if (at % 2 == 0 && cw_store_settle(store, NULL) < 0)
                                _exit(3);
                }
                _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 137);
}

static void test_a_process_that_ends_while_it_settles_loses_and_doubles_nothing(void **state)
{
        static const char *const faults[] = {"settle-exit:before:2", "settle-exit:after:2"};
        cw_cleanup(cw_buf_deinit) struct cw_buf expected = CW_BUF_NULL;
        cw_cleanup(place_deinit) struct place whole;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        unsigned seed = 5;

        (void)state;
        place_init(&whole);
        store = open_store(&whole);
        for (int64_t at = 1; at <= 4; at++)
                commit_some(store, &seed, at);
        settle(store);
        see(store, &expected);
        for (size_t i = 0; i < CW_ARRAY_SIZE(faults); i++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *again = NULL;
                cw_cleanup(cw_buf_deinit) struct cw_buf seen = CW_BUF_NULL;

                print_message("  %s\n", faults[i]);
                place_init(&place);
                settle_and_be_killed(&place, faults[i]);
                assert_store_shows(&place, &expected);
                again = open_store(&place);
                assert_int_equal(cw_store_unsettled(again) > 0, i == 0);
                settle(again);
                see(again, &seen);
                assert_same(&seen, &expected);
        }
}
#endif

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_not_settled_is_read_as_what_is),
                cmocka_unit_test(test_settling_comes_to_the_same),
                cmocka_unit_test(test_a_small_commit_goes_to_its_tables),
                cmocka_unit_test(test_a_removal_is_not_put_off),
                cmocka_unit_test(test_a_large_commit_is_not_written_twice),
                cmocka_unit_test(test_a_damaged_log_is_named),
#ifdef CARDWATCH_FAULTS
                cmocka_unit_test(test_a_share_that_fails_loses_nothing),
                cmocka_unit_test(test_a_commit_that_fails_leaves_the_log_alone),
                cmocka_unit_test(test_a_process_that_ends_while_it_settles_loses_and_doubles_nothing),
#endif
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
