/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <cardwatch/buf.h>
#include <cardwatch/cleanup.h>
#include <cardwatch/clock.h>
#include <cardwatch/loop.h>

#include "action.h"
#include "listener.h"
#include "options.h"
#include "script.h"
#include "sim.h"

struct run {
        const struct cw_sim_options *options;
        struct cw_sim sim;
        struct cw_loop *loop;
        struct cw_sim_listener *listener;
        struct cw_signal *signals[2];
        struct cw_timer *move_timer, *script_timer;
        struct cw_sim_script *script;
        int64_t script_began_mono;
};

static void run_deinit(struct run *run)
{
        cw_sim_listener_free(run->listener);
        cw_timer_free(run->move_timer);
        cw_timer_free(run->script_timer);
        for (size_t i = 0; i < CW_ARRAY_SIZE(run->signals); i++)
                cw_signal_free(run->signals[i]);
        cw_loop_free(run->loop);
        cw_sim_script_free(run->script);
        cw_sim_deinit(&run->sim);
}

static void on_signal(void *data, int signum)
{
        struct run *run = data;

        (void)signum;
        cw_loop_stop(run->loop);
}

static void on_move(void *data)
{
        struct run *run = data;

        if (!run->sim.still)
                cw_sim_world_move(&run->sim.world, run->sim.move_share);
        cw_timer_start(run->move_timer, (uint64_t)run->options->move_every_ms);
}

static void do_step(struct run *run, const struct cw_sim_step *step)
{
        struct cw_buf why cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        struct cw_buf result cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        int r;

        r = cw_sim_act(&run->sim, step->what, step->json, &why, &result);
        if (r < 0)
                fprintf(stderr, "cardwatch-sim: %s:%zu: %s\n", run->options->script, step->line,
                        why.len > 0 ? cw_buf_text(&why) : strerror(-r));
}

static void on_script(void *data)
{
        struct run *run = data;
        int64_t elapsed_ms = cw_clock_mono_ms() - run->script_began_mono, wait_ms = 0;
        struct cw_sim_step step;
        int r;

        while ((r = cw_sim_script_next(run->script, elapsed_ms, &step, &wait_ms)) == 0)
                do_step(run, &step);
        if (r == CW_SIM_SCRIPT_WAIT)
                cw_timer_start(run->script_timer, (uint64_t)wait_ms);
}

static int start_timers(struct run *run)
{
        int r;

        r = cw_timer_new(run->loop, on_move, run, &run->move_timer);
        if (r < 0)
                return r;
        cw_timer_start(run->move_timer, (uint64_t)run->options->move_every_ms);
        if (!run->script)
                return 0;
        r = cw_timer_new(run->loop, on_script, run, &run->script_timer);
        if (r < 0)
                return r;
        run->script_began_mono = cw_clock_mono_ms();
        cw_timer_start(run->script_timer, 0);
        return 0;
}

/* Signals before the address is told: whoever reads it may send one at once. */
static int start(struct run *run, uint16_t *ret_port)
{
        static const int signums[] = {SIGTERM, SIGINT};
        int r;

        r = cw_loop_new(&run->loop);
        for (size_t i = 0; r == 0 && i < CW_ARRAY_SIZE(signums); i++)
                r = cw_signal_new(run->loop, signums[i], on_signal, run, &run->signals[i]);
        if (r == 0)
                r = start_timers(run);
        if (r < 0) {
                fprintf(stderr, "cardwatch-sim: cannot start: %s\n", strerror(-r));
                return r;
        }
        r = cw_sim_listener_new(run->loop, &run->sim, run->options->host, (uint16_t)run->options->port, &run->listener,
                                ret_port);
        if (r < 0)
                fprintf(stderr, "cardwatch-sim: cannot listen on %s port %" PRId64 ": %s\n", run->options->host,
                        run->options->port, strerror(-r));
        return r;
}

static int announce(const struct run *run, uint16_t port)
{
        const char *host = run->options->host, *open = strchr(host, ':') ? "[" : "", *close = *open ? "]" : "";

        if (printf("http://%s%s%s:%u\n", open, host, close, (unsigned)port) < 0 || fflush(stdout) != 0) {
                fprintf(stderr, "cardwatch-sim: cannot write to standard output\n");
                return -EIO;
        }
        fprintf(stderr, "cardwatch-sim: %zu customers, %zu cards", run->sim.world.n_customers,
                run->sim.world.cards_by_id.used);
        if (run->options->inbox)
                fprintf(stderr, "; inbox at http://%s%s%s:%u/sim/inbox", open, host, close, (unsigned)port);
        fprintf(stderr, "\n");
        return 0;
}

static int prepare(struct run *run)
{
        struct cw_buf why cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        int r;

        if (run->options->script) {
                r = cw_sim_script_load(run->options->script, &why, &run->script);
                if (r < 0) {
                        fprintf(stderr, "cardwatch-sim: %s\n", cw_buf_text(&why));
                        return r == -ENOMEM ? 1 : CW_SIM_EXIT_SCRIPT;
                }
        }
        r = cw_sim_init(&run->sim, run->options);
        if (r == -EINVAL) {
                fprintf(stderr, "cardwatch-sim: --totp-secret must be base32 and --currencies name one at least\n");
                return CW_SIM_EXIT_USAGE;
        }
        if (r < 0)
                fprintf(stderr, "cardwatch-sim: cannot start: %s\n", strerror(-r));
        return r < 0 ? 1 : 0;
}

int cw_sim_run(const struct cw_sim_options *options)
{
        struct run run cw_cleanup(run_deinit) = {.options = options};
        uint16_t port;
        int status;

        status = prepare(&run);
        if (status != 0)
                return status;
        if (start(&run, &port) < 0 || announce(&run, port) < 0)
                return 1;
        cw_loop_run(run.loop);
        return 0;
}
