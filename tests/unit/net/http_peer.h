/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_HTTP_PEER_H
#define CARDWATCH_TESTS_HTTP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/http.h"
#include "cardwatch/loop.h"
#include "cardwatch/server.h"

#include "gzip_blobs.h"

/*
 * A server that behaves as a test says, and a client that asks it.
 */

enum manner {
        ANSWER,
        ANSWER_AND_CLOSE,
        ANSWER_AND_RESET,
        SILENT,
        CLOSE_AT_ONCE,
        ENDLESS_BODY,
        ENDLESS_HEADER,
        ENDLESS_GZIP
};

/* The server's side, one for every test: what it does with each request, and what it saw. */
struct fixture {
        struct cw_loop *loop;
        struct cw_server *server;
        struct cw_http *http;
        struct cw_timer *timer;
        uint16_t port;
        enum manner manner;
        const char *reply;
        size_t reply_len;
        int connections, requests, left, left_out;
        struct cw_buf seen;
        /* the client's side */
        int told;
        bool in_start;
        struct cw_http_answer answer;
        char message[400];
        struct cw_buf body;
        struct cw_http_transfer *transfer;
        void (*next)(struct fixture *f);
        int64_t at[21]; /* of test_who_is_told_may_have_a_call_made_aside: when each was told */
};

static void endless(struct fixture *f, struct cw_connection *connection)
{
        char chunk[16384];

        memset(chunk, 'x', sizeof(chunk));
        if (f->manner == ENDLESS_GZIP) {
                (void)!cw_connection_send(connection, (const char *)gzip_zeros_middle, sizeof(gzip_zeros_middle));
                return;
        }
        if (f->manner == ENDLESS_HEADER)
                memcpy(chunk + sizeof(chunk) - 8, "\r\nX-a: a", 8);
        (void)!cw_connection_send(connection, chunk, sizeof(chunk));
}

static void drained(void *data, struct cw_connection *connection)
{
        struct fixture *f = data;

        if (f->manner >= ENDLESS_BODY)
                endless(f, connection);
}

static void answer_request(struct fixture *f, struct cw_connection *connection)
{
        f->requests++;
        if (f->manner == CLOSE_AT_ONCE) {
                cw_connection_close(connection);
                return;
        }
        if (f->manner == SILENT)
                return;
        assert_int_equal(cw_connection_send(connection, f->reply, f->reply_len), 0);
        if (f->manner == ANSWER_AND_CLOSE)
                cw_connection_close(connection);
        if (f->manner == ANSWER_AND_RESET)
                cw_connection_reset(connection);
}

static void received(void *data, struct cw_connection *connection, const char *bytes, size_t len)
{
        struct fixture *f = data;

        if (!cw_connection_user(connection)) {
                cw_connection_set_user(connection, f);
                f->connections++;
        }
        if (f->left <= 1)
                cw_buf_append(&f->seen, bytes, len);
        /* Every request of these tests comes in one piece, or its end is what counts. */
        if (memmem(bytes, len, "\r\n\r\n", 4))
                answer_request(f, connection);
}

static void setup(struct fixture *f, enum manner manner, const char *reply, size_t reply_len)
{
        static const struct cw_server_handler handler = {.received = received, .drained = drained};

        *f = (struct fixture){.manner = manner, .reply = reply, .reply_len = reply_len};
        assert_int_equal(cw_loop_new(&f->loop), 0);
        assert_int_equal(cw_server_new(f->loop, "127.0.0.1", 0, &handler, f, &f->server, &f->port), 0);
        assert_int_equal(cw_http_new(f->loop, "cardwatchd/test", &f->http), 0);
}

static void teardown(struct fixture *f)
{
        cw_http_free(f->http);
        cw_server_free(f->server);
        cw_timer_free(f->timer);
        cw_loop_free(f->loop);
        cw_buf_deinit(&f->seen);
        cw_buf_deinit(&f->body);
}

static void done(void *data, struct cw_http_answer *answer)
{
        struct fixture *f = data;

        assert_false(f->in_start);
        f->told++;
        f->left--;
        f->answer = *answer;
        snprintf(f->message, sizeof(f->message), "%s", answer->message);
        cw_buf_clear(&f->body);
        cw_buf_append(&f->body, answer->body, answer->body_len);
        f->transfer = NULL;
        if (f->next)
                f->next(f);
        else if (f->left <= 0)
                cw_loop_stop(f->loop);
}

static struct cw_http_request request_to(const char *url)
{
        return (struct cw_http_request){
                .method = "GET", .url = url, .timeout_ms = 5000, .max_response = 1 << 20, .proxy = ""};
}

static void start(struct fixture *f, struct cw_http_request request, const char *path)
{
        char url[256];

        snprintf(url, sizeof(url), "http://user:pass@127.0.0.1:%u%s", (unsigned)f->port, path);
        request.url = request.url ?: url;
        f->in_start = true;
        f->left++;
        assert_int_equal(cw_http_start(f->http, &request, done, f, &f->transfer), 0);
        f->in_start = false;
}

static void ask(struct fixture *f, struct cw_http_request request, const char *path)
{
        start(f, request, path);
        cw_loop_run(f->loop);
}

#endif
