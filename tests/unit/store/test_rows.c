/* SPDX-License-Identifier: Apache-2.0 */
/* Every column of what the engine remembers comes back as it was, and what is gone does not. */
#include "rows.h"

#define SAME(member)      assert_true(back->member == row.member)
#define SAME_TEXT(member) assert_string_equal(back->member, row.member)

struct stored {
        struct place place;
        struct cw_store *store;
        struct cw_changes changes, rows;
};

static void begin(struct stored *stored)
{
        *stored = (struct stored){.store = NULL};
        place_init(&stored->place);
        stored->store = open_store(&stored->place);
}

/* What is there after another start. */
static void written(struct stored *stored)
{
        commit(stored->store, &stored->changes, 1);
        cw_store_close(stored->store);
        stored->store = open_store(&stored->place);
        cw_changes_deinit(&stored->rows);
        load(stored->store, &stored->rows);
}

static void end(struct stored *stored)
{
        cw_changes_deinit(&stored->rows);
        cw_store_close(stored->store);
        place_deinit(&stored->place);
}

static void test_a_source(void **state)
{
        struct cw_source_row row = {.source = (char *)"main",
                                    .baseline_done = true,
                                    .first_poll_at = 11,
                                    .last_poll_at = 12,
                                    .last_complete_at = 13,
                                    .poll_ms = 14,
                                    .failed_polls = 15,
                                    .blocked_until_at = 16,
                                    .otp_step = 17,
                                    .lack = (char *)"page 7: it's \"gone\"",
                                    .suspicion = 18};
        const struct cw_source_row *back;
        struct stored stored;

        (void)state;
        begin(&stored);
        cw_changes_source(&stored.changes, &row);
        written(&stored);
        assert_int_equal(stored.rows.sources.n, 1);
        back = &stored.rows.sources.rows[0];
        SAME_TEXT(source);
        SAME(baseline_done);
        SAME(first_poll_at);
        SAME(last_poll_at);
        SAME(last_complete_at);
        SAME(poll_ms);
        SAME(failed_polls);
        SAME(blocked_until_at);
        SAME(otp_step);
        SAME_TEXT(lack);
        SAME(suspicion);
        end(&stored);
}

static void test_an_acknowledged_alert(void **state)
{
        struct cw_alert_row row = {.fingerprint = 21,
                                   .rule = (char *)"low",
                                   .source = (char *)"main",
                                   .state = 2,
                                   .acked_by = (char *)"zoe",
                                   .acked_until_at = 22,
                                   .told_at = 23,
                                   .escalated_ms = 24};
        const struct cw_alert_row *back;
        struct stored stored;

        (void)state;
        begin(&stored);
        cw_changes_alert(&stored.changes, &row);
        written(&stored);
        assert_int_equal(stored.rows.alerts.n, 1);
        back = &stored.rows.alerts.rows[0];
        SAME(fingerprint);
        SAME_TEXT(acked_by);
        SAME(acked_until_at);
        SAME(told_at);
        SAME(escalated_ms);
        assert_null(back->entry);
        end(&stored);
}

static void test_a_receiver(void **state)
{
        struct cw_receiver_row row = {.notifier = (char *)"hook",
                                      .failing = true,
                                      .failing_since_at = 31,
                                      .failed_at = 32,
                                      .next_at = 33,
                                      .token_at = 34,
                                      .probes = 35,
                                      .n_failed = 36,
                                      .era = 37,
                                      .round = 38,
                                      .unreachable = true};
        const struct cw_receiver_row *back;
        struct stored stored;

        (void)state;
        begin(&stored);
        cw_changes_receiver(&stored.changes, &row);
        cw_changes_receiver(&stored.changes, &(struct cw_receiver_row){.notifier = (char *)"mail", .probes = 1});
        written(&stored);
        cw_changes_receiver(&stored.changes, &(struct cw_receiver_row){.notifier = (char *)"mail", .gone = true});
        written(&stored);
        assert_int_equal(stored.rows.receivers.n, 1);
        back = &stored.rows.receivers.rows[0];
        SAME_TEXT(notifier);
        SAME(failing);
        SAME(failing_since_at);
        SAME(failed_at);
        SAME(next_at);
        SAME(token_at);
        SAME(probes);
        SAME(n_failed);
        SAME(era);
        SAME(round);
        SAME(unreachable);
        end(&stored);
}

