/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what the wall clock shows decides; between two changes of the zone its minutes are those of the universal time,
 * moved. */
#include "cardwatch/window.h"

#include <stdlib.h>

#include "cardwatch/zone.h"

#define DAY_MIN INT64_C(1440)
#define DAY_S   INT64_C(86400)

static int64_t floor_div(int64_t a, int64_t b)
{
        return a / b - (a % b < 0);
}

static bool has_day(const int64_t *days, size_t n, int64_t day)
{
        size_t low = 0, high = n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (days[middle] == day)
                        return true;
                if (days[middle] < day)
                        low = middle + 1;
                else
                        high = middle;
        }
        return false;
}

/* Whether a span begins on this day. 1970-01-01 was a Thursday. */
static bool begins_on(const struct cw_window *window, int64_t day)
{
        int64_t weekday = day + 3 - floor_div(day + 3, 7) * 7;

        if (has_day(window->except, window->n_except, day))
                return false;
        if (window->n_dates)
                return has_day(window->dates, window->n_dates, day);
        return window->days & (1u << weekday);
}

bool cw_window_is_open(const struct cw_window *window, const struct cw_zone *zone, int64_t at)
{
        int64_t at_s = floor_div(at, 1000);
        int64_t local_s = at_s + cw_zone_offset(zone, at_s);
        int64_t day = floor_div(local_s, DAY_S), minute = floor_div(local_s - day * DAY_S, 60);

        if (window->from_min < window->to_min)
                return minute >= window->from_min && minute < window->to_min && begins_on(window, day);
        return (minute >= window->from_min && begins_on(window, day)) ||
               (minute < window->to_min && begins_on(window, day - 1));
}

int64_t cw_window_next_edge(const struct cw_window *window, const struct cw_zone *zone, int64_t at)
{
        int64_t at_s = floor_div(at, 1000);
        int64_t offset_s = cw_zone_offset(zone, at_s);
        int64_t edge_s = cw_zone_next_change(zone, at_s);
        int64_t today = floor_div(at_s + offset_s, DAY_S);
        int64_t minutes[] = {window->from_min, window->to_min, window->from_min + DAY_MIN, window->to_min + DAY_MIN};

        for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++) {
                int64_t s = today * DAY_S + minutes[i] * 60 - offset_s;

                if (s > at_s && s < edge_s)
                        edge_s = s;
        }
        return edge_s * 1000;
}

void cw_window_deinit(struct cw_window *window)
{
        free(window->name);
        free(window->dates);
        free(window->except);
        free(window->muted);
        free(window->outside);
        *window = (struct cw_window){0};
}
