/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/http.h"
#include "cardwatch/loop.h"
#include "cardwatch/secret.h"
#include "cardwatch/server.h"
#include "cardwatch/smtp.h"

/* What the server says; NULL: nothing, "": it closes the connection. */
struct script {
        const char *greeting, *ehlo, *mail, *rcpt, *data, *end, *quit;
};

#define GOOD                                                                                                           \
        {                                                                                                              \
                "220 mail.test\r\n", "250-mail.test\r\n250 8BITMIME\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n",    \
                        "250 2.0.0 taken\r\n", "221 bye\r\n"                                                           \
        }

struct fixture {
        struct cw_loop *loop;
        struct cw_server *server;
        struct cw_http *http;
        struct cw_timer *timer;
        uint16_t port;
        struct script script;
        bool in_data;
        struct cw_buf line, mail, said;
        int told, ticks, stop_at;
        enum cw_http_failure failure;
        long code;
        char message[400];
        struct cw_http_transfer *transfer;
};

static void say(struct cw_connection *connection, const char *text)
{
        if (!text)
                return;
        if (text[0] == '\0')
                cw_connection_close(connection);
        else
                assert_int_equal(cw_connection_send(connection, text, strlen(text)), 0);
}

static void hear(struct fixture *f, struct cw_connection *connection, const char *line)
{
        if (f->in_data) {
                if (strcmp(line, ".\r\n") == 0) {
                        f->in_data = false;
                        say(connection, f->script.end);
                        return;
                }
                cw_buf_puts(&f->mail, line[0] == '.' ? line + 1 : line);
                return;
        }
        cw_buf_puts(&f->said, line);
        if (strncmp(line, "EHLO", 4) == 0 || strncmp(line, "HELO", 4) == 0)
                say(connection, f->script.ehlo);
        else if (strncmp(line, "MAIL", 4) == 0)
                say(connection, f->script.mail);
        else if (strncmp(line, "RCPT", 4) == 0)
                say(connection, f->script.rcpt);
        else if (strncmp(line, "AUTH", 4) == 0)
                say(connection, "334 \r\n");
        else if (strncmp(line, "QUIT", 4) == 0)
                say(connection, f->script.quit);
        else if (strncmp(line, "DATA", 4) == 0) {
                f->in_data = f->script.data && f->script.data[0] == '3';
                say(connection, f->script.data);
        } else {
                say(connection, "235 ok\r\n");
        }
}

static void received(void *data, struct cw_connection *connection, const char *bytes, size_t len)
{
        struct fixture *f = data;

        for (size_t i = 0; i < len; i++) {
                cw_buf_putc(&f->line, bytes[i]);
                if (bytes[i] != '\n')
                        continue;
                hear(f, connection, cw_buf_text(&f->line));
                cw_buf_clear(&f->line);
        }
}

static void tick(void *data)
{
        struct fixture *f = data;

        f->ticks++;
        if (f->ticks == f->stop_at)
                cw_loop_stop(f->loop);
        cw_timer_start(f->timer, 10);
}

static void opened(void *data, struct cw_connection *connection)
{
        struct fixture *f = data;

        say(connection, f->script.greeting);
}

static void done(void *data, const struct cw_smtp_answer *answer)
{
        struct fixture *f = data;

        f->told++;
        f->failure = answer->failure;
        f->code = answer->code;
        snprintf(f->message, sizeof(f->message), "%s", answer->message);
        cw_loop_stop(f->loop);
}

static void setup(struct fixture *f, const struct script *script)
{
        static const struct cw_server_handler handler = {.received = received, .opened = opened};

        *f = (struct fixture){.script = *script, .code = -1};
        assert_int_equal(cw_loop_new(&f->loop), 0);
        assert_int_equal(cw_server_new(f->loop, "127.0.0.1", 0, &handler, f, &f->server, &f->port), 0);
        assert_int_equal(cw_http_new(f->loop, "cardwatchd/test", &f->http), 0);
        assert_int_equal(cw_timer_new(f->loop, tick, f, &f->timer), 0);
        cw_timer_start(f->timer, 10);
}

