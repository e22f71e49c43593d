/* SPDX-License-Identifier: Apache-2.0 */
/* What is committed comes back, is replaced and goes, before and after a checkpoint. */
#include "rows.h"

#include <errno.h>

static void same_text(const char *a, const char *b)
{
        if (!a || !b)
                assert_true(!a && !b);
        else
                assert_string_equal(a, b);
}

static struct cw_entry *new_entry(const char *rule)
{
        struct cw_entry entry = {.fingerprint = 7,
                                 .state = CW_ENTRY_FIRING,
                                 .severity = CW_SEVERITY_WARNING,
                                 .rule = rule,
                                 .source = "main",
                                 .has_card = true,
                                 .card = {.id = 4, .available = 95100000, .currency = "USD", .last4 = "1234"},
                                 .reason = "available < floor",
                                 .confirmed = -1};
        struct cw_entry *copy;

        assert_int_equal(cw_entry_new(&entry, &copy), 0);
        return copy;
}

static const struct cw_card_row cards[] = {
        {.source = (char *)"main",
         .card = {.id = 1,
                  .customer = 11057,
                  .available = 95100000,
                  .pending = 4900000,
                  .total = 100000000,
                  .reference = "acme-1",
                  .currency = "USD",
                  .last4 = "0034",
                  .suppressed = true},
         .first_seen_at = 1,
         .observed_at = 2,
         .observations = 3,
         .missing = 4,
         .baseline = true,
         .look_again = true,
         .unseen = true,
         .folded_at = 99},
        {.source = (char *)"main",
         .card = {.id = 2, .customer = 11057, .reference = "acme-1", .currency = "USD", .last4 = "12"},
         .missing = 255,
         .unseen = true,
         .folded_at = INT64_MIN},
        {.source = (char *)"main", .card = {.id = 3, .customer = 11057, .reference = "", .currency = "JPY"}},
        {.source = (char *)"main", .card = {.id = 4, .customer = 11057, .currency = "JPY", .last4 = "a123"}},
        {.source = (char *)"main",
         .card = {.id = INT64_MAX,
                  .customer = INT64_MIN,
                  .available = CW_AMOUNT_MIN,
                  .pending = CW_AMOUNT_MIN,
                  .total = CW_AMOUNT_MAX,
                  .reference = "\"'<script>{{ \xf0\x9f\x98\x80\n"},
         .first_seen_at = INT64_MIN,
         .observed_at = INT64_MAX,
         .observations = UINT32_MAX},
        {.source = (char *)"second",
         .card = {.id = INT64_MIN, .available = CW_AMOUNT_MAX, .currency = "EUR", .last4 = "9999"}},
        {.source = (char *)"second", .card = {.id = 1, .currency = "EUR"}},
};

static void assert_same_card(const struct cw_card_row *a, const struct cw_card_row *b)
{
        assert_string_equal(a->source, b->source);
        assert_true(a->card.id == b->card.id && a->card.customer == b->card.customer);
        assert_true(a->card.available == b->card.available && a->card.pending == b->card.pending);
        assert_true(a->card.total == b->card.total && a->card.suppressed == b->card.suppressed);
        same_text(a->card.reference, b->card.reference);
        assert_string_equal(a->card.currency, b->card.currency);
        assert_string_equal(a->card.last4, b->card.last4);
        assert_true(a->first_seen_at == b->first_seen_at && a->observed_at == b->observed_at);
        assert_true(a->observations == b->observations && a->missing == b->missing);
        assert_true(a->baseline == b->baseline && a->look_again == b->look_again && !b->gone);
        assert_true(a->unseen == b->unseen && a->folded_at == b->folded_at);
}

static void assert_cards_loaded(struct cw_store *store)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;

        load(store, &rows);
        assert_int_equal(rows.cards.n, CW_ARRAY_SIZE(cards));
        for (size_t i = 0; i < CW_ARRAY_SIZE(cards); i++)
                assert_same_card(&cards[i], &rows.cards.rows[i]);
}

static void test_cards_come_back(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cards); i++)
                cw_changes_card(&changes, &cards[i]);
        commit(store, &changes, 1);
        assert_cards_loaded(store);
        maintain(store, 1, true);
        assert_cards_loaded(store);
        cw_store_close(store);
        store = open_store(&place);
        assert_cards_loaded(store);
}

