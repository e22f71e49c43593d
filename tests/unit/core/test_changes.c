/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cardwatch/changes.h"
#include "cardwatch/changes_order.h"
#include "cardwatch/cleanup.h"

#define MANY 100000

static void card(struct cw_changes *changes, const char *source, int64_t id, cw_amount available)
{
        cw_changes_card(changes,
                        &(struct cw_card_row){.source = (char *)source,
                                              .card = {.id = id, .available = available, .reference = "acme"}});
}

static void source(struct cw_changes *changes, const char *name, bool removed)
{
        cw_changes_source(changes, &(struct cw_source_row){.source = (char *)name, .removed = removed});
}

static struct cw_entry *new_entry(void)
{
        struct cw_entry *entry;

        assert_int_equal(cw_entry_new(&(struct cw_entry){.rule = "r", .source = "s"}, &entry), 0);
        return entry;
}

static void test_nothing_is_empty(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, other = CW_CHANGES_NULL;

        (void)state;
        assert_true(cw_changes_empty(&changes));
        assert_int_equal(cw_changes_merge(&changes, &other), 0);
        assert_true(cw_changes_empty(&changes));
        card(&changes, "main", 1, 2);
        assert_false(cw_changes_empty(&changes));
        cw_changes_deinit(&changes);
        assert_true(cw_changes_empty(&changes));
}

static void test_rows_are_copies(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        char name[] = "main", reference[] = "acme-1", payload[] = {'a', '\0', 'b'};
        struct cw_entry *entry = new_entry();
        struct cw_item item = {.entry = entry, .edge = 4};

        (void)state;
        cw_changes_card(&changes, &(struct cw_card_row){.source = name, .card = {.id = 7, .reference = reference}});
        cw_changes_card(&changes, &(struct cw_card_row){.source = name, .card = {.id = 8, .reference = NULL}});
        cw_changes_alert(&changes, &(struct cw_alert_row){.rule = name, .source = name, .entry = entry});
        cw_changes_intent(&changes, &(struct cw_intent_row){.notifier = name,
                                                            .id = "0123456789abcdef0123456789abcdef",
                                                            .items = &item,
                                                            .n_items = 1,
                                                            .payload = payload,
                                                            .payload_len = sizeof(payload)});
        name[0] = reference[0] = payload[0] = 'X';
        item.edge = 5;
        assert_int_equal(entry->refs, 3);
        cw_entry_unref(entry);
        assert_int_equal(changes.error, 0);
        assert_string_equal(changes.cards.rows[0].source, "main");
        assert_string_equal(changes.cards.rows[0].card.reference, "acme-1");
        assert_null(changes.cards.rows[1].card.reference);
        assert_string_equal(changes.alerts.rows[0].rule, "main");
        assert_string_equal(changes.alerts.rows[0].entry->rule, "r");
        assert_int_equal(changes.intents.rows[0].items[0].edge, 4);
        assert_memory_equal(changes.intents.rows[0].payload, "a\0b", 4);
        assert_string_equal(changes.intents.rows[0].id, "0123456789abcdef0123456789abcdef");
        assert_null(changes.intents.rows[0].groups);
        assert_null(changes.intents.rows[0].error);
}

/* One row for each key, whichever way its parts are arranged; the value rises, so the last is known by it. */
static void add_keyed(struct cw_changes *changes, uint32_t value)
{
        struct cw_entry *entry = new_entry();
        struct cw_item item = {.entry = entry};

        for (int i = 0; i < 4; i++) {
                char *a = i & 1 ? "x" : "y", *b = i & 2 ? "x" : "y";
                uint64_t n = i & 2 ? UINT64_MAX : 3;

                card(changes, a, (int64_t)n, value);
                cw_changes_source(changes, &(struct cw_source_row){.source = a, .failed_polls = value});
                cw_changes_alert(changes,
                                 &(struct cw_alert_row){
                                         .fingerprint = n, .rule = a, .source = b, .edge = value, .entry = entry});
                cw_changes_ledger(changes, &(struct cw_ledger_row){.notifier = a, .fingerprint = n, .edge = value});
                cw_changes_group(changes, &(struct cw_group_row){.notifier = a, .key = b, .repeat = value});
                cw_changes_intent(
                        changes,
                        &(struct cw_intent_row){
                                .sequence = n, .notifier = a, .attempts = value, .items = &item, .n_items = 1});
                cw_changes_rule(changes, &(struct cw_rule_row){.name = a, .meaning = value});
        }
        cw_entry_unref(entry);
}

