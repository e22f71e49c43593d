/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/loop.h"
#include "cardwatch/work.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "cardwatch/cleanup.h"
#include "uvloop.h"

/*
 * The loop itself: made, turned, and closed only when libuv agrees that nothing is left.
 *
 * A turn is counted when the next one is about to wait: what passed since then, less what libuv says it waited. A wait
 * that a signal ended it counts as work: such a turn begins with the signal's callback.
 *
 * A loop that is held turns, and sockets are served; but nobody above this layer is called: whoever would call asks
 * first, and waits in a queue. A turn that took its share already calls nobody more either, so that what comes at the
 * same time is spread over turns: the queue goes on with the next one, which makes one call of it at least.
 */

const uint32_t cw_loop_bounds_us[CW_LOOP_BOUNDS_COUNT] = {1000,  2000,   5000,   10000,  20000,
                                                          50000, 100000, 200000, 500000, 1000000};

#define SHARE_US 2000 /* as long again may the last call take that began within it */

TAILQ_HEAD(call_list, cw_call);

struct cw_loop {
        uv_loop_t uv;
        uv_prepare_t before_waiting;
        uint64_t before_ns, waited_ns; /* when it was about to wait last, and how long it had waited by then */
        uint64_t cpu_us; /* that the thread had used by then */
        uint64_t turn; /* its number */
        uint64_t interrupted_ns; /* when a signal came on this turn, 0: none did */
        bool held;
        bool ending; /* it was stopped: what waits is called, and nothing is spread any more */
        struct call_list held_back;
        uv_idle_t going_on; /* active while calls wait and the loop is not held */
        bool waited; /* they did when this turn began */
        bool freed;
        struct cw_loop_turns turns;
        cw_loop_turn_fn turn_over;
        void *turn_data;
};

#define LONG_US 5000

