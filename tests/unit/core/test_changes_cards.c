/* SPDX-License-Identifier: Apache-2.0 */
/* Card rows that are packed say what they said before, and are merged like those that are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes_cards.h"
#include "cardwatch/changes_order.h"
#include "cardwatch/cleanup.h"

#define ROUNDS 300
#define CARDS  40

/* As the bench's cards are: three to a customer, references of sixteen letters. */
static void add(struct cw_changes *changes, const char *source, int64_t id, cw_amount available)
{
        char reference[20];

        snprintf(reference, sizeof(reference), "customer-%07d", (int)(id / 3));
        cw_changes_card(changes, &(struct cw_card_row){.source = (char *)source,
                                                       .card = {.id = id,
                                                                .customer = id / 3,
                                                                .available = available,
                                                                .total = available,
                                                                .reference = reference,
                                                                .currency = "USD",
                                                                .last4 = "1234"},
                                                       .changed = 7,
                                                       .first_seen_at = 1700000000000,
                                                       .observed_at = 1700000000000 + id / 3000 * 40,
                                                       .observations = 1});
}

/* Whatever a row may be. */
static void add_any(struct cw_changes *changes, unsigned *seed, cw_amount number)
{
        static char *const sources[] = {"main", "other", "third"};
        static const char *const references[] = {NULL, "", "acme-1", "acme-2", "zebra"};
        struct cw_card_row row = {
                .source = sources[rand_r(seed) % 8 < 6 ? 0 : 1 + rand_r(seed) % 2],
                .card = {.id = rand_r(seed) % CARDS,
                         .customer = rand_r(seed) % 5,
                         .available = number,
                         .pending = rand_r(seed) % 2,
                         .total = rand_r(seed) % 2 ? number : INT64_MIN,
                         .reference = references[rand_r(seed) % CW_ARRAY_SIZE(references)],
                         .currency = "EUR",
                         .suppressed = rand_r(seed) % 2},
                .changed = rand_r(seed) % 3 ? (uint16_t)(1u << rand_r(seed) % 9) : 0,
                .first_seen_at = rand_r(seed),
                .observed_at = rand_r(seed),
                .observations = (uint32_t)rand_r(seed),
                .missing = (uint8_t)(rand_r(seed) % 3),
                .baseline = rand_r(seed) % 2,
                .look_again = rand_r(seed) % 2,
                .unseen = rand_r(seed) % 2,
                .folded_at = rand_r(seed) % 4 ? 0 : rand_r(seed),
                .gone = rand_r(seed) % 8 == 0,
        };

        row.has_before = row.changed && rand_r(seed) % 2;
        if (row.has_before)
                row.before = (struct cw_balances){.available = rand_r(seed), .total = -number, .suppressed = true};
        cw_changes_card(changes, &row);
}

static int write_row(void *data, const struct cw_card_row *row)
{
        const struct cw_card *card = &row->card;

        cw_buf_printf(
                data,
                "%s %lld %lld %lld %lld %lld %s %s %s %d | %x %d %lld %lld %lld %d | %lld %lld %u %u %d%d%d%d %lld\n",
                row->source, (long long)card->id, (long long)card->customer, (long long)card->available,
                (long long)card->pending, (long long)card->total, card->reference ? card->reference : "(none)",
                card->currency, card->last4, card->suppressed, row->changed, row->has_before,
                (long long)row->before.available, (long long)row->before.pending, (long long)row->before.total,
                row->before.suppressed, (long long)row->first_seen_at, (long long)row->observed_at, row->observations,
                row->missing, row->baseline, row->look_again, row->unseen, row->gone, (long long)row->folded_at);
        return 0;
}

static void write_all(struct cw_buf *buf, const struct cw_changes *changes)
{
        cw_buf_clear(buf);
        assert_int_equal(changes->error, 0);
        assert_int_equal(cw_changes_walk_cards(changes, write_row, buf), 0);
        assert_int_equal(cw_buf_error(buf), 0);
}

static void assert_same(const struct cw_changes *one, const struct cw_changes *other)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf a = CW_BUF_NULL, b = CW_BUF_NULL;

        write_all(&a, one);
        write_all(&b, other);
        assert_string_equal(cw_buf_text(&a), cw_buf_text(&b));
        assert_int_equal(cw_changes_count_cards(one), cw_changes_count_cards(other));
}

