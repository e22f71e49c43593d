/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: each record is taken apart as RFC 5424 says (header, structured data, message), so that whatever a reference
 * holds must end up inside the field it belongs to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "../codec/sample_notice.h"
#include "cardwatch/buf.h"
#include "cardwatch/sink.h"
#include "cardwatch/text.h"

static const struct cw_sink_options over_udp = {.type = CW_SINK_SYSLOG, .target = "udp://127.0.0.1", .facility = 3};
static const struct cw_sink_options over_tcp = {.type = CW_SINK_SYSLOG, .target = "tcp://127.0.0.1", .facility = 3};

/* A record's parts; unescaped parameter values are what a receiver sees. */
struct record {
        unsigned priority;
        char timestamp[64], host[256], app_name[64], process[32], message_id[64];
        char parameters[4096]; /* name=value lines */
        const char *message; /* after the byte order mark */
        size_t message_len;
};

static const char *word(const char *at, char *ret_word, size_t size)
{
        size_t n = strcspn(at, " ");

        assert_true(n > 0 && n < size && at[n] == ' ');
        memcpy(ret_word, at, n);
        ret_word[n] = '\0';
        return at + n + 1;
}

static const char *structured_data(const char *at, char *out)
{
        assert_int_equal(strncmp(at, "[cardwatch@32473", 16), 0);
        for (at += 16; *at == ' ';) {
                size_t n = strcspn(++at, "=");

                memcpy(out, at, n + 1);
                out += n + 1;
                at += n + 1;
                assert_int_equal(*at++, '"');
                for (; *at != '"'; at++) {
                        assert_int_not_equal(*at, ']'); /* must be escaped */
                        if (*at == '\\')
                                at++;
                        *out++ = *at;
                }
                *out++ = '\n';
                at++;
        }
        *out = '\0';
        assert_int_equal(*at, ']');
        assert_int_equal(at[1], ' ');
        return at + 2;
}

static void take_apart(const struct cw_wire_record *wire, struct record *record)
{
        static char text[65536];
        const char *at = text;
        int n = 0;

        assert_true(wire->len < sizeof(text));
        memcpy(text, wire->data, wire->len);
        text[wire->len] = '\0';
        assert_int_equal(strlen(text), wire->len);
        assert_null(strpbrk(text, "\r\n"));
        assert_int_equal(cw_text_valid_utf8(text, wire->len), wire->len);
        assert_int_equal(sscanf(at, "<%u>1 %n", &record->priority, &n), 1);
        assert_true(n > 0);
        at = word(at + n, record->timestamp, sizeof(record->timestamp));
        at = word(at, record->host, sizeof(record->host));
        at = word(at, record->app_name, sizeof(record->app_name));
        at = word(at, record->process, sizeof(record->process));
        at = word(at, record->message_id, sizeof(record->message_id));
        at = structured_data(at, record->parameters);
        assert_int_equal(strncmp(at, "\ufeff", 3), 0);
        record->message = at + 3;
        record->message_len = strlen(at + 3);
}

static void request_of(const struct cw_sink_options *options, const struct cw_notice *notice,
                       struct cw_sink_request *ret_request)
{
        struct cw_buf payload = CW_BUF_NULL;

        assert_int_equal(cw_sink_render(options, notice, &payload), 0);
        assert_int_equal(cw_sink_request(options, "id", payload.data, payload.len, 0, ret_request), 0);
        assert_int_equal(ret_request->transport, CW_TRANSPORT_WIRE);
        cw_buf_deinit(&payload);
}

