/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a request is read back as header lines; verdicts are a table of (failure, status).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <strings.h>

#include "../codec/sample_notice.h"
#include "cardwatch/buf.h"
#include "cardwatch/render.h"
#include "cardwatch/secret.h"
#include "cardwatch/sink.h"
#include "cardwatch/text.h"

static struct cw_secret *secret_of(const char *text)
{
        struct cw_secret *secret = NULL;

        assert_int_equal(cw_secret_new(text, strlen(text), &secret), 0);
        return secret;
}

static const char *header_of(const struct cw_sink_request *request, const char *name)
{
        const char *found = NULL;

        for (size_t i = 0; i < request->http.n_headers; i++) {
                if (strcasecmp(request->http.headers[i].name, name) != 0)
                        continue;
                assert_null(found);
                found = request->http.headers[i].value;
        }
        return found;
}

static void test_types(void **state)
{
        (void)state;
        for (unsigned i = 0; i < CW_SINK_TYPE_COUNT; i++)
                assert_int_equal(cw_sink_type_parse(cw_sink_type_name((enum cw_sink_type)i)), i);
        assert_int_equal(cw_sink_type_parse("carrier-pigeon"), CW_SINK_TYPE_COUNT);
        assert_int_equal(cw_sink_type_parse(""), CW_SINK_TYPE_COUNT);
        assert_true(cw_sink_lists_all(CW_SINK_FILE));
        assert_true(cw_sink_lists_all(CW_SINK_SYSLOG));
        assert_false(cw_sink_lists_all(CW_SINK_WEBHOOK));
        assert_false(cw_sink_lists_all(CW_SINK_EMAIL));
}

static void test_the_body_is_the_json(void **state)
{
        struct cw_sink_options options = {.type = CW_SINK_WEBHOOK, .external_url = "https://x.example"};
        struct cw_render_options how = {.external_url = "https://x.example"};
        struct cw_buf payload = CW_BUF_NULL, json = CW_BUF_NULL;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        assert_int_equal(cw_sink_render(&options, &sample.notice, &payload), 0);
        assert_int_equal(cw_render_json(&sample.notice, &how, &json), 0);
        assert_string_equal(cw_buf_text(&payload), cw_buf_text(&json));

        print_message("  a file's line is the same and a line break\n");
        options.type = CW_SINK_FILE;
        cw_buf_clear(&payload);
        assert_int_equal(cw_sink_render(&options, &sample.notice, &payload), 0);
        cw_buf_putc(&json, '\n');
        assert_string_equal(cw_buf_text(&payload), cw_buf_text(&json));
        assert_ptr_equal(strchr(payload.data, '\n'), payload.data + payload.len - 1);
        cw_buf_deinit(&payload);
        cw_buf_deinit(&json);
}