static void test_a_digest(void **state)
{
        struct cw_digest_row row = {.name = (char *)"daily", .meaning = UINT64_MAX, .slot_at = 41, .since_at = 42};
        const struct cw_digest_row *back;
        struct stored stored;

        (void)state;
        begin(&stored);
        cw_changes_digest(&stored.changes, &row);
        cw_changes_digest(&stored.changes, &(struct cw_digest_row){.name = (char *)"weekly", .slot_at = 1});
        written(&stored);
        cw_changes_digest(&stored.changes, &(struct cw_digest_row){.name = (char *)"weekly", .gone = true});
        written(&stored);
        assert_int_equal(stored.rows.digests.n, 1);
        back = &stored.rows.digests.rows[0];
        SAME_TEXT(name);
        SAME(meaning);
        SAME(slot_at);
        SAME(since_at);
        end(&stored);
}

static void test_what_happened_since_a_digest(void **state)
{
        struct cw_happening_row row = {.digest = (char *)"daily",
                                       .rule = (char *)"low",
                                       .source = (char *)"main",
                                       .fingerprint = UINT64_MAX - 1,
                                       .customer = -51,
                                       .has_card = true,
                                       .currency = "EUR",
                                       .fired = 52,
                                       .ended = 53,
                                       .events = 54,
                                       .edge = 55};
        const struct cw_happening_row *back;
        struct stored stored;

        (void)state;
        begin(&stored);
        assert_int_equal(cw_entry_new(&(struct cw_entry){.rule = "low", .source = "main"}, &row.entry), 0);
        cw_changes_happening(&stored.changes, &row);
        cw_entry_unref(cw_take(row.entry));
        row.fingerprint--;
        cw_changes_happening(&stored.changes, &row); /* only counted */
        row.fingerprint--;
        cw_changes_happening(&stored.changes, &row);
        written(&stored);
        row.gone = true;
        cw_changes_happening(&stored.changes, &row);
        written(&stored);
        assert_int_equal(stored.rows.happenings.n, 2);
        row.fingerprint++;
        for (size_t i = 0; i < 2; i++) {
                back = &stored.rows.happenings.rows[i];
                SAME_TEXT(digest);
                SAME_TEXT(rule);
                SAME_TEXT(source);
                SAME(customer);
                SAME(has_card);
                SAME_TEXT(currency);
                SAME(fired);
                SAME(ended);
                SAME(events);
                SAME(edge);
                assert_int_equal(back->entry != NULL, back->fingerprint == row.fingerprint + 1);
                assert_true(back->entry || back->fingerprint == row.fingerprint);
        }
        end(&stored);
}

static void test_a_message_that_failed(void **state)
{
        struct cw_intent_row row = {.sequence = 61,
                                    .id = "0123456789abcdef0123456789abcdef",
                                    .notifier = (char *)"hook",
                                    .groups = (char *)"a",
                                    .kind = CW_NOTICE_DIGEST,
                                    .trouble = {.kind = CW_MISHAP_SILENCE, .released = true, .era = 62, .round = 63},
                                    .digest = (char *)"\0d",
                                    .digest_len = 2};
        const struct cw_intent_row *back;
        struct stored stored;

        (void)state;
        begin(&stored);
        cw_changes_intent(&stored.changes, &row);
        written(&stored);
        assert_int_equal(stored.rows.intents.n, 1);
        back = &stored.rows.intents.rows[0];
        SAME(trouble.kind);
        SAME(trouble.released);
        SAME(trouble.era);
        SAME(trouble.round);
        SAME(digest_len);
        assert_memory_equal(back->digest, "\0d", 2);
        end(&stored);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_source),
                cmocka_unit_test(test_an_acknowledged_alert),
                cmocka_unit_test(test_a_receiver),
                cmocka_unit_test(test_a_digest),
                cmocka_unit_test(test_what_happened_since_a_digest),
                cmocka_unit_test(test_a_message_that_failed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
