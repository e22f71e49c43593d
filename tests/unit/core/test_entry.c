/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/entry.h"
#include "cardwatch/pack.h"

#define SEAL_LEN  8
#define MUTATIONS 10000

CW_DEFINE_CLEANUP(struct cw_entry *, cw_entry_unref);

static const struct cw_label labels[] = {{(char *)"team", (char *)"treasury"}, {(char *)"empty", (char *)""}};

static struct cw_entry full_entry(void)
{
        return (struct cw_entry){
                .refs = 77,
                .fingerprint = UINT64_C(0x9f86d081884c7d65),
                .state = CW_ENTRY_RESOLVED,
                .severity = CW_SEVERITY_CRITICAL,
                .rule = "low-balance",
                .source = "main",
                .labels = labels,
                .n_labels = CW_ARRAY_SIZE(labels),
                .has_card = true,
                .card = {.id = 1,
                         .customer = 11057,
                         .available = 95100000,
                         .pending = CW_AMOUNT_MIN,
                         .total = CW_AMOUNT_MAX,
                         .reference = "acme-1 \xc2\xab\"{{",
                         .currency = "USD",
                         .last4 = "1234",
                         .suppressed = true},
                .has_previous = true,
                .previous = {.available = 1, .pending = -2, .total = 3, .suppressed = true},
                .fired = {.amount = -1, .known = true},
                .worst = {.amount = -20, .known = true},
                .current = {.amount = 30, .known = false},
                .limit_label = "floor",
                .limit_text = "100",
                .reason = "available < floor",
                .summary = "Card {{card.id}}",
                .description = "",
                .advice = "look",
                .acknowledged_by = "ann",
                .baseline = true,
                .flapping = true,
                .confirmed = -1,
                .started_at = 1,
                .fired_at = INT64_MAX,
                .resolved_at = INT64_MIN,
                .fired_this_week = 21,
                .fall = {.since_at = 5,
                         .until_at = 1000,
                         .last = 95100000,
                         .fell = CW_AMOUNT_MAX,
                         .rose = 7,
                         .largest = 8,
                         .pause_ms = 9,
                         .falls = UINT32_MAX},
                .empty_at = INT64_MAX,
        };
}

static void assert_same_text(const char *a, const char *b)
{
        if (!a || !b)
                assert_true(!a && !b);
        else
                assert_string_equal(a, b);
}

static void assert_same(const struct cw_entry *a, const struct cw_entry *b)
{
        assert_true(a->fingerprint == b->fingerprint);
        assert_int_equal(a->state, b->state);
        assert_int_equal(a->severity, b->severity);
        assert_same_text(a->rule, b->rule);
        assert_same_text(a->source, b->source);
        assert_int_equal(a->n_labels, b->n_labels);
        for (size_t i = 0; i < a->n_labels; i++) {
                assert_same_text(a->labels[i].name, b->labels[i].name);
                assert_same_text(a->labels[i].value, b->labels[i].value);
        }
        assert_int_equal(a->has_card, b->has_card);
        assert_true(a->card.id == b->card.id && a->card.customer == b->card.customer);
        assert_true(a->card.available == b->card.available && a->card.pending == b->card.pending);
        assert_true(a->card.total == b->card.total && a->card.suppressed == b->card.suppressed);
        assert_same_text(a->card.reference, b->card.reference);
        assert_string_equal(a->card.currency, b->card.currency);
        assert_string_equal(a->card.last4, b->card.last4);
        assert_int_equal(a->has_previous, b->has_previous);
        assert_true(a->previous.available == b->previous.available && a->previous.pending == b->previous.pending);
        assert_true(a->previous.total == b->previous.total && a->previous.suppressed == b->previous.suppressed);
        assert_true(a->fired.amount == b->fired.amount && a->fired.known == b->fired.known);
        assert_true(a->worst.amount == b->worst.amount && a->worst.known == b->worst.known);
        assert_true(a->current.amount == b->current.amount && a->current.known == b->current.known);
        assert_same_text(a->limit_label, b->limit_label);
        assert_same_text(a->limit_text, b->limit_text);
        assert_same_text(a->reason, b->reason);
        assert_same_text(a->summary, b->summary);
        assert_same_text(a->description, b->description);
        assert_same_text(a->advice, b->advice);
        assert_same_text(a->acknowledged_by, b->acknowledged_by);
        assert_true(a->baseline == b->baseline && a->flapping == b->flapping && a->confirmed == b->confirmed);
        assert_true(a->started_at == b->started_at && a->fired_at == b->fired_at && a->resolved_at == b->resolved_at);
        assert_true(a->fired_this_week == b->fired_this_week && a->empty_at == b->empty_at);
        assert_true(a->fall.since_at == b->fall.since_at && a->fall.until_at == b->fall.until_at);
        assert_true(a->fall.last == b->fall.last && a->fall.fell == b->fall.fell && a->fall.rose == b->fall.rose);
        assert_true(a->fall.largest == b->fall.largest && a->fall.pause_ms == b->fall.pause_ms);
        assert_int_equal(a->fall.falls, b->fall.falls);
}

