/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a mail is rendered, stored, taken apart again and looked at as the receiver's server would: header by header.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "../../../src/sink/mail_header.h"
#include "../codec/sample_notice.h"
#include "cardwatch/buf.h"
#include "cardwatch/pack.h"
#include "cardwatch/picture.h"
#include "cardwatch/sink.h"

static const char *const recipients[] = {"ops@example.com", "Chief <cfo@acme.example>"};

static const struct cw_sink_options options = {.type = CW_SINK_EMAIL,
                                               .name = "mail",
                                               .smtp = "smtp://127.0.0.1:25",
                                               .username = "u",
                                               .from = "cardwatch@example.com",
                                               .to = recipients,
                                               .n_to = 2,
                                               .starttls = CW_SMTP_STARTTLS_OFF,
                                               .timeout_ms = 15000};

static const char *header_of(const struct cw_sink_request *request, const char *name)
{
        const char *found = NULL;

        for (size_t i = 0; i < request->smtp.n_headers; i++) {
                if (strcmp(request->smtp.headers[i].name, name) != 0)
                        continue;
                assert_null(found);
                found = request->smtp.headers[i].value;
        }
        return found;
}

static void request_of(const struct cw_sink_options *how, const struct cw_notice *notice,
                       struct cw_sink_request *ret_request)
{
        struct cw_buf payload = CW_BUF_NULL;

        assert_int_equal(cw_sink_render(how, notice, &payload), 0);
        assert_int_equal(cw_sink_request(how, "id", payload.data, payload.len, 0, ret_request), 0);
        assert_int_equal(ret_request->transport, CW_TRANSPORT_SMTP);
        memset(payload.data, 'x', payload.len); /* the request owns what it points to */
        cw_buf_deinit(&payload);
}

/* What every header must be, whatever went in. */
static void assert_harmless(const struct cw_sink_request *request)
{
        for (size_t i = 0; i < request->smtp.n_headers; i++) {
                const char *value = request->smtp.headers[i].value;

                assert_true(strlen(request->smtp.headers[i].name) + 2 + strlen(value) <= 998);
                for (; *value; value++)
                        assert_true(*value >= 0x20 && *value < 0x7f);
        }
}

static void test_a_mail_is_whole(void **state)
{
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        request_of(&options, &sample.notice, &request);
        assert_string_equal(request.smtp.url, "smtp://127.0.0.1:25");
        assert_int_equal(request.smtp.starttls, CW_SMTP_STARTTLS_OFF);
        assert_string_equal(request.smtp.username, "u");
        assert_string_equal(request.smtp.from, "cardwatch@example.com");
        assert_int_equal(request.smtp.n_to, 2);
        assert_string_equal(request.smtp.to[0], "ops@example.com");
        assert_string_equal(request.smtp.to[1], "cfo@acme.example");
        assert_int_equal(request.smtp.timeout_ms, 15000);
        assert_int_equal(strncmp(request.smtp.text, "WARNING \u00b7 low-balance", 22), 0);
        assert_int_equal(strncmp(request.smtp.html, "<!DOCTYPE html>", 15), 0);

        assert_string_equal(header_of(&request, "From"), "cardwatch@example.com");
        assert_string_equal(header_of(&request, "To"), "ops@example.com, \"Chief\" <cfo@acme.example>");
        assert_string_equal(header_of(&request, "Subject"), "[WARNING] low-balance: card 1 of acme-1");
        assert_string_equal(header_of(&request, "Date"), "Sun, 22 Nov 2026 08:00:00 +0000");
        assert_string_equal(header_of(&request, "Auto-Submitted"), "auto-generated");
        assert_string_equal(header_of(&request, "List-Id"), "<mail.cardwatch.example.com>");
        assert_string_equal(header_of(&request, "X-Cardwatch-Id"), "0123456789abcdef0123456789abcdef");
        assert_harmless(&request);
        cw_sink_request_deinit(&request);
}

static const char *const acme[] = {"cfo@acme.example", "Treasury <money@acme.example>"};
static const char *const other[] = {"other@example.org"};
static const struct cw_sink_customer customers[] = {{11057, acme, 2}, {11060, other, 1}};

static struct cw_sink_options telling_customers(void)
{
        struct cw_sink_options how = options;

        how.to = NULL;
        how.n_to = 0;
        how.customers = customers;
        how.n_customers = 2;
        return how;
}

