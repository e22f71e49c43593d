/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a Date was true at some moment of the answer's way; the middle of it, and of its second, is the best guess. */
#include "skew.h"

#include <string.h>

#include "cardwatch/clock.h"

/* Of a slower answer nobody knows at which end it was dated, and half of the way is what the guess may be wrong by. */
#define TOOK_MAX_MS (10 * CW_SECOND_MS)

#define SKEW_MAX_MS (100 * 365 * CW_DAY_MS)

void cw_skew_add(struct cw_skew *skew, int64_t date_at, int64_t sent_at, int64_t took_ms)
{
        int64_t middle_at = sent_at + took_ms / 2, skew_ms;

        if (date_at < 0 || took_ms < 0 || took_ms > TOOK_MAX_MS)
                return;
        skew_ms = date_at + CW_SECOND_MS / 2 - middle_at;
        if (skew_ms > SKEW_MAX_MS || skew_ms < -SKEW_MAX_MS)
                skew_ms = skew_ms > 0 ? SKEW_MAX_MS : -SKEW_MAX_MS;
        skew->samples[skew->next] = skew_ms;
        skew->next = (skew->next + 1) % CW_SKEW_SAMPLES;
        if (skew->n < CW_SKEW_SAMPLES)
                skew->n++;
}

bool cw_skew_median(const struct cw_skew *skew, int64_t *ret_skew_ms)
{
        int64_t sorted[CW_SKEW_SAMPLES];

        if (skew->n == 0)
                return false;
        for (unsigned i = 0; i < skew->n; i++) {
                unsigned at = i;

                for (; at > 0 && sorted[at - 1] > skew->samples[i]; at--)
                        sorted[at] = sorted[at - 1];
                sorted[at] = skew->samples[i];
        }
        /* Of an even number the one nearer to none: a doubt is no skew. */
        *ret_skew_ms = sorted[skew->n / 2];
        if (skew->n % 2 == 0 && sorted[skew->n / 2] > 0)
                *ret_skew_ms = sorted[skew->n / 2 - 1] > 0 ? sorted[skew->n / 2 - 1] : 0;
        return true;
}
