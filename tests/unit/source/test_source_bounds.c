/* SPDX-License-Identifier: Apache-2.0 */
/* What a source bears with: waits that it is asked for, odd answers, a page that never comes, clocks; and that it keeps
 * its connections. */
#include "source_fixture.c"

static void test_a_long_wait_ends_the_poll_and_holds_the_next(void **state)
{
        static const struct {
                const char *name;
                enum fault fault;
                unsigned page;
                uint32_t good, bad;
                const char *reason;
        } cases[] = {
                {"429 at once", FAULT_429, 1, 0, 1, "the API answered 429 and asks to wait 1s"},
                {"503 at once", FAULT_503, 1, 0, 1, "the API answered 503 and asks to wait 1s"},
                {"on page 3", FAULT_429, 3, 2, 3, "the API answered 429 and asks to wait 1s"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct fake_script script = {.customers = 50,
                                             .fault = cases[i].fault,
                                             .fault_page = cases[i].page,
                                             .fault_times = 1,
                                             .retry_after = "1"};
                struct cw_source_options options = usual_options();
                struct fixture f;

                options.every_ms = 400;
                options.concurrency = 1;
                setup(&f, &script, options);
                run(&f, false);
                if (f.summary.pages_good != cases[i].good || f.summary.pages_bad != cases[i].bad ||
                    !strstr(f.reason, cases[i].reason))
                        fail_msg("%s: %u good, %u bad, \"%s\"", cases[i].name, f.summary.pages_good,
                                 f.summary.pages_bad, f.reason);
                f.wanted = 2;
                cw_source_poll_now(f.source);
                cw_loop_run(f.loop);
                assert_int_equal(f.began, 2);
                assert_true(f.began_mono[1] - f.began_mono[0] >= 990);
                assert_int_equal(f.summary.pages_good, 5);
                fflush(f.stream);
                assert_int_equal(count(f.log_text, " held "), 1);
                teardown(&f);
        }
}

static void test_a_short_wait_is_part_of_the_poll(void **state)
{
        struct fake_script script = {
                .customers = 50, .fault = FAULT_429, .fault_page = 3, .fault_times = 1, .retry_after = "1"};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.concurrency = 4;
        setup(&f, &script, options);
        run(&f, true);
        assert_int_equal(f.summary.pages_good, 5);
        assert_int_equal(f.summary.pages_bad, 0);
        assert_true(f.summary.took_ms >= 990);
        teardown(&f);
}

static void test_a_wait_until_a_date(void **state)
{
        struct fake_script script = {.customers = 5, .fault = FAULT_429, .fault_page = 1, .fault_times = 1};
        struct cw_source_options options = usual_options();
        time_t at = (time_t)(cw_clock_wall_ms() / 1000) + 3;
        struct fixture f;
        char text[40];
        struct tm utc;

        (void)state;
        strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &utc));
        script.retry_after = text;
        setup(&f, &script, options);
        run(&f, true);
        assert_int_equal(f.summary.pages_good, 1);
        assert_true(cw_clock_wall_ms() >= (int64_t)at * 1000);
        teardown(&f);
}

