/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: every key of the contract, each in one row, in the order in which they are shown to people. */
#include <string.h>

#include "addresses.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "draft.h"
#include "schema.h"
#include "shapes.h"

#define AT(type, member)         .offset = offsetof(struct type, member)
#define LIST_AT(type, member, n) .offset = offsetof(struct type, member), .count = offsetof(struct type, n)
#define WORDS(array)             .words = (array), .n_words = CW_ARRAY_SIZE(array)
#define ROWS(array)              .rows = (array), .n_rows = CW_ARRAY_SIZE(array)
#define LATER(key, what)                                                                                               \
        {                                                                                                              \
                .name = (key), .flags = CW_ROW_LATER, .help = (what)                                                   \
        }

#define KIB     INT64_C(1024)
#define GIB     (KIB * KIB * KIB)
#define LONG_MS (1000 * 365 * CW_DAY_MS)

#define PERCENT_MOST 100000 /* all of it, in thousandths of a percent */

static const char *const severities[] = {NULL, "info", "warning", "critical"};

static const struct cw_row log_rows[] = {
        {"level", CW_ROW_WORD, AT(cw_config, log_level), .fallback = "info",
         .words = (const char *const[]){"debug", "info", "warning", "error"}, .n_words = 4,
         .help = "The least that is logged: debug, info, warning or error."},
        {"format", CW_ROW_WORD, AT(cw_config, log_format), .fallback = "text",
         .words = (const char *const[]){"text", "json"}, .n_words = 2,
         .help = "Lines of key=value (text) or JSON objects (json), to standard error."},
};
static const struct cw_table log_table = {ROWS(log_rows), .node = CW_TABLE_NOWHERE};

static const struct cw_row store_rows[] = {
        {"sqlite", CW_ROW_TEXT, CW_ROW_PATH, AT(cw_config, store_path), .fallback = "/var/lib/cardwatch/cardwatch.db",
         .most = 4000, .help = "The database. One daemon at a time owns it."},
        LATER("postgresql", "A database that several daemons share."),
        {"keep_history", CW_ROW_DURATION, AT(cw_config, keep_history_ms), .fallback = "90d", .least = 1,
         .most = LONG_MS, .help = "How long what happened is remembered."},
        {"max_size", CW_ROW_SIZE, AT(cw_config, max_store_bytes), .fallback = "10GiB", .least = KIB * KIB,
         .most = KIB * GIB * KIB,
         .help = "History is dropped, oldest first, so that the store stays below; a warning is "
                 "logged at 80 %."},
        {"keep_audit", CW_ROW_DURATION, AT(cw_config, keep_audit_ms), .fallback = "7y", .least = 1, .most = LONG_MS,
         .help = "How long it is remembered who did what."},
};
static const struct cw_table store_table = {ROWS(store_rows), .node = CW_TABLE_NOWHERE};

static const struct cw_row control_rows[] = {
        {"socket", CW_ROW_TEXT, CW_ROW_PATH, AT(cw_config, control_socket), .fallback = CW_CONFIG_CONTROL_SOCKET,
         .words = (const char *const[]){"none"}, .n_words = 1, .check = cw_address_socket,
         .help = "The unix socket over which the cardwatch program talks to the daemon; none turns it off."},
        LATER("http", "A host and port to listen on."),
        LATER("token", "What is needed to act over TCP."),
        LATER("public_read", "Whether reading over TCP needs no token."),
        {"external_url", CW_ROW_TEXT, CW_ROW_BASE, AT(cw_config, external_url),
         .example = "https://cardwatch.example.com", .most = 1000, .check = cw_address_base,
         .help = "Where people reach the daemon's pages; used in links of messages."},
};
static const struct cw_table control_table = {ROWS(control_rows), .node = CW_TABLE_NOWHERE};

