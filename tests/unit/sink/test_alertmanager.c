/* SPDX-License-Identifier: Apache-2.0 */
/* What Alertmanager knows an alert by, and how long it believes in it. */
#include "pagers.h"

#include <errno.h>

static const struct cw_http_header headers[] = {{"Authorization", "Basic x"}};
static const struct cw_sink_options options = {
        .type = CW_SINK_ALERTMANAGER,
        .name = "am",
        .server = "http://127.0.0.1:9093/am",
        .headers = headers,
        .n_headers = 1,
        .external_url = "https://cw.example.com",
        .timeout_ms = 15000,
};

struct posted {
        struct cw_sink_request request;
        char *bytes;
        struct cw_json alerts[SAMPLE_ITEMS_MAX * 2];
        size_t n;
};

static void post(const struct cw_notice *notice, int64_t now, struct posted *posted)
{
        struct cw_json list;
        size_t cursor = 0;

        *posted = (struct posted){0};
        request_of(&options, notice, now, &posted->request);
        assert_int_equal(posted->request.n_following, 0);
        list = document_of(&posted->request.http, &posted->bytes);
        assert_int_equal(cw_json_kind(&list), CW_JSON_ARRAY);
        while (posted->n < CW_ARRAY_SIZE(posted->alerts) &&
               cw_json_next(&list, &cursor, NULL, &posted->alerts[posted->n]))
                posted->n++;
}

static void posted_deinit(struct posted *posted)
{
        cw_sink_request_deinit(&posted->request);
        free(posted->bytes);
}

static void test_firing(void **state)
{
        struct posted posted;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        post(&sample.notice, SAMPLE_AT, &posted);
        assert_string_equal(posted.request.http.url, "http://127.0.0.1:9093/am/api/v2/alerts");
        assert_string_equal(posted.request.http.method, "POST");
        assert_int_equal(posted.request.http.n_headers, 2);
        assert_string_equal(posted.request.http.headers[0].value, "Basic x");
        assert_string_equal(posted.request.http.headers[1].value, "application/json");
        assert_int_equal(posted.n, 1);
        expect(&posted.alerts[0], "labels",
               "{\"alertname\":\"low-balance\",\"severity\":\"warning\",\"source\":\"main\",\"customer\":\"11057\","
               "\"card\":\"1\",\"currency\":\"USD\",\"team\":\"treasury\"}");
        expect(&posted.alerts[0], "annotations.summary", "Card 1 of acme-1 is down to 95.10 USD");
        expect(&posted.alerts[0], "annotations.description", "floor 100; available < floor");
        expect(&posted.alerts[0], "startsAt", "2026-11-22T08:00:00.123Z");
        expect(&posted.alerts[0], "endsAt", "2026-11-22T08:15:00.123Z");
        expect(&posted.alerts[0], "generatorURL", "https://cw.example.com/#/cards/main/1");
        posted_deinit(&posted);

        /* A message that waited a day tells of alerts that fire. */
        post(&sample.notice, SAMPLE_AT + INT64_C(86400000), &posted);
        expect(&posted.alerts[0], "startsAt", "2026-11-22T08:00:00.123Z");
        expect(&posted.alerts[0], "endsAt", "2026-11-23T08:15:00.123Z");
        posted_deinit(&posted);
}

static void test_resolved(void **state)
{
        struct posted posted;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_resolved(sample_entry(1, "1234", USD(5, 0), USD(130, 0)), USD(5, 0), USD(130, 0)));
        sample.notice.sent_at = SAMPLE_AT + INT64_C(9000000);
        post(&sample.notice, SAMPLE_AT + INT64_C(86400000), &posted);
        assert_int_equal(posted.n, 1);
        expect(&posted.alerts[0], "startsAt", "2026-11-22T08:00:00.123Z");
        expect(&posted.alerts[0], "endsAt", "2026-11-22T10:05:00.123Z");
        posted_deinit(&posted);
}

/* The clock was set back: Alertmanager refuses an end before the beginning. */
static void test_times_that_make_no_sense(void **state)
{
        struct posted posted;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_resolved(sample_entry(1, "1234", USD(5, 0), USD(130, 0)), USD(5, 0), USD(130, 0)));
        sample.entries[0].resolved_at = sample.entries[0].fired_at - 1000;
        post(&sample.notice, SAMPLE_AT, &posted);
        expect(&posted.alerts[0], "endsAt", "2026-11-22T08:00:00.123Z");
        posted_deinit(&posted);

        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)))->fired_at += INT64_C(86400000);
        post(&sample.notice, SAMPLE_AT, &posted);
        expect(&posted.alerts[0], "startsAt", "2026-11-22T08:00:00.123Z");
        posted_deinit(&posted);
}

