/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: whole messages as golden text, as a reader would judge them; HTML by what it must and must not hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cardwatch/buf.h"
#include "cardwatch/render.h"
#include "cardwatch/text.h"
#include "sample_notice.h"

#define HOUR   INT64_C(3600000)
#define MINUTE INT64_C(60000)

static void three_cards(struct sample *sample)
{
        sample_add(sample, sample_entry(9, "0042", -USD(3, 20), 0))->card.pending = USD(40, 0);
        sample_add(sample, sample_entry(4, "7711", USD(12, 0), USD(1140, 0)));
        sample_add(sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
}

/* What the design shows. */
static void with_prospects(struct sample *sample)
{
        three_cards(sample);
        sample->notice.sent_at += HOUR / 2;
        for (size_t i = 0; i < 3; i++) {
                sample->entries[i].fired_this_week = 3;
                sample->entries[i].fall.until_at = SAMPLE_AT;
        }
        sample->entries[1].empty_at = SAMPLE_AT + 9 * HOUR;
}

static void with_other_prospects(struct sample *sample)
{
        with_prospects(sample);
        sample->entries[0].fired_this_week = 1;
        sample->entries[1].fired_this_week = CW_ENTRY_FIRED_MOST + 1;
        sample->entries[1].empty_at = SAMPLE_AT + 3 * HOUR; /* not heard of for a sixth of that */
        sample->entries[2].fired_this_week = 11;
        sample->entries[2].empty_at = SAMPLE_AT + 80 * HOUR;
}

static void a_repeat(struct sample *sample)
{
        three_cards(sample);
        sample->notice.repeat = 2;
        sample->notice.sent_at += 29 * HOUR;
}

static void a_baseline(struct sample *sample)
{
        three_cards(sample);
        sample->notice.baseline = true;
        for (size_t i = 0; i < 3; i++)
                sample->entries[i].has_previous = false;
        sample->entries[2].card.customer = 5;
        sample->entries[2].card.reference = NULL;
        sample->entries[2].card.last4[0] = '\0';
}

static void a_resolution(struct sample *sample)
{
        sample_add(sample, sample_resolved(sample_entry(1, "1234", USD(95, 10), USD(130, 0)), USD(12, 5), USD(620, 0)));
        sample->notice.sent_at += 3 * HOUR;
}

static void a_resolution_where_it_was(struct sample *sample)
{
        struct cw_entry *entry = sample_add(
                sample, sample_resolved(sample_entry(1, "1234", USD(95, 10), USD(130, 0)), USD(95, 10), USD(95, 10)));

        entry->reason = CW_REASON_NOT_TRUE;
        sample->notice.sent_at += 3 * HOUR;
}

static void a_suppression(struct sample *sample)
{
        a_resolution_where_it_was(sample);
        sample->entries[0].reason = "card suppressed";
        sample->entries[0].card.suppressed = true;
}

static void several_rules_that_are_over(struct sample *sample)
{
        a_resolution_where_it_was(sample);
        sample_add(sample, sample->entries[0])->rule = "ladder";
}

static void a_moment(struct sample *sample)
{
        a_resolution(sample);
        sample->items[0].folded = true;
        sample->entries[0].resolved_at = SAMPLE_AT + MINUTE / 12;
}

static void less_than_before(struct sample *sample)
{
        struct cw_entry *entry = sample_add(sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));

        entry->reason = "available < previous.available";
        entry->limit_label = "previous.available";
        entry->limit_text = "130.00";
}

static void much_is_pending(struct sample *sample)
{
        struct cw_entry *entry = sample_add(sample, sample_entry(1, "1234", USD(95, 10), USD(95, 10)));

        entry->card.pending = entry->fired.amount = entry->worst.amount = entry->current.amount = USD(60, 0);
        entry->reason = "pending > 50";
        entry->limit_label = "50";
        entry->limit_text = "50.00";
}

static void either_of_two(struct sample *sample)
{
        struct cw_entry *entry = sample_add(sample, sample_entry(1, "1234", USD(95, 10), USD(95, 10)));

        entry->card.pending = USD(60, 0);
        entry->reason = "available < 50 or pending > 50";
        entry->limit_label = "pending 60.00, limit";
        entry->limit_text = "50.00";
}

