/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/http.h"
#include "cardwatch/loop.h"
#include "cardwatch/server.h"
#include "cardwatch/work.h"

#include "http_peer.h"

/* A sanitizer keeps what was freed. */
#ifdef __SANITIZE_ADDRESS__
#define GROWTH_MAX_KIB (96 * 1024)
#else
#define GROWTH_MAX_KIB (12 * 1024)
#endif

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

static void dawdle(void *data)
{
        (void)data;
        usleep(150000);
}

static void nobody_was_told(void *data)
{
        struct fixture *f = data;

        assert_int_equal(f->requests, 20);
        assert_int_equal(f->told, 0);
}

static void test_requests_go_on_while_a_call_is_made_aside(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f, ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40);
        for (int i = 0; i < 20; i++)
                start(&f, request_to(NULL), "/");
        assert_int_equal(cw_work_aside(f.loop, dawdle, nobody_was_told, &f), 0);
        cw_loop_run(f.loop);
        assert_int_equal(f.told, 20);
        assert_int_equal(f.answer.failure, CW_HTTP_OK);
        teardown(&f);
}

static void do_nothing(void *data)
{
        (void)data;
}

static void dawdle_aside(struct fixture *f)
{
        if (f->told == 1)
                assert_int_equal(cw_work_aside(f->loop, dawdle, do_nothing, f), 0);
        else if (f->told == 20)
                cw_loop_stop(f->loop);
        f->at[f->told] = cw_clock_mono_ms();
}

static void test_who_is_told_may_have_a_call_made_aside(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f, ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40);
        f.next = dawdle_aside;
        for (int i = 0; i < 20; i++)
                start(&f, request_to(NULL), "/");
        cw_loop_run(f.loop);
        assert_int_equal(f.told, 20);
        for (int i = 2; i <= 20; i++)
                assert_true(f.at[i] - f.at[1] >= 140);
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

/* All but the letters. */
static void keep_others(void *data, struct cw_buf *body, const char *bytes, size_t n)
{
        (void)data;
        for (size_t i = 0; i < n; i++)
                if (bytes[i] != 'a')
                        cw_buf_append(body, &bytes[i], 1);
}

static void test_who_keeps_less_is_bound_by_what_came(void **state)
{
        static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nbanaaaba";
        static const struct {
                const char *name;
                size_t max_response;
                enum cw_http_failure failure;
                const char *body;
        } cases[] = {
                {"what is left out is not in the body", 8, CW_HTTP_OK, "bnb"},
                {"and counts all the same", 7, CW_HTTP_TOO_LARGE, ""},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_http_request request = request_to(NULL);
                struct fixture f;

                print_message("  %s\n", cases[i].name);
                setup(&f, ANSWER, answer, sizeof(answer) - 1);
                request.on_piece = keep_others;
                request.max_response = cases[i].max_response;
                ask(&f, request, "/");
                assert_int_equal(f.answer.failure, cases[i].failure);
                assert_string_equal(cw_buf_text(&f.body), cases[i].body);
                teardown(&f);
        }
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

static void cancel_soon(void *data)
{
        struct fixture *f = data;

        if (f->left_out-- > 0)
                cw_timer_start(f->timer, 0);
        else
                cw_http_cancel(f->transfer);
}

/* Also before its socket was waited for once: curl closes that without a word. */
static void test_a_request_can_be_cancelled_while_its_connection_is_made(void **state)
{
        (void)state;
        for (int after = 0; after < 5; after++) {
                struct fixture f;

                setup(&f, SILENT, "", 0);
                assert_int_equal(cw_timer_new(f.loop, cancel_soon, &f, &f.timer), 0);
                f.left_out = after;
                start(&f, request_to(NULL), "/");
                cw_timer_start(f.timer, 0);
                cw_loop_run(f.loop);
                assert_int_equal(f.told, 1);
                assert_int_equal(f.answer.failure, CW_HTTP_CANCELLED);
                teardown(&f);
        }
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

/* The first takes a turn's share: the others wait, until the second lets go of all. */
static void take_long_or_free(struct fixture *f)
{
        if (f->told == 1)
                usleep(2500);
        else
                free_client(f);
}

static void test_the_client_can_be_freed_while_others_wait_for_a_turn(void **state)
{
        struct fixture f;

        (void)state;
        setup(&f, ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40);
        assert_int_equal(cw_timer_new(f.loop, stop_loop, &f, &f.timer), 0);
        cw_http_hold(f.http);
        for (int i = 0; i < 4; i++)
                start(&f, request_to(NULL), "/");
        for (int i = 0; i < 100 && f.requests < 4; i++)
                turn_for(&f, 20);
        turn_for(&f, 50);
        f.next = take_long_or_free;
        cw_http_release(f.http);
        cw_loop_run(f.loop);
        assert_int_equal(f.told, 4);
        assert_int_equal(f.answer.failure, CW_HTTP_CANCELLED);
        teardown(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_answers),
                cmocka_unit_test(test_the_request_goes_out_as_it_was_given),
                cmocka_unit_test(test_a_handle_keeps_nothing_of_the_request_before),
                cmocka_unit_test(test_what_makes_no_request_is_refused),
                cmocka_unit_test(test_who_cannot_be_reached_is_named_without_secrets),
                cmocka_unit_test(test_a_peer_that_speaks_no_tls_is_a_failed_connection),
                cmocka_unit_test(test_a_connection_is_used_again),
                cmocka_unit_test(test_a_connection_that_was_closed_while_idle_is_replaced),
                cmocka_unit_test(test_requests_go_on_while_a_call_is_made_aside),
                cmocka_unit_test(test_who_is_told_may_have_a_call_made_aside),
                cmocka_unit_test(test_a_hundred_at_once_are_all_answered),
                cmocka_unit_test(test_the_bound_is_on_what_comes_out_of_the_compression),
                cmocka_unit_test(test_who_keeps_less_is_bound_by_what_came),
                cmocka_unit_test(test_a_bomb_of_gigabytes_stays_in_its_bounds),
                cmocka_unit_test(test_a_cancelled_request_is_told_once_and_later),
                cmocka_unit_test(test_a_request_under_way_can_be_cancelled),
                cmocka_unit_test(test_a_request_can_be_cancelled_while_its_connection_is_made),
                cmocka_unit_test(test_freeing_the_client_tells_all_that_is_under_way),
                cmocka_unit_test(test_what_is_held_is_told_after_the_release),
                cmocka_unit_test(test_what_is_held_is_told_when_the_client_is_freed),
                cmocka_unit_test(test_the_client_can_be_freed_by_whom_it_tells),
                cmocka_unit_test(test_the_client_can_be_freed_while_others_wait_for_a_turn),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
