/* SPDX-License-Identifier: Apache-2.0 */
/* What PagerDuty is asked to open and to close, and what it says to that. */
#include "pagers.h"

#include <errno.h>

#include "cardwatch/text.h"

#define KEY "0123456789abcdef0123456789abcdef"

static struct cw_sink_options options = {
        .type = CW_SINK_PAGERDUTY,
        .name = "pd",
        .server = "https://events.pagerduty.com",
        .external_url = "https://cw.example.com/",
        .timeout_ms = 15000,
};

/* "trigger 9f86d081884c7d65, resolve …" of all requests; group keys are "group". */
static const char *asked(const struct cw_notice *notice)
{
        static char text[8192];
        struct cw_sink_request request;
        size_t len = 0;

        request_of(&options, notice, 0, &request);
        text[0] = '\0';
        for (size_t i = 0; i <= request.n_following; i++) {
                char *bytes, key[64];
                struct cw_json event = document_of(nth(&request, i), &bytes);

                snprintf(key, sizeof(key), "%.40s", text_at(&event, "dedup_key"));
                len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %s", i > 0 ? ", " : "",
                                        text_at(&event, "event_action"), strlen(key) == 32 ? "group" : key + 12);
                assert_true(len < sizeof(text));
                free(bytes);
        }
        cw_sink_request_deinit(&request);
        return text;
}

static void test_one_event(void **state)
{
        struct sample sample;
        struct cw_sink_request request;
        struct cw_json event;
        char *bytes;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        request_of(&options, &sample.notice, 0, &request);
        assert_int_equal(request.transport, CW_TRANSPORT_HTTP);
        assert_int_equal(request.n_following, 0);
        assert_string_equal(request.http.method, "POST");
        assert_string_equal(request.http.url, "https://events.pagerduty.com/v2/enqueue");
        assert_int_equal(request.http.n_headers, 1);
        assert_string_equal(request.http.headers[0].value, "application/json");
        event = document_of(&request.http, &bytes);
        expect(&event, "routing_key", KEY);
        expect(&event, "event_action", "trigger");
        expect(&event, "dedup_key", "9f86d081884c7d65");
        expect(&event, "client", "cardwatch");
        expect(&event, "client_url", "https://cw.example.com/#/cards/main/1");
        expect(&event, "payload.summary", "low-balance: Card 1 of acme-1 is down to 95.10 USD (floor 100)");
        expect(&event, "payload.source", "main");
        expect(&event, "payload.severity", "warning");
        expect(&event, "payload.timestamp", "2026-11-22T08:00:00.123Z");
        expect(&event, "payload.class", "low-balance");
        expect(&event, "payload.group", "acme-1");
        expect(&event, "payload.custom_details.available", "95.10");
        expect(&event, "payload.custom_details.available_before", "130.00");
        expect(&event, "payload.custom_details.limit", "floor 100");
        expect(&event, "payload.custom_details.label_team", "treasury");
        free(bytes);
        cw_sink_request_deinit(&request);
}

static void test_severities(void **state)
{
        static const struct {
                enum cw_severity severity;
                const char *name;
        } cases[] = {{CW_SEVERITY_CRITICAL, "critical"}, {CW_SEVERITY_WARNING, "warning"}, {CW_SEVERITY_INFO, "info"}};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_sink_request request;
                struct cw_json event;
                struct sample sample;
                char *bytes;

                sample_init(&sample);
                sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)))->severity = cases[i].severity;
                request_of(&options, &sample.notice, 0, &request);
                event = document_of(&request.http, &bytes);
                expect(&event, "payload.severity", cases[i].name);
                free(bytes);
                cw_sink_request_deinit(&request);
        }
}

static void test_mixed(void **state)
{
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        sample_add(&sample, sample_resolved(sample_entry(2, "7711", USD(5, 0), USD(130, 0)), USD(5, 0), USD(130, 0)));
        sample_add(&sample, sample_entry(3, "0042", USD(1, 0), USD(2, 0)))->state = CW_ENTRY_EVENT;
        assert_string_equal(asked(&sample.notice), "trigger 7d65, resolve 7d66, trigger 7d67");
}

