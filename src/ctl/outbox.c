/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch outbox: messages that are not delivered, and what is to become of them. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "cardwatch/json_in.h"
#include "command.h"
#include "options.h"
#include "recent.h"

struct outbox_wish {
        struct cw_daemon_place place;
        const char *limit, *by, *why, *notifier; /* NULL: not said */
        bool drop, all, json;
};

static void add_message(struct cw_table *table, const struct cw_json *message)
{
        cw_table_put_member(table, message, "id");
        cw_table_put_member(table, message, "notifier");
        cw_table_put_member(table, message, "state");
        cw_table_put_member(table, message, "alerts");
        cw_table_put_member(table, message, "rule");
        cw_table_put_time(table, message, "queued_at");
        cw_table_put_member(table, message, "attempts");
        cw_table_put_time(table, message, "next_attempt_at");
        cw_table_put_member(table, message, "error");
}

static int list(const struct cw_command *command, const struct outbox_wish *wish)
{
        static const char *const titles[] = {"ID",     "NOTIFIER", "STATE",        "ALERTS", "RULE",
                                             "QUEUED", "ATTEMPTS", "NEXT ATTEMPT", "ERROR"};
        struct cw_recent recent = {
                .list = {.call = {.command = command, .place = wish->place, .path = "/api/v1/outbox"},
                         .member = "messages"},
                .table = {.titles = titles, .n_columns = CW_ARRAY_SIZE(titles), .right = 1u << 3 | 1u << 6},
                .add = add_message,
                .json = wish->json,
                .none = "everything is delivered",
        };
        int status;

        if (!cw_daemon_limit(command, wish->limit, &recent.list.most))
                return CW_EXIT_USAGE;
        status = cw_recent_show(&recent);
        cw_daemon_list_deinit(&recent.list);
        return status;
}

static int act_on(const struct cw_command *command, const struct outbox_wish *wish, const char *id)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf path = CW_BUF_NULL, body = CW_BUF_NULL, answer = CW_BUF_NULL;
        struct cw_daemon_call call = {
                .command = command, .place = wish->place, .method = wish->drop ? "DELETE" : "POST"};
        int status;

        cw_buf_printf(&path, "/api/v1/outbox/%s%s", id, wish->drop ? "" : "/retry");
        cw_daemon_actor(&body, cw_options_by(wish->by), wish->why);
        call.path = cw_buf_text(&path);
        call.body = cw_buf_text(&body);
        status = cw_daemon_call(&call, &answer);
        if (status == CW_EXIT_OK && wish->json)
                fputs(cw_buf_text(&answer), stdout);
        else if (status == CW_EXIT_OK)
                printf("%s: %s\n", id, wish->drop ? "dropped; nobody is told" : "goes out again now");
        return status;
}

/* The dead letters of a list, and what came of them. */
struct letters {
        const struct cw_command *command;
        const struct outbox_wish *wish;
        size_t n;
        int status;
};

static void act_on_dead(void *data, const struct cw_json *message)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf id = CW_BUF_NULL, state = CW_BUF_NULL, notifier = CW_BUF_NULL;
        struct letters *letters = data;
        int status;

        cw_daemon_text(message, "id", &id);
        cw_daemon_text(message, "state", &state);
        cw_daemon_text(message, "notifier", &notifier);
        if (strcmp(cw_buf_text(&state), "dead") != 0 ||
            (letters->wish->notifier && strcmp(cw_buf_text(&notifier), letters->wish->notifier) != 0))
                return;
        status = act_on(letters->command, letters->wish, cw_buf_text(&id));
        if (status != CW_EXIT_OK)
                letters->status = status;
        letters->n++;
}

static int act_on_all(const struct cw_command *command, const struct outbox_wish *wish)
{
        cw_cleanup(cw_daemon_list_deinit) struct cw_daemon_list messages = {
                .call = {.command = command, .place = wish->place, .path = "/api/v1/outbox"}, .member = "messages"};
        struct letters letters = {.command = command, .wish = wish, .status = CW_EXIT_OK};
        int status = cw_daemon_read_list(&messages);

        if (status == CW_EXIT_OK)
                status = cw_daemon_walk_list(&messages, act_on_dead, &letters);
        if (status == CW_EXIT_OK && letters.n == 0 && !wish->json && wish->notifier)
                printf("there is no dead letter of a notifier \"%s\"\n", wish->notifier);
        else if (status == CW_EXIT_OK && letters.n == 0 && !wish->json)
                puts("there is no dead letter");
        return status == CW_EXIT_OK ? letters.status : status;
}

static int act(const struct cw_command *command, const struct outbox_wish *wish, const char *id)
{
        bool many = wish->all || wish->notifier;

        if (many == (id != NULL))
                return cw_command_misused(command, "give the id of a message, or --all or --notifier NAME");
        if (!cw_options_by(wish->by))
                return cw_command_misused(command, "say who: --by NAME");
        if (many)
                return act_on_all(command, wish);
        if (strlen(id) != 32 || strspn(id, "0123456789abcdef") != 32)
                return cw_command_misused(command, "\"%s\" is no id of a message: 32 digits from 0 to f", id);
        return act_on(command, wish, id);
}

static int run(const struct cw_command *command, int argc, char **argv)
{
        struct outbox_wish wish = {.limit = NULL};
        const struct cw_option options[] = {
                {.name = "limit", .text = &wish.limit}, {.name = "json", .flag = &wish.json},
                {.name = "by", .text = &wish.by},       {.name = "why", .text = &wish.why},
                {.name = "all", .flag = &wish.all},     {.name = "notifier", .text = &wish.notifier},
        };
        const struct cw_option_set set = {.options = options,
                                          .n = CW_ARRAY_SIZE(options),
                                          .least = 1,
                                          .most = 2,
                                          .operands = "list, retry or drop"};
        int status = cw_options_read(command, argc, argv, &set, &wish.place);
        const char *verb = argv[optind], *id;

        if (status >= 0)
                return status;
        id = argc - optind == 2 ? argv[optind + 1] : NULL;
        wish.drop = strcmp(verb, "drop") == 0;
        if (strcmp(verb, "list") == 0 && !id)
                status = list(command, &wish);
        else if (wish.drop || strcmp(verb, "retry") == 0)
                status = act(command, &wish, id);
        else
                return cw_command_misused(command, "give list, or retry or drop and an id");
        return status == CW_EXIT_OK && fflush(stdout) != 0 ? CW_EXIT_FAILED : status;
}

const struct cw_command cw_command_outbox = {
        .name = "outbox",
        .usage = "Usage: cardwatch outbox list [--limit N] [--json]\n"
                 "       cardwatch outbox retry (ID | --all | --notifier NAME) [--by NAME] [--why TEXT] [--json]\n"
                 "       cardwatch outbox drop (ID | --all | --notifier NAME) [--by NAME] [--why TEXT] [--json]\n"
                 "\n"
                 "Shows the messages that are not delivered, in the order in which they were queued: those that wait\n"
                 "for another attempt, with what went wrong, and those that are dead, which nobody attempts again.\n"
                 "`retry` sends one now, a dead one with the id and the bytes it has; what it tells may be over by\n"
                 "then, and its end follows. `drop` gives one up: nobody is told until its alerts change.\n"
                 "\n"
                 "      --limit N      at most so many\n"
                 "      --all          all dead letters\n"
                 "      --notifier NAME  all dead letters of this notifier\n"
                 "      --by NAME      who decides this (default: your login name)\n"
                 "      --why TEXT     for what reason\n"
                 "      --json         for programs\n" CW_DAEMON_USAGE "\n" CW_DAEMON_STATUS,
        .run = run,
};
