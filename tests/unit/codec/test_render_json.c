/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the contract's own example as golden text, then each rule of the contract as a case, and hostile texts, which
 * must leave strict JSON behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <json-c/json.h>
#include <stdio.h>

#include "cardwatch/buf.h"
#include "cardwatch/json_out.h"
#include "cardwatch/render.h"
#include "cardwatch/text.h"
#include "sample_notice.h"

static const struct cw_render_options with_url = {.external_url = "https://cardwatch.example.com"};

static const char golden_alert[] =
        "{\"version\":1,\"id\":\"0123456789abcdef0123456789abcdef\",\"kind\":\"alert\",\"status\":\"firing\","
        "\"notifier\":\"hook\",\"baseline\":false,\"repeat\":0,\"sent_at\":\"2026-11-22T08:00:00.123Z\","
        "\"severity\":\"warning\",\"title\":\"low-balance: card 1 of acme-1\","
        "\"group\":{\"rule\":\"low-balance\",\"customer\":\"11057\"},"
        "\"counts\":{\"firing\":1,\"resolved\":0,\"events\":0,\"listed\":1},\"alerts\":[{"
        "\"fingerprint\":\"9f86d081884c7d65\",\"rule\":\"low-balance\",\"state\":\"firing\",\"severity\":\"warning\","
        "\"previous_severity\":null,\"source\":\"main\",\"labels\":{\"team\":\"treasury\"},"
        "\"customer\":{\"id\":11057,\"reference\":\"acme-1\"},"
        "\"card\":{\"id\":1,\"currency\":\"USD\",\"last4\":\"1234\",\"suppressed\":false},"
        "\"balances\":{\"available\":\"95.10\",\"pending\":\"4.90\",\"total\":\"100.00\"},"
        "\"previous\":{\"available\":\"130.00\",\"pending\":\"0.00\",\"total\":\"130.00\",\"suppressed\":false},"
        "\"value\":{\"fired\":\"95.10\",\"worst\":\"95.10\",\"current\":\"95.10\"},"
        "\"summary\":\"Card 1 of acme-1 is down to 95.10 USD\",\"description\":\"\",\"reason\":\"available < floor\","
        "\"started_at\":\"2026-11-22T08:00:00.123Z\",\"fired_at\":\"2026-11-22T08:00:00.123Z\",\"resolved_at\":null,"
        "\"acknowledged_by\":null,\"flapping\":false,\"folded\":false,\"confirmed\":null,"
        "\"url\":\"https://cardwatch.example.com/#/cards/main/1\",\"fired_this_week\":1,\"empty_at\":null}],"
        "\"url\":\"https://cardwatch.example.com/#/alerts\",\"others\":[]}";

static const char golden_builtin[] =
        "{\"version\":1,\"id\":\"0123456789abcdef0123456789abcdef\",\"kind\":\"alert\",\"status\":\"firing\","
        "\"notifier\":\"hook\",\"baseline\":false,\"repeat\":0,\"sent_at\":\"2026-11-22T08:00:00.123Z\","
        "\"severity\":\"critical\",\"title\":\"source-down: The card API of main cannot be read\","
        "\"group\":{},\"counts\":{\"firing\":1,\"resolved\":0,\"events\":0,\"listed\":1},\"alerts\":[{"
        "\"fingerprint\":\"0000000000000007\",\"rule\":\"source-down\",\"state\":\"firing\",\"severity\":\"critical\","
        "\"previous_severity\":null,\"source\":\"main\",\"labels\":{},\"customer\":null,\"card\":null,\"balances\":"
        "null,"
        "\"previous\":null,\"value\":null,\"summary\":\"The card API of main cannot be read: connection refused.\","
        "\"description\":\"Balances are 14 minutes old. Check first whether the API answers from this machine.\","
        "\"reason\":\"connection refused\",\"started_at\":\"2026-11-22T07:46:00.123Z\","
        "\"fired_at\":\"2026-11-22T08:00:00.123Z\",\"resolved_at\":null,\"acknowledged_by\":null,\"flapping\":false,"
        "\"folded\":false,\"confirmed\":null,\"url\":null,\"fired_this_week\":null,\"empty_at\":null}],\"url\":null,"
        "\"others\":[]}";

