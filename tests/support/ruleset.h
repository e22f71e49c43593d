/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_RULESET_H
#define CARDWATCH_TESTS_RULESET_H

#include "cardwatch/rules.h"
#include "route_spec.h"

/*
 * Rulesets for tests, written as a literal: what is left out has the configuration's default.
 *
 * Ends the test when something cannot be built; it checks nothing the configuration would.
 */

#define SPEC_SOURCES   3
#define SPEC_RULES     14
#define SPEC_NOTIFIERS 4
#define SPEC_CUSTOMERS 16
#define SPEC_OVERRIDES 3
#define SPEC_GROUP_BY  4
#define SPEC_LEVELS    3
#define SPEC_DIGESTS   2

struct rule_spec {
        const char *name, *when, *clear, *on;
        enum cw_severity severity; /* default: warning */
        enum cw_suppressed_match suppressed;
        int64_t only_customer; /* 0: any */
        const char *param, *value; /* at most one */
        struct {
                int64_t customer;
                const char *value;
        } overrides[SPEC_OVERRIDES];
        const char *label, *label_value; /* at most one */
        bool disabled;
        struct {
                enum cw_severity severity;
                const char *when;
        } levels[SPEC_LEVELS]; /* instead of `when`; the least severe first */
        int64_t for_ms, keep_firing_for_ms;
        struct cw_flap flap, flap_critical; /* default: off */
        bool arm_after_clear, confirm;
};

struct notifier_spec {
        const char *name;
        bool no_ends; /* send_resolved: false */
        bool unrouted;
        uint32_t list; /* default: 20 */
        bool list_all;
        int64_t retry_for_ms; /* default: a day */
        size_t copies; /* tells customers what the notifier of this place, from 1, tells */
        int64_t customers[SPEC_CUSTOMERS]; /* ascending, up to 0 */
        int64_t token_ms; /* default: no rate */
        const char *fallback[2];
};

struct digest_spec {
        const char *name;
        unsigned days; /* default: every day */
        int32_t at_min;
        bool per_customer;
};

struct ruleset_spec {
        const char *sources[SPEC_SOURCES]; /* default: main */
        int64_t every_ms; /* default: a minute */
        uint32_t missing_after; /* default: 2 */
        struct rule_spec rules[SPEC_RULES];
        struct notifier_spec notifiers[SPEC_NOTIFIERS]; /* default: chat */
        struct cw_group_by group_by[SPEC_GROUP_BY];
        size_t n_group_by; /* 0: rule and customer */
        bool one_group; /* no grouping at all */
        int64_t group_wait_ms, group_interval_ms, repeat_every_ms;
        struct routing_spec routing;
        uint32_t builtins_off; /* bits of enum cw_builtin_kind */
        struct digest_spec digests[SPEC_DIGESTS]; /* to every notifier */
};

/* One reference, the caller's. */
struct cw_ruleset *ruleset_build(const struct ruleset_spec *spec);

#endif
