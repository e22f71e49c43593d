/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/http.h"
#include "cardwatch/loop.h"
#include "cardwatch/server.h"

#include "gzip_blobs.h"

/* A sanitizer keeps what was freed. */
#ifdef __SANITIZE_ADDRESS__
#define GROWTH_MAX_KIB (96 * 1024)
#else
#define GROWTH_MAX_KIB (12 * 1024)
#endif

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
        int connections, requests, left;
        struct cw_buf seen;
        /* the client's side */
        int told;
        bool in_start;
        struct cw_http_answer answer;
        char message[400];
        struct cw_buf body;
        struct cw_http_transfer *transfer;
        void (*next)(struct fixture *f);
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

static void test_answers(void **state)
{
        static const struct {
                const char *name;
                enum manner manner;
                const char *reply;
                enum cw_http_failure failure;
                long status;
                const char *body;
                int64_t retry_after_ms;
                int64_t date_at;
                const char *message;
        } cases[] = {
                {"an answer comes whole", ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", CW_HTTP_OK, 200,
                 "hello", -1, -1, ""},
                {"an answer without a length ends with its connection", ANSWER_AND_CLOSE,
                 "HTTP/1.1 200 OK\r\n\r\nhello", CW_HTTP_OK, 200, "hello", -1, -1, ""},
                {"chunks are put together", ANSWER,
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", CW_HTTP_OK,
                 200, "hello", -1, -1, ""},
                {"an error of the server is an answer", ANSWER, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
                 CW_HTTP_OK, 503, "", -1, -1, ""},
                {"a redirect is not followed", ANSWER,
                 "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", CW_HTTP_OK, 302,
                 "", -1, -1, ""},
                {"Retry-After in seconds is read", ANSWER,
                 "HTTP/1.1 429 Slow\r\nretry-after:  120 \r\nContent-Length: 0\r\n\r\n", CW_HTTP_OK, 429, "", 120000,
                 -1, ""},
                {"Retry-After as a date is measured against the server's clock", ANSWER,
                 "HTTP/1.1 503 No\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:37 "
                 "GMT\r\n"
                 "Content-Length: 0\r\n\r\n",
                 CW_HTTP_OK, 503, "", 60000, 784111777000, ""},
                {"Retry-After in the past is no wait", ANSWER,
                 "HTTP/1.1 503 No\r\nRetry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\nContent-Length: 0\r\n\r\n",
                 CW_HTTP_OK, 503, "", 0, -1, ""},
                {"a Retry-After beyond all numbers does not overflow", ANSWER,
                 "HTTP/1.1 503 No\r\nRetry-After: 99999999999999999999999\r\nContent-Length: 0\r\n\r\n", CW_HTTP_OK,
                 503, "", 999999999000, -1, ""},
                {"a Retry-After that is neither is none", ANSWER,
                 "HTTP/1.1 503 No\r\nRetry-After: -5\r\nDate: yesterday\r\nContent-Length: 0\r\n\r\n", CW_HTTP_OK, 503,
                 "", -1, -1, ""},
                {"what an interim answer says of waiting is forgotten", ANSWER,
                 "HTTP/1.1 103 Early\r\nRetry-After: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", CW_HTTP_OK,
                 200, "", -1, -1, ""},
                {"a body cut off is broken", ANSWER_AND_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
                 CW_HTTP_BROKEN, 0, "", -1, -1, "the answer of 127.0.0.1:PORT ended early"},
                {"a chunk cut off is broken", ANSWER_AND_CLOSE,
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nhello", CW_HTTP_BROKEN, 0, "", -1, -1,
                 "the answer of 127.0.0.1:PORT ended early"},
                {"a header cut off is broken", ANSWER_AND_CLOSE, "HTTP/1.1 200 OK\r\nConte", CW_HTTP_BROKEN, 0, "", -1,
                 -1, "the answer of 127.0.0.1:PORT ended early"},
                {"a reset is broken", ANSWER_AND_RESET, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
                 CW_HTTP_BROKEN, 0, "", -1, -1, "the connection to 127.0.0.1:PORT broke"},
                {"no answer at all is broken", CLOSE_AT_ONCE, "", CW_HTTP_BROKEN, 0, "", -1, -1,
                 "127.0.0.1:PORT closed the connection without an answer"},
                {"garbage is broken", ANSWER_AND_CLOSE, "\x16\x03\x01garbage\n\n\r\n", CW_HTTP_BROKEN, 0, "", -1, -1,
                 "the answer of 127.0.0.1:PORT is not of the protocol"},
                {"silence times out", SILENT, "", CW_HTTP_TIMEOUT, 0, "", -1, -1,
                 "no answer from 127.0.0.1:PORT within 300ms"},
                {"an answer that stops in the middle times out", ANSWER,
                 "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", CW_HTTP_TIMEOUT, 0, "", -1, -1,
                 "no whole answer from 127.0.0.1:PORT within 300ms"},
                {"a body without end is too large", ENDLESS_BODY, "HTTP/1.1 200 OK\r\n\r\n", CW_HTTP_TOO_LARGE, 200, "",
                 -1, -1, "the answer of 127.0.0.1:PORT is larger than 1 MiB"},
                {"a header without end is broken", ENDLESS_HEADER, "HTTP/1.1 200 OK\r\nX-a: ", CW_HTTP_BROKEN, 0, "",
                 -1, -1, NULL},
                {"bytes that do not decompress are broken", ANSWER,
                 "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", CW_HTTP_BROKEN, 0, "",
                 -1, -1, "the answer of 127.0.0.1:PORT cannot be decompressed"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_http_request request = request_to(NULL);
                struct fixture f;
                char message[200] = "", *port;

                print_message("  %s\n", cases[i].name);
                setup(&f, cases[i].manner, cases[i].reply, strlen(cases[i].reply));
                request.compressed = true;
                if (cases[i].failure == CW_HTTP_TIMEOUT)
                        request.timeout_ms = 300;
                ask(&f, request, "/path?secret=1");
                assert_int_equal(f.told, 1);
                assert_string_equal(cw_http_failure_name(f.answer.failure), cw_http_failure_name(cases[i].failure));
                assert_int_equal(f.answer.status, cases[i].status);
                assert_string_equal(cw_buf_text(&f.body), cases[i].body);
                assert_int_equal(f.answer.retry_after_ms, cases[i].retry_after_ms);
                assert_int_equal(f.answer.date_at, cases[i].date_at);
                if (cases[i].message) {
                        port = strstr(cases[i].message, "PORT");
                        if (port)
                                snprintf(message, sizeof(message), "%.*s%u%s", (int)(port - cases[i].message),
                                         cases[i].message, (unsigned)f.port, port + 4);
                        assert_string_equal(f.message, message);
                }
                teardown(&f);
        }
}

static void check_requests(bool harmless)
{
        static const struct cw_http_header headers[] = {
                {"Content-Type", "application/json"}, {"X-Empty", ""}, {"otp", "123456"}};
        struct cw_http_request request = request_to(NULL);
        struct fixture f;

        setup(&f, ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 38);
        request.harmless = harmless;
        request.method = "POST";
        request.headers = headers;
        request.n_headers = CW_ARRAY_SIZE(headers);
        request.body = "{\"a\":\"\\0\"}\0z";
        request.body_len = 12;
        request.compressed = true;
        ask(&f, request, "/hook?x=1");
        assert_int_equal(f.answer.status, 200);
        assert_ptr_equal(strstr(f.seen.data, "POST /hook?x=1 HTTP/1.1\r\n"), f.seen.data);
        assert_non_null(strstr(f.seen.data, "\r\nContent-Type: application/json\r\n"));
        assert_non_null(strstr(f.seen.data, "\r\nX-Empty:\r\n"));
        assert_non_null(strstr(f.seen.data, "\r\notp: 123456\r\n"));
        assert_non_null(strstr(f.seen.data, "\r\nUser-Agent: cardwatchd/test\r\n"));
        assert_non_null(strstr(f.seen.data, "\r\nAccept-Encoding: gzip, deflate\r\n"));
        assert_non_null(strstr(f.seen.data, "\r\nContent-Length: 12\r\n"));
        assert_null(strstr(f.seen.data, "Expect"));
        assert_non_null(memmem(f.seen.data, f.seen.len, "\r\n\r\n{\"a\":\"\\0\"}\0z", 16));
        cw_buf_clear(&f.seen);
        request = request_to(NULL);
        request.harmless = harmless;
        request.method = "PUT";
        request.body = "x";
        request.body_len = 1;
        ask(&f, request, "/");
        assert_ptr_equal(strstr(f.seen.data, "PUT / HTTP/1.1\r\n"), f.seen.data);
        assert_null(strstr(f.seen.data, "Content-Type"));
        assert_null(strstr(f.seen.data, "Accept-Encoding"));
        teardown(&f);
}

static void test_the_request_goes_out_as_it_was_given(void **state)
{
        (void)state;
        check_requests(false);
}

/* The second goes out through the handle of the first. */
static void test_a_handle_keeps_nothing_of_the_request_before(void **state)
{
        (void)state;
        check_requests(true);
}

static struct cw_http_request post_to(const char *url, const char *body)
{
        struct cw_http_request request = request_to(url);

        request.method = "POST";
        request.harmless = true;
        request.body = body;
        request.body_len = strlen(body);
        return request;
}

static void ask_afresh(struct fixture *f, struct cw_http_request request)
{
        cw_buf_clear(&f->seen);
        ask(f, request, "/hook");
        assert_int_equal(f->answer.status, 200);
}

/* All of them go to the same place, so all but the first go out through the handle of the first. */
static void test_a_kept_handle_leaks_nothing_into_the_next_request(void **state)
{
        static const char reply[] = "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok";
        static const struct cw_http_header headers[] = {
                {"Content-Type", "text/plain"}, {"Authorization", "Bearer abc"}, {"X-Id", "1"}};
        static const struct cw_http_header id = {"X-Id", "2"};
        struct cw_http_request request = post_to(NULL, "the first body, which is longer");
        struct fixture f;

        (void)state;
        setup(&f, ANSWER, reply, sizeof(reply) - 1);
        request.headers = headers;
        request.n_headers = CW_ARRAY_SIZE(headers);
        ask_afresh(&f, request);
        assert_non_null(strstr(f.seen.data, "\r\nX-Id: 1\r\n"));
        assert_string_equal(cw_buf_text(&f.body), "ok");

        request = post_to(NULL, "2nd");
        request.headers = &id;
        request.n_headers = 1;
        ask_afresh(&f, request);
        assert_non_null(strstr(f.seen.data, "\r\nX-Id: 2\r\n"));
        assert_non_null(strstr(f.seen.data, "\r\nContent-Length: 3\r\n"));
        assert_ptr_equal(strstr(f.seen.data, "\r\n\r\n2nd"), f.seen.data + f.seen.len - 7);
        assert_null(strstr(f.seen.data, "X-Id: 1"));
        assert_null(strstr(f.seen.data, "Bearer"));
        assert_null(strstr(f.seen.data, "Content-Type"));
        assert_null(strstr(f.seen.data, "Cookie"));
        assert_string_equal(cw_buf_text(&f.body), "ok");

        ask_afresh(&f, post_to(NULL, ""));
        assert_non_null(strstr(f.seen.data, "\r\nContent-Length: 0\r\n"));
        assert_null(strstr(f.seen.data, "X-Id"));
        assert_null(strstr(f.seen.data, "2nd"));
        assert_int_equal(f.connections, 1);
        teardown(&f);
}

/* Nearly the same request: what a handle was set up for is all of it. */
static void test_a_kept_handle_serves_only_requests_like_its_own(void **state)
{
        struct cw_http_request request = post_to(NULL, "x");
        struct fixture f;
        char url[100], proxy[100];

        (void)state;
        setup(&f, ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 38);
        ask_afresh(&f, request);
        assert_non_null(strstr(f.seen.data, "\r\nAuthorization: Basic dXNlcjpwYXNz\r\n"));
        snprintf(url, sizeof(url), "http://other:pass@127.0.0.1:%u/hook", (unsigned)f.port);
        ask_afresh(&f, post_to(url, "x"));
        assert_non_null(strstr(f.seen.data, "\r\nAuthorization: Basic b3RoZXI6cGFzcw==\r\n"));
        snprintf(url, sizeof(url), "http://127.0.0.1:%u/hook", (unsigned)f.port);
        ask_afresh(&f, post_to(url, "x"));
        assert_null(strstr(f.seen.data, "Authorization"));
        request = post_to(NULL, "x");
        request.method = "PUT";
        ask_afresh(&f, request);
        assert_ptr_equal(strstr(f.seen.data, "PUT /hook HTTP/1.1\r\n"), f.seen.data);
        request.method = "GET";
        ask_afresh(&f, request);
        request.body = NULL;
        ask_afresh(&f, request);
        assert_ptr_equal(strstr(f.seen.data, "GET /hook HTTP/1.1\r\n"), f.seen.data);
        assert_null(strstr(f.seen.data, "Content-Length"));
        request = post_to(NULL, "x");
        request.compressed = true;
        ask_afresh(&f, request);
        assert_non_null(strstr(f.seen.data, "\r\nAccept-Encoding: gzip, deflate\r\n"));

        request = post_to(NULL, "x");
        request.timeout_ms = 300;
        f.manner = SILENT;
        ask(&f, request, "/hook");
        assert_int_equal(f.answer.failure, CW_HTTP_TIMEOUT);
        assert_true(f.answer.took_ms < 4000);

        f.manner = ANSWER;
        request = post_to(url, "x");
        request.proxy = proxy;
        snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", (unsigned)f.port);
        ask_afresh(&f, request);
        assert_ptr_equal(strstr(f.seen.data, "POST http://127.0.0.1"), f.seen.data);
        teardown(&f);
}

static void stop_loop(void *data)
{
        cw_loop_stop(data);
}

/* A connection that rests is watched on. Its end is noticed once, and by the next request. */
static void test_a_peer_that_closes_a_resting_connection_keeps_no_loop_busy(void **state)
{
        struct fixture f;
        uint64_t turns;

        (void)state;
        setup(&f, ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 38);
        ask_afresh(&f, post_to(NULL, "x"));
        cw_server_free(f.server);
        f.server = NULL;
        turns = cw_loop_turns(f.loop).turns;
        assert_int_equal(cw_timer_new(f.loop, stop_loop, f.loop, &f.timer), 0);
        cw_timer_start(f.timer, 100);
        cw_loop_run(f.loop);
        assert_true(cw_loop_turns(f.loop).turns - turns < 50);
        ask(&f, post_to(NULL, "x"), "/hook");
        assert_int_equal(f.answer.failure, CW_HTTP_CONNECT);
        teardown(&f);
}

/* A process that answers one request and keeps the connection. */
static pid_t answer_elsewhere(uint16_t *ret_port)
{
        static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof(address);
        int listener = socket(AF_INET, SOCK_STREAM, 0), connection;
        char request[4096];
        pid_t pid;

        assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
        assert_int_equal(listen(listener, 1), 0);
        assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
        *ret_port = ntohs(address.sin_port);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                connection = accept(listener, NULL, NULL);
                if (read(connection, request, sizeof(request)) > 0)
                        (void)!write(connection, reply, sizeof(reply) - 1);
                alarm(20); /* also when nobody ends it */
                pause();
                _exit(0);
        }
        close(listener);
        return pid;
}