static const struct cw_row auth_rows[] = {
        {"username", CW_ROW_TEXT, CW_ROW_OFFERED, AT(cw_config_source, username), .example = "ops@example.com",
         .most = 1000, .check = cw_shape_line,
         .help = "Log in with a name and a password, and use the bearer token that this gives."},
        {"password", CW_ROW_SECRET, CW_ROW_OFFERED, AT(cw_config_source, password), .example = "env:IBANERA_PASSWORD",
         .help = "The password that belongs to username."},
        {"api_key", CW_ROW_SECRET, AT(cw_config_source, api_key), .example = "file:api_key", .check = cw_shape_line,
         .help = "Or an API key, sent as the Authorization header as it stands."},
        {"totp_secret", CW_ROW_SECRET, CW_ROW_OFFERED, AT(cw_config_source, totp_secret), .example = "env:IBANERA_TOTP",
         .check = cw_shape_base32, .help = "The base32 secret from which one-time passwords are made."},
        {"otp", CW_ROW_SECRET, AT(cw_config_source, otp), .example = "\"123456\"", .check = cw_shape_line,
         .help = "Or a fixed one-time password."},
        {"otp_single_use", CW_ROW_BOOLEAN, AT(cw_config_source, otp_single_use), .fallback = "false",
         .help = "The API takes a one-time password once only: wait for the next one before each request."},
};
static const struct cw_table auth_table = {ROWS(auth_rows), .node = CW_TABLE_NOWHERE};

#define SOURCE(member) .offset = offsetof(struct cw_source_draft, source.member)

static const struct cw_row watch_rows[] = {
        {"customers", CW_ROW_IDS, CW_ROW_REQUIRED, LIST_AT(cw_config_watch, customers, n_customers),
         .example = "[11057, 11060]", .help = "Ids of customers."},
        {"every", CW_ROW_DURATION, CW_ROW_REQUIRED, AT(cw_config_watch, every_ms), .example = "10s", .least = 50,
         .most = 7 * CW_DAY_MS, .help = "How often each of them is read."},
};
static const struct cw_table watch_table = {ROWS(watch_rows), .size = sizeof(struct cw_config_watch),
                                            .node = CW_TABLE_NOWHERE};

static const struct cw_row source_rows[] = {
        {"name", CW_ROW_NAME, CW_ROW_REQUIRED, SOURCE(name), .example = "main",
         .help = "The name of the source, part of every alert of its cards."},
        {"url", CW_ROW_TEXT, CW_ROW_REQUIRED | CW_ROW_BASE, SOURCE(url), .example = "https://public-api.ibanera.com",
         .most = 1000, .check = cw_address_base,
         .help = "The card API: scheme, host, perhaps a port and a path prefix."},
        /* Its keys go into the source itself. */
        {"auth", CW_ROW_TABLE, CW_ROW_REQUIRED, .offset = offsetof(struct cw_source_draft, source),
         .table = &auth_table,
         .help = "How to prove who asks: username and password, or api_key; with totp_secret or otp."},
        {"every", CW_ROW_DURATION, SOURCE(every_ms), .fallback = "60s", .least = 50, .most = 7 * CW_DAY_MS,
         .help = "From the start of a poll to the start of the next; two polls of a source never overlap."},
        {"page_size", CW_ROW_COUNT, SOURCE(page_size), .fallback = "100", .least = 1, .most = 10000,
         .help = "Customers on a page."},
        {"concurrency", CW_ROW_COUNT, SOURCE(concurrency), .fallback = "4", .least = 1, .most = 64,
         .help = "Pages asked for at once."},
        {"timeout", CW_ROW_DURATION, SOURCE(timeout_ms), .fallback = "30s", .least = 1, .most = CW_HOUR_MS,
         .help = "Of one request."},
        {"retries", CW_ROW_COUNT, SOURCE(retries), .fallback = "2", .most = 100,
         .help = "Further attempts at a page within a poll."},
        {"max_response", CW_ROW_SIZE, SOURCE(max_response), .fallback = "32MiB", .least = KIB, .most = GIB,
         .help = "The largest answer, decompressed."},
        {"proxy", CW_ROW_TEXT, SOURCE(proxy), .example = "http://proxy.example.com:3128", .check = cw_address_proxy,
         .help = "A proxy; by default what the environment says."},
        {"tls", CW_ROW_TABLE, SOURCE(tls), .table = &cw_schema_tls, .help = "TLS towards the API."},
        {"watch", CW_ROW_LIST, CW_ROW_IDLE, LIST_AT(cw_source_draft, source.watches, source.n_watches),
         .table = &watch_table, .help = "A faster lane for some customers: they are also read one by one."},
        {"missing_after", CW_ROW_COUNT, SOURCE(missing_after), .fallback = "2", .least = 1, .most = 250,
         .help = "Complete polls in a row without a card after which it has disappeared."},
        {"suspect_above", CW_ROW_PERCENT, SOURCE(suspect_above), .fallback = "10%", .most = PERCENT_MOST,
         .help = "The share of cards that may empty or vanish at once and still be believed; 0% turns that off."},
        {"stale_after", CW_ROW_COUNT, SOURCE(stale_after), .fallback = "3", .least = 1, .most = 1000,
         .help = "Intervals without a complete poll after which what is known is called stale."},
        {"heartbeat", CW_ROW_SECRET, SOURCE(heartbeat), .example = "env:CARDWATCH_HEARTBEAT", .check = cw_address_hook,
         .help = "An address that is asked for after each complete poll, through the same proxy, so that somebody else "
                 "notices when there are none."},
};
const struct cw_table cw_schema_source = {ROWS(source_rows), .size = sizeof(struct cw_source_draft),
                                          .node = offsetof(struct cw_source_draft, node)};