static void test_a_customer_hears_of_its_cards_and_of_nothing_else(void **state)
{
        static const char *const inside[] = {"ops@example.com", "cardwatch a", "rule:", "noc@example.com"};
        struct cw_sink_options how = telling_customers();
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)))->acknowledged_by = "noc@example.com";
        sample_add(&sample, sample_entry(2, "7711", USD(96, 10), USD(130, 0)));
        sample.notice.n_listed = 1;
        sample.notice.tallies = &(struct cw_tally){.rule = "low-balance", .currency = "USD", .firing = 1};
        sample.notice.n_tallies = 1;
        request_of(&how, &sample.notice, &request);
        assert_int_equal(request.smtp.n_to, 2);
        assert_string_equal(request.smtp.to[1], "money@acme.example");
        assert_string_equal(header_of(&request, "To"), "cfo@acme.example, \"Treasury\" <money@acme.example>");
        assert_non_null(strstr(request.smtp.text, "95.10 USD"));
        assert_non_null(strstr(request.smtp.text, "and 1 more"));
        for (size_t i = 0; i < CW_ARRAY_SIZE(inside); i++) {
                assert_null(strstr(request.smtp.text, inside[i]));
                assert_null(strstr(request.smtp.html, inside[i]));
        }
        cw_sink_request_deinit(&request);
}

static void test_what_is_not_about_one_customer_goes_to_none(void **state)
{
        static const struct {
                const char *name;
                int64_t second; /* customer of the second card, 0: the daemon's own alert */
                bool baseline;
        } cases[] = {
                {"two customers", 11060, false},
                {"a trouble of the daemon's", 0, false},
                {"a baseline", 11057, true},
        };
        struct cw_sink_options how = telling_customers();
        struct cw_buf payload = CW_BUF_NULL;
        struct sample sample;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                print_message("  %s\n", cases[i].name);
                sample_init(&sample);
                sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
                if (cases[i].second)
                        sample_add(&sample, sample_entry(2, "7711", USD(96, 10), USD(130, 0)))
                                ->card.customer = cases[i].second;
                else
                        sample_add(&sample, sample_builtin());
                sample.notice.baseline = cases[i].baseline;
                assert_int_equal(cw_sink_render(&how, &sample.notice, &payload), -EINVAL);
        }
        sample_init(&sample);
        sample.notice.kind = CW_NOTICE_TEST;
        assert_int_equal(cw_sink_render(&how, &sample.notice, &payload), -EINVAL);
        cw_buf_deinit(&payload);
}

/* A mail that waits goes where the configuration says when it goes. */
static void test_a_customer_who_was_taken_off_gets_nothing_more(void **state)
{
        struct cw_sink_options how = telling_customers();
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        struct cw_buf payload = CW_BUF_NULL;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        assert_int_equal(cw_sink_render(&how, &sample.notice, &payload), 0);
        how.customers = customers + 1;
        how.n_customers = 1;
        assert_int_equal(cw_sink_request(&how, "id", payload.data, payload.len, 0, &request), -EINVAL);
        cw_buf_deinit(&payload);
}

static void test_pictures_hang_on_their_rows(void **state)
{
        const struct cw_picture picture = {UINT64_C(0x9f86d081884c7d64) + 2, "\x89PNG\0more", 9, "from \"1\" to 2"};
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        struct sample sample;
        const char *at;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        sample_add(&sample, sample_entry(2, "7711", USD(96, 10), USD(130, 0)));
        sample.notice.pictures = &picture;
        sample.notice.n_pictures = 1;
        request_of(&options, &sample.notice, &request);
        assert_int_equal(request.smtp.n_pictures, 1);
        assert_int_equal(request.smtp.pictures[0].len, 9);
        assert_memory_equal(request.smtp.pictures[0].png, picture.png, 9);
        assert_string_equal(request.smtp.pictures[0].id, "chart-1.0123456789abcdef0123456789abcdef@cardwatch");
        at = strstr(request.smtp.html, "src=\"cid:chart-1.0123456789abcdef0123456789abcdef@cardwatch\"");
        assert_non_null(at);
        assert_true(at > strstr(request.smtp.html, "7711"));
        assert_non_null(strstr(at, "alt=\"from &quot;1&quot; to 2\""));
        assert_null(strstr(at + 4, "src="));
        cw_sink_request_deinit(&request);
}

