/* SPDX-License-Identifier: Apache-2.0 */
#include "settling.h"

#include "cardwatch/store_settle.h"

#define AFTER_MS  1000
#define LATEST_MS 5000

int64_t cw_settling_wait(struct cw_settling *settling, size_t unsettled, int64_t now_mono)
{
        int64_t left;

        if (unsettled == 0)
                settling->due = false; /* a commit took all of it along */
        if (settling->due || unsettled == settling->timed)
                return CW_SETTLING_AS_IT_IS;
        if (settling->timed == 0)
                settling->latest_mono = now_mono + LATEST_MS;
        settling->timed = unsettled;
        if (unsettled == 0)
                return CW_SETTLING_NEVER;
        left = settling->latest_mono > now_mono ? settling->latest_mono - now_mono : 0;
        return left < AFTER_MS ? left : AFTER_MS;
}

void cw_settling_ring(struct cw_settling *settling)
{
        settling->timed = 0;
        settling->due = true;
}

bool cw_settling_is_wanted(const struct cw_settling *settling, size_t unsettled, bool commit_wanted,
                           bool commits_before)
{
        if (unsettled == 0)
                return false;
        if (unsettled >= CW_STORE_MUCH_UNSETTLED)
                return !commit_wanted || commits_before;
        return settling->due && !commit_wanted;
}