static const struct cw_row match_rows[] = {
        {"source", CW_ROW_TEXTS, LIST_AT(cw_match, sources, n_sources), .example = "main", .help = "Names of sources."},
        {"customer", CW_ROW_IDS, LIST_AT(cw_match, customers, n_customers), .example = "[11057]",
         .help = "Ids of customers."},
        {"reference", CW_ROW_TEXTS, LIST_AT(cw_match, references, n_references), .example = "\"acme-*\"", .most = 500,
         .help = "Patterns (* and ?) of customers' references."},
        {"currency", CW_ROW_TEXTS, LIST_AT(cw_match, currencies, n_currencies), .example = "[USD, EUR]",
         .check = cw_shape_currency, .help = "Currencies, in any case."},
        {"card", CW_ROW_IDS, LIST_AT(cw_match, cards, n_cards), .example = "[7]", .help = "Ids of cards."},
        {"suppressed", CW_ROW_WORD, AT(cw_match, suppressed), .example = "any",
         .words = (const char *const[]){NULL, "false", "true", "any"}, .n_words = 4,
         .help = "Deactivated cards: false (none), true (only those) or any. When nothing is said, conditions that do "
                 "not name "
                 "suppressed skip them."},
};
static const struct cw_table match_table = {ROWS(match_rows), .size = sizeof(struct cw_match),
                                            .node = CW_TABLE_NOWHERE};

static const struct cw_row override_rows[] = {
        {"match", CW_ROW_TABLE, AT(cw_override_draft, match), .table = &match_table,
         .help = "The cards for which other values count; goes with params."},
        {"params", CW_ROW_NODE, AT(cw_override_draft, params), .example = "{floor: 1000}",
         .help = "The parameters that differ, and their values."},
        {"csv", CW_ROW_TEXT, CW_ROW_PATH, AT(cw_override_draft, csv), .example = "floors.csv", .most = 4000,
         .help = "Or, in place of both, a file of them: relative to the configuration file, and read again at a "
                 "reload."},
};
const struct cw_table cw_schema_override = {ROWS(override_rows), .size = sizeof(struct cw_override_draft),
                                            .node = offsetof(struct cw_override_draft, node)};

