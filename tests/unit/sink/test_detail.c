/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: amounts and a reference that stand nowhere else are looked for in the bytes of every channel; what may not be
 * told must not be there, whatever the message is about and whatever words the rule brings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../codec/sample_notice.h"
#include "cardwatch/buf.h"
#include "cardwatch/secret.h"
#include "cardwatch/sink.h"
#include "cardwatch/template.h"

static const char *const recipients[] = {"ops@example.com"};
static const char *const command[] = {"/bin/true"};

static const char *const amounts[] = {"91.3", "137.5", "113.7", "7.19", "61.1", "98.5", "120.3", "77.7"};
static const char reference[] = "zebra";
static const char *const percentages[] = {"80 %", "86 %", "121 %", "68 %"};

struct story {
        const char *name;
        enum cw_entry_state state;
        bool folded, baseline;
        uint32_t repeat;
        const char *summary, *description, *reason, *limit_label, *limit_text;
};

static const struct story stories[] = {
        {.name = "a firing", .state = CW_ENTRY_FIRING, .limit_label = "floor", .limit_text = "113.77"},
        {.name = "a firing whose rule writes words of its own",
         .state = CW_ENTRY_FIRING,
         .limit_label = "113.77",
         .limit_text = "113.77",
         .summary = "{{balances.available}} of {{customer.reference}} {{reason}}",
         .description = "{{#previous}}{{available}}{{/previous}} {{value.worst}} {{title}} {{description}}"},
        {.name = "words with the whole message in scope",
         .state = CW_ENTRY_FIRING,
         .summary = "{{#balances}}{{total}}{{/balances}}",
         .description = "{{#customer}}{{reference}}{{/customer}}",
         .limit_label = "floor",
         .limit_text = "113.77"},
        {.name = "a measure",
         .state = CW_ENTRY_FIRING,
         .limit_label = "spent(1h) 77.70, limit",
         .limit_text = "113.77"},
        {.name = "a measure of a field over a window",
         .state = CW_ENTRY_FIRING,
         .limit_label = "delta(available, 1h) 77.70, limit",
         .limit_text = "113.77"},
        {.name = "a formula with an amount in it",
         .state = CW_ENTRY_FIRING,
         .limit_label = "available - 91.37 77.70, limit",
         .limit_text = "113.77"},
        {.name = "a formula as the limit",
         .state = CW_ENTRY_FIRING,
         .limit_label = "max(available, 1h) + 77.70",
         .limit_text = "113.77"},
        {.name = "a limit of zero", .state = CW_ENTRY_FIRING, .limit_label = "0", .limit_text = "0.00"},
        {.name = "no limit", .state = CW_ENTRY_FIRING},
        {.name = "a runway", .state = CW_ENTRY_FIRING, .limit_label = "runway(7d) 9h, limit", .limit_text = "2d"},
        {.name = "a reference as the limit",
         .state = CW_ENTRY_FIRING,
         .limit_label = "\"zebra-1\"",
         .limit_text = "zebra-1"},
        {.name = "a repeat", .state = CW_ENTRY_FIRING, .repeat = 3, .limit_label = "floor", .limit_text = "113.77"},
        {.name = "a baseline",
         .state = CW_ENTRY_FIRING,
         .baseline = true,
         .limit_label = "floor",
         .limit_text = "113.77"},
        {.name = "a resolution", .state = CW_ENTRY_RESOLVED, .limit_label = "floor", .limit_text = "113.77"},
        {.name = "a folded one",
         .state = CW_ENTRY_RESOLVED,
         .folded = true,
         .limit_label = "floor",
         .limit_text = "113.77"},
        {.name = "a condition about the reference",
         .state = CW_ENTRY_FIRING,
         .reason = "reference like \"zebra-*\" and (reference != \"a \\\" zebra\" or available < 113.77)",
         .limit_label = "floor",
         .limit_text = "113.77"},
        {.name = "an event", .state = CW_ENTRY_EVENT, .limit_label = "floor", .limit_text = "113.77"},
};

static struct cw_secret *secret_of(const char *text)
{
        struct cw_secret *secret;

        assert_int_equal(cw_secret_new(text, strlen(text), &secret), 0);
        return secret;
}

