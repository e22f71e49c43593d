/* SPDX-License-Identifier: Apache-2.0 */
/* cardwatch audit and cardwatch events: who did what, and what became of alerts. */
#include <stdio.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "cardwatch/json_in.h"
#include "command.h"
#include "options.h"
#include "recent.h"
#include "when.h"

/* Terms of a silence stand on lines of their own. */
static void put_target(struct cw_table *table, const struct cw_json *act)
{
        struct cw_buf text = CW_BUF_NULL;

        cw_daemon_text(act, "target", &text);
        for (size_t i = 0; i < text.len; i++)
                if (text.data[i] == '\n')
                        text.data[i] = ' ';
        if (text.len > 0 && text.data[text.len - 1] == ' ')
                cw_buf_puts(&text, "everything");
        cw_table_put(table, cw_buf_text(&text));
        cw_buf_deinit(&text);
}

static void add_act(struct cw_table *table, const struct cw_json *act)
{
        cw_table_put_time(table, act, "at");
        cw_table_put_member(table, act, "by");
        cw_table_put_member(table, act, "uid");
        cw_table_put_member(table, act, "what");
        put_target(table, act);
        cw_table_put_member(table, act, "why");
}

/* Only of cards: alerts of the daemon's own have none. */
static void put_card(struct cw_table *table, const struct cw_json *event)
{
        struct cw_json customer;
        int64_t id = 0;

        if (cw_json_member(event, "customer", &customer) && cw_json_int(&customer, &id) && id != 0)
                cw_table_put_member(table, event, "card");
        else
                cw_table_put(table, "");
}

static void add_event(struct cw_table *table, const struct cw_json *event)
{
        cw_table_put_time(table, event, "at");
        cw_table_put_member(table, event, "what");
        cw_table_put_member(table, event, "severity");
        cw_table_put_member(table, event, "rule");
        cw_table_put_member(table, event, "source");
        put_card(table, event);
        cw_table_put_member(table, event, "notifier");
        cw_table_put_member(table, event, "reason");
        cw_table_put_member(table, event, "fingerprint");
}

static int run_recent(const struct cw_command *command, int argc, char **argv, struct cw_recent *recent)
{
        const char *since = NULL, *until = NULL, *limit = NULL;
        bool messages = false;
        const struct cw_option options[] = {
                {.name = "since", .text = &since},       {.name = "until", .text = &until},
                {.name = "limit", .text = &limit},       {.name = "json", .flag = &recent->json},
                {.name = "messages", .flag = &messages},
        };
        struct cw_daemon_list *list = &recent->list;
        struct cw_option_set set = {.options = options, .n = CW_ARRAY_SIZE(options)};
        int status;

        if (command == &cw_command_audit)
                set.n--;
        status = cw_options_read(command, argc, argv, &set, &list->call.place);
        if (status >= 0)
                return status;
        list->call.command = command;
        list->most = CW_RECENT_SHOWN;
        recent->newest_first = true;
        if (!cw_daemon_limit(command, limit, &list->most) ||
            !cw_daemon_query_time(command, &list->query, "since", since) ||
            !cw_daemon_query_time(command, &list->query, "until", until))
                return CW_EXIT_USAGE;
        if (messages)
                cw_daemon_query(&list->query, "messages", "true");
        return cw_recent_show(recent);
}

static int run_audit(const struct cw_command *command, int argc, char **argv)
{
        static const char *const titles[] = {"AT", "BY", "UID", "WHAT", "TARGET", "WHY"};
        struct cw_recent recent = {
                .list = {.call = {.path = "/api/v1/audit"}, .member = "audit"},
                .table = {.titles = titles, .n_columns = CW_ARRAY_SIZE(titles), .right = 1u << 2},
                .add = add_act,
                .none = "nobody did anything",
        };
        int status = run_recent(command, argc, argv, &recent);

        cw_daemon_list_deinit(&recent.list);
        return status;
}

static int run_events(const struct cw_command *command, int argc, char **argv)
{
        static const char *const titles[] = {"AT",   "WHAT",     "SEVERITY", "RULE",       "SOURCE",
                                             "CARD", "NOTIFIER", "REASON",   "FINGERPRINT"};
        struct cw_recent recent = {
                .list = {.call = {.path = "/api/v1/events"}, .member = "events"},
                .table = {.titles = titles, .n_columns = CW_ARRAY_SIZE(titles), .right = 1u << 5},
                .add = add_event,
                .none = "nothing is recorded",
        };
        int status = run_recent(command, argc, argv, &recent);

        cw_daemon_list_deinit(&recent.list);
        return status;
}

#define RECENT_USAGE                                                                                                   \
        "      --since TIME   from then on: " CW_WHEN_PAST_USAGE "\n"                                                  \
        "      --until TIME   up to then\n"                                                                            \
        "      --limit N      the last so many (default 50)\n"                                                         \
        "      --json         for programs, the newest first\n"

const struct cw_command cw_command_audit = {
        .name = "audit",
        .usage = "Usage: cardwatch audit [--since TIME] [--until TIME] [--limit N] [--json] [--socket PATH | -c FILE]\n"
                 "\n"
                 "Shows who did what: silences, acknowledgements, accepted lists, reloads with the configuration's "
                 "hash,\n"
                 "backups; with the name and the reason that were given, and the user id of the process that asked.\n"
                 "\n" RECENT_USAGE CW_DAEMON_USAGE "\n" CW_DAEMON_STATUS,
        .run = run_audit,
};

const struct cw_command cw_command_events = {
        .name = "events",
        .usage = "Usage: cardwatch events [--since TIME] [--until TIME] [--limit N] [--messages] [--json]\n"
                 "                        [--socket PATH | -c FILE]\n"
                 "\n"
                 "Shows what became of alerts: when they began, grew worse, ended, and who acknowledged them.\n"
                 "`cardwatch explain FINGERPRINT` tells all of one.\n"
                 "\n"
                 "      --messages     what became of messages, too: sent, held and by what, dead\n" RECENT_USAGE
                         CW_DAEMON_USAGE "\n" CW_DAEMON_STATUS,
        .run = run_events,
};