/* What an older cardwatch stored is still sent. */
static void test_a_record_without_pictures(void **state)
{
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        struct cw_buf payload = CW_BUF_NULL;

        (void)state;
        cw_pack_string(&payload, "cardwatch-mail");
        cw_pack_u64(&payload, 1);
        cw_pack_u64(&payload, 1);
        cw_pack_string(&payload, "Subject");
        cw_pack_string(&payload, "s");
        cw_pack_string(&payload, "text");
        cw_pack_string(&payload, "html");
        cw_pack_seal(&payload, 0);
        assert_int_equal(cw_sink_request(&options, "id", payload.data, payload.len, 0, &request), 0);
        assert_string_equal(request.smtp.html, "html");
        assert_int_equal(request.smtp.n_pictures, 0);
        cw_sink_request_deinit(&request);
        cw_buf_deinit(&payload);
}

static void test_threads(void **state)
{
        static const struct {
                const char *name;
                bool opens, has_thread;
                const char *message_id, *references;
        } cases[] = {
                {"the first mail is the thread", true, true, "<fedcba9876543210fedcba9876543210@example.com>", NULL},
                {"a later one names it", false, true, "<0123456789abcdef0123456789abcdef@example.com>",
                 "<fedcba9876543210fedcba9876543210@example.com>"},
                {"one without a thread stands alone", false, false, "<0123456789abcdef0123456789abcdef@example.com>",
                 NULL},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_sink_request request = CW_SINK_REQUEST_NULL;
                struct sample sample;

                print_message("  %s\n", cases[i].name);
                sample_init(&sample);
                sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
                sample.notice.opens_thread = cases[i].opens;
                if (!cases[i].has_thread)
                        sample.notice.thread = NULL;
                request_of(&options, &sample.notice, &request);
                assert_string_equal(header_of(&request, "Message-ID"), cases[i].message_id);
                if (cases[i].references) {
                        assert_string_equal(header_of(&request, "References"), cases[i].references);
                        assert_string_equal(header_of(&request, "In-Reply-To"), cases[i].references);
                } else {
                        assert_null(header_of(&request, "References"));
                        assert_null(header_of(&request, "In-Reply-To"));
                }
                cw_sink_request_deinit(&request);
        }
}

static void test_hostile_references_stay_out_of_headers(void **state)
{
        static const char *const hostile[] = {
                "a\r\nBcc: x@y.example", "\"quotes\" <x@y>", "=?UTF-8?Q?forged?=",        "{{id}}",
                "\xf0\x9f\x92\xb3",      "\xff\xfe",         "<script>alert(1)</script>", "\xe2\x80\xae"};

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(hostile) + 1; i++) {
                struct cw_sink_request request = CW_SINK_REQUEST_NULL;
                struct sample sample;
                char longest[10005] = "";

                print_message("  %s\n", i < CW_ARRAY_SIZE(hostile) ? hostile[i] : "10 kB of emoji");
                for (size_t j = 0; j < 10000; j += 4)
                        memcpy(longest + j, "\xf0\x9f\x92\xb3", 5);
                sample_init(&sample);
                sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)))
                        ->card.reference = i < CW_ARRAY_SIZE(hostile) ? hostile[i] : longest;
                request_of(&options, &sample.notice, &request);
                assert_harmless(&request);
                assert_null(header_of(&request, "Bcc"));
                assert_null(strstr(request.smtp.html, "<script"));
                cw_sink_request_deinit(&request);
        }
}

static void test_stored_mails_that_are_none(void **state)
{
        struct cw_buf payload = CW_BUF_NULL;
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        assert_int_equal(cw_sink_render(&options, &sample.notice, &payload), 0);
        print_message("  cut short anywhere\n");
        for (size_t len = 0; len < payload.len; len += 1 + len / 64)
                assert_int_equal(cw_sink_request(&options, "i", payload.data, len, 0, &request), -EBADMSG);
        print_message("  changed anywhere\n");
        for (size_t i = 0; i < payload.len; i += 1 + i / 64) {
                payload.data[i] ^= 1;
                assert_int_equal(cw_sink_request(&options, "i", payload.data, payload.len, 0, &request), -EBADMSG);
                payload.data[i] ^= 1;
        }
        assert_int_equal(cw_sink_request(&options, "i", payload.data, payload.len, 0, &request), 0);
        cw_sink_request_deinit(&request);
        print_message("  another channel's\n");
        assert_int_equal(cw_sink_request(&options, "i", "{}", 2, 0, &request), -EBADMSG);
        cw_buf_deinit(&payload);
}

static void test_the_same_notice_is_the_same_mail(void **state)
{
        struct cw_buf first = CW_BUF_NULL, second = CW_BUF_NULL;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        assert_int_equal(cw_sink_render(&options, &sample.notice, &first), 0);
        assert_int_equal(cw_sink_render(&options, &sample.notice, &second), 0);
        assert_int_equal(first.len, second.len);
        assert_memory_equal(first.data, second.data, first.len);
        cw_buf_deinit(&first);
        cw_buf_deinit(&second);
}

