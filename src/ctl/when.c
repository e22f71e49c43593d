/* SPDX-License-Identifier: Apache-2.0 */
#include "when.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cardwatch/buf.h"
#include "cardwatch/clock.h"

#define SECONDS_MOST INT64_C(32503680000) /* the year 3000 */

static int parse_seconds(const char *text, int64_t *ret_at)
{
        char *end;
        long long seconds;

        if (!*text || strspn(text, "0123456789") != strlen(text))
                return -EINVAL;
        errno = 0;
        seconds = strtoll(text, &end, 10);
        if (errno || seconds > SECONDS_MOST)
                return -EINVAL;
        *ret_at = (int64_t)seconds * CW_SECOND_MS;
        return 0;
}

/* As the clock on the wall shows it. */
static int parse_local(const char *text, int64_t *ret_at)
{
        static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
                                            "%Y-%m-%d %H:%M", "%Y-%m-%d"};

        for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
                struct tm tm = {.tm_isdst = -1}, asked;
                const char *end = strptime(text, forms[i], &tm);
                time_t seconds;

                if (!end || *end)
                        continue;
                asked = tm;
                asked.tm_isdst = -1;
                seconds = mktime(&asked);
                /* The 31st of February is another day. */
                if (asked.tm_mday != tm.tm_mday || asked.tm_mon != tm.tm_mon || seconds < 0)
                        return -EINVAL;
                *ret_at = (int64_t)seconds * CW_SECOND_MS;
                return 0;
        }
        return -EINVAL;
}

int cw_when_parse(const char *text, int64_t *ret_at)
{
        if (parse_seconds(text, ret_at) == 0 || cw_clock_parse(text, ret_at) == 0)
                return 0;
        return parse_local(text, ret_at);
}

int cw_when_parse_past(const char *text, int64_t now, int64_t *ret_at)
{
        const char *ago = *text == '-' ? text + 1 : text;
        int64_t ago_ms;

        if (cw_duration_parse(ago, strlen(ago), &ago_ms) < 0)
                return cw_when_parse(text, ret_at);
        if (ago_ms > now)
                return -EINVAL;
        *ret_at = now - ago_ms;
        return 0;
}

void cw_when_format(struct cw_buf *buf, int64_t at)
{
        int64_t ms = at % CW_SECOND_MS, seconds = at / CW_SECOND_MS;
        char text[40];
        struct tm tm;
        time_t time;

        if (ms < 0) {
                ms += CW_SECOND_MS;
                seconds--;
        }
        time = (time_t)seconds;
        if (!localtime_r(&time, &tm) || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0) {
                cw_buf_printf(buf, "%lld ms", (long long)at);
                return;
        }
        cw_buf_printf(buf, "%s.%03d", text, (int)ms);
}
