/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_INHIBITION_H
#define CARDWATCH_INHIBITION_H

#include "cardwatch/filter.h"

/*
 * Inhibition: while an alert fires, others that say nothing new beside it are not told. Plain data, owned by the
 * ruleset; what is done with it is the policy's.
 */

enum cw_equal_key {
        CW_EQUAL_RULE,
        CW_EQUAL_SEVERITY,
        CW_EQUAL_SOURCE,
        CW_EQUAL_CUSTOMER,
        CW_EQUAL_REFERENCE,
        CW_EQUAL_CURRENCY,
        CW_EQUAL_CARD,
        CW_EQUAL_LABEL
};

struct cw_equal {
        enum cw_equal_key key;
        char *label; /* for CW_EQUAL_LABEL */
};

struct cw_inhibition {
        struct cw_filter source, target;
        struct cw_equal *equal; /* what both must have, and alike */
        size_t n_equal;
        char *reason; /* "inhibit low-total": what holds back, in words */
};

void cw_inhibition_deinit(struct cw_inhibition *inhibition);

#endif
