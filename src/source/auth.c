/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one question, asked before every request, over a handful of times. */
#include "auth.h"

#include <stddef.h>
#include <stdio.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/secret.h"

/* A renewal that failed is tried again after this, if the token lives that long. */
#define POSTPONE_MS (30 * CW_SECOND_MS)

/* Shorter lives are not believed: they would mean a login for every request. */
#define LIFE_MIN_MS CW_SECOND_MS

void cw_auth_init(struct cw_auth *auth, const struct cw_secret *api_key)
{
        *auth = (struct cw_auth){.api_key = api_key, .memory = {.otp_step = -1}};
}

static void drop_token(struct cw_auth *auth)
{
        cw_secret_free(cw_take(auth->token));
}

void cw_auth_deinit(struct cw_auth *auth)
{
        drop_token(auth);
}

static bool is_blocked(struct cw_auth *auth, int64_t wall)
{
        int64_t *until = &auth->memory.blocked_until_at;

        /* A wall clock that was set back must not lengthen the block. */
        if (*until > wall + CW_AUTH_BLOCK_MS)
                *until = wall + CW_AUTH_BLOCK_MS;
        if (*until <= wall)
                *until = 0;
        return *until != 0;
}

enum cw_auth_need cw_auth_need(struct cw_auth *auth, struct cw_auth_now now)
{
        if (auth->api_key)
                return CW_AUTH_READY;
        if (auth->token && now.mono >= auth->dies_mono)
                drop_token(auth);
        if (auth->token && now.mono < auth->renew_mono)
                return CW_AUTH_READY;
        if (is_blocked(auth, now.wall))
                return auth->token ? CW_AUTH_READY : CW_AUTH_BLOCKED;
        return CW_AUTH_LOGIN;
}

void cw_auth_logged_in(struct cw_auth *auth, struct cw_secret *token, int64_t expires_ms, struct cw_auth_now now)
{
        drop_token(auth);
        auth->token = token;
        auth->generation++;
        auth->memory.blocked_until_at = 0;
        auth->renew_mono = INT64_MAX;
        auth->dies_mono = INT64_MAX;
        if (expires_ms >= LIFE_MIN_MS && expires_ms < INT64_MAX - now.mono) {
                auth->renew_mono = now.mono + expires_ms / 5 * 4;
                auth->dies_mono = now.mono + expires_ms;
        }
}

void cw_auth_refused(struct cw_auth *auth, const char *reason, struct cw_auth_now now)
{
        drop_token(auth);
        auth->memory.blocked_until_at = now.wall + CW_AUTH_BLOCK_MS;
        snprintf(auth->block_reason, sizeof(auth->block_reason), "%s", reason);
}

void cw_auth_postpone(struct cw_auth *auth, struct cw_auth_now now)
{
        if (auth->token)
                auth->renew_mono = now.mono + POSTPONE_MS;
}

void cw_auth_token_died(struct cw_auth *auth, unsigned generation)
{
        if (generation == auth->generation)
                drop_token(auth);
}

void cw_auth_append_header(const struct cw_auth *auth, struct cw_buf *buf)
{
        if (auth->api_key) {
                cw_buf_puts(buf, cw_secret_reveal(auth->api_key));
                return;
        }
        cw_buf_puts(buf, "Bearer ");
        cw_buf_puts(buf, auth->token ? cw_secret_reveal(auth->token) : "");
}
