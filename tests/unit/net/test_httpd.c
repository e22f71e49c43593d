/* SPDX-License-Identifier: Apache-2.0 */
/* The server on a real socket, asked by our own client where it behaves, and by bytes where it does not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/http.h"
#include "cardwatch/httpd.h"
#include "cardwatch/loop.h"

#define MAX_BODY 1000

#define SHORT_MS 300 /* of patience, where a test waits for its end */
#define LONG_MS  10000 /* nothing takes so long that works */

struct fixture {
        char folder[40], path[60];
        struct cw_loop *loop;
        struct cw_httpd *httpd;
        struct cw_http *http;
        struct cw_timer *timer;
        /* what the handler saw, and says */
        int handled;
        char method[16], url[64];
        struct cw_buf body;
        int64_t uid;
        unsigned status; /* 0: as it comes */
        size_t reply_len;
        int put_off; /* so many requests are answered later, by the test */
        bool at_once; /* … or still within the handler */
        struct cw_httpd_later *later;
        char arguments[64];
        /* the client's side */
        bool answered;
        enum cw_http_failure failure;
        long answer_status;
        struct cw_buf answer;
        int64_t patience_ms; /* 0: little, for tests that wait for its end */
};

static void answer_later(struct fixture *f)
{
        struct cw_httpd_answer answer = {.status = 202};

        cw_buf_puts(&answer.body, "later");
        cw_httpd_answer(f->later, &answer);
        f->later = NULL;
}

static void handle(void *data, const struct cw_httpd_request *request, struct cw_httpd_answer *answer)
{
        struct fixture *f = data;

        f->handled++;
        snprintf(f->method, sizeof(f->method), "%s", request->method);
        snprintf(f->url, sizeof(f->url), "%s", request->path);
        cw_buf_clear(&f->body);
        cw_buf_append(&f->body, request->body, request->body_len);
        assert_int_equal(request->body[request->body_len], '\0');
        f->uid = request->peer_uid;
        f->arguments[0] = '\0';
        for (size_t i = 0; i < request->n_arguments; i++)
                snprintf(f->arguments + strlen(f->arguments), sizeof(f->arguments) - strlen(f->arguments), "%s=%s|",
                         request->arguments[i].name, request->arguments[i].value);
        if (f->put_off > 0) {
                f->put_off--;
                f->later = cw_httpd_take_later(request);
                if (f->at_once)
                        answer_later(f);
                return;
        }
        if (f->status)
                answer->status = f->status;
        if (answer->status == 405)
                answer->allow = "GET, POST";
        for (size_t i = 0; i < f->reply_len; i++)
                cw_buf_putc(&answer->body, 'x');
        cw_buf_printf(&answer->body, "%s %u", request->path, answer->status);
}

static void stop(void *data)
{
        struct fixture *f = data;

        cw_loop_stop(f->loop);
}

static int listen_at(struct fixture *f, const char *path, struct cw_httpd **ret_httpd, struct cw_buf *why)
{
        struct cw_httpd_options options = {
                .socket_path = path,
                .max_body = MAX_BODY,
                .max_connections = 4,
                .patience_ms = f->patience_ms ? f->patience_ms : SHORT_MS,
                .handle = handle,
                .data = f,
        };

        return cw_httpd_new(f->loop, &options, ret_httpd, why);
}

static int begin(void **state, int64_t patience_ms)
{
        struct fixture *f = calloc(1, sizeof(*f));

        *state = f;
        f->patience_ms = patience_ms;
        strcpy(f->folder, "/tmp/cardwatch-httpd-XXXXXX");
        assert_non_null(mkdtemp(f->folder));
        snprintf(f->path, sizeof(f->path), "%s/control.sock", f->folder);
        assert_int_equal(cw_loop_new(&f->loop), 0);
        assert_int_equal(cw_http_new(f->loop, "test", &f->http), 0);
        assert_int_equal(cw_timer_new(f->loop, stop, f, &f->timer), 0);
        assert_int_equal(listen_at(f, f->path, &f->httpd, &f->answer), 0);
        return 0;
}

static int setup(void **state)
{
        return begin(state, 0);
}

/* For all that does not wait for the end of a peer's patience: a busy machine may stand still for a moment. */
static int setup_patient(void **state)
{
        return begin(state, LONG_MS);
}

