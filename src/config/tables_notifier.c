/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: all types of notifiers share one table; each row says for which of them it exists. */
#include <string.h>

#include "addresses.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "draft.h"
#include "schema.h"
#include "shapes.h"
#include "shapes_chat.h"

#define NOTIFIER(member)         .offset = offsetof(struct cw_notifier_draft, notifier.member)
#define NOTIFIER_LIST(member, n) NOTIFIER(member), .count = offsetof(struct cw_notifier_draft, notifier.n)
#define WEBHOOK                  CW_KIND_OF(CW_NOTIFIER_WEBHOOK)
#define EMAIL                    CW_KIND_OF(CW_NOTIFIER_EMAIL)
#define SYSLOG                   CW_KIND_OF(CW_NOTIFIER_SYSLOG)
#define FILE_KIND                CW_KIND_OF(CW_NOTIFIER_FILE)
#define SLACK                    CW_KIND_OF(CW_NOTIFIER_SLACK)
#define DISCORD                  CW_KIND_OF(CW_NOTIFIER_DISCORD)
#define TEAMS                    CW_KIND_OF(CW_NOTIFIER_TEAMS)
#define TELEGRAM                 CW_KIND_OF(CW_NOTIFIER_TELEGRAM)
#define MATRIX                   CW_KIND_OF(CW_NOTIFIER_MATRIX)
#define NTFY                     CW_KIND_OF(CW_NOTIFIER_NTFY)
#define GOTIFY                   CW_KIND_OF(CW_NOTIFIER_GOTIFY)
#define PUSHOVER                 CW_KIND_OF(CW_NOTIFIER_PUSHOVER)
#define PAGERDUTY                CW_KIND_OF(CW_NOTIFIER_PAGERDUTY)
#define ALERTMAN                 CW_KIND_OF(CW_NOTIFIER_ALERTMANAGER)
#define EXEC                     CW_KIND_OF(CW_NOTIFIER_EXEC)

/* Whose address is a secret; who has a server, and a token for it; who speaks HTTP. */
#define HOOKS   (WEBHOOK | SLACK | DISCORD | TEAMS)
#define SERVERS (MATRIX | NTFY | GOTIFY)
#define UNHURRIED                                                                                                      \
        (WEBHOOK | EMAIL | SYSLOG | FILE_KIND | DISCORD | TEAMS | SERVERS | PUSHOVER | PAGERDUTY | ALERTMAN | EXEC)
#define HTTP (HOOKS | TELEGRAM | SERVERS | PUSHOVER | PAGERDUTY | ALERTMAN)

const char *const cw_notifier_type_names[] = {"webhook", "email",    "syslog",    "file",         "slack",
                                              "discord", "teams",    "telegram",  "matrix",       "ntfy",
                                              "gotify",  "pushover", "pagerduty", "alertmanager", "exec"};
const size_t cw_n_notifier_type_names = CW_ARRAY_SIZE(cw_notifier_type_names);

/* RFC 5424, table 1, by number. */
static const char *const facilities[] = {"kern",   "user",   "mail",   "daemon", "auth",     "syslog",
                                         "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
                                         NULL,     NULL,     NULL,     NULL,     "local0",   "local1",
                                         "local2", "local3", "local4", "local5", "local6",   "local7"};

static unsigned kinds_of(const struct cw_node *mapping)
{
        const struct cw_node *type = cw_node_get(mapping, "type");

        if (!type || type->kind != CW_NODE_SCALAR)
                return 0;
        for (size_t i = 0; i < cw_n_notifier_type_names; i++)
                if (strcmp(cw_notifier_type_names[i], type->text) == 0)
                        return CW_KIND_OF(i);
        return 0;
}

