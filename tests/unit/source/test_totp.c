/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/secret.h"

#include "../../../src/source/totp.h"

/* RFC 6238, appendix B: the ASCII text 12345678901234567890; six of the eight digits. */
#define RFC_SECRET "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

static int new_key(const char *base32, struct cw_secret **ret_key)
{
        struct cw_secret *secret = NULL;
        int r;

        assert_int_equal(cw_secret_new(base32, strlen(base32), &secret), 0);
        r = cw_totp_key_new(secret, ret_key);
        cw_secret_free(secret);
        return r;
}

static void test_the_vectors_of_the_rfc(void **state)
{
        static const struct {
                int64_t at_s;
                const char *code;
        } cases[] = {
                {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
        };
        struct cw_secret *key = NULL;

        (void)state;
        assert_int_equal(new_key(RFC_SECRET, &key), 0);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                char code[7] = "";

                assert_int_equal(cw_totp_code(key, cases[i].at_s * 1000 + 999, code), 0);
                assert_string_equal(code, cases[i].code);
        }
        cw_secret_free(key);
}

static void test_secrets(void **state)
{
        static const struct {
                const char *name;
                const char *base32;
                int result;
        } cases[] = {
                {"upper case", RFC_SECRET, 0},
                {"lower case is the same", "gezdgnbvgy3tqojqgezdgnbvgy3tqojq", 0},
                {"groups are the same", "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ", 0},
                {"an odd digit is no secret", "GEZDGNB1", -EINVAL},
                {"nothing is no secret", "", -EINVAL},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_secret *key = NULL;
                int r = new_key(cases[i].base32, &key);

                if (r != cases[i].result)
                        fail_msg("%s: %d", cases[i].name, r);
                if (r == 0) {
                        assert_int_equal(cw_secret_len(key), 20);
                        assert_string_equal(cw_secret_reveal(key), "12345678901234567890");
                }
                cw_secret_free(key);
        }
}

static void test_waits_for_an_unused_step(void **state)
{
        static const struct {
                const char *name;
                int64_t last_step, at, wait_ms;
        } cases[] = {
                {"none used yet", -1, 30000, 0},
                {"a later step is unused", 1, 60000, 0},
                {"the same step is used", 1, 30000, 30000},
                {"its last millisecond is, too", 1, 59999, 1},
                {"a clock a little back waits past the used one", 2, 59999, 30001},
                {"a clock set back an hour does not stop the polls", 1000, 30 * 880 * 1000, 0},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++)
                if (cw_totp_wait_ms(cases[i].last_step, cases[i].at) != cases[i].wait_ms)
                        fail_msg("%s: %lld", cases[i].name,
                                 (long long)cw_totp_wait_ms(cases[i].last_step, cases[i].at));
        assert_int_equal(cw_totp_step(59999), 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_vectors_of_the_rfc),
                cmocka_unit_test(test_secrets),
                cmocka_unit_test(test_waits_for_an_unused_step),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
