/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_EXPECT_H
#define CARDWATCH_CTL_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/json_in.h"

struct cw_buf;
struct cw_expected;

/*
 * Expect: what a test says of alerts and messages, compared with the webhook's body of them.
 *
 * A key means the message's member, else what all of its alerts say; `card` and `customer` alone mean their ids,
 * `value` the current one, `available`, `currency`, `reference` and their like what stands in the objects of the alert.
 * Amounts are compared as numbers, times as times (also written as durations since the beginning); in texts `*` stands
 * for anything. Lists are whole, in any order.
 */

/* Something that was told, or that fires: the body of one message. */
struct cw_actual {
        int64_t at;
        size_t notifier;
        char *bytes; /* what `json` points into */
        struct cw_json json;
        bool is_alert; /* of one alert, which alone counts */
        uint64_t fingerprint; /* then: its own */
};

/* Copies the body. -ENOMEM. */
int cw_actual_init(struct cw_actual *actual, const char *body, size_t len) __attribute__((warn_unused_result));
void cw_actual_deinit(struct cw_actual *actual);

/* Every key of the mapping is right. `why` (NULL: not wanted) gets a line for each that is not, after `indent`. */
bool cw_expect(const struct cw_expected *expected, const struct cw_actual *actual, int64_t start_at, const char *indent,
               struct cw_buf *why);

/* The text of a scalar of the mapping, NULL: it has no such key. */
const char *cw_expected_text(const struct cw_expected *mapping, const char *key);

/* One line each, as a test would have it. */
void cw_expected_format(struct cw_buf *buf, const struct cw_expected *expected);
void cw_actual_format(struct cw_buf *buf, const struct cw_actual *actual);

#endif
