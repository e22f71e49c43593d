/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a year has two changes; the times of three years around a moment say which one was last and which is next. */
#include "zone_rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/clock.h"

#define DAY_S INT64_C(86400)

static bool is_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* "CET" or "<+0530>"; what follows, or NULL. */
static const char *skip_name(const char *text)
{
        const char *end = text;

        if (*text == '<') {
                end = strchr(text, '>');
                return end ? end + 1 : NULL;
        }
        while (is_letter(*end))
                end++;
        return end - text >= 3 ? end : NULL;
}

static const char *read_number(const char *text, int least, int most, int *ret_value)
{
        int value = 0;

        if (!is_digit(*text))
                return NULL;
        for (; is_digit(*text) && value <= most; text++)
                value = value * 10 + (*text - '0');
        if (value < least || value > most)
                return NULL;
        *ret_value = value;
        return text;
}

/* [+-]hh[:mm[:ss]] */
static const char *read_time(const char *text, int32_t *ret_seconds)
{
        int sign = *text == '-' ? -1 : 1, parts[3] = {0};

        if (*text == '-' || *text == '+')
                text++;
        text = read_number(text, 0, 167, &parts[0]);
        for (int i = 1; text && i < 3 && *text == ':'; i++)
                text = read_number(text + 1, 0, 59, &parts[i]);
        if (text)
                *ret_seconds = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
        return text;
}

static const char *read_month_day(const char *text, struct cw_zone_day *day)
{
        day->form = 'M';
        text = read_number(text + 1, 1, 12, &day->month);
        if (!text || *text != '.')
                return NULL;
        text = read_number(text + 1, 1, 5, &day->week);
        if (!text || *text != '.')
                return NULL;
        return read_number(text + 1, 0, 6, &day->day);
}

/* ",M3.5.0/2" */
static const char *read_day(const char *text, struct cw_zone_day *day)
{
        day->second = 2 * 3600;
        if (*text++ != ',')
                return NULL;
        if (*text == 'M') {
                text = read_month_day(text, day);
        } else {
                day->form = *text == 'J' ? 'J' : 'N';
                text = read_number(text + (*text == 'J'), day->form == 'J', 365, &day->day);
        }
        return text && *text == '/' ? read_time(text + 1, &day->second) : text;
}

int cw_zone_rule_parse(const char *text, struct cw_zone_rule *ret_rule)
{
        struct cw_zone_rule rule = {0};
        int32_t west;

        text = skip_name(text);
        text = text ? read_time(text, &west) : NULL;
        if (!text)
                return -EINVAL;
        rule.standard_s = -west;
        if (*text) {
                rule.has_summer = true;
                rule.summer_s = rule.standard_s + 3600;
                text = skip_name(text);
                if (text && *text != ',') {
                        text = read_time(text, &west);
                        rule.summer_s = -west;
                }
                text = text ? read_day(text, &rule.begins) : NULL;
                text = text ? read_day(text, &rule.ends) : NULL;
        }
        if (!text || *text)
                return -EINVAL;
        *ret_rule = rule;
        return 0;
}

static int64_t weekday_of(int64_t days)
{
        return ((days + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; Sunday is 0 */
}

static int64_t day_in(const struct cw_zone_day *day, int64_t year)
{
        int64_t first, next, days;

        if (day->form != 'M') {
                days = cw_clock_days(year, 1, 1) + day->day - (day->form == 'J');
                if (day->form == 'J' && day->day > 59)
                        days += cw_clock_days(year, 3, 1) - cw_clock_days(year, 2, 28) - 1;
                return days;
        }
        first = cw_clock_days(year, day->month, 1);
        next = day->month == 12 ? cw_clock_days(year + 1, 1, 1) : cw_clock_days(year, day->month + 1, 1);
        days = first + (day->day - weekday_of(first) + 7) % 7 + (day->week - 1) * 7;
        return days < next ? days : days - 7;
}

struct change {
        int64_t at_s;
        int32_t offset_s; /* from then on */
};

/* The changes of three years, in order. */
static void changes_around(const struct cw_zone_rule *rule, int64_t at_s, struct change ret_changes[static 6])
{
        int64_t days = at_s / DAY_S - (at_s % DAY_S < 0);
        int64_t year = cw_clock_year(days) - 1;

        for (int i = 0; i < 3; i++) {
                struct change begin = {day_in(&rule->begins, year + i) * DAY_S + rule->begins.second - rule->standard_s,
                                       rule->summer_s};
                struct change end = {day_in(&rule->ends, year + i) * DAY_S + rule->ends.second - rule->summer_s,
                                     rule->standard_s};
                bool south = end.at_s < begin.at_s;

                ret_changes[2 * i] = south ? end : begin;
                ret_changes[2 * i + 1] = south ? begin : end;
        }
}

int32_t cw_zone_rule_offset(const struct cw_zone_rule *rule, int64_t at_s)
{
        struct change changes[6];
        int32_t offset = rule->standard_s;

        if (!rule->has_summer)
                return offset;
        changes_around(rule, at_s, changes);
        for (int i = 0; i < 6 && changes[i].at_s <= at_s; i++)
                offset = changes[i].offset_s;
        return offset;
}

int64_t cw_zone_rule_next_change(const struct cw_zone_rule *rule, int64_t at_s)
{
        struct change changes[6];

        if (!rule->has_summer)
                return INT64_MAX;
        changes_around(rule, at_s, changes);
        for (int i = 0; i < 6; i++)
                if (changes[i].at_s > at_s)
                        return changes[i].at_s;
        return INT64_MAX;
}