static int teardown(void **state)
{
        struct fixture *f = *state;

        cw_http_free(f->http);
        cw_httpd_free(f->httpd);
        cw_timer_free(f->timer);
        cw_loop_free(f->loop);
        cw_buf_deinit(&f->body);
        cw_buf_deinit(&f->answer);
        unlink(f->path);
        assert_int_equal(rmdir(f->folder), 0);
        free(f);
        return 0;
}

static void turn(struct fixture *f, uint64_t ms)
{
        cw_timer_start(f->timer, ms);
        cw_loop_run(f->loop);
}

static void answered(void *data, struct cw_http_answer *answer)
{
        struct fixture *f = data;

        f->answered = true;
        f->failure = answer->failure;
        f->answer_status = answer->status;
        cw_buf_clear(&f->answer);
        cw_buf_append(&f->answer, answer->body, answer->body_len);
        cw_loop_stop(f->loop);
}

static void ask(struct fixture *f, const char *method, const char *url, const char *body, size_t len)
{
        struct cw_http_request request = {
                .method = method,
                .url = url,
                .body = body,
                .body_len = len,
                .timeout_ms = 5000,
                .max_response = 4 << 20,
                .unix_socket = f->path,
        };
        struct cw_http_transfer *transfer;

        f->answered = false;
        assert_int_equal(cw_http_start(f->http, &request, answered, f, &transfer), 0);
        cw_loop_run(f->loop);
        assert_true(f->answered);
}

static void test_a_request_and_its_answer(void **state)
{
        struct fixture *f = *state;

        ask(f, "GET", "http://localhost/a%2Fb%00?limit=1", NULL, 0);
        assert_int_equal(f->failure, CW_HTTP_OK);
        assert_int_equal(f->answer_status, 200);
        assert_string_equal(f->method, "GET");
        assert_string_equal(f->url, "/a%2Fb%00");
        assert_int_equal(f->body.len, 0);
        assert_int_equal(f->uid, getuid());
        assert_string_equal(cw_buf_text(&f->answer), "/a%2Fb%00 200");

        ask(f, "POST", "http://localhost/x", "{\"a\":1}", 7);
        assert_string_equal(f->method, "POST");
        assert_string_equal(cw_buf_text(&f->body), "{\"a\":1}");
        f->status = 503;
        ask(f, "GET", "http://localhost/y", NULL, 0);
        assert_int_equal(f->answer_status, 503);
        assert_int_equal(f->handled, 3);
}

static void test_bodies_up_to_their_bound(void **state)
{
        struct fixture *f = *state;
        char body[MAX_BODY + 1];

        memset(body, 'b', sizeof(body));
        ask(f, "POST", "http://localhost/x", body, MAX_BODY);
        assert_int_equal(f->answer_status, 200);
        assert_int_equal(f->body.len, MAX_BODY);
        ask(f, "POST", "http://localhost/x", body, MAX_BODY + 1);
        assert_int_equal(f->answer_status, 413);
        assert_int_equal(f->body.len, 0);
        /* And the next one is none the worse for it. */
        ask(f, "GET", "http://localhost/x", NULL, 0);
        assert_int_equal(f->answer_status, 200);
        assert_int_equal(f->handled, 3);
}

static void test_large_answers_come_whole(void **state)
{
        struct fixture *f = *state;

        f->reply_len = 3 << 20;
        ask(f, "GET", "http://localhost/x", NULL, 0);
        assert_int_equal(f->failure, CW_HTTP_OK);
        assert_int_equal(f->answer.len, (3 << 20) + 6);
}

static int dial(const struct fixture *f)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

        strcpy(address.sun_path, f->path);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

/* What comes within `ms`; *ret_closed: the server closed. */
/* Until that comes (NULL: until the end, or nothing for so long), however busy the machine is. */
static void hear_of(struct fixture *f, int fd, uint64_t ms, const char *wanted, char *text, size_t size,
                    bool *ret_closed)
{
        int64_t until = cw_clock_mono_ms() + (int64_t)ms;
        size_t len = 0;
        ssize_t n = -1;

        text[0] = '\0';
        while (n != 0 && cw_clock_mono_ms() < until && !(wanted && strstr(text, wanted))) {
                turn(f, 5);
                while (len + 1 < size && (n = recv(fd, text + len, size - 1 - len, MSG_DONTWAIT)) > 0)
                        len += (size_t)n;
                if (n < 0 && errno != EAGAIN)
                        n = 0;
                text[len] = '\0';
        }
        *ret_closed = n == 0;
}

static void hear(struct fixture *f, int fd, uint64_t ms, char *text, size_t size, bool *ret_closed)
{
        hear_of(f, fd, ms, NULL, text, size, ret_closed);
}

