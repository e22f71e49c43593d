/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch: finds the command and hands it its arguments. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/text.h"
#include "command.h"

static const struct cw_command *const commands[] = {
        &cw_command_check,
        &cw_command_config,
        &cw_command_notify,
        &cw_command_preview,
};

/* Of the whole design, and not built yet: known, so that nobody takes them for a typing mistake. */
static const char *const later[] = {
        "accept",  "ack",     "alerts", "audit",  "backtest", "backup",  "card",   "cards", "completion", "events",
        "explain", "history", "outbox", "reload", "silence",  "sources", "status", "tail",  "test",       "why",
};

static const char usage[] =
        "Usage: cardwatch COMMAND [OPTION]...\n"
        "\n"
        "  check      is the configuration right, and does what it names exist and answer\n"
        "  preview    poll once, store and send nothing: what would fire\n"
        "  notify     send a test message through a notifier, or show its bytes\n"
        "  config     the supported keys with their defaults\n"
        "\n"
        "`cardwatch COMMAND -h` says more. Exit status: 0 well, 1 it failed, 64 usage, 78 configuration.\n";

static int unknown(const char *name)
{
        const char *names[CW_ARRAY_SIZE(commands)];
        const char *nearest;

        for (size_t i = 0; i < CW_ARRAY_SIZE(later); i++) {
                if (strcmp(later[i], name) != 0)
                        continue;
                fprintf(stderr, "cardwatch: \"%s\" is not supported yet\n", name);
                return CW_EXIT_USAGE;
        }
        for (size_t i = 0; i < CW_ARRAY_SIZE(commands); i++)
                names[i] = commands[i]->name;
        nearest = cw_text_nearest(name, names, CW_ARRAY_SIZE(commands));
        fprintf(stderr, "cardwatch: no command \"%s\"", name);
        if (nearest)
                fprintf(stderr, " (did you mean \"%s\"?)", nearest);
        fputs("\nTry `cardwatch -h`.\n", stderr);
        return CW_EXIT_USAGE;
}

int main(int argc, char **argv)
{
        struct sigaction ignore = {.sa_handler = SIG_IGN};

        sigaction(SIGPIPE, &ignore, NULL);
        if (argc < 2) {
                fputs(usage, stderr);
                return CW_EXIT_USAGE;
        }
        if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
                fputs(usage, stdout);
                return CW_EXIT_OK;
        }
        if (strcmp(argv[1], "--version") == 0) {
                puts("cardwatch " CARDWATCH_VERSION);
                return CW_EXIT_OK;
        }
        for (size_t i = 0; i < CW_ARRAY_SIZE(commands); i++)
                if (strcmp(argv[1], commands[i]->name) == 0)
                        return commands[i]->run(commands[i], argc - 1, argv + 1);
        return unknown(argv[1]);
}