static void with_words(struct sample *sample, const char *summary, const char *description)
{
        a_resolution(sample);
        sample->entries[0].summary = summary;
        sample->entries[0].description = description;
}

static void a_resolution_of_a_rule_with_words(struct sample *sample)
{
        with_words(sample, "Card {{card.id}} is down to {{balances.available}}", "Ask treasury for funds.");
}

static void a_resolution_with_words_for_it(struct sample *sample)
{
        with_words(sample,
                   "Card {{card.id}} {{^resolved_at}}is down{{/resolved_at}}{{#resolved_at}}is back{{/resolved_at}}",
                   "It is {{state}}.");
}

static void all_at_once(struct sample *sample)
{
        static const struct cw_tally tallies[] = {{"low-balance", "USD", 280, 3, 0}, {"stale", "", 1, 0, 0}};
        struct cw_entry *entry;

        a_resolution(sample);
        sample->items[0].folded = true;
        entry = sample_add(sample, sample_entry(4, "7711", USD(12, 0), USD(140, 0)));
        entry->severity = sample->notice.severity = CW_SEVERITY_CRITICAL;
        sample->items[1].previous_severity = CW_SEVERITY_WARNING;
        entry->flapping = true;
        entry->confirmed = 1;
        entry->acknowledged_by = "ops";
        sample->notice.tallies = tallies;
        sample->notice.n_tallies = 2;
}

static void an_outage_of_events(struct sample *sample)
{
        static const struct cw_tally tallies[] = {{"moved", "USD", 0, 0, 4000}, {"stale", "", 0, 0, 1}};
        struct cw_entry *entry = sample_add(sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));

        entry->rule = "moved";
        entry->state = CW_ENTRY_EVENT;
        sample->notice.kind = CW_NOTICE_EVENT;
        sample->notice.n_firing = 0;
        sample->notice.firing = false;
        sample->notice.n_events = 4002;
        sample->notice.tallies = tallies;
        sample->notice.n_tallies = 2;
}

static void a_dead_source(struct sample *sample)
{
        sample_add(sample, sample_builtin());
        sample->notice.severity = CW_SEVERITY_CRITICAL;
}

static void a_source_that_is_back(struct sample *sample)
{
        struct cw_entry entry = sample_builtin();

        entry.state = CW_ENTRY_RESOLVED;
        entry.resolved_at = SAMPLE_AT + HOUR;
        entry.reason = "the card API can be read again";
        sample_add(sample, entry);
}

static void two_builtins(struct sample *sample)
{
        struct cw_entry *entry;

        a_dead_source(sample);
        entry = sample_add(sample, sample_builtin());
        entry->rule = "stale";
        entry->summary = "Balances of main are old";
        entry->reason = "no whole poll";
        entry->advice = NULL;
        entry->started_at = SAMPLE_AT;
}

static void an_event(struct sample *sample)
{
        struct cw_entry *entry = sample_add(sample, sample_entry(4, "7711", USD(12, 0), USD(12, 0)));

        sample->notice.kind = CW_NOTICE_EVENT;
        entry->state = CW_ENTRY_EVENT;
        entry->rule = "suppression";
        entry->reason = "changed(suppressed)";
        entry->limit_text = entry->limit_label = NULL;
        entry->card.suppressed = true;
}

static void a_test(struct sample *sample)
{
        sample->notice.kind = CW_NOTICE_TEST;
}

