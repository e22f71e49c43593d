/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: requests as a table of where they go and what they carry; verdicts as a table of what a receiver answers, each
 * in its own words about when to come back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/secret.h"
#include "cardwatch/sink.h"

#define KEY "0123456789abcdef0123456789abcdef"

/* A notifier of every key, as secrets and texts; what its type has no use for is left alone. */
struct notifier {
        struct cw_secret *url, *token, *user;
        struct cw_sink_options options;
};

static struct cw_secret *secret_of(const char *text)
{
        struct cw_secret *secret = NULL;

        if (text)
                assert_int_equal(cw_secret_new(text, strlen(text), &secret), 0);
        return secret;
}

static void notifier_init(struct notifier *notifier, enum cw_sink_type type, const char *url, const char *token)
{
        *notifier = (struct notifier){
                .url = secret_of(url), .token = secret_of(token), .user = secret_of("uQiRzpo4DXgh")};
        notifier->options = (struct cw_sink_options){
                .name = "n",
                .type = type,
                .timeout_ms = 1234,
                .tls = {.ca = "/ca.pem"},
                .proxy = "http://proxy.example:1",
                .url = notifier->url,
                .token = notifier->token,
                .user = notifier->user,
                .server = url,
                .chat_id = "-1001",
                .room = "!r/ä:example.com",
                .topic = "cards",
        };
}

static void notifier_deinit(struct notifier *notifier)
{
        cw_secret_free(notifier->url);
        cw_secret_free(notifier->token);
        cw_secret_free(notifier->user);
}

static const char *header_of(const struct cw_sink_request *request, const char *name)
{
        const char *found = NULL;

        for (size_t i = 0; i < request->http.n_headers; i++)
                if (strcasecmp(request->http.headers[i].name, name) == 0) {
                        assert_null(found);
                        found = request->http.headers[i].value;
                }
        return found;
}

