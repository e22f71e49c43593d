/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_TOTP_H
#define CARDWATCH_SOURCE_TOTP_H

#include <stdint.h>

struct cw_secret;

/*
 * TOTP: one-time passwords by RFC 6238 as the card API wants them (SHA-1, six digits, steps of 30 s).
 *
 * Reads no clock and remembers nothing: which step was used last is the caller's to keep.
 */

/* The bytes behind a base32 secret; space and case do not matter. -EINVAL: it is none; -ENOMEM. */
int cw_totp_key_new(const struct cw_secret *base32, struct cw_secret **ret_key) __attribute__((warn_unused_result));

/* The password at wall time `at`. 0 or -EINVAL. */
int cw_totp_code(const struct cw_secret *key, int64_t at, char ret_code[static 7]) __attribute__((warn_unused_result));

/* Number of the step that wall time `at` lies in. */
int64_t cw_totp_step(int64_t at);

/*
 * How long until a step later than `last_step` (-1: none) begins, so that no password is used twice; 0: this one is
 * unused. A clock that was set back by more than a step is taken as it is: it must not stop the polls.
 */
int64_t cw_totp_wait_ms(int64_t last_step, int64_t at);

#endif
