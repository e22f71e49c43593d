/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_RULES_H
#define CARDWATCH_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/builtin.h"
#include "cardwatch/card.h"
#include "cardwatch/digest.h"
#include "cardwatch/inhibition.h"
#include "cardwatch/route.h"
#include "cardwatch/rule.h"
#include "cardwatch/window.h"

struct cw_zone;

/*
 * Ruleset: everything the core decides by, as the configuration said it.
 *
 * Built once by the configuration, then immutable and counted: a reload makes a new one. Plain structs without
 * behaviour except matching; all strings and arrays are owned by the ruleset and malloc'd, so that cw_ruleset_unref can
 * let go of them.
 */

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
        size_t copies; /* it tells customers what the notifier of this place, counted from 1, tells; 0: it does not */
        int64_t *customers; /* whom, sorted */
        size_t n_customers;
        int64_t token_ms; /* `rate`: between two attempts at least, 0: no limit */
        size_t *fallback; /* indices of notifiers that take its critical messages while it fails */
        size_t n_fallback;
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
        struct cw_digest_plan *digests;
        size_t n_digests;
        struct cw_route route; /* the root */
        struct cw_window *windows;
        size_t n_windows;
        struct cw_zone *zone; /* in which windows are judged; NULL: UTC */
        struct cw_inhibition *inhibitions; /* beside those that are built in */
        size_t n_inhibitions;
};

/* Empty, with one reference and the builtins as config.md has them by default. -ENOMEM. */
int cw_ruleset_new(struct cw_ruleset **ret_rules) __attribute__((warn_unused_result));
struct cw_ruleset *cw_ruleset_ref(struct cw_ruleset *rules);
void cw_ruleset_unref(struct cw_ruleset *rules);

/* Whether some notifier has this one as its fallback. */
bool cw_ruleset_is_fallback(const struct cw_ruleset *rules, size_t notifier);

#endif
