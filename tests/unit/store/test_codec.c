/* SPDX-License-Identifier: Apache-2.0 */
/* The packed records behind their seals: whatever the bytes are, reading ends and is inside of them. */
#include "rows.h"

#include <errno.h>

#include "../../../src/store/items.h"
#include "cardwatch/card_pack.h"
#include "cardwatch/pack.h"

#define MUTATIONS 10000
#define SEAL_LEN  8

/* A copy of exactly that size, changed in a few places and sealed again. */
static char *mutate(const struct cw_buf *pack, unsigned *seed, size_t *ret_len)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf buf = CW_BUF_NULL;
        size_t len = pack->len - SEAL_LEN;
        char *exact;

        if (rand_r(seed) % 4 == 0)
                len = (size_t)rand_r(seed) % len;
        cw_buf_append(&buf, pack->data, len);
        for (int n = rand_r(seed) % 3; n >= 0 && len > 0; n--)
                buf.data[(size_t)rand_r(seed) % len] = (char)rand_r(seed);
        cw_pack_seal(&buf, 0);
        exact = malloc(buf.len);
        assert_non_null(exact);
        memcpy(exact, buf.data, buf.len);
        *ret_len = buf.len;
        return exact;
}

static void pack_cards(struct cw_cards_writer *writer)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        for (int64_t i = 0; i < 10; i++) {
                add_card(&changes, "main", i, i * 10000);
                changes.cards.rows[i].changed = (uint16_t)(1 << i);
                changes.cards.rows[i].has_before = i % 3 > 0;
                changes.cards.rows[i].before = (struct cw_balances){.available = i * 7, .suppressed = i & 1};
                changes.cards.rows[i].folded_at = i;
        }
        cw_cards_begin(writer);
        for (size_t i = 0; i < changes.cards.n; i++)
                cw_cards_add(writer, &changes.cards.rows[i]);
        assert_int_equal(cw_cards_end(writer), 0);
}

static int read_cards(const char *data, size_t len)
{
        cw_cleanup(cw_cards_reader_deinit) struct cw_cards_reader reader = {.reference = CW_BUF_NULL};
        struct cw_card_row row;
        size_t read = 0;
        int r = cw_cards_read(&reader, data, len);

        while (r == 0 && (r = cw_cards_next(&reader, &row)) == CW_CARDS_ROW) {
                read += row.card.reference ? strlen(row.card.reference) : 0;
                read += strlen(row.card.currency) + strlen(row.card.last4);
                r = 0;
        }
        assert_true(read < len * len);
        return r;
}

/* As in a checkpoint. */
static void pack_cards_with_past(struct cw_cards_writer *writer)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        cw_cards_begin_present(writer, 77);
        for (int64_t i = 0; i < 10; i++) {
                struct cw_card_past past = {.first_seen_at = 1000, .fields = (uint16_t)(i * 50)};

                for (unsigned field = 0; field < CW_CARD_FIELDS; field++)
                        past.changed_at[field] = 1000 + i * field;
                add_card(&changes, "main", i, i * 10000);
                changes.cards.rows[i].past = &past;
                cw_cards_add(writer, &changes.cards.rows[i]);
        }
        assert_int_equal(cw_cards_end(writer), 0);
}

static void break_the_reader(const struct cw_cards_writer *writer)
{
        unsigned seed = 1, taken = 0, refused = 0;

        assert_int_equal(read_cards(writer->buf.data, writer->buf.len), 0);
        for (int i = 0; i < MUTATIONS; i++) {
                size_t len;
                cw_autofree char *data = mutate(&writer->buf, &seed, &len);
                int r = read_cards(data, len);

                assert_true(r == 0 || r == -EBADMSG);
                *(r == 0 ? &taken : &refused) += 1;
        }
        assert_true(taken > 100 && refused > 100);
}

static void test_no_bytes_break_the_reader_of_cards(void **state)
{
        cw_cleanup(cw_cards_deinit) struct cw_cards_writer writer = {.buf = CW_BUF_NULL};

        (void)state;
        pack_cards(&writer);
        break_the_reader(&writer);
        pack_cards_with_past(&writer);
        break_the_reader(&writer);
}