static const struct cw_row tls_rows[] = {
        {"ca", CW_ROW_TEXT, CW_ROW_PATH, .offset = offsetof(struct cw_config_tls, ca), .example = "/etc/ssl/ca.pem",
         .most = 4000, .help = "Certificates to trust instead of the system's."},
        {"cert", CW_ROW_TEXT, CW_ROW_PATH, .offset = offsetof(struct cw_config_tls, cert),
         .example = "/etc/ssl/client.pem", .most = 4000, .help = "The client's own certificate."},
        {"key", CW_ROW_TEXT, .offset = offsetof(struct cw_config_tls, key), .example = "/etc/ssl/client.key",
         .most = 4000,
         .help = "The file of its key: a path, file:PATH, credential:NAME, or env:NAME with a path in it."},
};
const struct cw_table cw_schema_tls = {
        .rows = tls_rows,
        .n_rows = CW_ARRAY_SIZE(tls_rows),
        .size = sizeof(struct cw_config_tls),
        .node = CW_TABLE_NOWHERE,
};

static const struct cw_row rows[] = {
        {"name", CW_ROW_NAME, CW_ROW_REQUIRED, NOTIFIER(name), .example = "NAME",
         .help = "The name of the notifier, for routes."},
        {"type", CW_ROW_WORD, CW_ROW_REQUIRED, NOTIFIER(type), .example = "TYPE", .words = cw_notifier_type_names,
         .n_words = CW_NOTIFIER_TYPES,
         .help = "webhook, email, syslog, file, slack (also Mattermost), discord, teams, telegram, matrix, ntfy, "
                 "gotify, pushover, pagerduty, alertmanager or exec."},
        {"url", CW_ROW_SECRET, CW_ROW_REQUIRED, .kinds = HOOKS, NOTIFIER(url), .example = "env:CARDWATCH_HOOK_URL",
         .check = cw_address_hook, .help = "Where messages are posted to."},
        {"url", CW_ROW_TEXT, CW_ROW_BASE, .kinds = TELEGRAM, NOTIFIER(server), .fallback = "https://api.telegram.org",
         .check = cw_address_base, .help = "The server, if it is one of your own."},
        {"url", CW_ROW_TEXT, CW_ROW_REQUIRED | CW_ROW_BASE, .kinds = SERVERS, NOTIFIER(server),
         .example = "https://push.example.com", .check = cw_address_base, .help = "The server."},
        {"url", CW_ROW_TEXT, CW_ROW_BASE, .kinds = PAGERDUTY, NOTIFIER(server),
         .fallback = "https://events.pagerduty.com", .check = cw_address_base,
         .help = "The server, if it is another one."},
        {"url", CW_ROW_TEXT, CW_ROW_REQUIRED | CW_ROW_BASE, .kinds = ALERTMAN, NOTIFIER(server),
         .example = "http://127.0.0.1:9093", .check = cw_address_base,
         .help = "The server, without the path of its interface."},
        {"routing_key", CW_ROW_SECRET, CW_ROW_REQUIRED, .kinds = PAGERDUTY, NOTIFIER(routing_key),
         .example = "file:pagerduty_key", .check = cw_shape_token,
         .help = "The integration key of an Events API v2 integration."},
        {"command", CW_ROW_TEXTS, CW_ROW_REQUIRED, .kinds = EXEC, NOTIFIER_LIST(command, n_command),
         .example = "[/usr/local/bin/tell-them]", .most = 4000,
         .help = "The command, its absolute path first, and its arguments; there is no shell."},
        {"token", CW_ROW_SECRET, CW_ROW_REQUIRED, .kinds = TELEGRAM, NOTIFIER(token), .example = "file:bot_token",
         .check = cw_shape_bot_token, .help = "The token of the bot, as the BotFather gives it."},
        {"token", CW_ROW_SECRET, CW_ROW_REQUIRED, .kinds = MATRIX | GOTIFY, NOTIFIER(token),
         .example = "file:push_token", .check = cw_shape_token,
         .help = "The access token of the account, or the token of the application."},
        {"token", CW_ROW_SECRET, CW_ROW_REQUIRED, .kinds = PUSHOVER, NOTIFIER(token), .example = "file:pushover_token",
         .check = cw_shape_key, .help = "The token of the application."},
        {"token", CW_ROW_SECRET, .kinds = NTFY, NOTIFIER(token), .example = "file:ntfy_token", .check = cw_shape_token,
         .help = "An access token, if the topic is protected."},
        {"chat_id", CW_ROW_TEXT, CW_ROW_REQUIRED, .kinds = TELEGRAM, NOTIFIER(chat_id), .example = "\"-1001234567890\"",
         .check = cw_shape_chat, .help = "The chat: its number, or @name of a public channel."},
        {"room", CW_ROW_TEXT, CW_ROW_REQUIRED, .kinds = MATRIX, NOTIFIER(room), .example = "\"!room:example.com\"",
         .check = cw_shape_room, .help = "The room by its id, in quotes because it begins with an exclamation mark."},
        {"topic", CW_ROW_TEXT, CW_ROW_REQUIRED, .kinds = NTFY, NOTIFIER(topic), .example = "cards",
         .check = cw_shape_topic, .help = "The topic."},
        {"user", CW_ROW_SECRET, CW_ROW_REQUIRED, .kinds = PUSHOVER, NOTIFIER(user), .example = "file:pushover_user",
         .check = cw_shape_key, .help = "The key of the user or the group."},
        {"secret", CW_ROW_SECRET, .kinds = WEBHOOK, NOTIFIER(secret), .example = "file:hook_secret",
         .check = cw_shape_signing,
         .help = "What messages are signed with (Standard Webhooks): whsec_ and base64, or any text."},
        {"headers", CW_ROW_LABELS, CW_ROW_ANY, .kinds = WEBHOOK | ALERTMAN, NOTIFIER_LIST(headers, n_headers),
         .example = "{X-Team: treasury}", .check = cw_shape_header, .help = "Further headers, as they stand."},
        {"proxy", CW_ROW_TEXT, .kinds = HTTP, NOTIFIER(proxy), .example = "http://proxy.example.com:3128",
         .check = cw_address_proxy, .help = "A proxy; by default what the environment says."},
        {"smtp", CW_ROW_TEXT, CW_ROW_REQUIRED, .kinds = EMAIL, NOTIFIER(smtp), .example = "smtp://127.0.0.1:25",
         .check = cw_address_smtp, .help = "The mail server: smtp:// or smtps://, host and perhaps a port."},
        {"starttls", CW_ROW_WORD, .kinds = EMAIL, NOTIFIER(starttls), .example = "required",
         .words = (const char *const[]){"required", "opportunistic", "off"}, .n_words = 3,
         .help = "required, opportunistic or off; by default off towards this machine, else required."},
        {"username", CW_ROW_TEXT, .kinds = EMAIL, NOTIFIER(username), .example = "cardwatch", .check = cw_shape_line,
         .help = "Log in to the mail server."},
        {"password", CW_ROW_SECRET, .kinds = EMAIL, NOTIFIER(password), .example = "file:smtp_password",
         .help = "The password that belongs to username."},
        {"from", CW_ROW_TEXT, CW_ROW_REQUIRED, .kinds = EMAIL, NOTIFIER(from), .example = "cardwatch@example.com",
         .check = cw_address_mail, .help = "The sender's address."},
        {"to", CW_ROW_TEXTS, CW_ROW_REQUIRED, .kinds = EMAIL, NOTIFIER_LIST(to, n_to), .example = "[ops@example.com]",
         .check = cw_address_mail, .help = "The addresses that get each mail."},
        {"to_customers", CW_ROW_CUSTOMERS, .kinds = EMAIL, NOTIFIER_LIST(customers, n_customers),
         .example = "{11057: [cfo@acme.example]}", .check = cw_address_mail,
         .help = "Customers by their numbers, and the addresses that get mails of their own about their cards alone."},
        {"target", CW_ROW_TEXT, .kinds = SYSLOG, NOTIFIER(target), .fallback = "local", .most = 1000,
         .check = cw_address_target,
         .help = "local (/dev/log), unix:PATH, udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT."},
        {"facility", CW_ROW_WORD, .kinds = SYSLOG, NOTIFIER(facility), .fallback = "daemon", .words = facilities,
         .n_words = CW_ARRAY_SIZE(facilities), .help = "The facility, by its name: daemon, user, local0 and so on."},
        {"app_name", CW_ROW_TEXT, .kinds = SYSLOG, NOTIFIER(app_name), .fallback = "cardwatchd",
         .check = cw_shape_app_name, .help = "The program's name in each record."},
        {"path", CW_ROW_TEXT, CW_ROW_REQUIRED, .kinds = FILE_KIND, NOTIFIER(path),
         .example = "/var/lib/cardwatch/alerts.jsonl", .most = 4000, .check = cw_shape_absolute,
         .help = "The file; each message becomes a line of JSON at its end, with every alert in it."},
        {"tls", CW_ROW_TABLE, .kinds = HTTP | EMAIL | SYSLOG, NOTIFIER(tls), .table = &cw_schema_tls,
         .help = "TLS towards the server."},
        {"send_resolved", CW_ROW_BOOLEAN, NOTIFIER(send_resolved), .fallback = "true",
         .help = "false: the end of an alert is not told."},
        {"timeout", CW_ROW_DURATION, NOTIFIER(timeout_ms), .fallback = "15s", .least = 1, .most = CW_HOUR_MS,
         .help = "Of one attempt."},
        {"retry_for", CW_ROW_DURATION, NOTIFIER(retry_for_ms), .fallback = "24h", .most = 365 * CW_DAY_MS,
         .help = "How long a message is tried again before it is a dead letter."},
        {"list", CW_ROW_COUNT, CW_ROW_ALL, NOTIFIER(list), .fallback = "20", .least = 1, .most = 500,
         .help = "Alerts that are written out in a message, the others are counted; all: every one, in parts of 500."},
        {"detail", CW_ROW_WORD, NOTIFIER(detail), .fallback = "full",
         .words = (const char *const[]){"full", "band", "none"}, .n_words = 3,
         .help = "full, band (percentages of the threshold instead of amounts) or none (neither amounts nor "
                 "references)."},
        {"title", CW_ROW_TEXT, NOTIFIER(title), .most = 16384, .example = "\"{{severity}}: {{title}}\"",
         .help = "The first line, the subject or the summary, as a Mustache template over the webhook's body; see "
                 "Words "
                 "of one's own."},
        {"body", CW_ROW_TEXT, NOTIFIER(body), .most = 65536, .example = "\"{{#alerts}}{{summary}} {{/alerts}}\"",
         .help = "What comes after it, likewise; of webhook, exec and file the whole of what is sent."},
        {"rate", CW_ROW_TEXT, .kinds = SLACK | TELEGRAM, NOTIFIER(rate), .fallback = "1/s", .check = cw_shape_rate,
         .help = "At most so many messages in a second, minute or hour (1/s, 30/m), spread evenly; or none."},
        {"rate", CW_ROW_TEXT, .kinds = UNHURRIED, NOTIFIER(rate), .fallback = "none", .check = cw_shape_rate,
         .help = "At most so many messages in a second, minute or hour (1/s, 30/m), spread evenly; or none."},
        {"fallback", CW_ROW_NODE, .offset = offsetof(struct cw_notifier_draft, fallback), .example = "[mail]",
         .help = "Notifiers that take its critical messages while it fails."},
};

const struct cw_table cw_schema_notifier = {
        .rows = rows,
        .n_rows = CW_ARRAY_SIZE(rows),
        .size = sizeof(struct cw_notifier_draft),
        .node = offsetof(struct cw_notifier_draft, node),
        .kinds = kinds_of,
};
