/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_judge.h"

/* The most severe level that is true. While one above it is unknown, the severity does not fall. */
static struct cw_verdict judge_levels(const struct cw_rule *rule, const struct cw_expr_context *context,
                                      enum cw_severity present)
{
        bool unknown = false;

        for (size_t i = rule->n_levels; i-- > 0;) {
                enum cw_truth truth = cw_expr_truth(rule->levels[i].when, context);
                enum cw_severity severity = rule->levels[i].severity;

                unknown |= truth == CW_UNKNOWN;
                if (truth == CW_TRUE)
                        return (struct cw_verdict){CW_TRUE, unknown && present > severity ? present : severity};
        }
        return (struct cw_verdict){unknown ? CW_UNKNOWN : CW_FALSE, CW_SEVERITY_NONE};
}

struct cw_verdict cw_rule_judge(const struct cw_rule *rule, const struct cw_expr_context *context,
                                enum cw_severity present)
{
        if (rule->n_levels > 0)
                return judge_levels(rule, context, present);
        return (struct cw_verdict){cw_expr_truth(rule->when, context), rule->severity};
}

const struct cw_expr *cw_rule_decides(const struct cw_rule *rule, enum cw_severity severity)
{
        if (rule->n_levels == 0)
                return rule->when ? rule->when : rule->on;
        for (size_t i = 0; i < rule->n_levels; i++)
                if (rule->levels[i].severity == severity)
                        return rule->levels[i].when;
        return rule->levels[0].when;
}
