/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that a statement takes many of: every kind of value arrives, runs of any length do, and one that fails leaves
 * nothing. */
#include "../../../src/store/db.h"
#include "../../../src/store/given.h"
#include "rows.h"

#include <errno.h>

static int64_t count(struct cw_store *store, const char *sql)
{
        int64_t n;

        assert_int_equal(cw_db_number(store, sql, &n, NULL), 0);
        return n;
}

/* A rule has two texts, neither of which may be NULL. */
struct rules {
        size_t bad; /* the row that cannot be put together, and how */
        int error;
        bool lacks_name;
        char name[32];
};

static int give_rule(void *data, size_t i, struct cw_given *given)
{
        struct rules *rules = data;

        snprintf(rules->name, sizeof(rules->name), "rule %zu", i);
        cw_given_text(given, rules->lacks_name && i == rules->bad ? NULL : rules->name);
        cw_given_hex64(given, i);
        return i == rules->bad ? rules->error : 0;
}

static void test_rows_from_one_to_another(void **state)
{
        static const struct {
                const char *name;
                size_t from, to;
        } cases[] = {{"one", 0, 1}, {"the last of many", 99, 100}, {"some in the middle", 3, 77}, {"many", 0, 1000}};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                struct rules rules = {.bad = SIZE_MAX};
                char sql[128];

                print_message("  %s\n", cases[i].name);
                place_init(&place);
                store = open_store(&place);
                assert_int_equal(
                        cw_given_write(store, CW_SQL_RULE_PUT, cases[i].from, cases[i].to, give_rule, &rules, NULL), 0);
                assert_int_equal(count(store, "SELECT count(*) FROM rule"), cases[i].to - cases[i].from);
                snprintf(sql, sizeof(sql), "SELECT meaning = '%016zx' FROM rule WHERE name = 'rule %zu'",
                         cases[i].to - 1, cases[i].to - 1);
                assert_int_equal(count(store, sql), 1);
        }
}

static void test_what_fails_leaves_nothing(void **state)
{
        static const struct {
                const char *name;
                struct rules rules;
                int expected;
        } cases[] = {{"no memory for the first", {.bad = 0, .error = -ENOMEM}, -ENOMEM},
                     {"no memory for a later one", {.bad = 7, .error = -ENOMEM}, -ENOMEM},
                     {"a value that may not be missing", {.bad = 7, .lacks_name = true}, -EBADMSG}};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
                struct rules rules = cases[i].rules, good = {.bad = SIZE_MAX};

                print_message("  %s\n", cases[i].name);
                place_init(&place);
                store = open_store(&place);
                assert_int_equal(cw_given_write(store, CW_SQL_RULE_PUT, 0, 20, give_rule, &rules, &message),
                                 cases[i].expected);
                assert_true(message.len > 0);
                assert_int_equal(count(store, "SELECT count(*) FROM rule"), 0);
                assert_int_equal(cw_given_write(store, CW_SQL_RULE_PUT, 0, 20, give_rule, &good, NULL), 0);
                assert_int_equal(count(store, "SELECT count(*) FROM rule"), 20);
        }
}

static int give_letter(void *data, size_t i, struct cw_given *given)
{
        (void)i;
        cw_given_i64(given, INT64_MIN);
        cw_given_text(given, "");
        cw_given_text(given, data);
        cw_given_nulls(given, 1); /* groups */
        for (int k = 0; k < 9; k++)
                cw_given_i64(given, k);
        cw_given_text(given, NULL); /* error */
        cw_given_blob(given, "", 0); /* items */
        cw_given_blob(given, NULL, 0); /* payload */
        for (int k = 0; k < 5; k++)
                cw_given_i64(given, 0);
        cw_given_blob(given, "a\0b", 3); /* digest */
        cw_given_nulls(given, 1);
        return 0;
}

static void test_values_of_every_kind(void **state)
{
        static const char *const facts[] = {"sequence = -9223372036854775807 - 1",
                                            "id = '' AND typeof(id) = 'text'",
                                            "notifier = 'hook'",
                                            "groups IS NULL AND error IS NULL AND counted IS NULL",
                                            "attempts = 8",
                                            "typeof(items) = 'blob' AND length(items) = 0",
                                            "payload IS NULL",
                                            "digest = x'610062'"};
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        assert_int_equal(cw_given_write(store, CW_SQL_OUTBOX_PUT, 0, 1, give_letter, (void *)"hook", NULL), 0);
        for (size_t i = 0; i < CW_ARRAY_SIZE(facts); i++) {
                char sql[256];

                print_message("  %s\n", facts[i]);
                snprintf(sql, sizeof(sql), "SELECT count(*) FROM outbox WHERE %s", facts[i]);
                assert_int_equal(count(store, sql), 1);
        }
}

/* A row that has fewer columns than the one before does not take over its values. */
static int give_rule_and_forget(void *data, size_t i, struct cw_given *given)
{
        (void)data;
        cw_given_text(given, i == 0 ? "first" : "second");
        if (i == 0)
                cw_given_hex64(given, 7);
        return 0;
}

static void test_what_was_not_given_is_missing(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        assert_int_equal(cw_given_write(store, CW_SQL_RULE_PUT, 0, 2, give_rule_and_forget, NULL, NULL), -EBADMSG);
        assert_int_equal(cw_given_write(store, CW_SQL_RULE_PUT, 0, 1, give_rule_and_forget, NULL, NULL), 0);
}

/* Longer than a run, with rows between that are dropped. */
static void test_lists_longer_than_a_statement_takes(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        struct cw_changes changes = CW_CHANGES_NULL;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        for (int round = 0; round <= 1; round++) {
                for (uint64_t i = 0; i < 500; i++)
                        cw_changes_ledger(&changes,
                                          &(struct cw_ledger_row){.notifier = (char *)"hook",
                                                                  .fingerprint = i,
                                                                  .edge = (uint32_t)round + 1,
                                                                  .gone = round == 1 && (i % 150 == 0 || i > 450)});
                commit(store, &changes, round + 1);
                settle(store);
        }
        assert_int_equal(count(store, "SELECT count(*) FROM ledger"), 447);
        assert_int_equal(count(store, "SELECT count(*) FROM ledger WHERE edge = 2"), 447);
        assert_int_equal(count(store, "SELECT count(*) FROM ledger WHERE fingerprint = '0000000000000096'"), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows_from_one_to_another),
                cmocka_unit_test(test_what_fails_leaves_nothing),
                cmocka_unit_test(test_values_of_every_kind),
                cmocka_unit_test(test_what_was_not_given_is_missing),
                cmocka_unit_test(test_lists_longer_than_a_statement_takes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
