/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/pack.h"

static void test_numbers_come_back(void **state)
{
        static const int64_t numbers[] = {0, 1, -1, 63, 64, -64, -65, 127, 128, 1 << 20, INT64_MAX, INT64_MIN};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(numbers); i++) {
                cw_cleanup(cw_buf_deinit) struct cw_buf buf = CW_BUF_NULL;
                struct cw_unpack unpack;

                cw_pack_i64(&buf, numbers[i]);
                cw_pack_u64(&buf, (uint64_t)numbers[i]);
                cw_pack_seal(&buf, 0);
                cw_unpack_init(&unpack, buf.data, buf.len);
                assert_true(cw_unpack_i64(&unpack) == numbers[i]);
                assert_true(cw_unpack_u64(&unpack) == (uint64_t)numbers[i]);
                assert_true(cw_unpack_done(&unpack));
        }
}

static void test_texts_come_back_and_point_into_the_record(void **state)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf buf = CW_BUF_NULL;
        struct cw_unpack unpack;
        const char *text;

        (void)state;
        cw_pack_string(&buf, NULL);
        cw_pack_string(&buf, "");
        cw_pack_string(&buf, "acme-1");
        cw_pack_seal(&buf, 0);
        cw_unpack_init(&unpack, buf.data, buf.len);
        assert_null(cw_unpack_string(&unpack));
        assert_string_equal(cw_unpack_string(&unpack), "");
        text = cw_unpack_string(&unpack);
        assert_string_equal(text, "acme-1");
        assert_true(text > buf.data && text < buf.data + buf.len);
        assert_true(cw_unpack_done(&unpack));
}

static void test_what_is_wrong_is_refused(void **state)
{
        static const struct {
                const char *name;
                const char *bytes;
                size_t len;
        } cases[] = {
                {"a varint that never ends", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11},
                {"a varint beyond 64 bits", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10},
                {"a varint that is cut", "\x80", 1},
                {"nothing at all", "", 0},
                {"a text longer than the record",
                 "\x05"
                 "ab",
                 3},
                {"a text of nearly 2^64 bytes",
                 "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                 "a",
                 11},
                {"a text without its NUL",
                 "\x02"
                 "ab",
                 3},
                {"a text with a NUL inside",
                 "\x03"
                 "a\0\0",
                 4},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_cleanup(cw_buf_deinit) struct cw_buf buf = CW_BUF_NULL;
                struct cw_unpack unpack;

                print_message("  %s\n", cases[i].name);
                cw_buf_append(&buf, cases[i].bytes, cases[i].len);
                cw_pack_seal(&buf, 0);
                cw_unpack_init(&unpack, buf.data, buf.len);
                assert_false(unpack.bad);
                assert_null(cw_unpack_string(&unpack));
                assert_true(unpack.bad);
                assert_true(cw_unpack_u64(&unpack) == 0);
                assert_false(cw_unpack_done(&unpack));
        }
}

static void test_every_flipped_bit_breaks_the_seal(void **state)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf buf = CW_BUF_NULL;
        struct cw_unpack unpack;

        (void)state;
        cw_pack_string(&buf, "a text");
        cw_pack_u64(&buf, 12345);
        cw_pack_seal(&buf, 0);
        for (size_t bit = 0; bit < buf.len * 8; bit++) {
                buf.data[bit / 8] ^= (char)(1 << bit % 8);
                cw_unpack_init(&unpack, buf.data, buf.len);
                assert_true(unpack.bad);
                buf.data[bit / 8] ^= (char)(1 << bit % 8);
        }
        for (size_t len = 0; len < buf.len; len++) {
                cw_unpack_init(&unpack, buf.data, len);
                assert_true(unpack.bad);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers_come_back),
                cmocka_unit_test(test_texts_come_back_and_point_into_the_record),
                cmocka_unit_test(test_what_is_wrong_is_refused),
                cmocka_unit_test(test_every_flipped_bit_breaks_the_seal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
