/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the keys of test files as tables; what they expect of alerts and messages is the webhook's body, key by key. */
#include <stddef.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/scenario.h"
#include "scenario_tables.h"
#include "shapes.h"

#define AT(type, member)         .offset = offsetof(struct type, member)
#define LIST_AT(type, member, n) .offset = offsetof(struct type, member), .count = offsetof(struct type, n)
#define WORDS(array)             .words = (array), .n_words = CW_ARRAY_SIZE(array)
#define ROWS(array)              .rows = (array), .n_rows = CW_ARRAY_SIZE(array)

#define LONG_MS (1000 * 365 * CW_DAY_MS)

/* Fields whose shape no row type has are read by code of their own (scenario.c). */
#define FIELD(key, bits)                                                                                               \
        {                                                                                                              \
                .name = (key), .type = CW_ROW_NODE, .flags = (bits), AT(cw_scenario_entry, field)                      \
        }

#define CARD_ROWS(needed)                                                                                              \
        FIELD("customer", needed), FIELD("currency", needed), FIELD("available", needed), FIELD("pending", 0),         \
                FIELD("total", 0), FIELD("last4", 0),                                                                  \
                {"suppressed", CW_ROW_BOOLEAN, AT(cw_scenario_entry, suppressed)},                                     \
                {"reference", CW_ROW_TEXT, AT(cw_scenario_entry, reference), .least = -1, .most = 1000},               \
        {                                                                                                              \
                "source", CW_ROW_NAME, AT(cw_scenario_entry, source)                                                   \
        }

static const char *const polls[] = {"complete", "partial", "failed"};

static const struct cw_row card_rows[] = {FIELD("card", CW_ROW_REQUIRED), CARD_ROWS(CW_ROW_REQUIRED)};
static const struct cw_row timeline_rows[] = {
        {"at", CW_ROW_DURATION, CW_ROW_REQUIRED, AT(cw_scenario_entry, at_ms), .most = LONG_MS},
        FIELD("card", 0),
        CARD_ROWS(0),
        {"gone", CW_ROW_BOOLEAN, AT(cw_scenario_entry, gone)},
        {"poll", CW_ROW_WORD, AT(cw_scenario_entry, poll), WORDS(polls)},
};
static const struct cw_table card_table = {ROWS(card_rows), .size = sizeof(struct cw_scenario_entry),
                                           .node = offsetof(struct cw_scenario_entry, node)};
static const struct cw_table timeline_table = {ROWS(timeline_rows), .size = sizeof(struct cw_scenario_entry),
                                               .node = offsetof(struct cw_scenario_entry, node)};

static const struct cw_row expect_rows[] = {
        {"at", CW_ROW_DURATION, CW_ROW_REQUIRED, AT(cw_scenario_expectation, at_ms), .most = LONG_MS},
        {"alerts", CW_ROW_NODE, AT(cw_scenario_expectation, alerts_node)},
        {"messages", CW_ROW_NODE, AT(cw_scenario_expectation, messages_node)},
};
static const struct cw_table expect_table = {ROWS(expect_rows), .size = sizeof(struct cw_scenario_expectation),
                                             .node = offsetof(struct cw_scenario_expectation, node)};

static const struct cw_row test_rows[] = {
        {"name", CW_ROW_TEXT, CW_ROW_REQUIRED, AT(cw_scenario, name), .most = 1000},
        {"start", CW_ROW_TEXT, AT(cw_scenario, start)},
        {"cards", CW_ROW_LIST, LIST_AT(cw_scenario, cards, n_cards), .table = &card_table},
        {"timeline", CW_ROW_LIST, LIST_AT(cw_scenario, timeline, n_timeline), .table = &timeline_table},
        {"expect", CW_ROW_LIST, CW_ROW_REQUIRED, LIST_AT(cw_scenario, expect, n_expect), .table = &expect_table},
};
static const struct cw_table test_table = {ROWS(test_rows), .size = sizeof(struct cw_scenario),
                                           .node = offsetof(struct cw_scenario, node)};

static const struct cw_row file_rows[] = {
        {"config", CW_ROW_TEXT, CW_ROW_PATH, AT(cw_scenario_file, config), .most = 4000},
        {"start", CW_ROW_TEXT, AT(cw_scenario_file, start)},
        {"tests", CW_ROW_LIST, CW_ROW_REQUIRED, LIST_AT(cw_scenario_file, tests, n_tests), .table = &test_table},
};
const struct cw_table cw_schema_scenario = {ROWS(file_rows), .size = sizeof(struct cw_scenario_file),
                                            .node = CW_TABLE_NOWHERE};

/* Of what is expected only the shape is checked here; the first pairs are what people name most. */
#define ANY(key)                                                                                                       \
        {                                                                                                              \
                .name = (key), .type = CW_ROW_NODE                                                                     \
        }
#define ONE_OF(list) .type = CW_ROW_WORD, WORDS(list)

static const char *const severities[] = {"info", "warning", "critical"};
static const char *const states[] = {"firing", "resolved", "event"};
static const char *const statuses[] = {"firing", "resolved", "event", "digest", "test"};
static const char *const kinds[] = {"alert", "event", "digest", "test"};

#define ALERT_ROWS                                                                                                     \
        {.name = "severity", ONE_OF(severities)}, {.name = "state", ONE_OF(states)},                                   \
                {.name = "previous_severity", ONE_OF(severities)}, {.name = "flapping", .type = CW_ROW_BOOLEAN},       \
                {.name = "baseline", .type = CW_ROW_BOOLEAN}, {.name = "folded", .type = CW_ROW_BOOLEAN},              \
                {.name = "suppressed", .type = CW_ROW_BOOLEAN}, {.name = "confirmed", .type = CW_ROW_BOOLEAN},         \
                ANY("rule"), ANY("card"), ANY("customer"), ANY("source"), ANY("value"), ANY("currency"),               \
                ANY("available"), ANY("pending"), ANY("total"), ANY("reference"), ANY("last4"), ANY("fingerprint"),    \
                ANY("labels"), ANY("balances"), ANY("previous"), ANY("summary"), ANY("description"), ANY("reason"),    \
                ANY("started_at"), ANY("fired_at"), ANY("resolved_at"), ANY("fired_this_week"), ANY("empty_at"),       \
                ANY("acknowledged_by"), ANY("url")

static const struct cw_row alert_rows[] = {ALERT_ROWS};
static const struct cw_row message_rows[] = {
        {.name = "status", ONE_OF(statuses)},
        {.name = "kind", ONE_OF(kinds)},
        ANY("notifier"),
        ANY("repeat"),
        ANY("title"),
        ANY("group"),
        ANY("counts"),
        ANY("alerts"),
        ANY("others"),
        ANY("id"),
        ANY("version"),
        ANY("sent_at"),
        ALERT_ROWS,
};
const struct cw_table cw_schema_expected_alert = {ROWS(alert_rows), .node = CW_TABLE_NOWHERE};
const struct cw_table cw_schema_expected_message = {ROWS(message_rows), .node = CW_TABLE_NOWHERE};