static void two_rules(struct sample *sample)
{
        struct cw_entry *entry;

        sample_add(sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        entry = sample_add(sample, sample_entry(1, "1234", USD(95, 10), USD(130, 0)));
        entry->rule = "ladder";
        entry->severity = CW_SEVERITY_INFO;
        entry->reason = "available < 500";
        entry->limit_label = "500";
        entry->limit_text = "1500.00";
        entry->started_at -= HOUR;
        entry->summary = "Top up {{customer.reference}}";
        entry->description = "first\nsecond {{card.id}}";
}

static void a_hostile_reference(struct sample *sample)
{
        struct cw_entry *entry = sample_add(sample, sample_entry(4, "7711", USD(12, 0), USD(140, 0)));

        entry->card.reference = "a\r\nB\t<script>\"{{id}}\xf0\x9f\x92\xb3\xe2\x80\xaex\xff";
        entry->summary = "{{customer.reference}}";
}

static const struct {
        const char *name;
        void (*arrange)(struct sample *sample);
        const char *external_url, *subject, *text;
} messages[] = {
        {"what fires: now, before and limit in columns, the worst first", three_cards, NULL,
         "[WARNING] low-balance: 3 cards of acme-1",
         "WARNING \u00b7 low-balance \u00b7 3 cards of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b70042 (card 9)  \u22123.20 USD   was     0.00, floor 100 \u00b7 pending 40.00\n"
         "\u00b7\u00b7\u00b7\u00b77711 (card 4)  12.00 USD   was 1,140.00, floor 100\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  95.10 USD   was   130.00, floor 100\n"
         "since 08:00 \u00b7 rule: available < floor\n"
         "Acknowledge: cardwatch ack --match rule=low-balance --match customer=11057 --why TEXT\n"},
        {"how often it fired this week, and when the card will be empty", with_prospects, NULL,
         "[WARNING] low-balance: 3 cards of acme-1",
         "WARNING \u00b7 low-balance \u00b7 3 cards of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b70042 (card 9)  \u22123.20 USD   was     0.00, floor 100 \u00b7 pending 40.00\n"
         "\u00b7\u00b7\u00b7\u00b77711 (card 4)  12.00 USD   was 1,140.00, floor 100 \u00b7 empty in about 9 h\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  95.10 USD   was   130.00, floor 100\n"
         "since 08:00, for 30 min \u00b7 third time this week \u00b7 rule: available < floor\n"
         "Acknowledge: cardwatch ack --match rule=low-balance --match customer=11057 --why TEXT\n"},
        {"of each card where they differ, and nothing that is out of date", with_other_prospects, NULL,
         "[WARNING] low-balance: 3 cards of acme-1",
         "WARNING \u00b7 low-balance \u00b7 3 cards of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b70042 (card 9)  \u22123.20 USD   was     0.00, floor 100 \u00b7 pending 40.00\n"
         "\u00b7\u00b7\u00b7\u00b77711 (card 4)  12.00 USD   was 1,140.00, floor 100 \u00b7 more than 20 times this "
         "week\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  95.10 USD   was   130.00, floor 100 \u00b7 empty in about 3 days "
         "\u00b7 11th time this week\n"
         "since 08:00, for 30 min \u00b7 rule: available < floor\n"
         "Acknowledge: cardwatch ack --match rule=low-balance --match customer=11057 --why TEXT\n"},
        {"a repeat says that it is one, and since when", a_repeat, "https://cw.example.com/",
         "[WARNING] low-balance: 3 cards of acme-1 (repeat)",
         "WARNING \u00b7 low-balance \u00b7 3 cards of acme-1 (repeat)\n"
         "This is repeat 2: still firing since 22 Nov 08:00, for 1 day 5 h.\n"
         "\u00b7\u00b7\u00b7\u00b70042 (card 9)  \u22123.20 USD   was     0.00, floor 100 \u00b7 pending 40.00\n"
         "\u00b7\u00b7\u00b7\u00b77711 (card 4)  12.00 USD   was 1,140.00, floor 100\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  95.10 USD   was   130.00, floor 100\n"
         "rule: available < floor\n"
         "https://cw.example.com/#/alerts\n"},
        {"a baseline says that it is one; several customers are told apart", a_baseline, NULL,
         "[WARNING] low-balance: 3 cards of 2 customers (baseline)",
         "WARNING \u00b7 low-balance \u00b7 3 cards of 2 customers (baseline)\n"
         "This is the baseline: what was already so when watching began.\n"
         "\u00b7\u00b7\u00b7\u00b70042 (card 9, acme-1)  \u22123.20 USD   floor 100 \u00b7 pending 40.00\n"
         "\u00b7\u00b7\u00b7\u00b77711 (card 4, acme-1)  12.00 USD   floor 100\n"
         "card 1, customer 5         95.10 USD   floor 100\n"
         "since 08:00 \u00b7 rule: available < floor\n"
         "Acknowledge: cardwatch ack --match rule=low-balance --why TEXT\n"},
        {"a resolution says how long, how low, and where it is now", a_resolution, NULL,
         "[RESOLVED] low-balance: card 1 of acme-1",
         "RESOLVED \u00b7 low-balance \u00b7 card 1 of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  620.00 USD   lasted 2 h 5 min \u00b7 lowest 12.05\n"
         "ended by: available >= 120\n"},
        {"that it is over is reason enough, and where it stands is not said twice", a_resolution_where_it_was, NULL,
         "[RESOLVED] low-balance: card 1 of acme-1",
         "RESOLVED \u00b7 low-balance \u00b7 card 1 of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  95.10 USD   lasted 2 h 5 min\n"},
        {"what ended otherwise is said in words", a_suppression, NULL, "[RESOLVED] low-balance: card 1 of acme-1",
         "RESOLVED \u00b7 low-balance \u00b7 card 1 of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  95.10 USD   lasted 2 h 5 min \u00b7 now deactivated\n"
         "ended: card suppressed\n"},
        {"several rules that are over are named and nothing else", several_rules_that_are_over, NULL,
         "[RESOLVED] low-balance and ladder: card 1 of acme-1",
         "RESOLVED \u00b7 low-balance and ladder \u00b7 card 1 of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  95.10 USD   lasted 2 h 5 min \u00b7 rule low-balance\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  95.10 USD   lasted 2 h 5 min \u00b7 rule ladder\n"},
        {"what came and went within a minute has one time", a_moment, NULL, "[RESOLVED] low-balance: card 1 of acme-1",
         "RESOLVED \u00b7 low-balance \u00b7 card 1 of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  620.00 USD   at 08:00, over before it could be told \u00b7 lasted 5 s "
         "\u00b7 lowest 12.05\n"
         "ended by: available >= 120\n"},
        {"what was before is said once, also where it is the limit", less_than_before, NULL,
         "[WARNING] low-balance: card 1 of acme-1",
         "WARNING \u00b7 low-balance \u00b7 card 1 of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  95.10 USD   was 130.00\n"
         "since 08:00 \u00b7 rule: available < previous.available\n"
         "Acknowledge: cardwatch ack 9f86d081884c7d65 --why TEXT\n"},
        {"another balance stands beside the one that can be spent", much_is_pending, NULL,
         "[WARNING] low-balance: card 1 of acme-1",
         "WARNING \u00b7 low-balance \u00b7 card 1 of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  60.00 USD   was 0.00, limit 50 \u00b7 that is the pending balance, "
         "available 95.10\n"
         "since 08:00 \u00b7 rule: pending > 50\n"
         "Acknowledge: cardwatch ack 9f86d081884c7d65 --why TEXT\n"},
        {"what another balance is said of is not said again", either_of_two, NULL,
         "[WARNING] low-balance: card 1 of acme-1",
         "WARNING \u00b7 low-balance \u00b7 card 1 of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  95.10 USD   pending 60.00, limit 50\n"
         "since 08:00 \u00b7 rule: available < 50 or pending > 50\n"
         "Acknowledge: cardwatch ack 9f86d081884c7d65 --why TEXT\n"},
        {"what a rule says of the beginning is no news at the end", a_resolution_of_a_rule_with_words, NULL,
         "[RESOLVED] low-balance: card 1 of acme-1",
         "RESOLVED \u00b7 low-balance \u00b7 card 1 of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  620.00 USD   lasted 2 h 5 min \u00b7 lowest 12.05\n"
         "ended by: available >= 120\n"},
        {"what knows of the end is", a_resolution_with_words_for_it, NULL, "[RESOLVED] low-balance: card 1 of acme-1",
         "RESOLVED \u00b7 low-balance \u00b7 card 1 of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  620.00 USD   lasted 2 h 5 min \u00b7 lowest 12.05\n"
         "    Card 1 is back\n"
         "    It is resolved.\n"
         "ended by: available >= 120\n"},
        {"what fires stands before what is over; the rest is counted", all_at_once, NULL,
         "[CRITICAL] low-balance: 2 cards of acme-1 (1 resolved)",
         "CRITICAL \u00b7 low-balance \u00b7 2 cards of acme-1 (1 resolved)\n"
         "\nfiring:\n"
         "\u00b7\u00b7\u00b7\u00b77711 (card 4)   12.00 USD   was 140.00, floor 100 \u00b7 raised from warning to "
         "critical"
         " \u00b7 flapping: quiet until it settles \u00b7 confirmed by a second look \u00b7 acknowledged by ops\n"
         "since 08:00, for 3 h \u00b7 rule: available < floor\n"
         "\nresolved:\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  620.00 USD   08:00 to 10:05, over before it could be told \u00b7 "
         "lasted "
         "2 h 5 min \u00b7 lowest 12.05\n"
         "ended by: available >= 120\n"
         "\nand 284 more, not listed here:\n"
         "  low-balance, USD: 280 firing, 3 resolved\n"
         "  stale: 1 firing\n"
         "List them all: cardwatch alerts\n"},
        {"a built-in alert says what cannot be done, since when, and what to check", a_dead_source, NULL,
         "[CRITICAL] source-down: The card API of main cannot be read",
         "CRITICAL \u00b7 source-down \u00b7 The card API of main cannot be read\n"
         "The card API of main cannot be read: connection refused.\n"
         "Balances are 14 minutes old. Check first whether the API answers from this machine.\n"
         "since 07:46, for 14 min\n"
         "Acknowledge: cardwatch ack 0000000000000007 --why TEXT\n"},
        {"a built-in alert that is over asks for nothing", a_source_that_is_back, NULL,
         "[RESOLVED] source-down: the card API can be read again",
         "RESOLVED \u00b7 source-down \u00b7 the card API can be read again\n"
         "source-down is over: the card API can be read again\n"
         "lasted 1 h 14 min\n"},
        {"several built-in alerts are told apart", two_builtins, NULL, "[CRITICAL] source-down and stale: 2 alerts",
         "CRITICAL \u00b7 source-down and stale \u00b7 2 alerts\n"
         "The card API of main cannot be read: connection refused.\n"
         "Balances are 14 minutes old. Check first whether the API answers from this machine.\n"
         "since 07:46\n"
         "Balances of main are old\n"
         "what happened: no whole poll\n"
         "since 08:00\n"},
        {"an event says what changed", an_event, NULL, "[WARNING] suppression: card 4 of acme-1",
         "WARNING \u00b7 suppression \u00b7 card 4 of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b77711 (card 4)  12.00 USD   now deactivated\n"
         "at 08:00 \u00b7 rule: changed(suppressed)\n"},
        {"events that are only counted", an_outage_of_events, NULL, "[WARNING] moved and stale: 4002 events",
         "WARNING \u00b7 moved and stale \u00b7 4002 events\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  95.10 USD   was 130.00, floor 100\n"
         "at 08:00 \u00b7 rule: available < floor\n"
         "\n"
         "and 4001 more, not listed here:\n"
         "  moved, USD: 4000 events\n"
         "  stale: 1 event\n"},
        {"a test says TEST", a_test, NULL, "[TEST] test message",
         "TEST \u00b7 test message\n"
         "This is a TEST: nothing has happened, and no card needs attention.\n"},
        {"two rules are told apart, and own words stand below", two_rules, NULL,
         "[WARNING] low-balance and ladder: card 1 of acme-1",
         "WARNING \u00b7 low-balance and ladder \u00b7 card 1 of acme-1\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  95.10 USD   was 130.00, floor 100 \u00b7 since 08:00 \u00b7 "
         "rule low-balance: available < floor\n"
         "\u00b7\u00b7\u00b7\u00b71234 (card 1)  95.10 USD   was 130.00, limit 1,500 \u00b7 info \u00b7 since 07:00 "
         "\u00b7 "
         "rule ladder: available < 500\n"
         "    Top up acme-1\n"
         "    first\n"
         "    second 1\n"},
        {"a hostile reference is shown and does nothing", a_hostile_reference, NULL,
         "[WARNING] low-balance: card 4 of a\u240d\u240aB\u2409<script>\"{{id}}\xf0\x9f\x92\xb3\\u202ex\ufffd",
         "WARNING \u00b7 low-balance \u00b7 card 4 of "
         "a\u240d\u240aB\u2409<script>\"{{id}}\xf0\x9f\x92\xb3\\u202ex\ufffd\n"
         "\u00b7\u00b7\u00b7\u00b77711 (card 4)  12.00 USD   was 140.00, floor 100\n"
         "    a\u240d\u240aB\u2409<script>\"{{id}}\xf0\x9f\x92\xb3\\u202ex\ufffd\n"
         "since 08:00 \u00b7 rule: available < floor\n"
         "Acknowledge: cardwatch ack 9f86d081884c7d68 --why TEXT\n"},
};

static void test_messages(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(messages); i++) {
                struct cw_render_options options = {.external_url = messages[i].external_url};
                struct cw_buf buf = CW_BUF_NULL;
                struct sample sample;

                print_message("  %s\n", messages[i].name);
                sample_init(&sample);
                messages[i].arrange(&sample);
                assert_int_equal(cw_render_subject(&sample.notice, NULL, &buf), 0);
                assert_string_equal(cw_buf_text(&buf), messages[i].subject);
                cw_buf_clear(&buf);
                assert_int_equal(cw_render_text(&sample.notice, &options, &buf), 0);
                assert_string_equal(cw_buf_text(&buf), messages[i].text);
                assert_int_equal(cw_text_valid_utf8(buf.data, buf.len), buf.len);
                cw_buf_deinit(&buf);
        }
}