static void test_packed_rows_say_the_same(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes plain = CW_CHANGES_NULL, packed = CW_CHANGES_NULL;
        unsigned seed = 1, same = 1;

        (void)state;
        for (cw_amount i = 0; i < 5000; i++) {
                add_any(&plain, &seed, i);
                add_any(&packed, &same, i);
                if (i % 700 == 0)
                        cw_changes_pack_cards(&packed);
        }
        assert_true(packed.packed.n > 8 && packed.cards.n > 0);
        assert_same(&plain, &packed);
        assert_int_equal(cw_changes_count_cards(&packed), 5000);
        cw_changes_pack_cards(&packed);
        cw_changes_pack_cards(&packed); /* nothing to do */
        assert_int_equal(packed.cards.n, 0);
        assert_same(&plain, &packed);
        assert_false(cw_changes_empty(&packed));
}

static int stop_at_third(void *data, const struct cw_card_row *row)
{
        (void)row;
        return ++*(int *)data == 3 ? 17 : 0;
}

static void test_a_walk_ends_where_it_is_told_to(void **state)
{
        (void)state;
        for (int packed = 0; packed <= 4; packed++) {
                cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
                int visited = 0;

                for (int i = 0; i < 4; i++) {
                        add(&changes, "main", i, i);
                        if (i < packed)
                                cw_changes_pack_cards(&changes);
                }
                assert_int_equal(cw_changes_walk_cards(&changes, stop_at_third, &visited), 17);
                assert_int_equal(visited, 3);
        }
}

/* What is told to both, in four commits that failed; of the second some is packed. */
static void fill(struct cw_changes *changes, unsigned *seed, int commit, unsigned *packs)
{
        for (int i = rand_r(seed) % CARDS; i > 0; i--) {
                add_any(changes, seed, i * 100 + commit);
                if (packs && rand_r(packs) % 16 == 0)
                        cw_changes_pack_cards(changes);
        }
        if (rand_r(seed) % 8 == 0)
                cw_changes_source(changes, &(struct cw_source_row){.source = "main", .removed = true});
}

static void test_packed_rows_are_merged_like_others(void **state)
{
        (void)state;
        for (unsigned round = 1; round <= ROUNDS; round++) {
                cw_cleanup(cw_changes_deinit) struct cw_changes plain = CW_CHANGES_NULL, packed = CW_CHANGES_NULL,
                                                                one = CW_CHANGES_NULL, other = CW_CHANGES_NULL;
                unsigned seed = round, same = round, packs = round;

                for (int commit = 0; commit < 4; commit++) {
                        fill(&one, &seed, commit, NULL);
                        fill(&other, &same, commit, &packs);
                        assert_same(&one, &other);
                        assert_int_equal(cw_changes_merge(&plain, &one), 0);
                        assert_int_equal(cw_changes_merge(&packed, &other), 0);
                        assert_true(cw_changes_empty(&other));
                        /* As it is before the next attempt. */
                        assert_int_equal(cw_changes_sort(&packed), 0);
                        assert_same(&plain, &packed);
                        assert_in_range(cw_changes_count_cards(&packed), 0, 3 * CARDS);
                }
        }
}

static void test_a_removed_source_takes_its_packed_cards_along(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        (void)state;
        add(&changes, "gone", 1, 10);
        add(&changes, "main", 1, 10);
        add(&changes, "gone", 2, 10);
        cw_changes_pack_cards(&changes);
        add(&changes, "gone", 3, 10);
        cw_changes_source(&changes, &(struct cw_source_row){.source = "gone", .removed = true});
        assert_int_equal(cw_changes_count_cards(&changes), 1);
        assert_string_equal(changes.packed.rows[0].source, "main");
}

static void test_a_packed_card_takes_few_bytes(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        size_t bytes = 0;

        (void)state;
        for (int64_t i = 0; i < 100000; i++) {
                add(&changes, "main", 50000 + i, 95100000 + i * 10000);
                if (changes.cards.n >= CW_CARDS_TOGETHER)
                        cw_changes_pack_cards(&changes);
        }
        cw_changes_pack_cards(&changes);
        for (size_t i = 0; i < changes.packed.n; i++)
                bytes += changes.packed.rows[i].len;
        print_message("  %.1f bytes a card\n", (double)bytes / 100000);
        assert_in_range(bytes / 100000, 8, 30);
        /* So many rows are a part of the journal, which holds its own seal and version. */
        assert_int_equal(changes.packed.n, (100000 + CW_CARDS_TOGETHER - 1) / CW_CARDS_TOGETHER);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_packed_rows_say_the_same),
                cmocka_unit_test(test_a_walk_ends_where_it_is_told_to),
                cmocka_unit_test(test_packed_rows_are_merged_like_others),
                cmocka_unit_test(test_a_removed_source_takes_its_packed_cards_along),
                cmocka_unit_test(test_a_packed_card_takes_few_bytes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
