/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../src/net/uvloop.h"
#include "cardwatch/cleanup.h"
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

/* The loop's own thread, while nothing limits how long it waits. */
static void interrupt(void *data)
{
        const pthread_t *loop_thread = data;

        usleep(60000);
        pthread_kill(*loop_thread, SIGUSR1);
        usleep(10000);
}

static void nothing(void *data)
{
        (void)data;
}

static void stop_soon(void *data, int signum)
{
        struct fixture *f = data;

        (void)signum;
        cw_timer_start(f->timer, 20);
}

static void test_a_wait_that_a_signal_ends_is_no_work(void **state)
{
        struct fixture f;
        struct cw_signal *sig;
        pthread_t loop_thread = pthread_self();

        (void)state;
        setup(&f);
        assert_int_equal(cw_signal_new(f.loop, SIGUSR1, stop_soon, &f, &sig), 0);
        assert_int_equal(cw_timer_new(f.loop, count, &f, &f.timer), 0);
        assert_int_equal(cw_work_submit(f.loop, interrupt, nothing, &loop_thread), 0);
        cw_loop_run(f.loop);
        assert_int_equal(f.fired, 1);
        assert_true(cw_loop_turns(f.loop).turns >= 2);
        assert_true(cw_loop_turns(f.loop).longest_us < 40000);
        cw_signal_free(sig);
        cw_timer_free(f.timer);
        cw_loop_free(f.loop);
}

/* A call aside, and what comes meanwhile: a worker's end, a signal, a timer. In which order they were told. */
struct aside {
        struct fixture f;
        struct job job;
        struct cw_signal *sig;
        struct cw_timer *stopped;
        char told[16];
        bool is_running, told_meanwhile;
        int asides;
};

static void tell(struct aside *a, char what)
{
        a->told_meanwhile |= __atomic_load_n(&a->is_running, __ATOMIC_SEQ_CST);
        a->told[strlen(a->told)] = what;
}

static void run_aside(void *data)
{
        struct aside *a = data;

        usleep(80000);
        __atomic_store_n(&a->is_running, false, __ATOMIC_SEQ_CST);
}

static void aside_done(void *data)
{
        tell(data, 'd');
}

static void begin_aside(struct aside *a)
{
        a->is_running = true;
        assert_int_equal(cw_work_aside(a->f.loop, run_aside, aside_done, a), 0);
}

static void timer_told(void *data)
{
        struct aside *a = data;

        tell(a, 't');
        if (++a->asides < 2)
                begin_aside(a);
}

static void signal_told(void *data, int signum)
{
        (void)signum;
        tell(data, 's');
}

static void signal_comes(void *data)
{
        (void)data;
        usleep(10000);
        kill(getpid(), SIGUSR1);
        usleep(10000);
}

static void worker_told(void *data)
{
        tell(data, 'w');
}

static void test_whoever_comes_while_a_call_is_made_aside_waits_for_its_end(void **state)
{
        struct aside a = {0};

        (void)state;
        setup(&a.f);
        assert_int_equal(cw_signal_new(a.f.loop, SIGUSR1, signal_told, &a, &a.sig), 0);
        assert_int_equal(cw_timer_new(a.f.loop, timer_told, &a, &a.f.timer), 0);
        assert_int_equal(cw_timer_new(a.f.loop, count, &a.f, &a.stopped), 0);
        begin_aside(&a);
        cw_timer_start(a.stopped, 1);
        cw_timer_start(a.f.timer, 1);
        assert_int_equal(cw_work_submit(a.f.loop, signal_comes, worker_told, &a), 0);
        cw_loop_run(a.f.loop);
        /* The timer began another one: the rest waited for that as well, in the order in which the kernel told of it.
         */
        if (strcmp(a.told, "dtdws") != 0)
                assert_string_equal(a.told, "dtdsw");
        assert_false(a.told_meanwhile);
        assert_int_equal(a.f.fired, 1);
        cw_signal_free(a.sig);
        cw_timer_free(a.f.timer);
        cw_timer_free(a.stopped);
        cw_loop_free(a.f.loop);
}

static void ask_again(void *data)
{
        struct aside *a = data;

        cw_timer_start(a->f.timer, 0);
}

static void only_told(void *data)
{
        tell(data, 't');
}

/* As answers that come one after the other ask to be told of. */
static void test_who_waits_and_asks_again_keeps_its_place(void **state)
{
        struct aside a = {0};

        (void)state;
        setup(&a.f);
        assert_int_equal(cw_timer_new(a.f.loop, only_told, &a, &a.f.timer), 0);
        assert_int_equal(cw_timer_new(a.f.loop, worker_told, &a, &a.f.other), 0);
        assert_int_equal(cw_timer_new(a.f.loop, ask_again, &a, &a.stopped), 0);
        cw_timer_serves_sockets(a.stopped);
        begin_aside(&a);
        cw_timer_start(a.f.timer, 1);
        cw_timer_start(a.f.other, 10);
        cw_timer_start(a.stopped, 20);
        cw_loop_run(a.f.loop);
        assert_string_equal(a.told, "dtw");
        cw_timer_free(a.f.timer);
        cw_timer_free(a.f.other);
        cw_timer_free(a.stopped);
        cw_loop_free(a.f.loop);
}

