/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a line is told from its two ends, and sums over what lies between say whether it is one. */
#include "cardwatch/fall.h"

#include <stdbool.h>

enum { FALLS_LEAST = 4, FORESIGHT = 4, RISES_SHARE = 4 };

void cw_fall_begin(struct cw_fall *fall, int64_t at, cw_amount value)
{
        *fall = (struct cw_fall){.since_at = at, .until_at = at, .last = value};
}

static void halve(struct cw_fall *fall)
{
        fall->since_at += (fall->until_at - fall->since_at) / 2;
        fall->fell /= 2;
        fall->rose /= 2;
        fall->largest /= 2;
        fall->pause_ms /= 2;
}

/* Whether it still is a fall. */
static bool rise(struct cw_fall *fall, cw_amount by)
{
        return !__builtin_add_overflow(fall->rose, by, &fall->rose) && fall->rose <= fall->fell / RISES_SHARE;
}

static bool drop(struct cw_fall *fall, int64_t at, cw_amount by)
{
        int64_t pause_ms = at - fall->until_at;

        if (__builtin_add_overflow(fall->fell, by, &fall->fell))
                return false;
        fall->largest = by > fall->largest ? by : fall->largest;
        fall->pause_ms = pause_ms > fall->pause_ms ? pause_ms : fall->pause_ms;
        fall->falls++;
        fall->until_at = at;
        return true;
}

void cw_fall_tell(struct cw_fall *fall, int64_t at, cw_amount value)
{
        cw_amount by;
        bool goes_on;

        if (fall->since_at && value == fall->last)
                return;
        goes_on = fall->since_at && at >= fall->until_at && at - fall->until_at <= CW_DAY_MS &&
                  !__builtin_sub_overflow(fall->last, value, &by) && by != INT64_MIN &&
                  (by < 0 ? rise(fall, -by) : drop(fall, at, by));
        if (!goes_on) {
                cw_fall_begin(fall, at, value);
                return;
        }
        fall->last = value;
        if (fall->until_at - fall->since_at > 2 * CW_DAY_MS)
                halve(fall);
}

int64_t cw_fall_ends_at(const struct cw_fall *fall)
{
        int64_t span_ms = fall->until_at - fall->since_at;
        cw_amount net = fall->fell - fall->rose;
        int64_t left_ms;

        if (fall->falls < FALLS_LEAST || fall->last <= 0 || span_ms <= 0 || net <= 0 ||
            fall->largest > fall->fell / 2 || fall->pause_ms > span_ms / 2 || fall->last / FORESIGHT > net)
                return 0;
        left_ms = (int64_t)((__int128)fall->last * span_ms / net);
        return fall->until_at + (left_ms + CW_MINUTE_MS - 1) / CW_MINUTE_MS * CW_MINUTE_MS;
}
