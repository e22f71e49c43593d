/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_AUTH_H
#define CARDWATCH_SOURCE_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/clock.h"

struct cw_buf;
struct cw_secret;

/*
 * Auth: whether a request may go out with what we have, or a login must come first, or none may be tried.
 *
 * An API key is always good for a request. A token is renewed when four fifths of its life are over, and used to its
 * end if that fails. After a login that was refused none is tried for ten minutes, for the API locks accounts. Sends
 * nothing and reads no clock.
 */

#define CW_AUTH_BLOCK_MS (10 * CW_MINUTE_MS)

/* What would have to survive a restart; plain data, for whoever stores it. */
struct cw_auth_memory {
        int64_t blocked_until_at; /* wall time; 0: not blocked */
        int64_t otp_step; /* last used; -1: none */
};

struct cw_auth {
        const struct cw_secret *api_key; /* NULL: log in */
        struct cw_secret *token;
        unsigned generation; /* of the token: rises with each */
        int64_t renew_mono, dies_mono; /* INT64_MAX: unknown */
        struct cw_auth_memory memory;
        char block_reason[80];
};

struct cw_auth_now {
        int64_t mono, wall;
};

enum cw_auth_need { CW_AUTH_READY, CW_AUTH_LOGIN, CW_AUTH_BLOCKED };

void cw_auth_init(struct cw_auth *auth, const struct cw_secret *api_key);
void cw_auth_deinit(struct cw_auth *auth);

enum cw_auth_need cw_auth_need(struct cw_auth *auth, struct cw_auth_now now);

/* Takes the token. `expires_ms` -1: not said. */
void cw_auth_logged_in(struct cw_auth *auth, struct cw_secret *token, int64_t expires_ms, struct cw_auth_now now);

/* The API said no: blocked from now on. */
void cw_auth_refused(struct cw_auth *auth, const char *reason, struct cw_auth_now now);

/* The login failed for another reason: a token that still lives is used for a while before the next attempt. */
void cw_auth_postpone(struct cw_auth *auth, struct cw_auth_now now);

/* A request with the token of `generation` was answered 401. */
void cw_auth_token_died(struct cw_auth *auth, unsigned generation);

/* Appends the value of the Authorization header. */
void cw_auth_append_header(const struct cw_auth *auth, struct cw_buf *buf);

#endif
