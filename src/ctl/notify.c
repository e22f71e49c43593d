/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch notify: a test message through the real path, or the bytes it would be. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cardwatch/attempt.h"
#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/hmac.h"
#include "cardwatch/http.h"
#include "cardwatch/loop.h"
#include "cardwatch/settings.h"
#include "cardwatch/sink.h"
#include "command.h"
#include "options.h"

struct test_message {
        char id[33];
        int64_t now;
        struct cw_notifier *notifier;
        struct cw_buf payload;
};

static struct cw_notifier *find(struct cw_settings *settings, const char *name)
{
        for (size_t i = 0; i < settings->n_notifiers; i++)
                if (strcmp(settings->notifiers[i].options.name, name) == 0 && !settings->notifiers[i].customers)
                        return &settings->notifiers[i];
        return NULL;
}

/* Scheme and host of a URL: what follows may be a secret. */
static int host_part(const char *url)
{
        const char *host = strstr(url, "://");

        return (int)((host ? host + 3 + strcspn(host + 3, "/?#") : url) - url);
}

static void show_concealed(const struct cw_sink_options *options, const char *text, size_t len)
{
        struct cw_buf shown = CW_BUF_NULL;

        cw_sink_conceal(options, text, len, &shown);
        puts(cw_buf_text(&shown));
        cw_buf_deinit(&shown);
}

/* A body that says who sends and who gets it holds secrets; every other body is what render wrote. */
static void show_http(const struct cw_sink_options *options, const struct cw_http_request *http)
{
        printf("%s %.*s/…\n", http->method, host_part(http->url), http->url);
        for (size_t i = 0; i < http->n_headers; i++) {
                printf("%s: ", http->headers[i].name);
                show_concealed(options, http->headers[i].value, strlen(http->headers[i].value));
        }
        putchar('\n');
        if (options->user || options->routing_key)
                show_concealed(options, http->body, http->body_len);
        else
                printf("%.*s\n", (int)http->body_len, http->body);
}

static void show_smtp(const struct cw_smtp_request *smtp)
{
        for (size_t i = 0; i < smtp->n_headers; i++)
                printf("%s: %s\n", smtp->headers[i].name, smtp->headers[i].value);
        printf("\n%s\n", smtp->text);
        if (smtp->html)
                printf("\n%s\n", smtp->html);
}

static void show_exec(const struct cw_exec_request *exec)
{
        for (size_t i = 0; exec->environment[i]; i++)
                printf("%s\n", exec->environment[i]);
        for (size_t i = 0; exec->command[i]; i++)
                printf("%s%s", i > 0 ? " " : "", exec->command[i]);
        printf("\n\n%.*s\n", (int)exec->input_len, exec->input);
}

static int show(const struct test_message *message)
{
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        int r;

        r = cw_sink_request(&message->notifier->options, message->id, message->payload.data, message->payload.len,
                            message->now, &request);
        if (r < 0) {
                fprintf(stderr, "cardwatch notify: %s\n", strerror(-r));
                return CW_EXIT_FAILED;
        }
        if (request.transport == CW_TRANSPORT_HTTP)
                show_http(&message->notifier->options, &request.http);
        else if (request.transport == CW_TRANSPORT_SMTP)
                show_smtp(&request.smtp);
        else if (request.transport == CW_TRANSPORT_EXEC)
                show_exec(&request.exec);
        for (size_t i = 0; i < request.n_records; i++) {
                fwrite(request.records[i].data, 1, request.records[i].len, stdout);
                if (request.records[i].len && request.records[i].data[request.records[i].len - 1] != '\n')
                        putchar('\n');
        }
        cw_sink_request_deinit(&request);
        return CW_EXIT_OK;
}

struct sending {
        struct cw_loop *loop;
        const char *name;
        int status;
};

static void sent(void *data, const struct cw_attempt_result *result)
{
        struct sending *sending = data;

        if (result->judgement.verdict == CW_SINK_DELIVERED) {
                printf("%s: delivered in %" PRId64 " ms\n", sending->name, result->took_ms);
                sending->status = CW_EXIT_OK;
        } else {
                fprintf(stderr, "%s: not delivered: %s\n", sending->name, result->judgement.reason);
        }
        cw_loop_stop(sending->loop);
}

static int deliver(const struct test_message *message)
{
        struct sending sending = {.name = message->notifier->options.name, .status = CW_EXIT_FAILED};
        struct cw_attempt_request request = {
                .notifier = message->notifier,
                .id = message->id,
                .payload = message->payload.data,
                .payload_len = message->payload.len,
                .now = message->now,
        };
        struct cw_attempt *attempt;
        int r;

        r = cw_loop_new(&sending.loop);
        if (r < 0)
                return CW_EXIT_FAILED;
        request.loop = sending.loop;
        r = cw_http_new(sending.loop, "cardwatch/" CARDWATCH_VERSION, &request.http);
        if (r == 0)
                r = cw_attempt_start(&request, sent, &sending, &attempt);
        if (r == 0)
                cw_loop_run(sending.loop);
        else
                fprintf(stderr, "%s: not delivered: %s\n", sending.name, strerror(-r));
        cw_http_free(request.http);
        cw_settings_close_wires(message->notifier, 1);
        cw_loop_free(sending.loop);
        return sending.status;
}

static int test(struct cw_settings *settings, const char *name, bool dry_run)
{
        struct test_message message = {.now = cw_clock_wall_ms(), .notifier = find(settings, name)};
        int status = CW_EXIT_FAILED;

        if (!message.notifier) {
                fprintf(stderr, "cardwatch notify: no notifier \"%s\" in %s\n", name, settings->config->path);
                return CW_EXIT_FAILED;
        }
        for (size_t i = 0; i < 4; i++)
                snprintf(message.id + 8 * i, 9, "%08" PRIx32, cw_random_u32());
        if (cw_sink_render_test(&message.notifier->options, message.id, message.now, &message.payload) == 0)
                status = dry_run ? show(&message) : deliver(&message);
        cw_buf_deinit(&message.payload);
        return status;
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        const char *path = CW_DEFAULT_CONFIG;
        struct cw_settings *settings;
        bool dry_run = false;
        const struct cw_option options[] = {{"dry-run", .flag = &dry_run}};
        const struct cw_option_set set = {.options = options,
                                          .n = CW_ARRAY_SIZE(options),
                                          .least = 1,
                                          .most = 1,
                                          .operands = "one notifier's name"};
        int status = cw_options_read_local(command, argc, argv, &set, &path);

        if (status >= 0)
                return status;
        status = cw_command_load(path, false, &settings);
        if (status)
                return status;
        if (settings->config->timezone)
                setenv("TZ", settings->config->timezone, 1);
        tzset();
        status = test(settings, argv[optind], dry_run);
        cw_settings_unref(settings);
        return status;
}

const struct cw_command cw_command_notify = {
        .name = "notify",
        .usage = "Usage: cardwatch notify NAME [--dry-run] [-c FILE]\n"
                 "\n"
                 "Sends a test message through the notifier NAME, once, the way alerts go.\n"
                 "\n"
                 "      --dry-run      print the bytes that would be sent, and send nothing\n"
                 "  -c, --config FILE  the configuration (default " CW_DEFAULT_CONFIG ")\n"
                 "  -h, --help         this text\n"
                 "\n"
                 "Exit status: 0 delivered, 1 not, 64 usage, 78 configuration.\n",
        .run = run,
};