/* Five cards as version 1 wrote them, without their seal. */
static const unsigned char old_pack[] = {
        0x01, 0x20, 0x02, 0x00, 0x07, 0x61, 0x63, 0x6d, 0x65, 0x2d, 0x30, 0x00, 0x04, 0x45, 0x55, 0x52, 0x00,
        0x2a, 0x80, 0x89, 0x7a, 0x00, 0x00, 0xd0, 0x0f, 0xa2, 0x1f, 0x00, 0x23, 0x02, 0x2a, 0x80, 0x92, 0xf4,
        0x01, 0x00, 0x00, 0x00, 0x02, 0x00, 0x22, 0x02, 0x02, 0x07, 0x61, 0x63, 0x6d, 0x65, 0x2d, 0x31, 0x00,
        0x2a, 0x80, 0x9b, 0xee, 0x02, 0x00, 0x00, 0x00, 0x02, 0x00, 0x23, 0x02, 0x2a, 0x80, 0xa4, 0xe8, 0x03,
        0x00, 0x00, 0x00, 0x02, 0x00, 0x23, 0x02, 0x2a, 0x80, 0xad, 0xe2, 0x04, 0x00, 0x00, 0x00, 0x02, 0x00};

static void test_no_bytes_break_the_reader_of_old_cards(void **state)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf buf = CW_BUF_NULL;
        unsigned seed = 1, taken = 0, refused = 0;

        (void)state;
        cw_buf_append(&buf, old_pack, sizeof(old_pack));
        cw_pack_seal(&buf, 0);
        assert_int_equal(read_cards(buf.data, buf.len), 0);
        for (int i = 0; i < MUTATIONS; i++) {
                size_t len;
                cw_autofree char *data = mutate(&buf, &seed, &len);
                int r = read_cards(data, len);

                assert_true(r == 0 || r == -EBADMSG);
                *(r == 0 ? &taken : &refused) += 1;
        }
        assert_true(taken > 100 && refused > 100);
}

static void test_a_card_takes_few_bytes(void **state)
{
        cw_cleanup(cw_cards_deinit) struct cw_cards_writer writer = {.buf = CW_BUF_NULL};
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;

        (void)state;
        for (int64_t i = 0; i < 1000; i++)
                add_card(&changes, "main", 50000 + i, 95100000 + i);
        cw_cards_begin(&writer);
        for (size_t i = 0; i < changes.cards.n; i++)
                cw_cards_add(&writer, &changes.cards.rows[i]);
        assert_int_equal(cw_cards_end(&writer), 0);
        print_message("  %zu bytes a card\n", writer.buf.len / 1000);
        assert_in_range(writer.buf.len, 1000, 25000);
}

static void test_no_bytes_break_the_reader_of_items(void **state)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf buf = CW_BUF_NULL;
        struct cw_entry *entry = NULL;
        struct cw_item items[3];
        unsigned seed = 1, taken = 0, refused = 0;

        (void)state;
        assert_int_equal(cw_entry_new(&(struct cw_entry){.rule = "r", .source = "s"}, &entry), 0);
        for (size_t i = 0; i < CW_ARRAY_SIZE(items); i++)
                items[i] = (struct cw_item){.entry = entry, .edge = (uint32_t)i};
        cw_items_pack(items, CW_ARRAY_SIZE(items), &buf);
        cw_entry_unref(entry);
        for (int i = 0; i < MUTATIONS; i++) {
                size_t len, n = 0;
                cw_autofree char *data = mutate(&buf, &seed, &len);
                struct cw_item *back = NULL;
                int r = cw_items_unpack(data, len, &back, &n);

                assert_true(r == 0 || r == -EBADMSG);
                if (r == 0)
                        cw_items_free(back, n);
                *(r == 0 ? &taken : &refused) += 1;
        }
        assert_true(taken > 10 && refused > 100);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_no_bytes_break_the_reader_of_cards),
                cmocka_unit_test(test_no_bytes_break_the_reader_of_old_cards),
                cmocka_unit_test(test_a_card_takes_few_bytes),
                cmocka_unit_test(test_no_bytes_break_the_reader_of_items),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
