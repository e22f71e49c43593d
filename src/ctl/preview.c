/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch preview: one poll of every source, and what the rules would make of it. Stores nothing of it and sends
 * nothing. */
#include "cardwatch/preview.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/http.h"
#include "cardwatch/log.h"
#include "cardwatch/loop.h"
#include "cardwatch/money.h"
#include "cardwatch/settings.h"
#include "cardwatch/source.h"
#include "command.h"
#include "login_memory.h"
#include "options.h"

/* What one source showed. */
struct look {
        struct run *run;
        const struct cw_config_source *config;
        struct cw_source *source;
        struct cw_preview preview;
        size_t customers, cards, bad;
        struct cw_poll_summary summary;
        char reason[256];
        bool ended;
};

struct run {
        struct cw_settings *settings;
        struct cw_loop *loop;
        struct cw_http *http;
        struct cw_log *log;
        struct look *looks;
        bool failed;
};

static void poll_began(void *data, struct cw_source *source, int64_t at)
{
        (void)data;
        (void)source;
        (void)at;
}

static void took_page(void *data, struct cw_source *source, uint32_t number, const struct cw_page *page,
                      int64_t sent_at)
{
        struct look *look = data;

        (void)source;
        (void)number;
        (void)sent_at;
        look->customers += page->n_customers;
        look->cards += page->n_cards;
        look->bad += page->n_bad;
        for (size_t i = 0; i < page->n_cards; i++)
                if (cw_preview_add(&look->preview, look->run->settings->config->rules, look->config->name,
                                   &page->cards[i]) < 0)
                        look->run->failed = true;
}

static void poll_ended(void *data, struct cw_source *source, const struct cw_poll_summary *summary)
{
        struct look *look = data;
        struct run *run = look->run;

        (void)source;
        look->summary = *summary;
        snprintf(look->reason, sizeof(look->reason), "%s", summary->reason);
        look->ended = true;
        for (size_t i = 0; i < run->settings->config->n_sources; i++)
                if (!run->looks[i].ended)
                        return;
        cw_loop_stop(run->loop);
}

static void remember(void *data, struct cw_source *source, const struct cw_source_memory *memory)
{
        const struct look *look = data;
        struct cw_login_memory where = {"preview", look->run->settings->config->store_path};

        (void)source;
        cw_login_memory_keep(&where, look->config->name, memory);
}

static void paused(void *data, struct cw_source *source)
{
        (void)data;
        (void)source;
}

static int start(struct run *run)
{
        static const struct cw_source_listener listener = {.poll_began = poll_began,
                                                           .page = took_page,
                                                           .poll_ended = poll_ended,
                                                           .remember = remember,
                                                           .paused = paused};
        struct cw_login_memory where = {"preview", run->settings->config->store_path};
        int r;

        r = cw_loop_new(&run->loop);
        if (r == 0)
                r = cw_http_new(run->loop, "cardwatch/" CARDWATCH_VERSION, &run->http);
        for (size_t i = 0; r == 0 && i < run->settings->config->n_sources; i++) {
                struct look *look = &run->looks[i];
                struct cw_source_options options;

                look->run = run;
                look->config = &run->settings->config->sources[i];
                options = cw_settings_source(look->config);
                options.memory = cw_login_memory_recall(&where, &options);
                r = cw_source_new(run->loop, run->http, run->log, &options, &listener, look, &look->source);
                if (r == 0)
                        cw_source_start(look->source, true);
        }
        return r;
}

static void finish(struct run *run)
{
        for (size_t i = 0; i < run->settings->config->n_sources; i++) {
                cw_source_free(run->looks[i].source);
                cw_preview_deinit(&run->looks[i].preview);
        }
        free(run->looks);
        cw_http_free(run->http);
        if (run->loop)
                cw_loop_free(run->loop);
        cw_log_free(run->log);
        cw_settings_unref(run->settings);
}

static const char *plural(size_t n)
{
        return n == 1 ? "" : "s";
}

