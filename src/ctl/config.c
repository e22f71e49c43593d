/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch config: what can be written into the file, and what a file comes to. */
#include "cardwatch/config.h"

#include <stdio.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/settings.h"
#include "command.h"
#include "options.h"

static int print(const struct cw_buf *text)
{
        if (cw_buf_error(text) < 0)
                return CW_EXIT_FAILED;
        fputs(cw_buf_text(text), stdout);
        return fflush(stdout) != 0 ? CW_EXIT_FAILED : CW_EXIT_OK;
}

static int show(const char *path)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf shown = CW_BUF_NULL;
        struct cw_config_load_options options = {.offline = true, .shown = &shown};
        struct cw_settings *settings;

        if (cw_command_load_as(path, &options, &settings) != 0)
                return CW_EXIT_CONFIG;
        printf("# %s, as it comes into force; in `cardwatch status --json` its hash is %s.\n"
               "# *** conceals a secret.\n",
               path, settings->config->hash);
        cw_settings_unref(settings);
        return print(&shown);
}

static int defaults(void)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;

        cw_config_defaults(&text);
        return print(&text);
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        bool wants_defaults = false, wants_shown = false;
        const struct cw_option options[] = {
                {.name = "defaults", .flag = &wants_defaults},
                {.name = "show", .flag = &wants_shown},
        };
        const struct cw_option_set set = {.options = options, .n = CW_ARRAY_SIZE(options)};
        const char *path = NULL;
        int r = cw_options_read_local(command, argc, argv, &set, &path);

        if (r >= 0)
                return r;
        if (wants_defaults == wants_shown)
                return cw_command_misused(command, "one of --show and --defaults is needed");
        return wants_shown ? show(path ? path : CW_DEFAULT_CONFIG) : defaults();
}

const struct cw_command cw_command_config = {
        .name = "config",
        .usage = "Usage: cardwatch config --show [-c FILE]\n"
                 "       cardwatch config --defaults\n"
                 "\n"
                 "      --show         the configuration as it comes into force: what other files bring and\n"
                 "                     defaults are written out, secrets are concealed\n"
                 "      --defaults     every supported key with its default and a line of help\n"
                 "  -c, --config FILE  the configuration (default " CW_DEFAULT_CONFIG ")\n"
                 "  -h, --help         this text\n"
                 "\n"
                 "Both print YAML.\n"
                 "Exit status: 0 well, 64 usage, 78 the configuration is wrong.\n",
        .run = run,
};