static void test_requests(void **state)
{
        static const struct {
                const char *name;
                enum cw_sink_type type;
                const char *url, *token, *method, *expected, *header, *value;
        } cases[] = {
                {"slack", CW_SINK_SLACK, "https://hooks.slack.com/services/T0/B0/x", NULL, "POST",
                 "https://hooks.slack.com/services/T0/B0/x", "Authorization", NULL},
                {"discord waits for the answer", CW_SINK_DISCORD, "https://d.example/api/webhooks/1/t", NULL, "POST",
                 "https://d.example/api/webhooks/1/t?wait=true", "Authorization", NULL},
                {"discord, a thread", CW_SINK_DISCORD, "https://d.example/api/webhooks/1/t?thread_id=5", NULL, "POST",
                 "https://d.example/api/webhooks/1/t?thread_id=5&wait=true", "Authorization", NULL},
                {"discord that waits already", CW_SINK_DISCORD, "https://d.example/api/webhooks/1/t?wait=true", NULL,
                 "POST", "https://d.example/api/webhooks/1/t?wait=true", "Authorization", NULL},
                {"teams", CW_SINK_TEAMS, "https://x.azure.example/w?sig=%2Fs&sv=1.0", NULL, "POST",
                 "https://x.azure.example/w?sig=%2Fs&sv=1.0", "Authorization", NULL},
                {"telegram", CW_SINK_TELEGRAM, NULL, "123456:ABC-DEF_g", "POST",
                 "https://api.telegram.org/bot123456:ABC-DEF_g/sendMessage", "Authorization", NULL},
                {"telegram at home", CW_SINK_TELEGRAM, "http://127.0.0.1:8081/", "1:a", "POST",
                 "http://127.0.0.1:8081/bot1:a/sendMessage", "Authorization", NULL},
                {"matrix", CW_SINK_MATRIX, "https://m.example/", "syt_x", "PUT",
                 "https://m.example/_matrix/client/v3/rooms/%21r%2F%C3%A4%3Aexample.com/send/m.room.message/" KEY,
                 "Authorization", "Bearer syt_x"},
                {"ntfy", CW_SINK_NTFY, "https://ntfy.sh", "tk_x", "POST", "https://ntfy.sh/", "Authorization",
                 "Bearer tk_x"},
                {"ntfy without a token", CW_SINK_NTFY, "https://ntfy.sh//", NULL, "POST", "https://ntfy.sh/",
                 "Authorization", NULL},
                {"gotify", CW_SINK_GOTIFY, "https://g.example/push", "Axyz", "POST", "https://g.example/push/message",
                 "X-Gotify-Key", "Axyz"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_sink_request request = CW_SINK_REQUEST_NULL;
                struct notifier notifier;
                char id[] = KEY, payload[] = "{\"a\":1}";

                print_message("  %s\n", cases[i].name);
                notifier_init(&notifier, cases[i].type, cases[i].url, cases[i].token);
                assert_int_equal(cw_sink_request(&notifier.options, id, payload, strlen(payload), 0, &request), 0);
                memset(id, 'x', sizeof(id) - 1); /* the request owns what it points to */
                memset(payload, 'x', sizeof(payload));
                assert_int_equal(request.transport, CW_TRANSPORT_HTTP);
                assert_string_equal(request.http.method, cases[i].method);
                assert_string_equal(request.http.url, cases[i].expected);
                assert_int_equal(request.http.body_len, 7);
                assert_memory_equal(request.http.body, "{\"a\":1}", 7);
                assert_int_equal(request.http.timeout_ms, 1234);
                assert_string_equal(request.http.tls.ca, "/ca.pem");
                assert_string_equal(request.http.proxy, "http://proxy.example:1");
                assert_true(request.http.max_response > 0);
                assert_string_equal(header_of(&request, "Content-Type"), "application/json; charset=utf-8");
                if (cases[i].value)
                        assert_string_equal(header_of(&request, cases[i].header), cases[i].value);
                else
                        assert_null(header_of(&request, cases[i].header));
                cw_sink_request_deinit(&request);
                notifier_deinit(&notifier);
        }
}

static void test_pushover_says_who_only_then(void **state)
{
        static const char payload[] = "title=a&message=b";
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        struct notifier notifier;

        (void)state;
        notifier_init(&notifier, CW_SINK_PUSHOVER, NULL, "azGDORePK8gMaC0");
        assert_int_equal(cw_sink_request(&notifier.options, KEY, payload, strlen(payload), 0, &request), 0);
        assert_string_equal(request.http.url, "https://api.pushover.net/1/messages.json");
        assert_string_equal(header_of(&request, "Content-Type"), "application/x-www-form-urlencoded");
        assert_string_equal(request.http.body, "title=a&message=b&token=azGDORePK8gMaC0&user=uQiRzpo4DXgh");
        assert_int_equal(request.http.body_len, strlen(request.http.body));
        cw_sink_request_deinit(&request);
        notifier_deinit(&notifier);
}

static void test_what_cannot_become_a_request(void **state)
{
        (void)state;
        for (unsigned type = CW_SINK_SLACK; type <= CW_SINK_PUSHOVER; type++) {
                static const char *const payloads[] = {"", "{", "cardwatch-mail", "{\"a\":1}\n"};
                struct cw_sink_options nothing = {.type = (enum cw_sink_type)type};
                struct cw_sink_request request = CW_SINK_REQUEST_NULL;
                struct notifier notifier;

                print_message("  %s\n", cw_sink_type_name((enum cw_sink_type)type));
                notifier_init(&notifier, (enum cw_sink_type)type, "https://a.example", "t");
                for (size_t i = 0; i < CW_ARRAY_SIZE(payloads); i++)
                        assert_int_equal(
                                cw_sink_request(&notifier.options, KEY, payloads[i], strlen(payloads[i]), 0, &request),
                                -EBADMSG);
                assert_int_equal(cw_sink_request(&nothing, KEY, "{}", 2, 0, &request), -EINVAL);
                notifier_deinit(&notifier);
        }
}

struct verdict {
        const char *name;
        enum cw_sink_type type;
        long status;
        int64_t header_ms;
        const char *body;
        enum cw_sink_verdict verdict;
        int64_t wait_ms;
        const char *reason;
};

static const struct verdict verdicts[] = {
        {"slack takes it", CW_SINK_SLACK, 200, -1, "ok", CW_SINK_DELIVERED, 0, ""},
        {"slack is asked too often", CW_SINK_SLACK, 429, 30000, "rate_limited", CW_SINK_RETRY, 30000,
         "HTTP status 429: rate_limited"},
        {"slack does not know the hook", CW_SINK_SLACK, 404, -1, "no_service", CW_SINK_PERMANENT, 0,
         "HTTP status 404: no_service"},
        {"slack does not like the message", CW_SINK_SLACK, 400, -1, "invalid_payload", CW_SINK_PERMANENT, 0,
         "HTTP status 400: invalid_payload"},
        {"slack forbids it", CW_SINK_SLACK, 403, -1, "action_prohibited", CW_SINK_PERMANENT, 0,
         "HTTP status 403: action_prohibited"},
        {"slack has lost the channel", CW_SINK_SLACK, 410, -1, "channel_is_archived", CW_SINK_PERMANENT, 0,
         "HTTP status 410: channel_is_archived"},
        {"slack is broken", CW_SINK_SLACK, 500, -1, "rollup_error", CW_SINK_RETRY, 0, "HTTP status 500: rollup_error"},
        {"a page instead of slack", CW_SINK_SLACK, 404, -1, "<html>Cannot POST /services/T0/B0/x</html>",
         CW_SINK_PERMANENT, 0, "HTTP status 404"},
        {"discord takes it", CW_SINK_DISCORD, 200, -1, "{\"id\":\"1\"}", CW_SINK_DELIVERED, 0, ""},
        {"discord, without waiting", CW_SINK_DISCORD, 204, -1, "", CW_SINK_DELIVERED, 0, ""},
        {"discord says fractions of a second", CW_SINK_DISCORD, 429, 1000,
         "{\"message\":\"You are being rate limited.\",\"retry_after\":0.6543,\"global\":false}", CW_SINK_RETRY, 655,
         "HTTP status 429: You are being rate limited."},
        {"discord says seconds", CW_SINK_DISCORD, 429, -1, "{\"retry_after\":64.57}", CW_SINK_RETRY, 64570,
         "HTTP status 429"},
        {"discord says whole seconds", CW_SINK_DISCORD, 429, -1, "{\"retry_after\":3}", CW_SINK_RETRY, 3000,
         "HTTP status 429"},
        {"discord says it in the header only", CW_SINK_DISCORD, 429, 2000, "nothing", CW_SINK_RETRY, 2000,
         "HTTP status 429"},
        {"discord says nonsense", CW_SINK_DISCORD, 429, 2000, "{\"retry_after\":-1}", CW_SINK_RETRY, 2000,
         "HTTP status 429"},
        {"discord says an exponent", CW_SINK_DISCORD, 429, 2000, "{\"retry_after\":1e9}", CW_SINK_RETRY, 2000,
         "HTTP status 429"},
        {"discord says a text", CW_SINK_DISCORD, 429, 2000, "{\"retry_after\":\"5\"}", CW_SINK_RETRY, 2000,
         "HTTP status 429"},
        {"discord says centuries", CW_SINK_DISCORD, 429, -1, "{\"retry_after\":99999999999999999999}", CW_SINK_RETRY,
         86400000, "HTTP status 429"},
        {"discord does not know the hook", CW_SINK_DISCORD, 404, -1, "{\"message\":\"Unknown Webhook\",\"code\":10015}",
         CW_SINK_PERMANENT, 0, "HTTP status 404: Unknown Webhook"},
        {"teams accepts", CW_SINK_TEAMS, 202, -1, "", CW_SINK_DELIVERED, 0, ""},
        {"an old teams address takes it", CW_SINK_TEAMS, 200, -1, "1", CW_SINK_DELIVERED, 0, ""},
        {"an old teams address says it in the body", CW_SINK_TEAMS, 200, -1,
         "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with "
         "ContextId x",
         CW_SINK_RETRY, 0, "HTTP status 200, and in its body that Teams did not take it"},
        {"teams is asked too often", CW_SINK_TEAMS, 429, 7000, "", CW_SINK_RETRY, 7000, "HTTP status 429"},
        {"teams finds it too large", CW_SINK_TEAMS, 413, -1, "", CW_SINK_PERMANENT, 0, "HTTP status 413"},
        {"telegram takes it", CW_SINK_TELEGRAM, 200, -1, "{\"ok\":true,\"result\":{}}", CW_SINK_DELIVERED, 0, ""},
        {"telegram is asked too often", CW_SINK_TELEGRAM, 429, -1,
         "{\"ok\":false,\"error_code\":429,\"description\":\"Too Many Requests: retry after 35\","
         "\"parameters\":{\"retry_after\":35}}",
         CW_SINK_RETRY, 35000, "HTTP status 429: Too Many Requests: retry after 35"},
        {"telegram does not know the chat", CW_SINK_TELEGRAM, 400, -1,
         "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: chat not found\"}", CW_SINK_PERMANENT, 0,
         "HTTP status 400: Bad Request: chat not found"},
        {"telegram does not know the token", CW_SINK_TELEGRAM, 401, -1,
         "{\"ok\":false,\"error_code\":401,\"description\":\"Unauthorized\"}", CW_SINK_PERMANENT, 0,
         "HTTP status 401: Unauthorized"},
        {"telegram was blocked", CW_SINK_TELEGRAM, 403, -1,
         "{\"ok\":false,\"description\":\"Forbidden: bot was blocked by the user\"}", CW_SINK_PERMANENT, 0,
         "HTTP status 403: Forbidden: bot was blocked by the user"},
        {"telegram is broken", CW_SINK_TELEGRAM, 502, -1, "<html>", CW_SINK_RETRY, 0, "HTTP status 502"},
        {"matrix takes it", CW_SINK_MATRIX, 200, -1, "{\"event_id\":\"$x\"}", CW_SINK_DELIVERED, 0, ""},
        {"matrix says milliseconds", CW_SINK_MATRIX, 429, -1,
         "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"error\":\"Too many requests\",\"retry_after_ms\":2345}", CW_SINK_RETRY,
         2345, "HTTP status 429: M_LIMIT_EXCEEDED: Too many requests"},
        {"matrix says it in the header", CW_SINK_MATRIX, 429, 3000, "{\"errcode\":\"M_LIMIT_EXCEEDED\"}", CW_SINK_RETRY,
         3000, "HTTP status 429: M_LIMIT_EXCEEDED"},
        {"matrix is not in the room", CW_SINK_MATRIX, 403, -1,
         "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"User not in room\"}", CW_SINK_PERMANENT, 0,
         "HTTP status 403: M_FORBIDDEN: User not in room"},
        {"matrix does not know the token", CW_SINK_MATRIX, 401, -1, "{\"errcode\":\"M_UNKNOWN_TOKEN\"}",
         CW_SINK_PERMANENT, 0, "HTTP status 401: M_UNKNOWN_TOKEN"},
        {"ntfy takes it", CW_SINK_NTFY, 200, -1, "{\"id\":\"x\"}", CW_SINK_DELIVERED, 0, ""},
        {"ntfy is asked too often", CW_SINK_NTFY, 429, -1,
         "{\"code\":42901,\"http\":429,\"error\":\"limit reached: too many requests\"}", CW_SINK_RETRY, 0,
         "HTTP status 429: limit reached: too many requests"},
        {"ntfy forbids it", CW_SINK_NTFY, 403, -1, "{\"code\":40301,\"http\":403,\"error\":\"forbidden\"}",
         CW_SINK_PERMANENT, 0, "HTTP status 403: forbidden"},
        {"gotify takes it", CW_SINK_GOTIFY, 200, -1, "{\"id\":1}", CW_SINK_DELIVERED, 0, ""},
        {"gotify does not know the token", CW_SINK_GOTIFY, 401, -1,
         "{\"error\":\"Unauthorized\",\"errorCode\":401,\"errorDescription\":\"you need to provide a valid token\"}",
         CW_SINK_PERMANENT, 0, "HTTP status 401: you need to provide a valid token"},
        {"gotify is broken", CW_SINK_GOTIFY, 500, 4000, "{\"error\":\"x\"}", CW_SINK_RETRY, 4000, "HTTP status 500: x"},
        {"pushover takes it", CW_SINK_PUSHOVER, 200, -1, "{\"status\":1,\"request\":\"x\"}", CW_SINK_DELIVERED, 0, ""},
        {"pushover does not know the user", CW_SINK_PUSHOVER, 400, -1,
         "{\"user\":\"invalid\",\"errors\":[\"user identifier is invalid\",\"b\"],\"status\":0}", CW_SINK_PERMANENT, 0,
         "HTTP status 400: user identifier is invalid"},
        {"pushover is broken, and wants five seconds", CW_SINK_PUSHOVER, 503, -1, "", CW_SINK_RETRY, 5000,
         "HTTP status 503"},
        {"pushover is broken for longer", CW_SINK_PUSHOVER, 503, 9000, "{\"errors\":[]}", CW_SINK_RETRY, 9000,
         "HTTP status 503"},
        {"pushover's quota is used up", CW_SINK_PUSHOVER, 429, -1, "{\"errors\":[\"over quota\"]}", CW_SINK_RETRY, 0,
         "HTTP status 429: over quota"},
};

static void test_verdicts(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(verdicts); i++) {
                const struct verdict *c = &verdicts[i];
                struct cw_sink_options options = {.type = c->type};
                struct cw_sink_answer answer = {.status = c->status,
                                                .body = c->body,
                                                .body_len = strlen(c->body),
                                                .retry_after_ms = c->header_ms};
                struct cw_sink_judgement judgement;

                print_message("  %s\n", c->name);
                cw_sink_judge(&options, &answer, &judgement);
                assert_int_equal(judgement.verdict, c->verdict);
                assert_string_equal(judgement.reason, c->reason);
                assert_int_equal(judgement.retry_after_ms, c->wait_ms);
        }
}

