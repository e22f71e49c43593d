/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch reload: the daemon reads its configuration again, and says whether it took it. */
#include <getopt.h>
#include <stdio.h>

#include "cardwatch/config.h"
#include "command.h"
#include "daemon_call.h"

static int run(const struct cw_command *command, int argc, char **argv)
{
        static const struct option known[] = {
                {"by", required_argument, NULL, 'b'},     {"why", required_argument, NULL, 'w'},
                {"socket", required_argument, NULL, 's'}, {"config", required_argument, NULL, 'c'},
                {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
        };
        struct cw_daemon_call call = {.command = command, .method = "POST", .path = "/api/v1/reload"};
        struct cw_buf body = CW_BUF_NULL, answer = CW_BUF_NULL;
        const char *by = NULL, *why = NULL;
        int c;

        while ((c = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
                switch (c) {
                case 'b':
                        by = optarg;
                        break;
                case 'w':
                        why = optarg;
                        break;
                case 's':
                        call.place.socket = optarg;
                        break;
                case 'c':
                        call.place.config = optarg;
                        break;
                case 'h':
                        fputs(command->usage, stdout);
                        return CW_EXIT_OK;
                default:
                        return cw_command_usage_error(command);
                }
        }
        if (optind < argc)
                return cw_command_misused(command, "unexpected argument \"%s\"", argv[optind]);
        cw_daemon_actor(&body, by, why);
        call.body = cw_buf_text(&body);
        c = cw_daemon_call(&call, &answer);
        if (c == CW_EXIT_OK)
                puts("the new configuration is in force");
        cw_buf_deinit(&body);
        cw_buf_deinit(&answer);
        return c;
}

const struct cw_command cw_command_reload = {
        .name = "reload",
        .usage = "Usage: cardwatch reload [--by NAME] [--why TEXT] [--socket PATH | -c FILE]\n"
                 "\n"
                 "The daemon reads its own configuration again. If anything is wrong with it the old one stays in\n"
                 "force, and the first mistake is said here.\n"
                 "\n"
                 "      --by NAME      who wants this\n"
                 "      --why TEXT     for what reason\n" CW_DAEMON_USAGE "\n" CW_DAEMON_STATUS,
        .run = run,
};
