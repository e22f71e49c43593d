/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch sources: how each source is doing. */
#include <getopt.h>
#include <stdio.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "cardwatch/json_in.h"
#include "command.h"
#include "options.h"
#include "source_table.h"
#include "table.h"

static int unreadable(void)
{
        fputs("cardwatch: the daemon's answer cannot be read\n", stderr);
        return CW_EXIT_FAILED;
}

/* Every row has every column: scripts count them. */
static void put(struct cw_table *table, const struct cw_json *source, const char *member)
{
        struct cw_json value;

        if (cw_json_member(source, member, &value) && cw_json_kind(&value) != CW_JSON_NULL)
                cw_table_put_member(table, source, member);
        else
                cw_table_put(table, "-");
}

int cw_source_table_print(const struct cw_json *answer)
{
        static const char *const titles[] = {"SOURCE", "LAST POLL", "AT", "LAST COMPLETE AT", "CARDS", "SUSPICION"};
        static const char *const members[] = {"name",  "last_poll_result", "last_poll_at", "last_complete_at",
                                              "cards", "suspicion"};
        struct cw_table table = {.titles = titles, .n_columns = CW_ARRAY_SIZE(titles), .right = 1u << 4};
        struct cw_json list, source;

        if (!cw_json_member(answer, "sources", &list))
                return unreadable();
        for (size_t at = 0; cw_json_next(&list, &at, NULL, &source);) {
                for (size_t i = 0; i < CW_ARRAY_SIZE(members); i++)
                        put(&table, &source, members[i]);
        }
        return cw_table_print(&table) < 0 ? CW_EXIT_FAILED : CW_EXIT_OK;
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf answer = CW_BUF_NULL;
        struct cw_daemon_call call = {.command = command, .method = "GET", .path = "/api/v1/sources"};
        bool json = false;
        const struct cw_option options[] = {{.name = "json", .flag = &json}};
        const struct cw_option_set set = {.options = options, .n = CW_ARRAY_SIZE(options)};
        struct cw_json top;
        int status = cw_options_read(command, argc, argv, &set, &call.place);

        if (status >= 0)
                return status;
        status = cw_daemon_call(&call, &answer);
        if (status != CW_EXIT_OK)
                return status;
        if (json)
                fputs(cw_buf_text(&answer), stdout);
        else if (answer.len == 0 || cw_json_read(answer.data, answer.len, &top, NULL) < 0)
                return unreadable();
        else
                status = cw_source_table_print(&top);
        return status == CW_EXIT_OK && fflush(stdout) != 0 ? CW_EXIT_FAILED : status;
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