static void test_sources_and_rules_come_back(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        cw_changes_source(&changes, &(struct cw_source_row){.source = (char *)"main",
                                                            .baseline_done = true,
                                                            .first_poll_at = 1,
                                                            .last_poll_at = 2,
                                                            .last_complete_at = 3,
                                                            .poll_ms = 4,
                                                            .failed_polls = UINT32_MAX});
        cw_changes_rule(&changes, &(struct cw_rule_row){.name = (char *)"low", .meaning = UINT64_MAX});
        cw_changes_rule(&changes, &(struct cw_rule_row){.name = (char *)"old", .meaning = 1});
        commit(store, &changes, 1);
        cw_changes_rule(&changes, &(struct cw_rule_row){.name = (char *)"old", .gone = true});
        commit(store, &changes, 2);
        load(store, &rows);
        assert_int_equal(rows.sources.n, 1);
        assert_string_equal(rows.sources.rows[0].source, "main");
        assert_true(rows.sources.rows[0].baseline_done && !rows.sources.rows[0].removed);
        assert_int_equal(rows.sources.rows[0].first_poll_at, 1);
        assert_int_equal(rows.sources.rows[0].last_poll_at, 2);
        assert_int_equal(rows.sources.rows[0].last_complete_at, 3);
        assert_int_equal(rows.sources.rows[0].poll_ms, 4);
        assert_true(rows.sources.rows[0].failed_polls == UINT32_MAX);
        assert_int_equal(rows.rules.n, 1);
        assert_string_equal(rows.rules.rows[0].name, "low");
        assert_true(rows.rules.rows[0].meaning == UINT64_MAX);
}

static void test_alerts_come_back(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;
        struct cw_entry *entry = new_entry("low-balance");
        struct cw_alert_row row = {.fingerprint = UINT64_C(0xf000000000000001),
                                   .rule = (char *)"low-balance",
                                   .source = (char *)"main",
                                   .customer = -1,
                                   .card = INT64_MAX,
                                   .episode = 5,
                                   .edge = UINT32_MAX,
                                   .state = 2,
                                   .baseline = true,
                                   .since_at = -1,
                                   .clear_at = 12,
                                   .fired_at = (int64_t[]){5, 9, INT64_MAX},
                                   .n_fired_at = 3,
                                   .moved_at = INT64_MAX,
                                   .insist_edge = 4,
                                   .entry = entry};

        (void)state;
        place_init(&place);
        store = open_store(&place);
        cw_changes_alert(&changes, &row);
        cw_entry_unref(entry);
        commit(store, &changes, 1);
        load(store, &rows);
        assert_int_equal(rows.alerts.n, 1);
        assert_true(rows.alerts.rows[0].fingerprint == row.fingerprint);
        assert_string_equal(rows.alerts.rows[0].rule, "low-balance");
        assert_string_equal(rows.alerts.rows[0].source, "main");
        assert_true(rows.alerts.rows[0].customer == -1 && rows.alerts.rows[0].card == INT64_MAX);
        assert_true(rows.alerts.rows[0].episode == 5 && rows.alerts.rows[0].edge == UINT32_MAX);
        assert_int_equal(rows.alerts.rows[0].state, 2);
        assert_true(rows.alerts.rows[0].entry->card.available == 95100000);
        assert_int_equal(rows.alerts.rows[0].entry->refs, 1);
        assert_true(rows.alerts.rows[0].baseline && !rows.alerts.rows[0].flapping);
        assert_true(rows.alerts.rows[0].since_at == -1 && rows.alerts.rows[0].clear_at == 12);
        assert_true(rows.alerts.rows[0].moved_at == INT64_MAX && rows.alerts.rows[0].insist_edge == 4);
        assert_int_equal(rows.alerts.rows[0].n_fired_at, 3);
        assert_memory_equal(rows.alerts.rows[0].fired_at, row.fired_at, 3 * sizeof(*row.fired_at));

        cw_changes_deinit(&rows);
        row.entry = NULL;
        row.state = 0;
        row.baseline = false;
        row.flapping = true;
        row.n_fired_at = 0;
        cw_changes_alert(&changes, &row);
        commit(store, &changes, 2);
        load(store, &rows);
        assert_int_equal(rows.alerts.n, 1);
        assert_int_equal(rows.alerts.rows[0].state, 0);
        assert_null(rows.alerts.rows[0].entry);
        assert_true(!rows.alerts.rows[0].baseline && rows.alerts.rows[0].flapping);
        assert_int_equal(rows.alerts.rows[0].n_fired_at, 0);

        cw_changes_deinit(&rows);
        row.gone = true;
        cw_changes_alert(&changes, &row);
        commit(store, &changes, 3);
        load(store, &rows);
        assert_int_equal(rows.alerts.n, 0);
}

