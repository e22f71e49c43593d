/* SPDX-License-Identifier: Apache-2.0 */
/* What operators did is kept, and what is recorded of it can be looked at page by page. */
#include "rows.h"

#include <errno.h>
#include <sys/stat.h>

#include "cardwatch/store_pages.h"

static void test_silences_come_back_and_go(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;
        struct cw_silence_row row = {.id = "0123456789abcdef",
                                     .match = (char *)"customer=11057\nrule=low-balance",
                                     .by = (char *)"Zo\xc3\xab",
                                     .why = (char *)"'; DROP TABLE silence",
                                     .made_at = -1,
                                     .until_at = INT64_MAX};

        (void)state;
        place_init(&place);
        store = open_store(&place);
        cw_changes_silence(&changes, &row);
        memcpy(row.id, "fedcba9876543210", sizeof(row.id));
        row.match = (char *)"";
        cw_changes_silence(&changes, &row);
        commit(store, &changes, 1);
        row.gone = true;
        cw_changes_silence(&changes, &row);
        commit(store, &changes, 2);
        cw_store_close(store);
        store = open_store(&place);
        load(store, &rows);
        assert_int_equal(rows.silences.n, 1);
        assert_string_equal(rows.silences.rows[0].id, "0123456789abcdef");
        assert_string_equal(rows.silences.rows[0].match, "customer=11057\nrule=low-balance");
        assert_string_equal(rows.silences.rows[0].by, row.by);
        assert_string_equal(rows.silences.rows[0].why, row.why);
        assert_true(rows.silences.rows[0].made_at == -1 && rows.silences.rows[0].until_at == INT64_MAX);
        assert_false(rows.silences.rows[0].gone);
}

static void test_an_acknowledgement_comes_back_with_its_alert(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        struct cw_alert_row row = {.fingerprint = 7,
                                   .rule = (char *)"low",
                                   .source = (char *)"main",
                                   .acked_by = (char *)"zoe",
                                   .acked_until_at = 99};

        (void)state;
        place_init(&place);
        store = open_store(&place);
        for (int acked = 1; acked >= 0; acked--) {
                cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;

                row.acked_by = acked ? (char *)"zoe" : NULL;
                row.acked_until_at = acked ? 99 : 0;
                cw_changes_alert(&changes, &row);
                commit(store, &changes, 1);
                load(store, &rows);
                assert_int_equal(rows.alerts.n, 1);
                assert_int_equal(rows.alerts.rows[0].acked_until_at, acked ? 99 : 0);
                if (acked)
                        assert_string_equal(rows.alerts.rows[0].acked_by, "zoe");
                else
                        assert_null(rows.alerts.rows[0].acked_by);
        }
}

static void add_audit(struct cw_changes *changes, int64_t at, const char *target)
{
        cw_changes_audit(changes, &(struct cw_audit_row){.at = at,
                                                         .by = (char *)"zoe",
                                                         .uid = 1000,
                                                         .what = (char *)"ack",
                                                         .target = (char *)target,
                                                         .why = (char *)"looking into it"});
}

static void add_edge(struct cw_changes *changes, int64_t at, const char *what, const char *notifier)
{
        cw_changes_history(changes, &(struct cw_history_row){.at = at,
                                                             .fingerprint = 7,
                                                             .rule = (char *)"low",
                                                             .source = (char *)"main",
                                                             .what = what,
                                                             .notifier = (char *)notifier});
}

/* What pages brought, as "at target|at target". */
struct shown {
        struct cw_buf text;
        struct cw_store_place last;
        size_t n;
};

static void show(struct shown *shown, struct cw_store_place place, const char *word)
{
        cw_buf_printf(&shown->text, "%s%lld %s", shown->text.len ? "|" : "", (long long)place.at, word);
        shown->last = place;
        shown->n++;
}

static int show_audit(void *data, struct cw_store_place place, const struct cw_audit_row *row)
{
        assert_string_equal(row->by, "zoe");
        assert_string_equal(row->what, "ack");
        assert_string_equal(row->why, "looking into it");
        assert_true(row->uid == 1000 && row->at == place.at);
        show(data, place, row->target);
        return 0;
}

static int show_edge(void *data, struct cw_store_place place, const struct cw_history_row *row)
{
        show(data, place, row->what);
        return 0;
}

