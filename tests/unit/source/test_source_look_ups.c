/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the customers that the listener wants to have looked up. */
#include "source_fixture.c"

static void test_look_ups(void **state)
{
        static const struct {
                const char *name;
                struct fake_script script;
                int64_t named[4]; /* 0 ends them */
                int64_t timeout_ms;
                const char *order, *read;
                enum cw_poll_auth auth;
        } cases[] = {
                {"nobody", {.customers = 5}, {0}, 0, "L 1", "", CW_POLL_AUTH_OK},
                {"both shapes of an answer",
                 {.customers = 5},
                 {3, 4},
                 0,
                 "L 1 c3 c4",
                 "3 found, 4 found",
                 CW_POLL_AUTH_OK},
                {"one that is gone", {.customers = 5}, {9, 2}, 0, "L 1 c9 c2", "9 gone, 2 found", CW_POLL_AUTH_OK},
                {"gone with HTTP 200",
                 {.customers = 5, .one = 2, .one_manner = ONE_GONE_200},
                 {2},
                 0,
                 "L 1 c2",
                 "2 gone",
                 CW_POLL_AUTH_OK},
                {"gone where no field is named",
                 {.customers = 5, .one = 2, .one_manner = ONE_GONE_UNNAMED},
                 {2},
                 0,
                 "L 1 c2",
                 "2 gone",
                 CW_POLL_AUTH_OK},
                {"a failure is tried again",
                 {.customers = 5, .one = 2, .one_manner = ONE_500, .one_times = 1},
                 {2, 3},
                 0,
                 "L 1 c2 c2 c3",
                 "2 found, 3 found",
                 CW_POLL_AUTH_OK},
                {"not for ever",
                 {.customers = 5, .one = 2, .one_manner = ONE_500},
                 {2, 3},
                 0,
                 "L 1 c2 c2 c3",
                 "2 unreadable, 3 found",
                 CW_POLL_AUTH_OK},
                {"garbage",
                 {.customers = 5, .one = 2, .one_manner = ONE_GARBAGE},
                 {2},
                 0,
                 "L 1 c2 c2",
                 "2 unreadable",
                 CW_POLL_AUTH_OK},
                {"an answer about another",
                 {.customers = 5, .one = 2, .one_manner = ONE_ANOTHER},
                 {2},
                 0,
                 "L 1 c2 c2",
                 "2 unreadable",
                 CW_POLL_AUTH_OK},
                {"an answer about two",
                 {.customers = 5, .one = 2, .one_manner = ONE_TWO},
                 {2},
                 0,
                 "L 1 c2 c2",
                 "2 unreadable",
                 CW_POLL_AUTH_OK},
                {"an empty answer does not say gone",
                 {.customers = 5, .one = 2, .one_manner = ONE_EMPTY},
                 {2},
                 0,
                 "L 1 c2 c2",
                 "2 unreadable",
                 CW_POLL_AUTH_OK},
                {"nor does Invalid about something else",
                 {.customers = 5, .one = 2, .one_manner = ONE_WRONG_FIELD},
                 {2},
                 0,
                 "L 1 c2 c2",
                 "2 unreadable",
                 CW_POLL_AUTH_OK},
                {"nor does 404",
                 {.customers = 5, .one = 2, .one_manner = ONE_404},
                 {2},
                 0,
                 "L 1 c2 c2",
                 "2 unreadable",
                 CW_POLL_AUTH_OK},
                {"no answer",
                 {.customers = 5, .one = 2, .one_manner = ONE_SILENT},
                 {2, 3},
                 200,
                 "L 1 c2 c2 c3",
                 "2 unreadable, 3 found",
                 CW_POLL_AUTH_OK},
                {"a token that dies",
                 {.customers = 5, .one = 2, .one_manner = ONE_401, .one_times = 1},
                 {2, 3},
                 0,
                 "L 1 c2 L c2 c3",
                 "2 found, 3 found",
                 CW_POLL_AUTH_OK},
                {"a customer that answers 401 is unreadable",
                 {.customers = 5, .one = 3, .one_manner = ONE_401},
                 {2, 3, 4},
                 0,
                 "L 1 c2 c3 L c3 1 c4",
                 "2 found, 3 unreadable, 4 found",
                 CW_POLL_AUTH_OK},
                {"the last one, too",
                 {.customers = 5, .one = 3, .one_manner = ONE_401},
                 {2, 3},
                 0,
                 "L 1 c2 c3 L c3 1",
                 "2 found, 3 unreadable",
                 CW_POLL_AUTH_OK},
                {"an account that is refused",
                 {.customers = 15, .cap = 10, .token_dies_at = 2, .no_new_token = true},
                 {2, 3, 4},
                 0,
                 "L 1 2 L 2 1",
                 "2 unreadable, 3 unreadable, 4 unreadable",
                 CW_POLL_AUTH_FAILED},
                {"also after a page that failed",
                 {.customers = 15, .fault = FAULT_500, .fault_page = 2, .fault_times = 9},
                 {12},
                 0,
                 "L 1 2 2 c12",
                 "12 found",
                 CW_POLL_AUTH_OK},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_source_options options = usual_options();
                struct fixture f;

                options.concurrency = 1;
                if (cases[i].timeout_ms)
                        options.timeout_ms = cases[i].timeout_ms;
                setup(&f, &cases[i].script, options);
                for (; cases[i].named[f.n_named]; f.n_named++)
                        f.named[f.n_named] = cases[i].named[f.n_named];
                run(&f, true);
                if (strcmp(f.api.order, cases[i].order) != 0 || strcmp(f.read, cases[i].read) != 0 ||
                    f.summary.auth != cases[i].auth)
                        fail_msg("%s: \"%s\", \"%s\", auth %d, \"%s\"", cases[i].name, f.api.order, f.read,
                                 (int)f.summary.auth, f.reason);
                assert_int_equal(f.asked_names, 1);
                assert_int_equal(f.ended, 1);
                assert_int_equal(f.summary.requests, f.api.logins + f.api.requests);
                teardown(&f);
        }
}

