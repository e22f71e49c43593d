/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_RULE_H
#define CARDWATCH_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/card.h"
#include "cardwatch/match.h"

struct cw_expr;
struct cw_value;

/*
 * Rule: one of the configuration's, compiled. Plain data without behaviour; owned by its ruleset (rules.h).
 */

struct cw_override_table;

/* Either one match with what it sets, or a table of many (overrides.h). */
struct cw_override {
        struct cw_match match;
        struct cw_value *params; /* one for each of the rule's, in its order */
        bool *given; /* which of them it sets */
        struct cw_override_table *table; /* NULL: match, params and given say it */
};

/* One step of a rule with `levels`. */
struct cw_level {
        enum cw_severity severity;
        struct cw_expr *when;
};

/* More than `limit` transitions to firing within the window, and it is said once that the alert flaps. */
struct cw_flap {
        uint32_t limit; /* 0: off */
        int64_t window_ms;
};

enum { CW_RULE_PARAMS_MAX = 64, CW_FLAP_LIMIT_MAX = 100 };

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
        struct cw_level *levels; /* or several, the least severe first; then `severity` says nothing */
        size_t n_levels;
        struct cw_expr *on; /* or an event; exactly one of when, levels and on is set */
        int64_t for_ms; /* how long the condition must have been true before it fires */
        int64_t keep_firing_for_ms; /* how long `clear` must have been true before it resolves */
        struct cw_flap flap; /* below critical */
        struct cw_flap flap_critical; /* of an alert that is critical */
        bool arm_after_clear; /* a card alerts only once it has been seen clear */
        bool confirm; /* its customer is read once more before it fires */
        struct cw_label *labels;
        size_t n_labels;
        char *summary, *description; /* Mustache, NULL: the default words */
        uint64_t meaning; /* hash of all that decides when it fires: a rule is its name and its meaning */
        bool sees_suppressed; /* deactivated cards too (config.md, "Which cards a condition sees") */
        bool looks_back; /* uses changed, delta or previous: one more look at the next observation */
        bool looks_far; /* uses a window, unchanged or age: what it says may change although its card does not */
};

/* Derives `meaning`, `sees_suppressed`, `looks_back` and `looks_far` from the rest: the last step of building a rule.
 */
void cw_rule_seal(struct cw_rule *rule);

#endif
