/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_RULE_PARAMS_H
#define CARDWATCH_CORE_RULE_PARAMS_H

#include "cardwatch/rules.h"
#include "cardwatch/value.h"

/* The rule's parameters as they are for this card: the first override that matches sets them. Values are borrowed. */
void cw_rule_params(const struct cw_rule *rule, const char *source, const struct cw_card *card,
                    struct cw_value ret_params[static CW_RULE_PARAMS_MAX]);

#endif
