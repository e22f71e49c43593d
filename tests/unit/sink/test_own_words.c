/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: one hostile alert and a title and a body that quote it, through every channel: what the stored bytes must hold,
 * and what they must not. Then a body that no channel has room for.
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
#include "cardwatch/text.h"

static const char *const recipients[] = {"ops@example.com"};
static const char *const command[] = {"/bin/true"};

struct words {
        struct cw_template *title, *body;
        struct cw_templates *templates;
        struct cw_secret *secret;
        struct cw_sink_options options;
};

static struct cw_template *compile(const char *text)
{
        struct cw_template *template = NULL;
        struct cw_template_error error = {0};

        if (text && cw_template_compile(text, strlen(text), &template, &error) < 0)
                fail_msg("%s", error.message);
        return template;
}

static void words_init(struct words *words, enum cw_sink_type type, const char *title, const char *body)
{
        struct cw_template_error error;

        *words = (struct words){.title = compile(title), .body = compile(body)};
        assert_int_equal(cw_templates_new(&words->templates), 0);
        assert_int_equal(cw_templates_add(words->templates, "who", "{{customer.reference}}", &error), 0);
        assert_int_equal(cw_templates_add(words->templates, "loop", "x{{> loop}}", &error), 0);
        assert_int_equal(cw_secret_new("https://chat.example/x", 22, &words->secret), 0);
        words->options = (struct cw_sink_options){
                .name = "n",
                .type = type,
                .title = words->title,
                .body = words->body,
                .templates = words->templates,
                .url = words->secret,
                .from = "cardwatch@example.com",
                .to = recipients,
                .n_to = 1,
                .target = "local",
                .app_name = "cardwatchd",
                .path = "/x",
                .server = "https://push.example",
                .token = words->secret,
                .user = words->secret,
                .routing_key = words->secret,
                .chat_id = "1",
                .room = "!r:example.com",
                .topic = "t",
                .command = command,
                .n_command = 1,
        };
}

static void words_deinit(struct words *words)
{
        cw_template_free(words->title);
        cw_template_free(words->body);
        cw_templates_free(words->templates);
        cw_secret_free(words->secret);
}

/* A customer's reference that tries everything. */
static void hostile(struct sample *sample)
{
        struct cw_entry entry = sample_entry(1, "1234", USD(95, 10), USD(130, 0));

        entry.card.reference = (char *)"a<b>&\"*x*\n# y";
        sample_init(sample);
        sample_add(sample, entry);
        sample->notice.firing = true;
        sample->notice.n_listed = sample->notice.n_firing = 1;
}

#define BODY "{{#alerts}}who={{> who}}; now={{balances.available}}{{/alerts}}"