static void test_request(void **state)
{
        static const char body[] = "{\"test\": 2432232314}";
        static const struct cw_http_header extra[] = {
                {"X-Team", "treasury"}, {"Webhook-Id", "forged"}, {"WEBHOOK-SIGNATURE", "forged"}};
        struct cw_secret *url = secret_of("https://user:pw@hook.example/x?token=1");
        struct cw_secret *secret = secret_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        struct cw_sink_options options = {.type = CW_SINK_WEBHOOK,
                                          .url = url,
                                          .secret = secret,
                                          .headers = extra,
                                          .n_headers = 3,
                                          .timeout_ms = 15000,
                                          .proxy = "http://proxy:1"};
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        char id[] = "msg_p5jXN8AQM9LWM0D4loKWxJek", payload[sizeof(body)];

        (void)state;
        memcpy(payload, body, sizeof(body));
        assert_int_equal(cw_sink_request(&options, id, payload, strlen(payload), INT64_C(1614265330999), &request), 0);
        memset(payload, 'x', sizeof(payload)); /* the request owns what it points to */
        memset(id, 'x', sizeof(id) - 1);
        assert_int_equal(request.transport, CW_TRANSPORT_HTTP);
        assert_string_equal(request.http.method, "POST");
        assert_string_equal(request.http.url, "https://user:pw@hook.example/x?token=1");
        assert_int_equal(request.http.body_len, strlen(body));
        assert_memory_equal(request.http.body, body, strlen(body));
        assert_int_equal(request.http.timeout_ms, 15000);
        assert_string_equal(request.http.proxy, "http://proxy:1");
        assert_true(request.http.max_response > 0);
        assert_string_equal(header_of(&request, "webhook-id"), "msg_p5jXN8AQM9LWM0D4loKWxJek");
        assert_string_equal(header_of(&request, "webhook-timestamp"), "1614265330");
        assert_string_equal(header_of(&request, "webhook-signature"),
                            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_string_equal(header_of(&request, "content-type"), "application/json");
        assert_string_equal(header_of(&request, "x-team"), "treasury");
        assert_int_equal(request.http.n_headers, 5);
        cw_sink_request_deinit(&request);
        assert_null(request.http.body);
        cw_sink_request_deinit(&request);
        cw_secret_free(url);
        cw_secret_free(secret);
}

static void test_without_a_secret_nothing_is_signed(void **state)
{
        static const struct cw_http_header extra[] = {{"content-type", "application/vnd.x+json"}};
        struct cw_secret *url = secret_of("http://hook.example/");
        struct cw_sink_options options = {.type = CW_SINK_WEBHOOK, .url = url, .headers = extra, .n_headers = 1};
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;

        (void)state;
        assert_int_equal(cw_sink_request(&options, "i", "{}", 2, 1000, &request), 0);
        assert_null(header_of(&request, "webhook-signature"));
        assert_string_equal(header_of(&request, "Content-Type"), "application/vnd.x+json");
        cw_sink_request_deinit(&request);
        cw_secret_free(url);
}

static void test_what_cannot_become_a_request(void **state)
{
        static const struct {
                const char *name;
                enum cw_sink_type type;
                const char *payload, *secret;
                int expected;
        } cases[] = {
                {"an empty body", CW_SINK_WEBHOOK, "", NULL, -EBADMSG},
                {"a body cut short", CW_SINK_WEBHOOK, "{\"a\":", NULL, -EBADMSG},
                {"a mail given to a webhook", CW_SINK_WEBHOOK, "cardwatch-mail", NULL, -EBADMSG},
                {"a secret with bad base64", CW_SINK_WEBHOOK, "{}", "whsec_!!", -EINVAL},
                {"a line without its end", CW_SINK_FILE, "{\"a\":1}", NULL, -EBADMSG},
                {"an empty line", CW_SINK_FILE, "\n", NULL, -EBADMSG},
        };
        struct cw_secret *url = secret_of("http://hook.example/");

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_secret *secret = cases[i].secret ? secret_of(cases[i].secret) : NULL;
                struct cw_sink_options options = {.type = cases[i].type, .url = url, .secret = secret, .path = "/x"};
                struct cw_sink_request request = {.n_records = 77};

                print_message("  %s\n", cases[i].name);
                assert_int_equal(
                        cw_sink_request(&options, "i", cases[i].payload, strlen(cases[i].payload), 0, &request),
                        cases[i].expected);
                assert_int_equal(request.n_records, 77);
                cw_secret_free(secret);
        }
        cw_secret_free(url);
}

static void test_a_line_is_one_record(void **state)
{
        struct cw_sink_options options = {.type = CW_SINK_FILE, .path = "/x"};
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;

        (void)state;
        assert_int_equal(cw_sink_request(&options, "i", "{}\n", 3, 0, &request), 0);
        assert_int_equal(request.transport, CW_TRANSPORT_WIRE);
        assert_int_equal(request.n_records, 1);
        assert_int_equal(request.records[0].len, 3);
        assert_memory_equal(request.records[0].data, "{}\n", 3);
        cw_sink_request_deinit(&request);
}

