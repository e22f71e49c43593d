/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch ack: somebody looks after an alert. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "act.h"
#include "alert_table.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "command.h"

static bool is_fingerprint(const char *text)
{
        return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

static int print(const struct cw_command *command, const struct cw_act_wish *wish, const char *fingerprint,
                 struct cw_buf *answer)
{
        if (wish->json)
                fputs(cw_buf_text(answer), stdout);
        else if (!fingerprint)
                return cw_act_show_alerts(command, answer, "nothing that fires now matches");
        else if (wish->end)
                printf("%s: nobody looks after it any more; it is told again when it is due\n", fingerprint);
        else
                printf("%s: acknowledged by %s; nothing more is told of it but its end, or that it grew worse\n",
                       fingerprint, cw_options_by(wish->by));
        return CW_EXIT_OK;
}

static int carry_out(const struct cw_command *command, const struct cw_act_wish *wish, const char *fingerprint)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf path = CW_BUF_NULL, body = CW_BUF_NULL, answer = CW_BUF_NULL;
        struct cw_daemon_call call = {
                .command = command, .place = wish->place, .method = wish->end ? "DELETE" : "POST"};
        int status = cw_act_body(command, wish, &body);

        if (fingerprint)
                cw_buf_printf(&path, "/api/v1/alerts/%s/ack", fingerprint);
        else
                cw_buf_puts(&path, "/api/v1/alerts/ack");
        call.path = cw_buf_text(&path);
        call.body = cw_buf_text(&body);
        if (status == CW_EXIT_OK)
                status = cw_daemon_call(&call, &answer);
        return status == CW_EXIT_OK ? print(command, wish, fingerprint, &answer) : status;
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        struct cw_act_wish wish = {.by = NULL};
        const struct cw_option options[] = {
                {.name = "match", .words = &wish.match},    {.name = "for", .text = &wish.lasts},
                {.name = "until", .text = &wish.until},     {.name = "by", .text = &wish.by},
                {.name = "why", .text = &wish.why},         {.name = "end", .flag = &wish.end},
                {.name = "preview", .flag = &wish.preview}, {.name = "json", .flag = &wish.json},
        };
        const struct cw_option_set set = {
                .options = options, .n = CW_ARRAY_SIZE(options), .most = 1, .operands = "one fingerprint"};
        int status = cw_options_read(command, argc, argv, &set, &wish.place);
        const char *fingerprint = optind < argc ? argv[optind] : NULL;

        if (status >= 0)
                return status;
        if (!fingerprint == !wish.match.n)
                return cw_command_misused(command, "give one fingerprint, or --match KEY=VALUE");
        if (fingerprint && !is_fingerprint(fingerprint))
                return cw_command_misused(
                        command, "\"%s\" is no fingerprint: 16 digits from 0 to f, as messages show them", fingerprint);
        if ((wish.preview || wish.end) && (wish.lasts || wish.until))
                return cw_command_misused(command, "--preview and --end know no --for and no --until");
        if (wish.end && !fingerprint)
                return cw_command_misused(command, "--end takes one fingerprint");
        if (wish.preview && fingerprint)
                return cw_command_misused(command, "--preview goes with --match");
        if (!wish.preview && !cw_act_has_actor(command, &wish, !wish.end))
                return CW_EXIT_USAGE;
        status = carry_out(command, &wish, fingerprint);
        return status == CW_EXIT_OK && fflush(stdout) != 0 ? CW_EXIT_FAILED : status;
}

const struct cw_command cw_command_ack = {
        .name = "ack",
        .usage = "Usage: cardwatch ack FINGERPRINT [--for DURATION | --until TIME] [--by NAME] --why TEXT\n"
                 "       cardwatch ack --match KEY=VALUE... [--preview] [--for DURATION | --until TIME] [--by NAME]\n"
                 "                     --why TEXT\n"
                 "       cardwatch ack FINGERPRINT --end [--by NAME] [--why TEXT]\n"
                 "\n"
                 "Says that somebody looks after alerts that fire: they are not repeated, but told when they grow "
                 "worse\n"
                 "and when they end. It ends with the alert, when that grows worse, or after its time.\n"
                 "\n"
                 "      --match TERM   all of these: " CW_MATCH_USAGE "\n"
                 "      --for DURATION how long (default 24h, at most 30d)\n"
                 "      --until TIME   RFC 3339 with or without a zone, or seconds since 1970\n"
                 "      --end          nobody looks after it any more\n"
                 "      --preview      only show what matches\n"
                 "      --by NAME      who looks after it (default: your login name)\n"
                 "      --why TEXT     what is known or done about it\n"
                 "      --json         for programs\n" CW_DAEMON_USAGE "\n" CW_DAEMON_STATUS,
        .run = run,
};