/* Whatever fails, whatever is said: never delivered, never a crash, one line. */
static void test_any_answer(void **state)
{
        static const char *const bodies[] = {
                "",
                "{",
                "[]",
                "null",
                "{\"parameters\":[]}",
                "{\"errors\":{}}",
                "\xff",
                "{\"message\":1,\"description\":null,\"error\":[],\"errors\":[1]}",
                "{\"message\":\"a\\nb\\u0007\",\"description\":\"a\\nb\",\"error\":\"a\\nb\"}"};

        (void)state;
        for (unsigned type = CW_SINK_SLACK; type <= CW_SINK_PUSHOVER; type++) {
                for (unsigned failure = 0; failure <= CW_HTTP_OTHER; failure++) {
                        for (size_t i = 0; i < CW_ARRAY_SIZE(bodies); i++) {
                                struct cw_sink_options options = {.type = (enum cw_sink_type)type};
                                struct cw_sink_answer answer = {.failure = (enum cw_http_failure)failure,
                                                                .status = failure == CW_HTTP_OK ? 404 : 0,
                                                                .body = bodies[i],
                                                                .body_len = strlen(bodies[i]),
                                                                .retry_after_ms = -1};
                                struct cw_sink_judgement judgement;

                                cw_sink_judge(&options, &answer, &judgement);
                                assert_int_equal(judgement.verdict,
                                                 failure == CW_HTTP_OK ? CW_SINK_PERMANENT : CW_SINK_RETRY);
                                assert_true(judgement.retry_after_ms >= 0);
                                assert_true(judgement.reason[0]);
                                assert_null(strpbrk(judgement.reason, "\n\r\a"));
                        }
                }
        }
}

