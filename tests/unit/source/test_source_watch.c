/* SPDX-License-Identifier: Apache-2.0 */
/* The faster lane: when it reads, what it tells, and that it and the poll leave each other room. */
#include "source_fixture.c"

static const int64_t watched_customers[] = {1, 2, 3, 4, 5, 6, 7, 8};

static struct cw_source_watch watch_of(size_t n, int64_t every_ms)
{
        return (struct cw_source_watch){.customers = watched_customers, .n_customers = n, .every_ms = every_ms};
}

/* Runs for so long, whatever happens. */
static void run_for(struct fixture *f, uint64_t ms)
{
        f->on_later = DEED_NONE;
        cw_timer_start(f->later, ms);
        cw_loop_run(f->loop);
}

static void test_a_watch_keeps_its_beat(void **state)
{
        struct cw_source_watch watch = watch_of(2, 100);
        struct cw_source_options options = usual_options();
        struct fake_script script = {.customers = 5};
        struct fixture f;

        (void)state;
        options.watches = &watch;
        options.n_watches = 1;
        options.concurrency = 1;
        setup(&f, &script, options);
        f.wanted = 99;
        f.wanted_watched = 8;
        run(&f, false);
        assert_string_equal(f.watched_order, "1 2 1 2 1 2 1 2");
        assert_int_equal(f.began, 1);
        /* From the first reading of a round to that of the next; late ones catch up with the beat. */
        assert_true(f.watched_mono[6] - f.watched_mono[0] >= 200);
        assert_true(f.watched_mono[6] - f.began_mono[0] >= 395);
        teardown(&f);
}

static void test_several_watches_have_beats_of_their_own(void **state)
{
        static const int64_t slow[] = {5};
        struct cw_source_watch watches[3] = {watch_of(1, 50), {.every_ms = 70}, {slow, 1, 300}};
        struct cw_source_options options = usual_options();
        struct fake_script script = {.customers = 5};
        struct fixture f;

        (void)state;
        options.watches = watches;
        options.n_watches = 3;
        setup(&f, &script, options);
        f.wanted = 99;
        cw_source_start(f.source, false);
        run_for(&f, 1000);
        /* Of 18 and 3 beats; a busy machine leaves some out. */
        assert_in_range(count(f.watched_order, "1"), 4, 20);
        assert_in_range(count(f.watched_order, "5"), 1, 3);
        teardown(&f);
}

static void test_one_that_takes_long_leaves_beats_out(void **state)
{
        struct cw_source_watch watch = watch_of(2, 50);
        struct cw_source_options options = usual_options();
        struct fake_script script = {.customers = 5, .delay_ms = 120};
        struct fixture f;

        (void)state;
        options.watches = &watch;
        options.n_watches = 1;
        options.concurrency = 8;
        setup(&f, &script, options);
        f.wanted = 99;
        f.wanted_watched = 8;
        run(&f, false);
        assert_int_equal(f.api.most_at_once, 2);
        assert_true(f.watched_mono[7] - f.watched_mono[0] >= 3 * 120);
        teardown(&f);
}

static void test_not_once_and_not_paused(void **state)
{
        struct cw_source_watch watch = watch_of(2, 50);
        struct cw_source_options options = usual_options();
        struct fake_script script = {.customers = 5};
        unsigned watched;
        struct fixture f;

        (void)state;
        options.watches = &watch;
        options.n_watches = 1;
        setup(&f, &script, options);
        run(&f, true);
        run_for(&f, 200);
        assert_int_equal(f.watched, 0);

        f.wanted = 99;
        f.wanted_watched = 2;
        run(&f, false);
        watched = f.watched;
        f.wanted_watched = 0;
        cw_source_pause(f.source);
        run_for(&f, 1);
        run_for(&f, 200);
        assert_int_equal(f.watched, watched);
        assert_int_equal(f.pauses, 1);

        /* Not before the first poll that follows has ended. */
        f.api.script = (struct fake_script){.customers = 5, .fault = FAULT_SILENT, .fault_page = 1, .fault_times = 1};
        cw_source_start(f.source, false);
        run_for(&f, 200);
        assert_int_equal(f.watched, watched);
        teardown(&f);
}