static void test_pages_are_newest_first_and_go_on_behind_a_place(void **state)
{
        static const struct {
                const char *name;
                struct cw_store_page page;
                bool edges;
                const char *shown;
        } cases[] = {
                {"all of it", {.limit = 9}, false, "30 d|20 c|20 b|10 a"},
                {"the newest", {.limit = 1}, false, "30 d"},
                {"from a time on", {.limit = 9, .from_at = 20}, false, "30 d|20 c|20 b"},
                {"up to a time, which is not in it", {.limit = 9, .to_at = 20}, false, "10 a"},
                {"nothing", {.limit = 9, .from_at = 31}, false, ""},
                {"edges without messages", {.limit = 9}, true, "6 acknowledged|3 resolved|1 firing"},
                {"and with them",
                 {.limit = 9, .messages = true},
                 true,
                 "6 acknowledged|5 sent|3 resolved|2 held|1 firing"},
        };
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        add_audit(&changes, 10, "a");
        add_audit(&changes, 20, "b");
        add_audit(&changes, 20, "c");
        add_edge(&changes, 1, "firing", NULL);
        add_edge(&changes, 2, "held", "hook");
        add_edge(&changes, 3, "resolved", NULL);
        commit(store, &changes, 20);
        add_audit(&changes, 30, "d");
        add_edge(&changes, 5, "sent", "hook");
        add_edge(&changes, 6, "acknowledged", NULL);
        commit(store, &changes, 30);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_store_page page = cases[i].page;
                struct shown whole = {.n = 0}, parts = {.n = 0};

                print_message("  %s\n", cases[i].name);
                assert_int_equal(cases[i].edges ? cw_store_page_edges(store, &page, show_edge, &whole, NULL)
                                                : cw_store_page_audit(store, &page, show_audit, &whole, NULL),
                                 0);
                assert_string_equal(cw_buf_text(&whole.text), cases[i].shown);
                /* The same one by one. */
                page.limit = 1;
                for (size_t before = SIZE_MAX; parts.n != before && parts.n < cases[i].page.limit;) {
                        before = parts.n;
                        assert_int_equal(cases[i].edges ? cw_store_page_edges(store, &page, show_edge, &parts, NULL)
                                                        : cw_store_page_audit(store, &page, show_audit, &parts, NULL),
                                         0);
                        page.before = parts.last;
                }
                assert_string_equal(cw_buf_text(&parts.text), cases[i].shown);
                cw_buf_deinit(&whole.text);
                cw_buf_deinit(&parts.text);
        }
}

static void test_what_operators_did_outlives_history(void **state)
{
        static const struct cw_store_keep keep = {.history_ms = HOUR_MS, .audit_ms = 100 * HOUR_MS};
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        struct cw_store_page page = {.limit = 9};
        struct shown shown = {.n = 0};

        (void)state;
        place_init(&place);
        store = open_store(&place);
        add_audit(&changes, HOUR_MS, "old");
        add_audit(&changes, 2 * HOUR_MS, "young");
        add_edge(&changes, HOUR_MS, "firing", NULL);
        commit(store, &changes, HOUR_MS);
        while (cw_store_maintain(store, 100 * HOUR_MS, &keep, true, NULL) == CW_STORE_MORE)
                ;
        assert_int_equal(cw_store_page_edges(store, &page, show_edge, &shown, NULL), 0);
        assert_int_equal(shown.n, 0);
        assert_int_equal(cw_store_page_audit(store, &page, show_audit, &shown, NULL), 0);
        assert_int_equal(shown.n, 2);
        while (cw_store_maintain(store, 101 * HOUR_MS + 1, &keep, true, NULL) == CW_STORE_MORE)
                ;
        cw_buf_clear(&shown.text);
        assert_int_equal(cw_store_page_audit(store, &page, show_audit, &shown, NULL), 0);
        assert_string_equal(cw_buf_text(&shown.text), "7200000 young");
        cw_buf_deinit(&shown.text);
}

static void add_intent(struct cw_changes *changes, uint64_t sequence, uint8_t intent_state)
{
        struct cw_intent_row row = {
                .sequence = sequence, .notifier = (char *)"hook", .state = intent_state, .error = (char *)"no answer"};

        snprintf(row.id, sizeof(row.id), "%032llu", (unsigned long long)sequence);
        cw_changes_intent(changes, &row);
}

