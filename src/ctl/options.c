/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"

#define OWN_MAX 16

/* Where getopt_long says which of ours it found. */
enum { FIRST_OWN = 256 };

static int take(const struct cw_command *command, const struct cw_option *option, const char *value)
{
        if (option->flag) {
                *option->flag = true;
        } else if (option->text) {
                *option->text = value;
        } else if (option->words->n == CW_OPTION_WORDS_MAX) {
                return cw_command_misused(command, "--%s at most %d times", option->name, CW_OPTION_WORDS_MAX);
        } else {
                option->words->words[option->words->n++] = value;
        }
        return -1;
}

/* Where what belongs to every command goes. */
struct common {
        const char **config, **socket; /* socket NULL: there is no such option */
};

static int take_any(const struct cw_command *command, const struct cw_option_set *set, int c,
                    const struct common *common)
{
        if (c >= FIRST_OWN)
                return take(command, &set->options[c - FIRST_OWN], optarg);
        switch (c) {
        case 's':
                *common->socket = optarg;
                return -1;
        case 'c':
                *common->config = optarg;
                return -1;
        case 'n': /* there is none to leave out */
                return -1;
        case 'h':
                fputs(command->usage, stdout);
                return CW_EXIT_OK;
        default:
                return cw_command_usage_error(command);
        }
}

static int read_options(const struct cw_command *command, int argc, char **argv, const struct cw_option_set *set,
                        const struct common *common)
{
        struct option known[OWN_MAX + 5] = {
                {"config", required_argument, NULL, 'c'},
                {"help", no_argument, NULL, 'h'},
                {"no-color", no_argument, NULL, 'n'},
        };
        size_t n = 3, operands;
        int c, status;

        if (common->socket)
                known[n++] = (struct option){"socket", required_argument, NULL, 's'};
        for (size_t i = 0; i < set->n && i < OWN_MAX; i++)
                known[n++] = (struct option){set->options[i].name,
                                             set->options[i].flag ? no_argument : required_argument, NULL,
                                             FIRST_OWN + (int)i};
        while ((c = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
                status = take_any(command, set, c, common);
                if (status >= 0)
                        return status;
        }
        operands = (size_t)(argc - optind);
        if (operands > set->most && set->most == 0)
                return cw_command_misused(command, "unexpected argument \"%s\"", argv[optind]);
        if (operands < set->least || operands > set->most)
                return cw_command_misused(command, "give %s", set->operands);
        return -1;
}

int cw_options_read_local(const struct cw_command *command, int argc, char **argv, const struct cw_option_set *set,
                          const char **config)
{
        struct common common = {.config = config};

        return read_options(command, argc, argv, set, &common);
}

int cw_options_read(const struct cw_command *command, int argc, char **argv, const struct cw_option_set *set,
                    struct cw_daemon_place *place)
{
        struct common common = {.config = &place->config, .socket = &place->socket};

        return read_options(command, argc, argv, set, &common);
}

const char *cw_options_by(const char *by)
{
        const struct passwd *user;

        if (!by)
                by = getlogin();
        if (!by) {
                user = getpwuid(getuid());
                by = user ? user->pw_name : NULL;
        }
        return by && *by ? by : NULL;
}
