/* SPDX-License-Identifier: Apache-2.0 */
/* What a source knows of earlier attempts, tells, and does not try again. */
#include "source_fixture.c"

#define BLOCK_MS 600000
#define STEP_MS  30000

static void check_blocked_until(int64_t at, int64_t from)
{
        assert_in_range(at, from + BLOCK_MS - 1000, cw_clock_wall_ms() + BLOCK_MS + 2000);
}

static void test_a_refused_login_is_remembered(void **state)
{
        static const enum login_manner manners[] = {LOGIN_WRONG,  LOGIN_WRONG_401,  LOGIN_WRONG_500,
                                                    LOGIN_LOCKED, LOGIN_LOCKED_429, LOGIN_LOCKED_503};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(manners); i++) {
                struct cw_source_options options = usual_options();
                struct fake_script script = {.customers = 5, .login = manners[i]};
                int64_t from = cw_clock_wall_ms();
                struct cw_source_memory memory;
                struct fixture f;

                setup(&f, &script, options);
                run(&f, true);
                assert_int_equal(f.remembered, 1);
                check_blocked_until(f.memory.blocked_until_at, from);
                assert_true(f.summary.memory.blocked_until_at == f.memory.blocked_until_at);
                poll_again(&f, 3);
                assert_int_equal(f.remembered, 1);
                memory = f.memory;
                script.port = f.api.port; /* elsewhere the same credentials are others */
                teardown(&f);

                /* After a restart, the password may be right: nobody knows, nobody tries. */
                script.login = LOGIN_OK;
                options.memory = memory;
                setup(&f, &script, options);
                run(&f, true);
                poll_again(&f, 2);
                assert_string_equal(f.api.order, "");
                assert_int_equal(f.summary.auth, CW_POLL_AUTH_FAILED);
                assert_int_equal(f.summary.requests, 0);
                assert_non_null(strstr(f.reason, "(before a restart); none is tried before 2"));
                assert_int_equal(f.remembered, 0);

                /* Unless somebody changed something. */
                cw_source_unblock(f.source);
                poll_again(&f, 1);
                assert_string_equal(f.api.order, "L 1");
                assert_int_equal(f.summary.auth, CW_POLL_AUTH_OK);
                assert_int_equal(f.remembered, 1);
                assert_int_equal(f.memory.blocked_until_at, 0);
                teardown(&f);
        }
}

static void test_unblocking_allows_one_attempt(void **state)
{
        struct fake_script script = {.customers = 5, .login = LOGIN_WRONG};
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        run(&f, true);
        poll_again(&f, 2);
        assert_int_equal(f.api.logins, 1);
        cw_source_unblock(f.source);
        poll_again(&f, 3);
        assert_int_equal(f.api.logins, 2);
        assert_int_equal(f.remembered, 3);
        assert_true(f.memory.blocked_until_at > 0);
        f.api.script.login = LOGIN_OK;
        cw_source_unblock(f.source);
        poll_again(&f, 1);
        assert_string_equal(f.api.order, "L L L 1");
        assert_int_equal(f.memory.blocked_until_at, 0);

        /* Where nothing is blocked there is nothing to tell. */
        f.remembered = 0;
        cw_source_unblock(f.source);
        poll_again(&f, 1);
        assert_int_equal(f.remembered, 0);
        teardown(&f);
}

static void test_memory_from_the_future_is_clamped(void **state)
{
        struct cw_source_options options = usual_options();
        struct fake_script script = {.customers = 5};
        int64_t from = cw_clock_wall_ms();
        struct fixture f;

        (void)state;
        options.memory.blocked_until_at = (from / 1000 + 86400) * 1000;
        setup(&f, &script, options);
        run(&f, true);
        assert_string_equal(f.api.order, "");
        check_blocked_until(f.summary.memory.blocked_until_at, from);
        teardown(&f);

        options.memory.blocked_until_at = from - 1;
        setup(&f, &script, options);
        run(&f, true);
        assert_string_equal(f.api.order, "L 1");
        assert_int_equal(f.remembered, 0);
        teardown(&f);
}

