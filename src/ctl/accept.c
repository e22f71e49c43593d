/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch accept: an operator believes what looks too odd to be true. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "command.h"
#include "daemon_call.h"
#include "options.h"

struct wish {
        struct cw_daemon_place place;
        const char *by, *why, *source;
};

static int carry_out(const struct cw_command *command, const struct wish *wish)
{
        struct cw_daemon_call call = {.command = command, .place = wish->place, .method = "POST"};
        struct cw_buf path = CW_BUF_NULL, body = CW_BUF_NULL, answer = CW_BUF_NULL;
        int status;

        cw_buf_printf(&path, "/api/v1/sources/%s/accept", wish->source);
        cw_daemon_actor(&body, wish->by, wish->why);
        call.path = cw_buf_text(&path);
        call.body = cw_buf_text(&body);
        status = cw_daemon_call(&call, &answer);
        if (status == CW_EXIT_OK)
                printf("%s: the next complete poll is believed, whatever it shows\n", wish->source);
        cw_buf_deinit(&path);
        cw_buf_deinit(&body);
        cw_buf_deinit(&answer);
        return status;
}

/* A name goes into a path: only what can be one may. */
static bool is_name(const char *text)
{
        return text[0] != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        struct wish wish = {0};
        const struct cw_option options[] = {{.name = "by", .text = &wish.by}, {.name = "why", .text = &wish.why}};
        const struct cw_option_set set = {.options = options,
                                          .n = CW_ARRAY_SIZE(options),
                                          .least = 1,
                                          .most = 1,
                                          .operands = "one source's name"};
        int status = cw_options_read(command, argc, argv, &set, &wish.place);

        if (status >= 0)
                return status;
        if (!is_name(argv[optind]))
                return cw_command_misused(command, "give one source's name");
        wish.by = cw_options_by(wish.by);
        if (!wish.by || !wish.why)
                return cw_command_misused(command, "say who and why: --by NAME --why TEXT");
        wish.source = argv[optind];
        return carry_out(command, &wish);
}

const struct cw_command cw_command_accept = {
        .name = "accept",
        .usage = "Usage: cardwatch accept SOURCE [--by NAME] --why TEXT [--socket PATH | -c FILE]\n"
                 "\n"
                 "Believes the list of SOURCE that looks too odd to be true (suspect-snapshot): the next poll whose\n"
                 "pages are all good counts, whatever it shows.\n"
                 "\n"
                 "      --by NAME      who decides this (default: your login name)\n"
                 "      --why TEXT     for what reason\n" CW_DAEMON_USAGE "\n" CW_DAEMON_STATUS,
        .run = run,
};
