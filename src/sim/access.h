/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_ACCESS_H
#define CARDWATCH_SIM_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_sim_totp;

/*
 * Access: who may read the card API.
 *
 * Judges log-ins, keys, tokens and one-time passwords as the provider does, locks the account after three wrong log-ins
 * in a row, and counts. It is told the time and never reads a clock.
 */

#define CW_SIM_TOKENS_MAX 64
#define CW_SIM_TOKEN_SIZE 48

struct cw_sim_token {
        char text[CW_SIM_TOKEN_SIZE];
        int64_t expires_at;
};

struct cw_sim_access {
        const char *username, *password, *api_key; /* the options' */
        struct cw_sim_totp *totp; /* owned */
        struct cw_sim_token tokens[CW_SIM_TOKENS_MAX]; /* a ring: the oldest gives way */
        size_t next_token;
        uint64_t seed;
        int64_t token_lifetime_ms;
        int64_t clock_offset_ms; /* by which the provider's clock is ahead: one-time passwords are judged by it */
        int64_t last_step; /* of the last one-time password accepted */
        int64_t locked_until; /* 0: open */
        unsigned wrong_in_a_row;
        bool anybody; /* takes any credentials */
        bool single_use; /* a one-time password is good once */
        uint64_t good_logins, bad_logins, refused, refused_otp;
};

/* What judging gives: 0, or the member at fault and the API's code for it. */
struct cw_sim_refusal {
        const char *field;
        const char *code;
};

void cw_sim_access_deinit(struct cw_sim_access *access);

/* A log-in; any of the three may be NULL. True with the new token (the access's, until the next log-in), or the
 * refusal. */
bool cw_sim_access_login(struct cw_sim_access *access, const char *const credentials[3], int64_t now,
                         const struct cw_sim_token **ret_token, struct cw_sim_refusal *ret_refusal);

/* The headers of a request (NULL: not sent). True, or the refusal. */
bool cw_sim_access_check(struct cw_sim_access *access, const char *authorization, const char *otp, int64_t now,
                         struct cw_sim_refusal *ret_refusal);

void cw_sim_access_expire_tokens(struct cw_sim_access *access);
void cw_sim_access_unlock(struct cw_sim_access *access);

#endif