static void test_the_source_is_named_when_there_are_several(void **state)
{
        struct cw_render_options options = {.names_source = true};
        struct cw_buf buf = CW_BUF_NULL;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        a_hostile_reference(&sample);
        assert_int_equal(cw_render_text(&sample.notice, &options, &buf), 0);
        assert_non_null(strstr(cw_buf_text(&buf), "since 08:00 \u00b7 source main \u00b7 rule: available < floor\n"));
        cw_buf_deinit(&buf);
}

/* Every tag in the document must be one of ours: nothing from outside opens one. */
static void assert_own_tags(const char *html)
{
        static const char *const own[] = {"!DOCTYPE", "html",   "/html", "head", "/head", "meta", "title",
                                          "/title",   "body",   "/body", "div",  "/div",  "span", "/span",
                                          "table",    "/table", "tr",    "/tr",  "td",    "/td",  "a",
                                          "/a",       "bdi",    "/bdi",  "code", "/code"};
        size_t n, known;

        for (const char *at = strchr(html, '<'); at; at = strchr(at + 1, '<')) {
                n = strcspn(at + 1, " >");
                for (known = 0; known < CW_ARRAY_SIZE(own); known++)
                        if (strlen(own[known]) == n && memcmp(own[known], at + 1, n) == 0)
                                break;
                if (known == CW_ARRAY_SIZE(own))
                        fail_msg("a tag that is not ours: %.20s", at);
        }
}

