/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch backtest: what rules would have made of the recorded past. Reads the store, sends and writes nothing. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backtest_report.h"
#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/recall.h"
#include "cardwatch/settings.h"
#include "cardwatch/store_history.h"
#include "command.h"
#include "options.h"
#include "past.h"
#include "score.h"

#define WARM_UP_BEATS 3

struct run {
        const char *config, *compare, *rule, *since;
        bool json, messages;
        int64_t now, asked_at, from_at;
        struct cw_settings *settings, *other;
        struct cw_past past;
        struct cw_score score, other_score;
        struct cw_buf notes;
};

static bool names_rule(const struct cw_settings *settings, const char *name)
{
        for (size_t i = 0; settings && i < settings->config->rules->n_rules; i++)
                if (strcmp(settings->config->rules->rules[i].name, name) == 0)
                        return true;
        return false;
}

/* The others are as if they were not written; what was recorded had been believed, however odd it was. */
static void prepare(struct cw_settings *settings, const char *rule)
{
        struct cw_ruleset *rules = settings->config->rules;

        for (size_t i = 0; rule && i < rules->n_rules; i++)
                rules->rules[i].enabled &= strcmp(rules->rules[i].name, rule) == 0;
        for (size_t i = 0; i < rules->n_sources; i++)
                rules->sources[i].suspect_above = 0;
}

static int64_t longer(int64_t a, int64_t b)
{
        return a > b ? a : b;
}

/* How long a rule must have watched for what it tells to be news. */
static int64_t warm_up_ms(const struct cw_settings *settings)
{
        const struct cw_ruleset *rules = settings->config->rules;
        int64_t ms = 0, beat_ms = 0;

        for (size_t i = 0; i < rules->n_rules; i++) {
                const struct cw_rule *rule = &rules->rules[i];

                if (!rule->enabled)
                        continue;
                ms = longer(ms, rule->for_ms);
                ms = longer(ms, rule->flap.limit ? rule->flap.window_ms : 0);
        }
        for (size_t i = 0; i < rules->n_sources; i++)
                beat_ms = longer(beat_ms, rules->sources[i].every_ms);
        return ms + WARM_UP_BEATS * beat_ms;
}

static void note(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct run *run, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        cw_buf_vprintf(&run->notes, format, args);
        va_end(args);
        cw_buf_putc(&run->notes, '\n');
}

static const char *time_text(char text[64], int64_t at)
{
        time_t seconds = (time_t)(at / CW_SECOND_MS);
        struct tm parts;

        text[0] = '\0';
        if (localtime_r(&seconds, &parts))
                strftime(text, 64, "%Y-%m-%d %H:%M:%S %Z", &parts);
        return text;
}

/* From where on a rule that looks that far back must be told: the beginning of all, if it may look at everything. */
static int64_t begin_at(int64_t at, int64_t recall_ms, int64_t warm_ms)
{
        return recall_ms < at - warm_ms ? at - warm_ms - recall_ms : 1;
}

struct gaps {
        uint32_t stale, down, unstored;
};

static int take_edge(void *data, const struct cw_history_row *row)
{
        struct gaps *gaps = data;

        if (strcmp(row->what, "firing") != 0)
                return 0;
        gaps->stale += strcmp(row->rule, cw_builtin_name(CW_BUILTIN_STALE)) == 0;
        gaps->down += strcmp(row->rule, cw_builtin_name(CW_BUILTIN_SOURCE_DOWN)) == 0;
        gaps->unstored += strcmp(row->rule, cw_builtin_name(CW_BUILTIN_STORE_FAILING)) == 0;
        return 0;
}

static int note_gaps(struct run *run, struct cw_buf *message)
{
        struct cw_store_span span = {.from_at = run->from_at};
        struct gaps gaps = {0};
        int r = cw_store_walk_edges(run->past.store, &span, take_edge, &gaps, message);

        if (gaps.stale || gaps.down)
                note(run,
                     "Sources were stale %" PRIu32 " and down %" PRIu32
                     " times; their polls are taken to have been complete all the same.",
                     gaps.stale, gaps.down);
        if (gaps.unstored)
                note(run, "The store could not be written %" PRIu32 " times: of changes then only the last is known.",
                     gaps.unstored);
        return r;
}

static void note_unwatched(struct run *run)
{
        const struct cw_past *past = &run->past;

        for (size_t i = 0; i < past->n_sources; i++)
                if (!past->sources[i].known)
                        note(run, "The store knows nothing of source %s.", past->sources[i].name);
        for (size_t i = 0; i < run->settings->config->rules->n_rules; i++) {
                const struct cw_rule *rule = &run->settings->config->rules->rules[i];

                if (rule->enabled && rule->arm_after_clear)
                        note(run, "%s: which cards had been seen clear before is not known; some may have been armed.",
                             rule->name);
        }
}

