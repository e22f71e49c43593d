/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CHART_H
#define CARDWATCH_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/money.h"

struct cw_buf;

/*
 * Chart: a balance over time as a picture.
 *
 * Takes what the balance was from when on, and draws it as steps, with the threshold as a line, as a PNG that a phone
 * shows sharp and that is readable on a light and on a dark page. However many changes there are, it keeps no more than
 * the picture can show. Pure but for the time zone of the process and the system's fonts; may be used on any thread, by
 * one at a time.
 */

struct cw_chart_options {
        int64_t from_at, to_at; /* of the axis; from < to */
        const char *title; /* "····1234 (card 1)" */
        const char *unit; /* "USD", or "% of floor" */
        unsigned digits; /* of amounts that are written out */
        const char *limit_name; /* "floor"; NULL: there is no threshold */
        cw_amount limit;
        uint32_t colour; /* of the balance, 0xrrggbb */
};

struct cw_chart;

/* Borrows the texts. -ENOMEM, -EINVAL for a span of time that is none. */
int cw_chart_new(const struct cw_chart_options *options, struct cw_chart **ret_chart)
        __attribute__((warn_unused_result));
void cw_chart_free(struct cw_chart *chart);

/* From `at` on it is `amount`. In order of time; before the axis: what it begins with; behind it: not shown. */
void cw_chart_add(struct cw_chart *chart, int64_t at, cw_amount amount);

/* Nothing to draw yet. */
bool cw_chart_is_empty(const struct cw_chart *chart);

/* The size of the picture, in pixels; it is meant to be shown at half of that or less. */
enum { CW_CHART_WIDTH = 1040, CW_CHART_HEIGHT = 460 };

/* Appends the PNG. -ENOMEM; -EIO: it cannot be drawn. */
int cw_chart_png(const struct cw_chart *chart, struct cw_buf *png) __attribute__((warn_unused_result));

/* The facts in a sentence, for who does not see it. */
void cw_chart_describe(const struct cw_chart *chart, struct cw_buf *text);

#endif
