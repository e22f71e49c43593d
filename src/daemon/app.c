/* SPDX-License-Identifier: Apache-2.0 */
#include "app.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/config_report.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/feed.h"
#include "cardwatch/http.h"
#include "cardwatch/log.h"
#include "cardwatch/loop.h"
#include "cardwatch/settings.h"
#include "cardwatch/store.h"
#include "committer.h"
#include "control.h"
#include "decider.h"
#include "dispatcher.h"
#include "loading.h"
#include "past.h"
#include "ready.h"
#include "turns.h"

#define DRAIN_MS        10000
#define TICK_LONGEST_MS 60000 /* the wall clock may jump: look again at least this often */
#define TICK_LEAST_MS   10

enum app_state { RUNNING, DRAINING, CLOSING, CLOSED };

struct cw_app {
        struct cw_app_options options;
        struct cw_settings *settings;
        struct cw_settings *next_settings; /* of a reload: in force from the next turn on */
        bool looks_back; /* and farther than those before */
        struct cw_loop *loop;
        struct cw_http *http;
        struct cw_store *store;
        struct cw_engine *engine;
        struct cw_committer *committer;
        struct cw_decider *decider;
        struct cw_dispatcher *dispatcher;
        struct cw_feeds *feeds;
        struct cw_past *past;
        struct cw_control *control; /* NULL: nobody can ask */
        struct cw_timer *tick, *apply, *deadline, *watchdog;
        struct cw_signal *signals[4];
        enum app_state state;
        bool told_to_end;
        bool poll_failed;
        bool store_failing;
        int exit_status;
        int64_t clocks_apart_ms; /* when the store was read: the wall clock was so far from the monotonic one */
        struct cw_turns turns;
};

CW_DEFINE_CLEANUP(struct cw_app *, cw_app_free);

static void advance(struct cw_app *app);

static void step(void *data, const struct cw_event *event)
{
        struct cw_app *app = data;

        cw_decider_step(app->decider, event);
}

static void step_aside(void *data, const struct cw_event *event, void (*done)(void *data), void *done_data)
{
        struct cw_app *app = data;

        cw_decider_step_aside(app->decider, event, done, done_data);
}

static void set_tick(struct cw_app *app)
{
        int64_t at = cw_engine_wake_at(app->engine);
        int64_t wait_ms = at ? at - cw_clock_wall_ms() : TICK_LONGEST_MS;

        if (wait_ms < TICK_LEAST_MS)
                wait_ms = TICK_LEAST_MS;
        cw_timer_start(app->tick, (uint64_t)(wait_ms < TICK_LONGEST_MS ? wait_ms : TICK_LONGEST_MS));
}

/* After whatever may have decided something: commit it, send what is ready, and see whether this is the end. */
static void carry_out(struct cw_app *app)
{
        uint64_t began_us = cw_turns_now_us();

        cw_dispatcher_pump(app->dispatcher);
        cw_turns_note(&app->turns, "pump", began_us);
        cw_committer_commit(app->committer);
        if (app->state == RUNNING) {
                cw_feeds_read_again(app->feeds);
                set_tick(app);
        }
        advance(app);
}

static void decided(void *data)
{
        carry_out(data);
}

static void tick(void *data)
{
        struct cw_event event = {.kind = CW_EVENT_TICK};

        step_aside(data, &event, decided, data);
}

static void polled(void *data, bool well)
{
        struct cw_app *app = data;

        app->poll_failed |= !well;
        carry_out(app);
}

static uint64_t knows_page(void *data, size_t source, uint32_t number, int64_t sent_at)
{
        return cw_engine_knows_page(((struct cw_app *)data)->engine, source, number, sent_at);
}

static bool repeats(void *data, size_t source, const struct cw_page_told *page)
{
        return cw_engine_repeats(((struct cw_app *)data)->engine, source, page);
}

static size_t look_ups(void *data, size_t source, int64_t *ret_customers, size_t most)
{
        struct cw_app *app = data;

        return cw_engine_look_ups(app->engine, source, ret_customers, most);
}

static size_t read_again(void *data, size_t source, int64_t *ret_customers, size_t most)
{
        struct cw_app *app = data;

        return cw_engine_read_again(app->engine, source, ret_customers, most);
}