/* Half of the beat free is a beat that holds when the API is slow one day. */
static void print_beat(const struct look *look)
{
        struct cw_buf buf = CW_BUF_NULL;
        int64_t every_ms = look->config->every_ms, took_ms = look->summary.took_ms;

        cw_duration_format(&buf, every_ms);
        if (took_ms * 2 <= every_ms) {
                printf("  `every: %s` leaves room enough.\n", cw_buf_text(&buf));
        } else {
                int64_t wanted_ms = (took_ms * 2 / CW_SECOND_MS + 1) * CW_SECOND_MS;

                printf("  `every: %s` is too short for that: set ", cw_buf_text(&buf));
                cw_buf_clear(&buf);
                cw_duration_format(&buf, wanted_ms);
                printf("`every: %s` or more.\n", cw_buf_text(&buf));
        }
        cw_buf_deinit(&buf);
}

static void print_examples(const struct cw_preview_line *line)
{
        for (size_t i = 0; i < line->n_examples; i++) {
                const struct cw_card *card = &line->examples[i];
                struct cw_buf amount = CW_BUF_NULL;

                cw_amount_format(&amount, card->available, cw_currency_digits(card->currency));
                printf("      e.g. card %" PRId64 " of customer %" PRId64 ": available %s %s\n", card->id,
                       card->customer, cw_buf_text(&amount), card->currency);
                cw_buf_deinit(&amount);
        }
}

static void print_lines(const struct look *look)
{
        const struct cw_ruleset *rules = look->run->settings->config->rules;
        bool any = false;

        printf("  %-24s %-9s %-9s %11s %13s %12s\n", "rule", "severity", "currency", "would fire", "never funded",
               "deactivated");
        for (size_t i = 0; i < look->preview.n_lines; i++) {
                const struct cw_preview_line *line = &look->preview.lines[i];

                if (!line->would_fire && !line->deactivated)
                        continue;
                any = true;
                printf("  %-24s %-9s %-9s %11" PRIu32 " %13" PRIu32 " %12" PRIu32 "\n", line->rule->name,
                       cw_severity_name(line->rule->severity), line->currency, line->would_fire, line->never_funded,
                       line->deactivated);
                print_examples(line);
        }
        if (!any)
                puts("  nothing would fire");
        for (size_t i = 0; i < rules->n_rules; i++)
                if (rules->rules[i].enabled && rules->rules[i].on)
                        printf("  %-24s tells events, none at a first look\n", rules->rules[i].name);
}

static void print_look(const struct look *look)
{
        const struct cw_poll_summary *summary = &look->summary;
        uint32_t pages = summary->pages_good + summary->pages_bad;

        printf("source %s: %zu customer%s, %zu card%s on %" PRIu32 " page%s; %" PRIu32
               " request%s, a poll takes %" PRId64 ".%03" PRId64 " s\n",
               look->config->name, look->customers, plural(look->customers), look->cards, plural(look->cards), pages,
               plural(pages), summary->requests, plural(summary->requests), summary->took_ms / 1000,
               summary->took_ms % 1000);
        if (summary->pages_bad || !summary->pages_good)
                printf("  the poll was not complete: %s\n", look->reason);
        if (look->bad)
                printf("  %zu card%s cannot be trusted and would be set aside (bad-data)\n", look->bad,
                       plural(look->bad));
        if (!summary->pages_good)
                return;
        print_beat(look);
        print_lines(look);
}

static void json_text(struct cw_buf *buf, const char *text)
{
        cw_buf_putc(buf, '"');
        for (const char *c = text; *c; c++) {
                if (*c == '"' || *c == '\\')
                        cw_buf_printf(buf, "\\%c", *c);
                else if ((unsigned char)*c < 0x20)
                        cw_buf_printf(buf, "\\u%04x", (unsigned)*c);
                else
                        cw_buf_putc(buf, *c);
        }
        cw_buf_putc(buf, '"');
}

