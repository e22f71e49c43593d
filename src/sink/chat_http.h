/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SINK_CHAT_HTTP_H
#define CARDWATCH_SINK_CHAT_HTTP_H

#include "cardwatch/json_in.h"
#include "channel.h"

struct cw_buf;
struct cw_secret;

/*
 * Chat, HTTP: a payload as a request, and what receivers say in the bodies of their answers.
 */

struct cw_chat_post {
        const char *method, *url; /* live as long as the request */
        const char *content_type; /* NULL: JSON, whose braces are looked for */
        const char *header, *scheme; /* which carries `token` after `scheme`; NULL: none */
        const struct cw_secret *token;
};

/* Copies the payload. -EBADMSG: it is not what a channel with this content type renders. */
int cw_chat_request(const struct cw_sink_options *options, const struct cw_chat_post *post, const char *payload,
                    size_t payload_len, struct cw_sink_request *request) __attribute__((warn_unused_result));

/* The text as part of the request; NULL: no memory. */
const char *cw_chat_keep(struct cw_sink_request *request, const struct cw_buf *text);

/* As one segment of a path, or one value of a form. */
void cw_chat_put_encoded(struct cw_buf *buf, const char *text);

/* A server's address without slashes at its end. */
void cw_chat_put_server(struct cw_buf *buf, const char *server);

/* The answer's body as JSON, if that is what it is. */
struct cw_chat_answer {
        char *bytes; /* private */
        struct cw_json json;
};

bool cw_chat_answer_read(const struct cw_sink_answer *answer, struct cw_chat_answer *ret_answer);
void cw_chat_answer_deinit(struct cw_chat_answer *answer);

/* A member that says how long to wait, perhaps with a fraction, in units of `unit_ms`; 0: it does not say. */
int64_t cw_chat_answer_wait_ms(const struct cw_json *object, const char *name, int64_t unit_ms);

/* Adds what a member of an object says to the reason. False: it says nothing. */
bool cw_chat_answer_say(const struct cw_json *object, const char *name, struct cw_sink_judgement *judgement);

#endif
