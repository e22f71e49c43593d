/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_params.h"

void cw_rule_params(const struct cw_rule *rule, const char *source, const struct cw_card *card,
                    struct cw_value ret_params[static CW_RULE_PARAMS_MAX])
{
        for (size_t i = 0; i < rule->n_params; i++)
                ret_params[i] = rule->params[i];
        for (size_t o = 0; o < rule->n_overrides; o++) {
                const struct cw_override *override = &rule->overrides[o];

                if (!cw_match_card(&override->match, source, card))
                        continue;
                for (size_t i = 0; i < rule->n_params; i++)
                        if (override->given[i])
                                ret_params[i] = override->params[i];
                return;
        }
}