static const char *judgement_of(void *data, size_t source)
{
        static const char *const names[] = {
                [CW_POLL_COMPLETE] = "complete", [CW_POLL_PARTIAL] = "partial", [CW_POLL_FAILED] = "failed"};
        struct cw_app *app = data;

        return names[cw_engine_poll_result(app->engine, source)];
}

static struct cw_source_memory memory_of(void *data, const char *name)
{
        struct cw_app *app = data;
        struct cw_source_memory memory = {0};

        cw_engine_source_memory(app->engine, name, &memory.blocked_until_at, &memory.otp_step);
        return memory;
}

static void progress(void *data)
{
        advance(data);
}

static void store_result(void *data, bool failing, const char *reason)
{
        struct cw_app *app = data;
        struct cw_event event = {.kind = CW_EVENT_STORE_RESULT, .result = {.failing = failing, .reason = reason}};

        app->store_failing = failing;
        step(app, &event);
        cw_dispatcher_pump(app->dispatcher);
}

static void watchdog(void *data)
{
        struct cw_app *app = data;

        cw_ready_alive();
        cw_timer_start(app->watchdog, cw_ready_watchdog_ms());
}

/* The end, state by state: called whenever something that the next state waits for may have happened. */
static void store_closed(void *data)
{
        struct cw_app *app = data;

        app->state = CLOSED;
        cw_loop_stop(app->loop);
}

static void close_app(struct cw_app *app)
{
        app->state = CLOSING;
        cw_timer_stop(app->deadline);
        cw_timer_stop(app->tick);
        cw_dispatcher_cancel(app->dispatcher);
}

static void advance(struct cw_app *app)
{
        if (app->state == RUNNING && app->options.once && cw_feeds_unfinished(app->feeds) == 0)
                app->state = DRAINING;
        if (app->state == DRAINING && cw_dispatcher_busy(app->dispatcher) == 0 && cw_committer_settled(app->committer))
                close_app(app);
        if (app->state == CLOSING && cw_dispatcher_busy(app->dispatcher) == 0 && !cw_past_busy(app->past)) {
                app->state = CLOSED;
                cw_committer_close(app->committer, store_closed, app);
        }
}

static void drained(void *data)
{
        struct cw_app *app = data;

        cw_log(app->options.log, CW_LOG_WARNING, "drain-cut-short", "deliveries", "%zu",
               cw_dispatcher_busy(app->dispatcher), NULL);
        close_app(app);
        advance(app);
}

static void terminate(struct cw_app *app, int signum)
{
        if (app->told_to_end)
                _exit(128 + signum);
        app->told_to_end = true;
        cw_log(app->options.log, CW_LOG_INFO, "stopping", "signal", "%d", signum, NULL);
        cw_ready_stopping();
        if (app->state > DRAINING)
                return;
        /* A single round (--once) drains by itself, but for as long as it takes. */
        app->state = DRAINING;
        cw_timer_stop(app->apply);
        cw_control_free(cw_take(app->control));
        app->poll_failed |= cw_feeds_unfinished(app->feeds) > 0;
        cw_feeds_stop(app->feeds);
        cw_past_cancel(app->past);
        cw_timer_start(app->deadline, DRAIN_MS);
        cw_committer_commit(app->committer);
        advance(app);
}

static void refuse_reload(struct cw_app *app, const char *reason)
{
        struct cw_event event = {.kind = CW_EVENT_RELOAD_RESULT, .result = {.failing = true, .reason = reason}};

        cw_log(app->options.log, CW_LOG_ERROR, "reload-failed", "reason", "%s", reason, NULL);
        step(app, &event);
        carry_out(app);
}

/* The engine knows what its rules look back at: cards may be observed. */
static void past_known(void *data)
{
        struct cw_app *app = data;

        if (app->state == RUNNING)
                cw_feeds_start(app->feeds);
        advance(app);
}

/* Rules that look back otherwise decide about nothing before they know what was: no card is observed until then. */
static int look_back(struct cw_app *app)
{
        cw_feeds_stop(app->feeds);
        return cw_past_start(app->past, app->settings->config->store_path, app->settings->config->rules);
}

/* In which zone people read times. TZ is set from the start on, before there are threads: later only its value
 * changes. */
static void use_zone(const struct cw_app *app, const struct cw_config *config)
{
        const char *system_zone = *app->options.system_zone ? app->options.system_zone : ":/etc/localtime";
        const char *zone = config->timezone ? config->timezone : system_zone, *before = getenv("TZ");

        if (before && strcmp(before, zone) == 0)
                return;
        setenv("TZ", zone, 1);
        tzset();
}