static void test_nothing_repeats_a_secret(void **state)
{
        static const struct {
                enum cw_sink_type type;
                const char *url, *token, *body, *reason;
        } cases[] = {
                {CW_SINK_DISCORD, "https://d.example/api/webhooks/1234567890/s3cret-s3cret", NULL,
                 "{\"message\":\"no /api/webhooks/1234567890/s3cret-s3cret here\"}",
                 "HTTP status 404: no /api/\u2026/\u2026/\u2026 here"},
                {CW_SINK_DISCORD, "https://d.example/api/webhooks/1234567890/s3cret-s3cret", NULL,
                 "{\"message\":\"https://d.example/api/webhooks/1234567890/s3cret-s3cret?wait=true\"}",
                 "HTTP status 404: \u2026?wait=true"},
                {CW_SINK_TELEGRAM, NULL, "123456:ABC", "{\"description\":\"bot123456:ABC is unknown\"}",
                 "HTTP status 404: bot\u2026 is unknown"},
                {CW_SINK_MATRIX, "https://m.example", "syt_x", "{\"error\":\"syt_x!\"}", "HTTP status 404: \u2026!"},
                {CW_SINK_PUSHOVER, NULL, "azGDORePK8gMaC0", "{\"errors\":[\"uQiRzpo4DXgh of azGDORePK8gMaC0\"]}",
                 "HTTP status 404: \u2026 of \u2026"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_sink_answer answer = {
                        .status = 404, .body = cases[i].body, .body_len = strlen(cases[i].body), .retry_after_ms = -1};
                struct cw_sink_judgement judgement;
                struct notifier notifier;

                notifier_init(&notifier, cases[i].type, cases[i].url, cases[i].token);
                cw_sink_judge(&notifier.options, &answer, &judgement);
                assert_string_equal(judgement.reason, cases[i].reason);
                notifier_deinit(&notifier);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_requests),
                cmocka_unit_test(test_pushover_says_who_only_then),
                cmocka_unit_test(test_what_cannot_become_a_request),
                cmocka_unit_test(test_verdicts),
                cmocka_unit_test(test_any_answer),
                cmocka_unit_test(test_nothing_repeats_a_secret),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