static int note_limits(struct run *run, struct cw_buf *message)
{
        char text[64];

        if (run->past.first_poll_at > run->asked_at)
                note(run, "Nothing is known before %s, when the first poll was.",
                     time_text(text, run->past.first_poll_at));
        if (run->past.is_cut && run->from_at > run->asked_at)
                note(run, "Changes are kept since %s only.", time_text(text, run->past.from_at));
        if (run->past.is_cut && cw_recall_ms(run->settings->config->rules) > 0)
                note(run, "What conditions look back on before %s is not kept: balances are taken to have stood still.",
                     time_text(text, run->past.from_at));
        if (run->past.to_at < run->now - CW_HOUR_MS)
                note(run, "The last poll was at %s.", time_text(text, run->past.to_at));
        note_unwatched(run);
        return note_gaps(run, message);
}

struct listening {
        struct cw_score *score;
        bool prints; /* each message, as it comes */
};

static void moved(void *data, int64_t at, const struct cw_history_row *row)
{
        cw_score_move(((struct listening *)data)->score, at, row);
}

static void alert_changed(void *data, int64_t at, const struct cw_alert_row *row)
{
        cw_score_alert(((struct listening *)data)->score, at, row);
}

static void sent(void *data, int64_t at, const struct cw_world_message *message)
{
        const struct listening *listening = data;

        cw_score_message(listening->score, at, message->notifier);
        if (listening->prints && at >= listening->score->from_at)
                printf("%.*s\n", (int)message->json_len, message->json);
}

static int play(struct run *run, struct cw_settings *settings, struct cw_score *score, struct cw_buf *message)
{
        static const struct cw_world_listener listener = {.moved = moved, .alert = alert_changed, .sent = sent};
        struct listening listening = {.score = score, .prints = run->messages};
        struct cw_world_options options = {
                .settings = settings,
                .start_at = run->past.from_at,
                .stored = &run->past.stored,
                .renders = run->messages,
                .listener = &listener,
                .data = &listening,
        };
        struct cw_world *world = NULL;
        int r = cw_score_init(score, settings, run->from_at);

        if (r == 0)
                r = cw_world_new(&options, &world);
        if (r == 0)
                r = cw_past_play(&run->past, world, message);
        cw_world_free(world);
        cw_score_finish(score, run->past.to_at);
        return r < 0 ? r : score->error;
}

static int print(const struct run *run)
{
        struct cw_backtest_report report = {
                .score = &run->score,
                .other = run->other ? &run->other_score : NULL,
                .only = run->rule,
                .asked_at = run->asked_at,
                .from_at = run->from_at,
                .to_at = longer(run->past.to_at, run->from_at),
                .notes = &run->notes,
        };
        struct cw_buf text = CW_BUF_NULL;
        int status = CW_EXIT_OK;

        /* The messages stand alone; what could not be known of them is said beside. */
        if (run->messages)
                fputs(cw_buf_text(&run->notes), stderr);
        else if (run->json)
                cw_backtest_json(&text, &report);
        else
                cw_backtest_text(&text, &report);
        fputs(cw_buf_text(&text), stdout);
        if (cw_buf_error(&text) < 0 || fflush(stdout) != 0)
                status = CW_EXIT_FAILED;
        cw_buf_deinit(&text);
        return status;
}

/* The sources of both configurations must be the same: one past is played for both. */
static const char *differs(const struct cw_settings *one, const struct cw_settings *other)
{
        if (!other)
                return NULL;
        if (one->config->n_sources != other->config->n_sources)
                return "another number of sources";
        for (size_t i = 0; i < one->config->n_sources; i++)
                if (strcmp(one->config->sources[i].name, other->config->sources[i].name) != 0)
                        return "sources of other names, or in another order";
        return NULL;
}

static int backtest(struct run *run)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf message = CW_BUF_NULL;
        const struct cw_config *config = run->settings->config;
        int64_t warm_ms = warm_up_ms(run->settings), recall_ms = cw_recall_ms(config->rules);
        int r;

        if (run->other) {
                warm_ms = longer(warm_ms, warm_up_ms(run->other));
                recall_ms = longer(recall_ms, cw_recall_ms(run->other->config->rules));
        }
        r = cw_past_open(&run->past, run->settings, begin_at(run->asked_at, recall_ms, warm_ms),
                         run->now - config->keep_history_ms, &message);
        if (r == 0 && !run->past.first_poll_at) {
                cw_buf_puts(&message, "it knows of no source of this configuration");
                r = -ENOENT;
        }
        if (r == 0) {
                run->from_at = longer(run->asked_at, run->past.first_poll_at);
                if (run->past.is_cut)
                        run->from_at = longer(run->from_at, run->past.from_at + warm_ms);
                r = note_limits(run, &message);
        }
        if (r == 0)
                r = play(run, run->settings, &run->score, &message);
        if (r == 0 && run->other)
                r = play(run, run->other, &run->other_score, &message);
        if (r == 0)
                return print(run);
        fprintf(stderr, "cardwatch backtest: %s: %s\n", run->settings->config->store_path,
                message.len ? cw_buf_text(&message) : strerror(-r));
        return CW_EXIT_FAILED;
}

