/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch config: what can be written into the file. */
#include "cardwatch/config.h"

#include <getopt.h>
#include <stdio.h>

#include "cardwatch/buf.h"
#include "command.h"

static int run(const struct cw_command *command, int argc, char **argv)
{
        static const struct option known[] = {
                {"defaults", no_argument, NULL, 'd'},
                {"help", no_argument, NULL, 'h'},
                {NULL, 0, NULL, 0},
        };
        struct cw_buf text = CW_BUF_NULL;
        bool defaults = false;
        int c;

        while ((c = getopt_long(argc, argv, "h", known, NULL)) != -1) {
                if (c == 'h') {
                        fputs(command->usage, stdout);
                        return CW_EXIT_OK;
                }
                if (c != 'd')
                        return cw_command_usage_error(command);
                defaults = true;
        }
        if (optind < argc)
                return cw_command_misused(command, "unexpected argument \"%s\"", argv[optind]);
        if (!defaults)
                return cw_command_misused(command, "nothing to do");
        cw_config_defaults(&text);
        fputs(cw_buf_text(&text), stdout);
        c = cw_buf_error(&text) < 0 || fflush(stdout) != 0 ? CW_EXIT_FAILED : CW_EXIT_OK;
        cw_buf_deinit(&text);
        return c;
}

const struct cw_command cw_command_config = {
        .name = "config",
        .usage = "Usage: cardwatch config --defaults\n"
                 "\n"
                 "Prints every supported key with its default and a line of help, as annotated YAML.\n",
        .run = run,
};