static void json_look(struct cw_buf *buf, const struct look *look)
{
        const struct cw_poll_summary *summary = &look->summary;

        cw_buf_puts(buf, "{\"source\":");
        json_text(buf, look->config->name);
        cw_buf_printf(buf,
                      ",\"complete\":%s,\"customers\":%zu,\"cards\":%zu,\"bad_cards\":%zu,\"requests\":%" PRIu32
                      ",\"poll_ms\":%" PRId64 ",\"every_ms\":%" PRId64 ",\"reason\":",
                      summary->pages_good && !summary->pages_bad ? "true" : "false", look->customers, look->cards,
                      look->bad, summary->requests, summary->took_ms, look->config->every_ms);
        json_text(buf, look->reason);
        cw_buf_puts(buf, ",\"rules\":[");
        for (size_t i = 0; i < look->preview.n_lines; i++) {
                const struct cw_preview_line *line = &look->preview.lines[i];

                cw_buf_puts(buf, i ? ",{\"rule\":" : "{\"rule\":");
                json_text(buf, line->rule->name);
                cw_buf_printf(buf,
                              ",\"severity\":\"%s\",\"currency\":\"%s\",\"would_fire\":%" PRIu32
                              ",\"never_funded\":%" PRIu32 ",\"deactivated\":%" PRIu32 ",\"unknown\":%" PRIu32 "}",
                              cw_severity_name(line->rule->severity), line->currency, line->would_fire,
                              line->never_funded, line->deactivated, line->unknown);
        }
        cw_buf_puts(buf, "]}");
}

static int print(const struct run *run, bool json)
{
        struct cw_buf buf = CW_BUF_NULL;
        int status = run->failed ? CW_EXIT_FAILED : CW_EXIT_OK;

        cw_buf_puts(&buf, "{\"sources\":[");
        for (size_t i = 0; i < run->settings->config->n_sources; i++) {
                const struct look *look = &run->looks[i];

                if (!look->summary.pages_good || look->summary.pages_bad)
                        status = CW_EXIT_FAILED;
                if (i)
                        cw_buf_putc(&buf, ',');
                json_look(&buf, look);
                if (!json)
                        print_look(look);
        }
        cw_buf_puts(&buf, "]}\n");
        if (json)
                fputs(cw_buf_text(&buf), stdout);
        else
                puts("Nothing was stored and nothing was sent.");
        if (cw_buf_error(&buf) < 0 || fflush(stdout) != 0)
                status = CW_EXIT_FAILED;
        cw_buf_deinit(&buf);
        return status;
}

static int preview(struct cw_settings *settings, bool json)
{
        struct run run = {.settings = settings, .log = cw_command_log()};
        int status = CW_EXIT_FAILED;
        int r;

        run.looks = calloc(settings->config->n_sources + 1, sizeof(*run.looks));
        r = run.looks && run.log ? start(&run) : -ENOMEM;
        if (r < 0) {
                fprintf(stderr, "cardwatch preview: %s\n", strerror(-r));
        } else {
                cw_loop_run(run.loop);
                status = print(&run, json);
        }
        finish(&run);
        return status;
}

static int run_command(const struct cw_command *command, int argc, char **argv)
{
        const char *path = CW_DEFAULT_CONFIG;
        struct cw_settings *settings;
        bool json = false;
        const struct cw_option options[] = {{"json", .flag = &json}};
        const struct cw_option_set set = {.options = options, .n = CW_ARRAY_SIZE(options)};
        int status = cw_options_read_local(command, argc, argv, &set, &path);

        if (status >= 0)
                return status;
        status = cw_command_load(path, false, &settings);
        return status ? status : preview(settings, json);
}

const struct cw_command cw_command_preview = {
        .name = "preview",
        .usage = "Usage: cardwatch preview [-c FILE] [--json]\n"
                 "\n"
                 "Polls every source once, stores and sends nothing, and says what would fire: by rule and currency, "
                 "with the\n"
                 "never-funded cards among them, and the deactivated cards that the rule skips. Says how many requests "
                 "and how\n"
                 "long a poll takes, and what `every` to set.\n"
                 "\n"
                 "  -c, --config FILE  the configuration (default " CW_DEFAULT_CONFIG ")\n"
                 "      --json         for programs\n"
                 "  -h, --help         this text\n"
                 "\n"
                 "Exit status: 0 every source was read completely, 1 not, 64 usage, 78 configuration.\n",
        .run = run_command,
};