static void test_verdicts(void **state)
{
        static const struct {
                const char *name;
                enum cw_sink_type type;
                enum cw_http_failure failure;
                long status;
                int64_t retry_after_ms;
                enum cw_sink_verdict verdict;
                int64_t expected_ms;
                const char *reason;
        } cases[] = {
                {"200 is delivered", CW_SINK_WEBHOOK, CW_HTTP_OK, 200, -1, CW_SINK_DELIVERED, 0, ""},
                {"204 is delivered", CW_SINK_WEBHOOK, CW_HTTP_OK, 204, -1, CW_SINK_DELIVERED, 0, ""},
                {"200 with an endless answer is delivered", CW_SINK_WEBHOOK, CW_HTTP_TOO_LARGE, 200, -1,
                 CW_SINK_DELIVERED, 0, ""},
                {"a redirect is permanent", CW_SINK_WEBHOOK, CW_HTTP_OK, 302, -1, CW_SINK_PERMANENT, 0,
                 "HTTP status 302"},
                {"400 is permanent", CW_SINK_WEBHOOK, CW_HTTP_OK, 400, -1, CW_SINK_PERMANENT, 0, "HTTP status 400"},
                {"410 is permanent", CW_SINK_WEBHOOK, CW_HTTP_OK, 410, 5000, CW_SINK_PERMANENT, 0, "HTTP status 410"},
                {"408 is tried again", CW_SINK_WEBHOOK, CW_HTTP_OK, 408, -1, CW_SINK_RETRY, 0, "HTTP status 408"},
                {"425 is tried again", CW_SINK_WEBHOOK, CW_HTTP_OK, 425, -1, CW_SINK_RETRY, 0, "HTTP status 425"},
                {"429 is tried again when it says", CW_SINK_WEBHOOK, CW_HTTP_OK, 429, 30000, CW_SINK_RETRY, 30000,
                 "HTTP status 429"},
                {"500 is tried again", CW_SINK_WEBHOOK, CW_HTTP_OK, 500, 0, CW_SINK_RETRY, 0, "HTTP status 500"},
                {"503 is tried again when it says", CW_SINK_WEBHOOK, CW_HTTP_OK, 503, 1000, CW_SINK_RETRY, 1000,
                 "HTTP status 503"},
                {"500 with an endless answer is tried again", CW_SINK_WEBHOOK, CW_HTTP_TOO_LARGE, 500, -1,
                 CW_SINK_RETRY, 0, "HTTP status 500"},
                {"a refused connection is tried again", CW_SINK_WEBHOOK, CW_HTTP_CONNECT, 0, -1, CW_SINK_RETRY, 0,
                 NULL},
                {"a time-out is tried again", CW_SINK_WEBHOOK, CW_HTTP_TIMEOUT, 0, -1, CW_SINK_RETRY, 0, NULL},
                {"a broken answer is tried again", CW_SINK_WEBHOOK, CW_HTTP_BROKEN, 0, -1, CW_SINK_RETRY, 0, NULL},
                {"a mail that was taken is delivered", CW_SINK_EMAIL, CW_HTTP_OK, 250, -1, CW_SINK_DELIVERED, 0, ""},
                {"a mail taken without a code is delivered", CW_SINK_EMAIL, CW_HTTP_OK, 0, -1, CW_SINK_DELIVERED, 0,
                 ""},
                {"451 is tried again", CW_SINK_EMAIL, CW_HTTP_OTHER, 451, -1, CW_SINK_RETRY, 0, NULL},
                {"550 is permanent", CW_SINK_EMAIL, CW_HTTP_OTHER, 550, -1, CW_SINK_PERMANENT, 0, NULL},
                {"a mail server that hangs up is tried again", CW_SINK_EMAIL, CW_HTTP_BROKEN, 354, -1, CW_SINK_RETRY, 0,
                 NULL},
                {"records handed over are delivered", CW_SINK_SYSLOG, CW_HTTP_OK, 0, -1, CW_SINK_DELIVERED, 0, ""},
                {"records not handed over are tried again", CW_SINK_SYSLOG, CW_HTTP_CONNECT, 0, -1, CW_SINK_RETRY, 0,
                 NULL},
                {"a file that cannot be written is tried again", CW_SINK_FILE, CW_HTTP_OTHER, 0, -1, CW_SINK_RETRY, 0,
                 NULL},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_sink_options options = {.type = cases[i].type};
                struct cw_sink_answer answer = {.failure = cases[i].failure,
                                                .status = cases[i].status,
                                                .retry_after_ms = cases[i].retry_after_ms,
                                                .message = "one line\r\nforged=1\x7f"};
                struct cw_sink_judgement judgement;

                print_message("  %s\n", cases[i].name);
                cw_sink_judge(&options, &answer, &judgement);
                assert_int_equal(judgement.verdict, cases[i].verdict);
                assert_int_equal(judgement.retry_after_ms, cases[i].expected_ms);
                if (cases[i].reason) {
                        assert_string_equal(judgement.reason, cases[i].reason);
                } else {
                        assert_non_null(strstr(judgement.reason, "one line\u240d\u240aforged=1\u2421"));
                }
        }
}

static void test_a_long_reason_is_cut_between_characters(void **state)
{
        struct cw_sink_options options = {.type = CW_SINK_FILE};
        struct cw_sink_answer answer = {.failure = CW_HTTP_OTHER};
        struct cw_sink_judgement judgement;
        char message[1001];

        (void)state;
        for (size_t i = 0; i < 1000; i += 2)
                memcpy(message + i, "\xc3\xa4", 2);
        message[1000] = '\0';
        for (size_t shift = 0; shift < 2; shift++) {
                memcpy(message, shift ? "x\xff" : "\xc3\xa4", 2); /* moves where the cut falls */
                answer.message = message;
                cw_sink_judge(&options, &answer, &judgement);
                assert_true(strlen(judgement.reason) > 190);
                assert_int_equal(cw_text_valid_utf8(judgement.reason, strlen(judgement.reason)),
                                 strlen(judgement.reason));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_types),
                cmocka_unit_test(test_the_body_is_the_json),
                cmocka_unit_test(test_request),
                cmocka_unit_test(test_without_a_secret_nothing_is_signed),
                cmocka_unit_test(test_what_cannot_become_a_request),
                cmocka_unit_test(test_a_line_is_one_record),
                cmocka_unit_test(test_verdicts),
                cmocka_unit_test(test_a_long_reason_is_cut_between_characters),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
