/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_HTTP_H
#define CARDWATCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_loop;
struct cw_secret;

/*
 * HTTP client: requests on one curl multi handle under the loop.
 *
 * Responsible for connections and their reuse, time-outs, TLS, proxies and bounds. It knows nothing of cards, retries
 * or what an answer means. Only http and https, no redirects. Response bytes are wiped when they are let go of.
 *
 * A request is copied by cw_http_start; its `done` fires exactly once, never from inside start, also after a cancel.
 */

struct cw_http;
struct cw_http_transfer;

struct cw_http_tls {
        const char *ca, *cert; /* paths, NULL: the system's, none */
        const char *key;
};

struct cw_http_header {
        const char *name;
        const char *value;
};

/* The next piece of an answer's body, decompressed: adds to `body` what is to be kept of it. `data` as for `done`. */
typedef void (*cw_http_piece_fn)(void *data, struct cw_buf *body, const char *bytes, size_t n);

struct cw_http_request {
        const char *method; /* GET, POST, PUT, DELETE */
        const char *url;
        const struct cw_http_header *headers;
        size_t n_headers;
        const char *body; /* NULL: none */
        size_t body_len;
        int64_t timeout_ms; /* the whole transfer */
        size_t max_response; /* of the decompressed body; more fails with CW_HTTP_TOO_LARGE */
        struct cw_http_tls tls;
        const char *proxy; /* NULL: from the environment */
        const char *unix_socket; /* NULL: over the network; else the URL's host is only a name, and there is no proxy */
        cw_http_piece_fn on_piece; /* NULL: all of the body is kept */
        bool compressed; /* offer compression */
        bool harmless; /* the answer is short and holds no cards: nothing of it needs to be wiped from the stack */
};

enum cw_http_failure {
        CW_HTTP_OK, /* an answer came whole; look at status */
        CW_HTTP_RESOLVE, /* no such host */
        CW_HTTP_CONNECT, /* refused, unreachable, TLS */
        CW_HTTP_TIMEOUT,
        CW_HTTP_BROKEN, /* reset, truncated, not HTTP */
        CW_HTTP_TOO_LARGE,
        CW_HTTP_CANCELLED,
        CW_HTTP_OTHER,
};

struct cw_http_answer {
        enum cw_http_failure failure;
        long status; /* 0 unless CW_HTTP_OK or CW_HTTP_TOO_LARGE */
        const char *message; /* one line about the failure, without secrets, URL credentials or query */
        const char *body; /* what was kept of it; valid during `done` */
        size_t body_len;
        int64_t retry_after_ms; /* from Retry-After, seconds or date; -1: none */
        int64_t date_at; /* from Date; -1: none, or a harmless answer: nobody sets a clock by it */
        int64_t sent_at; /* wall time at which the request was started; it went out on that turn of the loop or a later
                            one */
        int64_t took_ms;
};

typedef void (*cw_http_done_fn)(void *data, struct cw_http_answer *answer);

int cw_http_new(struct cw_loop *loop, const char *user_agent, struct cw_http **ret_http)
        __attribute__((warn_unused_result));

/* Cancels what is under way, whose `done` fire before it returns, and closes connections. May be called from a `done`.
 */
void cw_http_free(struct cw_http *http);

/* -EINVAL: the request itself is wrong (URL, method, a header that would break its line); -ESHUTDOWN: being freed. */
int cw_http_start(struct cw_http *http, const struct cw_http_request *request, cw_http_done_fn done, void *data,
                  struct cw_http_transfer **ret_transfer) __attribute__((warn_unused_result));

/* Idempotent until `done` has fired, which it does on a later turn with CW_HTTP_CANCELLED. */
void cw_http_cancel(struct cw_http_transfer *transfer);

/* From here until the release requests go out and answers come in, but no `done` fires, save by cw_http_free. */
void cw_http_hold(struct cw_http *http);
void cw_http_release(struct cw_http *http);

const char *cw_http_failure_name(enum cw_http_failure failure);

#endif
