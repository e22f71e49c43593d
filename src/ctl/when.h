/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_WHEN_H
#define CARDWATCH_CTL_WHEN_H

#include <stdint.h>

struct cw_buf;

/*
 * When: times as operators write and read them, in the process's time zone.
 */

/* RFC 3339, also without a zone ("2026-11-22 08:00", seconds optional), or seconds since 1970. -EINVAL. */
int cw_when_parse(const char *text, int64_t *ret_at) __attribute__((warn_unused_result));

/* The same, or "2h" or "-2h": so long before `now`. */
int cw_when_parse_past(const char *text, int64_t now, int64_t *ret_at) __attribute__((warn_unused_result));

/* "2026-11-22 08:00:00.123" */
void cw_when_format(struct cw_buf *buf, int64_t at);

/* What they may be, for a usage text. */
#define CW_WHEN_USAGE      "RFC 3339 with or without a zone, or seconds since 1970"
#define CW_WHEN_PAST_USAGE "RFC 3339 with or without a zone, seconds since 1970, or so long ago: 2h"

#endif
