/* SPDX-License-Identifier: Apache-2.0 */
#include "shapes_time.h"

#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/text.h"

static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static bool two_digits(const char *text, int32_t *ret_value)
{
        if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
                return false;
        *ret_value = (text[0] - '0') * 10 + text[1] - '0';
        return true;
}

bool cw_hour_parse(const char *text, int32_t *ret_min)
{
        int32_t hour, minute;

        if (strlen(text) != 5 || text[2] != ':' || !two_digits(text, &hour) || !two_digits(text + 3, &minute))
                return false;
        if (minute > 59 || hour > 24 || (hour == 24 && minute > 0))
                return false;
        *ret_min = hour * 60 + minute;
        return true;
}

static bool weekday(const char *text, size_t len, unsigned *ret_day)
{
        for (unsigned i = 0; i < CW_ARRAY_SIZE(weekdays); i++)
                if (len == strlen(weekdays[i]) && memcmp(text, weekdays[i], len) == 0) {
                        *ret_day = i;
                        return true;
                }
        return false;
}

bool cw_weekdays_parse(const char *text, unsigned *ret_days)
{
        size_t len = strcspn(text, "-");
        unsigned first, last, days = 0;

        if (!weekday(text, len, &first))
                return false;
        last = first;
        if (text[len] == '-' && !weekday(text + len + 1, strlen(text + len + 1), &last))
                return false;
        for (unsigned day = first;; day = (day + 1) % CW_ARRAY_SIZE(weekdays)) {
                days |= 1u << day;
                if (day == last)
                        break;
        }
        *ret_days = days;
        return true;
}

bool cw_date_parse(const char *text, int64_t *ret_day)
{
        struct cw_buf buf = CW_BUF_NULL;
        int64_t at;
        bool good;

        cw_buf_printf(&buf, "%.10sT00:00:00Z", text);
        good = strlen(text) == 10 && cw_buf_error(&buf) == 0 && cw_clock_parse(cw_buf_text(&buf), &at) == 0;
        cw_buf_deinit(&buf);
        if (good)
                *ret_day = (at - (at % CW_DAY_MS + CW_DAY_MS) % CW_DAY_MS) / CW_DAY_MS;
        return good;
}

bool cw_shape_hour(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        int32_t minute;
        bool good = cw_hour_parse(text, &minute);

        if (!good)
                cw_reader_complain(reader, node, "\"%s\" must be a time of day such as \"07:30\", up to \"24:00\"",
                                   row->name);
        return good;
}

bool cw_shape_weekdays(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        const char *nearest;
        unsigned days;

        if (cw_weekdays_parse(text, &days))
                return true;
        nearest = strchr(text, '-') ? NULL : cw_text_nearest(text, weekdays, CW_ARRAY_SIZE(weekdays));
        cw_reader_complain(reader, node, "\"%s\" must be days such as mon or mon-fri%s%s%s", row->name,
                           nearest ? " (did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?)" : "");
        return false;
}

bool cw_shape_date(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, const char *text)
{
        int64_t day;
        bool good = cw_date_parse(text, &day);

        if (!good)
                cw_reader_complain(reader, node, "\"%s\" must be a date such as 2026-12-24", row->name);
        return good;
}