static void stop_the_other(void *data)
{
        struct aside *a = data;

        tell(a, 'd');
        cw_timer_stop(a->f.timer);
        cw_timer_free(cw_take(a->stopped));
}

static void test_what_is_let_go_of_while_it_waits_is_not_told(void **state)
{
        struct aside a = {0};

        (void)state;
        setup(&a.f);
        assert_int_equal(cw_timer_new(a.f.loop, timer_told, &a, &a.f.timer), 0);
        assert_int_equal(cw_timer_new(a.f.loop, count, &a.f, &a.stopped), 0);
        assert_int_equal(cw_work_aside(a.f.loop, run_aside, stop_the_other, &a), 0);
        cw_timer_start(a.stopped, 1);
        cw_timer_start(a.f.timer, 1);
        cw_loop_run(a.f.loop);
        assert_string_equal(a.told, "d");
        assert_int_equal(a.f.fired, 0);
        cw_timer_free(a.f.timer);
        cw_loop_free(a.f.loop);
}

/* Whoever asked makes the call itself: nobody may wait for it. */
static void test_a_call_that_gets_no_thread_holds_nobody_back(void **state)
{
        struct aside a = {0};
        pthread_attr_t usual, endless;

        (void)state;
        setup(&a.f);
        assert_int_equal(cw_timer_new(a.f.loop, count, &a.f, &a.f.timer), 0);
        assert_int_equal(pthread_getattr_default_np(&usual), 0);
        assert_int_equal(pthread_attr_init(&endless), 0);
        assert_int_equal(pthread_attr_setstacksize(&endless, (size_t)1 << 50), 0);
        assert_int_equal(pthread_setattr_default_np(&endless), 0);
        assert_int_equal(cw_work_aside(a.f.loop, run_aside, aside_done, &a), -EAGAIN);
        assert_int_equal(pthread_setattr_default_np(&usual), 0);
        pthread_attr_destroy(&usual);
        pthread_attr_destroy(&endless);
        cw_timer_start(a.f.timer, 1);
        cw_loop_run(a.f.loop);
        assert_int_equal(a.f.fired, 1);
        assert_string_equal(a.told, "");
        cw_timer_free(a.f.timer);
        cw_loop_free(a.f.loop);
}

static void stop_and_begin(void *data)
{
        struct aside *a = data;

        cw_loop_stop(a->f.loop);
        begin_aside(a);
}

/* Else whoever frees what the call works on would do so under it. */
static void test_a_loop_that_is_stopped_ends_after_the_call_that_is_made_aside(void **state)
{
        struct aside a = {0};

        (void)state;
        setup(&a.f);
        assert_int_equal(cw_timer_new(a.f.loop, stop_and_begin, &a, &a.f.timer), 0);
        assert_int_equal(cw_timer_new(a.f.loop, count, &a.f, &a.stopped), 0);
        cw_timer_start(a.f.timer, 1);
        cw_timer_start(a.stopped, 60000);
        cw_loop_run(a.f.loop);
        assert_string_equal(a.told, "d");
        assert_int_equal(a.f.fired, 0);
        cw_timer_free(a.f.timer);
        cw_timer_free(a.stopped);
        cw_loop_free(a.f.loop);
}

static void test_the_loop_turns_while_a_call_is_made_aside(void **state)
{
        struct aside a = {0};

        (void)state;
        setup(&a.f);
        begin_aside(&a);
        cw_loop_run(a.f.loop);
        assert_string_equal(a.told, "d");
        assert_true(cw_loop_turns(a.f.loop).longest_us < 40000);
        cw_loop_free(a.f.loop);
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
                cmocka_unit_test(test_a_wait_that_a_signal_ends_is_no_work),
                cmocka_unit_test(test_whoever_comes_while_a_call_is_made_aside_waits_for_its_end),
                cmocka_unit_test(test_what_is_let_go_of_while_it_waits_is_not_told),
                cmocka_unit_test(test_who_waits_and_asks_again_keeps_its_place),
                cmocka_unit_test(test_a_call_that_gets_no_thread_holds_nobody_back),
                cmocka_unit_test(test_a_loop_that_is_stopped_ends_after_the_call_that_is_made_aside),
                cmocka_unit_test(test_the_loop_turns_while_a_call_is_made_aside),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