static void go_on(struct fixture *f)
{
        (void)f;
}

static void test_a_loop_ends_while_a_connection_rests(void **state)
{
        uint16_t port;
        pid_t pid = answer_elsewhere(&port);
        struct fixture f;
        char url[100];

        (void)state;
        setup(&f, ANSWER, "", 0);
        cw_server_free(f.server);
        f.server = NULL;
        f.next = go_on; /* nobody stops the loop */
        snprintf(url, sizeof(url), "http://127.0.0.1:%u/", (unsigned)port);
        alarm(20);
        ask(&f, post_to(url, "x"), "");
        alarm(0);
        assert_int_equal(f.answer.status, 200);
        teardown(&f);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_what_makes_no_request_is_refused(void **state)
{
        static const struct cw_http_header bad[] = {{"X-A", "a\r\nEvil: 1"}, {"X A", "a"}, {"", "a"}, {"X-A\n", "a"}};
        static const char *const urls[] = {"ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1", "http://", "",
                                           "http://a b/",      "smtp://127.0.0.1"};
        struct cw_http_request request = request_to("http://127.0.0.1/");
        struct fixture f;

        (void)state;
        setup(&f, ANSWER, "", 0);
        for (size_t i = 0; i < CW_ARRAY_SIZE(bad); i++) {
                request.headers = &bad[i];
                request.n_headers = 1;
                assert_int_equal(cw_http_start(f.http, &request, done, &f, &f.transfer), -EINVAL);
        }
        request.n_headers = 0;
        request.method = "PATCH";
        assert_int_equal(cw_http_start(f.http, &request, done, &f, &f.transfer), -EINVAL);
        request.method = "GET";
        request.timeout_ms = 0;
        assert_int_equal(cw_http_start(f.http, &request, done, &f, &f.transfer), -EINVAL);
        request.timeout_ms = 1000;
        for (size_t i = 0; i < CW_ARRAY_SIZE(urls); i++) {
                print_message("  %s\n", urls[i]);
                request.url = urls[i];
                assert_int_equal(cw_http_start(f.http, &request, done, &f, &f.transfer), -EINVAL);
        }
        assert_int_equal(f.told, 0);
        teardown(&f);
}

static void test_who_cannot_be_reached_is_named_without_secrets(void **state)
{
        struct fixture f;
        char expected[100], url[100];

        (void)state;
        setup(&f, ANSWER, "", 0);
        cw_server_free(f.server);
        f.server = NULL;
        snprintf(url, sizeof(url), "http://user:hunter2@localhost:%u/a?token=1", (unsigned)f.port);
        snprintf(expected, sizeof(expected), "connection refused by localhost:%u", (unsigned)f.port);
        ask(&f, request_to(url), "");
        assert_int_equal(f.answer.failure, CW_HTTP_CONNECT);
        assert_string_equal(f.message, expected);
        ask(&f, request_to("https://u:p@no-such-host.invalid/x?y"), "");
        assert_int_equal(f.answer.failure, CW_HTTP_RESOLVE);
        assert_string_equal(f.message, "cannot find the host no-such-host.invalid:443");
        teardown(&f);
}

static void test_a_peer_that_speaks_no_tls_is_a_failed_connection(void **state)
{
        struct fixture f;
        char url[100];

        (void)state;
        setup(&f, ANSWER_AND_CLOSE, "HTTP/1.1 400 Bad\r\n\r\n", 20);
        snprintf(url, sizeof(url), "https://127.0.0.1:%u/", (unsigned)f.port);
        f.manner = ANSWER_AND_CLOSE;
        {
                struct cw_http_request request = request_to(url);

                request.timeout_ms = 300;
                ask(&f, request, "");
        }
        assert_true(f.answer.failure == CW_HTTP_CONNECT || f.answer.failure == CW_HTTP_TIMEOUT);
        teardown(&f);
}

static void ask_again(struct fixture *f)
{
        if (f->told < 5)
                start(f, request_to(NULL), "/again");
        else
                cw_loop_stop(f->loop);
}

static void test_a_connection_is_used_again(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f, ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40);
        f.next = ask_again;
        ask(&f, request_to(NULL), "/");
        assert_int_equal(f.told, 5);
        assert_int_equal(f.requests, 5);
        assert_int_equal(f.connections, 1);
        teardown(&f);
}

