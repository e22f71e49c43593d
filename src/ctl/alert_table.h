/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_ALERT_TABLE_H
#define CARDWATCH_CTL_ALERT_TABLE_H

#include "table.h"

struct cw_json;

/*
 * Alert table: alerts of the API as rows for people.
 */

struct cw_table cw_alert_table(void);

/* `data` is the table. */
void cw_alert_table_add(void *data, const struct cw_json *alert);

/* What --match takes, for a usage text. */
#define CW_MATCH_USAGE                                                                                                 \
        "rule, source, customer, reference, currency, card, severity or a label,\n"                                    \
        "                     such as customer=11057; of one key any, of every key one"

#endif