/* With other labels it is another alert to Alertmanager: the one it was ends. */
static void test_a_change_of_severity(void **state)
{
        struct posted posted;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)))->severity = CW_SEVERITY_CRITICAL;
        sample.items[0].previous_severity = CW_SEVERITY_WARNING;
        sample.notice.sent_at = SAMPLE_AT + 60000;
        post(&sample.notice, SAMPLE_AT + 60000, &posted);
        assert_int_equal(posted.n, 2);
        expect(&posted.alerts[0], "labels.severity", "warning");
        expect(&posted.alerts[0], "endsAt", "2026-11-22T08:01:00.123Z");
        expect(&posted.alerts[1], "labels.severity", "critical");
        expect(&posted.alerts[1], "endsAt", "2026-11-22T08:16:00.123Z");
        posted_deinit(&posted);
}

static void test_labels_of_rules_do_not_stand_twice(void **state)
{
        static const struct cw_label labels[] = {{(char *)"severity", (char *)"x"}, {(char *)"team", (char *)"a"}};
        struct posted posted;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)))->labels = labels;
        sample.entries[0].n_labels = 2;
        post(&sample.notice, SAMPLE_AT, &posted);
        expect(&posted.alerts[0], "labels.severity", "warning");
        expect(&posted.alerts[0], "labels.team", "a");
        posted_deinit(&posted);
}

static void test_alerts_of_the_daemon(void **state)
{
        struct posted posted;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_builtin());
        post(&sample.notice, SAMPLE_AT, &posted);
        expect(&posted.alerts[0], "labels.alertname", "source-down");
        expect(&posted.alerts[0], "labels.card", "-");
        expect(&posted.alerts[0], "labels.fingerprint", "0000000000000007");
        expect(&posted.alerts[0], "generatorURL", "https://cw.example.com/#/alerts");
        posted_deinit(&posted);
}

static void test_a_test(void **state)
{
        struct posted posted;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample.notice.kind = CW_NOTICE_TEST;
        post(&sample.notice, SAMPLE_AT, &posted);
        assert_int_equal(posted.n, 1);
        expect(&posted.alerts[0], "labels.alertname", "test");
        posted_deinit(&posted);
}

static void test_storms_come_in_parts(void **state)
{
        struct cw_sink_request request;
        struct storm storm;
        size_t n = 0;

        (void)state;
        storm_init(&storm, 1001);
        request_of(&options, &storm.notice, SAMPLE_AT, &request);
        assert_int_equal(request.n_following, 2);
        for (size_t i = 0; i <= request.n_following; i++) {
                char *bytes;
                struct cw_json list = document_of(nth(&request, i), &bytes);
                size_t cursor = 0;
                struct cw_json alert;

                while (cw_json_next(&list, &cursor, NULL, &alert))
                        n++;
                free(bytes);
        }
        assert_int_equal(n, 1001);
        cw_sink_request_deinit(&request);
        storm_deinit(&storm);
}

static void test_every_alert_is_carried(void **state)
{
        (void)state;
        assert_true(cw_sink_lists_all(CW_SINK_ALERTMANAGER));
        assert_true(cw_sink_refresh_ms(CW_SINK_ALERTMANAGER) > 0);
        assert_int_equal(cw_sink_refresh_ms(CW_SINK_WEBHOOK), 0);
}

static void test_texts_from_outside(void **state)
{
        struct posted posted;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)))->card.reference = "\"\n\x01\xff}";
        post(&sample.notice, SAMPLE_AT, &posted);
        assert_int_equal(posted.n, 1);
        posted_deinit(&posted);
}

static void test_bytes_of_others(void **state)
{
        static const char *const cases[] = {"", "{}", "[]\n", "x\n", "{\"a\":1}", "{\"a\":1}\n\n"};
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
                {"200 is delivered", {.status = 200, .retry_after_ms = -1}, CW_SINK_DELIVERED, 0, ""},
                {"400 is permanent, and why is told",
                 {.status = 400, .retry_after_ms = -1, .body = "\"start time must be before end time\""},
                 CW_SINK_PERMANENT,
                 0,
                 "HTTP status 400: \"start time must be before end time\""},
                {"503 is tried again when it says",
                 {.status = 503, .retry_after_ms = 5000},
                 CW_SINK_RETRY,
                 5000,
                 "HTTP status 503"},
        };

        (void)state;
        expect_judged(&options, cases, CW_ARRAY_SIZE(cases));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_firing),
                cmocka_unit_test(test_resolved),
                cmocka_unit_test(test_times_that_make_no_sense),
                cmocka_unit_test(test_a_change_of_severity),
                cmocka_unit_test(test_labels_of_rules_do_not_stand_twice),
                cmocka_unit_test(test_alerts_of_the_daemon),
                cmocka_unit_test(test_a_test),
                cmocka_unit_test(test_storms_come_in_parts),
                cmocka_unit_test(test_every_alert_is_carried),
                cmocka_unit_test(test_texts_from_outside),
                cmocka_unit_test(test_bytes_of_others),
                cmocka_unit_test(test_answers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