static void test_a_connection_that_was_closed_while_idle_is_replaced(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f, ANSWER_AND_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40);
        f.next = ask_again;
        ask(&f, request_to(NULL), "/");
        assert_int_equal(f.told, 5);
        assert_int_equal(f.answer.failure, CW_HTTP_OK);
        assert_int_equal(f.connections, 5);
        teardown(&f);
}

static void test_a_hundred_at_once_are_all_answered(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f, ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40);
        for (int i = 0; i < 100; i++)
                start(&f, request_to(NULL), "/");
        cw_loop_run(f.loop);
        assert_int_equal(f.told, 100);
        assert_int_equal(f.requests, 100);
        assert_int_equal(f.answer.failure, CW_HTTP_OK);
        teardown(&f);
}

static void gzip_reply(struct cw_buf *reply, const unsigned char *blob, size_t len)
{
        cw_buf_printf(reply, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", len);
        cw_buf_append(reply, blob, len);
}

static void test_the_bound_is_on_what_comes_out_of_the_compression(void **state)
{
        struct cw_http_request request = request_to(NULL);
        struct cw_buf reply = CW_BUF_NULL;
        struct fixture f;

        (void)state;
        gzip_reply(&reply, gzip_letters, sizeof(gzip_letters));
        setup(&f, ANSWER, reply.data, reply.len);
        request.compressed = true;
        request.max_response = 65536;
        ask(&f, request, "/");
        assert_int_equal(f.answer.failure, CW_HTTP_OK);
        assert_int_equal(f.body.len, 65536);
        assert_int_equal(strspn(f.body.data, "a"), 65536);
        request.max_response = 65535;
        ask(&f, request, "/");
        assert_int_equal(f.answer.failure, CW_HTTP_TOO_LARGE);
        assert_int_equal(f.answer.status, 200);
        assert_non_null(strstr(f.message, "larger than 65535 bytes"));
        teardown(&f);
        cw_buf_deinit(&reply);
}

static void test_a_bomb_of_gigabytes_stays_in_its_bounds(void **state)
{
        struct cw_http_request request = request_to(NULL);
        struct cw_buf reply = CW_BUF_NULL;
        struct rusage before, after;
        struct fixture f;

        (void)state;
        cw_buf_puts(&reply, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
        cw_buf_append(&reply, gzip_zeros_first, sizeof(gzip_zeros_first));
        setup(&f, ENDLESS_GZIP, reply.data, reply.len);
        request.compressed = true;
        request.max_response = 32 << 20;
        request.timeout_ms = 20000;
        getrusage(RUSAGE_SELF, &before);
        ask(&f, request, "/");
        getrusage(RUSAGE_SELF, &after);
        assert_int_equal(f.answer.failure, CW_HTTP_TOO_LARGE);
        assert_non_null(strstr(f.message, "unpacks to more than 100 times what was sent"));
        assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, GROWTH_MAX_KIB);
        teardown(&f);
        cw_buf_deinit(&reply);
}

static void test_a_cancelled_request_is_told_once_and_later(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f, SILENT, "", 0);
        start(&f, request_to(NULL), "/");
        f.in_start = true;
        cw_http_cancel(f.transfer);
        cw_http_cancel(f.transfer);
        f.in_start = false;
        assert_int_equal(f.told, 0);
        cw_loop_run(f.loop);
        assert_int_equal(f.told, 1);
        assert_int_equal(f.answer.failure, CW_HTTP_CANCELLED);
        teardown(&f);
}

