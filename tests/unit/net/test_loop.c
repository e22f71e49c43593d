/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "cardwatch/clock.h"
#include "cardwatch/loop.h"
#include "cardwatch/work.h"

struct fixture {
        struct cw_loop *loop;
        struct cw_timer *timer, *other;
        int fired, other_fired;
        int limit;
        int64_t fired_mono;
};

static void setup(struct fixture *f)
{
        *f = (struct fixture){0};
        assert_int_equal(cw_loop_new(&f->loop), 0);
}

static void count(void *data)
{
        struct fixture *f = data;

        f->fired++;
        f->fired_mono = cw_clock_mono_ms();
}

static void count_other(void *data)
{
        struct fixture *f = data;

        f->other_fired++;
}

static void count_and_start_again(void *data)
{
        struct fixture *f = data;

        f->fired++;
        if (f->fired < f->limit && f->other_fired == 0)
                cw_timer_start(f->timer, 0);
}

static void free_both(void *data)
{
        struct fixture *f = data;

        f->fired++;
        cw_timer_free(f->timer);
        cw_timer_free(f->other);
}

static void test_a_timer_fires_once_after_its_delay(void **state)
{
        struct fixture f;
        int64_t begun;

        (void)state;
        setup(&f);
        assert_int_equal(cw_timer_new(f.loop, count, &f, &f.timer), 0);
        usleep(30000); /* the loop's idea of now is old by then */
        begun = cw_clock_mono_ms();
        cw_timer_start(f.timer, 50);
        assert_int_equal(f.fired, 0);
        cw_loop_run(f.loop);
        assert_int_equal(f.fired, 1);
        assert_true(f.fired_mono - begun >= 49);
        cw_timer_free(f.timer);
        cw_loop_free(f.loop);
}

static void test_starting_a_started_timer_moves_it(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f);
        assert_int_equal(cw_timer_new(f.loop, count, &f, &f.timer), 0);
        cw_timer_start(f.timer, 60000);
        cw_timer_start(f.timer, 0);
        cw_timer_start(f.timer, 1);
        cw_loop_run(f.loop);
        assert_int_equal(f.fired, 1);
        cw_timer_free(f.timer);
        cw_loop_free(f.loop);
}

static void test_a_stopped_timer_does_not_fire(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f);
        assert_int_equal(cw_timer_new(f.loop, count, &f, &f.timer), 0);
        cw_timer_start(f.timer, 0);
        cw_timer_stop(f.timer);
        cw_timer_start(f.timer, 1);
        cw_timer_stop(f.timer);
        cw_loop_run(f.loop);
        assert_int_equal(f.fired, 0);
        cw_timer_free(f.timer);
        cw_loop_free(f.loop);
}

static void test_a_timer_that_keeps_setting_itself_to_now_starves_nobody(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f);
        f.limit = 10000000;
        assert_int_equal(cw_timer_new(f.loop, count_and_start_again, &f, &f.timer), 0);
        assert_int_equal(cw_timer_new(f.loop, count_other, &f, &f.other), 0);
        cw_timer_start(f.timer, 0);
        cw_timer_start(f.other, 20);
        cw_loop_run(f.loop);
        assert_int_equal(f.other_fired, 1);
        assert_in_range(f.fired, 1, f.limit - 1);
        cw_timer_free(f.timer);
        cw_timer_free(f.other);
        cw_loop_free(f.loop);
}

static void test_timers_can_be_freed_from_a_callback(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f);
        assert_int_equal(cw_timer_new(f.loop, free_both, &f, &f.timer), 0);
        assert_int_equal(cw_timer_new(f.loop, free_both, &f, &f.other), 0);
        cw_timer_start(f.timer, 0);
        cw_timer_start(f.other, 0);
        cw_loop_run(f.loop);
        assert_int_equal(f.fired, 1);
        cw_timer_free(NULL);
        cw_loop_free(f.loop);
}

static void stop_at_signal(void *data, int signum)
{
        struct fixture *f = data;

        f->fired = signum;
        cw_timer_stop(f->timer);
}

static void raise_signal(void *data)
{
        (void)data;
        kill(getpid(), SIGUSR1);
        kill(getpid(), SIGPIPE);
}

static void test_a_signal_is_a_callback_and_a_broken_pipe_is_none(void **state)
{
        struct fixture f;
        struct cw_signal *sig;

        (void)state;
        setup(&f);
        assert_int_equal(cw_signal_new(f.loop, SIGUSR1, stop_at_signal, &f, &sig), 0);
        cw_loop_run(f.loop); /* waiting for a signal is nothing that keeps a loop turning */
        assert_int_equal(cw_timer_new(f.loop, count, &f, &f.timer), 0);
        assert_int_equal(cw_timer_new(f.loop, raise_signal, &f, &f.other), 0);
        cw_timer_start(f.timer, 5000);
        cw_timer_start(f.other, 0);
        cw_loop_run(f.loop);
        assert_int_equal(f.fired, SIGUSR1);
        cw_signal_free(sig);
        cw_timer_free(f.timer);
        cw_timer_free(f.other);
        cw_loop_free(f.loop);
}

