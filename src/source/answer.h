/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SOURCE_ANSWER_H
#define CARDWATCH_SOURCE_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/http.h"
#include "cardwatch/provider.h"

/*
 * Answer: what an answer means before it is decoded: did it come, may it be asked for again, must we wait, are we let
 * in; and what follows from that for the source as a whole.
 *
 * Not what is in it (page.c, reading.c, login.c). Keeps nothing of an answer.
 */

struct cw_source;
struct cw_source_request;

struct cw_source_verdict {
        enum { CW_VERDICT_BODY, CW_VERDICT_FAILED, CW_VERDICT_UNAUTHORIZED } kind;
        char reason[240];
        struct cw_provider_error error; /* of an answer that came */
        bool final; /* asking again is no use */
};

/* Judges all but the body of an answer with 2xx; what the API asks to wait for is held from now on. */
void cw_source_judge(struct cw_source *source, const struct cw_http_answer *answer,
                     struct cw_source_verdict *ret_verdict);

/*
 * A 401: whether the request is to be sent again when there is a token. If not it has failed, verdict->reason says why
 * in full, and the token may be in doubt by it, or everything stopped.
 */
bool cw_source_may_repeat(struct cw_source_request *request, struct cw_source_verdict *verdict);

/* The request was served. */
void cw_source_served(const struct cw_source_request *request);

/* A token that is in doubt now is taken for refused; everything is stopped. */
void cw_source_settle_doubt(struct cw_source *source);

/* The API asks to wait; a poll that would wait longer than its beat is over. */
void cw_source_hold(struct cw_source *source, int64_t asked_ms, const char *why);

#endif