static void cancel_from_timer(void *data)
{
        struct fixture *f = data;

        cw_http_cancel(f->transfer);
        assert_int_equal(f->told, 0);
}

static void test_a_request_under_way_can_be_cancelled(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f, ENDLESS_BODY, "HTTP/1.1 200 OK\r\n\r\n", 19);
        assert_int_equal(cw_timer_new(f.loop, cancel_from_timer, &f, &f.timer), 0);
        cw_timer_start(f.timer, 30);
        {
                struct cw_http_request request = request_to(NULL);

                request.max_response = (size_t)1 << 40;
                ask(&f, request, "/");
        }
        assert_int_equal(f.told, 1);
        assert_int_equal(f.answer.failure, CW_HTTP_CANCELLED);
        assert_int_equal(f.answer.body_len, 0);
        teardown(&f);
}

static void test_freeing_the_client_tells_all_that_is_under_way(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f, SILENT, "", 0);
        for (int i = 0; i < 3; i++)
                start(&f, request_to(NULL), "/");
        cw_http_free(f.http);
        f.http = NULL;
        assert_int_equal(f.told, 3);
        assert_int_equal(f.answer.failure, CW_HTTP_CANCELLED);
        teardown(&f);
}

static void stop_loop(void *data)
{
        struct fixture *f = data;

        cw_loop_stop(f->loop);
}