static void test_html_is_whole_and_holds_no_foreign_markup(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(messages); i++) {
                struct cw_render_options options = {.external_url = "https://cw.example.com/?a=\"><b>&c"};
                struct cw_buf buf = CW_BUF_NULL;
                struct sample sample;

                print_message("  %s\n", messages[i].name);
                sample_init(&sample);
                messages[i].arrange(&sample);
                assert_int_equal(cw_render_html(&sample.notice, &options, &buf), 0);
                assert_int_equal(strncmp(buf.data, "<!DOCTYPE html>", 15), 0);
                assert_string_equal(buf.data + buf.len - 8, "</html>\n");
                assert_own_tags(buf.data);
                assert_null(strstr(buf.data, "<style"));
                assert_non_null(strstr(buf.data, "?a=&quot;&gt;&lt;b&gt;&amp;c/#/alerts"));
                assert_int_equal(cw_text_valid_utf8(buf.data, buf.len), buf.len);
                cw_buf_deinit(&buf);
        }
}

static void test_html_says_what_text_says(void **state)
{
        static const char *const parts[] = {
                ">WARNING</span> low-balance \u00b7 3 cards of acme-1",
                "\u00b7\u00b7\u00b7\u00b70042 (card 9)",
                ">\u22123.20 USD<",
                "was 0.00, floor 100 \u00b7 pending 40.00",
                "since 08:00 \u00b7 rule: available &lt; floor",
                "href=\"https://cw.example.com/#/cards/main/9\"",
                "name=\"viewport\"",
        };
        struct cw_render_options options = {.external_url = "https://cw.example.com"};
        struct cw_buf buf = CW_BUF_NULL;
        struct sample sample;

        (void)state;
        sample_init(&sample);
        three_cards(&sample);
        assert_int_equal(cw_render_html(&sample.notice, &options, &buf), 0);
        for (size_t i = 0; i < CW_ARRAY_SIZE(parts); i++) {
                print_message("  %s\n", parts[i]);
                assert_non_null(strstr(buf.data, parts[i]));
        }
        cw_buf_deinit(&buf);
}