/* The engine goes by the new rules: so does everybody else. */
static void rules_in_force(void *data)
{
        struct cw_app *app = data;
        struct cw_event result = {.kind = CW_EVENT_RELOAD_RESULT, .result = {.failing = false}};

        step(app, &result);
        if (cw_dispatcher_configure(app->dispatcher, app->settings) < 0 ||
            cw_feeds_configure(app->feeds, app->settings) < 0 || (app->looks_back && look_back(app) < 0)) {
                cw_log(app->options.log, CW_LOG_ERROR, "out-of-memory", NULL);
                _exit(1);
        }
        cw_log(app->options.log, CW_LOG_INFO, "reloaded", "config", "%s", app->settings->config->hash, NULL);
        carry_out(app);
        cw_ready();
}

/* On a turn of its own: whoever asked for the reload may have company on theirs. */
static void apply(void *data)
{
        struct cw_app *app = data;
        struct cw_settings *settings = cw_take(app->next_settings);
        struct cw_event rules = {.kind = CW_EVENT_RULES, .rules = settings->config->rules};

        app->looks_back = cw_past_busy(app->past) ||
                          cw_past_differs(app->settings->config->rules, settings->config->rules);
        cw_settings_unref(app->settings);
        app->settings = settings;
        cw_log_configure(app->options.log, settings->config->log_level, settings->config->log_format);
        use_zone(app, settings->config);
        step_aside(app, &rules, rules_in_force, app);
}

static void audit_reload(struct cw_app *app, const struct cw_act *act, const char *hash)
{
        struct cw_event event = {.kind = CW_EVENT_AUDIT, .act = {.by = *act, .what = "reload", .target = hash}};

        step(app, &event);
}

/* False: the old one stays in force, and `why` says why. */
static bool reload(void *data, const struct cw_act *act, struct cw_buf *why)
{
        struct cw_app *app = data;
        struct cw_config_load_options options = {.system_zone = app->options.system_zone};
        struct cw_config_report report = CW_CONFIG_REPORT_NULL;
        struct cw_settings *settings = NULL;
        const char *fixed = NULL;
        bool good = false;

        if (app->state != RUNNING) {
                cw_buf_puts(why, "the daemon is ending");
                return false;
        }
        cw_ready_reloading();
        if (cw_settings_load(app->options.config_path, &options, &settings, &report) < 0)
                cw_config_report_first(&report, app->options.config_path, why);
        else
                fixed = cw_settings_fixed_part(app->settings, settings);
        if (fixed)
                cw_buf_puts(why, fixed);
        cw_settings_log_report(app->options.log, &report);
        good = settings && !fixed;
        if (good) {
                audit_reload(app, act, settings->config->hash);
                cw_settings_unref(app->next_settings);
                app->next_settings = settings;
                cw_timer_start(app->apply, 0);
        } else {
                refuse_reload(app, cw_buf_text(why));
                cw_settings_unref(settings);
                cw_ready();
        }
        cw_config_report_deinit(&report);
        return good;
}

static void on_signal(void *data, int signum)
{
        struct cw_app *app = data;
        struct cw_act act = {.by = "", .why = "signal HUP", .uid = -1};
        struct cw_buf why = CW_BUF_NULL; /* logged already */

        if (signum == SIGHUP)
                (void)reload(app, &act, &why);
        else if (signum == SIGUSR1)
                cw_feeds_poll_now(app->feeds);
        else
                terminate(app, signum);
        cw_buf_deinit(&why);
}

/* What the control API shows and does. */
static struct cw_engine *engine_of(void *data)
{
        const struct cw_app *app = data;

        return app->engine;
}

static const struct cw_settings *settings_of(void *data)
{
        const struct cw_app *app = data;

        return app->settings;
}

static bool store_works(void *data)
{
        const struct cw_app *app = data;

        return !app->store_failing;
}

static struct cw_store_size store_size(void *data)
{
        const struct cw_app *app = data;

        return cw_committer_size(app->committer);
}

static void poll_now(void *data)
{
        const struct cw_app *app = data;

        cw_feeds_poll_now(app->feeds);
}

