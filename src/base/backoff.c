/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a pure function of two stored numbers, the time and a chance; whatever they are, nothing overflows. */
#include "cardwatch/backoff.h"

/* Doubling stops where it would overflow; the longest wait has long been reached by then. */
#define DOUBLINGS_MAX 31

static uint64_t ceiling_ms(const struct cw_backoff_policy *policy, uint32_t failures)
{
        uint32_t doublings = failures - 1 < DOUBLINGS_MAX ? failures - 1 : DOUBLINGS_MAX;
        uint64_t ceiling = (uint64_t)policy->first_ms << doublings;

        return ceiling < policy->longest_ms ? ceiling : policy->longest_ms;
}

/* Maps the whole range of `chance` onto 1..ceiling without the bias of a modulus. */
static int64_t jittered_ms(uint64_t ceiling, uint32_t chance)
{
        return (int64_t)((ceiling * chance) >> 32) + 1;
}

int cw_backoff_failed(struct cw_backoff *backoff, const struct cw_backoff_policy *policy, int64_t now, int64_t asked_ms,
                      uint32_t chance, int64_t *ret_wait_ms)
{
        int64_t wait_ms, elapsed_ms, left_ms;

        if (backoff->failures == 0)
                backoff->since_at = now;
        if (backoff->failures < UINT32_MAX)
                backoff->failures++;

        /* A wall clock that was set back must not buy time: the failing began no later than now. */
        if (backoff->since_at > now)
                backoff->since_at = now;
        if (__builtin_sub_overflow(now, backoff->since_at, &elapsed_ms))
                return CW_BACKOFF_GIVE_UP;

        if (elapsed_ms >= policy->give_up_ms)
                return CW_BACKOFF_GIVE_UP;
        left_ms = policy->give_up_ms - elapsed_ms;
        wait_ms = jittered_ms(ceiling_ms(policy, backoff->failures), chance);
        if (asked_ms > left_ms)
                wait_ms = left_ms;
        else if (wait_ms < asked_ms)
                wait_ms = asked_ms;
        if (wait_ms > left_ms)
                return CW_BACKOFF_GIVE_UP;

        *ret_wait_ms = wait_ms;
        return 0;
}
