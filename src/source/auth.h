/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_AUTH_H
#define CARDWATCH_SOURCE_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/clock.h"
#include "cardwatch/source_listener.h"

struct cw_buf;
struct cw_secret;

/*
 * Auth: whether a request may go out with what we have, or a login must come first, or none may be tried.
 *
 * An API key is always good for a request. A token is renewed when four fifths of its life are over, and used to its
 * end if that fails. One that dies early is replaced once. A request that the new one does not serve either puts it in
 * doubt: whether that request is odd or the account refused, the others tell. In doubt no login is tried; a token that
 * has served anything is beyond doubt, and a request that was odd costs no further login as long as it is. After a
 * refusal no login is tried for ten minutes, for the API locks accounts: monotonic ones, so that no jump of the clock
 * makes them more or fewer; the wall time is for restarts. Sends nothing and reads no clock.
 */

#define CW_AUTH_BLOCK_MS (10 * CW_MINUTE_MS)

/* So many requests that a new login did not help are remembered. */
enum { CW_AUTH_ODD_MAX = 64 };

/* Which request it was: a page, or a customer read alone. */
struct cw_auth_subject {
        bool customer;
        int64_t id;
};

struct cw_auth {
        const struct cw_secret *api_key; /* NULL: log in */
        struct cw_secret *token;
        unsigned generation; /* of the token: rises with each */
        bool served; /* the token was good for a request; a key: in this poll */
        unsigned logins_again; /* after a 401, in this poll */
        bool unhelpful; /* one of them did not help */
        bool distrusted; /* the token was refused as if the login had been, and is still tried */
        unsigned
                doubts; /* requests refused since the token is in doubt, having served nothing; 0: it is not in doubt */
        bool met_odd, served_lately; /* since the last poll began */
        struct cw_auth_subject odd[CW_AUTH_ODD_MAX]; /* what a new login did not help: a ring */
        unsigned n_odd, next_odd;
        int64_t renew_mono, dies_mono; /* INT64_MAX: unknown */
        struct cw_source_memory memory;
        bool memory_changed; /* for whoever stores it, who sets it back */
        int64_t blocked_mono; /* as long as memory says blocked */
        char block_reason[120];
};

struct cw_auth_now {
        int64_t mono, wall;
};

enum cw_auth_need { CW_AUTH_READY, CW_AUTH_LOGIN, CW_AUTH_BLOCKED };

/* What follows from a 401. */
enum cw_auth_verdict {
        CW_AUTH_REPEAT, /* the request once more when there is a token again */
        CW_AUTH_UNSERVED, /* that request has failed; the token may be in doubt by it */
        CW_AUTH_DENIED, /* so have too many: the doubt is over */
};

struct cw_auth_refusal {
        unsigned generation; /* of the token */
        bool repeated; /* for the second time */
        struct cw_auth_subject subject;
};

/* `memory` is from before a restart, when the clock may have been another. */
void cw_auth_init(struct cw_auth *auth, const struct cw_secret *api_key, const struct cw_source_memory *memory,
                  struct cw_auth_now now);
void cw_auth_deinit(struct cw_auth *auth);

enum cw_auth_need cw_auth_need(struct cw_auth *auth, struct cw_auth_now now);

/* Takes the token. `expires_ms` -1: not said. */
void cw_auth_logged_in(struct cw_auth *auth, struct cw_secret *token, int64_t expires_ms, struct cw_auth_now now);

/*
 * The API said no, to the login or else to what it gave: no login from now on for a while. A token of a login that had
 * worked goes on being tried, and so does a key: when the API takes it again, nobody waits.
 */
void cw_auth_refused(struct cw_auth *auth, bool is_login, const char *reason, struct cw_auth_now now);

/* The login failed for another reason: a token that still lives is used for a while before the next attempt. */
void cw_auth_postpone(struct cw_auth *auth, struct cw_auth_now now);

/* Somebody changed something: the next login may be tried. */
void cw_auth_unblock(struct cw_auth *auth);

/* A poll begins: it may meet a dead token anew. */
void cw_auth_renewed_patience(struct cw_auth *auth);

/* A request with the token of `generation` was served. */
void cw_auth_served(struct cw_auth *auth, unsigned generation, struct cw_auth_subject subject);

/*
 * A request was answered 401. Returns what to do, and unless it is repeated why, to follow "the API answered 401".
 * Blocks nothing: that is cw_auth_refused.
 */
enum cw_auth_verdict cw_auth_unauthorized(struct cw_auth *auth, const struct cw_auth_refusal *refusal,
                                          const char **ret_why);

/* A one-time password's step was used up. */
void cw_auth_used_step(struct cw_auth *auth, int64_t step);

/* Appends the value of the Authorization header. */
void cw_auth_append_header(const struct cw_auth *auth, struct cw_buf *buf);

#endif