static void test_nobody_is_named_without_a_good_page(void **state)
{
        struct fake_script script = {.customers = 5, .fault = FAULT_500, .fault_page = 1, .fault_times = 9};
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        f.n_named = 1;
        f.named[0] = 2;
        run(&f, true);
        assert_int_equal(f.asked_names, 0);
        assert_string_equal(f.read, "");
        teardown(&f);
}

static void test_no_more_than_a_hundred(void **state)
{
        struct fake_script script = {.customers = 500};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.concurrency = 8;
        options.page_size = 500;
        options.max_response = 1000000;
        setup(&f, &script, options);
        f.n_named = CW_LOOK_UPS_MAX + 1;
        for (size_t i = 0; i < f.n_named; i++)
                f.named[i] = (int64_t)i + 1;
        run(&f, true);
        assert_int_equal(count(f.read, "found"), CW_LOOK_UPS_MAX);
        assert_null(strstr(f.read, "101 "));
        teardown(&f);
}

static void test_they_are_read_side_by_side(void **state)
{
        struct fake_script script = {.customers = 20, .delay_ms = 30};
        struct cw_secret *otp = secret("123456");

        (void)state;
        for (int single = 0; single < 2; single++) {
                struct cw_source_options options = usual_options();
                struct fixture f;

                options.page_size = 100;
                options.concurrency = 4;
                options.otp = otp;
                options.otp_single_use = single;
                setup(&f, &script, options);
                for (f.n_named = 0; f.n_named < 12; f.n_named++)
                        f.named[f.n_named] = (int64_t)f.n_named + 1;
                run(&f, true);
                assert_int_equal(count(f.read, "found"), 12);
                assert_int_equal(f.api.most_at_once, single ? 1 : 4);
                teardown(&f);
        }
        cw_secret_free(otp);
}

static void test_a_wait_that_is_asked_for(void **state)
{
        struct fake_script script = {.customers = 5, .one = 2, .one_manner = ONE_429, .one_times = 1};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        /* Longer than the beat: nobody is asked for any more. */
        options.concurrency = 1;
        options.every_ms = 30000;
        setup(&f, &script, options);
        f.n_named = 2;
        f.named[0] = 2;
        f.named[1] = 3;
        run(&f, true);
        assert_string_equal(f.read, "2 unreadable, 3 unreadable");
        assert_string_equal(f.api.order, "L 1 c2");
        assert_int_equal(f.summary.pages_bad, 0);
        teardown(&f);

        /* Shorter: they wait. */
        script.retry_after = "1";
        setup(&f, &script, options);
        f.n_named = 2;
        f.named[0] = 2;
        f.named[1] = 3;
        run(&f, true);
        assert_string_equal(f.read, "2 found, 3 found");
        assert_true(f.summary.took_ms >= 990);
        teardown(&f);
}

static void test_free_and_pause_in_their_callbacks(void **state)
{
        static const struct {
                const char *name;
                enum deed pages_read, customer, ended;
        } cases[] = {
                {"freed when asked for names", DEED_FREE, 0, 0}, {"freed at a customer", 0, DEED_FREE, 0},
                {"freed at the end", 0, 0, DEED_FREE},           {"paused when asked for names", DEED_PAUSE, 0, 0},
                {"paused at a customer", 0, DEED_PAUSE, 0},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct fake_script script = {.customers = 20};
                struct cw_source_options options = usual_options();
                unsigned read = cases[i].pages_read ? 0 : cases[i].customer ? 1 : 5;
                struct fixture f;

                options.concurrency = 4;
                setup(&f, &script, options);
                for (f.n_named = 0; f.n_named < 5; f.n_named++)
                        f.named[f.n_named] = (int64_t)f.n_named + 1;
                f.wanted = 99;
                f.on_pages_read = cases[i].pages_read;
                f.on_customer = cases[i].customer;
                f.on_ended = cases[i].ended;
                cw_source_start(f.source, false);
                cw_timer_start(f.later, 400);
                cw_loop_run(f.loop);
                if (f.pauses > 0) {
                        cw_timer_start(f.later, 100);
                        cw_loop_run(f.loop);
                }
                if (count(f.read, "found") != read || count(f.read, "unreadable") > 0)
                        fail_msg("%s: \"%s\"", cases[i].name, f.read);
                assert_int_equal(f.ended, cases[i].ended ? 1 : 0);
                teardown(&f);
        }
}

static void test_a_listener_without_them(void **state)
{
        static const struct cw_source_listener listener = {
                .poll_began = on_began, .page = on_page, .poll_ended = on_ended};
        struct fake_script script = {.customers = 5, .login = LOGIN_OK};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        setup_with(&f, &script, options, &listener);
        run(&f, true);
        assert_int_equal(f.summary.pages_good, 1);
        cw_source_pause(f.source);
        cw_timer_start(f.later, 50);
        cw_loop_run(f.loop);
        teardown(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_look_ups),
                cmocka_unit_test(test_nobody_is_named_without_a_good_page),
                cmocka_unit_test(test_no_more_than_a_hundred),
                cmocka_unit_test(test_they_are_read_side_by_side),
                cmocka_unit_test(test_a_wait_that_is_asked_for),
                cmocka_unit_test(test_free_and_pause_in_their_callbacks),
                cmocka_unit_test(test_a_listener_without_them),
        };

        unsetenv("http_proxy");
        unsetenv("all_proxy");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