static void test_failures_are_logged_once_per_transition(void **state)
{
        struct cw_source_watch watch = watch_of(2, 50);
        struct cw_source_options options = usual_options();
        struct fake_script script = {.customers = 5, .one = 2, .one_manner = ONE_500, .one_times = 4};
        struct fixture f;

        (void)state;
        options.watches = &watch;
        options.n_watches = 1;
        options.retries = 0;
        options.concurrency = 1;
        setup(&f, &script, options);
        f.wanted = 99;
        f.wanted_watched = 8;
        run(&f, false);
        run_for(&f, 100);
        assert_ptr_equal(strstr(f.watched_order, "1 1 1 1 1 2 1 2"), f.watched_order);
        fflush(f.stream);
        assert_int_equal(count(f.log_text, "watch-failed"), 1);
        assert_int_equal(count(f.log_text, "watch-recovered"), 1);
        assert_non_null(strstr(f.log_text, "customer 2: the API answered 500"));
        assert_string_equal(f.read, "");
        teardown(&f);
}

static void test_a_watched_customer_that_is_always_401_costs_one_login(void **state)
{
        struct cw_source_watch watch = watch_of(4, 50);
        struct cw_source_options options = usual_options();
        struct fake_script script = {.customers = 5, .one = 2, .one_manner = ONE_401};
        struct fixture f;

        (void)state;
        options.watches = &watch;
        options.n_watches = 1;
        setup(&f, &script, options);
        f.wanted = 99;
        f.wanted_watched = 12;
        run(&f, false);
        assert_int_equal(f.api.logins, 2);
        assert_null(strstr(f.watched_order, "2"));
        assert_int_equal(f.remembered, 0);
        poll_again(&f, 1);
        assert_int_equal(f.summary.auth, CW_POLL_AUTH_OK);
        teardown(&f);
}

static void test_a_refused_account_costs_the_watch_one_login(void **state)
{
        struct cw_source_watch watch = watch_of(4, 50);
        struct cw_source_options options = usual_options();
        struct fake_script script = {.customers = 5, .no_new_token = true};
        struct fixture f;

        (void)state;
        options.watches = &watch;
        options.n_watches = 1;
        setup(&f, &script, options);
        f.wanted = 99;
        f.wanted_watched = 4;
        run(&f, false);
        f.wanted_watched = 0;
        f.api.dead_token = f.api.tokens;
        run_for(&f, 400);
        assert_int_equal(f.api.logins, 2);
        assert_int_equal(f.remembered, 1);
        poll_again(&f, 1);
        assert_int_equal(f.api.logins, 2);
        assert_int_equal(f.summary.auth, CW_POLL_AUTH_FAILED);
        teardown(&f);
}

static void test_a_dead_token_costs_the_watch_one_login(void **state)
{
        struct cw_source_watch watch = watch_of(4, 50);
        struct cw_source_options options = usual_options();
        struct fake_script script = {.customers = 5};
        struct fixture f;

        (void)state;
        options.watches = &watch;
        options.n_watches = 1;
        options.concurrency = 5;
        setup(&f, &script, options);
        run(&f, false);
        f.api.dead_token = f.api.tokens;
        f.wanted = 99;
        f.wanted_watched = 8;
        cw_loop_run(f.loop);
        assert_int_equal(f.api.logins, 2);
        fflush(f.stream);
        assert_int_equal(count(f.log_text, "watch-failed"), 0);
        teardown(&f);
}

static void test_wrong_credentials_cost_the_watch_one_login(void **state)
{
        static const enum login_manner manners[] = {LOGIN_WRONG, LOGIN_LOCKED, LOGIN_500, LOGIN_GARBAGE};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(manners); i++) {
                struct cw_source_watch watch = watch_of(4, 50);
                struct cw_source_options options = usual_options();
                struct fake_script script = {.customers = 5};
                unsigned requests;
                struct fixture f;

                options.watches = &watch;
                options.n_watches = 1;
                options.concurrency = 2;
                setup(&f, &script, options);
                run(&f, false);
                f.wanted = 99;
                f.api.dead_token = f.api.tokens;
                f.api.script.login = manners[i];
                run_for(&f, 300);
                assert_int_equal(f.api.logins, 2);
                requests = f.api.requests;
                run_for(&f, 300);
                assert_int_equal(f.api.logins, 2);
                assert_int_equal(f.api.requests, requests);
                assert_int_equal(f.watched, 0);
                /* A login that was only lost is the next poll's to try again. */
                f.api.script.login = LOGIN_OK;
                poll_again(&f, 1);
                assert_int_equal(f.api.logins, i < 2 ? 2 : 3);
                assert_int_equal(f.summary.auth, i < 2 ? CW_POLL_AUTH_FAILED : CW_POLL_AUTH_OK);
                assert_int_equal(f.remembered, i < 2 ? 1 : 0);
                teardown(&f);
        }
}