static void test_ledger_and_groups_come_back_and_go(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;
        struct cw_ledger_row ledger = {.notifier = (char *)"hook",
                                       .fingerprint = UINT64_MAX,
                                       .edge = 3,
                                       .state = CW_ENTRY_RESOLVED,
                                       .severity = CW_SEVERITY_CRITICAL,
                                       .accepted = true};
        struct cw_group_row group = {.notifier = (char *)"hook",
                                     .key = (char *)"main\nx",
                                     .begun_at = 1,
                                     .told_at = 2,
                                     .due_at = 3,
                                     .repeat = 4,
                                     .thread = "9f86d081884c7d659a2feaa0c55ad015"};

        (void)state;
        place_init(&place);
        store = open_store(&place);
        cw_changes_ledger(&changes, &ledger);
        cw_changes_group(&changes, &group);
        ledger.notifier = group.notifier = (char *)"mail";
        cw_changes_ledger(&changes, &ledger);
        cw_changes_group(&changes, &group);
        commit(store, &changes, 1);
        ledger.gone = group.gone = true;
        cw_changes_ledger(&changes, &ledger);
        cw_changes_group(&changes, &group);
        commit(store, &changes, 1);
        load(store, &rows);
        assert_int_equal(rows.ledger.n, 1);
        assert_string_equal(rows.ledger.rows[0].notifier, "hook");
        assert_true(rows.ledger.rows[0].fingerprint == UINT64_MAX && rows.ledger.rows[0].edge == 3);
        assert_int_equal(rows.ledger.rows[0].state, CW_ENTRY_RESOLVED);
        assert_int_equal(rows.ledger.rows[0].severity, CW_SEVERITY_CRITICAL);
        assert_true(rows.ledger.rows[0].accepted && !rows.ledger.rows[0].gone);
        assert_int_equal(rows.groups.n, 1);
        assert_string_equal(rows.groups.rows[0].notifier, "hook");
        assert_string_equal(rows.groups.rows[0].key, "main\nx");
        assert_true(rows.groups.rows[0].begun_at == 1 && rows.groups.rows[0].told_at == 2);
        assert_true(rows.groups.rows[0].due_at == 3 && rows.groups.rows[0].repeat == 4);
        assert_string_equal(rows.groups.rows[0].thread, group.thread);
}

static struct cw_intent_row intent_row(struct cw_item *items, size_t n_items)
{
        return (struct cw_intent_row){.sequence = 9,
                                      .id = "0123456789abcdef0123456789abcdef",
                                      .notifier = (char *)"hook",
                                      .groups = (char *)"a\nb",
                                      .kind = CW_NOTICE_EVENT,
                                      .state = CW_INTENT_RENDERED,
                                      .baseline = true,
                                      .opens_thread = true,
                                      .repeat = 1,
                                      .queued_at = 2,
                                      .next_at = 3,
                                      .failing_since_at = 4,
                                      .attempts = 5,
                                      .error = (char *)"timed out",
                                      .items = items,
                                      .n_items = n_items,
                                      .payload = (char *)"a\0b",
                                      .payload_len = 3,
                                      .counted = (char *)"\0c",
                                      .counted_len = 2};
}