/* `%1008` in bytes stands for so many x. */
static void say(int fd, const char *bytes)
{
        const char *mark = strstr(bytes, "%1008");
        struct cw_buf all = CW_BUF_NULL;

        cw_buf_append(&all, bytes, mark ? (size_t)(mark - bytes) : strlen(bytes));
        for (size_t i = 0; mark && i < 1008; i++)
                cw_buf_putc(&all, 'x');
        if (mark)
                cw_buf_puts(&all, mark + 5);
        assert_int_equal(send(fd, all.data, all.len, MSG_NOSIGNAL), all.len);
        cw_buf_deinit(&all);
}

static void test_bytes_that_are_no_request(void **state)
{
        static const struct {
                const char *name, *bytes, *begin;
                bool handled;
        } cases[] = {
                {"no HTTP at all", "hello\r\n\r\n", "", false},
                {"a length that is none", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\na", "HTTP/1.1 400",
                 false},
                {"no host", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400", false},
                {"a body in chunks beyond the bound",
                 "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "3\r\nabc\r\n3f0\r\n%1008\r\n0\r\n\r\n",
                 "HTTP/1.1 413", true},
                {"an announced body that is too large", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n",
                 "HTTP/1.1 413", true},
                {"an announced body beyond 64 bits",
                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", "HTTP/1.1 413",
                 false},
                {"a head is answered without a body", "HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                 "HTTP/1.1 200", true},
        };
        struct fixture *f = *state;

        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                int fd = dial(f);
                char text[4000];
                bool closed;

                print_message("  %s\n", cases[i].name);
                f->handled = 0;
                say(fd, cases[i].bytes);
                hear(f, fd, LONG_MS, text, sizeof(text), &closed);
                if (strncmp(text, cases[i].begin, strlen(cases[i].begin)) != 0)
                        fail_msg("answered: %s", text);
                assert_true(closed);
                assert_int_equal(f->handled, cases[i].handled);
                close(fd);
        }
}

static void test_headers_of_an_answer(void **state)
{
        struct fixture *f = *state;
        int fd = dial(f);
        char text[2000];
        bool closed;

        f->status = 405;
        say(fd, "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        hear(f, fd, LONG_MS, text, sizeof(text), &closed);
        assert_non_null(strstr(text, "HTTP/1.1 405 "));
        assert_non_null(strstr(text, "\r\nAllow: GET, POST\r\n"));
        assert_non_null(strstr(text, "\r\nContent-Type: application/json\r\n"));
        assert_non_null(strstr(text, "\r\nCache-Control: no-store\r\n"));
        assert_non_null(strstr(text, "\r\n\r\n/x 405"));
        close(fd);
}

static void test_answers_that_come_later(void **state)
{
        static const char request[] = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
        struct fixture *f = *state;
        int fd = dial(f), other = dial(f);
        char text[2000];
        bool closed;

        f->put_off = 1;
        say(fd, request);
        /* Longer than a peer's patience is asked for: it is not the peer who is slow. */
        hear(f, fd, 500, text, sizeof(text), &closed);
        assert_true(!closed && text[0] == '\0' && f->later);
        close(other);
        other = dial(f);
        say(other, request);
        hear_of(f, other, LONG_MS, "/x 200", text, sizeof(text), &closed);
        assert_non_null(strstr(text, "HTTP/1.1 200 "));
        answer_later(f);
        hear_of(f, fd, LONG_MS, "\r\n\r\nlater", text, sizeof(text), &closed);
        assert_non_null(strstr(text, "HTTP/1.1 202 "));
        assert_non_null(strstr(text, "\r\n\r\nlater"));
        /* The connection goes on, and its patience with it. */
        say(fd, request);
        hear_of(f, fd, LONG_MS, "/x 200", text, sizeof(text), &closed);
        assert_non_null(strstr(text, "HTTP/1.1 200 "));
        hear(f, fd, LONG_MS, text, sizeof(text), &closed);
        assert_true(closed);
        close(fd);
        close(other);

        f->put_off = 1;
        f->at_once = true;
        ask(f, "GET", "http://localhost/x", NULL, 0);
        assert_int_equal(f->answer_status, 202);
        assert_string_equal(cw_buf_text(&f->answer), "later");
}

static void test_nobody_is_there_for_a_late_answer(void **state)
{
        static const char request[] = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
        struct fixture *f = *state;
        int fd = dial(f);
        char text[200];
        bool closed;

        f->put_off = 1;
        say(fd, request);
        hear(f, fd, 50, text, sizeof(text), &closed);
        close(fd);
        turn(f, 50);
        answer_later(f);
        turn(f, 50);
        ask(f, "GET", "http://localhost/x", NULL, 0);
        assert_int_equal(f->answer_status, 200);

        fd = dial(f);
        f->put_off = 1;
        say(fd, request);
        hear(f, fd, 50, text, sizeof(text), &closed);
        assert_non_null(f->later);
        cw_httpd_free(f->httpd);
        f->httpd = NULL;
        answer_later(f);
        close(fd);
}

static void test_arguments_of_a_query(void **state)
{
        struct fixture *f = *state;

        ask(f, "GET", "http://localhost/x?a=1&b=x%2Fy+z&a=2&c", NULL, 0);
        assert_string_equal(f->arguments, "a=1|b=x%2Fy z|a=2|c=|");
        ask(f, "GET", "http://localhost/x", NULL, 0);
        assert_string_equal(f->arguments, "");
}

static void test_what_is_known_by_its_tag_is_not_sent_again(void **state)
{
        struct fixture *f = *state;
        int fd = dial(f);
        char text[2000], again[300], *tag;
        bool closed;

        say(fd, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        hear_of(f, fd, LONG_MS, "/x 200", text, sizeof(text), &closed);
        assert_non_null(strstr(text, "\r\nCache-Control: no-cache\r\n"));
        tag = strstr(text, "\r\nETag: \"");
        assert_non_null(tag);
        snprintf(again, sizeof(again), "GET /x HTTP/1.1\r\nHost: a\r\nIf-None-Match: %.18s\r\n\r\n", tag + 8);
        say(fd, again);
        hear_of(f, fd, LONG_MS, "\r\n\r\n", text, sizeof(text), &closed);
        assert_non_null(strstr(text, "HTTP/1.1 304 "));
        assert_null(strstr(text, "/x 200"));
        memcpy(strstr(again, "GET /x"), "GET /y", 6);
        say(fd, again);
        hear_of(f, fd, LONG_MS, "/y 200", text, sizeof(text), &closed);
        assert_non_null(strstr(text, "/y 200"));
        close(fd);
}

static void test_who_is_slow_is_cut_off(void **state)
{
        struct fixture *f = *state;
        int silent = dial(f), dripping = dial(f);
        int64_t began = cw_clock_mono_ms();
        char text[200];
        bool closed = false;

        while (!closed && cw_clock_mono_ms() - began < LONG_MS) {
                if (send(dripping, "G", 1, MSG_NOSIGNAL) < 0)
                        break;
                hear(f, dripping, 20, text, sizeof(text), &closed);
        }
        assert_true(cw_clock_mono_ms() - began >= 250);
        assert_true(cw_clock_mono_ms() - began < LONG_MS);
        hear(f, silent, LONG_MS, text, sizeof(text), &closed);
        assert_true(closed);
        assert_string_equal(text, "");
        close(silent);
        close(dripping);
        ask(f, "GET", "http://localhost/x", NULL, 0);
        assert_int_equal(f->answer_status, 200);
}

static void test_a_crowd_is_bounded_and_goes_away(void **state)
{
        struct fixture *f = *state;
        int fds[40];

        for (size_t i = 0; i < CW_ARRAY_SIZE(fds); i++)
                fds[i] = dial(f);
        turn(f, 20);
        /* Half of it leaves; whoever comes behind is answered once the patience with the rest ends. */
        for (size_t i = 0; i < CW_ARRAY_SIZE(fds); i += 2)
                close(fds[i]);
        for (int64_t began = cw_clock_mono_ms(); cw_clock_mono_ms() - began < LONG_MS && f->answer_status != 200;)
                ask(f, "GET", "http://localhost/x", NULL, 0);
        assert_int_equal(f->answer_status, 200);
        for (size_t i = 1; i < CW_ARRAY_SIZE(fds); i += 2)
                close(fds[i]);
}

static void test_the_end_with_connections_open(void **state)
{
        struct fixture *f = *state;
        struct stat there;
        int idle = dial(f), begun = dial(f);

        say(begun, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
        turn(f, 20);
        assert_int_equal(stat(f->path, &there), 0);
        cw_httpd_free(cw_take(f->httpd));
        assert_int_equal(stat(f->path, &there), -1);
        close(idle);
        close(begun);
}

static void test_the_mode_of_the_socket(void **state)
{
        struct fixture *f = *state;
        struct cw_httpd *other;
        struct cw_buf why = CW_BUF_NULL;
        struct stat there;
        char path[80];
        mode_t before = umask(0077);

        snprintf(path, sizeof(path), "%s/other", f->folder);
        assert_int_equal(listen_at(f, path, &other, &why), 0);
        umask(before);
        assert_int_equal(stat(path, &there), 0);
        assert_true(S_ISSOCK(there.st_mode));
        assert_int_equal(there.st_mode & 07777, 0660);
        cw_httpd_free(other);
        assert_int_equal(stat(path, &there), -1);
}

/* A socket that was bound and then left: what a killed process leaves. */
static void leave_dead_socket(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        strcpy(address.sun_path, path);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        close(fd);
}

static void expect_refusal(struct fixture *f, const char *path, int error, const char *words)
{
        struct cw_buf why = CW_BUF_NULL;
        struct cw_httpd *httpd;

        assert_int_equal(listen_at(f, path, &httpd, &why), error);
        assert_non_null(strstr(cw_buf_text(&why), words));
        cw_buf_deinit(&why);
}

static void test_names_that_are_taken(void **state)
{
        struct fixture *f = *state;
        struct cw_buf why = CW_BUF_NULL;
        struct cw_httpd *other = NULL;
        struct stat there;
        char path[80];

        print_message("  a living one\n");
        expect_refusal(f, f->path, -EADDRINUSE, "another process answers there");
        ask(f, "GET", "http://localhost/x", NULL, 0);
        assert_int_equal(f->answer_status, 200);

        print_message("  a dead one, which is not removed once it has become another's\n");
        snprintf(path, sizeof(path), "%s/dead", f->folder);
        leave_dead_socket(path);
        assert_int_equal(listen_at(f, path, &other, &why), 0);
        assert_int_equal(rename(path, f->path), 0);
        leave_dead_socket(path);
        cw_httpd_free(other);
        assert_int_equal(stat(path, &there), 0);
        assert_int_equal(unlink(path), 0);

        print_message("  something else\n");
        assert_int_equal(fclose(fopen(path, "w")), 0);
        expect_refusal(f, path, -EADDRINUSE, "no socket");
        assert_int_equal(stat(path, &there), 0);
        assert_int_equal(unlink(path), 0);

        print_message("  a folder that is not there\n");
        snprintf(path, sizeof(path), "%s/none/control.sock", f->folder);
        expect_refusal(f, path, -ENOENT, "none/control.sock: No such file or directory");
}

static void test_nobody_answers_the_client(void **state)
{
        struct fixture *f = *state;

        cw_httpd_free(cw_take(f->httpd));
        ask(f, "GET", "http://localhost/x", NULL, 0);
        assert_int_equal(f->failure, CW_HTTP_CONNECT);
        leave_dead_socket(f->path);
        ask(f, "GET", "http://localhost/x", NULL, 0);
        assert_int_equal(f->failure, CW_HTTP_CONNECT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_a_request_and_its_answer, setup_patient, teardown),
                cmocka_unit_test_setup_teardown(test_bodies_up_to_their_bound, setup_patient, teardown),
                cmocka_unit_test_setup_teardown(test_large_answers_come_whole, setup_patient, teardown),
                cmocka_unit_test_setup_teardown(test_bytes_that_are_no_request, setup, teardown),
                cmocka_unit_test_setup_teardown(test_headers_of_an_answer, setup_patient, teardown),
                cmocka_unit_test_setup_teardown(test_answers_that_come_later, setup, teardown),
                cmocka_unit_test_setup_teardown(test_nobody_is_there_for_a_late_answer, setup_patient, teardown),
                cmocka_unit_test_setup_teardown(test_arguments_of_a_query, setup_patient, teardown),
                cmocka_unit_test_setup_teardown(test_what_is_known_by_its_tag_is_not_sent_again, setup_patient,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_who_is_slow_is_cut_off, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_crowd_is_bounded_and_goes_away, setup, teardown),
                cmocka_unit_test_setup_teardown(test_the_end_with_connections_open, setup_patient, teardown),
                cmocka_unit_test_setup_teardown(test_the_mode_of_the_socket, setup_patient, teardown),
                cmocka_unit_test_setup_teardown(test_names_that_are_taken, setup_patient, teardown),
                cmocka_unit_test_setup_teardown(test_nobody_answers_the_client, setup_patient, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