static void turn_for(struct fixture *f, uint64_t ms)
{
        cw_timer_start(f->timer, ms);
        cw_loop_run(f->loop);
}

static void test_what_is_held_is_told_after_the_release(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f, ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40);
        assert_int_equal(cw_timer_new(f.loop, stop_loop, &f, &f.timer), 0);
        cw_http_hold(f.http);
        start(&f, request_to(NULL), "/");
        for (int i = 0; i < 100 && f.requests == 0; i++)
                turn_for(&f, 20);
        turn_for(&f, 400);
        assert_int_equal(f.requests, 1);
        assert_int_equal(f.told, 0);
        cw_http_release(f.http);
        cw_loop_run(f.loop);
        assert_int_equal(f.told, 1);
        assert_string_equal(cw_buf_text(&f.body), "ok");
        assert_true(f.answer.took_ms < 400); /* the waiting is not the server's */
        teardown(&f);
}

static void test_what_is_held_is_told_when_the_client_is_freed(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f, ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40);
        assert_int_equal(cw_timer_new(f.loop, stop_loop, &f, &f.timer), 0);
        cw_http_hold(f.http);
        start(&f, request_to(NULL), "/");
        turn_for(&f, 50);
        cw_http_free(f.http);
        f.http = NULL;
        assert_int_equal(f.told, 1);
        teardown(&f);
}

