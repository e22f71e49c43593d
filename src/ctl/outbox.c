/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch outbox: messages that are not delivered. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "command.h"
#include "options.h"
#include "recent.h"

static void add_message(struct cw_table *table, const struct cw_json *message)
{
        cw_table_put_member(table, message, "id");
        cw_table_put_member(table, message, "notifier");
        cw_table_put_member(table, message, "state");
        cw_table_put_member(table, message, "alerts");
        cw_table_put_member(table, message, "rule");
        cw_table_put_time(table, message, "queued_at");
        cw_table_put_member(table, message, "attempts");
        cw_table_put_time(table, message, "next_attempt_at");
        cw_table_put_member(table, message, "error");
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        static const char *const titles[] = {"ID",     "NOTIFIER", "STATE",        "ALERTS", "RULE",
                                             "QUEUED", "ATTEMPTS", "NEXT ATTEMPT", "ERROR"};
        struct cw_recent recent = {
                .list = {.call = {.command = command, .path = "/api/v1/outbox"}, .member = "messages"},
                .table = {.titles = titles, .n_columns = CW_ARRAY_SIZE(titles), .right = 1u << 3 | 1u << 6},
                .add = add_message,
                .none = "everything is delivered",
        };
        const char *limit = NULL;
        const struct cw_option options[] = {{.name = "limit", .text = &limit}, {.name = "json", .flag = &recent.json}};
        const struct cw_option_set set = {
                .options = options, .n = CW_ARRAY_SIZE(options), .least = 1, .most = 2, .operands = "list"};
        int status = cw_options_read(command, argc, argv, &set, &recent.list.call.place);

        if (status >= 0)
                return status;
        if (strcmp(argv[optind], "retry") == 0 || strcmp(argv[optind], "drop") == 0)
                return cw_command_misused(command, "\"%s\" is not supported yet", argv[optind]);
        if (strcmp(argv[optind], "list") != 0 || argc - optind != 1)
                return cw_command_misused(command, "give list");
        if (!cw_daemon_limit(command, limit, &recent.list.most))
                return CW_EXIT_USAGE;
        status = cw_recent_show(&recent);
        cw_daemon_list_deinit(&recent.list);
        return status;
}

const struct cw_command cw_command_outbox = {
        .name = "outbox",
        .usage = "Usage: cardwatch outbox list [--limit N] [--json] [--socket PATH | -c FILE]\n"
                 "\n"
                 "Shows the messages that are not delivered, in the order in which they were queued: those that wait\n"
                 "for another attempt, with what went wrong, and those that are dead, which nobody attempts again.\n"
                 "\n"
                 "      --limit N      at most so many\n"
                 "      --json         for programs\n" CW_DAEMON_USAGE "\n" CW_DAEMON_STATUS,
        .run = run,
};
