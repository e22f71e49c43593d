/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: every channel gets every message, with every reference that ever did harm; its receiver reads it strictly, and
 * what it shows must say whose it is, letter by letter, and count every alert.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../codec/sample_notice.h"
#include "cardwatch/render.h"
#include "cardwatch/secret.h"
#include "receivers.h"

enum { STORM = 20000, LONG = 10 * 1024 };

static char long_text[LONG + 1];

/* What nobody may see act. */
static const char *const references[] = {
        "acme-1",
        "*_~[x](http://evil.example)",
        "@everyone @here <@&1> <!channel> <#C1>",
        "</b><script>alert(1)</script><a href=\"http://evil.example\">x</a> &amp; &",
        "`code` ```block``` ||hidden|| :smile: # head > quote - item\n1. one",
        "{{DATE(2017-02-14T06:08:39Z,SHORT)}} {{card.id}} ${x}",
        "\"},{\"a\": \\ \\\\",
        "http://evil.example www.evil.example evil@example.com",
        "\u202eabc\u2066\x01\x7f",
        "\U0001f4b3\U0001f4b3\u0645\u0631",
        "a=b&c=d%20+e?f#g",
        "\xff\xfe\xc3",
        long_text, /* see fill_long */
};

static void fill_long(char c)
{
        memset(long_text, c, LONG);
}

static struct cw_secret *secret_of(const char *text)
{
        struct cw_secret *secret = NULL;

        assert_int_equal(cw_secret_new(text, strlen(text), &secret), 0);
        return secret;
}

struct told {
        const char *name;
        const struct cw_notice *notice;
        size_t n_cards; /* whose rows or counts must be there */
};

static void show(const struct receiver *receiver, const struct cw_notice *notice, struct cw_buf *shown)
{
        struct cw_secret *url = receiver->url ? secret_of(receiver->url) : NULL;
        struct cw_sink_options options = {.name = "n",
                                          .type = receiver->type,
                                          .external_url = SITE,
                                          .url = url,
                                          .server = "https://push.example",
                                          .chat_id = "-1001",
                                          .topic = "cards",
                                          .room = "!r:example"};
        struct cw_buf payload = CW_BUF_NULL;

        assert_int_equal(cw_sink_render(&options, notice, &payload), 0);
        receiver->read(&payload, shown);
        drop_marks(shown);
        cw_buf_deinit(&payload);
        cw_secret_free(url);
}

/* What is written out begins with its mark; what is not, is counted. */
static size_t counted(const char *shown)
{
        const char *others = strstr(shown, " more, not listed here:");
        size_t n = 0;

        for (const char *at = shown; (at = strstr(at, "\u00b7\u00b7\u00b7\u00b7")); at++)
                n++;
        if (!others)
                others = strstr(shown, ", not listed here:");
        while (others && others > shown && others[-1] >= '0' && others[-1] <= '9')
                others--;
        return n + (others ? strtoul(others, NULL, 10) : 0);
}

static void expect_told(const struct receiver *receiver, const struct told *told, const char *reference)
{
        struct cw_buf shown = CW_BUF_NULL, visible = CW_BUF_NULL;

        show(receiver, told->notice, &shown);
        if (told->n_cards > 0) {
                cw_render_visible(&visible, reference, 80);
                if (!strstr(cw_buf_text(&shown), cw_buf_text(&visible)))
                        fail_msg("%s: %s does not name %s:\n%s", receiver->name, told->name, visible.data, shown.data);
                if (counted(shown.data) != told->n_cards)
                        fail_msg("%s: %s tells of %zu of %zu:\n%s", receiver->name, told->name, counted(shown.data),
                                 told->n_cards, shown.data);
        }
        cw_buf_deinit(&visible);
        cw_buf_deinit(&shown);
}

static void expect_everywhere(const struct told *told, const char *reference)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(receivers); i++)
                expect_told(&receivers[i], told, reference);
}

static struct cw_entry entry_of(int64_t card, const char *reference)
{
        struct cw_entry entry = sample_entry(card, "1234", USD(95, 10), USD(130, 0));