#define ASSERT_ALL(list, count, field, value)                                                                          \
        do {                                                                                                           \
                assert_int_equal((list).n, count);                                                                     \
                for (size_t i_ = 0; i_ < (list).n; i_++)                                                               \
                        assert_true((list).rows[i_].field == (value));                                                 \
        } while (0)

static void test_the_last_row_of_each_key_wins(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes older = CW_CHANGES_NULL, newer = CW_CHANGES_NULL;

        (void)state;
        for (uint32_t round = 1; round <= 3; round++) {
                add_keyed(&older, round * 10);
                add_keyed(&newer, round * 10 + 1);
                add_keyed(&newer, round * 10 + 2);
                assert_int_equal(cw_changes_merge(&older, &newer), 0);
                assert_true(cw_changes_empty(&newer));
                ASSERT_ALL(older.cards, 4, card.available, round * 10 + 2);
                ASSERT_ALL(older.sources, 2, failed_polls, round * 10 + 2);
                ASSERT_ALL(older.alerts, 2, edge, round * 10 + 2);
                ASSERT_ALL(older.ledger, 4, edge, round * 10 + 2);
                ASSERT_ALL(older.groups, 4, repeat, round * 10 + 2);
                ASSERT_ALL(older.intents, 2, attempts, round * 10 + 2);
                ASSERT_ALL(older.rules, 2, meaning, round * 10 + 2);
        }
}

/* A store that fails for a week costs memory for the things there are, not for the time. */
static void test_what_was_replaced_is_let_go_of(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes older = CW_CHANGES_NULL, newer = CW_CHANGES_NULL;
        size_t once;

        (void)state;
        add_keyed(&older, 1);
        add_keyed(&newer, 2);
        assert_int_equal(cw_changes_merge(&older, &newer), 0);
        assert_int_equal(cw_changes_sort(&older), 0);
        once = older.texts.bytes;
        for (uint32_t round = 3; round <= 100; round++) {
                add_keyed(&newer, round);
                assert_int_equal(cw_changes_merge(&older, &newer), 0);
                assert_int_equal(cw_changes_sort(&older), 0);
                ASSERT_ALL(older.intents, 2, attempts, round);
                assert_string_equal(older.groups.rows[0].key, "x");
        }
        assert_int_equal(older.texts.bytes, once);
}

/* Likewise when nothing comes while a commit fails: what was said between two of them is sorted, and merged with
 * nothing. */
static void test_what_was_sorted_away_is_let_go_of(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes older = CW_CHANGES_NULL, newer = CW_CHANGES_NULL;
        char payload[] = "the bytes of a message";
        size_t once = 0;

        (void)state;
        for (uint32_t round = 1; round <= 100; round++) {
                cw_changes_intent(&older, &(struct cw_intent_row){.sequence = 7,
                                                                  .notifier = "hook",
                                                                  .attempts = round,
                                                                  .payload = payload,
                                                                  .payload_len = sizeof(payload)});
                assert_int_equal(cw_changes_merge(&older, &newer), 0);
                assert_int_equal(cw_changes_sort(&older), 0);
                ASSERT_ALL(older.intents, 1, attempts, round);
                assert_memory_equal(older.intents.rows[0].payload, payload, sizeof(payload));
                if (round == 2)
                        once = older.texts.bytes;
        }
        assert_int_equal(older.texts.bytes, once);
}

static void test_rows_that_are_not_replaced_stay(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes older = CW_CHANGES_NULL, newer = CW_CHANGES_NULL;

        (void)state;
        card(&older, "main", 9, 90);
        card(&older, "main", 5, 50);
        card(&newer, "main", 7, 70);
        card(&newer, "main", 9, 91);
        assert_int_equal(cw_changes_merge(&older, &newer), 0);
        assert_int_equal(older.cards.n, 3);
        assert_int_equal(older.cards.rows[0].card.available, 50);
        assert_int_equal(older.cards.rows[1].card.available, 70);
        assert_int_equal(older.cards.rows[2].card.available, 91);
}