/* A thousand, the least severe and the oldest go first; what still waits is never touched. */
static void test_dead_letters_have_a_bound(void **state)
{
        static const struct cw_store_keep keep = {.history_ms = 50 * HOUR_MS, .audit_ms = 99 * HOUR_MS};
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;
        struct cw_entry draft = {.severity = CW_SEVERITY_CRITICAL, .rule = "low", .source = "main", .reason = ""};
        struct cw_item item = {.edge = 1};
        struct cw_intent_row critical = {.sequence = 1,
                                         .notifier = (char *)"hook",
                                         .state = CW_INTENT_DEAD,
                                         .queued_at = HOUR_MS,
                                         .items = &item,
                                         .n_items = 1};

        (void)state;
        place_init(&place);
        store = open_store(&place);
        assert_int_equal(cw_entry_new(&draft, &item.entry), 0);
        cw_changes_intent(&changes, &critical);
        for (uint64_t sequence = 2; sequence <= 1100; sequence++)
                add_intent(&changes, sequence, sequence == 2 ? CW_INTENT_QUEUED : CW_INTENT_DEAD);
        for (size_t i = 0; i < changes.intents.n; i++)
                changes.intents.rows[i].queued_at = HOUR_MS;
        commit(store, &changes, HOUR_MS);
        while (cw_store_maintain(store, 2 * HOUR_MS, &keep, true, NULL) == CW_STORE_MORE)
                ;
        load(store, &rows);
        assert_int_equal(rows.intents.n, 1001);
        assert_true(rows.intents.rows[0].sequence == 1 && rows.intents.rows[1].sequence == 2);
        assert_int_equal(rows.intents.rows[2].sequence, 102);
        print_message("  and none older than the history\n");
        while (cw_store_maintain(store, 52 * HOUR_MS, &keep, true, NULL) == CW_STORE_MORE)
                ;
        cw_changes_deinit(&rows);
        load(store, &rows);
        assert_int_equal(rows.intents.n, 1);
        assert_int_equal(rows.intents.rows[0].sequence, 2);
        cw_entry_unref(item.entry);
}

static void test_undelivered_messages_are_paged_in_order(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        add_intent(&changes, 3, CW_INTENT_DEAD);
        add_intent(&changes, 1, CW_INTENT_QUEUED);
        add_intent(&changes, 2, CW_INTENT_DELIVERED);
        add_intent(&changes, 4, CW_INTENT_RENDERED);
        commit(store, &changes, 1);
        assert_int_equal(cw_store_page_outbox(store, 0, 2, &rows, NULL), 0);
        assert_true(rows.intents.n == 2 && rows.intents.rows[0].sequence == 1 && rows.intents.rows[1].sequence == 3);
        assert_int_equal(rows.intents.rows[1].state, CW_INTENT_DEAD);
        assert_string_equal(rows.intents.rows[1].error, "no answer");
        assert_int_equal(cw_store_page_outbox(store, 3, 2, &rows, NULL), 0);
        assert_true(rows.intents.n == 3 && rows.intents.rows[2].sequence == 4);
}

static void test_a_backup_is_a_store_of_its_own(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL, *looker = NULL, *copy = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        struct place copied;
        struct stat st;

        (void)state;
        place_init(&place);
        copied = place;
        snprintf(copied.path, sizeof(copied.path), "%s/copy.db", place.directory);
        store = open_store(&place);
        add_source(&changes, "main", false);
        add_card(&changes, "main", 1, 5);
        add_audit(&changes, 1, "a");
        commit(store, &changes, 1);
        /* As the daemon does it: beside the owner. */
        assert_int_equal(cw_store_open_readonly(place.path, &looker, NULL), 0);
        if (cw_store_backup(looker, copied.path, &message) < 0)
                fail_msg("%s", cw_buf_text(&message));
        assert_int_equal(stat(copied.path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0640);
        add_card(&changes, "main", 2, 5);
        commit(store, &changes, 2);

        assert_int_equal(cw_store_backup(looker, copied.path, &message), -EEXIST);
        assert_non_null(strstr(cw_buf_text(&message), "it stays"));
        copy = open_store(&copied);
        load(copy, &rows);
        assert_true(rows.cards.n == 1 && rows.sources.n == 1);
        cw_buf_clear(&message);
        assert_int_equal(cw_store_backup(looker, "/nonexistent/copy.db", &message), -ENOENT);
        assert_string_equal(cw_buf_text(&message), "/nonexistent/copy.db: No such file or directory");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_silences_come_back_and_go),
                cmocka_unit_test(test_an_acknowledgement_comes_back_with_its_alert),
                cmocka_unit_test(test_pages_are_newest_first_and_go_on_behind_a_place),
                cmocka_unit_test(test_what_operators_did_outlives_history),
                cmocka_unit_test(test_dead_letters_have_a_bound),
                cmocka_unit_test(test_undelivered_messages_are_paged_in_order),
                cmocka_unit_test(test_a_backup_is_a_store_of_its_own),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