static void render(const struct cw_notice *notice, const struct cw_render_options *options, struct cw_buf *buf)
{
        cw_buf_clear(buf);
        assert_int_equal(cw_render_json(notice, options, buf), 0);
}

/* Parses the way the strictest receiver would. */
static struct json_object *parse(const struct cw_buf *buf)
{
        struct json_tokener *tokener = json_tokener_new();
        struct json_object *object;

        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        object = json_tokener_parse_ex(tokener, buf->data, (int)buf->len + 1);
        assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
        assert_non_null(object);
        json_tokener_free(tokener);
        assert_int_equal(cw_text_valid_utf8(buf->data, buf->len), buf->len);
        for (size_t i = 0; i < buf->len; i++)
                assert_true((unsigned char)buf->data[i] >= 0x20);
        return object;
}

/* The value at a path of names and indices ("alerts.0.summary") as text; NULL for null or nothing. */
static const char *text_at(struct json_object *object, const char *path)
{
        char part[64];
        size_t n;

        for (; *path && object; path += n + (path[n] == '.')) {
                n = strcspn(path, ".");
                snprintf(part, sizeof(part), "%.*s", (int)n, path);
                if (json_object_is_type(object, json_type_array))
                        object = json_object_array_get_idx(object, (size_t)atoi(part));
                else if (!json_object_object_get_ex(object, part, &object))
                        return NULL;
        }
        return object ? json_object_get_string(object) : NULL;
}

static void test_the_contract_is_kept_to_the_byte(void **state)
{
        struct sample sample;
        struct cw_buf buf = CW_BUF_NULL;
        struct cw_entry *entry;

        (void)state;
        sample_init(&sample);
        entry = sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        entry->card.pending = USD(4, 90);
        entry->card.total = USD(100, 0);
        render(&sample.notice, &with_url, &buf);
        assert_string_equal(cw_buf_text(&buf), golden_alert);
        json_object_put(parse(&buf));

        print_message("  a built-in alert names no card\n");
        sample_init(&sample);
        sample_add(&sample, sample_builtin());
        sample.notice.severity = CW_SEVERITY_CRITICAL;
        sample.notice.n_group = 0;
        render(&sample.notice, NULL, &buf);
        assert_string_equal(cw_buf_text(&buf), golden_builtin);
        cw_buf_deinit(&buf);
}

struct json_case {
        const char *name;
        void (*arrange)(struct sample *sample);
        const char *path, *expected; /* NULL: null */
};

static void nothing(struct sample *sample)
{
        (void)sample;
}

static void first_observation(struct sample *sample)
{
        sample->entries[0].has_previous = false;
}

static void no_reference(struct sample *sample)
{
        sample->entries[0].card.reference = NULL;
        sample->entries[0].card.last4[0] = '\0';
}

static void yen(struct sample *sample)
{
        strcpy(sample->entries[0].card.currency, "JPY");
        sample->entries[0].card.available = sample->entries[0].current.amount = -1234567 * CW_AMOUNT_UNIT;
        sample->entries[0].worst.amount = sample->entries[0].current.amount;
}

static void dinar(struct sample *sample)
{
        strcpy(sample->entries[0].card.currency, "BHD");
        sample->entries[0].card.available = 1500001;
}

static void unknown_value(struct sample *sample)
{
        sample->entries[0].fired.known = sample->entries[0].worst.known = sample->entries[0].current.known = false;
}

static void half_known_value(struct sample *sample)
{
        unknown_value(sample);
        sample->entries[0].current.known = true;
}