static void low(struct sample *sample)
{
        sample_add(sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
}

static void critical(struct sample *sample)
{
        low(sample);
        sample->entries[0].severity = CW_SEVERITY_CRITICAL;
}

static void resolved(struct sample *sample)
{
        sample_add(sample, sample_resolved(sample_entry(1, "1234", USD(95, 10), USD(130, 0)), USD(12, 0), USD(130, 0)));
}

static void event(struct sample *sample)
{
        low(sample);
        sample->notice.kind = CW_NOTICE_EVENT;
        sample->entries[0].state = CW_ENTRY_EVENT;
        sample->entries[0].severity = CW_SEVERITY_INFO;
}

static void fell_since_before(struct sample *sample)
{
        low(sample);
        sample->entries[0].limit_label = "previous.available";
        sample->entries[0].limit_text = "130.00";
}

static void event_since_before(struct sample *sample)
{
        event(sample);
        sample->entries[0].limit_label = "previous.available";
        sample->entries[0].limit_text = "130.00";
}

static void resolved_with_words(struct sample *sample)
{
        resolved(sample);
        sample->entries[0].summary = "Card {{card.id}} is down to {{balances.available}}";
}

static void resolved_with_words_for_it(struct sample *sample)
{
        resolved(sample);
        sample->entries[0].summary = "It is {{state}}";
}

static void builtin(struct sample *sample)
{
        sample_add(sample, sample_builtin());
}

static void test_only(struct sample *sample)
{
        sample->notice.kind = CW_NOTICE_TEST;
}

static void test_with_sample(struct sample *sample)
{
        critical(sample);
        sample->notice.kind = CW_NOTICE_TEST;
}

static void awkward_names(struct sample *sample)
{
        low(sample);
        sample->entries[0].rule = "a rule\nwith \"quotes\" ] and \\ that is far too long";
        sample->entries[0].source = "m\xff]\"\\";
}

static void test_records(void **state)
{
        static const struct {
                const char *name;
                void (*arrange)(struct sample *sample);
                unsigned priority;
                const char *message_id, *parameters, *message;
        } cases[] = {
                {"warning is 4", low, 28, "low-balance",
                 "rule=low-balance\nstate=firing\nseverity=warning\nsource=main\ncustomer=11057\ncard=1\ncurrency=USD\n"
                 "available=95.10\nid=0123456789abcdef0123456789abcdef\n",
                 "WARNING low-balance: Card 1 of acme-1 is down to 95.10 USD (floor 100)"},
                {"critical is 2", critical, 26, "low-balance", NULL,
                 "CRITICAL low-balance: Card 1 of acme-1 is down to 95.10 USD (floor 100)"},
                {"resolved is 5", resolved, 29, "low-balance",
                 "rule=low-balance\nstate=resolved\nseverity=warning\nsource=main\ncustomer=11057\ncard=1\n"
                 "currency=USD\navailable=130.00\nid=0123456789abcdef0123456789abcdef\n",
                 "RESOLVED low-balance: Card 1 of acme-1 is back at 130.00 USD (lasted 2 h 5 min \u00b7 lowest 12.00)"},
                {"an event has its own severity", event, 30, "low-balance", NULL,
                 "INFO low-balance: Card 1 of acme-1 went from 130.00 to 95.10 USD (floor 100)"},
                {"what it was is not its limit, too", event_since_before, 30, "low-balance", NULL,
                 "INFO low-balance: Card 1 of acme-1 went from 130.00 to 95.10 USD"},
                {"but where an alert fires it is", fell_since_before, 28, "low-balance", NULL,
                 "WARNING low-balance: Card 1 of acme-1 is down to 95.10 USD (was 130.00)"},
                {"what a rule says of the beginning is untrue at the end", resolved_with_words, 29, "low-balance", NULL,
                 "RESOLVED low-balance: Card 1 of acme-1 is back at 130.00 USD (lasted 2 h 5 min \u00b7 lowest 12.00)"},
                {"what knows of the end is told", resolved_with_words_for_it, 29, "low-balance", NULL,
                 "RESOLVED low-balance: It is resolved (lasted 2 h 5 min \u00b7 lowest 12.00)"},
                {"a built-in alert names no card", builtin, 26, "source-down",
                 "rule=source-down\nstate=firing\nseverity=critical\nsource=main\nid="
                 "0123456789abcdef0123456789abcdef\n",
                 "CRITICAL source-down: The card API of main cannot be read: connection refused."},
                {"a test is information", test_only, 30, "test",
                 "rule=test\nstate=test\nseverity=warning\nid=0123456789abcdef0123456789abcdef\n",
                 "TEST message: nothing is wrong"},
                {"a test that shows an alert is information too", test_with_sample, 30, "low-balance", NULL,
                 "TEST low-balance: Card 1 of acme-1 is down to 95.10 USD (floor 100)"},
                {"awkward names stay inside their fields", awkward_names, 28, "a_rule_with_\"quotes\"_]_and_\\_tha",
                 "rule=a rule with \"quotes\" ] and \\ that is far too long\nstate=firing\nseverity=warning\n"
                 "source=m\ufffd]\"\\\ncustomer=11057\ncard=1\ncurrency=USD\navailable=95.10\n"
                 "id=0123456789abcdef0123456789abcdef\n",
                 "WARNING a rule\u240awith \"quotes\" ] and \\ that is far too long: Card 1 of acme-1 is down to 95.10 "
                 "USD "
                 "(floor 100)"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_sink_request request = CW_SINK_REQUEST_NULL;
                struct record record;
                struct sample sample;

                print_message("  %s\n", cases[i].name);
                sample_init(&sample);
                cases[i].arrange(&sample);
                request_of(&over_udp, &sample.notice, &request);
                assert_int_equal(request.n_records, 1);
                take_apart(&request.records[0], &record);
                assert_int_equal(record.priority, cases[i].priority);
                assert_string_equal(record.timestamp, "2026-11-22T08:00:00.123Z");
                assert_string_equal(record.app_name, "cardwatchd");
                assert_true(atol(record.process) > 0);
                assert_string_equal(record.message_id, cases[i].message_id);
                if (cases[i].parameters)
                        assert_string_equal(record.parameters, cases[i].parameters);
                assert_string_equal(record.message, cases[i].message);
                cw_sink_request_deinit(&request);
        }
}

static void test_facility_and_app_name(void **state)
{
        struct cw_sink_options options = over_udp;
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        struct record record;
        struct sample sample;

        (void)state;
        options.facility = 16;
        options.app_name = "my app";
        sample_init(&sample);
        low(&sample);
        request_of(&options, &sample.notice, &request);
        take_apart(&request.records[0], &record);
        assert_int_equal(record.priority, 16 * 8 + 4);
        assert_string_equal(record.app_name, "my_app");
        cw_sink_request_deinit(&request);
}

static void test_every_alert_is_a_record_whatever_is_listed(void **state)
{
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        struct record record;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        for (int64_t i = 1; i <= 5; i++)
                sample_add(&sample, sample_entry(i, "1234", USD(95, 10), USD(130, 0)));
        sample.notice.n_listed = 2;
        request_of(&over_udp, &sample.notice, &request);
        assert_int_equal(request.n_records, 5);
        take_apart(&request.records[4], &record);
        assert_non_null(strstr(record.parameters, "\ncard=5\n"));
        cw_sink_request_deinit(&request);
}

static void test_what_is_only_counted_is_a_record(void **state)
{
        static const struct cw_tally tallies[] = {{"moved", "USD", 0, 0, 4000}, {"stale", "", 0, 0, 1}};
        static const char said[] = "and more that are only counted: moved, USD: 4000; stale: 1";
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        struct record record;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)))->state = CW_ENTRY_EVENT;
        sample.notice.kind = CW_NOTICE_EVENT;
        sample.notice.n_firing = 0;
        sample.notice.n_events = 4002;
        sample.notice.tallies = tallies;
        sample.notice.n_tallies = 2;
        request_of(&over_udp, &sample.notice, &request);
        assert_int_equal(request.n_records, 2);
        take_apart(&request.records[1], &record);
        assert_string_equal(record.message_id, "events");
        assert_int_equal(record.message_len, strlen(said));
        assert_memory_equal(record.message, said, strlen(said));
        cw_sink_request_deinit(&request);
}