static void teardown(struct fixture *f)
{
        cw_http_free(f->http);
        cw_server_free(f->server);
        cw_timer_free(f->timer);
        cw_loop_free(f->loop);
        cw_buf_deinit(&f->line);
        cw_buf_deinit(&f->mail);
        cw_buf_deinit(&f->said);
}

static const char *const both[] = {"ops@example.com", "cfo@example.com"};
static const struct cw_http_header headers[] = {{"From", "cardwatch <cw@example.com>"},
                                                {"Subject", "[WARNING] =?utf-8?Q?K=C3=A4rt?="},
                                                {"Message-ID", "<1@x>"}};

static struct cw_smtp_request request_to(const char *url)
{
        return (struct cw_smtp_request){.url = url,
                                        .starttls = CW_SMTP_STARTTLS_OFF,
                                        .from = "cw@example.com",
                                        .to = both,
                                        .n_to = 2,
                                        .headers = headers,
                                        .n_headers = CW_ARRAY_SIZE(headers),
                                        .text = "one\n.two \xc3\xa4\r\n.\n..\nend  \n",
                                        .html = "<p>one = 1</p>\n",
                                        .timeout_ms = 20000};
}

static int start(struct fixture *f, struct cw_smtp_request request)
{
        char url[64];

        snprintf(url, sizeof(url), "smtp://127.0.0.1:%u", (unsigned)f->port);
        request.url = request.url ?: url;
        return cw_smtp_start(f->http, &request, done, f, &f->transfer);
}

static void mail(struct fixture *f, struct cw_smtp_request request)
{
        assert_int_equal(start(f, request), 0);
        assert_int_equal(f->told, 0);
        cw_loop_run(f->loop);
        assert_int_equal(f->told, 1);
}

static void test_a_mail_arrives_with_both_of_its_parts(void **state)
{
        static const struct script good = GOOD;
        struct fixture f;
        const char *text, *html;

        (void)state;
        setup(&f, &good);
        mail(&f, request_to(NULL));
        assert_string_equal(f.message, "");
        assert_int_equal(f.failure, CW_HTTP_OK);
        assert_int_equal(f.code, 250);
        assert_non_null(strstr(f.said.data, "MAIL FROM:<cw@example.com>"));
        assert_non_null(strstr(f.said.data, "RCPT TO:<ops@example.com>\r\nRCPT TO:<cfo@example.com>\r\n"));
        assert_non_null(strstr(f.mail.data, "Content-Type: multipart/alternative;"));
        assert_null(strstr(f.mail.data, "multipart/mixed"));
        assert_non_null(strstr(f.mail.data, "Message-ID: <1@x>\r\n"));
        assert_non_null(strstr(f.mail.data, "Subject: [WARNING] =?utf-8?Q?K=C3=A4rt?=\r\n"));
        text = strstr(f.mail.data, "Content-Type: text/plain; charset=utf-8\r\n");
        html = strstr(f.mail.data, "Content-Type: text/html; charset=utf-8\r\n");
        assert_non_null(text);
        assert_non_null(html);
        assert_true(text < html);
        assert_non_null(strstr(text, "Content-Transfer-Encoding: quoted-printable\r\n"));
        assert_non_null(strstr(text, "\r\n\r\none\r\n.two =C3=A4\r\n.\r\n..\r\nend =20\r\n"));
        assert_non_null(strstr(html, "<p>one =3D 1</p>\r\n"));
        teardown(&f);
}

static void test_a_mail_without_html_is_text_only(void **state)
{
        static const struct script good = GOOD;
        struct cw_smtp_request request = request_to(NULL);
        struct fixture f;

        (void)state;
        setup(&f, &good);
        request.html = NULL;
        mail(&f, request);
        assert_int_equal(f.failure, CW_HTTP_OK);
        assert_non_null(strstr(f.mail.data, "text/plain"));
        assert_null(strstr(f.mail.data, "text/html"));
        teardown(&f);
}

