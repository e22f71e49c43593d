/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_CHART_PRIVATE_H
#define CARDWATCH_CODEC_CHART_PRIVATE_H

#include "cardwatch/chart.h"

/*
 * What gathering and drawing a chart share.
 */

enum { CW_CHART_COLUMNS = 400 };

struct cw_chart_column {
        cw_amount least, most, last;
        bool used;
};

struct cw_chart {
        struct cw_chart_options options;
        struct cw_chart_column columns[CW_CHART_COLUMNS];
        bool begins; /* what it was at the axis' beginning is known: `first` */
        int64_t begun_at; /* else when it was first known */
        cw_amount first, last;
        bool counted; /* something fell onto the axis */
        bool has_range; /* least and most count */
        cw_amount least, most;
};

struct cw_chart_range {
        cw_amount least, most;
};

/* Of all that has to be seen, the threshold with it. */
void cw_chart_range(const struct cw_chart *chart, struct cw_chart_range *ret_range);

unsigned cw_chart_column_of(const struct cw_chart *chart, int64_t at);

#endif
