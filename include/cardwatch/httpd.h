/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_HTTPD_H
#define CARDWATCH_HTTPD_H

#include <stddef.h>
#include <stdint.h>

#include "cardwatch/buf.h"

struct cw_loop;

/*
 * HTTP server: requests on a unix socket, each answered by a function, at once or later.
 *
 * Responsible for the socket file, for HTTP (libmicrohttpd behind it, in no header) and for bounds: the size of a
 * request, the number of connections, and how long one may take over a request. It knows no path and no meaning; what
 * it refuses by itself (no HTTP, headers without end) it refuses in its own words. The simulator, whose answers must be
 * able to be wrong, uses server.h.
 */

struct cw_httpd;
struct cw_httpd_later;

/* As it was sent, but for `+`, which is a space already. */
struct cw_httpd_argument {
        const char *name, *value; /* never NULL */
};

enum { CW_HTTPD_ARGUMENTS_MAX = 80 };

struct cw_httpd_request {
        const char *method;
        const char *path; /* as it was sent, without the query */
        const struct cw_httpd_argument *arguments; /* of the query; more than the most there may be are left out */
        size_t n_arguments;
        const char *body; /* a NUL follows */
        size_t body_len;
        int64_t peer_uid; /* of the process at the other end; -1: not known */
        struct cw_httpd_later *later; /* for cw_httpd_take_later */
};

/* Zeroed before the call, but for the status: 200. The body's memory goes over to the server. */
struct cw_httpd_answer {
        unsigned status;
        const char *content_type; /* NULL: application/json */
        const char *allow; /* NULL: no such header */
        struct cw_buf body;
};

/* Must not free the server, and answers unless it took the request for later. `status` is 413 already for a request
 * whose body is too large and was not kept. */
typedef void (*cw_httpd_fn)(void *data, const struct cw_httpd_request *request, struct cw_httpd_answer *answer);

struct cw_httpd_options {
        const char *socket_path;
        size_t max_body;
        unsigned max_connections;
        int64_t patience_ms; /* from a connection's begin, or its last answer, to its next answer taken whole */
        cw_httpd_fn handle;
        void *data;
};

/*
 * Listens, mode 0660. A socket that nobody answers on any more is replaced. -EADDRINUSE: somebody does, or it is no
 * socket; -EACCES, -ENOENT … from the file system; `why` says it in words in every case.
 */
int cw_httpd_new(struct cw_loop *loop, const struct cw_httpd_options *options, struct cw_httpd **ret_httpd,
                 struct cw_buf *why) __attribute__((warn_unused_result));

/* Called while a request is handled: it is answered by cw_httpd_answer, exactly once.
 * What the peer may wait does not count until then. */
struct cw_httpd_later *cw_httpd_take_later(const struct cw_httpd_request *request);

/* Takes over the body's memory. Works, and only frees, when the server is gone. */
void cw_httpd_answer(struct cw_httpd_later *later, struct cw_httpd_answer *answer);

/* Removes the socket, if it is still ours, and closes every connection. */
void cw_httpd_free(struct cw_httpd *httpd);

#endif