static void test_a_removed_source_takes_its_earlier_cards_along(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes older = CW_CHANGES_NULL, newer = CW_CHANGES_NULL;

        (void)state;
        card(&older, "gone", 1, 10);
        card(&older, "main", 1, 10);
        source(&older, "gone", false);
        source(&newer, "gone", true);
        assert_int_equal(cw_changes_merge(&older, &newer), 0);
        assert_int_equal(older.cards.n, 1);
        assert_string_equal(older.cards.rows[0].source, "main");
        assert_int_equal(older.sources.n, 1);
        assert_true(older.sources.rows[0].removed);

        /* It comes back: the removal must not be forgotten, or the cards of before would live again. */
        source(&newer, "gone", false);
        card(&newer, "gone", 2, 20);
        assert_int_equal(cw_changes_merge(&older, &newer), 0);
        assert_int_equal(older.sources.n, 2);
        assert_true(older.sources.rows[0].removed);
        assert_false(older.sources.rows[1].removed);
        assert_int_equal(older.cards.n, 2);

        source(&older, "gone", true);
        assert_int_equal(older.sources.n, 1);
        assert_int_equal(older.cards.n, 1);
}

static void test_history_keeps_the_last_ten_thousand(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes older = CW_CHANGES_NULL, newer = CW_CHANGES_NULL;

        (void)state;
        for (int64_t i = 0; i < 25000; i++)
                cw_changes_history(i < 12000 ? &older : &newer,
                                   &(struct cw_history_row){.at = i, .rule = "r", .source = "s", .what = "event"});
        assert_int_equal(cw_changes_merge(&older, &newer), 0);
        assert_int_equal(older.history.n, 10000);
        assert_int_equal(older.history.rows[0].at, 15000);
        assert_int_equal(older.history.rows[9999].at, 24999);
        assert_string_equal(older.history.rows[0].what, "event");
        assert_null(older.history.rows[0].reason);
}

static void test_a_hundred_thousand_cards_merge_quickly(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes older = CW_CHANGES_NULL, newer = CW_CHANGES_NULL;
        struct timespec begin, end;

        (void)state;
        for (int64_t i = 0; i < MANY; i++) {
                card(&older, "main", i, i);
                card(&newer, "main", i * 7919 % MANY, -i);
        }
        clock_gettime(CLOCK_MONOTONIC, &begin);
        assert_int_equal(cw_changes_merge(&older, &newer), 0);
        clock_gettime(CLOCK_MONOTONIC, &end);
        print_message("  merging twice %d cards: %.1f ms\n", MANY,
                      (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
        assert_int_equal(older.cards.n, MANY);
        for (size_t i = 0; i < MANY; i++)
                assert_true(older.cards.rows[i].card.id == -older.cards.rows[i].card.available * 7919 % MANY);
}

static void test_an_error_sticks_through_a_merge(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes older = CW_CHANGES_NULL, newer = {.error = -12};

        (void)state;
        card(&older, "main", 1, 1);
        card(&newer, "main", 2, 2);
        assert_int_equal(newer.cards.n, 0);
        assert_int_equal(cw_changes_merge(&older, &newer), -12);
        assert_int_equal(older.error, -12);
        assert_int_equal(older.cards.n, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_is_empty),
                cmocka_unit_test(test_rows_are_copies),
                cmocka_unit_test(test_the_last_row_of_each_key_wins),
                cmocka_unit_test(test_what_was_replaced_is_let_go_of),
                cmocka_unit_test(test_what_was_sorted_away_is_let_go_of),
                cmocka_unit_test(test_rows_that_are_not_replaced_stay),
                cmocka_unit_test(test_a_removed_source_takes_its_earlier_cards_along),
                cmocka_unit_test(test_history_keeps_the_last_ten_thousand),
                cmocka_unit_test(test_a_hundred_thousand_cards_merge_quickly),
                cmocka_unit_test(test_an_error_sticks_through_a_merge),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
