/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch check: is the configuration right; and unless --offline, does what it names exist and answer. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/config_report.h"
#include "cardwatch/http.h"
#include "cardwatch/log.h"
#include "cardwatch/loop.h"
#include "cardwatch/secret.h"
#include "cardwatch/settings.h"
#include "cardwatch/source.h"
#include "command.h"
#include "login_memory.h"
#include "options.h"

#define PROBE_TIMEOUT_MS 15000

struct check {
        const char *path;
        bool strict, offline, json;
        struct cw_settings *settings;
        struct cw_config_report report;
        size_t found; /* problems of the world, not of the file */
};

static void found(struct check *check, const char *what, const char *name, const char *problem)
{
        struct cw_config_place place = {.file = check->path};
        char message[512];

        check->found++;
        snprintf(message, sizeof(message), "%s %s: %s", what, name, problem);
        if (cw_config_report_add(&check->report, &place, message) < 0)
                fprintf(stderr, "cardwatch check: out of memory\n");
}

/* The host of a URL, without user, port and brackets; false when there is none. */
static bool host_of(const char *url, char *ret_host, size_t size)
{
        const char *start = strstr(url, "://");
        const char *end, *at;

        start = start ? start + 3 : url;
        end = start + strcspn(start, "/?#");
        at = memrchr(start, '@', (size_t)(end - start));
        if (at)
                start = at + 1;
        if (*start == '[') {
                start++;
                end = start + strcspn(start, "]");
        } else {
                end = start + strcspn(start, ":/?#");
        }
        if (end == start || (size_t)(end - start) >= size)
                return false;
        memcpy(ret_host, start, (size_t)(end - start));
        ret_host[end - start] = '\0';
        return true;
}

static void check_host(struct check *check, const char *what, const char *name, const char *host)
{
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
        char problem[300];
        int r = getaddrinfo(host, NULL, &hints, &list);

        if (r == 0) {
                freeaddrinfo(list);
                return;
        }
        snprintf(problem, sizeof(problem), "host %s does not resolve: %s", host, gai_strerror(r));
        found(check, what, name, problem);
}

static void check_url(struct check *check, const char *what, const char *name, const char *url)
{
        char host[256];

        if (!url)
                return;
        if (host_of(url, host, sizeof(host)))
                check_host(check, what, name, host);
        else
                found(check, what, name, "its URL names no host");
}

static void check_command(struct check *check, const struct cw_sink_options *options)
{
        char problem[300];

        if (access(options->command[0], X_OK) == 0)
                return;
        snprintf(problem, sizeof(problem), "%.200s: %s", options->command[0], strerror(errno));
        found(check, "notifier", options->name, problem);
}

static void check_notifier(struct check *check, const struct cw_notifier *notifier)
{
        const struct cw_sink_options *options = &notifier->options;

        if (options->url)
                check_url(check, "notifier", options->name, cw_secret_reveal(options->url));
        else if (options->server)
                check_url(check, "notifier", options->name, options->server);
        else if (options->smtp)
                check_url(check, "notifier", options->name, options->smtp);
        else if (options->n_command > 0)
                check_command(check, options);
        else if (notifier->target.host)
                check_host(check, "notifier", options->name, notifier->target.host);
}

/* One page of one customer is enough to know that the credentials are right. */
struct probe {
        struct check *check;
        struct cw_loop *loop;
        struct cw_source *source;
        const char *name;
        bool over;
};

static void end_probe(struct probe *probe)
{
        if (probe->over)
                return;
        probe->over = true;
        cw_source_pause(probe->source);
        cw_loop_stop(probe->loop);
}

static void probe_began(void *data, struct cw_source *source, int64_t at)
{
        (void)data;
        (void)source;
        (void)at;
}

static void probe_page(void *data, struct cw_source *source, uint32_t number, const struct cw_page *page,
                       int64_t sent_at)
{
        (void)source;
        (void)number;
        (void)page;
        (void)sent_at;
        end_probe(data);
}

static void probe_ended(void *data, struct cw_source *source, const struct cw_poll_summary *summary)
{
        struct probe *probe = data;

        (void)source;
        if (!probe->over && !summary->pages_good)
                found(probe->check, "source", probe->name, summary->reason);
        end_probe(probe);
}

static void probe_remember(void *data, struct cw_source *source, const struct cw_source_memory *memory)
{
        const struct probe *probe = data;
        struct cw_login_memory where = {"check", probe->check->settings->config->store_path};

        (void)source;
        cw_login_memory_keep(&where, probe->name, memory);
}

static void probe_paused(void *data, struct cw_source *source)
{
        (void)data;
        (void)source;
}