static void test_a_copy_says_the_same_and_shares_nothing(void **state)
{
        cw_cleanup(cw_entry_unref_cleanup) struct cw_entry *copy = NULL;
        char rule[] = "low-balance", value[] = "treasury";
        struct cw_label label = {(char *)"team", value};
        struct cw_entry entry = full_entry();

        (void)state;
        entry.rule = rule;
        entry.labels = &label;
        entry.n_labels = 1;
        assert_int_equal(cw_entry_new(&entry, &copy), 0);
        assert_same(&entry, copy);
        assert_int_equal(copy->refs, 1);
        rule[0] = value[0] = 'X';
        assert_string_equal(copy->rule, "low-balance");
        assert_string_equal(copy->labels[0].value, "treasury");
}

static void test_the_last_reference_frees(void **state)
{
        struct cw_entry entry = full_entry(), *copy;

        (void)state;
        assert_int_equal(cw_entry_new(&entry, &copy), 0);
        assert_ptr_equal(cw_entry_ref(copy), copy);
        assert_int_equal(copy->refs, 2);
        cw_entry_unref(copy);
        assert_int_equal(copy->refs, 1);
        cw_entry_unref(copy);
        cw_entry_unref(NULL);
        assert_null(cw_entry_ref(NULL));
}

static void test_packed_entries_come_back(void **state)
{
        struct cw_entry full = full_entry(), bare = {.rule = "source-down", .source = "main", .confirmed = 1};
        const struct cw_entry *entries[] = {&full, &bare};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(entries); i++) {
                cw_cleanup(cw_entry_unref_cleanup) struct cw_entry *back = NULL;
                cw_cleanup(cw_buf_deinit) struct cw_buf buf = CW_BUF_NULL;

                cw_buf_puts(&buf, "before");
                cw_entry_pack(entries[i], &buf);
                assert_int_equal(cw_buf_error(&buf), 0);
                assert_int_equal(cw_entry_unpack(buf.data + 6, buf.len - 6, &back), 0);
                assert_same(entries[i], back);
                assert_int_equal(back->refs, 1);
        }
}

