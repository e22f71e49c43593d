/* SPDX-License-Identifier: Apache-2.0 */
/* What a source asks a scripted card API for, and what it makes of the answers. */
#include "source_fixture.c"

static void test_polls(void **state)
{
        static const struct {
                const char *name;
                struct fake_script script;
                unsigned concurrency; /* 0: the usual */
                int64_t timeout_ms;
                const char *order;
                unsigned good, bad;
                enum cw_poll_auth auth;
                const char *reason; /* a part of it, "" none */
        } cases[] = {
                {"all pages", {.customers = 25}, 1, 0, "L 1 2 3", 3, 0, CW_POLL_AUTH_OK, ""},
                {"an empty list", {.customers = 0}, 1, 0, "L 1", 1, 0, CW_POLL_AUTH_OK, ""},
                {"a smaller page than asked", {.customers = 9, .cap = 4}, 1, 0, "L 1 2 3", 3, 0, CW_POLL_AUTH_OK, ""},
                {"no number of pages",
                 {.customers = 20, .silent_about_pages = true},
                 4,
                 0,
                 "L 1 2 3",
                 3,
                 0,
                 CW_POLL_AUTH_OK,
                 ""},
                {"no number of pages and a smaller page",
                 {.customers = 9, .cap = 4, .silent_about_pages = true},
                 4,
                 0,
                 "L 1 2 3",
                 3,
                 0,
                 CW_POLL_AUTH_OK,
                 ""},
                {"page 3 of 5 fails once",
                 {.customers = 50, .fault = FAULT_500, .fault_page = 3, .fault_times = 1},
                 1,
                 0,
                 "L 1 2 3 3 4 5",
                 5,
                 0,
                 CW_POLL_AUTH_OK,
                 ""},
                {"page 3 of 5 fails",
                 {.customers = 50, .fault = FAULT_500, .fault_page = 3, .fault_times = 9},
                 1,
                 0,
                 "L 1 2 3 3 4 5",
                 4,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 3: the API answered 500"},
                {"page 2 is refused",
                 {.customers = 30, .fault = FAULT_REFUSED, .fault_page = 2, .fault_times = 9},
                 1,
                 0,
                 "L 1 2 2 3",
                 2,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 2: the API refused: Required"},
                {"page 2 is cut off",
                 {.customers = 30, .fault = FAULT_GARBAGE, .fault_page = 2, .fault_times = 9},
                 1,
                 0,
                 "L 1 2 2 3",
                 2,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 2: not strict JSON: at byte 25 it ends too early"},
                {"page 2 is reset",
                 {.customers = 30, .fault = FAULT_RESET, .fault_page = 2, .fault_times = 1},
                 1,
                 0,
                 NULL,
                 3,
                 0,
                 CW_POLL_AUTH_OK,
                 ""},
                {"page 2 is too large",
                 {.customers = 30, .fault = FAULT_HUGE, .fault_page = 2, .fault_times = 9},
                 1,
                 0,
                 "L 1 2 3",
                 2,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 2: "},
                {"page 2 repeats page 1",
                 {.customers = 30, .fault = FAULT_NUMBER, .fault_page = 2, .fault_times = 9},
                 1,
                 0,
                 "L 1 2 2 3",
                 2,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 2: the answer says it is page 1"},
                {"page 2 times out",
                 {.customers = 30, .fault = FAULT_SILENT, .fault_page = 2, .fault_times = 9},
                 1,
                 100,
                 "L 1 2 2 3",
                 2,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 2: "},
                {"the first page fails",
                 {.customers = 30, .fault = FAULT_500, .fault_page = 1, .fault_times = 9},
                 1,
                 0,
                 "L 1 1",
                 0,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 1: the API answered 500"},
                {"only page 1 comes back",
                 {.customers = 30, .fault = FAULT_500, .fault_page = 2, .fault_times = 99, .fault_after = true},
                 1,
                 0,
                 "L 1 2 2 3 3",
                 1,
                 2,
                 CW_POLL_AUTH_OK,
                 "page 2: the API answered 500"},
                {"a token that dies is replaced",
                 {.customers = 30, .token_dies_at = 2},
                 1,
                 0,
                 "L 1 2 L 2 3",
                 3,
                 0,
                 CW_POLL_AUTH_OK,
                 ""},
                {"a second 401 fails its page alone",
                 {.customers = 30, .fault = FAULT_401, .fault_page = 2, .fault_times = 9},
                 1,
                 0,
                 "L 1 2 L 2 1 3",
                 2,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 2: the API answered 401 (Unauthorized) again after a new login"},
                {"the last page, too",
                 {.customers = 30, .fault = FAULT_401, .fault_page = 3, .fault_times = 9},
                 1,
                 0,
                 "L 1 2 3 L 3 2",
                 2,
                 1,
                 CW_POLL_AUTH_OK,
                 "page 3: the API answered 401 (Unauthorized) again after a new login"},
                {"several that answer 401 cost one login",
                 {.customers = 50, .fault = FAULT_401, .fault_page = 3, .fault_times = 99, .fault_after = true},
                 1,
                 0,
                 "L 1 2 3 L 3 2 4 5",
                 2,
                 3,
                 CW_POLL_AUTH_OK,
                 "page 3: the API answered 401 (Unauthorized) again after a new login"},
                {"a new token that serves nothing is an authentication failure",
                 {.customers = 30, .token_dies_at = 2, .no_new_token = true},
                 1,
                 0,
                 "L 1 2 L 2 1",
                 1,
                 2,
                 CW_POLL_AUTH_FAILED,
                 "page 2: the API answered 401 (Unauthorized) again after a new login"},
                {"one that never served anything, too",
                 {.customers = 30, .token_dies_at = 1, .no_new_token = true},
                 1,
                 0,
                 "L 1 L 1",
                 0,
                 1,
                 CW_POLL_AUTH_FAILED,
                 "page 1: the API answered 401 (Unauthorized) again after a new login"},
                {"a wrong password",
                 {.customers = 30, .login = LOGIN_WRONG},
                 1,
                 0,
                 "L",
                 0,
                 1,
                 CW_POLL_AUTH_FAILED,
                 "the login was refused: Username_Or_Password_Incorrect"},
                {"a wrong password without words",
                 {.customers = 30, .login = LOGIN_WRONG_401},
                 1,
                 0,
                 "L",
                 0,
                 1,
                 CW_POLL_AUTH_FAILED,
                 "the login was refused: the API answered 401"},
                {"a locked account",
                 {.customers = 30, .login = LOGIN_LOCKED},
                 1,
                 0,
                 "L",
                 0,
                 1,
                 CW_POLL_AUTH_FAILED,
                 "the login was refused: Account_Locked"},
                {"a login that fails is tried once",
                 {.customers = 30, .login = LOGIN_500},
                 1,
                 0,
                 "L",
                 0,
                 1,
                 CW_POLL_AUTH_UNTRIED,
                 "login: the API answered 500"},
                {"a login that is no JSON",
                 {.customers = 30, .login = LOGIN_GARBAGE},
                 1,
                 0,
                 "L",
                 0,
                 1,
                 CW_POLL_AUTH_UNTRIED,
                 "login: not strict JSON"},
                {"a login that times out",
                 {.customers = 30, .login = LOGIN_SILENT},
                 1,
                 100,
                 "L",
                 0,
                 1,
                 CW_POLL_AUTH_UNTRIED,
                 "login: "},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_source_options options = usual_options();
                struct fixture f;

                if (cases[i].concurrency)
                        options.concurrency = cases[i].concurrency;
                if (cases[i].timeout_ms)
                        options.timeout_ms = cases[i].timeout_ms;
                setup(&f, &cases[i].script, options);
                run(&f, true);
                if ((cases[i].order && strcmp(f.api.order, cases[i].order) != 0) ||
                    f.summary.pages_good != cases[i].good || f.summary.pages_bad != cases[i].bad ||
                    f.summary.auth != cases[i].auth || !strstr(f.reason, cases[i].reason) ||
                    (cases[i].reason[0] == '\0' && f.reason[0]))
                        fail_msg("%s: \"%s\", %u good, %u bad, auth %d, \"%s\"", cases[i].name, f.api.order,
                                 f.summary.pages_good, f.summary.pages_bad, (int)f.summary.auth, f.reason);
                assert_int_equal(f.began, 1);
                assert_int_equal(f.ended, 1);
                assert_int_equal(f.pages, cases[i].good);
                if (cases[i].bad == 0)
                        assert_int_equal(f.cards, cases[i].script.customers);
                /* curl repeats by itself what a reset met on a connection that was used before. */
                if (cases[i].order)
                        assert_int_equal(f.summary.requests, f.api.logins + f.api.requests);
                teardown(&f);
        }
}

static void test_several_pages_at_once_come_whole(void **state)
{
        struct fake_script script = {.customers = 500};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.concurrency = 8;
        setup(&f, &script, options);
        run(&f, true);
        assert_int_equal(f.summary.pages_good, 50);
        assert_int_equal(f.cards, 500);
        assert_int_equal(f.api.requests, 50);
        teardown(&f);
}

static void test_one_login_serves_all_pages_that_met_a_dead_token(void **state)
{
        struct fake_script script = {.customers = 200, .token_dies_at = 5};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.concurrency = 6;
        setup(&f, &script, options);
        run(&f, true);
        assert_int_equal(f.summary.pages_good, 20);
        assert_int_equal(f.summary.pages_bad, 0);
        assert_int_equal(f.summary.auth, CW_POLL_AUTH_OK);
        assert_int_equal(f.cards, 200);
        assert_int_equal(f.api.logins, 2);
        teardown(&f);
}

static void test_an_authentication_failure_ends_the_poll_at_once(void **state)
{
        struct fake_script script = {.customers = 200, .token_dies_at = 2, .no_new_token = true};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.concurrency = 4;
        setup(&f, &script, options);
        run(&f, true);
        assert_int_equal(f.summary.auth, CW_POLL_AUTH_FAILED);
        assert_int_equal(f.summary.pages_good, 1);
        assert_int_equal(f.summary.pages_bad, 19);
        assert_int_equal(f.api.logins, 2);
        /* Page 1, four pages, at most the same four again, and the page that was good before. */
        assert_in_range(f.summary.requests, 4, 2 + 1 + 4 + 4 + 1);
        fflush(f.stream);
        assert_int_equal(count(f.log_text, "login-refused"), 1);
        assert_in_range(count(f.log_text, "page-failed"), 1, 4);
        teardown(&f);
}

static void test_a_password_for_one_use_is_used_once(void **state)
{
        struct fake_script script = {.customers = 200};
        struct cw_source_options options = usual_options();
        int64_t step = cw_clock_wall_ms() / 30000;
        struct fixture f;

        (void)state;
        options.otp_single_use = true;
        setup(&f, &script, options);
        cw_timer_start(f.later, 200);
        run(&f, true);
        /* Unless a step has just begun, the first page still waits for one. */
        if (cw_clock_wall_ms() / 30000 == step)
                assert_string_equal(f.api.order, "L");
        else
                assert_true(f.api.logins + f.api.requests <= 2);
        teardown(&f);
}

static void test_a_refused_login_is_not_tried_again_soon(void **state)
{
        struct fake_script script = {.customers = 30, .login = LOGIN_WRONG};
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        run(&f, true);
        poll_again(&f, 5);
        assert_int_equal(f.ended, 6);
        assert_int_equal(f.api.logins, 1);
        assert_int_equal(f.api.requests, 0);
        assert_int_equal(f.summary.auth, CW_POLL_AUTH_FAILED);
        assert_int_equal(f.summary.requests, 0);
        assert_non_null(strstr(f.reason, "(Username_Or_Password_Incorrect); none is tried before 2"));
        fflush(f.stream);
        assert_int_equal(count(f.log_text, "login-failed"), 1);
        assert_int_equal(count(f.log_text, "INFO poll-ended") + count(f.log_text, "info poll-ended"), 1);
        teardown(&f);
}

static void test_a_token_is_kept_over_polls(void **state)
{
        struct fake_script script = {.customers = 5, .expires_s = 3600};
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        run(&f, true);
        poll_again(&f, 3);
        assert_string_equal(f.api.order, "L 1 1 1 1");
        teardown(&f);
}

static void test_a_token_is_renewed_in_time(void **state)
{
        struct fake_script script = {.customers = 5, .expires_s = 1};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.every_ms = 850;
        setup(&f, &script, options);
        f.wanted = 2;
        run(&f, false);
        assert_string_equal(f.api.order, "L 1 L 1");
        teardown(&f);
}

static void test_api_keys(void **state)
{
        static const struct {
                const char *name;
                struct fake_script script;
                const char *order;
                enum cw_poll_auth auth;
        } cases[] = {
                {"a key goes verbatim", {.customers = 15, .key = "api-key 1"}, "1 2", CW_POLL_AUTH_OK},
                {"a wrong key fails at once", {.customers = 15, .key = "another"}, "1", CW_POLL_AUTH_FAILED},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_source_options options = usual_options();
                struct cw_secret *key = secret("api-key 1"), *otp = secret("123456");
                struct fixture f;

                options.api_key = key;
                options.otp = otp;
                setup(&f, &cases[i].script, options);
                cw_secret_free(key);
                cw_secret_free(otp);
                run(&f, true);
                if (strcmp(f.api.order, cases[i].order) != 0 || f.summary.auth != cases[i].auth)
                        fail_msg("%s: \"%s\", %d, %s", cases[i].name, f.api.order, (int)f.summary.auth, f.reason);
                teardown(&f);
        }
}

static void test_a_nobody_is_a_failed_poll(void **state)
{
        struct fake_script script = {.customers = 5};
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        fake_stop(&f.api);
        f.api.server = NULL;
        f.api.connections = NULL;
        run(&f, true);
        assert_int_equal(f.summary.auth, CW_POLL_AUTH_UNTRIED);
        assert_int_equal(f.summary.pages_bad, 1);
        assert_int_equal(f.summary.requests, 2);
        assert_non_null(strstr(f.reason, "login: "));
        teardown(&f);
}

static void test_a_bad_totp_secret_is_refused(void **state)
{
        struct fake_script script = {.customers = 5};
        struct cw_source_options options = usual_options();
        struct cw_source *source = NULL;
        struct fixture f;

        (void)state;
        setup(&f, &script, options);
        options.name = "x";
        options.url = "http://127.0.0.1:1";
        options.username = "ops";
        options.totp_secret = f.password;
        assert_int_not_equal(cw_source_new(f.loop, f.http, f.log, &options, &all_listener, &f, &source), 0);
        assert_null(source);
        teardown(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_polls),
                cmocka_unit_test(test_several_pages_at_once_come_whole),
                cmocka_unit_test(test_one_login_serves_all_pages_that_met_a_dead_token),
                cmocka_unit_test(test_an_authentication_failure_ends_the_poll_at_once),
                cmocka_unit_test(test_a_password_for_one_use_is_used_once),
                cmocka_unit_test(test_a_refused_login_is_not_tried_again_soon),
                cmocka_unit_test(test_a_token_is_kept_over_polls),
                cmocka_unit_test(test_a_token_is_renewed_in_time),
                cmocka_unit_test(test_api_keys),
                cmocka_unit_test(test_a_nobody_is_a_failed_poll),
                cmocka_unit_test(test_a_bad_totp_secret_is_refused),
        };

        unsetenv("http_proxy");
        unsetenv("all_proxy");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
