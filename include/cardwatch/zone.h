/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_ZONE_H
#define CARDWATCH_ZONE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Zone: what the clocks on the wall of a place show.
 *
 * Made from the bytes of a zone file (RFC 8536), which somebody else reads; then a pure function of the time, whatever
 * the process's own TZ says. Beyond the file's last change the rule at its end counts (POSIX TZ, with its extensions of
 * RFC 8536, 3.3.1). Immutable. NULL stands for UTC everywhere.
 */

struct cw_zone;

/* -EBADMSG: these are no zone's bytes. -ENOMEM. */
int cw_zone_parse(const void *data, size_t len, struct cw_zone **ret_zone) __attribute__((warn_unused_result));
void cw_zone_free(struct cw_zone *zone);

/* Seconds that local time is ahead of UTC at `at_s`, in seconds since 1970. */
int32_t cw_zone_offset(const struct cw_zone *zone, int64_t at_s);

/* The first second after `at_s` at which that is another; INT64_MAX: it never is. */
int64_t cw_zone_next_change(const struct cw_zone *zone, int64_t at_s);

#endif