static const struct cw_row level_rows[] = {
        {"severity", CW_ROW_WORD, CW_ROW_REQUIRED, AT(cw_level_draft, severity), WORDS(severities), .example = "info",
         .help = "info, warning or critical; each at most once."},
        {"when", CW_ROW_NODE, CW_ROW_REQUIRED, AT(cw_level_draft, when), .example = "available < 500",
         .help = "The condition under which the alert is that severe."},
};
const struct cw_table cw_schema_level = {ROWS(level_rows), .size = sizeof(struct cw_level_draft),
                                         .node = offsetof(struct cw_level_draft, node)};

static const struct cw_row flap_rows[] = {
        {"limit", CW_ROW_COUNT, AT(cw_flap, limit), .fallback = "5", .least = 1, .most = CW_FLAP_LIMIT_MAX,
         .help = "How often an alert may begin to fire; the next time is told as flapping, then it is quiet."},
        {"window", CW_ROW_DURATION, AT(cw_flap, window_ms), .fallback = "1h", .least = 1, .most = LONG_MS,
         .help = "Within this time; when nothing has begun for as long, it is over."},
};
const struct cw_table cw_schema_flap = {ROWS(flap_rows), .node = CW_TABLE_NOWHERE};

#define RULE(member) .offset = offsetof(struct cw_rule_draft, rule.member)

static const struct cw_row rule_rows[] = {
        {"name", CW_ROW_NAME, CW_ROW_REQUIRED, RULE(name), .example = "low-balance",
         .help = "The name of the rule, and of its alerts."},
        {"match", CW_ROW_TABLE, RULE(match), .table = &match_table,
         .help = "The cards that the rule is about. Everything that is said must hold; a value or a list."},
        {"params", CW_ROW_NODE, AT(cw_rule_draft, params), .example = "{floor: 100}",
         .help = "Values with a name, for use in expressions: numbers, amounts, percentages, durations, texts."},
        {"overrides", CW_ROW_NODE, AT(cw_rule_draft, overrides),
         .example = "[{match: {customer: 11057}, params: {floor: 1000}}]", .table = &cw_schema_override,
         .help = "Other values of parameters for some cards; the first that matches counts."},
        {"arm", CW_ROW_WORD, AT(cw_rule_draft, arm), .fallback = "always",
         .words = (const char *const[]){"always", "after_clear"}, .n_words = 2,
         .help = "always, or after_clear: a card alerts only once it has been seen clear, so that new cards, not "
                 "funded yet, stay quiet."},
        {"when", CW_ROW_NODE, CW_ROW_OFFERED, AT(cw_rule_draft, when), .example = "available < 100",
         .help = "A condition: while it holds, the card has an alert. One of when, levels and on is needed."},
        {"levels", CW_ROW_NODE, AT(cw_rule_draft, levels),
         .example = "[{severity: warning, when: available < 100}, {severity: critical, when: available < 0}]",
         .table = &cw_schema_level,
         .help = "Or several conditions: one alert whose severity is that of the highest that holds."},
        {"clear", CW_ROW_NODE, AT(cw_rule_draft, clear), .example = "available >= 120",
         .help = "What ends the alert; by default that the condition does not hold."},
        {"on", CW_ROW_NODE, AT(cw_rule_draft, on), .example = "changed(suppressed)",
         .help = "Or an event: one message each time it happens, nothing to resolve."},
        {"for", CW_ROW_DURATION, RULE(for_ms), .fallback = "0s", .most = LONG_MS,
         .help = "How long the condition must have held before the alert fires."},
        {"keep_firing_for", CW_ROW_DURATION, RULE(keep_firing_for_ms), .fallback = "0s", .most = LONG_MS,
         .help = "How long what ends it must have held before it resolves."},
        {"flap", CW_ROW_NODE, AT(cw_rule_draft, flap), .example = "{limit: 5, window: 1h}", .table = &cw_schema_flap,
         .help = "When an alert that comes and goes is kept quiet; off: never. By default {limit: 5, window: 1h} while "
                 "it is below critical and off when it is critical; what is written counts for both."},
        {"severity", CW_ROW_WORD, RULE(severity), .fallback = "warning", WORDS(severities),
         .help = "info, warning or critical. With levels, each has its own."},
        {"labels", CW_ROW_LABELS, LIST_AT(cw_rule_draft, rule.labels, rule.n_labels), .example = "{team: treasury}",
         .help = "Texts with a name that go into messages, and that groups can be made by."},
        {"summary", CW_ROW_TEXT, RULE(summary), .least = -1, .most = 16384,
         .example =
                 "\"Card {{card.id}} of {{customer.reference}} is down to {{balances.available}} {{card.currency}}\"",
         .help = "A sentence for each alert, as a Mustache template over its entry in the webhook's body. People read "
                 "it of what is over only if it names resolved_at, state or status: it is about what began."},
        {"description", CW_ROW_TEXT, RULE(description), .least = -1, .most = 16384,
         .example = "\"Ask treasury for funds.\"", .help = "More words, likewise."},
        {"confirm", CW_ROW_BOOLEAN, RULE(confirm), .fallback = "false",
         .help = "true: the customer is read once more before the alert fires."},
        {"enabled", CW_ROW_BOOLEAN, RULE(enabled), .fallback = "true",
         .help = "false: the rule is checked and not used."},
};
static const struct cw_table rule_table = {ROWS(rule_rows), .size = sizeof(struct cw_rule_draft),
                                           .node = offsetof(struct cw_rule_draft, node)};