/* How many in a message, whether its group has nothing left that fires, and how many it held at most. */
static void test_many(void **state)
{
        static const struct {
                const char *name;
                size_t n, most;
                bool resolved, over, apart;
                const char *asked;
        } cases[] = {
                {"twenty-one alerts are one incident", 21, 21, false, false, false, "trigger group"},
                {"twenty thousand alerts are one incident", 20000, 20000, false, false, false, "trigger group"},
                {"what fired together ends as the one incident it was", 21, 21, true, true, false, "resolve group"},
                {"and does not end while others of the group fire", 21, 30, true, false, false, "resolve 7d65"},
                {"the last of many ends the group's incident", 1, 21, true, true, false, "resolve 7d65, resolve group"},
                {"the last of few has no group's incident to end", 1, 20, true, true, false, "resolve 7d65"},
                {"what fired one by one is ended one by one", 21, 21, true, true, true,
                 "resolve 7d65, resolve 7d66, resolve 7d67, resolve 7d68, resolve 7d69, resolve 7d6a, resolve 7d6b, "
                 "resolve 7d6c, resolve 7d6d, resolve 7d6e, resolve 7d6f, resolve 7d70, resolve 7d71, resolve 7d72, "
                 "resolve 7d73, resolve 7d74, resolve 7d75, resolve 7d76, resolve 7d77, resolve 7d78, resolve 7d79, "
                 "resolve group"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct storm storm;

                print_message("  %s\n", cases[i].name);
                storm_init(&storm, cases[i].n);
                for (size_t k = 0; cases[i].apart && k < cases[i].n; k++)
                        storm.entries[k].fired_at -= (int64_t)k * 600000;
                if (cases[i].resolved)
                        storm_resolve(&storm);
                storm.notice.over = cases[i].over;
                storm.notice.most_members = cases[i].most;
                assert_string_equal(asked(&storm.notice), cases[i].asked);
                storm_deinit(&storm);
        }
}

static void test_twenty_alerts_are_twenty_incidents(void **state)
{
        struct cw_sink_request request;
        struct storm storm;

        (void)state;
        storm_init(&storm, 20);
        request_of(&options, &storm.notice, 0, &request);
        assert_int_equal(request.n_following, 19);
        cw_sink_request_deinit(&request);
        storm_deinit(&storm);
}

/* Thousands that fired one by one and end at once are not thousands of requests. */
static void test_requests_are_bounded(void **state)
{
        struct cw_sink_request request;
        struct storm storm;

        (void)state;
        storm_init(&storm, 5000);
        for (size_t i = 0; i < 5000; i++)
                storm.entries[i].fired_at -= (int64_t)i * 600000;
        storm_resolve(&storm);
        request_of(&options, &storm.notice, 0, &request);
        assert_int_equal(request.n_following, 100);
        cw_sink_request_deinit(&request);
        storm_deinit(&storm);
}

static void event_of_message(const struct cw_notice *notice, struct cw_json *ret_event, char **ret_bytes)
{
        struct cw_sink_request request;

        request_of(&options, notice, 0, &request);
        assert_int_equal(request.n_following, 0);
        assert_true(request.http.body_len < 100000);
        *ret_event = document_of(&request.http, ret_bytes);
        cw_sink_request_deinit(&request);
}

static void test_the_incident_of_a_message(void **state)
{
        struct cw_json event;
        struct storm storm;
        char *bytes, key[64];

        (void)state;
        storm_init(&storm, 20000);
        event_of_message(&storm.notice, &event, &bytes);
        snprintf(key, sizeof(key), "%.40s", text_at(&event, "dedup_key"));
        expect(&event, "payload.summary", "low-balance: 20000 cards of acme-1");
        expect(&event, "payload.severity", "warning");
        expect(&event, "payload.custom_details.firing", "20000");
        expect(&event, "client_url", "https://cw.example.com/#/alerts");
        assert_true(cw_text_glob("*and 19??? more*low-balance*", text_at(&event, "payload.custom_details.message")));
        free(bytes);

        /* Of the group, whatever the message: a repeat is the same incident. */
        storm.notice.id = "ffffffffffffffffffffffffffffffff";
        storm.notice.thread = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";
        storm.notice.repeat = 1;
        event_of_message(&storm.notice, &event, &bytes);
        expect(&event, "dedup_key", key);
        free(bytes);

        storm.notice.n_group = 1;
        event_of_message(&storm.notice, &event, &bytes);
        assert_string_not_equal(text_at(&event, "dedup_key"), key);
        free(bytes);
        storm_deinit(&storm);
}

static void test_a_large_baseline_is_one_incident(void **state)
{
        struct cw_json event;
        struct storm storm;
        char *bytes;

        (void)state;
        for (size_t n = 21; n < 40; n += 9) {
                storm_init(&storm, n);
                storm.notice.baseline = true;
                event_of_message(&storm.notice, &event, &bytes);
                expect(&event, "event_action", "trigger");
                assert_non_null(strstr(text_at(&event, "payload.summary"), "(baseline)"));
                free(bytes);
                storm_deinit(&storm);
        }
}

/* What was so already ends like anything else, and its incidents with it. */
static void test_a_small_baseline_is_an_incident_each(void **state)
{
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        struct storm storm;

        (void)state;
        storm_init(&storm, 20);
        storm.notice.baseline = true;
        request_of(&options, &storm.notice, 0, &request);
        assert_int_equal(request.n_following, 19);
        cw_sink_request_deinit(&request);
        storm_deinit(&storm);
}

static void test_a_test(void **state)
{
        struct cw_json event;
        struct sample sample;
        char *bytes;

        (void)state;
        sample_init(&sample);
        sample.notice.kind = CW_NOTICE_TEST;
        sample.notice.severity = CW_SEVERITY_INFO;
        event_of_message(&sample.notice, &event, &bytes);
        expect(&event, "payload.summary", "TEST: test message");
        expect(&event, "payload.source", "cardwatch");
        expect(&event, "payload.severity", "info");
        free(bytes);
}

static void test_a_builtin_alert(void **state)
{
        struct cw_json event;
        struct sample sample;
        char *bytes;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_builtin());
        event_of_message(&sample.notice, &event, &bytes);
        expect(&event, "payload.severity", "critical");
        expect(&event, "payload.class", "source-down");
        expect(&event, "payload.custom_details.card", "-");
        assert_non_null(strstr(text_at(&event, "payload.custom_details.description"), "14 minutes old"));
        free(bytes);
}

