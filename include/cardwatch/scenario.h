/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SCENARIO_H
#define CARDWATCH_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/money.h"

struct cw_config_report;
struct cw_node;

/*
 * Scenario: a file of tests for rules, as checked structs (rules.md, "Testing rules").
 *
 * Read like a configuration: by tables, every mistake at its place in one pass. It says what the file says; which
 * sources, cards and beats there are is for whoever knows the configuration. Everything is owned by the
 * cw_scenario_file.
 */

/* What a line says of a card; the rest is as it was. */
enum {
        CW_SAYS_CUSTOMER = 1u << 0,
        CW_SAYS_CURRENCY = 1u << 1,
        CW_SAYS_AVAILABLE = 1u << 2,
        CW_SAYS_PENDING = 1u << 3,
        CW_SAYS_TOTAL = 1u << 4,
        CW_SAYS_SUPPRESSED = 1u << 5,
        CW_SAYS_REFERENCE = 1u << 6,
        CW_SAYS_LAST4 = 1u << 7,
};

enum cw_scenario_poll { CW_SCENARIO_POLL_COMPLETE, CW_SCENARIO_POLL_PARTIAL, CW_SCENARIO_POLL_FAILED };

struct cw_scenario_place {
        unsigned line, column;
};

/* A line of `cards` (at 0) or of `timeline`. */
struct cw_scenario_entry {
        const struct cw_node *node, *field; /* private */
        struct cw_scenario_place place;
        int64_t at_ms; /* since the beginning */
        char *source; /* NULL: the first */
        bool has_card;
        int64_t card, customer;
        char currency[4]; /* upper case */
        char last4[5];
        cw_amount available, pending, total;
        bool suppressed;
        char *reference; /* "": said to have none */
        unsigned says;
        bool gone; /* missing from the list from now on */
        enum cw_scenario_poll poll; /* how this instant's poll of the source goes */
};

enum cw_expected_kind { CW_EXPECTED_NULL, CW_EXPECTED_BOOL, CW_EXPECTED_TEXT, CW_EXPECTED_LIST, CW_EXPECTED_MAP };

/* Something as it should be: of a mapping what is not named may be anything, a list is whole. */
struct cw_expected {
        enum cw_expected_kind kind;
        struct cw_scenario_place place;
        char *key; /* in its mapping; NULL elsewhere */
        char *text; /* of a scalar, as written */
        bool quoted;
        struct cw_expected *items;
        size_t n_items;
};

struct cw_scenario_expectation {
        const struct cw_node *node, *alerts_node, *messages_node; /* private */
        struct cw_scenario_place place;
        int64_t at_ms;
        bool has_alerts, has_messages;
        struct cw_expected alerts, messages; /* lists of mappings */
};

struct cw_scenario {
        const struct cw_node *node; /* private */
        struct cw_scenario_place place;
        char *name;
        char *start; /* private */
        int64_t start_at;
        struct cw_scenario_entry *cards, *timeline;
        size_t n_cards, n_timeline;
        struct cw_scenario_expectation *expect;
        size_t n_expect;
};

struct cw_scenario_file {
        char *path;
        char *config; /* NULL: it names none */
        char *start; /* private */
        struct cw_scenario *tests;
        size_t n_tests;
};

/* -EINVAL: mistakes, all in the report. -ENOMEM. */
int cw_scenario_load(const char *path, struct cw_scenario_file **ret_file, struct cw_config_report *report)
        __attribute__((warn_unused_result));
void cw_scenario_free(struct cw_scenario_file *file);

#endif