/* As the first version wrote it: neither how often it fired nor how the balance falls was known. */
static void test_an_old_entry_is_read(void **state)
{
        static const char old[] =
                "\x01\x74\xe5\xfa\xb1\xc2\x98\x90\xb4\xc3\x9f\x01\x00\x02\x01\x00\x02\xe2\xac\x01\xc0\xf1\xd8\x5a"
                "\x00\xc0\xf1\xd8\x5a\x07\x61\x63\x6d\x65\x2d\x31\x00\x04\x55\x53\x44\x00\x05\x31\x32\x33\x34\x00"
                "\x00\x00\x00\x00\x00\x00\x80\xa0\xa7\xa4\xc0\x68\x80\xa0\xa7\xa4\xc0\x68\x00\x04\x6c\x6f\x77\x00"
                "\x05\x6d\x61\x69\x6e\x00\x00\x00\x10\x61\x76\x61\x69\x6c\x61\x62\x6c\x65\x20\x3c\x20\x31\x30\x30"
                "\x00\x00\x00\x00\x00\x01\x05\x74\x65\x61\x6d\x00\x09\x74\x72\x65\x61\x73\x75\x72\x79\x00\x9e\x61"
                "\xd6\xfd\x53\x5e\xcb\xb1";
        cw_cleanup(cw_entry_unref_cleanup) struct cw_entry *entry = NULL;

        (void)state;
        assert_int_equal(cw_entry_unpack(old, sizeof(old) - 1, &entry), 0);
        assert_string_equal(entry->rule, "low");
        assert_string_equal(entry->labels[0].value, "treasury");
        assert_true(entry->card.available == 95100000 && entry->fired_at == INT64_C(1795334400000));
        assert_int_equal(entry->fired_this_week, 0);
        assert_true(entry->empty_at == 0 && entry->fall.since_at == 0);
}

/* A copy in memory of exactly that size, so that reading one byte too far is seen. */
static int unpack_exact(const char *data, size_t len, struct cw_entry **ret_entry)
{
        cw_autofree char *copy = malloc(len > 0 ? len : 1);

        assert_non_null(copy);
        memcpy(copy, data, len);
        return cw_entry_unpack(copy, len, ret_entry);
}

/* Seals what was changed, so that the walk behind the seal is reached too. */
static int unpack_resealed(const char *data, size_t len, struct cw_entry **ret_entry)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf buf = CW_BUF_NULL;

        cw_buf_append(&buf, data, len);
        cw_pack_seal(&buf, 0);
        return unpack_exact(buf.data, buf.len, ret_entry);
}

static void test_every_truncation_is_refused(void **state)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf buf = CW_BUF_NULL;
        struct cw_entry entry = full_entry(), *untouched = &entry;

        (void)state;
        cw_entry_pack(&entry, &buf);
        for (size_t len = 0; len < buf.len; len++)
                assert_int_equal(unpack_exact(buf.data, len, &untouched), -EBADMSG);
        for (size_t len = 0; len < buf.len - SEAL_LEN; len++)
                assert_int_equal(unpack_resealed(buf.data, len, &untouched), -EBADMSG);
        assert_ptr_equal(untouched, &entry);
}

static void test_no_mutation_crashes(void **state)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf buf = CW_BUF_NULL;
        struct cw_entry entry = full_entry();
        unsigned seed = 1, taken = 0, refused = 0;

        (void)state;
        cw_entry_pack(&entry, &buf);
        for (size_t i = 0; i < MUTATIONS; i++) {
                cw_cleanup(cw_entry_unref_cleanup) struct cw_entry *back = NULL;
                cw_autofree char *bytes = malloc(buf.len);
                int r;

                assert_non_null(bytes);
                memcpy(bytes, buf.data, buf.len);
                for (int n = 1 + rand_r(&seed) % 3; n > 0; n--)
                        bytes[(size_t)rand_r(&seed) % (buf.len - SEAL_LEN)] = (char)rand_r(&seed);
                if (memcmp(bytes, buf.data, buf.len) != 0)
                        assert_int_equal(unpack_exact(bytes, buf.len, &back), -EBADMSG);
                r = unpack_resealed(bytes, buf.len - SEAL_LEN, &back);
                assert_true(r == 0 || r == -EBADMSG);
                *(r == 0 ? &taken : &refused) += 1;
        }
        /* Both paths were walked, or the test has lost its point. */
        assert_true(taken > 100 && refused > 100);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_copy_says_the_same_and_shares_nothing),
                cmocka_unit_test(test_the_last_reference_frees),
                cmocka_unit_test(test_packed_entries_come_back),
                cmocka_unit_test(test_an_old_entry_is_read),
                cmocka_unit_test(test_every_truncation_is_refused),
                cmocka_unit_test(test_no_mutation_crashes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