static void when_written(void *data, void (*fn)(void *), void *fn_data)
{
        const struct cw_app *app = data;

        if (cw_committer_settled(app->committer) || cw_committer_wait(app->committer, fn, fn_data) < 0)
                fn(fn_data);
        else
                cw_committer_commit(app->committer);
}

static int send_test(void *data, const char *name, cw_tested_fn done, void *tester)
{
        const struct cw_app *app = data;

        return cw_dispatcher_test(app->dispatcher, name, done, tester);
}

/* At its usual place the socket is a convenience that the machine may not offer; one that was asked for must be there.
 */
static int open_control(struct cw_app *app)
{
        static const struct cw_control_calls calls = {
                .engine = engine_of,
                .settings = settings_of,
                .store_works = store_works,
                .store_size = store_size,
                .step = step,
                .carry_out = decided,
                .when_written = when_written,
                .reload = reload,
                .poll = poll_now,
                .test = send_test,
        };
        const char *path = app->settings->config->control_socket;
        struct cw_control_options options = {
                .loop = app->loop, .log = app->options.log, .socket_path = path, .calls = &calls, .data = app};
        struct cw_buf why = CW_BUF_NULL;
        bool usual;
        int r;

        if (!path || app->options.once)
                return 0;
        usual = strcmp(path, CW_CONFIG_CONTROL_SOCKET) == 0;
        r = cw_control_new(&options, &app->control, &why);
        if (r < 0)
                cw_log(app->options.log, usual ? CW_LOG_WARNING : CW_LOG_ERROR, "control-unavailable", "reason", "%s",
                       cw_buf_text(&why), NULL);
        cw_buf_deinit(&why);
        return usual && r != -ENOMEM ? 0 : r;
}

static int make_loop(struct cw_app *app)
{
        static const int signums[] = {SIGHUP, SIGUSR1, SIGTERM, SIGINT};
        int r;

        r = cw_loop_new(&app->loop);
        if (r == 0)
                cw_turns_init(&app->turns, app->options.log, app->loop);
        if (r == 0)
                r = cw_http_new(app->loop, "cardwatchd/" CARDWATCH_VERSION, &app->http);
        if (r == 0)
                r = cw_timer_new(app->loop, tick, app, &app->tick);
        if (r == 0)
                r = cw_timer_new(app->loop, apply, app, &app->apply);
        if (r == 0)
                r = cw_timer_new(app->loop, drained, app, &app->deadline);
        if (r == 0)
                r = cw_timer_new(app->loop, watchdog, app, &app->watchdog);
        for (size_t i = 0; r == 0 && i < CW_ARRAY_SIZE(signums); i++)
                r = cw_signal_new(app->loop, signums[i], on_signal, app, &app->signals[i]);
        return r;
}

static int open_store(struct cw_app *app, struct cw_buf *message)
{
        const struct cw_config *config = app->settings->config;
        struct cw_committer_options options = {
                .loop = app->loop,
                .log = app->options.log,
                .keep = {.history_ms = config->keep_history_ms,
                         .audit_ms = config->keep_audit_ms,
                         .max_bytes = (int64_t)config->max_store_bytes},
                .result = store_result,
                .idle = progress,
                .data = app,
        };
        int r;

        r = cw_store_open(config->store_path, &app->store, message);
        options.store = app->store;
        return r < 0 ? r : cw_committer_new(&options, &app->committer);
}

static int make_feeds(struct cw_app *app)
{
        struct cw_feeds_options feeds = {
                .loop = app->loop,
                .http = app->http,
                .log = app->options.log,
                .once = app->options.once,
                .step = step,
                .step_aside = step_aside,
                .polled = polled,
                .decided = decided,
                .knows_page = knows_page,
                .repeats = repeats,
                .look_ups = look_ups,
                .read_again = read_again,
                .memory_of = memory_of,
                .judgement_of = judgement_of,
                .data = app,
        };

        return cw_feeds_new(&feeds, &app->feeds);
}

/* The first requests are on their way while the cards are loaded; what they bring waits. */
static int load(struct cw_app *app, struct cw_loading *loading)
{
        int r = cw_loading_begin(loading);

        app->engine = loading->engine;
        cw_http_hold(app->http);
        if (r == 0)
                r = make_feeds(app);
        if (r == 0)
                r = cw_feeds_ahead(app->feeds, app->settings);
        if (r == 0)
                r = cw_loading_run(loading);
        return r;
}