static void tell(struct sample *sample, const struct story *story)
{
        struct cw_entry *entry;

        sample_init(sample);
        for (int64_t id = 1; id <= 2; id++) {
                entry = sample_add(sample, sample_entry(id, "1234", USD(91, 37), USD(137, 53)));
                entry->state = story->state;
                entry->card.pending = USD(7, 19);
                entry->card.total = USD(98, 56);
                entry->card.reference = "zebra-1";
                entry->worst.amount = USD(61, 17);
                entry->fall = (struct cw_fall){.until_at = SAMPLE_AT, .last = USD(91, 37), .fell = USD(77, 70)};
                entry->empty_at = SAMPLE_AT + 9 * INT64_C(3600000);
                entry->reason = story->state == CW_ENTRY_RESOLVED ? "available >= 120.33" : "available < 113.77 USD";
                if (story->reason)
                        entry->reason = story->reason;
                entry->summary = story->summary;
                entry->description = story->description;
                entry->limit_label = story->limit_label;
                entry->limit_text = story->limit_text;
                entry->resolved_at = story->state == CW_ENTRY_RESOLVED ? SAMPLE_AT + 60000 : 0;
                sample->items[id - 1].folded = story->folded;
        }
        sample->notice.kind = story->state == CW_ENTRY_EVENT ? CW_NOTICE_EVENT : CW_NOTICE_ALERT;
        sample->notice.firing = story->state == CW_ENTRY_FIRING;
        sample->notice.baseline = story->baseline;
        sample->notice.repeat = story->repeat;
}

/* Words of the notifier's own that ask for everything there is. */
static struct cw_template *own_words(void)
{
        static const char text[] = "{{title}} {{#alerts}}{{summary}} {{description}} {{reason}} {{customer.reference}} "
                                   "{{balances.available}} {{previous.available}} {{value.worst}} {{percent.available}}"
                                   "{{/alerts}}";
        struct cw_template *template;
        struct cw_template_error error;

        assert_int_equal(cw_template_compile(text, strlen(text), &template, &error), 0);
        return template;
}

static void render(enum cw_sink_type type, enum cw_detail detail, bool in_own_words, const struct cw_notice *notice,
                   struct cw_buf *buf)
{
        struct cw_template *own = in_own_words ? own_words() : NULL;
        struct cw_secret *secret = secret_of("https://hooks.example.com/services/T/B/x");
        struct cw_sink_options options = {
                .name = "n",
                .type = type,
                .detail = detail,
                .title = own,
                .body = own,
                .timeout_ms = 1000,
                .url = secret,
                .from = "cardwatch@example.com",
                .to = recipients,
                .n_to = 1,
                .smtp = "smtp://127.0.0.1:25",
                .target = "local",
                .app_name = "cardwatchd",
                .path = "/nowhere",
                .server = "http://127.0.0.1",
                .token = secret,
                .user = secret,
                .chat_id = "1",
                .room = "!r:example.com",
                .topic = "t",
                .routing_key = secret,
                .command = command,
                .n_command = 1,
        };

        assert_int_equal(cw_sink_render(&options, notice, buf), 0);
        cw_secret_free(secret);
        cw_template_free(own);
}

static bool holds(const struct cw_buf *buf, const char *text)
{
        return memmem(buf->data, buf->len, text, strlen(text)) != NULL;
}

static void check(enum cw_sink_type type, enum cw_detail detail, bool in_own_words, const struct story *story)
{
        struct cw_buf payload = CW_BUF_NULL;
        struct sample sample;

        tell(&sample, story);
        render(type, detail, in_own_words, &sample.notice, &payload);
        for (size_t i = 0; i < CW_ARRAY_SIZE(amounts); i++)
                if (holds(&payload, amounts[i]))
                        fail_msg("%s: %s in %.*s", cw_sink_type_name(type), amounts[i], (int)payload.len, payload.data);
        for (size_t i = 0; detail == CW_DETAIL_NONE && i < CW_ARRAY_SIZE(percentages); i++)
                if (holds(&payload, percentages[i]))
                        fail_msg("%s: %s in %.*s", cw_sink_type_name(type), percentages[i], (int)payload.len,
                                 payload.data);
        if (detail == CW_DETAIL_NONE && holds(&payload, reference))
                fail_msg("%s: %s in %.*s", cw_sink_type_name(type), reference, (int)payload.len, payload.data);
        cw_buf_deinit(&payload);
}