static void test_odd_answers(void **state)
{
        static const struct {
                const char *name;
                enum fault fault;
                const char *reason;
        } cases[] = {
                {"a redirect is not followed", FAULT_302, "302, a redirect, and none is followed: is the url right?"},
                {"a header without end", FAULT_HEADER, "the header of the answer of 127.0.0.1"},
                {"a body without end", FAULT_HUGE, "is larger than"},
                {"no answer", FAULT_SILENT, "no answer from 127.0.0.1"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct fake_script script = {
                        .customers = 25, .fault = cases[i].fault, .fault_page = 2, .fault_times = 9};
                struct cw_source_options options = usual_options();
                struct fixture f;

                options.timeout_ms = cases[i].fault == FAULT_SILENT ? 300 : 5000;
                setup(&f, &script, options);
                run(&f, true);
                if (!strstr(f.reason, cases[i].reason) || f.summary.pages_good != 2)
                        fail_msg("%s: %u good, \"%s\"", cases[i].name, f.summary.pages_good, f.reason);
                teardown(&f);
        }
}

static void test_one_bad_page_never_costs_the_poll(void **state)
{
        static const enum fault faults[] = {FAULT_500, FAULT_GARBAGE, FAULT_RESET, FAULT_HUGE, FAULT_REFUSED};

        (void)state;
        for (unsigned page = 1; page <= 5; page++) {
                struct fake_script script = {.customers = 50};
                struct fixture f;

                setup(&f, &script, usual_options());
                run(&f, true);
                for (size_t i = 0; i < CW_ARRAY_SIZE(faults); i++) {
                        f.api.script.fault = faults[i];
                        f.api.script.fault_page = page;
                        f.api.script.fault_times = UINT32_MAX;
                        f.api.faults_made = 0;
                        poll_again(&f, 1);
                        if (f.summary.pages_good != 4 || f.summary.pages_bad != 1)
                                fail_msg("page %u, fault %d: %u good, %u bad", page, (int)faults[i],
                                         f.summary.pages_good, f.summary.pages_bad);
                        f.api.script.fault = FAULT_NONE;
                        poll_again(&f, 1);
                        assert_int_equal(f.summary.pages_good, 5);
                        assert_int_equal(f.summary.pages_bad, 0);
                }
                teardown(&f);
        }
}

static void grow(struct fake_api *api, unsigned page)
{
        if (page == 2)
                api->script.customers += 10;
}

static void shrink(struct fake_api *api, unsigned page)
{
        if (page == 2)
                api->script.customers -= 10;
}

static void test_a_list_that_changes_while_it_is_read(void **state)
{
        struct fake_script script = {.customers = 40};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.concurrency = 1;
        setup(&f, &script, options);
        f.api.before_page = grow;
        run(&f, true);
        assert_int_equal(f.summary.pages_good, 5);
        assert_int_equal(f.summary.pages_bad, 0);
        assert_int_equal(f.cards, 50);
        f.api.before_page = shrink;
        f.cards = 0;
        poll_again(&f, 1);
        assert_int_equal(f.summary.pages_good, 5);
        assert_int_equal(f.summary.pages_bad, 0);
        assert_int_equal(f.cards, 40);
        teardown(&f);
}

static void test_connections_are_kept(void **state)
{
        struct fake_script script = {.customers = 200, .delay_ms = 60};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.concurrency = 8;
        setup(&f, &script, options);
        run(&f, true);
        assert_int_equal(f.api.opened, 8);
        poll_again(&f, 5);
        assert_int_equal(f.api.most_at_once, 8);
        assert_int_equal(f.api.opened, 8);
        assert_int_equal(f.summary.pages_good, 20);
        /* Four times the delay, where one after the other takes twenty times as long. */
        assert_true(f.summary.took_ms < 20 * 60);
        teardown(&f);

        options.concurrency = 1;
        script.delay_ms = 0;
        setup(&f, &script, options);
        run(&f, true);
        poll_again(&f, 5);
        assert_int_equal(f.api.opened, 1);
        teardown(&f);
}

static void test_clocks_are_compared(void **state)
{
        static const int64_t aheads_ms[] = {0, 90000, -7200000};
        struct fake_script script = {.customers = 100};
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        run(&f, true);
        assert_false(f.summary.skew_known);
        teardown(&f);
        for (size_t i = 0; i < CW_ARRAY_SIZE(aheads_ms); i++) {
                script.dated = true;
                script.clock_ahead_ms = aheads_ms[i];
                setup(&f, &script, usual_options());
                run(&f, true);
                assert_true(f.summary.skew_known);
                assert_true(llabs(f.summary.skew_ms - aheads_ms[i]) < 1500);
                teardown(&f);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_long_wait_ends_the_poll_and_holds_the_next),
                cmocka_unit_test(test_a_short_wait_is_part_of_the_poll),
                cmocka_unit_test(test_a_wait_until_a_date),
                cmocka_unit_test(test_odd_answers),
                cmocka_unit_test(test_one_bad_page_never_costs_the_poll),
                cmocka_unit_test(test_a_list_that_changes_while_it_is_read),
                cmocka_unit_test(test_connections_are_kept),
                cmocka_unit_test(test_clocks_are_compared),
        };

        unsetenv("http_proxy");
        unsetenv("all_proxy");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