        entry.card.reference = (char *)reference;
        return entry;
}

static void test_one_card(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(references); i++) {
                struct sample sample;

                fill_long("*&<@\xf0"[i % 4]);
                print_message("  %.60s\n",
                              i + 1 == CW_ARRAY_SIZE(references) ? "ten thousand of the same" : references[i]);
                sample_init(&sample);
                sample_add(&sample, entry_of(1, references[i]));
                expect_everywhere(&(struct told){"a firing", &sample.notice, 1}, references[i]);
                sample.notice.baseline = true;
                expect_everywhere(&(struct told){"a baseline", &sample.notice, 1}, references[i]);
                sample.notice.baseline = false;
                sample.notice.repeat = 3;
                expect_everywhere(&(struct told){"a repeat", &sample.notice, 1}, references[i]);

                sample_init(&sample);
                sample_add(&sample, sample_resolved(entry_of(1, references[i]), USD(1, 0), USD(200, 0)));
                expect_everywhere(&(struct told){"a resolution", &sample.notice, 1}, references[i]);

                sample_init(&sample);
                sample_add(&sample, entry_of(1, references[i]))->state = CW_ENTRY_EVENT;
                sample.notice.kind = CW_NOTICE_EVENT;
                expect_everywhere(&(struct told){"an event", &sample.notice, 1}, references[i]);
        }
}

/* Everything that comes from outside at once, as long as it can be. */
static void test_all_texts(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(references); i++) {
                struct sample sample;

                fill_long("*&<"[i % 3]);
                sample_init(&sample);
                for (int64_t card = 1; card <= 8; card++) {
                        struct cw_entry entry = entry_of(card, references[i]);

                        entry.reason = entry.summary = entry.description = references[i];
                        if (strstr(references[i], "{{"))
                                entry.summary = entry.description = "x";
                        entry.rule = card % 2 ? references[i] : "low-balance";
                        entry.limit_label = entry.limit_text = entry.acknowledged_by = references[i];
                        if (card > 6)
                                entry = sample_resolved(entry, USD(1, 0), USD(9, 0));
                        sample_add(&sample, entry);
                }
                expect_everywhere(&(struct told){"eight cards", &sample.notice, 8}, references[i]);
        }
}

static void test_what_has_no_card(void **state)
{
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, sample_builtin());
        sample.notice.severity = CW_SEVERITY_CRITICAL;
        for (size_t i = 0; i < CW_ARRAY_SIZE(receivers); i++) {
                struct cw_buf shown = CW_BUF_NULL;

                print_message("  %s\n", receivers[i].name);
                show(&receivers[i], &sample.notice, &shown);
                assert_non_null(strstr(cw_buf_text(&shown), "connection refused"));
                assert_non_null(strstr(cw_buf_text(&shown), "Check first whether"));
                cw_buf_deinit(&shown);
        }
        sample_init(&sample);
        sample.notice.kind = CW_NOTICE_TEST;
        for (size_t i = 0; i < CW_ARRAY_SIZE(receivers); i++) {
                struct cw_buf shown = CW_BUF_NULL;

                show(&receivers[i], &sample.notice, &shown);
                assert_non_null(strstr(cw_buf_text(&shown), "TEST"));
                cw_buf_deinit(&shown);
        }
}