static void test_every_channel(void **state)
{
        static const struct {
                const char *name;
                enum cw_sink_type type;
                const char *title, *body;
                const char *holds[3], *holds_not[3];
        } cases[] = {
                {"the webhook's title is that of its JSON",
                 CW_SINK_WEBHOOK,
                 "{{severity}} x",
                 NULL,
                 {"\"title\":\"warning x\"", "\"version\":1"},
                 {"\"title\":\"low-balance"}},
                {"a webhook's body is all of it, as text of JSON",
                 CW_SINK_WEBHOOK,
                 NULL,
                 "{\"t\":\"" BODY "\"}",
                 {"{\"t\":\"who=a\\u003cb>&\\\"*x*\\n# y; now=95.10\"}"},
                 {"version"}},
                {"it sees the title", CW_SINK_WEBHOOK, "T", "{\"t\":\"{{title}}\"}", {"{\"t\":\"T\"}"}, {NULL}},
                {"a line of a file stays one",
                 CW_SINK_FILE,
                 NULL,
                 "{\n\"t\":\"" BODY "\"\n}\n",
                 {"{ \"t\":\"who=a\\u003cb>&\\\"*x*\\n# y; now=95.10\" } \n", NULL},
                 {NULL}},
                {"a command's environment has the JSON still",
                 CW_SINK_EXEC,
                 NULL,
                 "b: " BODY,
                 {"\"version\":1", "}\nb: who=a\\u003cb>"},
                 {NULL}},
                {"a mail's subject and both parts",
                 CW_SINK_EMAIL,
                 "Sub {{severity}}",
                 BODY,
                 {"Sub warning", "who=a<b>&\"*x*\n# y; now=95.10", "who=a&lt;b&gt;&amp;&quot;*x*\n# y; now=95.10"},
                 {"[WARNING]", "WARNING"}},
                {"HTML of one's own leaves the text alone",
                 CW_SINK_EMAIL,
                 NULL,
                 "<p>" BODY "</p>",
                 {"<p>who=a&lt;b&gt;", "WARNING \u00b7 low-balance", "was 130.00"},
                 {"who=a<b>"}},
                {"Slack's three characters",
                 CW_SINK_SLACK,
                 "<{{severity}}>",
                 "*" BODY "*",
                 {"\"text\":\"&lt;warning&gt;\"", "*who=a&lt;b&gt;&amp;\\\"*x*\\n# y; now=95.10*"},
                 {"95.10 USD"}},
                {"Markdown in Discord",
                 CW_SINK_DISCORD,
                 "T",
                 "**" BODY "**",
                 {"\"content\":\"T\"", "**who=a\\\\\\u003cb\\\\>&\\\"\\\\*x\\\\*\\n\\\\# y; now=95.10**"},
                 {"WARNING"}},
                {"Teams knows text only",
                 CW_SINK_TEAMS,
                 "T",
                 BODY,
                 {"\"text\":\"T\"", "\"text\":\"who=a\\u003cb>&\\\"*x*\"", "\"text\":\"# y; now=95.10\""},
                 {"WARNING"}},
                {"Telegram's HTML",
                 CW_SINK_TELEGRAM,
                 "<T>",
                 "<b>" BODY "</b>",
                 {"&lt;T&gt;\\n", "\\u003cb>who=a&lt;b&gt;&amp;&quot;*x*\\n# y; now=95.10\\u003c/b>"},
                 {"WARNING"}},
                {"HTML that is wrong is shown", CW_SINK_TELEGRAM, NULL, "<b>x</i>", {"&lt;b&gt;x&lt;/i&gt;"}, {NULL}},
                {"Matrix, as text and as HTML",
                 CW_SINK_MATRIX,
                 "T",
                 BODY,
                 {"\"body\":\"T\\nwho=a\\u003cb>&\\\"*x*\\n# y", "who=a&lt;b&gt;&amp;&quot;*x*\\u003cbr>\\n# y"},
                 {"WARNING"}},
                {"ntfy", CW_SINK_NTFY, "T", BODY, {"\"title\":\"T\"", "\"message\":\"who=a"}, {"WARNING"}},
                {"gotify", CW_SINK_GOTIFY, "T", BODY, {"\"title\":\"T\"", "\"message\":\"who=a"}, {"WARNING"}},
                {"pushover", CW_SINK_PUSHOVER, "T", BODY, {"title=T&message=who%3Da"}, {"WARNING"}},
                {"an incident's summary and message",
                 CW_SINK_PAGERDUTY,
                 "T {{counts.firing}}",
                 BODY,
                 {"\"summary\":\"T 1\"", "\"message\":\"who=a"},
                 {NULL}},
                {"Alertmanager's annotations",
                 CW_SINK_ALERTMANAGER,
                 "T",
                 BODY,
                 {"\"summary\":\"T\"", "\"description\":\"who=a"},
                 {"floor"}},
                {"both halves of a syslog line",
                 CW_SINK_SYSLOG,
                 "T",
                 BODY,
                 {"\xef\xbb\xbfT: who=a<b>&\"*x* # y; now=95.10"},
                 {"WARNING"}},
                {"one half", CW_SINK_SYSLOG, NULL, "b", {"\xef\xbb\xbfWARNING low-balance: b"}, {"floor 100"}},
                {"a title in lines is one",
                 CW_SINK_EMAIL,
                 "a\r\nBcc: x@y.example\n",
                 NULL,
                 {"a  Bcc: x@y.example"},
                 {"\nBcc", "\rBcc"}},
                {"a title that says nothing is the default",
                 CW_SINK_NTFY,
                 "{{nothing}}",
                 NULL,
                 {"\"title\":\"WARNING"},
                 {NULL}},
                {"a body that says nothing is the default", CW_SINK_NTFY, NULL, "{{nothing}}", {"95.10 USD"}, {NULL}},
                {"a body that never ends is the default", CW_SINK_NTFY, NULL, "{{> loop}}", {"95.10 USD"}, {"xx"}},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf payload = CW_BUF_NULL;
                struct sample sample;
                struct words words;

                print_message("  %s\n", cases[i].name);
                hostile(&sample);
                words_init(&words, cases[i].type, cases[i].title, cases[i].body);
                assert_int_equal(cw_sink_render(&words.options, &sample.notice, &payload), 0);
                for (size_t k = 0; k < 3; k++) {
                        const char *holds = cases[i].holds[k], *holds_not = cases[i].holds_not[k];

                        if (holds && !memmem(payload.data, payload.len, holds, strlen(holds)))
                                fail_msg("no %s in %.*s", holds, (int)payload.len, payload.data);
                        if (holds_not && memmem(payload.data, payload.len, holds_not, strlen(holds_not)))
                                fail_msg("%s is in %.*s", holds_not, (int)payload.len, payload.data);
                }
                cw_buf_deinit(&payload);
                words_deinit(&words);
        }
}