static void test_visible(void **state)
{
        static const struct {
                const char *name, *text;
                size_t characters;
                const char *expected;
        } cases[] = {
                {"what fits is whole", "acme", 4, "acme"},
                {"what does not is cut with an ellipsis", "acme-1", 4, "acme\u2026"},
                {"characters are counted, not bytes", "\xc3\xa4\xc3\xb6\xc3\xbc", 3, "\xc3\xa4\xc3\xb6\xc3\xbc"},
                {"nothing of nothing", "", 0, ""},
                {"controls are pictures", "\x01\x1b\x7f", 9, "\u2401\u241b\u2421"},
                {"C1 controls are codes", "\xc2\x9b", 9, "\\u009b"},
                {"marks of direction are codes", "\xe2\x80\x8f\xe2\x81\xa6", 9, "\\u200f\\u2066"},
                {"line separators are codes", "\xe2\x80\xa8", 9, "\\u2028"},
                {"what is no character is replaced", "\xf0\x9f\x92", 9, "\ufffd\ufffd\ufffd"},
                {"letters that run from right to left stay", "\xd7\xa9", 9, "\xd7\xa9"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf buf = CW_BUF_NULL;

                print_message("  %s\n", cases[i].name);
                cw_render_visible(&buf, cases[i].text, cases[i].characters);
                assert_string_equal(cw_buf_text(&buf), cases[i].expected);
                cw_buf_deinit(&buf);
        }
}

static void test_ten_kilobytes_of_reference_are_cut(void **state)
{
        struct cw_render_options options = {.external_url = NULL};
        struct cw_buf buf = CW_BUF_NULL;
        struct sample sample;
        char *longest = malloc(10001);

        (void)state;
        memset(longest, '<', 10000);
        longest[10000] = '\0';
        sample_init(&sample);
        a_baseline(&sample);
        sample.entries[0].card.reference = longest;
        sample.entries[1].summary = "{{customer.reference}}";
        sample.entries[1].card.reference = longest;
        assert_int_equal(cw_render_text(&sample.notice, &options, &buf), 0);
        assert_true(buf.len < 1500);
        cw_buf_clear(&buf);
        assert_int_equal(cw_render_html(&sample.notice, &options, &buf), 0);
        assert_true(buf.len < 8000);
        cw_buf_deinit(&buf);
        free(longest);
}

/* The daemon's own advice is longer than most words of rules, and its end says what to do. */
static void test_advice_is_whole(void **state)
{
        struct cw_buf buf = CW_BUF_NULL;
        struct sample sample;
        char advice[1000];

        (void)state;
        memset(advice, 'a', sizeof(advice));
        strcpy(advice + sizeof(advice) - 10, " the end.");
        sample_init(&sample);
        a_dead_source(&sample);
        sample.entries[0].advice = advice;
        assert_int_equal(cw_render_text(&sample.notice, &(struct cw_render_options){0}, &buf), 0);
        assert_non_null(strstr(cw_buf_text(&buf), " the end.\n"));
        cw_buf_deinit(&buf);
}

static void test_many_rules_left_out_are_summed(void **state)
{
        struct cw_tally tallies[100];
        struct cw_render_options options = {.external_url = NULL};
        struct cw_buf buf = CW_BUF_NULL;
        struct sample sample;

        (void)state;
        for (size_t i = 0; i < 100; i++)
                tallies[i] = (struct cw_tally){"r", "USD", 1, 0, i == 99};
        sample_init(&sample);
        three_cards(&sample);
        sample.notice.tallies = tallies;
        sample.notice.n_tallies = 100;
        assert_int_equal(cw_render_text(&sample.notice, &options, &buf), 0);
        assert_non_null(strstr(buf.data, "and 101 more, not listed here:\n"));
        assert_non_null(strstr(buf.data, "\n  other rules: 60 firing, 1 event\n"));
        cw_buf_deinit(&buf);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_messages),
                cmocka_unit_test(test_the_source_is_named_when_there_are_several),
                cmocka_unit_test(test_html_is_whole_and_holds_no_foreign_markup),
                cmocka_unit_test(test_html_says_what_text_says),
                cmocka_unit_test(test_visible),
                cmocka_unit_test(test_ten_kilobytes_of_reference_are_cut),
                cmocka_unit_test(test_advice_is_whole),
                cmocka_unit_test(test_many_rules_left_out_are_summed),
        };

        setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
