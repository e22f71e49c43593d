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

/* New logins after a 401 in one poll; an API that kills its tokens faster is not usable. */
#define LOGINS_AGAIN_MAX 3

void cw_auth_init(struct cw_auth *auth, const struct cw_secret *api_key, const struct cw_source_memory *memory,
                  struct cw_auth_now now)
{
        *auth = (struct cw_auth){.api_key = api_key, .memory = *memory};
        snprintf(auth->block_reason, sizeof(auth->block_reason), "before a restart");
        if (auth->memory.blocked_until_at <= now.wall) {
                auth->memory.blocked_until_at = 0;
                return;
        }
        /* The clock may have been set back since: that must not lengthen the block. */
        if (auth->memory.blocked_until_at > now.wall + CW_AUTH_BLOCK_MS)
                auth->memory.blocked_until_at = now.wall + CW_AUTH_BLOCK_MS;
        auth->blocked_mono = now.mono + (auth->memory.blocked_until_at - now.wall);
}

static void drop_token(struct cw_auth *auth)
{
        cw_secret_free(cw_take(auth->token));
}

void cw_auth_deinit(struct cw_auth *auth)
{
        drop_token(auth);
}

enum cw_auth_need cw_auth_need(struct cw_auth *auth, struct cw_auth_now now)
{
        if (auth->api_key)
                return CW_AUTH_READY;
        if (auth->token && now.mono >= auth->dies_mono)
                drop_token(auth);
        if (auth->token && now.mono < auth->renew_mono)
                return CW_AUTH_READY;
        if (auth->memory.blocked_until_at != 0 && now.mono < auth->blocked_mono)
                return auth->token ? CW_AUTH_READY : CW_AUTH_BLOCKED;
        return CW_AUTH_LOGIN;
}

void cw_auth_logged_in(struct cw_auth *auth, struct cw_secret *token, int64_t expires_ms, struct cw_auth_now now)
{
        drop_token(auth);
        auth->token = token;
        auth->generation++;
        auth->served = false;
        cw_auth_unblock(auth);
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
        auth->blocked_mono = now.mono + CW_AUTH_BLOCK_MS;
        auth->memory_changed = true;
        snprintf(auth->block_reason, sizeof(auth->block_reason), "%s", reason);
}

void cw_auth_unblock(struct cw_auth *auth)
{
        auth->memory_changed |= auth->memory.blocked_until_at != 0;
        auth->memory.blocked_until_at = 0;
}

void cw_auth_postpone(struct cw_auth *auth, struct cw_auth_now now)
{
        if (auth->token)
                auth->renew_mono = now.mono + POSTPONE_MS;
}

void cw_auth_renewed_patience(struct cw_auth *auth)
{
        auth->logins_again = 0;
}

void cw_auth_served(struct cw_auth *auth, unsigned generation)
{
        if (generation == auth->generation)
                auth->served = true;
}

enum cw_auth_verdict cw_auth_unauthorized(struct cw_auth *auth, unsigned generation, bool repeated,
                                          const char **ret_why)
{
        if (auth->api_key) {
                *ret_why = "to the API key";
                return CW_AUTH_DENIED;
        }
        /* That token is gone already: another request met its end first, or it was renewed meanwhile. */
        if (generation != auth->generation || !auth->token)
                return CW_AUTH_REPEAT;
        *ret_why = "again after a new login";
        if (repeated || (auth->logins_again > 0 && !auth->served))
                return CW_AUTH_DENIED;
        *ret_why = "after several new logins";
        if (auth->logins_again == LOGINS_AGAIN_MAX)
                return CW_AUTH_DENIED;
        auth->logins_again++;
        drop_token(auth);
        return CW_AUTH_REPEAT;
}

void cw_auth_used_step(struct cw_auth *auth, int64_t step)
{
        auth->memory_changed |= auth->memory.otp_step != step;
        auth->memory.otp_step = step;
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
