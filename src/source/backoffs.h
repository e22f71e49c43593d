/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_BACKOFFS_H
#define CARDWATCH_SOURCE_BACKOFFS_H

#include "cardwatch/backoff.h"

/*
 * How long to wait between attempts of one request within a poll; how many there are is `retries`.
 */
static const struct cw_backoff_policy cw_source_backoff_policy = {
        .first_ms = 200,
        .longest_ms = 10000,
        .give_up_ms = INT64_MAX,
};

#endif