/* A span until now, or a time. */
static bool read_since(const char *text, int64_t now, int64_t *ret_at)
{
        int64_t ms;

        if (cw_duration_parse(text, strlen(text), &ms) == 0 && ms > 0 && ms < now) {
                *ret_at = now - ms;
                return true;
        }
        return cw_clock_parse(text, ret_at) == 0 && *ret_at > 0 && *ret_at < now;
}

static int load(const struct cw_command *command, struct run *run)
{
        const char *difference;
        int status = cw_command_load(run->config, true, &run->settings);

        if (status == 0 && run->compare)
                status = cw_command_load(run->compare, true, &run->other);
        if (status)
                return status;
        difference = differs(run->settings, run->other);
        if (difference) {
                fprintf(stderr, "cardwatch backtest: %s has %s than %s\n", run->compare, difference, run->config);
                return CW_EXIT_CONFIG;
        }
        if (run->rule && !names_rule(run->settings, run->rule) && !names_rule(run->other, run->rule))
                return cw_command_misused(command, "the configuration has no rule \"%s\"", run->rule);
        prepare(run->settings, run->rule);
        if (run->other)
                prepare(run->other, run->rule);
        if (run->settings->config->timezone)
                setenv("TZ", run->settings->config->timezone, 1);
        tzset();
        return 0;
}

/* Returns -1 to go on, else an exit status. */
static int read_options(const struct cw_command *command, int argc, char **argv, struct run *run)
{
        const struct cw_option options[] = {
                {"compare", .text = &run->compare}, {"since", .text = &run->since},       {"rule", .text = &run->rule},
                {"json", .flag = &run->json},       {"messages", .flag = &run->messages},
        };
        const struct cw_option_set set = {.options = options, .n = CW_ARRAY_SIZE(options)};
        int status = cw_options_read_local(command, argc, argv, &set, &run->config);

        if (status >= 0)
                return status;
        if (run->messages && (run->compare || run->json))
                return cw_command_misused(command,
                                          "--messages are told alone: give neither --json nor --compare with it");
        if (!run->since)
                return cw_command_misused(command, "since when? give --since, such as --since 30d");
        if (!read_since(run->since, run->now, &run->asked_at))
                return cw_command_misused(command, "--since is a duration such as 30d, or a time in the past such as "
                                                   "2026-11-01T00:00:00Z");
        return -1;
}

static int run_command(const struct cw_command *command, int argc, char **argv)
{
        struct run run = {.config = CW_DEFAULT_CONFIG, .now = cw_clock_wall_ms()};
        int status = read_options(command, argc, argv, &run);

        if (status < 0)
                status = load(command, &run);
        else
                return status;
        if (status == 0)
                status = backtest(&run);
        cw_past_close(&run.past);
        cw_score_deinit(&run.score);
        cw_score_deinit(&run.other_score);
        cw_buf_deinit(&run.notes);
        cw_settings_unref(run.settings);
        cw_settings_unref(run.other);
        return status;
}

const struct cw_command cw_command_backtest = {
        .name = "backtest",
        .usage = "Usage: cardwatch backtest --since TIME [--rule NAME] [-c FILE] [--compare FILE] [--json | "
                 "--messages]\n"
                 "\n"
                 "Plays the recorded changes of balances to the rules once more and counts what they would have told: "
                 "alerts and\n"
                 "how long they lasted, flaps, events, messages of each notifier, the noisiest cards. Reads the store "
                 "of "
                 "the\n"
                 "configuration, whether a daemon runs on it or not; sends and writes nothing. Polls are taken to have "
                 "been\n"
                 "complete; what could not be known is said at the end.\n"
                 "\n"
                 "      --since TIME    a duration until now such as 30d, or a time such as 2026-11-01T00:00:00Z\n"
                 "      --rule NAME     only this rule\n"
                 "  -c, --config FILE   the configuration (default " CW_DEFAULT_CONFIG ")\n"
                 "      --compare FILE  another configuration, set beside it\n"
                 "      --json          for programs\n"
                 "      --messages      every message instead of counts: the webhook's body, one a line\n"
                 "  -h, --help          this text\n"
                 "\n"
                 "Exit status: 0 done, 1 the store cannot be read, 64 usage, 78 configuration.\n",
        .run = run_command,
};