static void test_a_stream_counts_octets(void **state)
{
        struct cw_sink_request framed = CW_SINK_REQUEST_NULL, bare = CW_SINK_REQUEST_NULL;
        struct sample sample;
        char *end;

        (void)state;
        sample_init(&sample);
        low(&sample);
        sample_add(&sample, sample_entry(2, "", USD(1, 0), USD(2, 0)))->card.reference = "\xc3\xa4\xf0\x9f\x92\xb3";
        request_of(&over_tcp, &sample.notice, &framed);
        request_of(&over_udp, &sample.notice, &bare);
        assert_int_equal(framed.n_records, 2);
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(strtoul(framed.records[i].data, &end, 10), bare.records[i].len);
                assert_int_equal(*end, ' ');
                assert_int_equal(framed.records[i].len,
                                 bare.records[i].len + (size_t)(end + 1 - framed.records[i].data));
                assert_memory_equal(end + 1, bare.records[i].data, bare.records[i].len);
        }
        cw_sink_request_deinit(&framed);
        cw_sink_request_deinit(&bare);
}

static void test_a_datagram_is_cut_between_characters_and_none_is_lost(void **state)
{
        struct cw_sink_request whole = CW_SINK_REQUEST_NULL, cut = CW_SINK_REQUEST_NULL;
        struct record record;
        struct sample sample;
        char *longest = malloc(12001);

        (void)state;
        for (size_t i = 0; i < 12000; i += 4)
                memcpy(longest + i, "\xf0\x9f\x92\xb3", 4);
        longest[12000] = '\0';
        sample_init(&sample);
        low(&sample);
        sample_add(&sample, sample_entry(2, "", USD(1, 0), USD(2, 0)))->card.reference = longest;
        sample.entries[1].summary = "x{{customer.reference}}";
        request_of(&over_udp, &sample.notice, &cut);
        request_of(&over_tcp, &sample.notice, &whole);
        assert_int_equal(cut.n_records, 2);
        assert_true(whole.records[1].len > 8192);
        assert_true(cut.records[1].len <= 8192 && cut.records[1].len > 8188);
        take_apart(&cut.records[1], &record); /* still a record, still valid UTF-8 */
        assert_non_null(strstr(record.parameters, "card=2\n"));
        cw_sink_request_deinit(&whole);
        cw_sink_request_deinit(&cut);
        free(longest);
}

