/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/core/expr_node.h"
#include "../../../src/core/snapshot.h"
#include "cardwatch/cleanup.h"

struct fixture {
        struct cw_texts *texts;
        struct cw_leaves leaves;
        struct cw_snapshot snapshot;
};

static void begin(struct fixture *fixture)
{
        assert_int_equal(cw_texts_new(&fixture->texts), 0);
        fixture->leaves = (struct cw_leaves){0};
        cw_snapshot_init(&fixture->snapshot, fixture->texts, &fixture->leaves);
}

static void end(struct fixture *fixture)
{
        cw_snapshot_deinit(&fixture->snapshot);
        cw_leaves_deinit(&fixture->leaves);
        cw_texts_free(fixture->texts); /* which asserts that every reference is gone */
}

static const struct cw_card sample = {
        .id = 7,
        .customer = 3,
        .available = 1,
        .pending = 2,
        .total = 3,
        .reference = "acme",
        .currency = "USD",
        .last4 = "1234",
};

static void put(struct fixture *fixture, int64_t id, const char *reference)
{
        struct cw_card card = sample;
        struct cw_record *record;

        card.id = id;
        card.reference = reference;
        assert_int_equal(cw_snapshot_add(&fixture->snapshot, id, &record), 0);
        assert_int_equal(cw_snapshot_observe(&fixture->snapshot, record, &card, 0), 0);
}

static void test_an_empty_snapshot_has_no_card(void **state)
{
        struct fixture fixture;

        (void)state;
        begin(&fixture);
        assert_null(cw_snapshot_find(&fixture.snapshot, 0));
        put(&fixture, 0, NULL);
        assert_non_null(cw_snapshot_find(&fixture.snapshot, 0));
        cw_snapshot_remove(&fixture.snapshot, cw_snapshot_find(&fixture.snapshot, 0));
        assert_null(cw_snapshot_find(&fixture.snapshot, 0));
        end(&fixture);
}

static void test_a_record_is_the_card_it_observed(void **state)
{
        struct fixture fixture;
        struct cw_card card;
        struct cw_record *record;

        (void)state;
        begin(&fixture);
        put(&fixture, 7, "acme");
        record = cw_snapshot_find(&fixture.snapshot, 7);
        card = cw_snapshot_card(&fixture.snapshot, record);
        assert_int_equal(card.id, 7);
        assert_int_equal(card.customer, 3);
        assert_int_equal(card.available, 1);
        assert_int_equal(card.pending, 2);
        assert_int_equal(card.total, 3);
        assert_string_equal(card.reference, "acme");
        assert_string_equal(card.currency, "USD");
        assert_string_equal(card.last4, "1234");
        assert_false(cw_snapshot_differs(&fixture.snapshot, record, &card));
        assert_int_equal(cw_snapshot_observe(&fixture.snapshot, record, &card, 0),
                         0); /* its own text given back to it */
        assert_string_equal(cw_texts_get(fixture.texts, record->reference), "acme");
        end(&fixture);
}

static void test_a_reference_that_is_kept_already_is_kept_once_more(void **state)
{
        struct fixture fixture;
        struct cw_card card = sample;
        struct cw_record *record;
        uint32_t kept;

        (void)state;
        begin(&fixture);
        put(&fixture, 7, "acme");
        record = cw_snapshot_find(&fixture.snapshot, 7);
        assert_int_equal(cw_texts_keep(fixture.texts, "acme & sons", &kept), 0);
        card.reference = cw_texts_get(fixture.texts, kept);
        assert_int_equal(cw_snapshot_observe(&fixture.snapshot, record, &card, kept), 0);
        assert_int_equal(record->reference, kept);
        assert_int_equal(cw_texts_count(fixture.texts), 1); /* what it had before is gone */
        cw_texts_release(fixture.texts, kept);
        assert_string_equal(cw_snapshot_card(&fixture.snapshot, record).reference, "acme & sons");
        end(&fixture);
}

static void test_every_field_makes_a_difference(void **state)
{
        struct fixture fixture;
        struct cw_card cards[10];
        static const char *const names[] = {"customer", "available", "pending",   "total",        "suppressed",
                                            "currency", "last4",     "reference", "no reference", "no last4"};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cards); i++)
                cards[i] = sample;
        cards[0].customer++;
        cards[1].available--;
        cards[2].pending = INT64_MAX;
        cards[3].total = -cards[3].total;
        cards[4].suppressed = true;
        strcpy(cards[5].currency, "USN");
        strcpy(cards[6].last4, "1235");
        cards[7].reference = "acme ";
        cards[8].reference = NULL;
        memset(cards[9].last4, 0, sizeof(cards[9].last4));
        begin(&fixture);
        put(&fixture, 7, "acme");
        for (size_t i = 0; i < CW_ARRAY_SIZE(cards); i++) {
                print_message("  %s\n", names[i]);
                assert_true(cw_snapshot_differs(&fixture.snapshot, cw_snapshot_find(&fixture.snapshot, 7), &cards[i]));
        }
        end(&fixture);
}

