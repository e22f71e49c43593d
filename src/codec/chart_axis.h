/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_CHART_AXIS_H
#define CARDWATCH_CODEC_CHART_AXIS_H

#include <stddef.h>
#include <stdint.h>

#include "chart_private.h"

struct cw_buf;

/*
 * Chart axes: where the marks stand and what is written at them.
 */

enum { CW_CHART_MARKS_MAX = 12 };

struct cw_chart_amounts {
        cw_amount least, most; /* of the axis: a mark each */
        cw_amount step;
        unsigned digits; /* of what is written at the marks */
};

/* Round steps (1, 2 or 5 and zeros) around all that has to be seen, in 3 to 6 of them. */
void cw_chart_amount_axis(const struct cw_chart_range *range, unsigned digits, struct cw_chart_amounts *ret_axis);

/* Times that people would choose, by the local clock, through its changes; at most CW_CHART_MARKS_MAX. */
size_t cw_chart_time_marks(int64_t from_at, int64_t to_at, int64_t ret_marks[static CW_CHART_MARKS_MAX]);

/* "08:00"; at midnight "24 Nov" */
void cw_chart_time_label(int64_t at, struct cw_buf *buf);

#endif