static void resolved(struct sample *sample)
{
        sample->entries[0] = sample_resolved(sample->entries[0], USD(12, 0), USD(130, 0));
        sample->notice.firing = false;
}

static void resolved_and_folded(struct sample *sample)
{
        resolved(sample);
        sample->items[0].folded = true;
}

static void suppressed_away(struct sample *sample)
{
        resolved(sample);
        sample->entries[0].reason = "card suppressed";
}

static void event(struct sample *sample)
{
        sample->notice.kind = CW_NOTICE_EVENT;
        sample->entries[0].state = CW_ENTRY_EVENT;
        sample->entries[0].reason = "changed(suppressed)";
        sample->entries[0].card.suppressed = true;
}

static void test_message(struct sample *sample)
{
        sample->notice.kind = CW_NOTICE_TEST;
        sample->notice.n_items = sample->notice.n_listed = 0;
}

static void change_of_severity(struct sample *sample)
{
        sample->items[0].previous_severity = CW_SEVERITY_INFO;
}

static void confirmed(struct sample *sample)
{
        sample->entries[0].confirmed = 1;
        sample->entries[0].flapping = true;
        sample->entries[0].acknowledged_by = "ops";
}

static void refuted(struct sample *sample)
{
        sample->entries[0].confirmed = 0;
}

static void fell_where_high_is_worse(struct sample *sample)
{
        sample->entries[0].worst.amount = USD(130, 0);
}

static void still_where_high_is_worse(struct sample *sample)
{
        fell_where_high_is_worse(sample);
        sample->entries[0].previous.available = USD(95, 10);
}

static void still(struct sample *sample)
{
        sample->entries[0].previous.available = USD(95, 10);
}

static void just_deactivated(struct sample *sample)
{
        sample->entries[0].reason = "suppressed and available > 0";
        sample->entries[0].card.suppressed = true;
}

static void deactivated_long_ago(struct sample *sample)
{
        just_deactivated(sample);
        sample->entries[0].previous.suppressed = true;
}

static void deactivated_and_low(struct sample *sample)
{
        sample->entries[0].card.suppressed = sample->entries[0].previous.suppressed = true;
}

static void resolved_where_it_was(struct sample *sample)
{
        sample->entries[0] = sample_resolved(sample->entries[0], USD(95, 10), USD(95, 10));
        sample->notice.firing = false;
}

static void folded_where_it_was(struct sample *sample)
{
        resolved_where_it_was(sample);
        sample->items[0].folded = true;
}

static void active_again(struct sample *sample)
{
        resolved_where_it_was(sample);
        sample->entries[0].previous.suppressed = true;
        sample->entries[0].worst.known = sample->entries[0].current.known = false;
}

static void resolved_without_value(struct sample *sample)
{
        resolved(sample);
        sample->entries[0].worst.known = sample->entries[0].current.known = false;
}

static void appeared(struct sample *sample)
{
        event(sample);
        sample->entries[0].card.suppressed = false;
        sample->entries[0].reason = "appeared";
        sample->entries[0].has_previous = false;
}

static void disappeared(struct sample *sample)
{
        appeared(sample);
        sample->entries[0].reason = "disappeared";
}

static void pending_rule(struct sample *sample)
{
        sample->entries[0].card.pending = USD(60, 0);
        sample->entries[0].current.amount = sample->entries[0].fired.amount = USD(60, 0);
        sample->entries[0].worst.amount = USD(60, 0);
}

static void templated(struct sample *sample)
{
        sample->entries[0].summary = "{{card.id}} of {{customer.reference}}: {{balances.available}} {{severity}} "
                                     "{{id}} {{counts.firing}} {{group.rule}} {{title}}[{{summary}}{{alerts}}]";
        sample->entries[0].description = "<{{source}}>";
}

static void broken_template(struct sample *sample)
{
        sample->entries[0].summary = sample->entries[0].description = "{{#a}}";
}