static void test_refusals_and_failures(void **state)
{
        static const struct {
                const char *name;
                struct script script;
                enum cw_http_failure failure;
                long code;
                const char *message;
                bool waits; /* for the end of its time */
        } cases[] = {
                {"a greeting that refuses is an answer",
                 {"554 no\r\n", NULL, NULL, NULL, NULL, NULL, "221 bye\r\n"},
                 CW_HTTP_OTHER,
                 554,
                 "answered 554 no",
                 false},
                {"a recipient refused for now",
                 {"220 m\r\n", "250 m\r\n", "250 ok\r\n", "451 later\r\n", NULL, NULL, "221 bye\r\n"},
                 CW_HTTP_OTHER,
                 451,
                 "answered 451 later",
                 false},
                {"a recipient refused for ever",
                 {"220 m\r\n", "250 m\r\n", "250 ok\r\n", "550-no\r\n550 5.1.1 such\x1b user\r\n", NULL, NULL,
                  "221 bye\r\n"},
                 CW_HTTP_OTHER,
                 550,
                 "answered 550 5.1.1 such? user",
                 false},
                {"data refused",
                 {"220 m\r\n", "250 m\r\n", "250 ok\r\n", "250 ok\r\n", "554 no\r\n", NULL, "221 bye\r\n"},
                 CW_HTTP_OTHER,
                 554,
                 "answered 554 no",
                 false},
                {"the mail refused after its end",
                 {"220 m\r\n", "250 m\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "452 full\r\n", "221 bye\r\n"},
                 CW_HTTP_OTHER,
                 452,
                 "answered 452 full",
                 false},
                {"a server that dies before it takes the mail did not take it",
                 {"220 m\r\n", "250 m\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "", ""},
                 CW_HTTP_BROKEN,
                 354,
                 "broke",
                 false},
                {"a server that is silent after the mail did not take it",
                 {"220 m\r\n", "250 m\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", NULL, NULL},
                 CW_HTTP_TIMEOUT,
                 354,
                 "within 1s",
                 true},
                {"a server that never greets",
                 {NULL, NULL, NULL, NULL, NULL, NULL, NULL},
                 CW_HTTP_TIMEOUT,
                 0,
                 "within 1s",
                 true},
                {"a server that is none",
                 {"hello\r\nHTTP/1.1\r\n", NULL, NULL, NULL, NULL, NULL, NULL},
                 CW_HTTP_TIMEOUT,
                 0,
                 "",
                 true},
                {"a mail that was taken stays taken when the server dies after it",
                 {"220 m\r\n", "250 m\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 taken\r\n", ""},
                 CW_HTTP_OK,
                 250,
                 "",
                 false},
                {"a mail that was taken stays taken when the server says no goodbye",
                 {"220 m\r\n", "250 m\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 taken\r\n", NULL},
                 CW_HTTP_OK,
                 250,
                 "",
                 true},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_smtp_request request = request_to(NULL);
                int64_t begun = cw_clock_mono_ms();
                struct fixture f;

                print_message("  %s\n", cases[i].name);
                setup(&f, &cases[i].script);
                request.timeout_ms = cases[i].waits ? 1000 : 20000;
                mail(&f, request);
                print_message("    %s, %lld ms\n", f.message, (long long)(cw_clock_mono_ms() - begun));
                assert_string_equal(cw_http_failure_name(f.failure), cw_http_failure_name(cases[i].failure));
                assert_int_equal(f.code, cases[i].code);
                assert_non_null(strstr(f.message, cases[i].message));
                /* The loop turned all the while: a silent server stops nobody else. */
                if (f.failure == CW_HTTP_TIMEOUT)
                        assert_in_range(f.ticks, 20, 2000);
                assert_in_range(cw_clock_mono_ms() - begun, 0, 19000);
                teardown(&f);
        }
}

static void test_tls_that_is_required_and_not_offered_sends_nothing(void **state)
{
        static const struct script good = GOOD;
        struct cw_smtp_request request = request_to(NULL);
        struct fixture f;

        (void)state;
        setup(&f, &good);
        request.starttls = CW_SMTP_STARTTLS_REQUIRED;
        mail(&f, request);
        assert_int_equal(f.failure, CW_HTTP_CONNECT);
        assert_non_null(strstr(f.message, "no TLS with 127.0.0.1"));
        assert_null(strstr(f.said.data, "MAIL"));
        teardown(&f);
        setup(&f, &good);
        request.starttls = CW_SMTP_STARTTLS_OPPORTUNISTIC;
        mail(&f, request);
        assert_int_equal(f.failure, CW_HTTP_OK);
        teardown(&f);
}

static void test_a_server_that_wants_a_password_gets_it(void **state)
{
        static const struct script script = {
                "220 m\r\n",  "250-m\r\n250 AUTH PLAIN\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n",
                "221 bye\r\n"};
        struct cw_smtp_request request = request_to(NULL);
        struct cw_secret *password;
        struct fixture f;

        (void)state;
        assert_int_equal(cw_secret_new("hunter2", 7, &password), 0);
        setup(&f, &script);
        request.username = "me";
        request.password = password;
        mail(&f, request);
        assert_int_equal(f.failure, CW_HTTP_OK);
        assert_non_null(strstr(f.said.data, "AUTH PLAIN\r\nAG1lAGh1bnRlcjI=\r\n"));
        teardown(&f);
        cw_secret_free(password);
}

static void test_what_makes_no_mail_is_refused(void **state)
{
        static const struct script good = GOOD;
        static const char *const bad_to[] = {"a@b\r\nRCPT TO:<x@y>", "", "<a@b"};
        static const struct cw_http_header bad_header = {"Subject", "a\r\nBcc: x@y"};
        struct cw_smtp_request request;
        struct fixture f;

        (void)state;
        setup(&f, &good);
        for (size_t i = 0; i < CW_ARRAY_SIZE(bad_to); i++) {
                request = request_to(NULL);
                request.to = &bad_to[i];
                request.n_to = 1;
                assert_int_equal(start(&f, request), -EINVAL);
                request = request_to(NULL);
                request.from = bad_to[i];
                assert_int_equal(start(&f, request), -EINVAL);
        }
        request = request_to(NULL);
        request.n_to = 0;
        assert_int_equal(start(&f, request), -EINVAL);
        request = request_to(NULL);
        request.headers = &bad_header;
        request.n_headers = 1;
        assert_int_equal(start(&f, request), -EINVAL);
        assert_int_equal(start(&f, request_to("http://127.0.0.1")), -EINVAL);
        teardown(&f);
}

static void test_a_cancelled_mail_is_told_at_once_and_its_thread_ends_later(void **state)
{
        static const struct script silent = {0};
        struct fixture f;

        (void)state;
        setup(&f, &silent);
        assert_int_equal(start(&f, request_to(NULL)), 0);
        cw_http_cancel(f.transfer);
        cw_http_cancel(f.transfer);
        assert_int_equal(f.told, 0);
        cw_loop_run(f.loop);
        assert_int_equal(f.told, 1);
        assert_int_equal(f.failure, CW_HTTP_CANCELLED);
        f.stop_at = f.ticks + 200;
        cw_loop_run(f.loop);
        teardown(&f);
}

static void test_freeing_the_client_ends_the_mails_under_way(void **state)
{
        static const struct script silent = {0};
        int64_t begun = cw_clock_mono_ms();
        struct cw_smtp_request request = request_to(NULL);
        struct fixture f;

        (void)state;
        setup(&f, &silent);
        request.timeout_ms = 60000;
        for (int i = 0; i < 64; i++)
                assert_int_equal(start(&f, request), 0);
        assert_int_equal(start(&f, request), -EAGAIN);
        cw_http_free(f.http);
        f.http = NULL;
        assert_int_equal(f.told, 64);
        assert_int_equal(f.failure, CW_HTTP_CANCELLED);
        assert_in_range(cw_clock_mono_ms() - begun, 0, 10000);
        teardown(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_mail_arrives_with_both_of_its_parts),
                cmocka_unit_test(test_a_mail_without_html_is_text_only),
                cmocka_unit_test(test_refusals_and_failures),
                cmocka_unit_test(test_tls_that_is_required_and_not_offered_sends_nothing),
                cmocka_unit_test(test_a_server_that_wants_a_password_gets_it),
                cmocka_unit_test(test_what_makes_no_mail_is_refused),
                cmocka_unit_test(test_a_cancelled_mail_is_told_at_once_and_its_thread_ends_later),
                cmocka_unit_test(test_freeing_the_client_ends_the_mails_under_way),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
