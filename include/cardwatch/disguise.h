/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DISGUISE_H
#define CARDWATCH_DISGUISE_H

#include "cardwatch/notice.h"

/*
 * Disguise: a notice for somebody who is not to know everything (`detail`).
 *
 * What may not be told is taken out of the data before anything is rendered, so that no format can give it away: with
 * CW_DETAIL_BAND amounts become whole percentages of the alert's threshold (and nothing where there is none), with
 * CW_DETAIL_NONE they and the customers' references are gone. Numbers in the text of a condition go with the amounts,
 * and so do a rule's own words where they name what is not told. Entries are copies: whatever else holds the originals
 * is not touched.
 */

enum cw_detail { CW_DETAIL_FULL, CW_DETAIL_BAND, CW_DETAIL_NONE };

struct cw_disguise;

/* Borrows the notice. -ENOMEM. */
int cw_disguise_new(const struct cw_notice *notice, enum cw_detail detail, struct cw_disguise **ret_disguise)
        __attribute__((warn_unused_result));
void cw_disguise_free(struct cw_disguise *disguise);

/* Lives as long as the disguise. With CW_DETAIL_FULL the notice itself. */
const struct cw_notice *cw_disguise_notice(const struct cw_disguise *disguise);

/* `amount` in whole percent of `limit`, rounded away from 100, so that what is beyond its limit never reads as if it
 * had just reached it. False: the limit is zero. */
bool cw_disguise_percent(cw_amount amount, cw_amount limit, int64_t *ret_percent);

#endif