static void stop_loop(void *data)
{
        struct fixture *f = data;

        cw_loop_stop(f->loop);
}

static void test_stop_leaves_the_rest_for_the_next_run(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f);
        assert_int_equal(cw_timer_new(f.loop, stop_loop, &f, &f.timer), 0);
        assert_int_equal(cw_timer_new(f.loop, count_other, &f, &f.other), 0);
        cw_timer_start(f.timer, 1);
        cw_timer_start(f.other, 50);
        cw_loop_run(f.loop);
        assert_int_equal(f.other_fired, 0);
        cw_loop_run(f.loop);
        assert_int_equal(f.other_fired, 1);
        cw_timer_free(f.timer);
        cw_timer_free(f.other);
        cw_loop_free(f.loop);
}

struct job {
        pthread_t loop_thread;
        bool ran_elsewhere;
        bool done_here;
        int order;
};

static void job_run(void *data)
{
        struct job *job = data;

        job->ran_elsewhere = !pthread_equal(job->loop_thread, pthread_self());
        job->order = 1;
}

static void job_done(void *data)
{
        struct job *job = data;

        job->done_here = pthread_equal(job->loop_thread, pthread_self()) && job->order == 1;
}

static void test_work_runs_on_a_worker_and_is_done_on_the_loop(void **state)
{
        struct fixture f;
        struct job job = {.loop_thread = pthread_self()};

        (void)state;
        setup(&f);
        assert_int_equal(cw_work_submit(f.loop, job_run, job_done, &job), 0);
        assert_false(job.done_here);
        cw_loop_run(f.loop);
        assert_true(job.ran_elsewhere);
        assert_true(job.done_here);
        cw_loop_free(f.loop);
}

static void test_freeing_the_loop_finishes_the_work_that_was_begun(void **state)
{
        struct fixture f;
        struct job job = {.loop_thread = pthread_self()};

        (void)state;
        setup(&f);
        assert_int_equal(cw_work_submit(f.loop, job_run, job_done, &job), 0);
        cw_loop_free(f.loop);
        assert_true(job.done_here);
}

static void dawdle(void *data)
{
        struct fixture *f = data;

        usleep(8000);
        if (++f->fired < 3)
                cw_timer_start(f->timer, 30);
}

static void test_turns_are_measured_without_the_waiting(void **state)
{
        struct fixture f;
        struct cw_loop_turns turns;
        uint64_t counted = 0, long_ones = 0;
        int64_t begin_mono = cw_clock_mono_ms();

        (void)state;
        setup(&f);
        assert_int_equal(cw_timer_new(f.loop, dawdle, &f, &f.timer), 0);
        cw_timer_start(f.timer, 1);
        cw_loop_run(f.loop);
        turns = cw_loop_turns(f.loop);
        for (size_t i = 0; i <= CW_LOOP_BOUNDS_COUNT; i++)
                counted += turns.within[i];
        for (size_t i = 3; i <= CW_LOOP_BOUNDS_COUNT; i++) /* above 5 ms */
                long_ones += turns.within[i];
        assert_int_equal(counted, turns.turns);
        /* The last one ended the loop: nothing waited for its end. Between them it waited twice. */
        assert_true(long_ones >= 2);
        assert_true(turns.longest_us >= 8000 && turns.busy_us >= 16000);
        assert_true((int64_t)turns.busy_us / 1000 <= cw_clock_mono_ms() - begin_mono - 50);
        cw_timer_free(f.timer);
        cw_loop_free(f.loop);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_timer_fires_once_after_its_delay),
                cmocka_unit_test(test_starting_a_started_timer_moves_it),
                cmocka_unit_test(test_a_stopped_timer_does_not_fire),
                cmocka_unit_test(test_a_timer_that_keeps_setting_itself_to_now_starves_nobody),
                cmocka_unit_test(test_timers_can_be_freed_from_a_callback),
                cmocka_unit_test(test_a_signal_is_a_callback_and_a_broken_pipe_is_none),
                cmocka_unit_test(test_stop_leaves_the_rest_for_the_next_run),
                cmocka_unit_test(test_work_runs_on_a_worker_and_is_done_on_the_loop),
                cmocka_unit_test(test_freeing_the_loop_finishes_the_work_that_was_begun),
                cmocka_unit_test(test_turns_are_measured_without_the_waiting),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