static void test_a_wait_that_is_asked_for_holds_all(void **state)
{
        struct cw_source_watch watch = watch_of(2, 50);
        struct cw_source_options options = usual_options();
        struct fake_script script = {.customers = 5, .one = 1, .one_manner = ONE_429};
        unsigned requests;
        struct fixture f;

        (void)state;
        options.watches = &watch;
        options.n_watches = 1;
        options.concurrency = 1;
        options.every_ms = 300;
        setup(&f, &script, options);
        f.wanted = 99;
        cw_source_start(f.source, false);
        run_for(&f, 200);
        requests = f.api.requests;
        assert_int_equal(requests, 2);
        run_for(&f, 500);
        assert_int_equal(f.api.requests, requests);
        assert_int_equal(f.began, 1);
        fflush(f.stream);
        assert_int_equal(count(f.log_text, " held "), 1);
        teardown(&f);
}

static void test_the_poll_and_the_watch_leave_each_other_room(void **state)
{
        (void)state;
        for (uint32_t concurrency = 1; concurrency <= 3; concurrency++) {
                struct cw_source_watch watch = watch_of(8, 50);
                struct cw_source_options options = usual_options();
                struct fake_script script = {.customers = 100, .delay_ms = 15};
                struct fixture f;

                options.watches = &watch;
                options.n_watches = 1;
                options.concurrency = concurrency;
                options.page_size = 2;
                setup(&f, &script, options);
                run(&f, false);
                f.watched = 0;
                poll_again(&f, 1);
                assert_int_equal(f.summary.pages_good, 50);
                assert_int_equal(f.api.most_at_once, concurrency);
                assert_true(f.watched >= 8);
                teardown(&f);
        }
}

static void test_free_and_pause_in_its_callback(void **state)
{
        (void)state;
        for (enum deed deed = DEED_FREE; deed <= DEED_PAUSE; deed++) {
                struct cw_source_watch watch = watch_of(8, 50);
                struct cw_source_options options = usual_options();
                struct fake_script script = {.customers = 100};
                struct fixture f;

                options.watches = &watch;
                options.n_watches = 1;
                options.concurrency = 4;
                setup(&f, &script, options);
                f.wanted = 99;
                f.on_watched = deed;
                cw_source_start(f.source, false);
                run_for(&f, 300);
                run_for(&f, 100);
                assert_int_equal(f.watched, 1);
                assert_int_equal(f.pauses, deed == DEED_PAUSE);
                teardown(&f);
        }
}

static void test_a_watch_without_a_beat_is_refused(void **state)
{
        struct cw_source_watch watch = watch_of(2, 0);
        struct cw_source_options options = usual_options();
        struct fake_script script = {.customers = 5};
        struct cw_source *source = NULL;
        struct fixture f;

        (void)state;
        setup(&f, &script, options);
        options.name = "x";
        options.url = "http://127.0.0.1:1";
        options.username = "ops";
        options.watches = &watch;
        options.n_watches = 1;
        assert_int_equal(cw_source_new(f.loop, f.http, f.log, &options, &all_listener, &f, &source), -EINVAL);
        teardown(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_watch_keeps_its_beat),
                cmocka_unit_test(test_several_watches_have_beats_of_their_own),
                cmocka_unit_test(test_one_that_takes_long_leaves_beats_out),
                cmocka_unit_test(test_not_once_and_not_paused),
                cmocka_unit_test(test_failures_are_logged_once_per_transition),
                cmocka_unit_test(test_a_watched_customer_that_is_always_401_costs_one_login),
                cmocka_unit_test(test_a_refused_account_costs_the_watch_one_login),
                cmocka_unit_test(test_a_dead_token_costs_the_watch_one_login),
                cmocka_unit_test(test_wrong_credentials_cost_the_watch_one_login),
                cmocka_unit_test(test_a_wait_that_is_asked_for_holds_all),
                cmocka_unit_test(test_the_poll_and_the_watch_leave_each_other_room),
                cmocka_unit_test(test_free_and_pause_in_its_callback),
                cmocka_unit_test(test_a_watch_without_a_beat_is_refused),
        };

        unsetenv("http_proxy");
        unsetenv("all_proxy");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