static void tallies(struct sample *sample)
{
        static const struct cw_tally others[] = {{"low-balance", "USD", 280, 3, 0}, {"stale", "", 1, 0, 0}};

        sample->notice.tallies = others;
        sample->notice.n_tallies = 2;
        sample->notice.n_listed = 0;
}

static void doubled_labels(struct sample *sample)
{
        static const struct cw_label labels[] = {{(char *)"a", (char *)"1"}, {(char *)"a", (char *)"2"}};
        static const struct cw_group_value group[] = {{"rule", "x"}, {"rule", "y"}};

        sample->entries[0].labels = labels;
        sample->entries[0].n_labels = 2;
        sample->notice.group = group;
}

static void prospects(struct sample *sample)
{
        sample->entries[0].fired_this_week = 3;
        sample->entries[0].fall.until_at = SAMPLE_AT;
        sample->entries[0].empty_at = SAMPLE_AT + 9 * INT64_C(3600000);
}

static const struct json_case json_cases[] = {
        {"without external_url there is no url", nothing, "alerts.0.url", NULL},
        {"a first observation has no previous", first_observation, "alerts.0.previous", NULL},
        {"a first observation is at, not down to", first_observation, "alerts.0.summary",
         "Card 1 of acme-1 is at 95.10 USD"},
        {"a missing reference is null", no_reference, "alerts.0.customer.reference", NULL},
        {"a missing number is null", no_reference, "alerts.0.card.last4", NULL},
        {"without a reference the customer's number says who", no_reference, "title",
         "low-balance: card 1 of customer 11057"},
        {"yen have no minor digits", yen, "alerts.0.balances.available", "-1234567"},
        {"people's numbers are grouped and have a real minus", yen, "alerts.0.summary",
         "Card 1 of acme-1 is down to \xe2\x88\x92"
         "1,234,567 JPY"},
        {"digits beyond the currency's are kept", dinar, "alerts.0.balances.available", "1.500001"},
        {"the currency's digits are the least", dinar, "alerts.0.balances.pending", "0.000"},
        {"no value is null", unknown_value, "alerts.0.value", NULL},
        {"an unknown part of a value is null", half_known_value, "alerts.0.value.fired", NULL},
        {"a known part stands beside it", half_known_value, "alerts.0.value.current", "95.10"},
        {"resolved is resolved", resolved, "status", "resolved"},
        {"a resolution says when", resolved, "alerts.0.resolved_at", "2026-11-22T10:05:00.123Z"},
        {"a resolution says where it is now", resolved, "alerts.0.summary", "Card 1 of acme-1 is back at 130.00 USD"},
        {"a folded one says both", resolved_and_folded, "alerts.0.summary",
         "Card 1 of acme-1 was down to 12.00 USD and is back at 130.00 USD"},
        {"a folded one is marked", resolved_and_folded, "alerts.0.folded", "true"},
        {"an end without recovery does not claim one", suppressed_away, "alerts.0.summary",
         "Card 1 of acme-1: no longer watched for this (card suppressed), at 130.00 USD"},
        {"an event's status is its kind", event, "status", "event"},
        {"an event's entry is an event", event, "alerts.0.state", "event"},
        {"a deactivation is said in words", event, "alerts.0.summary",
         "Card 1 of acme-1 was deactivated, at 95.10 USD"},
        {"a test is a test", test_message, "status", "test"},
        {"a test says TEST", test_message, "title", "TEST: test message"},
        {"a change of severity names the one before", change_of_severity, "alerts.0.previous_severity", "info"},
        {"confirmed can be true", confirmed, "alerts.0.confirmed", "true"},
        {"confirmed can be false", refuted, "alerts.0.confirmed", "false"},
        {"confirmed can be unknown", nothing, "alerts.0.confirmed", NULL},
        {"flapping is said", confirmed, "alerts.0.flapping", "true"},
        {"who acknowledged is said", confirmed, "alerts.0.acknowledged_by", "ops"},
        {"how often it fired lately is said", prospects, "alerts.0.fired_this_week", "3"},
        {"when the card will be empty too", prospects, "alerts.0.empty_at", "2026-11-22T17:00:00.123Z"},
        {"another value than available is named", pending_rule, "alerts.0.summary",
         "Card 1 of acme-1: pending is up to 60.00 USD"},
        {"what fell is not up, whatever its rule calls worse", fell_where_high_is_worse, "alerts.0.summary",
         "Card 1 of acme-1 is down to 95.10 USD"},
        {"what has not moved is at, neither up nor down", still, "alerts.0.summary",
         "Card 1 of acme-1 is at 95.10 USD"},
        {"nor is it up where that is worse", still_where_high_is_worse, "alerts.0.summary",
         "Card 1 of acme-1 is at 95.10 USD"},
        {"what fires because of a deactivation says so", just_deactivated, "alerts.0.summary",
         "Card 1 of acme-1 was deactivated, at 95.10 USD"},
        {"also long after it", deactivated_long_ago, "alerts.0.summary",
         "Card 1 of acme-1 is deactivated, at 95.10 USD"},
        {"a deactivated card whose balance the rule is about", deactivated_and_low, "alerts.0.summary",
         "Card 1 of acme-1 is down to 95.10 USD"},
        {"it is over when the card is active again", active_again, "alerts.0.summary",
         "Card 1 of acme-1 was activated again, at 95.10 USD"},
        {"what never moved is not back", resolved_where_it_was, "alerts.0.summary", "Card 1 of acme-1 is at 95.10 USD"},
        {"not even when nobody was told", folded_where_it_was, "alerts.0.summary", "Card 1 of acme-1 is at 95.10 USD"},
        {"nor is what has no worst", resolved_without_value, "alerts.0.summary", "Card 1 of acme-1 is at 130.00 USD"},
        {"a card that appeared", appeared, "alerts.0.summary", "Card 1 of acme-1 appeared, at 95.10 USD"},
        {"a card that disappeared was seen before", disappeared, "alerts.0.summary",
         "Card 1 of acme-1 disappeared, last seen at 95.10 USD"},
        {"a template sees the entry first, then the message", templated, "alerts.0.summary",
         "1 of acme-1: 95.10 warning 0123456789abcdef0123456789abcdef 1 low-balance low-balance: card 1 of acme-1[]"},
        {"a description is a template too", templated, "alerts.0.description", "<main>"},
        {"a broken template gives the default words", broken_template, "alerts.0.summary",
         "Card 1 of acme-1 is down to 95.10 USD"},
        {"a broken description gives none", broken_template, "alerts.0.description", ""},
        {"what is not listed is counted", tallies, "others.0.firing", "280"},
        {"by rule and currency", tallies, "others.1.rule", "stale"},
        {"counts say how many are listed", tallies, "counts.listed", "0"},
        {"and none is listed then", tallies, "alerts", "[ ]"},
        {"a name that comes twice is written once", doubled_labels, "alerts.0.labels", "{ \"a\": \"1\" }"},
        {"in a group too", doubled_labels, "group", "{ \"rule\": \"x\" }"},
};

