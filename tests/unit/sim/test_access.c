/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <cardwatch/cleanup.h>

#include "access.h"
#include "totp.h"

/* The secret of RFC 6238, appendix B: "12345678901234567890". */
#define RFC_SECRET "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

#define NOW INT64_C(1111111109000)

static void test_the_vectors_of_rfc_6238(void **state)
{
        static const struct {
                int64_t at_s;
                const char *code;
        } cases[] = {
                {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
        };
        struct cw_sim_totp *totp cw_cleanup(cw_sim_totp_free_cleanup) = NULL;

        (void)state;
        assert_int_equal(cw_sim_totp_new(RFC_SECRET, &totp), 0);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                char code[7];
                int64_t step;

                assert_int_equal(cw_sim_totp_generate(totp, cases[i].at_s, code), 0);
                assert_string_equal(code, cases[i].code);
                assert_int_equal(cw_sim_totp_check(totp, cases[i].code, cases[i].at_s, &step), 0);
                assert_int_equal(step, cases[i].at_s / 30);
        }
}

static void test_a_password_is_good_for_its_step_and_the_two_beside_it(void **state)
{
        static const struct {
                const char *name;
                int64_t at_s;
                int expected;
        } cases[] = {
                {"the step before is too early by less than one step", 0, 0},
                {"its own first second", 30, 0},
                {"its own last second", 59, 0},
                {"the last second of the step after", 89, 0},
                {"two steps later it is wrong", 90, CW_SIM_TOTP_WRONG},
        };
        struct cw_sim_totp *totp cw_cleanup(cw_sim_totp_free_cleanup) = NULL;
        int64_t step = 0;

        (void)state;
        assert_int_equal(cw_sim_totp_new(RFC_SECRET, &totp), 0);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                print_message("  %s\n", cases[i].name);
                assert_int_equal(cw_sim_totp_check(totp, "287082", cases[i].at_s, &step), cases[i].expected);
                assert_int_equal(step, 1);
        }
        assert_int_equal(cw_sim_totp_check(totp, "", 59, &step), CW_SIM_TOTP_WRONG);
        assert_int_equal(cw_sim_totp_check(totp, "2870820", 59, &step), CW_SIM_TOTP_WRONG);
}

static void test_a_secret_that_is_no_base32_is_refused(void **state)
{
        struct cw_sim_totp *totp = NULL;

        (void)state;
        assert_int_equal(cw_sim_totp_new("0189!", &totp), -EINVAL);
        assert_int_equal(cw_sim_totp_new("", &totp), -EINVAL);
        assert_null(totp);
}

static void access_init(struct cw_sim_access *access)
{
        *access = (struct cw_sim_access){
                .username = "user", .password = "word", .api_key = "key", .seed = 1, .token_lifetime_ms = 60000};
        assert_int_equal(cw_sim_totp_new(RFC_SECRET, &access->totp), 0);
}

static void test_three_wrong_logins_lock_the_account_for_ten_minutes(void **state)
{
        const char *const wrong[3] = {"user", "wort", "081804"}, *const right[3] = {"user", "word", "081804"};
        struct cw_sim_access access cw_cleanup(cw_sim_access_deinit) = {0};
        const struct cw_sim_token *token = NULL;
        struct cw_sim_refusal refusal;

        (void)state;
        access_init(&access);
        for (int i = 0; i < 3; i++) {
                assert_false(cw_sim_access_login(&access, wrong, NOW, &token, &refusal));
                assert_string_equal(refusal.code, "Username_Or_Password_Incorrect");
        }
        assert_false(cw_sim_access_login(&access, right, NOW, &token, &refusal));
        assert_string_equal(refusal.code, "Account_Locked");
        assert_false(cw_sim_access_login(&access, right, NOW + 599999, &token, &refusal));
        assert_string_equal(refusal.code, "Account_Locked");
        cw_sim_access_unlock(&access);
        assert_true(cw_sim_access_login(&access, right, NOW, &token, &refusal));
        assert_int_equal(access.good_logins, 1);
        assert_int_equal(access.bad_logins, 5);
}

