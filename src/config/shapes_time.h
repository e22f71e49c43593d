/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_SHAPES_TIME_H
#define CARDWATCH_CONFIG_SHAPES_TIME_H

#include "schema.h"

/*
 * Shapes of times as people write them: hours of a day, days of a week, dates. Readers give false for what is none; the
 * checks are those of rows and complain.
 */

/* "07:30" in minutes of the day; "24:00" is its end. */
bool cw_hour_parse(const char *text, int32_t *ret_min);
/* "mon" or "fri-mon", as bits; Monday is 1 << 0. */
bool cw_weekdays_parse(const char *text, unsigned *ret_days);
/* "2026-12-24", in days since 1970. */
bool cw_date_parse(const char *text, int64_t *ret_day);

bool cw_shape_hour(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);
bool cw_shape_weekdays(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const char *text);
bool cw_shape_date(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text);

#endif
