/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the defaults, then what the first override that matches says; an amount without a currency is in the card's. */
#include "rule_params.h"

#include <string.h>

#include "cardwatch/overrides.h"

static bool apply(const struct cw_override *override, const char *source, const struct cw_card *card, size_t n_params,
                  struct cw_value *params)
{
        if (override->table)
                return cw_override_table_apply(override->table, source, card, params);
        if (!cw_match_card(&override->match, source, card))
                return false;
        for (size_t i = 0; i < n_params; i++)
                if (override->given[i])
                        params[i] = override->params[i];
        return true;
}

void cw_rule_params(const struct cw_rule *rule, const char *source, const struct cw_card *card,
                    struct cw_value ret_params[static CW_RULE_PARAMS_MAX])
{
        for (size_t i = 0; i < rule->n_params; i++)
                ret_params[i] = rule->params[i];
        for (size_t o = 0; o < rule->n_overrides; o++)
                if (apply(&rule->overrides[o], source, card, rule->n_params, ret_params))
                        break;
        for (size_t i = 0; i < rule->n_params; i++)
                if (ret_params[i].type == CW_VALUE_AMOUNT && ret_params[i].currency[0] == '\0')
                        memcpy(ret_params[i].currency, card->currency, sizeof(ret_params[i].currency));
}
