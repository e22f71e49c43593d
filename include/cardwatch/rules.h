/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_RULES_H
#define CARDWATCH_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/builtin.h"
#include "cardwatch/card.h"
#include "cardwatch/match.h"

struct cw_expr;
struct cw_value;

/*
 * Ruleset: everything the core decides by, as the configuration said it.
 *
 * Built once by the configuration, then immutable and counted: a reload makes a new one. Plain structs without
 * behaviour except matching; all strings and arrays are owned by the ruleset and malloc'd, so that cw_ruleset_unref can
 * let go of them.
 */

struct cw_override {
        struct cw_match match;
        struct cw_value *params; /* one for each of the rule's, in its order */
        bool *given; /* which of them it sets */
};

enum { CW_RULE_PARAMS_MAX = 64 };

struct cw_rule {
        char *name;
        bool enabled;
        enum cw_severity severity;
        struct cw_match match;
        size_t n_params; /* at most CW_RULE_PARAMS_MAX */
        char **param_names;
        struct cw_value *params;
        struct cw_override *overrides; /* the first that matches a card wins */
        size_t n_overrides;
        struct cw_expr *when, *clear; /* a condition; clear may be NULL */
        struct cw_expr *on; /* or an event; exactly one of when and on is set */
        struct cw_label *labels;
        size_t n_labels;
        char *summary, *description; /* Mustache, NULL: the default words */
        uint64_t meaning; /* hash of all that decides when it fires: a rule is its name and its meaning */
        bool sees_suppressed; /* deactivated cards too (config.md, "Which cards a condition sees") */
        bool looks_back; /* uses changed, delta or previous: one more look at the next observation */
};

struct cw_source_traits {
        char *name;
        int64_t every_ms;
        uint32_t stale_after; /* intervals */
        uint32_t missing_after; /* complete polls */
        uint32_t suspect_above; /* share of the cards, in thousandths of a percent (10% is 10000); 0: off */
};

enum { CW_LIST_ALL = 0 };

struct cw_notifier_traits {
        char *name;
        bool send_resolved;
        uint32_t list; /* alerts written out in a message, CW_LIST_ALL: every one */
        int64_t retry_for_ms; /* after the first failure, then it is a dead letter */
};

enum cw_group_key {
        CW_GROUP_RULE,
        CW_GROUP_SEVERITY,
        CW_GROUP_CUSTOMER,
        CW_GROUP_CURRENCY,
        CW_GROUP_CARD,
        CW_GROUP_LABEL
};

struct cw_group_by {
        enum cw_group_key key;
        char *label; /* for CW_GROUP_LABEL */
};

struct cw_route {
        size_t *notify; /* indices of notifiers */
        size_t n_notify;
        struct cw_group_by *group_by;
        size_t n_group_by;
        int64_t group_wait_ms, group_interval_ms, repeat_every_ms; /* repeat 0: never */
};

struct cw_ruleset {
        unsigned refs;
        struct cw_source_traits *sources;
        size_t n_sources;
        struct cw_rule *rules;
        size_t n_rules;
        struct cw_builtin builtins[CW_BUILTIN_COUNT];
        struct cw_notifier_traits *notifiers;
        size_t n_notifiers;
        struct cw_route route;
};

/* Empty, with one reference and the builtins as config.md has them by default. -ENOMEM. */
int cw_ruleset_new(struct cw_ruleset **ret_rules) __attribute__((warn_unused_result));
struct cw_ruleset *cw_ruleset_ref(struct cw_ruleset *rules);
void cw_ruleset_unref(struct cw_ruleset *rules);

/* Derives `meaning`, `sees_suppressed` and `looks_back` from the rest: the last step of building a rule. */
void cw_rule_seal(struct cw_rule *rule);

#endif
