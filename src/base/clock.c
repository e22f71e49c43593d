/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: dates are counted by arithmetic on civil days, never by the C library, so that neither TZ nor the locale has a
 * say; durations are whole milliseconds written as units that fall.
 */
#include "cardwatch/clock.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/digits.h"
#include "cardwatch/text.h"

#define DURATION_MAX_MS (INT64_C(1000) * 365 * CW_DAY_MS)

struct date {
        int64_t year;
        int month, day, hour, minute, second, ms;
};

static int64_t read_clock_ms(clockid_t clock)
{
        struct timespec now;
        int r = clock_gettime(clock, &now);

        assert(r == 0);
        (void)r;
        return (int64_t)now.tv_sec * CW_SECOND_MS + now.tv_nsec / 1000000;
}

int64_t cw_clock_wall_ms(void)
{
        return read_clock_ms(CLOCK_REALTIME);
}

int64_t cw_clock_mono_ms(void)
{
        return read_clock_ms(CLOCK_MONOTONIC);
}

/* Years are counted from March, so that the leap day is a year's last; eras of 400 years repeat. */
static int64_t days_of(int64_t year, int month, int day)
{
        int64_t shifted = month <= 2 ? year - 1 : year;
        int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
        int64_t year_of_era = shifted - era * 400;
        int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

        return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void date_of(int64_t days, struct date *ret_date)
{
        int64_t shifted = days + 719468;
        int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
        int64_t day_of_era = shifted - era * 146097;
        int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        int64_t month = (5 * day_of_year + 2) / 153;

        ret_date->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
        ret_date->month = (int)(month < 10 ? month + 3 : month - 9);
        ret_date->year = year_of_era + era * 400 + (ret_date->month <= 2);
}

int64_t cw_clock_days(int64_t year, int month, int day)
{
        return days_of(year, month, day);
}

int64_t cw_clock_year(int64_t days)
{
        struct date date;

        date_of(days, &date);
        return date.year;
}

static int days_in(int64_t year, int month)
{
        static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        return month == 2 && leap ? 29 : days[month - 1];
}

/* Two digits, behind what parts them from those before. */
static char *put_two(char *at, char before, int64_t value)
{
        at[0] = before;
        at[1] = (char)('0' + value / 10);
        at[2] = (char)('0' + value % 10);
        return at + 3;
}

char *cw_clock_write_utc(char *at, int64_t wall)
{
        int64_t days = wall / CW_DAY_MS, rest = wall % CW_DAY_MS;
        struct date date = {0};

        if (rest < 0) {
                rest += CW_DAY_MS;
                days--;
        }
        date_of(days, &date);
        at = cw_digits_write(at, date.year, 4);
        at = put_two(at, '-', date.month);
        at = put_two(at, '-', date.day);
        at = put_two(at, 'T', rest / CW_HOUR_MS);
        at = put_two(at, ':', rest / CW_MINUTE_MS % 60);
        at = put_two(at, ':', rest / CW_SECOND_MS % 60);
        at = put_two(at, '.', rest / 10 % 100);
        *at++ = (char)('0' + rest % 10);
        *at++ = 'Z';
        return at;
}

void cw_clock_format_utc(struct cw_buf *buf, int64_t at)
{
        char text[CW_CLOCK_UTC_MAX];

        cw_buf_append(buf, text, (size_t)(cw_clock_write_utc(text, at) - text));
}

/* A leap second is the same instant as the second after it, as in POSIX time. */
static int date_to_ms(const struct date *date, int64_t *ret_at)
{
        if (date->month < 1 || date->month > 12 || date->day < 1 || date->day > days_in(date->year, date->month))
                return -EINVAL;
        if (date->hour > 23 || date->minute > 59 || date->second > 60)
                return -EINVAL;
        *ret_at = days_of(date->year, date->month, date->day) * CW_DAY_MS + date->hour * CW_HOUR_MS +
                  date->minute * CW_MINUTE_MS + date->second * CW_SECOND_MS + date->ms;
        return 0;
}

/* Reads exactly `n` digits, moving on. */
static bool read_digits(const char **text, int n, int *ret_value)
{
        int value = 0;

        for (int i = 0; i < n; i++) {
                if ((*text)[i] < '0' || (*text)[i] > '9')
                        return false;
                value = value * 10 + ((*text)[i] - '0');
        }
        *text += n;
        *ret_value = value;
        return true;
}

static bool read_char(const char **text, const char *accepted)
{
        if (!**text || !strchr(accepted, **text))
                return false;
        (*text)++;
        return true;
}

static bool read_word(const char **text, const char *word)
{
        size_t len = strlen(word);

        if (strncmp(*text, word, len) != 0)
                return false;
        *text += len;
        return true;
}

/* "hh:mm:ss" */
static bool read_time(const char **text, struct date *date)
{
        return read_digits(text, 2, &date->hour) && read_char(text, ":") && read_digits(text, 2, &date->minute) &&
               read_char(text, ":") && read_digits(text, 2, &date->second);
}

/* Digits beyond the third are cut off, not rounded: an instant stays within its second. */
static bool read_fraction(const char **text, int *ret_ms)
{
        int n = 0, digit;

        if (!read_char(text, "."))
                return true;
        for (*ret_ms = 0; read_digits(text, 1, &digit); n++)
                if (n < 3)
                        *ret_ms = *ret_ms * 10 + digit;
        for (int i = n; i < 3; i++)
                *ret_ms *= 10;
        return n > 0;
}

/* "Z" or "+hh:mm" */
static bool read_offset(const char **text, int64_t *ret_offset_ms)
{
        bool west = **text == '-';
        int hours, minutes;

        if (read_char(text, "Zz")) {
                *ret_offset_ms = 0;
                return true;
        }
        if (!read_char(text, "+-") || !read_digits(text, 2, &hours) || !read_char(text, ":") ||
            !read_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
                return false;
        *ret_offset_ms = (west ? -1 : 1) * (hours * CW_HOUR_MS + minutes * CW_MINUTE_MS);
        return true;
}

int cw_clock_parse(const char *text, int64_t *ret_at)
{
        struct date date = {0};
        int64_t at, offset_ms;
        int year;

        if (!read_digits(&text, 4, &year) || !read_char(&text, "-") || !read_digits(&text, 2, &date.month) ||
            !read_char(&text, "-") || !read_digits(&text, 2, &date.day) || !read_char(&text, "Tt ") ||
            !read_time(&text, &date) || !read_fraction(&text, &date.ms) || !read_offset(&text, &offset_ms) || *text)
                return -EINVAL;
        date.year = year;
        if (date_to_ms(&date, &at) < 0)
                return -EINVAL;
        *ret_at = at - offset_ms;
        return 0;
}

static bool read_name(const char **text, const char *const *names, int n_names, int *ret_index)
{
        for (int i = 0; i < n_names; i++) {
                if (!read_word(text, names[i]))
                        continue;
                *ret_index = i;
                return true;
        }
        return false;
}

static bool read_month(const char **text, struct date *date)
{
        static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        int index;

        if (!read_name(text, names, 12, &index))
                return false;
        date->month = index + 1;
        return true;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" after the comma */
static bool read_imf(const char **text, struct date *date)
{
        int year;

        if (!read_word(text, ", ") || !read_digits(text, 2, &date->day) || !read_char(text, " ") ||
            !read_month(text, date) || !read_char(text, " ") || !read_digits(text, 4, &year) || !read_char(text, " ") ||
            !read_time(text, date) || !read_word(text, " GMT"))
                return false;
        date->year = year;
        return true;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT" after the comma. Two digits of a year: 1970 to 2069, which needs no clock. */
static bool read_rfc850(const char **text, struct date *date)
{
        int year;

        if (!read_word(text, ", ") || !read_digits(text, 2, &date->day) || !read_char(text, "-") ||
            !read_month(text, date) || !read_char(text, "-") || !read_digits(text, 2, &year) || !read_char(text, " ") ||
            !read_time(text, date) || !read_word(text, " GMT"))
                return false;
        date->year = year < 70 ? 2000 + year : 1900 + year;
        return true;
}

/* "Sun Nov  6 08:49:37 1994" after the day's name */
static bool read_asctime(const char **text, struct date *date)
{
        int year;

        if (!read_char(text, " ") || !read_month(text, date) || !read_char(text, " "))
                return false;
        if (!read_digits(text, 2, &date->day) && (!read_char(text, " ") || !read_digits(text, 1, &date->day)))
                return false;
        if (!read_char(text, " ") || !read_time(text, date) || !read_char(text, " ") || !read_digits(text, 4, &year))
                return false;
        date->year = year;
        return true;
}

int cw_clock_parse_http(const char *text, int64_t *ret_at)
{
        static const char *const days[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
                                           "Mon",    "Tue",     "Wed",       "Thu",      "Fri",    "Sat",      "Sun"};
        static bool (*const readers[])(const char **, struct date *) = {read_imf, read_rfc850, read_asctime};
        int day;

        if (!read_name(&text, days, CW_ARRAY_SIZE(days), &day))
                return -EINVAL;
        for (size_t i = 0; i < CW_ARRAY_SIZE(readers); i++) {
                struct date date = {0};
                const char *rest = text;

                if (readers[i](&rest, &date) && !*rest)
                        return date_to_ms(&date, ret_at);
        }
        return -EINVAL;
}

static const struct {
        char name[4];
        int64_t ms;
        char human[8];
        bool plural;
} units[] = {
        {"y", 365 * CW_DAY_MS, "", false}, {"d", CW_DAY_MS, "day", true},   {"h", CW_HOUR_MS, "h", false},
        {"m", CW_MINUTE_MS, "min", false}, {"s", CW_SECOND_MS, "s", false}, {"ms", 1, "ms", false},
};

/* Years are read, 365 days each, and not written. */
#define FIRST_WRITTEN 1

/* The unit that `text` names, from `first` on: units fall. */
static int read_unit(const char *text, size_t len, size_t first, size_t *ret_unit, size_t *ret_len)
{
        size_t n = 0;

        while (n < len && text[n] >= 'a' && text[n] <= 'z')
                n++;
        for (size_t i = first; i < CW_ARRAY_SIZE(units); i++) {
                if (strlen(units[i].name) != n || memcmp(units[i].name, text, n) != 0)
                        continue;
                *ret_unit = i;
                *ret_len = n;
                return 0;
        }
        return -EINVAL;
}

int cw_duration_parse(const char *text, size_t len, int64_t *ret_ms)
{
        int64_t total = 0, value;
        size_t i = 0, start, unit, next_unit = 0, unit_len;
        bool excess = false;

        do {
                start = i;
                for (value = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++)
                        value = value > DURATION_MAX_MS ? value : value * 10 + (text[i] - '0');
                if (i == start || read_unit(text + i, len - i, next_unit, &unit, &unit_len) < 0)
                        return -EINVAL;
                i += unit_len;
                next_unit = unit + 1;
                excess = excess || value > DURATION_MAX_MS / units[unit].ms;
                total += excess ? 0 : value * units[unit].ms;
        } while (i < len);
        if (excess || total > DURATION_MAX_MS)
                return -ERANGE;
        *ret_ms = total;
        return 0;
}

static uint64_t magnitude(struct cw_buf *buf, int64_t ms, const char *minus)
{
        if (ms < 0)
                cw_buf_puts(buf, minus);
        return ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
}

void cw_duration_format(struct cw_buf *buf, int64_t ms)
{
        uint64_t rest = magnitude(buf, ms, "-");

        if (rest == 0)
                cw_buf_puts(buf, "0s");
        for (size_t i = FIRST_WRITTEN; i < CW_ARRAY_SIZE(units); i++) {
                uint64_t n = rest / (uint64_t)units[i].ms;

                if (n > 0)
                        cw_buf_printf(buf, "%" PRIu64 "%s", n, units[i].name);
                rest %= (uint64_t)units[i].ms;
        }
}

void cw_duration_format_human(struct cw_buf *buf, int64_t ms)
{
        uint64_t rest = magnitude(buf, ms, "\u2212");
        size_t i = FIRST_WRITTEN;

        if (rest == 0)
                cw_buf_puts(buf, "0 s");
        if (rest >= (uint64_t)CW_SECOND_MS)
                rest -= rest % (uint64_t)CW_SECOND_MS; /* nobody reads milliseconds behind a second */
        while (i < CW_ARRAY_SIZE(units) && rest < (uint64_t)units[i].ms)
                i++;
        for (size_t last = i + 1; i <= last && i < CW_ARRAY_SIZE(units); i++) {
                uint64_t n = rest / (uint64_t)units[i].ms;

                if (n > 0)
                        cw_buf_printf(buf, "%s%" PRIu64 " %s%s", i == last ? " " : "", n, units[i].human,
                                      units[i].plural && n > 1 ? "s" : "");
                rest %= (uint64_t)units[i].ms;
        }
}
