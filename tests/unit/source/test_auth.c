/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/secret.h"

#include "../../../src/source/auth.h"

#define MINUTE CW_MINUTE_MS

static struct cw_auth_now at(int64_t ms)
{
        return (struct cw_auth_now){.mono = ms, .wall = 1000000 + ms};
}

static struct cw_secret *token(const char *text)
{
        struct cw_secret *secret = NULL;
        size_t len = 0;

        while (text[len])
                len++;
        assert_int_equal(cw_secret_new(text, len, &secret), 0);
        return secret;
}

static void test_a_token_is_renewed_at_four_fifths(void **state)
{
        struct cw_auth auth;

        (void)state;
        cw_auth_init(&auth, NULL);
        assert_int_equal(cw_auth_need(&auth, at(0)), CW_AUTH_LOGIN);
        cw_auth_logged_in(&auth, token("t"), 100000, at(0));
        assert_int_equal(cw_auth_need(&auth, at(79999)), CW_AUTH_READY);
        assert_int_equal(cw_auth_need(&auth, at(80000)), CW_AUTH_LOGIN);
        cw_auth_postpone(&auth, at(80000));
        assert_int_equal(cw_auth_need(&auth, at(99999)), CW_AUTH_READY);
        assert_int_equal(cw_auth_need(&auth, at(100000)), CW_AUTH_LOGIN);
        assert_null(auth.token);
        cw_auth_deinit(&auth);
}

static void test_a_token_without_a_believable_end_is_used_until_it_dies(void **state)
{
        static const int64_t lives_ms[] = {-1, 0, 999, INT64_MAX};
        struct cw_auth auth;

        (void)state;
        cw_auth_init(&auth, NULL);
        for (size_t i = 0; i < sizeof(lives_ms) / sizeof(*lives_ms); i++) {
                cw_auth_logged_in(&auth, token("t"), lives_ms[i], at(5));
                assert_int_equal(cw_auth_need(&auth, at(1000 * CW_DAY_MS)), CW_AUTH_READY);
        }
        cw_auth_token_died(&auth, auth.generation - 1);
        assert_int_equal(cw_auth_need(&auth, at(6)), CW_AUTH_READY);
        cw_auth_token_died(&auth, auth.generation);
        assert_int_equal(cw_auth_need(&auth, at(6)), CW_AUTH_LOGIN);
        cw_auth_deinit(&auth);
}

static void test_a_refusal_blocks_for_ten_minutes(void **state)
{
        struct cw_auth auth;

        (void)state;
        cw_auth_init(&auth, NULL);
        cw_auth_refused(&auth, "Account_Locked", at(0));
        assert_int_equal(cw_auth_need(&auth, at(0)), CW_AUTH_BLOCKED);
        assert_int_equal(cw_auth_need(&auth, at(10 * MINUTE - 1)), CW_AUTH_BLOCKED);
        assert_int_equal(cw_auth_need(&auth, at(10 * MINUTE)), CW_AUTH_LOGIN);
        cw_auth_deinit(&auth);
}

static void test_a_clock_set_back_does_not_lengthen_the_block(void **state)
{
        struct cw_auth auth;
        struct cw_auth_now back = {.mono = 0, .wall = 1000000 - CW_HOUR_MS};

        (void)state;
        cw_auth_init(&auth, NULL);
        cw_auth_refused(&auth, "x", at(0));
        assert_int_equal(cw_auth_need(&auth, back), CW_AUTH_BLOCKED);
        back.wall += 10 * MINUTE;
        assert_int_equal(cw_auth_need(&auth, back), CW_AUTH_LOGIN);
        cw_auth_deinit(&auth);
}

static void test_headers(void **state)
{
        struct cw_secret *key = token("verbatim key");
        struct cw_buf buf = CW_BUF_NULL;
        struct cw_auth auth;

        (void)state;
        cw_auth_init(&auth, key);
        assert_int_equal(cw_auth_need(&auth, at(0)), CW_AUTH_READY);
        cw_auth_append_header(&auth, &buf);
        assert_string_equal(buf.data, "verbatim key");
        cw_auth_deinit(&auth);
        cw_buf_clear(&buf);
        cw_auth_init(&auth, NULL);
        cw_auth_logged_in(&auth, token("a.b"), -1, at(0));
        cw_auth_append_header(&auth, &buf);
        assert_string_equal(buf.data, "Bearer a.b");
        cw_auth_deinit(&auth);
        cw_buf_wipe(&buf);
        cw_secret_free(key);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_token_is_renewed_at_four_fifths),
                cmocka_unit_test(test_a_token_without_a_believable_end_is_used_until_it_dies),
                cmocka_unit_test(test_a_refusal_blocks_for_ten_minutes),
                cmocka_unit_test(test_a_clock_set_back_does_not_lengthen_the_block),
                cmocka_unit_test(test_headers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
