/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch silence: nothing is told of some alerts for a time. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "act.h"
#include "alert_table.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "cardwatch/json_in.h"
#include "command.h"
#include "daemon_list.h"
#include "table.h"

/* The id alone on standard output, for scripts; what it does beside it. */
static int print_made(const struct cw_command *command, struct cw_buf *answer)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf id = CW_BUF_NULL;
        struct cw_json top, value;
        int64_t total = 0;

        if (answer->len > 0 && cw_json_read(answer->data, answer->len, &top, NULL) == 0)
                cw_daemon_text(&top, "id", &id);
        if (id.len == 0) {
                fprintf(stderr, "cardwatch %s: the daemon's answer cannot be read\n", command->name);
                return CW_EXIT_FAILED;
        }
        puts(cw_buf_text(&id));
        if (cw_json_member(&top, "total", &value) && cw_json_int(&value, &total))
                fprintf(stderr, "of what fires now it holds %" PRId64 " %s; to end it: cardwatch silence end %s\n",
                        total, total == 1 ? "alert" : "alerts", cw_buf_text(&id));
        return CW_EXIT_OK;
}

static void print_hint(const struct cw_buf *answer)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf hint = CW_BUF_NULL;
        struct cw_json top;

        if (answer->len > 0 && cw_json_read(answer->data, answer->len, &top, NULL) == 0)
                cw_daemon_text(&top, "hint", &hint);
        if (hint.len > 0)
                fprintf(stderr, "%s\n", cw_buf_text(&hint));
}

static int add(const struct cw_command *command, const struct cw_act_wish *wish)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf body = CW_BUF_NULL, answer = CW_BUF_NULL;
        struct cw_daemon_call call = {
                .command = command, .place = wish->place, .method = "POST", .path = "/api/v1/silences"};
        int status;

        if ((wish->match.n == 0) != wish->all)
                return cw_command_misused(command, "say what: --match KEY=VALUE, or --all");
        if (!wish->lasts && !wish->until && !wish->preview)
                return cw_command_misused(command, "say how long: --for 2h or --until TIME");
        if (!wish->preview && !cw_act_has_actor(command, wish, true))
                return CW_EXIT_USAGE;
        status = cw_act_body(command, wish, &body);
        call.body = cw_buf_text(&body);
        if (status == CW_EXIT_OK)
                status = cw_daemon_call(&call, &answer);
        if (status != CW_EXIT_OK)
                return status;
        if (wish->json)
                fputs(cw_buf_text(&answer), stdout);
        else if (wish->preview)
                status = cw_act_show_alerts(command, &answer, "nothing that fires now matches");
        else
                status = print_made(command, &answer);
        if (!wish->json)
                print_hint(&answer);
        return status;
}

static void add_row(void *data, const struct cw_json *silence)
{
        struct cw_table *table = data;
        struct cw_buf words = CW_BUF_NULL, text = CW_BUF_NULL;
        struct cw_json terms, term;

        cw_table_put_member(table, silence, "id");
        cw_table_put_time(table, silence, "until");
        if (cw_json_member(silence, "match", &terms))
                for (size_t at = 0; cw_json_next(&terms, &at, NULL, &term);) {
                        cw_buf_clear(&text);
                        if (cw_json_string(&term, &text))
                                cw_buf_printf(&words, "%s%s", words.len ? " " : "", cw_buf_text(&text));
                }
        cw_table_put(table, words.len ? cw_buf_text(&words) : "everything");
        cw_table_put_member(table, silence, "firing");
        cw_table_put_member(table, silence, "by");
        cw_table_put_member(table, silence, "why");
        cw_buf_deinit(&words);
        cw_buf_deinit(&text);
}

static int list(const struct cw_command *command, const struct cw_act_wish *wish)
{
        static const char *const titles[] = {"ID", "UNTIL", "HOLDS", "FIRING", "BY", "WHY"};
        cw_cleanup(cw_daemon_list_deinit) struct cw_daemon_list silences = {
                .call = {.command = command, .place = wish->place, .path = "/api/v1/silences"}, .member = "silences"};
        struct cw_table table = {.titles = titles, .n_columns = CW_ARRAY_SIZE(titles), .right = 1u << 3};
        int status = cw_daemon_read_list(&silences);

        if (status != CW_EXIT_OK)
                return status;
        if (wish->json) {
                cw_daemon_print_list(&silences);
        } else if (silences.n == 0) {
                puts("there is no silence");
        } else {
                status = cw_daemon_walk_list(&silences, add_row, &table);
                if (cw_table_print(&table) < 0)
                        status = CW_EXIT_FAILED;
        }
        return status;
}