static void test_what_may_not_be_told_is_nowhere(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(stories); i++) {
                print_message("  %s\n", stories[i].name);
                for (unsigned type = 0; type < CW_SINK_TYPE_COUNT; type++) {
                        for (unsigned own = 0; own < 2; own++) {
                                check((enum cw_sink_type)type, CW_DETAIL_BAND, own, &stories[i]);
                                check((enum cw_sink_type)type, CW_DETAIL_NONE, own, &stories[i]);
                        }
                }
        }
}

static const struct story *story_of(const char *name)
{
        for (size_t i = 0; name && i < CW_ARRAY_SIZE(stories); i++)
                if (strcmp(stories[i].name, name) == 0)
                        return &stories[i];
        assert_null(name);
        return &stories[0];
}

/* The test above would hold for an empty message, too. */
static void test_what_may_be_told_is_there(void **state)
{
        static const struct {
                const char *name;
                enum cw_sink_type type;
                enum cw_detail detail;
                const char *text;
                const char *story; /* NULL: a firing */
        } cases[] = {
                {"everything, where nothing is said", CW_SINK_TELEGRAM, CW_DETAIL_FULL, "91.37 USD", NULL},
                {"a percentage of the limit", CW_SINK_TELEGRAM, CW_DETAIL_BAND, "80 %", NULL},
                {"and what it is a percentage of", CW_SINK_TELEGRAM, CW_DETAIL_BAND, "floor 100 %", NULL},
                {"whose card it is", CW_SINK_TELEGRAM, CW_DETAIL_BAND, "zebra-1", NULL},
                {"the customer's number", CW_SINK_TELEGRAM, CW_DETAIL_NONE, "customer 11057", NULL},
                {"that it fires", CW_SINK_TELEGRAM, CW_DETAIL_NONE, "firing", NULL},
                {"fields of the body that are null", CW_SINK_WEBHOOK, CW_DETAIL_BAND,
                 "\"balances\":{\"available\":null,\"pending\":null,\"total\":null}", NULL},
                {"percentages in a field of their own", CW_SINK_WEBHOOK, CW_DETAIL_BAND,
                 "\"percent\":{\"available\":80,\"pending\":6,\"total\":86,\"previous\":121,\"fired\":80,\"worst\":53,"
                 "\"current\":80}",
                 NULL},
                {"no reference in the body", CW_SINK_WEBHOOK, CW_DETAIL_NONE,
                 "\"customer\":{\"id\":11057,\"reference\":null}", NULL},
                {"a condition without its numbers", CW_SINK_WEBHOOK, CW_DETAIL_NONE, "available < \u2026 USD", NULL},
                {"a percentage for a log", CW_SINK_SYSLOG, CW_DETAIL_BAND, " percent=\"80\"", NULL},
                {"a percentage for a pager", CW_SINK_PAGERDUTY, CW_DETAIL_BAND, "\"available\":\"80 %\"", NULL},
                {"how much of its limit was measured", CW_SINK_TELEGRAM, CW_DETAIL_BAND,
                 "spent 68 % in 1 h, limit 100 %", "a measure"},
                {"also where it has two arguments", CW_SINK_TELEGRAM, CW_DETAIL_BAND,
                 "changed by 68 % of the limit in 1 h, limit 100 %", "a measure of a field over a window"},
                {"a formula without its numbers", CW_SINK_TELEGRAM, CW_DETAIL_BAND,
                 "available - \u2026 = 68 %, limit 100 %", "a formula with an amount in it"},
                {"a percentage of what a formula gives", CW_SINK_TELEGRAM, CW_DETAIL_BAND, "80 %",
                 "a formula as the limit"},
                {"times are no amounts", CW_SINK_TELEGRAM, CW_DETAIL_NONE,
                 "empty in 9 h at the rate of the last 7 days, limit 2 days", "a runway"},
                {"a condition without its texts", CW_SINK_WEBHOOK, CW_DETAIL_NONE,
                 "reference like \\\"\u2026\\\" and (reference != \\\"\u2026\\\" or available < \u2026)",
                 "a condition about the reference"},
        };
        struct sample sample;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf payload = CW_BUF_NULL;

                tell(&sample, story_of(cases[i].story));
                render(cases[i].type, cases[i].detail, false, &sample.notice, &payload);
                if (!holds(&payload, cases[i].text))
                        fail_msg("%s: no %s in %.*s", cases[i].name, cases[i].text, (int)payload.len, payload.data);
                cw_buf_deinit(&payload);
        }
}

