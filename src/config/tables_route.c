/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the keys of the routes, of what holds back, and of what these match. A child has the keys of the root without
 * their defaults: what it does not say is its parent's. */
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "draft.h"
#include "shapes.h"
#include "shapes_time.h"

#define AT(type, member)         .offset = offsetof(struct type, member)
#define LIST_AT(type, member, n) .offset = offsetof(struct type, member), .count = offsetof(struct type, n)
#define ROWS(array)              .rows = (array), .n_rows = CW_ARRAY_SIZE(array)
#define LONG_MS                  (1000 * 365 * CW_DAY_MS)

static const struct cw_row filter_rows[] = {
        {"severity", CW_ROW_TEXTS, LIST_AT(cw_filter_draft, severities, n_severities), .example = "critical",
         .check = cw_shape_severity, .help = "info, warning or critical."},
        {"rule", CW_ROW_TEXTS, LIST_AT(cw_filter_draft, rules, n_rules), .example = "low-balance",
         .help = "Names of rules and of built-in alerts."},
        {"source", CW_ROW_TEXTS, LIST_AT(cw_filter_draft, cards.sources, cards.n_sources), .example = "main",
         .help = "Names of sources."},
        {"customer", CW_ROW_IDS, LIST_AT(cw_filter_draft, cards.customers, cards.n_customers), .example = "[11057]",
         .help = "Ids of customers."},
        {"reference", CW_ROW_TEXTS, LIST_AT(cw_filter_draft, cards.references, cards.n_references),
         .example = "\"acme-*\"", .most = 500, .help = "Patterns (* and ?) of customers' references."},
        {"currency", CW_ROW_TEXTS, LIST_AT(cw_filter_draft, cards.currencies, cards.n_currencies),
         .example = "[USD, EUR]", .check = cw_shape_currency, .help = "Currencies, in any case."},
        {"card", CW_ROW_IDS, LIST_AT(cw_filter_draft, cards.cards, cards.n_cards), .example = "[7]",
         .help = "Ids of cards."},
        {"labels", CW_ROW_LABELS, LIST_AT(cw_filter_draft, labels, n_labels), .example = "{team: treasury}",
         .help = "Labels of rules, each with its value."},
};
static const struct cw_table filter_table = {ROWS(filter_rows), .size = sizeof(struct cw_filter_draft),
                                             .node = CW_TABLE_NOWHERE};

static const struct cw_row escalation_rows[] = {
        {"after", CW_ROW_DURATION, CW_ROW_REQUIRED, AT(cw_escalation_draft, after_ms), .example = "30m", .least = 1,
         .most = LONG_MS, .help = "How long after the first message; a rise in severity begins anew."},
        {"notify", CW_ROW_NODE, CW_ROW_REQUIRED, AT(cw_escalation_draft, notify), .example = "[webhook]",
         .help = "Names of notifiers."},
};
static const struct cw_table escalation_table = {ROWS(escalation_rows), .size = sizeof(struct cw_escalation_draft),
                                                 .node = offsetof(struct cw_escalation_draft, node)};

/* The keys that a child inherits, with the root's defaults or with what a child might say. */
#define NOTIFY_ROW                                                                                                     \
        {                                                                                                              \
                "notify", CW_ROW_NODE, AT(cw_route_draft, notify), .example = "[webhook]",                             \
                                                                   .help = "Names of notifiers; by default every one." \
        }
#define GROUP_BY_ROW(shown)                                                                                            \
        {                                                                                                              \
                "group_by", CW_ROW_NODE, AT(cw_route_draft, group_by),                                                 \
                        shown = "[rule, customer]",                                                                    \
                        .help = "What alerts must share to be told in one message: rule, severity, customer, "         \
                                "currency, card, names of labels. A group never spans sources."                        \
        }
#define GROUP_WAIT_ROW(shown)                                                                                          \
        {                                                                                                              \
                "group_wait", CW_ROW_DURATION, AT(cw_route_draft, group_wait_ms),                                      \
                        shown = "0s", .most = LONG_MS,                                                                 \
                        .help = "How long a new group collects before its first message."                              \
        }
#define GROUP_INTERVAL_ROW(shown)                                                                                      \
        {                                                                                                              \
                "group_interval", CW_ROW_DURATION, AT(cw_route_draft, group_interval_ms),                              \
                        shown = "0s", .most = LONG_MS,                                                                 \
                        .help = "The least time between messages about changes of a group; a rise in "                 \
                                "severity does not wait."                                                              \
        }
#define REPEAT_ROW(shown, value)                                                                                       \
        {                                                                                                              \
                "repeat_every", CW_ROW_DURATION, AT(cw_route_draft, repeat_every_ms),                                  \
                        shown = value, .most = LONG_MS,                                                                \
                        .help = "After this time an unchanged group that still fires is told again; 0s: "              \
                                "never."                                                                               \
        }
#define MUTE_ROW                                                                                                       \
        {                                                                                                              \
                "mute", CW_ROW_NODE, AT(cw_route_draft, mute),                                                         \
                        .example = "[nights]",                                                                         \
                        .help = "Names of windows in which nothing is told; at their end one message says what is "    \
                                "true then."                                                                           \
        }
#define ONLY_ROW                                                                                                       \
        {                                                                                                              \
                "only", CW_ROW_NODE, AT(cw_route_draft, only),                                                         \
                        .example = "[office]", .help = "Names of windows outside of which nothing is told."            \
        }
#define ESCALATE_ROW                                                                                                   \
        {                                                                                                              \
                "escalate", CW_ROW_LIST, CW_ROW_IDLE, LIST_AT(cw_route_draft, escalate, n_escalate),                   \
                        .table = &escalation_table,                                                                    \
                        .help = "Who is told too, unless the alert is acknowledged or over by then."                   \
        }

