/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_REQUEST_H
#define CARDWATCH_SOURCE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/http.h"

/*
 * Request: what the source's requests have in common: their one-time password, and their way out and back.
 *
 * Not what they ask or what is in an answer (page.c, reading.c, login.c), nor what it means before it is decoded
 * (answer.h). A request belongs to the source (source_private.h).
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

/* The same for request->page of the list. */
int cw_source_get_page(struct cw_source_request *request, cw_http_done_fn done);

/* To be called first by every `done`: false when the answer no longer counts. */
bool cw_source_landed(struct cw_source_request *request, const struct cw_http_answer *answer);

#endif
