/* SPDX-License-Identifier: Apache-2.0 */
/* When a source polls, and that it can be paused and freed at any time. */
#include "source_fixture.c"

/* How far from the nearest beat before it a poll began; a timer may be a little early. */
static int64_t lateness_ms(const struct fixture *f, unsigned poll, int64_t every_ms)
{
        return (f->began_mono[poll] - f->began_mono[0] + 5) % every_ms - 5;
}

static void test_polls_keep_the_beat(void **state)
{
        struct fake_script script = {.customers = 5};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.every_ms = 200;
        setup(&f, &script, options);
        f.wanted = 5;
        run(&f, false);
        /* A busy machine is late, but does not drift: what is late once is not late for ever. */
        for (unsigned i = 1; i < 5; i++) {
                assert_true(f.began_mono[i] - f.began_mono[i - 1] > 40);
                assert_true(lateness_ms(&f, i, 200) < 150);
        }
        assert_true(f.began_mono[4] - f.began_mono[0] >= 795);
        teardown(&f);
}

static void test_a_late_poll_leaves_out_the_beats_it_missed(void **state)
{
        struct fake_script script = {.customers = 5, .fault = FAULT_SILENT, .fault_page = 1, .fault_times = 1};
        struct cw_source_options options = usual_options();
        struct fixture f;

        (void)state;
        options.every_ms = 200;
        options.timeout_ms = 500;
        options.retries = 0;
        setup(&f, &script, options);
        f.wanted = 3;
        run(&f, false);
        assert_int_equal(f.began, 3);
        assert_true(f.began_mono[1] - f.began_mono[0] >= 595);
        assert_true(f.began_mono[2] - f.began_mono[1] >= 45);
        assert_true(lateness_ms(&f, 1, 200) < 150);
        assert_true(lateness_ms(&f, 2, 200) < 150);
        teardown(&f);
}

static void test_never_two_polls_at_once(void **state)
{
        struct fake_script script = {.customers = 5};
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        cw_source_start(f.source, true);
        cw_source_poll_now(f.source);
        cw_source_poll_now(f.source);
        cw_loop_run(f.loop);
        f.on_later = DEED_NONE;
        cw_timer_start(f.later, 100);
        cw_loop_run(f.loop);
        assert_int_equal(f.began, 1);
        assert_int_equal(f.ended, 1);
        teardown(&f);
}

static void test_free_in_any_state(void **state)
{
        static const struct {
                const char *name;
                struct fake_script script;
                enum deed began, page, ended, later;
        } cases[] = {
                {"when a poll begins", {.customers = 50}, DEED_FREE, 0, 0, 0},
                {"at a page, with others under way", {.customers = 50}, 0, DEED_FREE, 0, 0},
                {"at the end", {.customers = 50}, 0, 0, DEED_FREE, 0},
                {"while a page is awaited",
                 {.customers = 50, .fault = FAULT_SILENT, .fault_page = 2, .fault_times = 9, .fault_after = true},
                 0,
                 0,
                 0,
                 DEED_FREE},
                {"while a retry is awaited",
                 {.customers = 5, .fault = FAULT_429, .fault_page = 1, .fault_times = 9},
                 0,
                 0,
                 0,
                 DEED_FREE},
                {"while a login is awaited", {.customers = 5, .login = LOGIN_SILENT}, 0, 0, 0, DEED_FREE},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct fixture f;

                setup(&f, &cases[i].script, usual_options());
                f.on_began = cases[i].began;
                f.on_page = cases[i].page;
                f.on_ended = cases[i].ended;
                f.on_later = cases[i].later;
                cw_source_start(f.source, false);
                cw_timer_start(f.later, 150);
                cw_loop_run(f.loop);
                if (f.source)
                        fail_msg("%s: the source still lives", cases[i].name);
                f.on_later = DEED_NONE;
                cw_timer_start(f.later, 50);
                cw_loop_run(f.loop);
                teardown(&f);
        }
}

static void test_free_right_after_start(void **state)
{
        struct fake_script script = {.customers = 5};
        struct fixture f;

        (void)state;
        setup(&f, &script, usual_options());
        cw_source_start(f.source, false);
        cw_source_free(cw_take(f.source));
        f.freed = true;
        cw_timer_start(f.later, 20);
        cw_loop_run(f.loop);
        assert_int_equal(f.began, 0);
        teardown(&f);
}

static void test_pause(void **state)
{
        static const struct {
                const char *name;
                struct fake_script script;
                enum deed began, page, ended, later;
                unsigned polls_ended;
        } cases[] = {
                {"at rest", {.customers = 5}, 0, 0, DEED_PAUSE, 0, 1},
                {"when a poll begins", {.customers = 50}, DEED_PAUSE, 0, 0, 0, 0},
                {"at a page", {.customers = 50}, 0, DEED_PAUSE, 0, 0, 0},
                {"while a page is awaited",
                 {.customers = 50, .fault = FAULT_SILENT, .fault_page = 2, .fault_times = 9, .fault_after = true},
                 0,
                 0,
                 0,
                 DEED_PAUSE,
                 0},
                {"while a login is awaited", {.customers = 5, .login = LOGIN_SILENT}, 0, 0, 0, DEED_PAUSE, 0},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_source_options options = usual_options();
                struct fixture f;

                options.every_ms = 300;
                setup(&f, &cases[i].script, options);
                f.wanted = 99;
                f.on_began = cases[i].began;
                f.on_page = cases[i].page;
                f.on_ended = cases[i].ended;
                f.on_later = cases[i].later;
                cw_source_start(f.source, false);
                if (cases[i].later)
                        cw_timer_start(f.later, 100);
                cw_loop_run(f.loop);
                if (f.pauses != 1 || f.ended != cases[i].polls_ended)
                        fail_msg("%s: %u pauses, %u ends", cases[i].name, f.pauses, f.ended);

                /* Nothing more comes, not even when asked for. */
                cw_source_poll_now(f.source);
                f.on_later = DEED_NONE;
                cw_timer_start(f.later, 400);
                cw_loop_run(f.loop);
                assert_int_equal(f.began, 1);
                assert_int_equal(f.pauses, 1);

                /* And it starts again. */
                f.api.script = (struct fake_script){.customers = 5};
                f.on_began = f.on_page = f.on_ended = DEED_NONE;
                f.wanted = f.ended + 1;
                run(&f, true);
                assert_int_equal(f.summary.pages_bad, 0);
                teardown(&f);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_polls_keep_the_beat),
                cmocka_unit_test(test_a_late_poll_leaves_out_the_beats_it_missed),
                cmocka_unit_test(test_never_two_polls_at_once),
                cmocka_unit_test(test_free_in_any_state),
                cmocka_unit_test(test_free_right_after_start),
                cmocka_unit_test(test_pause),
        };

        unsetenv("http_proxy");
        unsetenv("all_proxy");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