static void test_texts_from_outside(void **state)
{
        struct cw_json event;
        struct sample sample;
        char *bytes, *summary = malloc(6001);
        const char *found;

        (void)state;
        assert_non_null(summary);
        memset(summary, '{', 6000);
        for (size_t i = 0; i < 6000; i += 3)
                memcpy(summary + i, "€", 3);
        summary[6000] = '\0';
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        sample.entries[0].summary = summary;
        sample.entries[0].card.reference = "\"\n\x01\xff</script>";
        event_of_message(&sample.notice, &event, &bytes);
        found = text_at(&event, "payload.summary");
        assert_int_equal(cw_text_valid_utf8(found, strlen(found)), strlen(found));
        assert_true(cw_text_prefix(found, strlen(found), 1024) == strlen(found));
        assert_true(cw_text_prefix(found, strlen(found), 1000) < strlen(found));
        free(bytes);
        free(summary);
}

static void test_the_key_is_not_stored(void **state)
{
        struct cw_buf payload = CW_BUF_NULL;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        assert_int_equal(cw_sink_render(&options, &sample.notice, &payload), 0);
        assert_null(strstr(payload.data, KEY));
        cw_buf_deinit(&payload);
}

static void test_bytes_of_others(void **state)
{
        static const char *const cases[] = {
                "", "{}", "{}\n", "x\n", "{\"a\":1}", "{\"a\":1}\n\n", "[\"\"]\n", "{\"a\":1\n", "\n{\"a\":1}\n"};
        struct cw_sink_request request;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                print_message("  %s\n", cases[i]);
                assert_int_equal(cw_sink_request(&options, "id", cases[i], strlen(cases[i]), 0, &request), -EBADMSG);
        }
}

static void test_answers(void **state)
{
        static const struct judged cases[] = {
                {"202 is delivered",
                 {.status = 202, .retry_after_ms = -1, .body = "{\"status\":\"success\"}"},
                 CW_SINK_DELIVERED,
                 0,
                 ""},
                {"429 is tried again when it says",
                 {.status = 429, .retry_after_ms = 30000},
                 CW_SINK_RETRY,
                 30000,
                 "HTTP status 429"},
                {"429 is tried again", {.status = 429, .retry_after_ms = -1}, CW_SINK_RETRY, 0, "HTTP status 429"},
                {"400 is permanent, and why is told",
                 {.status = 400, .retry_after_ms = -1, .body = "{\"message\":\"Event object is invalid\"}"},
                 CW_SINK_PERMANENT,
                 0,
                 "HTTP status 400: {\"message\":\"Event object is invalid\"}"},
                {"500 is tried again", {.status = 500, .retry_after_ms = -1}, CW_SINK_RETRY, 0, "HTTP status 500"},
                {"no answer is tried again",
                 {.failure = CW_HTTP_TIMEOUT, .retry_after_ms = -1},
                 CW_SINK_RETRY,
                 0,
                 "timeout"},
        };

        (void)state;
        expect_judged(&options, cases, CW_ARRAY_SIZE(cases));
}

static int enter(void **state)
{
        struct cw_secret *key;

        (void)state;
        assert_int_equal(cw_secret_new(KEY, strlen(KEY), &key), 0);
        options.routing_key = key;
        return 0;
}

static int leave(void **state)
{
        (void)state;
        cw_secret_free((struct cw_secret *)options.routing_key);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_event),
                cmocka_unit_test(test_severities),
                cmocka_unit_test(test_mixed),
                cmocka_unit_test(test_many),
                cmocka_unit_test(test_twenty_alerts_are_twenty_incidents),
                cmocka_unit_test(test_requests_are_bounded),
                cmocka_unit_test(test_the_incident_of_a_message),
                cmocka_unit_test(test_a_large_baseline_is_one_incident),
                cmocka_unit_test(test_a_small_baseline_is_an_incident_each),
                cmocka_unit_test(test_a_test),
                cmocka_unit_test(test_a_builtin_alert),
                cmocka_unit_test(test_texts_from_outside),
                cmocka_unit_test(test_the_key_is_not_stored),
                cmocka_unit_test(test_bytes_of_others),
                cmocka_unit_test(test_answers),
        };

        return cmocka_run_group_tests(tests, enter, leave);
}
