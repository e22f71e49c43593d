/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_BACKOFF_H
#define CARDWATCH_BACKOFF_H

#include <stdint.h>

/*
 * Backoff: when to try again after the n-th failure.
 *
 * The wait is a random share of a ceiling that doubles with each failure in a row ("full jitter"), never less than the
 * other side asked for, and not at all once it would end after the time to give up. Who asks for more than is left has
 * one more attempt at the end: an absurd request must not lose what is waiting. Waiting, the clock and the random
 * number are the caller's; so is storing the two numbers that must survive a restart.
 */

struct cw_backoff_policy {
        uint32_t first_ms; /* ceiling of the first wait, at least 1 */
        uint32_t longest_ms; /* no ceiling above this */
        int64_t give_up_ms; /* since the first failure */
};

struct cw_backoff {
        uint32_t failures; /* in a row */
        int64_t since_at; /* wall time of the first of them */
};

#define CW_BACKOFF_GIVE_UP 1

/*
 * Counts a failure at `now`. `asked_ms` is what the other side wants us to wait (0: it said nothing), `chance` is
 * uniform over its range. Returns 0 with the wait in *ret_wait_ms, or CW_BACKOFF_GIVE_UP (*ret_wait_ms untouched).
 */
int cw_backoff_failed(struct cw_backoff *backoff, const struct cw_backoff_policy *policy, int64_t now, int64_t asked_ms,
                      uint32_t chance, int64_t *ret_wait_ms) __attribute__((warn_unused_result));

#endif
