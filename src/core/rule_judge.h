/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_RULE_JUDGE_H
#define CARDWATCH_CORE_RULE_JUDGE_H

#include "cardwatch/expr.h"
#include "cardwatch/rule.h"

/*
 * What a rule's condition says of a card: one `when`, or several levels.
 */

struct cw_verdict {
        enum cw_truth truth;
        enum cw_severity severity; /* when it is true */
};

/* `present`: the severity at which it fires now, CW_SEVERITY_NONE: it does not. */
struct cw_verdict cw_rule_judge(const struct cw_rule *rule, const struct cw_expr_context *context,
                                enum cw_severity present);

/* What decides at this severity; for an event rule, its event. */
const struct cw_expr *cw_rule_decides(const struct cw_rule *rule, enum cw_severity severity);

#endif
