/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_REQUEST_H
#define CARDWATCH_SOURCE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/http.h"

/*
 * Request: what the source's requests have in common: their one-time password, their way out and back, their end.
 *
 * Not what they ask or what an answer means (page.c, login.c). A request belongs to the source (source_private.h).
 */

struct cw_buf;
struct cw_source;
struct cw_source_request;

/* Cancels all requests; what they answer no longer counts. */
void cw_source_cancel_requests(struct cw_source *source);

/* The API's word about waiting, obeyed up to the beat. */
void cw_source_hold(struct cw_source *source, int64_t asked_ms);

/* How long until a one-time password may be used; 0: now. */
int64_t cw_source_otp_wait_ms(const struct cw_source *source, int64_t wall);

/* The password for a request that goes out now, "" if the source has none; notes its step. */
int cw_source_take_otp(struct cw_source *source, int64_t wall, struct cw_buf *buf);

/* What all requests of the source share. */
void cw_source_fill_request(const struct cw_source *source, struct cw_http_request *request);

/* Sends `http_request` as `request`; `done` gets `request`. 0 or negative errno. */
int cw_source_send(struct cw_source_request *request, const struct cw_http_request *http_request, cw_http_done_fn done);

/* To be called first by every `done`: false when the answer no longer counts. */
bool cw_source_landed(struct cw_source_request *request);

#endif