static void test_members(void **state)
{
        struct cw_buf buf = CW_BUF_NULL;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(json_cases); i++) {
                const struct json_case *c = &json_cases[i];
                struct json_object *object;
                struct sample sample;
                const char *found;

                print_message("  %s\n", c->name);
                sample_init(&sample);
                sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
                c->arrange(&sample);
                render(&sample.notice, NULL, &buf);
                object = parse(&buf);
                found = text_at(object, c->path);
                if (c->expected) {
                        assert_non_null(found);
                        assert_string_equal(found, c->expected);
                } else {
                        assert_null(found);
                }
                json_object_put(object);
        }
        cw_buf_deinit(&buf);
}

static void test_writer_escapes(void **state)
{
        static const struct {
                const char *name, *text, *expected;
        } cases[] = {
                {"quotes and backslashes", "a\"b\\c", "\"a\\\"b\\\\c\""},
                {"the short escapes", "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
                {"other controls", "\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\""},
                {"a closing script tag", "</script>", "\"\\u003c/script>\""},
                {"an opening tag and a comment", "<b><!--", "\"\\u003cb>\\u003c!--\""},
                {"less than in a condition stays readable", "a < b <= c<1", "\"a < b <= c<1\""},
                {"line separators", "\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\""},
                {"an emoji stays itself", "\xf0\x9f\x92\xb3", "\"\xf0\x9f\x92\xb3\""},
                {"a byte that is no character",
                 "a\xff"
                 "b",
                 "\"a\xef\xbf\xbd"
                 "b\""},
                {"a character cut short", "a\xe2\x82", "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
                {"a surrogate", "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
                {"an overlong slash", "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
                {"nothing", "", "\"\""},
                {"null", NULL, "null"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf buf = CW_BUF_NULL;
                struct cw_json_out out = {.buf = &buf};

                print_message("  %s\n", cases[i].name);
                cw_json_out_string(&out, NULL, cases[i].text);
                assert_string_equal(cw_buf_text(&buf), cases[i].expected);
                cw_buf_clear(&buf);
                if (cases[i].text) {
                        char expected[100];

                        out.comma = false;
                        cw_json_out_int(&out, cases[i].text, INT64_MIN);
                        cw_json_out_string(&out, cases[i].text, cases[i].text);
                        snprintf(expected, sizeof(expected), "%s:-9223372036854775808,%s:%s", cases[i].expected,
                                 cases[i].expected, cases[i].expected);
                        assert_string_equal(cw_buf_text(&buf), expected);
                }
                cw_buf_deinit(&buf);
        }
}

static void test_hostile_references_stay_data(void **state)
{
        static const char *const hostile[] = {
                "\"},\"x\":{\"",
                "a\r\nb\nc",
                "<script>alert(1)</script>",
                "{{id}}{{{title}}}{{#a}}",
                "\xf0\x9f\x92\xb3\xf0\x9f\x92\xb3",
                "\xff\xfe\x80",
                "\xe2\x80\xae"
                "evil",
                "\\u0000\\",
                "%s%n%x",
        };
        struct cw_buf buf = CW_BUF_NULL;

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(hostile); i++) {
                struct sample sample;
                struct json_object *object;

                print_message("  %s\n", hostile[i]);
                sample_init(&sample);
                sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)))->card.reference = hostile[i];
                sample.entries[0].summary = "{{customer.reference}}";
                render(&sample.notice, NULL, &buf);
                object = parse(&buf);
                if (cw_text_valid_utf8(hostile[i], strlen(hostile[i])) == strlen(hostile[i])) {
                        assert_string_equal(text_at(object, "alerts.0.customer.reference"), hostile[i]);
                        assert_string_equal(text_at(object, "alerts.0.summary"), hostile[i]);
                }
                assert_null(strstr(cw_buf_text(&buf), "</script>"));
                json_object_put(object);
        }
        cw_buf_deinit(&buf);
}

static void test_a_long_reference_is_whole_as_data_and_cut_in_the_title(void **state)
{
        struct sample sample;
        struct cw_buf buf = CW_BUF_NULL;
        struct json_object *object;
        char *longest = malloc(10001);

        (void)state;
        memset(longest, 'x', 10000);
        longest[10000] = '\0';
        sample_init(&sample);
        sample_add(&sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)))->card.reference = longest;
        render(&sample.notice, NULL, &buf);
        object = parse(&buf);
        assert_string_equal(text_at(object, "alerts.0.customer.reference"), longest);
        assert_int_equal(strlen(text_at(object, "title")), strlen("low-balance: card 1 of ") + 80 + 3);
        json_object_put(object);
        cw_buf_deinit(&buf);
        free(longest);
}