static int open_and_load(struct cw_app *app)
{
        struct cw_loading loading = {.rules = app->settings->config->rules, .loop = app->loop};
        int r = open_store(app, &loading.message);

        if (r == 0) {
                loading.store = app->store;
                loading.changes = cw_committer_changes(app->committer);
                loading.now = cw_clock_wall_ms();
                app->clocks_apart_ms = loading.now - cw_clock_mono_ms();
                r = load(app, &loading);
        }
        if (r < 0)
                cw_log(app->options.log, CW_LOG_ERROR, "store-unusable", "path", "%s",
                       app->settings->config->store_path, "reason", "%s",
                       loading.message.len ? cw_buf_text(&loading.message) : strerror(-r), NULL);
        cw_loading_deinit(&loading);
        return r;
}

static int wire_up(struct cw_app *app)
{
        struct cw_decider_options decider = {
                .loop = app->loop,
                .log = app->options.log,
                .engine = app->engine,
                .committer = app->committer,
                .turns = &app->turns,
                .clocks_apart_ms = app->clocks_apart_ms,
        };
        struct cw_dispatcher_options dispatcher = {
                .loop = app->loop,
                .http = app->http,
                .log = app->options.log,
                .engine = app->engine,
                .committer = app->committer,
                .once = app->options.once,
                .step = step,
                .step_aside = step_aside,
                .progress = progress,
                .data = app,
        };
        struct cw_past_options past = {
                .loop = app->loop,
                .log = app->options.log,
                .engine = app->engine,
                .committer = app->committer,
                .done = past_known,
                .data = app,
        };
        int r;

        r = cw_decider_new(&decider, &app->decider);
        if (r == 0)
                r = cw_past_new(&past, &app->past);
        if (r == 0)
                r = cw_dispatcher_new(&dispatcher, app->settings, &app->dispatcher);
        return r;
}

int cw_app_new(const struct cw_app_options *options, struct cw_settings *settings, struct cw_app **ret_app)
{
        cw_cleanup(cw_app_free_cleanup) struct cw_app *app = calloc(1, sizeof(*app));
        sigset_t all, before;
        int r;

        if (!app) {
                cw_settings_unref(settings);
                return -ENOMEM;
        }
        app->options = *options;
        app->settings = settings;
        use_zone(app, settings->config);
        /* The loop turns while cards are loaded: whom a signal is told must be there by then. */
        sigfillset(&all);
        (void)pthread_sigmask(SIG_BLOCK, &all, &before);
        r = make_loop(app) ?: open_and_load(app) ?: wire_up(app) ?: open_control(app);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (r < 0)
                return r;
        *ret_app = cw_take(app);
        return 0;
}

void cw_app_free(struct cw_app *app)
{
        if (!app)
                return;
        cw_control_free(app->control);
        cw_feeds_free(app->feeds);
        cw_http_free(app->http);
        cw_dispatcher_free(app->dispatcher);
        cw_past_free(app->past);
        cw_committer_free(app->committer);
        cw_decider_free(app->decider);
        cw_engine_free(app->engine);
        cw_settings_unref(app->settings);
        cw_settings_unref(app->next_settings);
        for (size_t i = 0; i < CW_ARRAY_SIZE(app->signals); i++)
                cw_signal_free(app->signals[i]);
        cw_timer_free(app->tick);
        cw_timer_free(app->apply);
        cw_timer_free(app->deadline);
        cw_timer_free(app->watchdog);
        cw_loop_free(app->loop);
        cw_store_close(app->store);
        free(app);
}

int cw_app_run(struct cw_app *app)
{
        cw_log(app->options.log, CW_LOG_INFO, "started", "version", "%s", CARDWATCH_VERSION, "config", "%s",
               app->settings->config->hash, NULL);
        cw_ready();
        if (cw_ready_watchdog_ms())
                watchdog(app);
        cw_feeds_begin(app->feeds);
        cw_http_release(app->http);
        carry_out(app);
        cw_loop_run(app->loop);
        if (app->options.once && (app->poll_failed || cw_dispatcher_failed(app->dispatcher) > 0))
                app->exit_status = 1;
        cw_turns_sum_up(&app->turns);
        cw_log(app->options.log, CW_LOG_INFO, "stopped", NULL);
        return app->exit_status;
}