static const struct cw_table child_table;

static const struct cw_row child_rows[] = {
        {"match", CW_ROW_TABLE, AT(cw_route_draft, match), .table = &filter_table,
         .help = "The alerts that the route is for. Everything that is said must hold; a value or a list. The first "
                 "route that matches takes an alert; one that no child takes is its parent's."},
        {"continue", CW_ROW_BOOLEAN, AT(cw_route_draft, goes_on), .fallback = "false",
         .help = "true: the routes after it are asked as well."},
        NOTIFY_ROW,
        GROUP_BY_ROW(.example),
        GROUP_WAIT_ROW(.example),
        GROUP_INTERVAL_ROW(.example),
        REPEAT_ROW(.example, "4h"),
        MUTE_ROW,
        ONLY_ROW,
        ESCALATE_ROW,
        {"routes", CW_ROW_LIST, CW_ROW_IDLE | CW_ROW_AGAIN, LIST_AT(cw_route_draft, routes, n_routes), .example = "[]",
         .table = &child_table, .help = "Routes within the route, with the same keys."},
};
static const struct cw_table child_table = {ROWS(child_rows), .size = sizeof(struct cw_route_draft),
                                            .node = offsetof(struct cw_route_draft, node)};

static const struct cw_row route_rows[] = {
        NOTIFY_ROW,
        GROUP_BY_ROW(.fallback),
        GROUP_WAIT_ROW(.fallback),
        GROUP_INTERVAL_ROW(.fallback),
        REPEAT_ROW(.fallback, "0s"),
        MUTE_ROW,
        ONLY_ROW,
        ESCALATE_ROW,
        {"routes", CW_ROW_LIST, CW_ROW_IDLE, LIST_AT(cw_route_draft, routes, n_routes), .table = &child_table,
         .help = "Other ways for some alerts. What a route does not say it has from its parent."},
};
const struct cw_table cw_schema_route = {ROWS(route_rows), .node = CW_TABLE_NOWHERE};

static const struct cw_row window_rows[] = {
        {"name", CW_ROW_NAME, CW_ROW_REQUIRED, AT(cw_window_draft, name), .example = "nights",
         .help = "The name of the window."},
        {"days", CW_ROW_TEXTS, LIST_AT(cw_window_draft, days, n_days), .example = "[mon-fri]",
         .check = cw_shape_weekdays, .help = "The weekdays on which a span begins; by default every day."},
        {"from", CW_ROW_TEXT, AT(cw_window_draft, from), .fallback = "00:00", .check = cw_shape_hour,
         .help = "When a span begins, by the clock on the wall in timezone."},
        {"to", CW_ROW_TEXT, AT(cw_window_draft, to), .fallback = "24:00", .check = cw_shape_hour,
         .help = "When it ends; on the next day if that is no later than from."},
        {"except", CW_ROW_TEXTS, LIST_AT(cw_window_draft, except, n_except), .example = "[2026-12-25]",
         .check = cw_shape_date, .help = "Dates on which no span begins."},
        {"dates", CW_ROW_TEXTS, LIST_AT(cw_window_draft, dates, n_dates), .example = "[2026-12-24]",
         .check = cw_shape_date, .help = "Or, in place of days, the dates on which a span begins."},
};
const struct cw_table cw_schema_window = {ROWS(window_rows), .size = sizeof(struct cw_window_draft),
                                          .node = offsetof(struct cw_window_draft, node)};

static const struct cw_row digest_rows[] = {
        {"name", CW_ROW_NAME, CW_ROW_REQUIRED, AT(cw_digest_draft, name), .example = "daily",
         .help = "The name of the digest."},
        {"at", CW_ROW_TEXT, CW_ROW_REQUIRED, AT(cw_digest_draft, at), .example = "\"08:00\"", .check = cw_shape_hour,
         .help = "When it is told, by the clock on the wall in timezone."},
        {"days", CW_ROW_TEXTS, LIST_AT(cw_digest_draft, days, n_days), .example = "[mon-fri]",
         .check = cw_shape_weekdays, .help = "The weekdays on which it is; by default every day."},
        {"notify", CW_ROW_NODE, CW_ROW_REQUIRED, AT(cw_digest_draft, notify), .example = "[webhook]",
         .help = "Names of notifiers."},
        {"per_customer", CW_ROW_BOOLEAN, AT(cw_digest_draft, per_customer), .fallback = "false",
         .help = "true: a message for each customer there is something to tell of; with to_customers to them, too."},
};
const struct cw_table cw_schema_digest = {ROWS(digest_rows), .size = sizeof(struct cw_digest_draft),
                                          .node = offsetof(struct cw_digest_draft, node)};

static const struct cw_row inhibition_rows[] = {
        {"source", CW_ROW_TABLE, CW_ROW_REQUIRED, AT(cw_inhibition_draft, source), .table = &filter_table,
         .help = "The alerts that hold others back while they fire."},
        {"target", CW_ROW_TABLE, CW_ROW_REQUIRED, AT(cw_inhibition_draft, target), .table = &filter_table,
         .help = "The alerts that are held back."},
        {"equal", CW_ROW_TEXTS, LIST_AT(cw_inhibition_draft, equal, n_equal), .example = "[source, customer]",
         .help = "What must be alike in both: rule, severity, source, customer, reference, currency, card, names of "
                 "labels."},
};
const struct cw_table cw_schema_inhibition = {ROWS(inhibition_rows), .size = sizeof(struct cw_inhibition_draft),
                                              .node = offsetof(struct cw_inhibition_draft, node)};
