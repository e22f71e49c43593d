/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch backup: the running daemon copies its store. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "cardwatch/json_out.h"
#include "cardwatch/text.h"
#include "command.h"
#include "options.h"

/* The daemon's working directory is another one. */
static int put_path(const char *file, struct cw_buf *path)
{
        cw_autofree char *here = *file == '/' ? NULL : getcwd(NULL, 0);

        if (*file != '/' && !here)
                return -errno;
        if (here)
                cw_buf_printf(path, "%s/", here);
        cw_buf_puts(path, file);
        return cw_buf_error(path);
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf path = CW_BUF_NULL, body = CW_BUF_NULL, answer = CW_BUF_NULL;
        struct cw_daemon_call call = {
                .command = command, .method = "POST", .path = "/api/v1/backup", .timeout_ms = CW_DAEMON_LONG_MS};
        struct cw_json_out out = {.buf = &body};
        const char *by = NULL, *why = NULL;
        bool json = false;
        const struct cw_option options[] = {
                {.name = "by", .text = &by}, {.name = "why", .text = &why}, {.name = "json", .flag = &json}};
        const struct cw_option_set set = {
                .options = options, .n = CW_ARRAY_SIZE(options), .least = 1, .most = 1, .operands = "one file"};
        int status = cw_options_read(command, argc, argv, &set, &call.place), r;

        if (status >= 0)
                return status;
        r = put_path(argv[optind], &path);
        if (r < 0) {
                fprintf(stderr, "cardwatch backup: %s\n", strerror(-r));
                return CW_EXIT_FAILED;
        }
        /* JSON would carry another name. */
        if (cw_text_valid_utf8(path.data, path.len) != path.len)
                return cw_command_misused(command, "a name that is not UTF-8 cannot be told to the daemon");
        cw_json_out_open(&out, NULL, '{');
        cw_json_out_string(&out, "file", cw_buf_text(&path));
        if (cw_options_by(by))
                cw_json_out_string(&out, "by", cw_options_by(by));
        if (why)
                cw_json_out_string(&out, "why", why);
        cw_json_out_close(&out, '}');
        call.body = cw_buf_text(&body);
        status = cw_daemon_call(&call, &answer);
        if (status == CW_EXIT_OK && json)
                fputs(cw_buf_text(&answer), stdout);
        else if (status == CW_EXIT_OK)
                printf("%s: a complete copy of the store\n", cw_buf_text(&path));
        return status == CW_EXIT_OK && fflush(stdout) != 0 ? CW_EXIT_FAILED : status;
}

const struct cw_command cw_command_backup = {
        .name = "backup",
        .usage =
                "Usage: cardwatch backup FILE [--by NAME] [--why TEXT] [--json] [--socket PATH | -c FILE]\n"
                "\n"
                "The running daemon copies its store, as it is at one instant, to FILE, which it must be able to make\n"
                "and which must not exist. Restoring is stopping the daemon and putting the file in the store's "
                "place.\n"
                "\n"
                "      --by NAME      who wants this (default: your login name)\n"
                "      --why TEXT     for what reason\n"
                "      --json         for programs\n" CW_DAEMON_USAGE "\n" CW_DAEMON_STATUS,
        .run = run,
};