static void test_hostile_references_stay_in_the_message(void **state)
{
        static const char *const hostile[] = {"\"] [x@1 a=\"b\"]", "a\r\n<0>1 - forged",
                                              "<script>",          "{{id}}",
                                              "\xf0\x9f\x92\xb3",  "\xff",
                                              "\xe2\x80\xae",      "%s%n"};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(hostile); i++) {
                struct cw_sink_request request = CW_SINK_REQUEST_NULL;
                struct record record;
                struct sample sample;

                print_message("  %s\n", hostile[i]);
                sample_init(&sample);
                low(&sample);
                sample.entries[0].card.reference = hostile[i];
                request_of(&over_udp, &sample.notice, &request);
                assert_int_equal(request.n_records, 1);
                take_apart(&request.records[0], &record);
                assert_int_equal(strncmp(record.message, "WARNING low-balance: Card 1 of ", 31), 0);
                assert_non_null(strstr(record.message, " is down to 95.10 USD (floor 100)"));
                cw_sink_request_deinit(&request);
        }
}

static void test_payloads_that_render_did_not_write(void **state)
{
        static const char *const payloads[] = {"",
                                               "x",
                                               "5",
                                               "5 ",
                                               "5 abcd",
                                               "0 ",
                                               "3 abc2 x",
                                               "3 abc ",
                                               "-1 a",
                                               "99999999999999999999999999 a",
                                               "18446744073709551615 a",
                                               "3abc"};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(payloads); i++) {
                struct cw_sink_request request = CW_SINK_REQUEST_NULL;

                print_message("  \"%s\"\n", payloads[i]);
                assert_int_equal(cw_sink_request(&over_udp, "i", payloads[i], strlen(payloads[i]), 0, &request),
                                 -EBADMSG);
        }
}

