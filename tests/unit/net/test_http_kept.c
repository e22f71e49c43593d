/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what is kept for the next request, a handle or a connection, must not be seen by anybody but the clock. */
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "http_peer.h"

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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_kept_handle_leaks_nothing_into_the_next_request),
                cmocka_unit_test(test_a_kept_handle_serves_only_requests_like_its_own),
                cmocka_unit_test(test_a_peer_that_closes_a_resting_connection_keeps_no_loop_busy),
                cmocka_unit_test(test_a_loop_ends_while_a_connection_rests),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