/* The list is as long as it may be, and every alert has as much to say as it may. */
static void test_twenty_thousand(void **state)
{
        static const size_t lists[] = {1, 20, 60, 500};
        static const struct cw_tally tallies[] = {{"low-balance", "USD", 0, 0, 0}};
        struct cw_tally others[1];
        struct cw_item *items = calloc(STORM, sizeof(*items));
        struct cw_entry *entries = calloc(STORM, sizeof(*entries));
        struct sample sample;

        (void)state;
        assert_non_null(items);
        assert_non_null(entries);
        for (size_t k = 0; k < CW_ARRAY_SIZE(lists); k++) {
                for (size_t i = 0; i + 1 < CW_ARRAY_SIZE(references); i++) {
                        sample_init(&sample);
                        for (size_t j = 0; j < STORM; j++) {
                                entries[j] = entry_of((int64_t)j, references[i]);
                                items[j].entry = &entries[j];
                        }
                        memcpy(others, tallies, sizeof(others));
                        others[0].firing = STORM - (uint32_t)lists[k];
                        sample.notice.items = items;
                        sample.notice.n_items = sample.notice.n_firing = STORM;
                        sample.notice.firing = true;
                        sample.notice.n_listed = lists[k];
                        sample.notice.tallies = others;
                        sample.notice.n_tallies = 1;
                        expect_everywhere(&(struct told){"a storm", &sample.notice, STORM}, references[i]);
                        if (i % 4 == 1)
                                break; /* each takes a while */
                }
        }
        free(entries);
        free(items);
}

static void test_bytes_are_stable(void **state)
{
        struct sample sample;

        (void)state;
        sample_init(&sample);
        sample_add(&sample, entry_of(1, "acme-1"));
        for (size_t i = 0; i < CW_ARRAY_SIZE(receivers); i++) {
                struct cw_buf one = CW_BUF_NULL, two = CW_BUF_NULL;

                show(&receivers[i], &sample.notice, &one);
                show(&receivers[i], &sample.notice, &two);
                assert_string_equal(cw_buf_text(&one), cw_buf_text(&two));
                cw_buf_deinit(&one);
                cw_buf_deinit(&two);
        }
}

/* What a person reads first, and that the worst is there before the limit cuts. */
static void test_how_it_reads(void **state)
{
        static const char *const texts[] = {
                [0] = "*WARNING* \u00b7 low-balance \u00b7 card 1 of acme-1\n\u00b7\u00b7\u00b7\u00b71234 (card 1)  "
                      "*95.10 USD*\n"
                      "was 130.00, floor 100\nsince 08:00 \u00b7 rule: available < floor\nAll alerts\n",
                [2] = "WARNING \u00b7 low-balance \u00b7 card 1 of acme-1\n\u00b7\u00b7\u00b7\u00b71234 (card 1)  "
                      "95.10 USD\n"
                      "was 130.00, floor 100\nsince 08:00 \u00b7 rule: available < floor\nAll alerts\n",
                [3] = "WARNING \u00b7 low-balance \u00b7 card 1 of acme-1\n\u00b7\u00b7\u00b7\u00b71234 (card 1)  "
                      "95.10 USD\n"
                      "was 130.00, floor 100\nsince 08:00 \u00b7 rule: available < floor\n",
                [4] = "\U0001f7e0 WARNING \u00b7 low-balance \u00b7 card 1 of acme-1\n\n\u00b7\u00b7\u00b7\u00b71234 "
                      "(card 1)  95.10 USD\n"
                      "was 130.00, floor 100\nsince 08:00 \u00b7 rule: available < floor\nAll alerts\n",
                [6] = "WARNING \u00b7 low-balance \u00b7 card 1 of acme-1\n\u00b7\u00b7\u00b7\u00b71234 (card 1)  "
                      "95.10 USD\n"
                      "was 130.00, floor 100\nsince 08:00 \u00b7 rule: available < floor\n",
        };
        struct sample sample;

        (void)state;
        setenv("TZ", "UTC", 1);
        sample_init(&sample);
        sample_add(&sample, entry_of(1, "acme-1"));
        for (size_t i = 0; i < CW_ARRAY_SIZE(texts); i++) {
                struct cw_buf shown = CW_BUF_NULL;

                if (!texts[i])
                        continue;
                print_message("  %s\n", receivers[i].name);
                show(&receivers[i], &sample.notice, &shown);
                assert_string_equal(cw_buf_text(&shown), texts[i]);
                cw_buf_deinit(&shown);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_how_it_reads),    cmocka_unit_test(test_one_card),
                cmocka_unit_test(test_all_texts),       cmocka_unit_test(test_what_has_no_card),
                cmocka_unit_test(test_twenty_thousand), cmocka_unit_test(test_bytes_are_stable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