static void test_intents_come_back(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;
        struct cw_item items[] = {{new_entry("a"), CW_SEVERITY_INFO, true, false, 7},
                                  {new_entry("b"), CW_SEVERITY_NONE, false, true, 8}};
        struct cw_intent_row row = intent_row(items, 2);
        const struct cw_intent_row *back;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        cw_changes_intent(&changes, &row);
        row = (struct cw_intent_row){.sequence = 10, .id = "", .notifier = (char *)"mail", .payload = (char *)""};
        cw_changes_intent(&changes, &row);
        commit(store, &changes, 1);
        load(store, &rows);
        assert_int_equal(rows.intents.n, 2);
        back = &rows.intents.rows[0];
        assert_true(back->sequence == 9);
        assert_string_equal(back->id, "0123456789abcdef0123456789abcdef");
        assert_string_equal(back->notifier, "hook");
        assert_string_equal(back->groups, "a\nb");
        assert_int_equal(back->kind, CW_NOTICE_EVENT);
        assert_int_equal(back->state, CW_INTENT_RENDERED);
        assert_true(back->baseline && back->opens_thread && back->repeat == 1);
        assert_true(back->queued_at == 2 && back->next_at == 3 && back->failing_since_at == 4);
        assert_true(back->attempts == 5 && !back->gone);
        assert_string_equal(back->error, "timed out");
        assert_int_equal(back->payload_len, 3);
        assert_memory_equal(back->payload, "a\0b", 3);
        assert_int_equal(back->counted_len, 2);
        assert_memory_equal(back->counted, "\0c", 2);
        assert_int_equal(back->n_items, 2);
        assert_string_equal(back->items[0].entry->rule, "a");
        assert_int_equal(back->items[0].previous_severity, CW_SEVERITY_INFO);
        assert_true(back->items[0].folded && !back->items[0].silenced && back->items[0].edge == 7);
        assert_true(!back->items[1].folded && back->items[1].silenced && back->items[1].edge == 8);
        back = &rows.intents.rows[1];
        assert_null(back->groups);
        assert_null(back->error);
        assert_int_equal(back->n_items, 0);
        assert_int_equal(back->payload_len, 0);
        assert_non_null(back->payload);
        assert_null(back->counted);
        for (size_t i = 0; i < 2; i++)
                cw_entry_unref(items[i].entry);
}

static void test_delivered_and_gone_intents_are_not_loaded(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;
        struct cw_intent_row row = intent_row(NULL, 0);

        (void)state;
        place_init(&place);
        store = open_store(&place);
        for (row.sequence = 1; row.sequence <= 4; row.sequence++)
                cw_changes_intent(&changes, &row);
        commit(store, &changes, 1);
        row.sequence = 1;
        row.state = CW_INTENT_DELIVERED;
        cw_changes_intent(&changes, &row);
        row.sequence = 2;
        row.state = CW_INTENT_DEAD;
        cw_changes_intent(&changes, &row);
        row.sequence = 3;
        row.gone = true;
        cw_changes_intent(&changes, &row);
        commit(store, &changes, 2);
        load(store, &rows);
        assert_int_equal(rows.intents.n, 2);
        assert_true(rows.intents.rows[0].sequence == 2);
        assert_int_equal(rows.intents.rows[0].state, CW_INTENT_DEAD);
        assert_true(rows.intents.rows[1].sequence == 4);
}

/* The sum tells which states were loaded. */
static void assert_cards(struct cw_store *store, size_t n, int64_t sum)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;

        load(store, &rows);
        assert_int_equal(rows.cards.n, n);
        for (size_t i = 0; i < rows.cards.n; i++)
                sum -= rows.cards.rows[i].card.available;
        assert_int_equal(sum, 0);
}

static void test_cards_are_replaced_and_go(void **state)
{
        (void)state;
        /* Each time with the checkpoint made after another of the commits, or after none. */
        for (int fold_after = 0; fold_after <= 4; fold_after++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

                print_message("  checkpoint after commit %d\n", fold_after);
                place_init(&place);
                store = open_store(&place);
                for (int64_t id = 0; id < 10; id++)
                        add_card(&changes, "main", id, 1);
                commit(store, &changes, 1);
                if (fold_after == 1)
                        maintain(store, 1, true);
                add_card(&changes, "main", 5, 100);
                drop_card(&changes, "main", 0);
                drop_card(&changes, "main", 77);
                add_card(&changes, "other", 0, 1000);
                commit(store, &changes, 2);
                assert_cards(store, 10, 1108);
                if (fold_after == 2)
                        maintain(store, 2, true);
                add_card(&changes, "main", 0, 10000);
                add_card(&changes, "main", 0, 20000);
                drop_card(&changes, "main", 9);
                drop_card(&changes, "other", 0);
                commit(store, &changes, 3);
                if (fold_after >= 3)
                        maintain(store, 3, true);
                if (fold_after == 4)
                        maintain(store, 4, true);
                assert_cards(store, 9, 20107);
        }
}

