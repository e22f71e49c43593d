/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch reload: the daemon reads its configuration again, and says whether it took it. */
#include <stdio.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "command.h"
#include "daemon_call.h"
#include "options.h"

static int run(const struct cw_command *command, int argc, char **argv)
{
        struct cw_daemon_call call = {.command = command, .method = "POST", .path = "/api/v1/reload"};
        struct cw_buf body = CW_BUF_NULL, answer = CW_BUF_NULL;
        const char *by = NULL, *why = NULL;
        const struct cw_option options[] = {{.name = "by", .text = &by}, {.name = "why", .text = &why}};
        const struct cw_option_set set = {.options = options, .n = CW_ARRAY_SIZE(options)};
        int status = cw_options_read(command, argc, argv, &set, &call.place);

        if (status >= 0)
                return status;
        cw_daemon_actor(&body, cw_options_by(by), why);
        call.body = cw_buf_text(&body);
        status = cw_daemon_call(&call, &answer);
        if (status == CW_EXIT_OK)
                puts("the new configuration is in force");
        cw_buf_deinit(&body);
        cw_buf_deinit(&answer);
        return status;
}

const struct cw_command cw_command_reload = {
        .name = "reload",
        .usage = "Usage: cardwatch reload [--by NAME] [--why TEXT] [--socket PATH | -c FILE]\n"
                 "\n"
                 "The daemon reads its own configuration again. If anything is wrong with it the old one stays in\n"
                 "force, and the first mistake is said here.\n"
                 "\n"
                 "      --by NAME      who wants this (default: your login name)\n"
                 "      --why TEXT     for what reason\n" CW_DAEMON_USAGE "\n" CW_DAEMON_STATUS,
        .run = run,
};
