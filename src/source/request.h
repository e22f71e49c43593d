/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_REQUEST_H
#define CARDWATCH_SOURCE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/http.h"
#include "cardwatch/provider.h"

/*
 * Request: what the source's requests have in common: their one-time password, their way out and back, and what their
 * answers mean before they are decoded.
 *
 * Not what they ask or what is in an answer (page.c, reading.c, login.c). A request belongs to the source
 * (source_private.h).
 */

struct cw_buf;
struct cw_source;
struct cw_source_lane;
struct cw_source_request;

/* What cancelled requests answer no longer counts. */
void cw_source_cancel_poll(struct cw_source *source);
void cw_source_cancel_lane(struct cw_source_lane *lane);
void cw_source_cancel_all(struct cw_source *source);

/* How long until a one-time password may be used; 0: now. */
int64_t cw_source_otp_wait_ms(const struct cw_source *source, int64_t wall);

/* The password for a request that goes out now, "" if the source has none; notes its step. */
int cw_source_take_otp(struct cw_source *source, int64_t wall, struct cw_buf *buf);

/* Sends `http_request` with what all requests of the source share; `done` gets `request`. 0 or negative errno. */
int cw_source_send(struct cw_source_request *request, struct cw_http_request *http_request, cw_http_done_fn done);

/* Sends a GET with the account's headers. */
int cw_source_get(struct cw_source_request *request, const char *path, cw_http_done_fn done);

/* To be called first by every `done`: false when the answer no longer counts. */
bool cw_source_landed(struct cw_source_request *request, const struct cw_http_answer *answer);

struct cw_source_verdict {
        enum { CW_VERDICT_BODY, CW_VERDICT_FAILED, CW_VERDICT_UNAUTHORIZED } kind;
        char reason[160];
        struct cw_provider_error error; /* of an answer that came */
        bool final; /* asking again is no use */
};

/* Judges all but the body of an answer with 2xx; what the API asks to wait for is held from now on. */
void cw_source_judge(struct cw_source *source, const struct cw_http_answer *answer,
                     struct cw_source_verdict *ret_verdict);

/* A 401 to `what`: whether the request is to be sent again when there is a token; if not, everything is stopped. */
bool cw_source_may_repeat(struct cw_source_request *request, const char *what, const struct cw_source_verdict *verdict);

/* The API asks to wait; a poll that would wait longer than its beat is over. */
void cw_source_hold(struct cw_source *source, int64_t asked_ms, const char *why);

#endif