static void test_a_removed_source_takes_its_cards_along(void **state)
{
        (void)state;
        for (int fold = 0; fold < 2; fold++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, rows = CW_CHANGES_NULL;

                place_init(&place);
                store = open_store(&place);
                add_source(&changes, "main", false);
                add_source(&changes, "gone", false);
                add_card(&changes, "main", 1, 1);
                add_card(&changes, "gone", 1, 10);
                commit(store, &changes, 1);
                if (fold)
                        maintain(store, 1, true);
                add_source(&changes, "gone", true);
                commit(store, &changes, 2);
                assert_cards(store, 1, 1);

                /* Back in the same commit in which it was removed again. */
                add_source(&changes, "gone", false);
                add_card(&changes, "gone", 2, 100);
                commit(store, &changes, 3);
                assert_cards(store, 2, 101);
                add_source(&changes, "gone", true);
                add_source(&changes, "gone", false);
                add_card(&changes, "gone", 3, 1000);
                commit(store, &changes, 4);
                assert_cards(store, 2, 1001);
                load(store, &rows);
                assert_int_equal(rows.sources.n, 2);
                maintain(store, 4, true);
                assert_cards(store, 2, 1001);

                /* Nothing of it is left once its history is too old. */
                add_source(&changes, "gone", true);
                commit(store, &changes, 5);
                maintain(store, 10 * HOUR_MS, true);
                assert_cards(store, 1, 1);
        }
}

static void test_a_commit_that_was_refused_leaves_nothing(void **state)
{
        cw_cleanup(place_deinit) struct place place;
        cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL, *looker = NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;

        (void)state;
        place_init(&place);
        store = open_store(&place);
        add_card(&changes, "main", 1, 1);
        changes.error = -ENOMEM;
        assert_int_equal(cw_store_commit(store, &changes, 1, NULL), -ENOMEM);
        changes.error = 0;
        assert_int_equal(cw_store_open_readonly(place.path, &looker, NULL), 0);
        assert_int_equal(cw_store_commit(looker, &changes, 1, &message), -EROFS);
        assert_int_equal(cw_store_maintain(looker, 1, &(struct cw_store_keep){1, 1, 0}, true, &message), -EROFS);
        assert_cards(store, 0, 0);
        commit(store, &changes, 1);
        assert_cards(looker, 1, 1);
        cw_changes_deinit(&changes);
        commit(store, &changes, 1);
}

#ifdef CARDWATCH_FAULTS
static void test_named_faults_fail_the_commits_they_name(void **state)
{
        static const struct {
                const char *fault;
                bool fails[4];
        } cases[] = {
                {"commit-fail:2", {false, true, true, true}},
                {"commit-fail:1-2", {true, true, false, false}},
                {"commit-fail:3-3", {false, false, true, false}},
                {"something-else:1", {false, false, false, false}},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_cleanup(place_deinit) struct place place;
                cw_cleanup(cw_store_close_cleanup) struct cw_store *store = NULL;
                int64_t sum = 0;
                size_t n = 0;

                print_message("  %s\n", cases[i].fault);
                place_init(&place);
                setenv("CARDWATCH_FAULT", cases[i].fault, 1);
                store = open_store(&place);
                unsetenv("CARDWATCH_FAULT");
                for (int64_t k = 0; k < 4; k++) {
                        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
                        int expected = cases[i].fails[k] ? -ENOSPC : 0;

                        add_card(&changes, "main", k, 1 << k);
                        assert_int_equal(cw_store_commit(store, &changes, k, NULL), expected);
                        sum += expected == 0 ? 1 << k : 0;
                        n += expected == 0;
                }
                assert_cards(store, n, sum);
        }
}
#endif

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cards_come_back),
                cmocka_unit_test(test_sources_and_rules_come_back),
                cmocka_unit_test(test_alerts_come_back),
                cmocka_unit_test(test_ledger_and_groups_come_back_and_go),
                cmocka_unit_test(test_intents_come_back),
                cmocka_unit_test(test_delivered_and_gone_intents_are_not_loaded),
                cmocka_unit_test(test_cards_are_replaced_and_go),
                cmocka_unit_test(test_a_removed_source_takes_its_cards_along),
                cmocka_unit_test(test_a_commit_that_was_refused_leaves_nothing),
#ifdef CARDWATCH_FAULTS
                cmocka_unit_test(test_named_faults_fail_the_commits_they_name),
#endif
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
