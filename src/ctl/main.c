/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch: finds the command and hands it its arguments. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/streams.h"
#include "cardwatch/text.h"
#include "command.h"

static const struct cw_command *const commands[] = {
        &cw_command_accept,  &cw_command_ack,    &cw_command_alerts,  &cw_command_audit,  &cw_command_backtest,
        &cw_command_backup,  &cw_command_check,  &cw_command_config,  &cw_command_events, &cw_command_explain,
        &cw_command_notify,  &cw_command_outbox, &cw_command_preview, &cw_command_reload, &cw_command_silence,
        &cw_command_sources, &cw_command_status, &cw_command_test,    &cw_command_why,
};

/* Of the whole design, and not built yet: known, so that nobody takes them for a typing mistake. */
static const char *const later[] = {"card", "cards", "completion", "history", "tail"};

static const char usage[] =
        "Usage: cardwatch [--socket PATH] [--no-color] COMMAND [OPTION]...\n"
        "\n"
        "  check      is the configuration right, and does what it names exist and answer\n"
        "  preview    poll once, store and send nothing: what would fire\n"
        "  test       live through tests of rules with a virtual clock\n"
        "  backtest   play the recorded past to the rules and count\n"
        "  notify     send a test message through a notifier, or show its bytes\n"
        "  config     the supported keys with their defaults\n"
        "\n"
        "  why        what was seen of a card, what its alerts did and who was told, around a time\n"
        "  explain    why an alert is in its state\n"
        "\n"
        "  status     how the running daemon is doing\n"
        "  sources    how each of its sources is doing\n"
        "  alerts     what fires\n"
        "  events     what became of alerts\n"
        "  outbox     messages that are not delivered\n"
        "\n"
        "  ack        somebody looks after an alert: no more repeats\n"
        "  silence    nothing is told of some alerts for a time\n"
        "  accept     believe what looks too odd to be true\n"
        "  reload     the daemon reads its configuration again\n"
        "  backup     the daemon copies its store\n"
        "  audit      who did what\n"
        "\n"
        "`cardwatch COMMAND -h` says more. Exit status: 0 well, 1 it failed, 2 what was asked about fires,\n"
        "64 usage, 69 the daemon is not reachable, 78 configuration.\n";

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

/* How many words an option has that may stand before the command; 0: it is none. */
static int words_before(const char *word)
{
        if (strcmp(word, "--socket") == 0)
                return 2;
        return strncmp(word, "--socket=", 9) == 0 || strcmp(word, "--no-color") == 0;
}

/* What may stand before the command is moved behind it. False: there is nothing behind it, or a path is missing. */
static bool move_options(int argc, char **argv)
{
        int at = 1, words;
        char *name;

        while (at < argc && (words = words_before(argv[at])) > 0)
                at += words;
        if (at == 1)
                return true;
        if (at >= argc)
                return false;
        name = argv[at];
        memmove(&argv[2], &argv[1], (size_t)(at - 1) * sizeof(*argv));
        argv[1] = name;
        return true;
}

static int run(int argc, char **argv)
{
        if (!move_options(argc, argv)) {
                fputs("cardwatch: --socket PATH and --no-color need a command behind them\n", stderr);
                return CW_EXIT_USAGE;
        }
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

int main(int argc, char **argv)
{
        struct sigaction ignore = {.sa_handler = SIG_IGN};
        int status;

        cw_streams_fill();
        sigaction(SIGPIPE, &ignore, NULL);
        status = run(argc, argv);
        /* What was long failed on the way, and the rest may have found room. */
        return (fflush(stdout) != 0 || ferror(stdout)) && status == CW_EXIT_OK ? CW_EXIT_FAILED : status;
}
