/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/hmac.h"
#include "cardwatch/secret.h"

static void test_signatures(void **state)
{
        static const struct {
                const char *name, *secret, *id, *body;
                int64_t timestamp_s;
                int expected_error;
                const char *expected;
        } cases[] = {
                {"the check value of Standard Webhooks comes out", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                 "msg_p5jXN8AQM9LWM0D4loKWxJek", "{\"test\": 2432232314}", 1614265330, 0,
                 "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
                {"a secret that is any text is the key itself", "key", "a", "", 0, 0,
                 "v1,ms0VOhd6GlliC/HOqQX7Uqc8SQ2VvlWnueHg/6r4YlU="},
                {"a secret with bad base64 is refused", "whsec_MfKQ9r8GKYq", "a", "", 0, -EINVAL, ""},
                {"a secret without a key is refused", "whsec_", "a", "", 0, -EINVAL, ""},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf buf = CW_BUF_NULL;
                struct cw_secret *secret;

                print_message("  %s\n", cases[i].name);
                assert_int_equal(cw_secret_new(cases[i].secret, strlen(cases[i].secret), &secret), 0);
                assert_int_equal(cw_hmac_webhook_signature(secret, cases[i].id, cases[i].timestamp_s, cases[i].body,
                                                           strlen(cases[i].body), &buf),
                                 cases[i].expected_error);
                assert_string_equal(cw_buf_text(&buf), cases[i].expected);
                cw_buf_deinit(&buf);
                cw_secret_free(secret);
        }
}

/* The test vectors of RFC 4648. */
static void test_base64_goes_both_ways(void **state)
{
        static const struct {
                const char *plain, *encoded;
        } cases[] = {{"", ""},
                     {"f", "Zg=="},
                     {"fo", "Zm8="},
                     {"foo", "Zm9v"},
                     {"foob", "Zm9vYg=="},
                     {"fooba", "Zm9vYmE="},
                     {"foobar", "Zm9vYmFy"},
                     {"\xff\xfe\xfb", "//77"}};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf encoded = CW_BUF_NULL, decoded = CW_BUF_NULL;

                cw_base64_encode(cases[i].plain, strlen(cases[i].plain), &encoded);
                assert_string_equal(cw_buf_text(&encoded), cases[i].encoded);
                assert_int_equal(cw_base64_decode(cases[i].encoded, strlen(cases[i].encoded), &decoded), 0);
                assert_int_equal(decoded.len, strlen(cases[i].plain));
                assert_string_equal(cw_buf_text(&decoded), cases[i].plain);
                cw_buf_deinit(&encoded);
                cw_buf_deinit(&decoded);
        }
}

static void test_what_is_no_base64_is_refused_and_leaves_the_buffer_as_it_was(void **state)
{
        static const char *const cases[] = {"Z",    "Zg",     "Zg=",  "Zg===",    "=",    "====", "Z===", "Zh==",
                                            "Zm9=", "Zm9v\n", "Zm 9", "Zg==Zg==", "Zm=v", "-_==", "Zm9*"};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf buf = CW_BUF_NULL;

                print_message("  %s\n", cases[i]);
                cw_buf_puts(&buf, "kept");
                assert_int_equal(cw_base64_decode(cases[i], strlen(cases[i]), &buf), -EINVAL);
                assert_int_equal(buf.len, 4);
                assert_int_equal(cw_buf_error(&buf), 0);
                cw_buf_puts(&buf, "!");
                assert_string_equal(cw_buf_text(&buf), "kept!");
                cw_buf_deinit(&buf);
        }
}

static void test_chance_is_not_always_the_same(void **state)
{
        uint32_t first = cw_random_u32(), same = 0;

        (void)state;
        for (size_t i = 0; i < 8; i++)
                same += cw_random_u32() == first;
        assert_in_range(same, 0, 7);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_signatures),
                cmocka_unit_test(test_base64_goes_both_ways),
                cmocka_unit_test(test_what_is_no_base64_is_refused_and_leaves_the_buffer_as_it_was),
                cmocka_unit_test(test_chance_is_not_always_the_same),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