static void test_a_right_login_between_wrong_ones_begins_the_count_anew(void **state)
{
        const char *const wrong[3] = {"user", "word", "000000"}, *const right[3] = {"user", "word", "081804"};
        struct cw_sim_access access cw_cleanup(cw_sim_access_deinit) = {0};
        const struct cw_sim_token *token = NULL;
        struct cw_sim_refusal refusal;

        (void)state;
        access_init(&access);
        for (int i = 0; i < 5; i++) {
                assert_false(cw_sim_access_login(&access, wrong, NOW, &token, &refusal));
                assert_false(cw_sim_access_login(&access, wrong, NOW, &token, &refusal));
                assert_true(cw_sim_access_login(&access, right, NOW, &token, &refusal));
        }
}

static void test_who_may_read(void **state)
{
        static const struct {
                const char *name, *authorization, *otp, *field, *code; /* field NULL: allowed */
        } cases[] = {
                {"the key as it is", "key", "081804", NULL, NULL},
                {"the key as a token is none", "Bearer key", "081804", "Authorization", "Invalid"},
                {"no key", NULL, "081804", "Authorization", "Required"},
                {"no one-time password", "key", NULL, "otp", "Required"},
                {"a wrong one-time password", "key", "081805", "otp", "Invalid"},
                {"an empty token", "Bearer ", "081804", "Authorization", "Invalid"},
        };
        struct cw_sim_access access cw_cleanup(cw_sim_access_deinit) = {0};
        struct cw_sim_refusal refusal;

        (void)state;
        access_init(&access);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                bool allowed = cw_sim_access_check(&access, cases[i].authorization, cases[i].otp, NOW, &refusal);

                print_message("  %s\n", cases[i].name);
                assert_int_equal(allowed, !cases[i].field);
                if (allowed)
                        continue;
                assert_string_equal(refusal.field, cases[i].field);
                assert_string_equal(refusal.code, cases[i].code);
        }
}

static void test_a_token_ends_with_its_time_or_when_it_is_told_to(void **state)
{
        const char *const right[3] = {"user", "word", "081804"};
        struct cw_sim_access access cw_cleanup(cw_sim_access_deinit) = {0};
        const struct cw_sim_token *token = NULL;
        struct cw_sim_refusal refusal;
        char bearer[80] = "Bearer ";

        (void)state;
        access_init(&access);
        assert_true(cw_sim_access_login(&access, right, NOW, &token, &refusal));
        strcat(bearer, token->text);
        assert_true(cw_sim_access_check(&access, bearer, "081804", NOW, &refusal));
        assert_true(cw_sim_access_check(&access, bearer, "081804", NOW + 29999, &refusal));
        access.clock_offset_ms = -60000;
        assert_false(cw_sim_access_check(&access, bearer, "081804", NOW + 60000, &refusal));
        assert_string_equal(refusal.field, "Authorization");
        access.clock_offset_ms = 0;
        cw_sim_access_expire_tokens(&access);
        assert_false(cw_sim_access_check(&access, bearer, "081804", NOW, &refusal));
}

static void test_a_password_for_single_use_is_good_once(void **state)
{
        struct cw_sim_access access cw_cleanup(cw_sim_access_deinit) = {0};
        struct cw_sim_refusal refusal;

        (void)state;
        access_init(&access);
        access.single_use = true;
        assert_true(cw_sim_access_check(&access, "key", "081804", NOW, &refusal));
        assert_false(cw_sim_access_check(&access, "key", "081804", NOW, &refusal));
        assert_true(cw_sim_access_check(&access, "key", "050471", NOW + 2000, &refusal));
        assert_false(cw_sim_access_check(&access, "key", "081804", NOW + 2000, &refusal));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_vectors_of_rfc_6238),
                cmocka_unit_test(test_a_password_is_good_for_its_step_and_the_two_beside_it),
                cmocka_unit_test(test_a_secret_that_is_no_base32_is_refused),
                cmocka_unit_test(test_three_wrong_logins_lock_the_account_for_ten_minutes),
                cmocka_unit_test(test_a_right_login_between_wrong_ones_begins_the_count_anew),
                cmocka_unit_test(test_who_may_read),
                cmocka_unit_test(test_a_token_ends_with_its_time_or_when_it_is_told_to),
                cmocka_unit_test(test_a_password_for_single_use_is_good_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
