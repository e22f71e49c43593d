/* SPDX-License-Identifier: Apache-2.0 */
/* Whose log-in is blocked: who was refused, and everybody where the account is locked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/secret.h"

#include "../../../src/source/block.h"

#define UNTIL INT64_C(1700000600000)

static void test_who_is_blocked(void **state)
{
        static const struct {
                const char *name;
                int64_t stamp;
                unsigned who;
                int64_t until;
        } cases[] = {
                {"nobody", 0, 7, 0},
                {"who was refused", UNTIL + 7, 7, UNTIL},
                {"nobody else", UNTIL + 8, 7, 0},
                {"everybody", UNTIL, 7, UNTIL},
                {"nobody by a time that is none", -1, 999, 0},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++)
                if (cw_block_until(cases[i].stamp, cases[i].who) != cases[i].until)
                        fail_msg("%s is blocked", cases[i].name);
}

static void test_stamps(void **state)
{
        (void)state;
        assert_int_equal(cw_block_stamp(0, 7), 0);
        assert_true(cw_block_stamp(UNTIL, 7) == UNTIL + 7);
        assert_true(cw_block_stamp(UNTIL - 999, 999) == UNTIL + 999);
        assert_true(cw_block_stamp(UNTIL + 1, 0) == UNTIL + 1000);
        assert_true(cw_block_is_for_all(UNTIL));
        assert_false(cw_block_is_for_all(UNTIL + 1));
        assert_false(cw_block_is_for_all(0));
}

static struct cw_secret *secret(const char *text)
{
        struct cw_secret *secret = NULL;

        assert_int_equal(cw_secret_new(text, strlen(text), &secret), 0);
        return secret;
}

static void test_any_correction_is_another(void **state)
{
        struct cw_secret *one = secret("hunter2"), *other = secret("hunter3");
        struct cw_source_options options[] = {
                {.url = "https://a", .username = "u", .password = one, .totp_secret = one},
                {.url = "https://b", .username = "u", .password = one, .totp_secret = one},
                {.url = "https://a", .username = "v", .password = one, .totp_secret = one},
                {.url = "https://a", .username = "u", .password = other, .totp_secret = one},
                {.url = "https://a", .username = "u", .password = one, .totp_secret = other},
                {.url = "https://a", .username = "u", .password = one, .otp = one},
                {.url = "https://a", .username = "u", .password = one},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(options); i++) {
                unsigned who = cw_block_credentials(&options[i]);
                struct cw_source_memory memory = {.blocked_until_at = cw_block_stamp(UNTIL, who), .otp_step = 5};

                assert_in_range(who, 1, 999);
                for (size_t j = 0; j < CW_ARRAY_SIZE(options); j++) {
                        struct cw_source_memory mine = cw_source_memory_of(&options[j], &memory);

                        assert_int_equal(mine.blocked_until_at != 0, i == j);
                        assert_int_equal(mine.otp_step, 5);
                }
        }
        cw_secret_free(one);
        cw_secret_free(other);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_is_blocked),
                cmocka_unit_test(test_stamps),
                cmocka_unit_test(test_any_correction_is_another),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