static int probe_source(struct check *check, const struct cw_config_source *config, struct cw_log *log)
{
        static const struct cw_source_listener listener = {.poll_began = probe_began,
                                                           .page = probe_page,
                                                           .poll_ended = probe_ended,
                                                           .remember = probe_remember,
                                                           .paused = probe_paused};
        struct cw_login_memory where = {"check", check->settings->config->store_path};
        struct cw_source_options options = cw_settings_source(config);
        struct probe probe = {.check = check, .name = config->name};
        struct cw_http *http = NULL;
        int r;

        options.memory = cw_login_memory_recall(&where, &options);
        options.page_size = 1;
        options.retries = 0;
        options.concurrency = 1;
        if (options.timeout_ms > PROBE_TIMEOUT_MS)
                options.timeout_ms = PROBE_TIMEOUT_MS;
        r = cw_loop_new(&probe.loop);
        if (r < 0)
                return r;
        r = cw_http_new(probe.loop, "cardwatch/" CARDWATCH_VERSION, &http);
        if (r == 0)
                r = cw_source_new(probe.loop, http, log, &options, &listener, &probe, &probe.source);
        if (r == 0) {
                cw_source_start(probe.source, true);
                cw_loop_run(probe.loop);
        }
        cw_source_free(probe.source);
        cw_http_free(http);
        cw_loop_free(probe.loop);
        return r;
}

/* Those that tell customers are behind them, and send by the same servers. */
static size_t written_notifiers(const struct check *check)
{
        size_t n = 0;

        while (n < check->settings->n_notifiers && !check->settings->notifiers[n].customers)
                n++;
        return n;
}

static int check_world(struct check *check)
{
        struct cw_config *config = check->settings->config;
        struct cw_log *log;
        int r = 0;

        if (cw_log_new(fopen("/dev/null", "w"), CW_LOG_ERROR, CW_LOG_TEXT, &log) < 0)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < config->n_sources; i++) {
                r = probe_source(check, &config->sources[i], log);
                if (config->sources[i].heartbeat)
                        check_url(check, "heartbeat of source", config->sources[i].name,
                                  cw_secret_reveal(config->sources[i].heartbeat));
        }
        for (size_t i = 0; i < written_notifiers(check); i++)
                check_notifier(check, &check->settings->notifiers[i]);
        cw_log_free(log);
        return r;
}

static const char *plural(size_t n)
{
        return n == 1 ? "" : "s";
}

static void say_right(const struct check *check)
{
        size_t n_sources = check->settings->config->n_sources;
        size_t n_rules = check->settings->config->rules->n_rules;
        size_t n_notifiers = written_notifiers(check);

        printf("%s is right: %zu source%s, %zu rule%s, %zu notifier%s%s\n", check->path, n_sources, plural(n_sources),
               n_rules, plural(n_rules), n_notifiers, plural(n_notifiers),
               check->offline ? " (nothing outside of it was looked at)" : "; credentials log in, hosts resolve");
}

static int print(const struct check *check, int status)
{
        struct cw_buf text = CW_BUF_NULL;

        if (check->json)
                cw_config_report_json(&check->report, &text);
        else
                cw_config_report_text(&check->report, &text);
        fputs(cw_buf_text(&text), check->json ? stdout : stderr);
        cw_buf_deinit(&text);
        if (!check->json && status == CW_EXIT_OK)
                say_right(check);
        return status;
}

static int examine(struct check *check)
{
        struct cw_config_load_options options = {.offline = check->offline};
        int r;

        r = cw_settings_load(check->path, &options, &check->settings, &check->report);
        if (r < 0)
                return print(check, CW_EXIT_CONFIG);
        if (check->strict && check->report.n_warnings)
                return print(check, CW_EXIT_CONFIG);
        if (!check->offline && check_world(check) < 0)
                return CW_EXIT_FAILED;
        return print(check, check->found ? CW_EXIT_FAILED : CW_EXIT_OK);
}

/* Returns -1 to go on, else an exit status. */
static int read_options(const struct cw_command *command, int argc, char **argv, struct check *check)
{
        const char *format = "text";
        const struct cw_option options[] = {
                {"strict", .flag = &check->strict},
                {"offline", .flag = &check->offline},
                {"format", .text = &format},
        };
        const struct cw_option_set set = {.options = options, .n = CW_ARRAY_SIZE(options)};
        int status = cw_options_read_local(command, argc, argv, &set, &check->path);

        if (status >= 0)
                return status;
        check->json = strcmp(format, "json") == 0;
        if (!check->json && strcmp(format, "text") != 0)
                return cw_command_misused(command, "--format is text or json");
        return -1;
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        struct check check = {.path = CW_DEFAULT_CONFIG};
        int status = read_options(command, argc, argv, &check);

        if (status >= 0)
                return status;
        status = examine(&check);
        cw_config_report_deinit(&check.report);
        cw_settings_unref(check.settings);
        return status;
}

const struct cw_command cw_command_check = {
        .name = "check",
        .usage = "Usage: cardwatch check [-c FILE] [--strict] [--offline] [--format text|json]\n"
                 "\n"
                 "Checks a configuration, every mistake in one pass. Without --offline also that secrets can be read, "
                 "hosts\n"
                 "resolve, and the credentials of every source are accepted (one log-in each; none for ten minutes "
                 "after one\n"
                 "that was refused, whoever tried).\n"
                 "\n"
                 "  -c, --config FILE  the configuration (default " CW_DEFAULT_CONFIG ")\n"
                 "      --strict       warnings count as errors\n"
                 "      --offline      look at nothing but the file; no secret needs to exist\n"
                 "      --format FORM  text (default) or json: an array of what was found\n"
                 "  -h, --help         this text\n"
                 "\n"
                 "Exit status: 0 right, 1 something it names does not answer, 64 usage, 78 configuration.\n",
        .run = run,
};