static void test_targets(void **state)
{
        static const struct {
                const char *target;
                int expected;
                enum cw_wire_kind kind;
                const char *where; /* host or path */
                uint16_t port;
        } cases[] = {
                {"local", 0, CW_WIRE_UNIX, "/dev/log", 0},
                {"unix:/run/log.sock", 0, CW_WIRE_UNIX, "/run/log.sock", 0},
                {"udp://log.example.com", 0, CW_WIRE_UDP, "log.example.com", 514},
                {"udp://127.0.0.1:5514", 0, CW_WIRE_UDP, "127.0.0.1", 5514},
                {"tcp://log.example.com", 0, CW_WIRE_TCP, "log.example.com", 601},
                {"tcp://[::1]", 0, CW_WIRE_TCP, "::1", 601},
                {"tcp://[fe80::1%eth0]:6514", 0, CW_WIRE_TCP, "fe80::1%eth0", 6514},
                {"udp://h:65535", 0, CW_WIRE_UDP, "h", 65535},
                {"tls://log.example.com", 0, CW_WIRE_TLS, "log.example.com", 6514},
                {"tls://[::1]:6515", 0, CW_WIRE_TLS, "::1", 6515},
                {"unix:", -EINVAL, 0, NULL, 0},
                {"unix:relative", -EINVAL, 0, NULL, 0},
                {"udp://", -EINVAL, 0, NULL, 0},
                {"udp://:514", -EINVAL, 0, NULL, 0},
                {"udp://h:", -EINVAL, 0, NULL, 0},
                {"udp://h:0", -EINVAL, 0, NULL, 0},
                {"udp://h:65536", -EINVAL, 0, NULL, 0},
                {"udp://h:5x", -EINVAL, 0, NULL, 0},
                {"udp://h/path", -EINVAL, 0, NULL, 0},
                {"udp://a b", -EINVAL, 0, NULL, 0},
                {"udp://::1", -EINVAL, 0, NULL, 0},
                {"udp://[::1", -EINVAL, 0, NULL, 0},
                {"udp://[]", -EINVAL, 0, NULL, 0},
                {"udp://[::1]514", -EINVAL, 0, NULL, 0},
                {"http://h", -EINVAL, 0, NULL, 0},
                {"LOCAL", -EINVAL, 0, NULL, 0},
                {"", -EINVAL, 0, NULL, 0},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_sink_options options = {.type = CW_SINK_SYSLOG, .target = cases[i].target};
                struct cw_wire_target target = {.port = 7};
                struct cw_buf memory = CW_BUF_NULL;

                print_message("  \"%s\"\n", cases[i].target);
                assert_int_equal(cw_sink_target(&options, &memory, &target), cases[i].expected);
                if (cases[i].expected < 0) {
                        assert_int_equal(target.port, 7);
                } else {
                        assert_int_equal(target.kind, cases[i].kind);
                        assert_string_equal(target.host ? target.host : target.path, cases[i].where);
                        assert_int_equal(target.port, cases[i].port);
                }
                cw_buf_deinit(&memory);
        }
}

static void test_the_target_of_a_file_is_its_path(void **state)
{
        struct cw_sink_options options = {.type = CW_SINK_FILE, .path = "/var/log/x"};
        struct cw_wire_target target = {0};
        struct cw_buf memory = CW_BUF_NULL;

        (void)state;
        assert_int_equal(cw_sink_target(&options, &memory, &target), 0);
        assert_int_equal(target.kind, CW_WIRE_FILE);
        assert_string_equal(target.path, "/var/log/x");
        options.type = CW_SINK_WEBHOOK;
        assert_int_equal(cw_sink_target(&options, &memory, &target), -EINVAL);
        options = (struct cw_sink_options){.type = CW_SINK_FILE, .path = ""};
        assert_int_equal(cw_sink_target(&options, &memory, &target), -EINVAL);
        cw_buf_deinit(&memory);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_records),
                cmocka_unit_test(test_facility_and_app_name),
                cmocka_unit_test(test_every_alert_is_a_record_whatever_is_listed),
                cmocka_unit_test(test_what_is_only_counted_is_a_record),
                cmocka_unit_test(test_a_stream_counts_octets),
                cmocka_unit_test(test_a_datagram_is_cut_between_characters_and_none_is_lost),
                cmocka_unit_test(test_hostile_references_stay_in_the_message),
                cmocka_unit_test(test_payloads_that_render_did_not_write),
                cmocka_unit_test(test_targets),
                cmocka_unit_test(test_the_target_of_a_file_is_its_path),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
