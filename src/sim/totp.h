/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_TOTP_H
#define CARDWATCH_SIM_TOTP_H

#include <stdint.h>

#include <cardwatch/cleanup.h>

/*
 * TOTP: judges one-time passwords (RFC 6238: SHA-1, 30 s, 6 digits, the step before and the one after accepted too).
 *
 * The one place of the simulator that knows liboath. It reads no clock and remembers nothing of what was used.
 */

struct cw_sim_totp;

/* -EINVAL: `base32` is no base32, or empty. */
int cw_sim_totp_new(const char *base32, struct cw_sim_totp **ret_totp) __attribute__((warn_unused_result));
void cw_sim_totp_free(struct cw_sim_totp *totp);
CW_DEFINE_CLEANUP(struct cw_sim_totp *, cw_sim_totp_free);

/* The password of the step at `at_s` seconds since 1970. */
int cw_sim_totp_generate(const struct cw_sim_totp *totp, int64_t at_s, char ret_code[static 7])
        __attribute__((warn_unused_result));

/* 0 with the step it belongs to, or CW_SIM_TOTP_WRONG. */
#define CW_SIM_TOTP_WRONG 1
int cw_sim_totp_check(const struct cw_sim_totp *totp, const char *code, int64_t at_s, int64_t *ret_step)
        __attribute__((warn_unused_result));

#endif
