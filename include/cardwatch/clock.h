/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CLOCK_H
#define CARDWATCH_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct cw_buf;

/*
 * Clock and durations.
 *
 * Wall times are ms since 1970-01-01 UTC (int64_t, `_at`), monotonic times ms since an arbitrary start (`_mono`),
 * durations ms (`_ms`). The core is handed times and never calls the readers here.
 */

#define CW_SECOND_MS INT64_C(1000)
#define CW_MINUTE_MS (60 * CW_SECOND_MS)
#define CW_HOUR_MS   (60 * CW_MINUTE_MS)
#define CW_DAY_MS    (24 * CW_HOUR_MS)

int64_t cw_clock_wall_ms(void);
int64_t cw_clock_mono_ms(void);

/* Appends RFC 3339 in UTC with milliseconds: 2026-11-22T08:00:00.123Z. */
void cw_clock_format_utc(struct cw_buf *buf, int64_t at);

/* The same, to where there is room for CW_CLOCK_UTC_MAX characters, without a NUL. Returns their end. */
#define CW_CLOCK_UTC_MAX 40
char *cw_clock_write_utc(char *at, int64_t wall);

/* Reads RFC 3339 (any offset, fraction optional, 'T' or a space). -EINVAL. */
int cw_clock_parse(const char *text, int64_t *ret_at) __attribute__((warn_unused_result));

/* Reads an HTTP date (RFC 9110, IMF-fixdate and the two obsolete forms). -EINVAL. */
int cw_clock_parse_http(const char *text, int64_t *ret_at) __attribute__((warn_unused_result));

/* Days since 1970-01-01 of a date of the Gregorian calendar, and the year in which such a day lies. */
int64_t cw_clock_days(int64_t year, int month, int day);
int64_t cw_clock_year(int64_t days);

/* Reads 500ms 30s 5m 2h 7d 1h30m 7y (a year is 365 days; units falling, no fractions, no sign). -EINVAL, -ERANGE above
 * 1000 years. */
int cw_duration_parse(const char *text, size_t len, int64_t *ret_ms) __attribute__((warn_unused_result));

/* Appends it in the same form, exactly: 5400000 is "1h30m", 0 is "0s". */
void cw_duration_format(struct cw_buf *buf, int64_t ms);

/* Appends it for people, its two largest units: "1 h 30 min", "9 days", "45 s". */
void cw_duration_format_human(struct cw_buf *buf, int64_t ms);

#endif
