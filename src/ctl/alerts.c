/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch alerts: what fires. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "alert_table.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "command.h"
#include "daemon_list.h"
#include "options.h"

static int print(struct cw_daemon_list *list, bool json)
{
        struct cw_table table = cw_alert_table();
        int status;

        if (json) {
                cw_daemon_print_list(list);
                return CW_EXIT_OK;
        }
        if (list->n == 0) {
                puts("nothing fires");
                return CW_EXIT_OK;
        }
        status = cw_daemon_walk_list(list, cw_alert_table_add, &table);
        if (cw_table_print(&table) < 0)
                status = CW_EXIT_FAILED;
        return status;
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        cw_cleanup(cw_daemon_list_deinit) struct cw_daemon_list list = {
                .call = {.command = command, .path = "/api/v1/alerts"}, .member = "alerts"};
        struct cw_option_words match = {.n = 0};
        const char *limit = NULL;
        bool json = false, check = false;
        const struct cw_option options[] = {
                {.name = "match", .words = &match},
                {.name = "check", .flag = &check},
                {.name = "limit", .text = &limit},
                {.name = "json", .flag = &json},
        };
        const struct cw_option_set set = {.options = options, .n = CW_ARRAY_SIZE(options)};
        int status = cw_options_read(command, argc, argv, &set, &list.call.place);

        if (status >= 0)
                return status;
        if (!cw_daemon_limit(command, limit, &list.most))
                return CW_EXIT_USAGE;
        for (size_t i = 0; i < match.n; i++)
                cw_daemon_query(&list.query, "match", match.words[i]);
        status = cw_daemon_read_list(&list);
        if (status == CW_EXIT_OK)
                status = print(&list, json);
        if (status == CW_EXIT_OK && fflush(stdout) != 0)
                status = CW_EXIT_FAILED;
        return status == CW_EXIT_OK && check && list.n > 0 ? CW_EXIT_FIRING : status;
}

const struct cw_command cw_command_alerts = {
        .name = "alerts",
        .usage =
                "Usage: cardwatch alerts [--match KEY=VALUE]... [--check] [--json] [--socket PATH | -c FILE]\n"
                "\n"
                "Shows what fires, the worst first: whose card, its balance now and the limit that was crossed, since\n"
                "when, who looks after it and which silence holds it.\n"
                "\n"
                "      --match TERM   only these: " CW_MATCH_USAGE "\n"
                "      --check        exit with 2 when anything of it fires\n"
                "      --limit N      at most so many\n"
                "      --json         for programs\n" CW_DAEMON_USAGE "\n"
                "Exit status: 0 well, 1 the daemon refused, 2 with --check: something fires, 64 usage, 69 it is not\n"
                "reachable.\n",
        .run = run,
};