static void put_entry(struct sample *sample, const char *rule, int64_t card, int64_t customer,
                      enum cw_entry_state entry_state)
{
        struct cw_entry entry = sample_entry(card, "1234", USD(95, 10), USD(130, 0));

        entry.rule = rule;
        entry.card.customer = customer;
        entry.state = entry_state;
        sample_add(sample, entry);
}

static void test_titles(void **state)
{
        static const struct {
                const char *name, *title;
                struct {
                        const char *rule;
                        int64_t card, customer;
                        enum cw_entry_state state;
                } entries[4];
                bool baseline;
                uint32_t repeat;
                enum cw_notice_kind kind;
        } cases[] = {
                {"one card is named",
                 "low-balance: card 4 of acme-1",
                 {{"low-balance", 4, 1, CW_ENTRY_FIRING}},
                 .kind = CW_NOTICE_ALERT},
                {"cards of one customer are counted",
                 "low-balance: 3 cards of acme-1",
                 {{"low-balance", 1, 1, 0}, {"low-balance", 2, 1, 0}, {"low-balance", 3, 1, 0}},
                 .kind = CW_NOTICE_ALERT},
                {"customers are counted",
                 "low-balance: 2 cards of 2 customers",
                 {{"low-balance", 1, 1, 0}, {"low-balance", 2, 2, 0}},
                 .kind = CW_NOTICE_ALERT},
                {"one card under two rules is one card",
                 "low-balance and ladder: card 1 of acme-1",
                 {{"low-balance", 1, 1, 0}, {"ladder", 1, 1, 0}},
                 .kind = CW_NOTICE_ALERT},
                {"many rules are counted",
                 "3 rules: 2 cards of acme-1",
                 {{"low-balance", 1, 1, 0}, {"ladder", 1, 1, 0}, {"debt", 2, 1, 0}},
                 .kind = CW_NOTICE_ALERT},
                {"what resolved is said beside what fires",
                 "low-balance: 2 cards of acme-1 (1 resolved)",
                 {{"low-balance", 1, 1, 0}, {"low-balance", 2, 1, CW_ENTRY_RESOLVED}},
                 .kind = CW_NOTICE_ALERT},
                {"a baseline says so",
                 "low-balance: card 4 of acme-1 (baseline)",
                 {{"low-balance", 4, 1, 0}},
                 .baseline = true},
                {"a repeat says so", "low-balance: card 4 of acme-1 (repeat)", {{"low-balance", 4, 1, 0}}, .repeat = 2},
                {"a test says so",
                 "TEST: low-balance: card 4 of acme-1",
                 {{"low-balance", 4, 1, 0}},
                 .kind = CW_NOTICE_TEST},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf buf = CW_BUF_NULL;
                struct sample sample;

                print_message("  %s\n", cases[i].name);
                sample_init(&sample);
                for (size_t j = 0; j < 4 && cases[i].entries[j].rule; j++)
                        put_entry(&sample, cases[i].entries[j].rule, cases[i].entries[j].card,
                                  cases[i].entries[j].customer, cases[i].entries[j].state);
                sample.notice.baseline = cases[i].baseline;
                sample.notice.repeat = cases[i].repeat;
                sample.notice.kind = cases[i].kind;
                assert_int_equal(cw_render_title(&sample.notice, NULL, &buf), 0);
                assert_string_equal(cw_buf_text(&buf), cases[i].title);
                cw_buf_deinit(&buf);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_contract_is_kept_to_the_byte),
                cmocka_unit_test(test_members),
                cmocka_unit_test(test_writer_escapes),
                cmocka_unit_test(test_hostile_references_stay_data),
                cmocka_unit_test(test_a_long_reference_is_whole_as_data_and_cut_in_the_title),
                cmocka_unit_test(test_titles),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