static void test_a_token_that_serves_nothing_blocks_like_a_refused_login(void **state)
{
        struct fake_script script = {.customers = 30, .token_dies_at = 2, .no_new_token = true};
        int64_t from = cw_clock_wall_ms();
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        run(&f, true);
        assert_int_equal(f.api.logins, 2);
        assert_int_equal(f.remembered, 1);
        check_blocked_until(f.memory.blocked_until_at, from);
        poll_again(&f, 3);
        assert_int_equal(f.api.logins, 2);
        assert_in_range(f.summary.requests, 1, 4); /* the token goes on being tried */
        assert_int_equal(f.remembered, 1);
        assert_int_equal(f.summary.auth, CW_POLL_AUTH_FAILED);
        assert_non_null(strstr(f.reason, "401 (Unauthorized) again after a new login"));

        /* As soon as the API takes it, nobody waits, and nothing is blocked any more. */
        f.api.script.token_dies_at = 0;
        f.api.script.no_new_token = false;
        f.api.dead_token = 0;
        poll_again(&f, 1);
        assert_int_equal(f.api.logins, 2);
        assert_int_equal(f.summary.auth, CW_POLL_AUTH_OK);
        assert_int_equal(f.summary.pages_bad, 0);
        assert_int_equal(f.memory.blocked_until_at, 0);
        teardown(&f);
}

static void test_a_page_that_is_always_401_costs_one_login_in_all(void **state)
{
        static const unsigned odd_pages[] = {1, 2, 3};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(odd_pages); i++) {
                struct fake_script script = {.customers = 30};
                struct fixture f;

                setup(&f, &script, usual_options());
                run(&f, true);
                f.api.script.fault = FAULT_401;
                f.api.script.fault_page = odd_pages[i];
                f.api.script.fault_times = 999;
                for (unsigned poll = 0; poll < 5; poll++) {
                        poll_again(&f, 1);
                        if (f.api.logins != 2 || f.summary.auth == CW_POLL_AUTH_FAILED || f.summary.pages_good != 2 ||
                            f.summary.pages_bad != 1)
                                fail_msg("page %u: \"%s\", %u good, %u bad", odd_pages[i], f.api.order,
                                         f.summary.pages_good, f.summary.pages_bad);
                }
                assert_int_equal(f.remembered, 0);

                /* A token that dies meanwhile still costs one login and no poll. */
                f.api.dead_token = f.api.tokens;
                poll_again(&f, 1);
                assert_int_equal(f.api.logins, 3);
                assert_int_equal(f.summary.pages_good, 2);
                poll_again(&f, 2);
                assert_int_equal(f.api.logins, 3);
                f.api.script.fault = FAULT_NONE;
                poll_again(&f, 1);
                assert_int_equal(f.summary.pages_good, 3);
                assert_int_equal(f.api.logins, 3);
                teardown(&f);
        }
}

static void test_a_key_is_judged_by_what_it_serves(void **state)
{
        struct cw_secret *key = secret("the-api-key");
        struct fake_script script = {
                .customers = 30, .key = "the-api-key", .fault = FAULT_401, .fault_page = 2, .fault_times = 2};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.api_key = key;
        setup(&f, &script, options);
        run(&f, true);
        assert_int_equal(f.summary.auth, CW_POLL_AUTH_OK);
        assert_int_equal(f.summary.pages_good, 2);
        assert_int_equal(f.summary.pages_bad, 1);
        poll_again(&f, 1);
        f.api.script.key = "another";
        poll_again(&f, 1);
        assert_int_equal(f.summary.auth, CW_POLL_AUTH_FAILED);
        assert_non_null(strstr(f.reason, "page 1: the API answered 401 (Unauthorized) to the API key"));
        f.api.script.key = "the-api-key";
        poll_again(&f, 1);
        assert_int_equal(f.summary.auth, CW_POLL_AUTH_OK);
        assert_int_equal(f.summary.pages_good, 3);
        assert_int_equal(f.remembered, 0);
        teardown(&f);
        cw_secret_free(key);
}

