/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a mark stands where somebody would put one by hand: round amounts, whole hours of the local clock, midnights.
 */
#include "chart_axis.h"

#include <time.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"

enum { STEPS_WANTED = 4, TIMES_WANTED = 6 };

static cw_amount floor_to(cw_amount amount, cw_amount step)
{
        cw_amount rest = amount % step;

        return amount - (rest < 0 ? rest + step : rest);
}

/* The smallest of 1, 2, 5, 10 … times 10^-6 that is not below. */
static cw_amount round_step(cw_amount least)
{
        static const cw_amount factors[] = {1, 2, 5};
        cw_amount power = 1;

        while (power <= CW_AMOUNT_MAX / 10) {
                for (size_t i = 0; i < CW_ARRAY_SIZE(factors); i++)
                        if (factors[i] * power >= least)
                                return factors[i] * power;
                power *= 10;
        }
        return power;
}

static unsigned digits_of(cw_amount step, unsigned digits)
{
        return step % CW_AMOUNT_UNIT == 0 ? 0 : digits;
}

void cw_chart_amount_axis(const struct cw_chart_range *range, unsigned digits, struct cw_chart_amounts *ret_axis)
{
        const cw_amount bound = CW_AMOUNT_MAX / 8; /* beyond it nothing is exact, and nothing is readable either */
        cw_amount least = range->least < -bound ? -bound : range->least,
                  most = range->most > bound ? bound : range->most;
        struct cw_chart_amounts axis;
        cw_amount span;

        if (most > bound || most < -bound)
                most = bound;
        if (least > most)
                least = most;
        span = most - least;
        axis.step = round_step(span / STEPS_WANTED > 0 ? span / STEPS_WANTED : CW_AMOUNT_UNIT);
        axis.least = floor_to(least, axis.step);
        axis.most = floor_to(most, axis.step);
        if (axis.most < most || axis.most == axis.least)
                axis.most += axis.step;
        axis.digits = digits_of(axis.step, digits);
        *ret_axis = axis;
}

static bool is_midnight(int64_t at)
{
        time_t at_s = (time_t)(at / CW_SECOND_MS);
        struct tm tm;

        return localtime_r(&at_s, &tm) && tm.tm_hour == 0 && tm.tm_min == 0;
}

static int64_t step_of(int64_t span_ms)
{
        static const int64_t minutes[] = {1, 2, 5, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 5760, 10080, 20160};

        for (size_t i = 0; i < CW_ARRAY_SIZE(minutes); i++)
                if (span_ms / (minutes[i] * CW_MINUTE_MS) <= TIMES_WANTED)
                        return minutes[i];
        return span_ms / CW_MINUTE_MS / TIMES_WANTED + 1;
}

size_t cw_chart_time_marks(int64_t from_at, int64_t to_at, int64_t ret_marks[static CW_CHART_MARKS_MAX])
{
        int64_t step = step_of(to_at - from_at), at = 0, before = 0;
        time_t from_s = (time_t)(from_at / CW_SECOND_MS);
        struct tm midnight, tm;
        size_t n = 0;

        if (!localtime_r(&from_s, &midnight))
                return 0;
        midnight.tm_hour = midnight.tm_min = midnight.tm_sec = 0;
        for (int64_t k = 0; n < CW_CHART_MARKS_MAX && at <= to_at && k < 100000; k++) {
                tm = midnight;
                tm.tm_isdst = -1;
                tm.tm_mday += (int)(k * step / 1440);
                tm.tm_min += (int)(k * step % 1440);
                before = at;
                at = (int64_t)mktime(&tm) * CW_SECOND_MS;
                if (at > from_at && at <= to_at && at > before)
                        ret_marks[n++] = at;
        }
        return n;
}

void cw_chart_time_label(int64_t at, struct cw_buf *buf)
{
        static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        time_t at_s = (time_t)(at / CW_SECOND_MS);
        struct tm tm;

        if (!localtime_r(&at_s, &tm))
                return;
        if (is_midnight(at))
                cw_buf_printf(buf, "%d %s", tm.tm_mday, months[tm.tm_mon]);
        else
                cw_buf_printf(buf, "%02d:%02d", tm.tm_hour, tm.tm_min);
}
