/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_BLOCK_H
#define CARDWATCH_SOURCE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/source.h"

/*
 * Block: for whom the API refused to log in, beside until when. Whoever corrects a password does not wait for the one
 * before it; where the account is locked, everybody does.
 *
 * What is remembered is one number, a whole second whose milliseconds name the credentials: 1 to 999 out of a hash, so
 * that it gives away next to nothing of them, and one correction in a thousand waits in vain. 0 is whoever.
 */

unsigned cw_block_credentials(const struct cw_source_options *options);

/* `until` is rounded up. */
int64_t cw_block_stamp(int64_t until, unsigned credentials);

/* Until when these credentials are blocked; 0: they are not. */
int64_t cw_block_until(int64_t stamp, unsigned credentials);

bool cw_block_is_for_all(int64_t stamp);

#endif