#define GRADED_ROWS                                                                                                    \
        {"severity", CW_ROW_WORD, AT(cw_builtin_draft, severity), WORDS(severities),                                   \
         .help = "info, warning or critical."},                                                                        \
        {                                                                                                              \
                "enabled", CW_ROW_BOOLEAN, AT(cw_builtin_draft, enabled),                                              \
                        .help = "false turns the alert off, like the word off in place of the mapping."                \
        }

static const struct cw_row graded_rows[] = {GRADED_ROWS};
static const struct cw_row after_polls_rows[] = {
        GRADED_ROWS,
        {"after", CW_ROW_COUNT, AT(cw_builtin_draft, after_polls), .least = 1, .most = 1000,
         .help = "Polls in a row that failed whole."},
};
static const struct cw_row after_time_rows[] = {
        GRADED_ROWS,
        {"after", CW_ROW_DURATION, AT(cw_builtin_draft, after_ms), .most = LONG_MS,
         .help = "How long a notifier must have failed; a dead letter counts at once."},
};
const struct cw_table cw_schema_graded = {ROWS(graded_rows), .size = sizeof(struct cw_builtin_draft),
                                          .node = CW_TABLE_NOWHERE};
const struct cw_table cw_schema_after_polls = {ROWS(after_polls_rows), .size = sizeof(struct cw_builtin_draft),
                                               .node = CW_TABLE_NOWHERE};
const struct cw_table cw_schema_after_time = {ROWS(after_time_rows), .size = sizeof(struct cw_builtin_draft),
                                              .node = CW_TABLE_NOWHERE};

#define BUILTIN(kind) CW_ROW_NODE, .offset = offsetof(struct cw_draft, builtin[kind])

static const struct cw_row builtin_rows[] = {
        {"source-down", BUILTIN(CW_BUILTIN_SOURCE_DOWN), .fallback = "{severity: critical, after: 3}",
         .table = &cw_schema_after_polls, .help = "Polls failed whole."},
        {"auth-failed", BUILTIN(CW_BUILTIN_AUTH_FAILED), .fallback = "{severity: critical}", .table = &cw_schema_graded,
         .help = "The API does not accept the credentials."},
        {"stale", BUILTIN(CW_BUILTIN_STALE), .fallback = "{severity: critical}", .table = &cw_schema_graded,
         .help = "There was no complete poll for too long."},
        {"suspect-snapshot", BUILTIN(CW_BUILTIN_SUSPECT_SNAPSHOT), .fallback = "{severity: critical}",
         .table = &cw_schema_graded, .help = "An answer is too odd to be believed."},
        {"bad-data", BUILTIN(CW_BUILTIN_BAD_DATA), .fallback = "{severity: warning}", .table = &cw_schema_graded,
         .help = "A card's fields cannot be trusted; the card was set aside."},
        {"notifier-failing", BUILTIN(CW_BUILTIN_NOTIFIER_FAILING), .fallback = "{severity: warning, after: 5m}",
         .table = &cw_schema_after_time, .help = "A notifier does not deliver; told to the others."},
        {"store-failing", BUILTIN(CW_BUILTIN_STORE_FAILING), .fallback = "{severity: critical}",
         .table = &cw_schema_graded, .help = "The database cannot be written."},
        {"reload-failed", BUILTIN(CW_BUILTIN_RELOAD_FAILED), .fallback = "{severity: warning}",
         .table = &cw_schema_graded, .help = "A new configuration was wrong; the old one is in force."},
        {"clock-skew", BUILTIN(CW_BUILTIN_CLOCK_SKEW), .fallback = "{severity: warning}", .table = &cw_schema_graded,
         .help = "This machine's clock and the API's differ."},
};
static const struct cw_table builtin_table = {ROWS(builtin_rows), .node = CW_TABLE_NOWHERE};

