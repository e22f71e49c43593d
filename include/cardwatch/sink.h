/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SINK_H
#define CARDWATCH_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/exec.h"
#include "cardwatch/http.h"
#include "cardwatch/notice.h"
#include "cardwatch/sink_options.h"
#include "cardwatch/smtp.h"
#include "cardwatch/wire.h"

struct cw_buf;

/*
 * Sink: the channels.
 *
 * A channel turns a notice into the bytes that are stored (render), those bytes into a request (request), and an answer
 * into what to do next (judge): three pure functions, one file a channel, found by type. Nothing here opens a socket:
 * whoever delivers carries the request out. What render wrote never changes; a request may add what belongs to the
 * attempt (a timestamp, a signature over it).
 */

enum cw_sink_transport { CW_TRANSPORT_HTTP, CW_TRANSPORT_SMTP, CW_TRANSPORT_WIRE, CW_TRANSPORT_EXEC };

/* One attempt, ready to go. Owns what it points to. */
struct cw_sink_request {
        enum cw_sink_transport transport;
        struct cw_http_request http;
        /* Of a message that is several requests, the others. Each is begun when the one before it was answered. One
         * that should be tried again ends the attempt, one that was refused does not: delivered is what all of them
         * were. */
        struct cw_http_request *following;
        size_t n_following;
        struct cw_smtp_request smtp;
        const struct cw_wire_record *records;
        size_t n_records;
        struct cw_exec_request exec;
        struct cw_sink_memory *memory; /* private: wiped and freed by deinit */
};

#define CW_SINK_REQUEST_NULL                                                                                           \
        {                                                                                                              \
                0                                                                                                      \
        }

enum cw_sink_verdict { CW_SINK_DELIVERED, CW_SINK_RETRY, CW_SINK_PERMANENT };

/* What came back, for judging. */
struct cw_sink_answer {
        enum cw_http_failure failure;
        long status; /* HTTP status, SMTP code, exit status */
        const char *body;
        size_t body_len;
        int64_t retry_after_ms; /* -1: not said */
        const char *message; /* about a failure; of a command the last line it said */
};

struct cw_sink_judgement {
        enum cw_sink_verdict verdict;
        int64_t retry_after_ms; /* 0: not said */
        char reason[200]; /* one line without secrets; "" when delivered */
};

/* CW_SINK_TYPE_COUNT when there is none of that name. */
enum cw_sink_type cw_sink_type_parse(const char *name);
const char *cw_sink_type_name(enum cw_sink_type type);

/* Whether every alert is written out whatever `list` says. */
bool cw_sink_lists_all(enum cw_sink_type type);

/* Whether a message to it may have pictures (notice.h). */
bool cw_sink_shows_pictures(enum cw_sink_type type);

/* How often the receiver wants to hear again of what still fires, 0: never. */
int64_t cw_sink_refresh_ms(enum cw_sink_type type);

/* Where a syslog or file notifier sends to. -EINVAL: no such target; the strings point into `options` or `memory`. */
int cw_sink_target(const struct cw_sink_options *options, struct cw_buf *memory, struct cw_wire_target *ret_target)
        __attribute__((warn_unused_result));

int cw_sink_render(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_buf *payload)
        __attribute__((warn_unused_result));

/* A test message. */
int cw_sink_render_test(const struct cw_sink_options *options, const char *id, int64_t now, struct cw_buf *payload)
        __attribute__((warn_unused_result));

/* `id` is the idempotency key, `now` the wall time of the attempt. -EBADMSG: the payload is not what render wrote. */
int cw_sink_request(const struct cw_sink_options *options, const char *id, const char *payload, size_t payload_len,
                    int64_t now, struct cw_sink_request *ret_request) __attribute__((warn_unused_result));
void cw_sink_request_deinit(struct cw_sink_request *request);

/* The reason names none of the notifier's secrets, whatever the receiver said. */
void cw_sink_judge(const struct cw_sink_options *options, const struct cw_sink_answer *answer,
                   struct cw_sink_judgement *ret_judgement);

/* Appends the text with an ellipsis where a secret of the notifier stands, or a telling part of its address. */
void cw_sink_conceal(const struct cw_sink_options *options, const char *text, size_t len, struct cw_buf *buf);

#endif