/* How long it lasts says what is left to whoever knows what is spent. */
static void test_when_it_is_empty_goes_with_the_amounts(void **state)
{
        struct story story = {.state = CW_ENTRY_FIRING, .limit_label = "floor", .limit_text = "113.77"};

        (void)state;
        for (unsigned detail = CW_DETAIL_FULL; detail <= CW_DETAIL_NONE; detail++) {
                struct cw_buf payload = CW_BUF_NULL;
                struct sample sample;
                bool told = detail != CW_DETAIL_NONE;

                tell(&sample, &story);
                render(CW_SINK_WEBHOOK, (enum cw_detail)detail, false, &sample.notice, &payload);
                assert_int_equal(holds(&payload, "\"empty_at\":\"2026-11-22T17:00:00.123Z\""), told);
                cw_buf_deinit(&payload);
                render(CW_SINK_TELEGRAM, (enum cw_detail)detail, false, &sample.notice, &payload);
                assert_int_equal(holds(&payload, "empty in about 9 h"), told);
                cw_buf_deinit(&payload);
        }
}

/* A receiver that was told everything may answer with what it was told. */
static void test_what_a_receiver_answers_is_not_passed_on(void **state)
{
        static const enum cw_detail details[] = {CW_DETAIL_BAND, CW_DETAIL_NONE};

        (void)state;
        for (unsigned i = 0; i < 2 * CW_SINK_TYPE_COUNT; i++) {
                enum cw_sink_type type = (enum cw_sink_type)(i / 2);
                struct cw_buf payload = CW_BUF_NULL;
                struct cw_entry *entry;
                struct sample sample;

                sample_init(&sample);
                entry = sample_add(&sample, sample_builtin());
                entry->rule = "notifier-failing";
                entry->reason = "HTTP status 400: cannot parse 91.37 USD of zebra-1";
                entry->summary = "Notifier chat cannot deliver: HTTP status 400: cannot parse 91.37 USD of zebra-1.";
                render(type, details[i % 2], false, &sample.notice, &payload);
                if (!holds(&payload, "cannot deliver: HTTP status 400.") && !holds(&payload, "HTTP+status+400.") &&
                    !holds(&payload, "HTTP%20status%20400."))
                        fail_msg("%s: not said in %.*s", cw_sink_type_name(type), (int)payload.len, payload.data);
                if (holds(&payload, "91.37") || holds(&payload, reference))
                        fail_msg("%s: said in %.*s", cw_sink_type_name(type), (int)payload.len, payload.data);
                cw_buf_deinit(&payload);
        }
}