/* Whatever three amounts a card has, they are what it is said to have, and what it is compared with. */
static void test_amounts_of_any_size_are_kept_exactly(void **state)
{
        static const cw_amount amounts[] = {0,
                                            1,
                                            -1,
                                            CW_AMOUNT_UNIT / 100,
                                            -CW_AMOUNT_UNIT / 100,
                                            CW_AMOUNT_UNIT / 100 * ((INT64_C(1) << 35) - 1),
                                            CW_AMOUNT_UNIT / 100 * (INT64_C(1) << 35),
                                            -CW_AMOUNT_UNIT / 100 * (INT64_C(1) << 35),
                                            CW_AMOUNT_UNIT * (INT64_C(1) << 35),
                                            CW_AMOUNT_UNIT * INT64_C(34000000000),
                                            (INT64_C(1) << 35) - 1,
                                            INT64_C(1) << 35,
                                            INT64_C(5000000) * CW_AMOUNT_UNIT + 1,
                                            INT64_MAX,
                                            INT64_MIN};
        const size_t n = CW_ARRAY_SIZE(amounts);
        struct fixture fixture;
        struct cw_card card = sample, other, known;
        struct cw_record *record;

        (void)state;
        begin(&fixture);
        put(&fixture, 7, "acme");
        put(&fixture, 8, "acme");
        for (size_t i = 0; i < n * n * n; i++) {
                card.id = 7;
                card.available = amounts[i % n];
                card.pending = amounts[i / n % n];
                card.total = amounts[i / n / n];
                record = cw_snapshot_find(&fixture.snapshot, 7);
                assert_int_equal(cw_snapshot_observe(&fixture.snapshot, record, &card, 0), 0);
                known = cw_snapshot_card(&fixture.snapshot, record);
                assert_int_equal(known.available, card.available);
                assert_int_equal(known.pending, card.pending);
                assert_int_equal(known.total, card.total);
                assert_false(cw_snapshot_differs(&fixture.snapshot, record, &card));
                other = card;
                *(i % 3 == 0 ? &other.available : i % 3 == 1 ? &other.pending : &other.total) ^= 1;
                assert_true(cw_snapshot_differs(&fixture.snapshot, record, &other));
                assert_int_equal(cw_snapshot_changes(&fixture.snapshot, record, &other),
                                 1 << (CW_FIELD_AVAILABLE + i % 3));
                /* Its place is taken by the last one, whose amounts move along or stay where they are. */
                if (i % 10 == 0) {
                        card.id = 8;
                        record = cw_snapshot_find(&fixture.snapshot, 8);
                        assert_int_equal(cw_snapshot_observe(&fixture.snapshot, record, &card, 0), 0);
                        cw_snapshot_remove(&fixture.snapshot, cw_snapshot_find(&fixture.snapshot, 7));
                        known = cw_snapshot_card(&fixture.snapshot, cw_snapshot_find(&fixture.snapshot, 8));
                        assert_int_equal(known.total, card.total);
                        put(&fixture, 7, "acme");
                }
        }
        end(&fixture);
}

/* Likewise, whatever its currency and its last digits are: a record has room for the usual ones. */
static void test_currency_and_digits_are_kept_as_they_are(void **state)
{
        static const char currencies[][4] = {"", "AAA", "ZZZ", "USD", "BAA", "usd", "US", "U D", "@@@"};
        static const char digits[][5] = {"", "0000", "0001", "9999", "1234", "12", "12a4", "****"};
        const size_t n = CW_ARRAY_SIZE(currencies), most = n * CW_ARRAY_SIZE(digits);
        struct cw_card card = sample, other = sample, known;
        struct fixture fixture;
        struct cw_record *record;

        (void)state;
        begin(&fixture);
        put(&fixture, 7, "acme");
        record = cw_snapshot_find(&fixture.snapshot, 7);
        for (size_t i = 0; i < most; i++) {
                memcpy(card.currency, currencies[i % n], sizeof(card.currency));
                memcpy(card.last4, digits[i / n], sizeof(card.last4));
                assert_int_equal(cw_snapshot_observe(&fixture.snapshot, record, &card, 0), 0);
                known = cw_snapshot_card(&fixture.snapshot, record);
                assert_string_equal(known.currency, card.currency);
                assert_string_equal(known.last4, card.last4);
                for (size_t k = 0; k < most; k++) {
                        memcpy(other.currency, currencies[k % n], sizeof(other.currency));
                        memcpy(other.last4, digits[k / n], sizeof(other.last4));
                        assert_int_equal(cw_snapshot_differs(&fixture.snapshot, record, &other), i != k);
                        assert_int_equal(cw_snapshot_changes(&fixture.snapshot, record, &other),
                                         (i % n != k % n) << CW_FIELD_CURRENCY);
                }
        }
        end(&fixture);
}