static void test_a_dead_token_costs_one_login_at_every_poll(void **state)
{
        struct cw_source_options options = usual_options();
        struct fake_script script = {.customers = 200};
        struct fixture f;

        (void)state;
        options.concurrency = 8;
        setup(&f, &script, options);
        run(&f, true);
        for (unsigned i = 0; i < 5; i++) {
                f.api.dead_token = f.api.tokens;
                f.api.requests = 0;
                poll_again(&f, 1);
                assert_int_equal(f.summary.pages_good, 20);
                assert_int_equal(f.summary.pages_bad, 0);
                assert_int_equal(f.api.logins, 2 + i);
                assert_int_equal(f.api.requests, 21);
        }
        assert_int_equal(f.remembered, 0);
        teardown(&f);
}

/* Unless a step ends just now. */
static bool in_step(int64_t step)
{
        return cw_clock_wall_ms() / STEP_MS == step;
}

static void test_a_password_step_is_never_used_twice(void **state)
{
        struct cw_source_options options = usual_options();
        struct fake_script script = {.customers = 5};
        int64_t step = cw_clock_wall_ms() / STEP_MS;
        struct fixture f;

        (void)state;
        options.otp_single_use = true;
        setup(&f, &script, options);
        cw_timer_start(f.later, 200);
        run(&f, true);
        if (in_step(step)) {
                assert_string_equal(f.api.order, "L");
                assert_int_equal(f.remembered, 1);
                assert_int_equal(f.memory.otp_step, step);
        }
        teardown(&f);

        step = cw_clock_wall_ms() / STEP_MS;
        options.memory.otp_step = step;
        setup(&f, &script, options);
        cw_timer_start(f.later, 200);
        run(&f, true);
        if (in_step(step)) {
                assert_string_equal(f.api.order, "");
                assert_int_equal(f.remembered, 0);
        }
        teardown(&f);
}

static void test_steps_are_nobodys_business_when_they_may_be_reused(void **state)
{
        struct fake_script script = {.customers = 50};
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        run(&f, true);
        assert_int_equal(f.remembered, 0);
        assert_int_equal(f.summary.memory.otp_step, 0);
        teardown(&f);
}

static void test_free_and_pause_when_told(void **state)
{
        (void)state;
        for (enum deed deed = DEED_FREE; deed <= DEED_PAUSE; deed++) {
                struct fake_script script = {.customers = 5, .login = LOGIN_WRONG};
                struct fixture f;

                setup(&f, &script, usual_options());
                f.on_remember = deed;
                f.wanted = 99;
                cw_source_start(f.source, false);
                cw_timer_start(f.later, 200);
                cw_loop_run(f.loop);
                if (f.pauses > 0) {
                        cw_timer_start(f.later, 50);
                        cw_loop_run(f.loop);
                }
                assert_int_equal(f.remembered, 1);
                assert_int_equal(f.ended, 0);
                assert_int_equal(f.pauses, deed == DEED_PAUSE);
                teardown(&f);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_refused_login_is_remembered),
                cmocka_unit_test(test_unblocking_allows_one_attempt),
                cmocka_unit_test(test_memory_from_the_future_is_clamped),
                cmocka_unit_test(test_a_token_that_serves_nothing_blocks_like_a_refused_login),
                cmocka_unit_test(test_a_page_that_is_always_401_costs_one_login_in_all),
                cmocka_unit_test(test_a_key_is_judged_by_what_it_serves),
                cmocka_unit_test(test_a_dead_token_costs_one_login_at_every_poll),
                cmocka_unit_test(test_a_password_step_is_never_used_twice),
                cmocka_unit_test(test_steps_are_nobodys_business_when_they_may_be_reused),
                cmocka_unit_test(test_free_and_pause_when_told),
        };

        unsetenv("http_proxy");
        unsetenv("all_proxy");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
