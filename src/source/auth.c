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

/* New logins after a 401 in one poll; what an API that kills its tokens faster does not serve waits for the next. */
#define LOGINS_AGAIN_MAX 3

/* So many requests that a doubted token did not serve are enough. */
#define DOUBTS_MAX 20

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
        if (auth->distrusted && (!auth->token || now.mono >= auth->blocked_mono))
                auth->distrusted = false;
        if (auth->token && (now.mono < auth->renew_mono || auth->doubts > 0))
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
        auth->served = auth->distrusted = false;
        cw_auth_unblock(auth);
        auth->renew_mono = INT64_MAX;
        auth->dies_mono = INT64_MAX;
        if (expires_ms >= LIFE_MIN_MS && expires_ms < INT64_MAX - now.mono) {
                auth->renew_mono = now.mono + expires_ms / 5 * 4;
                auth->dies_mono = now.mono + expires_ms;
        }
}

void cw_auth_refused(struct cw_auth *auth, bool is_login, const char *reason, struct cw_auth_now now)
{
        if (is_login) {
                drop_token(auth);
                auth->distrusted = false;
        }
        auth->doubts = 0;
        auth->n_odd = auth->next_odd = 0;
        if (auth->api_key || auth->distrusted)
                return;
        auth->distrusted = auth->token != NULL;
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

/* When all that was refused was odd before and nothing was served, it was the token after all. */
void cw_auth_renewed_patience(struct cw_auth *auth)
{
        if (auth->met_odd && !auth->served_lately)
                auth->n_odd = auth->next_odd = 0;
        auth->met_odd = auth->served_lately = false;
        auth->logins_again = 0;
        auth->unhelpful = false;
        if (auth->api_key)
                auth->served = false;
}

/* Its place among the odd ones; -1: it is none. */
static int find_odd(const struct cw_auth *auth, struct cw_auth_subject subject)
{
        for (unsigned i = 0; i < auth->n_odd; i++)
                if (auth->odd[i].customer == subject.customer && auth->odd[i].id == subject.id)
                        return (int)i;
        return -1;
}

static void add_odd(struct cw_auth *auth, struct cw_auth_subject subject)
{
        if (find_odd(auth, subject) >= 0)
                return;
        auth->odd[auth->next_odd] = subject;
        auth->next_odd = (auth->next_odd + 1) % CW_AUTH_ODD_MAX;
        if (auth->n_odd < CW_AUTH_ODD_MAX)
                auth->n_odd++;
}

static void drop_odd(struct cw_auth *auth, struct cw_auth_subject subject)
{
        int at = find_odd(auth, subject);

        if (at < 0)
                return;
        auth->odd[at] = auth->odd[--auth->n_odd];
        auth->next_odd = auth->n_odd;
}

void cw_auth_served(struct cw_auth *auth, unsigned generation, struct cw_auth_subject subject)
{
        drop_odd(auth, subject);
        if (generation != auth->generation)
                return;
        auth->served = true;
        auth->served_lately = true;
        auth->doubts = 0;
        if (auth->distrusted)
                cw_auth_unblock(auth);
        auth->distrusted = false;
}

static enum cw_auth_verdict unserved(struct cw_auth *auth)
{
        if (auth->served)
                return CW_AUTH_UNSERVED;
        return ++auth->doubts < DOUBTS_MAX ? CW_AUTH_UNSERVED : CW_AUTH_DENIED;
}

enum cw_auth_verdict cw_auth_unauthorized(struct cw_auth *auth, const struct cw_auth_refusal *refusal,
                                          const char **ret_why)
{
        if (auth->api_key) {
                *ret_why = "to the API key";
                return unserved(auth);
        }
        /* That token is gone already: another request met its end first, or it was renewed meanwhile. */
        if (refusal->generation != auth->generation || !auth->token)
                return CW_AUTH_REPEAT;
        *ret_why = "again after a new login";
        if (auth->distrusted)
                return CW_AUTH_DENIED;
        if (refusal->repeated || auth->doubts > 0 || (auth->logins_again > 0 && !auth->served)) {
                auth->unhelpful = true;
                add_odd(auth, refusal->subject);
                return unserved(auth);
        }
        if (find_odd(auth, refusal->subject) >= 0) {
                auth->met_odd = true;
                return unserved(auth);
        }
        if (auth->unhelpful)
                return unserved(auth);
        *ret_why = "after several new logins";
        if (auth->logins_again == LOGINS_AGAIN_MAX)
                return unserved(auth);
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