/* A reader of packs writes a row over the one before it. */
static void test_bytes_behind_the_end_of_a_text_are_no_difference(void **state)
{
        struct cw_card card = sample, dirty = sample;
        struct fixture fixture;
        struct cw_record *record;

        (void)state;
        begin(&fixture);
        put(&fixture, 7, "acme");
        record = cw_snapshot_find(&fixture.snapshot, 7);
        memset(card.last4, 0, sizeof(card.last4));
        memset(card.currency, 0, sizeof(card.currency));
        dirty.last4[0] = dirty.currency[0] = '\0';
        for (int odd = 0; odd < 2; odd++) {
                card.total = dirty.total = odd ? INT64_MAX : 3;
                assert_int_equal(cw_snapshot_observe(&fixture.snapshot, record, &dirty, 0), 0);
                assert_int_equal(record->scale == CW_SCALE_ODD, odd);
                assert_false(cw_snapshot_differs(&fixture.snapshot, record, &card));
        }
        end(&fixture);
}

static void test_extreme_ids_are_ids_like_others(void **state)
{
        static const int64_t ids[] = {0, -1, 1, INT64_MAX, INT64_MIN, INT64_MAX - 1, 128, 256, -128};
        struct fixture fixture;

        (void)state;
        begin(&fixture);
        for (size_t i = 0; i < CW_ARRAY_SIZE(ids); i++)
                put(&fixture, ids[i], "x");
        for (size_t i = 0; i < CW_ARRAY_SIZE(ids); i++)
                assert_int_equal(cw_snapshot_find(&fixture.snapshot, ids[i])->id, ids[i]);
        end(&fixture);
}

static uint64_t draw(uint64_t *random)
{
        *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return *random >> 33;
}

/* Adds and removes at random among few ids, so that the index fills, empties and wraps; a plain array knows better. */
static void test_against_a_plain_array(void **state)
{
        static const char *const references[] = {"a", "b", "c", NULL};
        struct fixture fixture;
        int there[3000] = {0};
        uint64_t random = 42;
        size_t n = 0;

        (void)state;
        begin(&fixture);
        for (int step = 0; step < 60000; step++) {
                size_t id = draw(&random) % 3000;
                struct cw_record *record = cw_snapshot_find(&fixture.snapshot, (int64_t)id * 64);

                assert_int_equal(record != NULL, there[id] != 0);
                if (record) {
                        assert_int_equal(record->id, id * 64);
                        assert_int_equal(record->observations, there[id]);
                        cw_snapshot_remove(&fixture.snapshot, record);
                        there[id] = 0;
                        n--;
                } else if (draw(&random) % 4) {
                        put(&fixture, (int64_t)id * 64, references[draw(&random) % 4]);
                        there[id] = step + 1;
                        cw_snapshot_find(&fixture.snapshot, (int64_t)id * 64)->observations = (uint32_t)step + 1;
                        n++;
                }
                assert_int_equal(fixture.snapshot.n, n);
        }
        for (size_t i = 0; i < fixture.snapshot.n; i++)
                assert_int_equal(there[cw_snapshot_at(&fixture.snapshot, i)->id / 64],
                                 cw_snapshot_at(&fixture.snapshot, i)->observations);
        end(&fixture);
}

/* What a card may add to the memory of the daemon at most (performance.md). */
static void test_a_card_is_cheap(void **state)
{
        struct fixture fixture;
        size_t bytes;

        (void)state;
        begin(&fixture);
        for (int64_t id = 1; id <= 100000; id++)
                put(&fixture, id, "acme");
        bytes = cw_snapshot_bytes(&fixture.snapshot);
        assert_in_range(bytes / 100000, 1, 80);
        end(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_empty_snapshot_has_no_card),
                cmocka_unit_test(test_a_record_is_the_card_it_observed),
                cmocka_unit_test(test_a_reference_that_is_kept_already_is_kept_once_more),
                cmocka_unit_test(test_every_field_makes_a_difference),
                cmocka_unit_test(test_amounts_of_any_size_are_kept_exactly),
                cmocka_unit_test(test_currency_and_digits_are_kept_as_they_are),
                cmocka_unit_test(test_bytes_behind_the_end_of_a_text_are_no_difference),
                cmocka_unit_test(test_extreme_ids_are_ids_like_others),
                cmocka_unit_test(test_against_a_plain_array),
                cmocka_unit_test(test_a_card_is_cheap),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