/* What each channel takes at most is in its own file; here it is enough that it is cut there, and whole. */
static void test_what_is_too_long_is_cut(void **state)
{
        static const struct {
                enum cw_sink_type type;
                size_t most; /* bytes of the payload */
                const char *end;
        } cases[] = {
                {CW_SINK_SLACK, 12000, NULL},
                {CW_SINK_DISCORD, 20000, NULL},
                {CW_SINK_TEAMS, 28000, NULL},
                {CW_SINK_TELEGRAM, 20000, "\u2026\\u003c/b>"},
                {CW_SINK_MATRIX, 48000, "\u2026\\u003c/b>"},
                {CW_SINK_NTFY, 8192, NULL},
                {CW_SINK_GOTIFY, 16000, NULL},
                {CW_SINK_PUSHOVER, 20000, NULL},
        };
        struct cw_buf body = CW_BUF_NULL;

        (void)state;
        cw_buf_puts(&body, "<b>");
        for (unsigned i = 0; i < 30000; i++)
                cw_buf_puts(&body, i % 50 == 0 ? "\n" : i % 7 ? "\u00e9" : "&amp;");
        cw_buf_puts(&body, "</b>");
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf payload = CW_BUF_NULL;
                const char *end = cases[i].end;
                struct sample sample;
                struct words words;

                print_message("  %s\n", cw_sink_type_name(cases[i].type));
                hostile(&sample);
                words_init(&words, cases[i].type, NULL, cw_buf_text(&body));
                assert_int_equal(cw_sink_render(&words.options, &sample.notice, &payload), 0);
                assert_in_range(payload.len, 1000, cases[i].most);
                assert_int_equal(cw_text_valid_utf8(payload.data, payload.len), payload.len);
                if (end && !memmem(payload.data, payload.len, end, strlen(end)))
                        fail_msg("no %s in %.*s", end, (int)payload.len, payload.data);
                cw_buf_deinit(&payload);
                words_deinit(&words);
        }
        cw_buf_deinit(&body);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_channel),
                cmocka_unit_test(test_what_is_too_long_is_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
