/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: what was seen is kept by columns of the picture: the least and the most that fell into each, and where it
 * stood at its end. So a card that changes every second costs what one costs that changes once a day, and no spike is
 * lost.
 */
#include "cardwatch/chart.h"

#include <errno.h>
#include <stdlib.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "chart_axis.h"
#include "chart_private.h"
#include "render_person.h"

CW_DEFINE_CLEANUP(struct cw_chart *, cw_chart_free);

int cw_chart_new(const struct cw_chart_options *options, struct cw_chart **ret_chart)
{
        struct cw_chart *chart;

        if (options->from_at >= options->to_at)
                return -EINVAL;
        chart = calloc(1, sizeof(*chart));
        if (!chart)
                return -ENOMEM;
        chart->options = *options;
        *ret_chart = chart;
        return 0;
}

void cw_chart_free(struct cw_chart *chart)
{
        free(chart);
}

static void widen(struct cw_chart *chart, cw_amount amount)
{
        if (chart->has_range) {
                chart->least = amount < chart->least ? amount : chart->least;
                chart->most = amount > chart->most ? amount : chart->most;
        } else {
                chart->least = chart->most = amount;
        }
        chart->has_range = true;
}

void cw_chart_add(struct cw_chart *chart, int64_t at, cw_amount amount)
{
        const struct cw_chart_options *options = &chart->options;
        struct cw_chart_column *column;

        if (at > options->to_at)
                return;
        if (at <= options->from_at) {
                chart->begins = true;
                chart->first = amount;
                chart->last = amount;
                return;
        }
        if (!chart->counted) /* what it began with was the last before the axis */
                widen(chart, chart->begins ? chart->first : amount);
        chart->counted = true;
        widen(chart, amount);
        if (!chart->begins && chart->begun_at == 0) {
                chart->begun_at = at;
                chart->first = amount;
        }
        column = &chart->columns[cw_chart_column_of(chart, at)];
        column->least = column->used && column->least < amount ? column->least : amount;
        column->most = column->used && column->most > amount ? column->most : amount;
        column->last = amount;
        column->used = true;
        chart->last = amount;
}

bool cw_chart_is_empty(const struct cw_chart *chart)
{
        return !chart->begins && !chart->counted;
}

unsigned cw_chart_column_of(const struct cw_chart *chart, int64_t at)
{
        const struct cw_chart_options *options = &chart->options;
        __int128 offset = (__int128)(at - options->from_at) * (CW_CHART_COLUMNS - 1);

        return (unsigned)(offset / (options->to_at - options->from_at));
}

void cw_chart_range(const struct cw_chart *chart, struct cw_chart_range *ret_range)
{
        struct cw_chart_range range = {chart->least, chart->most};
        const struct cw_chart_options *options = &chart->options;

        if (!chart->has_range)
                range.least = range.most = chart->first;
        if (options->limit_name) {
                range.least = options->limit < range.least ? options->limit : range.least;
                range.most = options->limit > range.most ? options->limit : range.most;
        }
        *ret_range = range;
}

static void put_figure(const struct cw_chart *chart, cw_amount amount, struct cw_buf *text)
{
        cw_amount_format_grouped(text, amount, chart->options.digits);
}

void cw_chart_describe(const struct cw_chart *chart, struct cw_buf *text)
{
        const struct cw_chart_options *options = &chart->options;
        struct cw_chart_range seen = {chart->least, chart->most};

        if (!chart->has_range)
                seen.least = seen.most = chart->first;
        cw_buf_printf(text, "Chart of %s in %s, ", options->title, options->unit);
        cw_person_time(text, chart->begun_at ? chart->begun_at : options->from_at, options->to_at);
        cw_buf_puts(text, " to ");
        cw_person_time(text, options->to_at, chart->begun_at ? chart->begun_at : options->from_at);
        cw_buf_puts(text, ": from ");
        put_figure(chart, chart->first, text);
        cw_buf_puts(text, " to ");
        put_figure(chart, chart->last, text);
        cw_buf_puts(text, ", lowest ");
        put_figure(chart, seen.least, text);
        cw_buf_puts(text, ", highest ");
        put_figure(chart, seen.most, text);
        if (options->limit_name) {
                cw_buf_printf(text, ", %s ", options->limit_name);
                put_figure(chart, options->limit, text);
        }
        cw_buf_putc(text, '.');
}