static void test_our_own_words_about_a_failure_stay(void **state)
{
        static const struct {
                const char *name, *reason, *own;
        } cases[] = {
                {"a status", "HTTP status 503", "HTTP status 503"},
                {"what was answered goes", "HTTP status 400: zebra-1", "HTTP status 400"},
                {"what came of several requests", "2 of 5 refused: HTTP status 400: zebra-1",
                 "2 of 5 refused: HTTP status 400"},
                {"why nobody could be asked", "connect: cannot connect to [::1]:25: Connection refused",
                 "connect: cannot connect to [::1]:25: Connection refused"},
                {"a proxy's status", "connect: the proxy answered 407 instead of connecting to a:443",
                 "connect: the proxy answered 407 instead of connecting to a:443"},
                {"how long it was waited for", "timeout: no answer from a:443 within 15 s",
                 "timeout: no answer from a:443 within 15 s"},
                {"a name that is not known", "resolve: cannot find the host a", "resolve: cannot find the host a"},
                {"what broke", "broken: the connection to a broke", "broken: the connection to a broke"},
                {"what a mail server says goes", "SMTP status 550: a:25 answered 550 zebra-1", "SMTP status 550"},
                {"whatever its status", "other: a:25 answered 600 zebra-1", "other: a:25"},
                {"a command that is not there", "other: the command cannot be run: No such file or directory",
                 "other: the command cannot be run: No such file or directory"},
                {"what a command says goes", "exit status 3: zebra-1", "exit status 3"},
                {"at its end too", "other: the command was ended by signal 9: zebra-1",
                 "other: the command was ended by signal 9"},
                {"or before it was ended", "the command took too long: zebra-1", "the command took too long"},
                {"words that look like ours do not come from us", "HTTP status 400: connect: zebra-1",
                 "HTTP status 400"},
                {"the end of a time", "nothing could be delivered", "nothing could be delivered"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                cw_cleanup(cw_buf_deinit) struct cw_buf summary = CW_BUF_NULL;
                cw_cleanup(cw_buf_deinit) struct cw_buf expected = CW_BUF_NULL;
                struct cw_buf payload = CW_BUF_NULL;
                struct cw_entry *entry;
                struct sample sample;

                print_message("  %s\n", cases[i].name);
                sample_init(&sample);
                entry = sample_add(&sample, sample_builtin());
                cw_buf_printf(&summary, "Notifier chat cannot deliver: %s.", cases[i].reason);
                cw_buf_printf(&expected, "\"summary\":\"Notifier chat cannot deliver: %s.\"", cases[i].own);
                entry->rule = "notifier-failing";
                entry->reason = cases[i].reason;
                entry->summary = cw_buf_text(&summary);
                render(CW_SINK_WEBHOOK, CW_DETAIL_BAND, false, &sample.notice, &payload);
                assert_false(holds(&payload, "zebra"));
                if (!holds(&payload, cw_buf_text(&expected)))
                        fail_msg("no %s in %.*s", cw_buf_text(&expected), (int)payload.len, payload.data);
                cw_buf_clear(&expected);
                cw_buf_printf(&expected, "\"reason\":\"%s\"", cases[i].own);
                assert_true(holds(&payload, cw_buf_text(&expected)));
                cw_buf_deinit(&payload);
        }
}

/* Nothing of it is there to be shown, so it would be words with holes. */
static void test_words_from_elsewhere_are_replaced(void **state)
{
        struct story story = {.state = CW_ENTRY_FIRING, .summary = "own words {{=<% %>=}}<%> line%>"};
        struct cw_buf payload = CW_BUF_NULL;
        struct sample sample;

        (void)state;
        tell(&sample, &story);
        render(CW_SINK_WEBHOOK, CW_DETAIL_NONE, false, &sample.notice, &payload);
        assert_false(holds(&payload, "own words"));
        cw_buf_deinit(&payload);
}

static void test_percentages(void **state)
{
        static const struct {
                const char *name;
                cw_amount amount, limit;
                int64_t percent;
        } cases[] = {
                {"what is exact stays", USD(50, 0), USD(100, 0), 50},
                {"what is just below never reads 100", USD(99, 99), USD(100, 0), 99},
                {"nor does what is just above", USD(100, 1), USD(100, 0), 101},
                {"at the limit", USD(100, 0), USD(100, 0), 100},
                {"overdrawn by a cent", USD(0, -1), USD(100, 0), -1},
                {"a limit below zero", USD(-60, 0), USD(-50, 0), 120},
                {"above a limit below zero", USD(1, 0), USD(-50, 0), -2},
                {"all there is, of a cent", CW_AMOUNT_MAX, USD(0, 1), 999999},
                {"all there is not, of a cent", CW_AMOUNT_MIN, USD(0, 1), -999999},
        };
        int64_t percent;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                print_message("  %s\n", cases[i].name);
                assert_true(cw_disguise_percent(cases[i].amount, cases[i].limit, &percent));
                assert_int_equal(percent, cases[i].percent);
        }
        assert_false(cw_disguise_percent(USD(1, 0), 0, &percent));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_may_not_be_told_is_nowhere),
                cmocka_unit_test(test_what_may_be_told_is_there),
                cmocka_unit_test(test_when_it_is_empty_goes_with_the_amounts),
                cmocka_unit_test(test_our_own_words_about_a_failure_stay),
                cmocka_unit_test(test_what_a_receiver_answers_is_not_passed_on),
                cmocka_unit_test(test_words_from_elsewhere_are_replaced),
                cmocka_unit_test(test_percentages),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