static void test_header_texts(void **state)
{
        static const struct {
                const char *name;
                void (*write)(struct cw_buf *buf, const char *text);
                const char *text, *expected;
        } cases[] = {
                {"ASCII goes as it is", cw_mail_text, "[WARNING] a: b", "[WARNING] a: b"},
                {"other letters are encoded", cw_mail_text,
                 "Gr\xc3\xb6\xc3\x9f"
                 "e",
                 "=?UTF-8?B?R3LDtsOfZQ==?="},
                {"what looks encoded is encoded", cw_mail_text, "=?x?=", "=?UTF-8?B?PT94Pz0=?="},
                {"a line break is encoded", cw_mail_text, "a\r\nb", "=?UTF-8?B?YQ0KYg==?="},
                {"long texts are several words, cut between characters", cw_mail_text,
                 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
                 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
                 "=?UTF-8?B?w6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6Q=?= =?UTF-8?B?w6Q=?="},
                {"a bare address", cw_mail_address, "a@b.example", "a@b.example"},
                {"a name is quoted", cw_mail_address, "Ops, Team <a@b.example>", "\"Ops, Team\" <a@b.example>"},
                {"quotes are not doubled", cw_mail_address, "\"Ops\" <a@b.example>", "\"Ops\" <a@b.example>"},
                {"a quote inside is escaped", cw_mail_address, "O\"ps <a@b.example>", "\"O\\\"ps\" <a@b.example>"},
                {"another script's name is encoded", cw_mail_address,
                 "Gr\xc3\xb6\xc3\x9f"
                 "e <a@b.example>",
                 "=?UTF-8?B?R3LDtsOfZQ==?= <a@b.example>"},
                {"an address has no line breaks", cw_mail_address, "a@b.example\r\nBcc: c@d", "a@b.exampleBcc:c@d"},
                {"the envelope takes the address alone", cw_mail_bare_address, "Ops <a@b.example>", "a@b.example"},
                {"a domain", cw_mail_domain, "Ops <a@b.example>", "b.example"},
                {"no domain", cw_mail_domain, "root", "cardwatch.invalid"},
                {"no address", cw_mail_domain, NULL, "cardwatch.invalid"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf buf = CW_BUF_NULL;

                print_message("  %s\n", cases[i].name);
                cases[i].write(&buf, cases[i].text);
                assert_string_equal(cw_buf_text(&buf), cases[i].expected);
                cw_buf_deinit(&buf);
        }
}

static void test_many_recipients_fit_one_line(void **state)
{
        const char *many[100];
        struct cw_sink_options how = options;
        struct cw_sink_request request = CW_SINK_REQUEST_NULL;
        struct sample sample;

        (void)state;
        for (size_t i = 0; i < 100; i++)
                many[i] = "somebody.with.a.name@example.com";
        how.to = many;
        how.n_to = 100;
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        request_of(&how, &sample.notice, &request);
        assert_harmless(&request);
        assert_int_equal(request.smtp.n_to, 100);
        cw_sink_request_deinit(&request);
}

static void test_dates(void **state)
{
        static const struct {
                int64_t at;
                const char *expected;
        } cases[] = {
                {0, "Thu, 01 Jan 1970 00:00:00 +0000"},
                {SAMPLE_AT, "Sun, 22 Nov 2026 08:00:00 +0000"},
                {INT64_C(1709164800000), "Thu, 29 Feb 2024 00:00:00 +0000"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf buf = CW_BUF_NULL;

                cw_mail_date(&buf, cases[i].at);
                assert_string_equal(cw_buf_text(&buf), cases[i].expected);
                cw_buf_deinit(&buf);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_mail_is_whole),
                cmocka_unit_test(test_a_customer_hears_of_its_cards_and_of_nothing_else),
                cmocka_unit_test(test_what_is_not_about_one_customer_goes_to_none),
                cmocka_unit_test(test_a_customer_who_was_taken_off_gets_nothing_more),
                cmocka_unit_test(test_pictures_hang_on_their_rows),
                cmocka_unit_test(test_a_record_without_pictures),
                cmocka_unit_test(test_threads),
                cmocka_unit_test(test_hostile_references_stay_out_of_headers),
                cmocka_unit_test(test_stored_mails_that_are_none),
                cmocka_unit_test(test_the_same_notice_is_the_same_mail),
                cmocka_unit_test(test_header_texts),
                cmocka_unit_test(test_many_recipients_fit_one_line),
                cmocka_unit_test(test_dates),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