static void free_client(struct fixture *f)
{
        struct cw_http_request request = request_to("http://127.0.0.1/");
        struct cw_http *http = f->http;

        if (!http)
                return;
        f->http = NULL;
        cw_http_free(http);
        assert_int_equal(cw_http_start(http, &request, done, f, &f->transfer), -ESHUTDOWN);
        cw_loop_stop(f->loop);
}

static void test_the_client_can_be_freed_by_whom_it_tells(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f, ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40);
        f.next = free_client;
        for (int i = 0; i < 5; i++)
                start(&f, request_to(NULL), "/");
        cw_loop_run(f.loop);
        assert_int_equal(f.told, 5);
        teardown(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_answers),
                cmocka_unit_test(test_the_request_goes_out_as_it_was_given),
                cmocka_unit_test(test_a_handle_keeps_nothing_of_the_request_before),
                cmocka_unit_test(test_a_kept_handle_leaks_nothing_into_the_next_request),
                cmocka_unit_test(test_a_kept_handle_serves_only_requests_like_its_own),
                cmocka_unit_test(test_a_peer_that_closes_a_resting_connection_keeps_no_loop_busy),
                cmocka_unit_test(test_a_loop_ends_while_a_connection_rests),
                cmocka_unit_test(test_what_makes_no_request_is_refused),
                cmocka_unit_test(test_who_cannot_be_reached_is_named_without_secrets),
                cmocka_unit_test(test_a_peer_that_speaks_no_tls_is_a_failed_connection),
                cmocka_unit_test(test_a_connection_is_used_again),
                cmocka_unit_test(test_a_connection_that_was_closed_while_idle_is_replaced),
                cmocka_unit_test(test_a_hundred_at_once_are_all_answered),
                cmocka_unit_test(test_the_bound_is_on_what_comes_out_of_the_compression),
                cmocka_unit_test(test_a_bomb_of_gigabytes_stays_in_its_bounds),
                cmocka_unit_test(test_a_cancelled_request_is_told_once_and_later),
                cmocka_unit_test(test_a_request_under_way_can_be_cancelled),
                cmocka_unit_test(test_freeing_the_client_tells_all_that_is_under_way),
                cmocka_unit_test(test_what_is_held_is_told_after_the_release),
                cmocka_unit_test(test_what_is_held_is_told_when_the_client_is_freed),
                cmocka_unit_test(test_the_client_can_be_freed_by_whom_it_tells),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
