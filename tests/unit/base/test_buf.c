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
#include "cardwatch/buf_room.h"
#include "cardwatch/cleanup.h"

static void test_appends(void **state)
{
        struct cw_buf buf = CW_BUF_NULL;

        (void)state;
        assert_string_equal(cw_buf_text(&buf), "");
        cw_buf_puts(&buf, "a");
        cw_buf_putc(&buf, 'b');
        cw_buf_append(&buf, "cdx", 2);
        cw_buf_printf(&buf, "%d-%s", 42, "z");
        cw_buf_printf(&buf, "%s", "");
        assert_string_equal(buf.data, "abcd42-z");
        assert_int_equal(buf.len, 8);
        cw_buf_clear(&buf);
        assert_string_equal(cw_buf_text(&buf), "");
        cw_buf_deinit(&buf);
        cw_buf_deinit(&buf);
}

static void test_grows_by_any_steps(void **state)
{
        struct cw_buf buf = CW_BUF_NULL;

        (void)state;
        for (int i = 0; i < 10000; i++)
                cw_buf_printf(&buf, "%04d", i);
        assert_int_equal(buf.len, 40000);
        assert_memory_equal(buf.data + 4 * 1234, "1234", 4);
        assert_int_equal(strlen(buf.data), 40000);
        cw_buf_wipe(&buf);
        assert_null(buf.data);
}

/* Its own length, one less and one more than there is room for. */
/* How often it was moved to another room above `least` while it grew to `len` bytes. */
static int moves_of(size_t aim, size_t len, size_t least)
{
        struct cw_buf buf = {.aim = aim};
        size_t capacity = 0;
        int moves = 0;

        while (buf.len < len) {
                cw_buf_append(&buf, "0123456789", 10);
                moves += buf.capacity != capacity && buf.capacity > least;
                capacity = buf.capacity;
        }
        assert_int_equal(cw_buf_error(&buf), 0);
        assert_int_equal(buf.len, len);
        assert_true(capacity > len);
        cw_buf_deinit(&buf);
        return moves;
}

static void test_what_aims_at_a_length_gets_room_for_it_at_once(void **state)
{
        (void)state;
        assert_int_equal(moves_of(0, 300000, 20000), 5);
        assert_int_equal(moves_of(300010, 300000, 20000), 1);
        /* The room is for what is large, and the aim is no limit. */
        assert_int_equal(moves_of(300010, 16000, 20000), 0);
        assert_int_equal(moves_of(100010, 300000, 20000), 3);
        assert_int_equal(moves_of(10, 300000, 20000), 5);
}

static void test_formats_into_any_room(void **state)
{
        (void)state;
        for (size_t before = 0; before < 200; before++) {
                struct cw_buf buf = CW_BUF_NULL;

                for (size_t i = 0; i < before; i++)
                        cw_buf_putc(&buf, '.');
                cw_buf_printf(&buf, "%s-%d", "abcdefgh", 123456);
                assert_int_equal(buf.len, before + 15);
                assert_int_equal(strspn(buf.data, "."), before);
                assert_string_equal(buf.data + before, "abcdefgh-123456");
                cw_buf_deinit(&buf);
        }
}

static void test_what_does_not_fit_leaves_no_trace(void **state)
{
        struct cw_buf buf = {.limit = 20};

        (void)state;
        cw_buf_puts(&buf, "0123456789");
        cw_buf_printf(&buf, "%s", "abcdefghijk");
        assert_int_equal(cw_buf_error(&buf), -EMSGSIZE);
        assert_string_equal(buf.data, "0123456789");
        assert_int_equal(buf.len, 10);
        cw_buf_printf(&buf, "%s", "a");
        assert_string_equal(buf.data, "0123456789");
        cw_buf_deinit(&buf);
}

static void test_the_limit_sticks_until_cleared(void **state)
{
        struct cw_buf buf = {.limit = 10};

        (void)state;
        cw_buf_puts(&buf, "0123456789");
        assert_int_equal(cw_buf_error(&buf), 0);
        cw_buf_putc(&buf, 'x');
        assert_int_equal(cw_buf_error(&buf), -EMSGSIZE);
        cw_buf_append(&buf, "", 0);
        assert_string_equal(buf.data, "0123456789");
        assert_null(cw_buf_reserve(&buf, 0));
        cw_buf_clear(&buf);
        cw_buf_putc(&buf, 'x');
        assert_int_equal(cw_buf_error(&buf), 0);
        assert_null(cw_buf_reserve(&buf, SIZE_MAX));
        assert_int_equal(cw_buf_error(&buf), -EMSGSIZE);
        cw_buf_deinit(&buf);
        assert_int_equal(buf.limit, 10);
}

static void test_reserved_room_is_written_in_place(void **state)
{
        struct cw_buf buf = CW_BUF_NULL;
        char *room = cw_buf_reserve(&buf, 1000);

        (void)state;
        memset(room, 'q', 1000);
        cw_buf_grew(&buf, 3);
        assert_string_equal(buf.data, "qqq");
        cw_buf_deinit(&buf);
}

static void test_taking(void **state)
{
        struct cw_buf buf = {.limit = 3};
        cw_autofree char *text = NULL, *empty = NULL, *untouched = NULL;

        (void)state;
        cw_buf_puts(&buf, "abc");
        assert_int_equal(cw_buf_take(&buf, &text), 0);
        assert_string_equal(text, "abc");
        assert_int_equal(buf.len, 0);
        assert_int_equal(cw_buf_take(&buf, &empty), 0);
        assert_string_equal(empty, "");
        cw_buf_puts(&buf, "abcd");
        assert_int_equal(cw_buf_take(&buf, &untouched), -EMSGSIZE);
        assert_null(untouched);
        assert_int_equal(cw_buf_error(&buf), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_appends),
                cmocka_unit_test(test_grows_by_any_steps),
                cmocka_unit_test(test_what_aims_at_a_length_gets_room_for_it_at_once),
                cmocka_unit_test(test_formats_into_any_room),
                cmocka_unit_test(test_what_does_not_fit_leaves_no_trace),
                cmocka_unit_test(test_the_limit_sticks_until_cleared),
                cmocka_unit_test(test_reserved_room_is_written_in_place),
                cmocka_unit_test(test_taking),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