static uint64_t cpu_time_us(void)
{
        struct timespec used;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
        return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

static void count_turn(struct cw_loop *loop, uint64_t busy_us, uint64_t cpu_us)
{
        size_t bound = 0;

        while (bound < CW_LOOP_BOUNDS_COUNT && busy_us > cw_loop_bounds_us[bound])
                bound++;
        loop->turns.within[bound]++;
        loop->turns.turns++;
        loop->turns.busy_us += busy_us;
        if (busy_us > loop->turns.longest_us)
                loop->turns.longest_us = busy_us;
        if (cpu_us > loop->turns.longest_cpu_us)
                loop->turns.longest_cpu_us = cpu_us;
        loop->turns.long_cpu += cpu_us > LONG_US;
        if (loop->turn_over)
                loop->turn_over(loop->turn_data, busy_us, cpu_us);
}

static void on_before_waiting(uv_prepare_t *handle)
{
        struct cw_loop *loop = handle->data;
        uint64_t now_ns = uv_hrtime(), waited_ns = uv_metrics_idle_time(&loop->uv);
        uint64_t cpu_us = cpu_time_us(), of_cpu_us = cpu_us - loop->cpu_us;
        uint64_t passed_ns = now_ns - loop->before_ns, idle_ns = waited_ns - loop->waited_ns;

        if (loop->interrupted_ns)
                count_turn(loop, (now_ns - loop->interrupted_ns) / 1000, of_cpu_us);
        else if (loop->before_ns && idle_ns <= passed_ns)
                count_turn(loop, (passed_ns - idle_ns) / 1000, of_cpu_us);
        loop->turn++;
        loop->interrupted_ns = 0;
        loop->before_ns = now_ns;
        loop->cpu_us = cpu_us;
        loop->waited_ns = waited_ns;
        loop->waited = !TAILQ_EMPTY(&loop->held_back);
}

/* Not of the processor's time, which takes a call of the kernel to ask for. */
static bool took_its_share(struct cw_loop *loop)
{
        uint64_t idle_ns = uv_metrics_idle_time(&loop->uv) - loop->waited_ns;
        uint64_t began_ns = loop->interrupted_ns ? loop->interrupted_ns : loop->before_ns + idle_ns;

        return loop->before_ns && uv_hrtime() > began_ns + SHARE_US * 1000;
}

bool cw_loop_took_share(struct cw_loop *loop)
{
        return !loop->freed && !loop->ending && took_its_share(loop);
}

bool cw_loop_has_enough(struct cw_loop *loop)
{
        return loop->held || cw_loop_took_share(loop);
}

uint64_t cw_loop_turn(const struct cw_loop *loop)
{
        return loop->turn;
}

struct cw_loop_turns cw_loop_turns(const struct cw_loop *loop)
{
        return loop->turns;
}

void cw_loop_interrupted(struct cw_loop *loop)
{
        if (!loop->interrupted_ns)
                loop->interrupted_ns = uv_hrtime();
}

static void make_first(struct cw_loop *loop)
{
        struct cw_call *call = TAILQ_FIRST(&loop->held_back);

        cw_loop_forget(loop, call);
        call->fn(call->data);
}

static void on_going_on(uv_idle_t *handle)
{
        struct cw_loop *loop = handle->data;
        bool may = loop->waited || !cw_loop_has_enough(loop);

        while (may && !loop->held && !TAILQ_EMPTY(&loop->held_back)) {
                make_first(loop);
                may = !cw_loop_has_enough(loop);
        }
        if (loop->held || TAILQ_EMPTY(&loop->held_back))
                (void)uv_idle_stop(handle);
}

static void go_on_next_turn(struct cw_loop *loop)
{
        if (!loop->held && !TAILQ_EMPTY(&loop->held_back))
                (void)uv_idle_start(&loop->going_on, on_going_on);
}

bool cw_loop_holds_back(struct cw_loop *loop, struct cw_call *call)
{
        /* Nobody overtakes those who wait. */
        if (loop->freed || (TAILQ_EMPTY(&loop->held_back) && !cw_loop_has_enough(loop)))
                return false;
        if (!call->waits)
                TAILQ_INSERT_TAIL(&loop->held_back, call, link);
        call->waits = true;
        go_on_next_turn(loop);
        return true;
}

void cw_loop_forget(struct cw_loop *loop, struct cw_call *call)
{
        if (call->waits)
                TAILQ_REMOVE(&loop->held_back, call, link);
        call->waits = false;
}

void cw_loop_hold(struct cw_loop *loop)
{
        assert(!loop->held);
        loop->held = true;
}

void cw_loop_release(struct cw_loop *loop, struct cw_call *first)
{
        loop->held = loop->waited = false;
        first->fn(first->data);
        while (!TAILQ_EMPTY(&loop->held_back) && !cw_loop_has_enough(loop))
                make_first(loop);
        go_on_next_turn(loop);
}

void cw_loop_watch_turns(struct cw_loop *loop, cw_loop_turn_fn fn, void *data)
{
        loop->turn_over = fn;
        loop->turn_data = data;
}

uv_loop_t *cw_loop_uv(struct cw_loop *loop)
{
        return &loop->uv;
}

int cw_loop_new(struct cw_loop **ret_loop)
{
        cw_autofree struct cw_loop *loop = calloc(1, sizeof(*loop));
        int r;

        if (!loop)
                return -ENOMEM;
        /* Neither libuv nor TLS libraries can write to a socket without it once the peer is gone. */
        if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
                return -errno;
        TAILQ_INIT(&loop->held_back);
        r = uv_loop_init(&loop->uv);
        if (r < 0)
                return r;
        (void)uv_loop_configure(&loop->uv, UV_METRICS_IDLE_TIME);
        (void)uv_prepare_init(&loop->uv, &loop->before_waiting); /* neither this nor starting it can fail */
        loop->before_waiting.data = loop;
        (void)uv_prepare_start(&loop->before_waiting, on_before_waiting);
        uv_unref((uv_handle_t *)&loop->before_waiting);
        (void)uv_idle_init(&loop->uv, &loop->going_on); /* likewise */
        loop->going_on.data = loop;
        *ret_loop = cw_take(loop);
        return 0;
}

static void close_leftover(uv_handle_t *handle, void *data)
{
        (void)data;
        /* Somebody forgot to let go: a bug, but one that must not become a shutdown that never ends. */
        assert(uv_is_closing(handle));
        if (!uv_is_closing(handle))
                uv_close(handle, NULL);
}

void cw_loop_free(struct cw_loop *loop)
{
        int r;

        if (!loop)
                return;
        loop->freed = true;
        uv_close((uv_handle_t *)&loop->before_waiting, NULL);
        uv_close((uv_handle_t *)&loop->going_on, NULL);
        uv_walk(&loop->uv, close_leftover, NULL);
        do
                r = uv_run(&loop->uv, UV_RUN_DEFAULT);
        while (r != 0);
        r = uv_loop_close(&loop->uv);
        assert(r == 0);
        if (r == 0)
                free(loop);
}

void cw_loop_run(struct cw_loop *loop)
{
        uv_run(&loop->uv, UV_RUN_DEFAULT);
        /* Whoever comes back from here may free what is being worked on aside, or what a call is about. Were these
         * spread, too, callers that go on and on would keep each other waiting, and the loop from its end. */
        loop->ending = true;
        while (loop->held || !TAILQ_EMPTY(&loop->held_back))
                uv_run(&loop->uv, UV_RUN_ONCE);
        loop->ending = false;
}

void cw_loop_stop(struct cw_loop *loop)
{
        uv_stop(&loop->uv);
}
