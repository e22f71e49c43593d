/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/fingerprint.h"

#include "alert.h"

uint64_t cw_fingerprint(const char *rule, const char *source, int64_t customer, int64_t card)
{
        struct cw_alert_key key = {.rule = rule, .source = source, .customer = customer, .card = card};

        return cw_alert_fingerprint(&key);
}
