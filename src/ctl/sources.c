/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch sources: how each source is doing. */
#include <getopt.h>
#include <stdio.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "cardwatch/json_in.h"
#include "command.h"
#include "daemon_call.h"

struct column {
        const char *title, *member;
        int width; /* negative: to the left */
};

static const struct column columns[] = {
        {"SOURCE", "name", -20},     {"LAST POLL", "last_poll_result", -10},
        {"AT", "last_poll_at", -25}, {"LAST COMPLETE AT", "last_complete_at", -25},
        {"CARDS", "cards", 9},       {"SUSPICION", "suspicion", -10},
};

static void print_cell(const struct column *column, const char *text, bool last)
{
        if (last)
                printf("%s\n", text);
        else
                printf("%*s  ", column->width, text);
}

static void print_row(const struct cw_json *source)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(columns); i++) {
                struct cw_buf text = CW_BUF_NULL;
                struct cw_json value;

                if (cw_json_member(source, columns[i].member, &value) && cw_json_kind(&value) != CW_JSON_NULL &&
                    !cw_json_string(&value, &text))
                        cw_buf_append(&text, value.text, value.len);
                print_cell(&columns[i], text.len ? cw_buf_text(&text) : "-", i + 1 == CW_ARRAY_SIZE(columns));
                cw_buf_deinit(&text);
        }
}

static int print_table(struct cw_buf *answer)
{
        struct cw_json top, list, source;

        if (answer->len == 0 || cw_json_read(answer->data, answer->len, &top, NULL) < 0 ||
            !cw_json_member(&top, "sources", &list)) {
                fputs("cardwatch sources: the daemon's answer cannot be read\n", stderr);
                return CW_EXIT_FAILED;
        }
        for (size_t i = 0; i < CW_ARRAY_SIZE(columns); i++)
                print_cell(&columns[i], columns[i].title, i + 1 == CW_ARRAY_SIZE(columns));
        for (size_t cursor = 0; cw_json_next(&list, &cursor, NULL, &source);)
                print_row(&source);
        return CW_EXIT_OK;
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        static const struct option known[] = {
                {"json", no_argument, NULL, 'j'},
                {"socket", required_argument, NULL, 's'},
                {"config", required_argument, NULL, 'c'},
                {"help", no_argument, NULL, 'h'},
                {NULL, 0, NULL, 0},
        };
        struct cw_daemon_call call = {.command = command, .method = "GET", .path = "/api/v1/sources"};
        struct cw_buf answer = CW_BUF_NULL;
        bool json = false;
        int c;

        while ((c = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
                switch (c) {
                case 'j':
                        json = true;
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
        c = cw_daemon_call(&call, &answer);
        if (c == CW_EXIT_OK && json)
                fputs(cw_buf_text(&answer), stdout);
        else if (c == CW_EXIT_OK)
                c = print_table(&answer);
        cw_buf_deinit(&answer);
        return c == CW_EXIT_OK && fflush(stdout) != 0 ? CW_EXIT_FAILED : c;
}

const struct cw_command cw_command_sources = {
        .name = "sources",
        .usage = "Usage: cardwatch sources [--json] [--socket PATH | -c FILE]\n"
                 "\n"
                 "Shows for each source how its last poll went, when the last complete one was, how many cards are\n"
                 "known, and whether its last list is in doubt.\n"
                 "\n"
                 "      --json         for programs\n" CW_DAEMON_USAGE "\n" CW_DAEMON_STATUS,
        .run = run,
};
