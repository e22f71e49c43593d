/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the change log: what is packed comes back, and whatever the bytes are, reading ends and is inside of them.
 */
#include "random_rows.h"

#include <errno.h>

#include "../../../src/store/changes_pack.h"
#include "cardwatch/pack_quick.h"

#define ROUNDS    200
#define MUTATIONS 20000
#define SEAL_LEN  8

static void pack(const struct cw_changes *changes, struct cw_buf *record)
{
        cw_changes_pack(changes, record);
        assert_int_equal(cw_buf_error(record), 0);
}

static void test_what_is_packed_comes_back(void **state)
{
        unsigned seed = 1;

        (void)state;
        for (int round = 0; round < ROUNDS; round++) {
                cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, back = CW_CHANGES_NULL;
                cw_cleanup(cw_buf_deinit) struct cw_buf first = CW_BUF_NULL, second = CW_BUF_NULL;

                fill(&changes, &seed, round);
                pack(&changes, &first);
                assert_int_equal(cw_changes_unpack(first.data, first.len, &back), 0);
                /* The same rows; and the same bytes mean the same fields. */
                assert_int_equal(back.intents.n, changes.intents.n);
                assert_int_equal(back.history.n, changes.history.n);
                assert_string_equal(back.audit.rows[0].by, changes.audit.rows[0].by);
                assert_int_equal(back.alerts.rows[0].escalated_ms, changes.alerts.rows[0].escalated_ms);
                assert_string_equal(back.history.rows[0].what, changes.history.rows[0].what);
                pack(&back, &second);
                assert_int_equal(second.len, first.len);
                assert_memory_equal(second.data, first.data, first.len);
        }
}

static void test_an_entry_that_rows_share_is_written_once(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, back = CW_CHANGES_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf record = CW_BUF_NULL;
        unsigned seed = 1;
        struct cw_entry *entry = random_entry(&seed);
        struct cw_item item = {.entry = entry};

        (void)state;
        cw_changes_alert(&changes, &(struct cw_alert_row){.rule = name(&seed), .source = name(&seed), .entry = entry});
        cw_changes_intent(&changes, &(struct cw_intent_row){.notifier = name(&seed), .items = &item, .n_items = 1});
        pack(&changes, &record);
        assert_int_equal(cw_changes_unpack(record.data, record.len, &back), 0);
        assert_ptr_equal(back.alerts.rows[0].entry, back.intents.rows[0].items[0].entry);
        cw_entry_unref(entry);
}

/* As its table would: nothing else is told apart there. */
static void test_a_text_that_is_missing_is_read_as_none(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, back = CW_CHANGES_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf record = CW_BUF_NULL;

        (void)state;
        cw_changes_source(&changes, &(struct cw_source_row){.source = (char *)"main"});
        cw_changes_silence(&changes, &(struct cw_silence_row){.match = (char *)""});
        cw_changes_audit(&changes, &(struct cw_audit_row){.by = (char *)"", .what = (char *)"reload"});
        pack(&changes, &record);
        assert_int_equal(cw_changes_unpack(record.data, record.len, &back), 0);
        assert_string_equal(back.sources.rows[0].lack, "");
        assert_string_equal(back.silences.rows[0].by, "");
        assert_string_equal(back.silences.rows[0].why, "");
        assert_string_equal(back.audit.rows[0].target, "");
        assert_string_equal(back.audit.rows[0].why, "");
}

/* It would be forgotten when the record is settled: it has to be committed otherwise. */
static void test_a_removal_is_no_record(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL, back = CW_CHANGES_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf record = CW_BUF_NULL;

        (void)state;
        add_source(&changes, "main", true);
        pack(&changes, &record);
        assert_int_equal(cw_changes_unpack(record.data, record.len, &back), -EBADMSG);
}

/* A copy of exactly that size, changed in a few places and, mostly, sealed again. */
static char *mutate(const struct cw_buf *record, unsigned *seed, size_t *ret_len)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf buf = CW_BUF_NULL;
        size_t len = record->len - SEAL_LEN;
        char *exact;

        if (below(seed, 4) == 0)
                len = below(seed, (unsigned)len);
        cw_buf_append(&buf, record->data, len);
        for (unsigned n = 1 + below(seed, 3); n > 0 && len > 0; n--)
                buf.data[below(seed, (unsigned)len)] = (char)rand_r(seed);
        if (below(seed, 8) > 0)
                cw_pack_seal_quickly(&buf, 0);
        exact = malloc(buf.len + 1);
        assert_non_null(exact);
        if (buf.len > 0)
                memcpy(exact, buf.data, buf.len);
        *ret_len = buf.len;
        return exact;
}

static void test_no_bytes_break_the_reader(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf record = CW_BUF_NULL;
        unsigned seed = 1, taken = 0, refused = 0;

        (void)state;
        fill(&changes, &seed, 1);
        pack(&changes, &record);
        for (int i = 0; i < MUTATIONS; i++) {
                cw_cleanup(cw_changes_deinit) struct cw_changes back = CW_CHANGES_NULL;
                size_t len;
                cw_autofree char *data = mutate(&record, &seed, &len);
                int r = cw_changes_unpack(data, len, &back);

                assert_true(r == 0 || r == -EBADMSG);
                taken += r == 0;
                refused += r < 0;
        }
        assert_true(taken > 0 && refused > taken);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_packed_comes_back),
                cmocka_unit_test(test_an_entry_that_rows_share_is_written_once),
                cmocka_unit_test(test_a_text_that_is_missing_is_read_as_none),
                cmocka_unit_test(test_a_removal_is_no_record),
                cmocka_unit_test(test_no_bytes_break_the_reader),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