static int end(const struct cw_command *command, const struct cw_act_wish *wish, const char *id)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf path = CW_BUF_NULL, body = CW_BUF_NULL, answer = CW_BUF_NULL;
        struct cw_daemon_call call = {.command = command, .place = wish->place, .method = "DELETE"};
        struct cw_act_wish said = {.by = wish->by, .why = wish->why};
        int status;

        if (strlen(id) != 16 || strspn(id, "0123456789abcdef") != 16)
                return cw_command_misused(command, "\"%s\" is no id of a silence: 16 digits from 0 to f", id);
        if (!cw_act_has_actor(command, wish, false))
                return CW_EXIT_USAGE;
        cw_buf_printf(&path, "/api/v1/silences/%s", id);
        status = cw_act_body(command, &said, &body);
        call.path = cw_buf_text(&path);
        call.body = cw_buf_text(&body);
        if (status == CW_EXIT_OK)
                status = cw_daemon_call(&call, &answer);
        if (status == CW_EXIT_OK)
                printf(wish->json ? "%s" : "%s: ended; what still fires is told\n",
                       wish->json ? cw_buf_text(&answer) : id);
        return status;
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        struct cw_act_wish wish = {.by = NULL};
        const struct cw_option options[] = {
                {.name = "match", .words = &wish.match},    {.name = "all", .flag = &wish.all},
                {.name = "for", .text = &wish.lasts},       {.name = "until", .text = &wish.until},
                {.name = "by", .text = &wish.by},           {.name = "why", .text = &wish.why},
                {.name = "preview", .flag = &wish.preview}, {.name = "json", .flag = &wish.json},
        };
        const struct cw_option_set set = {
                .options = options, .n = CW_ARRAY_SIZE(options), .least = 1, .most = 2, .operands = "add, list or end"};
        int status = cw_options_read(command, argc, argv, &set, &wish.place);
        const char *verb = argv[optind];
        int operands = argc - optind;

        if (status >= 0)
                return status;
        if (strcmp(verb, "add") == 0 && operands == 1)
                status = add(command, &wish);
        else if (strcmp(verb, "list") == 0 && operands == 1)
                status = list(command, &wish);
        else if (strcmp(verb, "end") == 0 && operands == 2)
                status = end(command, &wish, argv[optind + 1]);
        else
                return cw_command_misused(command, "give add, list, or end and an id");
        return status == CW_EXIT_OK && fflush(stdout) != 0 ? CW_EXIT_FAILED : status;
}

const struct cw_command cw_command_silence = {
        .name = "silence",
        .usage = "Usage: cardwatch silence add (--match KEY=VALUE... | --all) (--for DURATION | --until TIME)\n"
                 "                             [--by NAME] --why TEXT [--preview] [--json]\n"
                 "       cardwatch silence list [--json]\n"
                 "       cardwatch silence end ID [--by NAME] [--why TEXT]\n"
                 "\n"
                 "Nobody is told of alerts that a silence matches while it lasts, 30 days at most. At its end one "
                 "message\n"
                 "tells what still fires; what came and went inside is history. `add` prints the id.\n"
                 "\n"
                 "      --match TERM   which: " CW_MATCH_USAGE "\n"
                 "      --all          everything, the daemon's own alerts too\n"
                 "      --for DURATION such as 30m, 2h or 7d\n"
                 "      --until TIME   RFC 3339 with or without a zone, or seconds since 1970\n"
                 "      --preview      only show what it would hold of what fires now\n"
                 "      --by NAME      who decides this (default: your login name)\n"
                 "      --why TEXT     for what reason\n"
                 "      --json         for programs\n" CW_DAEMON_USAGE "\n" CW_DAEMON_STATUS,
        .run = run,
};
