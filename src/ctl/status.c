/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch status: how the daemon is doing, on one screen. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "cardwatch/json_in.h"
#include "command.h"
#include "daemon_list.h"
#include "options.h"
#include "source_table.h"

#define DEAD_LOOKED_AT 1000
#define MIB            (INT64_C(1) << 20)

static int64_t number(const struct cw_json *object, const char *member)
{
        struct cw_json value;
        int64_t n = 0;

        if (cw_json_member(object, member, &value))
                (void)cw_json_int(&value, &n);
        return n;
}

static void print_alerts(const struct cw_json *top)
{
        struct cw_json alerts;

        if (!cw_json_member(top, "alerts", &alerts))
                return;
        printf("alerts     %" PRId64 " firing", number(&alerts, "firing"));
        if (number(&alerts, "firing"))
                printf(": %" PRId64 " critical, %" PRId64 " warning, %" PRId64 " info (%" PRId64
                       " acknowledged, %" PRId64 " silenced)",
                       number(&alerts, "critical"), number(&alerts, "warning"), number(&alerts, "info"),
                       number(&alerts, "acknowledged"), number(&alerts, "silenced"));
        printf("\nsilences   %" PRId64 "\n", number(top, "silences"));
}

static void count_dead(void *data, const struct cw_json *message)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf state = CW_BUF_NULL;
        int64_t *dead = data;

        cw_daemon_text(message, "state", &state);
        *dead += strcmp(cw_buf_text(&state), "dead") == 0;
}

/* What nobody attempts any more: the store knows it. */
static void print_dead(const struct cw_daemon_call *call)
{
        cw_cleanup(cw_daemon_list_deinit) struct cw_daemon_list list = {
                .call = {.command = call->command, .place = call->place, .path = "/api/v1/outbox"},
                .member = "messages",
                .most = DEAD_LOOKED_AT};
        int64_t dead = 0;

        if (cw_daemon_read_list(&list) == CW_EXIT_OK && cw_daemon_walk_list(&list, count_dead, &dead) == CW_EXIT_OK &&
            dead > 0)
                printf("dead       %" PRId64 "%s %s not delivered and given up: cardwatch outbox list\n", dead,
                       list.more ? " or more" : "", dead == 1 ? "message was" : "messages were");
}

static void print_notifiers(const struct cw_json *top)
{
        struct cw_buf name = CW_BUF_NULL;
        struct cw_json notifiers, notifier;
        bool any = false;

        if (!cw_json_member(top, "notifiers", &notifiers))
                return;
        printf("messages   ");
        for (size_t at = 0; cw_json_next(&notifiers, &at, NULL, &notifier);) {
                if (!number(&notifier, "waiting"))
                        continue;
                cw_daemon_text(&notifier, "name", &name);
                printf("%s%" PRId64 " waiting for %s", any ? ", " : "", number(&notifier, "waiting"),
                       cw_buf_text(&name));
                any = true;
        }
        puts(any ? "" : "none waiting");
        cw_buf_deinit(&name);
}

static void print_store(const struct cw_json *top, bool works)
{
        struct cw_json store;
        int64_t used, most;

        printf("store      %s", works ? "works" : "CANNOT BE WRITTEN: what happens now is lost at a restart");
        used = cw_json_member(top, "store", &store) ? number(&store, "used_bytes") : 0;
        most = used > 0 ? number(&store, "max_bytes") : 0;
        if (most > 0 && used / (most / 100 + 1) >= 80)
                printf(", %" PRId64 " MiB of the %" PRId64 " that it may take: history goes before it is full",
                       used / MIB, most / MIB);
        else if (most > 0)
                printf(", %" PRId64 " MiB of %" PRId64, used / MIB, most / MIB);
        putchar('\n');
}

static int print(const struct cw_daemon_call *call, struct cw_buf *answer)
{
        struct cw_buf text = CW_BUF_NULL;
        struct cw_json top, config, works;
        bool good = true;

        if (answer->len == 0 || cw_json_read(answer->data, answer->len, &top, NULL) < 0 ||
            !cw_json_member(&top, "config", &config)) {
                fputs("cardwatch status: the daemon's answer cannot be read\n", stderr);
                return CW_EXIT_FAILED;
        }
        cw_daemon_text(&top, "version", &text);
        printf("cardwatchd %s\n", cw_buf_text(&text));
        cw_daemon_text(&config, "path", &text);
        printf("config     %s", cw_buf_text(&text));
        cw_daemon_text(&config, "hash", &text);
        printf(" (%s)\n", cw_buf_text(&text));
        if (cw_json_member(&top, "store_works", &works))
                (void)cw_json_bool(&works, &good);
        print_store(&top, good);
        print_alerts(&top);
        print_notifiers(&top);
        print_dead(call);
        putchar('\n');
        cw_buf_deinit(&text);
        return cw_source_table_print(&top);
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf answer = CW_BUF_NULL;
        struct cw_daemon_call call = {.command = command, .method = "GET", .path = "/api/v1/status"};
        bool json = false;
        const struct cw_option options[] = {{.name = "json", .flag = &json}};
        const struct cw_option_set set = {.options = options, .n = CW_ARRAY_SIZE(options)};
        int status = cw_options_read(command, argc, argv, &set, &call.place);

        if (status >= 0)
                return status;
        status = cw_daemon_call(&call, &answer);
        if (status == CW_EXIT_OK && json)
                fputs(cw_buf_text(&answer), stdout);
        else if (status == CW_EXIT_OK)
                status = print(&call, &answer);
        return status == CW_EXIT_OK && fflush(stdout) != 0 ? CW_EXIT_FAILED : status;
}

const struct cw_command cw_command_status = {
        .name = "status",
        .usage = "Usage: cardwatch status [--json] [--socket PATH | -c FILE]\n"
                 "\n"
                 "Shows how the running daemon is doing: its configuration, how many alerts fire, what waits to be\n"
                 "delivered, and each source as `cardwatch sources` does.\n"
                 "\n"
                 "      --json         for programs\n" CW_DAEMON_USAGE "\n" CW_DAEMON_STATUS,
        .run = run,
};