static const struct cw_row top_rows[] = {
        {"timezone", CW_ROW_TEXT, AT(cw_draft, config.timezone), .example = "Europe/London", .most = 100,
         .check = cw_shape_timezone,
         .help = "The IANA name of the zone in which people read times; by default the system's."},
        {"include", CW_ROW_NODE, AT(cw_draft, include), .example = "[conf.d/*.yaml]",
         .help = "Further files, as patterns relative to this one. Only lists may come from them; they are appended in "
                 "the "
                 "files' name order."},
        {"log", CW_ROW_TABLE, AT(cw_draft, config), .table = &log_table, .help = "Logging."},
        {"store", CW_ROW_TABLE, AT(cw_draft, config), .table = &store_table, .help = "What survives a restart."},
        {"control", CW_ROW_TABLE, AT(cw_draft, config), .table = &control_table,
         .help = "How the daemon is talked to."},
        {"sources", CW_ROW_LIST, LIST_AT(cw_draft, sources, n_sources), .table = &cw_schema_source,
         .help = "The accounts whose cards are watched. At least one is needed."},
        {"rules", CW_ROW_LIST, LIST_AT(cw_draft, rules, n_rules), .table = &rule_table, .help = "What to tell about."},
        {"builtin", CW_ROW_TABLE, AT(cw_draft, config), .table = &builtin_table,
         .help = "The daemon's own alerts; each can be given another severity or turned off."},
        {"notifiers", CW_ROW_LIST, LIST_AT(cw_draft, notifiers, n_notifiers), .table = &cw_schema_notifier,
         .help = "Whom to tell, and how."},
        {"route", CW_ROW_TABLE, AT(cw_draft, route), .table = &cw_schema_route,
         .help = "Which messages are made of alerts, and who gets them."},
        {"templates", CW_ROW_LABELS, LIST_AT(cw_draft, config.templates, config.n_templates),
         .example = "{line: \"{{card.id}}: {{balances.available}}\"}",
         .help = "Texts with a name, for use in other templates as {{> name}}."},
        {"inhibit", CW_ROW_LIST, CW_ROW_IDLE, LIST_AT(cw_draft, inhibitions, n_inhibitions),
         .table = &cw_schema_inhibition,
         .help = "Alerts that hold others back while they fire, beside those that are built in: auth-failed over "
                 "source-down and stale, source-down and suspect-snapshot over stale."},
        {"windows", CW_ROW_LIST, CW_ROW_IDLE, LIST_AT(cw_draft, windows, n_windows), .table = &cw_schema_window,
         .help = "Named spans of local time, for mute and only."},
        {"digests", CW_ROW_LIST, CW_ROW_IDLE, LIST_AT(cw_draft, digests, n_digests), .table = &cw_schema_digest,
         .help = "At fixed times, how it stands: what fires, what happened since the last one, or that all is well."},
};
const struct cw_table cw_schema_top = {ROWS(top_rows), .size = sizeof(struct cw_draft), .node = CW_TABLE_NOWHERE};
