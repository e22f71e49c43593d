/* SPDX-License-Identifier: Apache-2.0 */
#include "backtest_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/json_out.h"
#include "cardwatch/settings.h"
#include "score.h"

enum { NOISIEST = 10 };

/* The rule of that name there, NULL: there is none. */
static const struct cw_score_rule *find_rule(const struct cw_score *score, const char *name)
{
        for (size_t i = 0; score && i < score->n_rules; i++)
                if (strcmp(score->rules[i].name, name) == 0)
                        return &score->rules[i];
        return NULL;
}

static bool is_wanted(const struct cw_backtest_report *report, const char *rule)
{
        return !report->only || strcmp(report->only, rule) == 0;
}

/* Messages a day in hundredths, to the nearest. */
static int64_t per_day(const struct cw_backtest_report *report, uint32_t messages)
{
        int64_t span_ms = report->to_at - report->from_at;

        return span_ms > 0 ? ((int64_t)messages * 100 * CW_DAY_MS + span_ms / 2) / span_ms : 0;
}

static void put_cell(struct cw_buf *buf, int width, const struct cw_buf *one, const struct cw_buf *other)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf cell = CW_BUF_NULL;

        cw_buf_puts(&cell, cw_buf_text(one));
        if (other)
                cw_buf_printf(&cell, " -> %s", cw_buf_text(other));
        cw_buf_printf(buf, " %*s", width, cw_buf_text(&cell));
}

static void write_count(struct cw_buf *buf, const struct cw_score_rule *rule, int64_t value)
{
        if (rule)
                cw_buf_printf(buf, "%" PRId64, value);
        else
                cw_buf_putc(buf, '-');
}

static void write_span(struct cw_buf *buf, const struct cw_score_rule *rule, int64_t ms)
{
        if (rule && ms >= 0)
                cw_duration_format_human(buf, ms);
        else
                cw_buf_putc(buf, '-');
}

struct column {
        const char *title;
        int width;
        int64_t (*value)(const struct cw_score_rule *rule);
        void (*write)(struct cw_buf *buf, const struct cw_score_rule *rule, int64_t value);
};

static int64_t alerts_of(const struct cw_score_rule *rule)
{
        return rule->alerts;
}

static int64_t events_of(const struct cw_score_rule *rule)
{
        return rule->events;
}

static int64_t flaps_of(const struct cw_score_rule *rule)
{
        return rule->flaps;
}

static int64_t firing_of(const struct cw_score_rule *rule)
{
        return rule->firing;
}

static const struct column columns[] = {
        {"alerts", 8, alerts_of, write_count},
        {"events", 8, events_of, write_count},
        {"flaps", 6, flaps_of, write_count},
        {"median", 14, cw_score_median_ms, write_span},
        {"longest", 14, cw_score_longest_ms, write_span},
        {"still firing", 12, firing_of, write_count},
};

/* Of two values and the arrow between them. */
static int width_of(const struct cw_backtest_report *report, const struct column *column)
{
        return report->other ? column->width * 2 + 4 : column->width;
}

static void text_rule(struct cw_buf *buf, const struct cw_backtest_report *report, const char *name)
{
        const struct cw_score_rule *one = find_rule(report->score, name), *other = find_rule(report->other, name);

        cw_buf_printf(buf, "%-24s", name);
        for (size_t i = 0; i < CW_ARRAY_SIZE(columns); i++) {
                const struct column *column = &columns[i];
                cw_cleanup(cw_buf_deinit) struct cw_buf left = CW_BUF_NULL;
                cw_cleanup(cw_buf_deinit) struct cw_buf right = CW_BUF_NULL;

                column->write(&left, one, one ? column->value(one) : -1);
                column->write(&right, other, other ? column->value(other) : -1);
                put_cell(buf, width_of(report, column), &left, report->other ? &right : NULL);
        }
        cw_buf_putc(buf, '\n');
}

static void text_rules(struct cw_buf *buf, const struct cw_backtest_report *report)
{
        cw_buf_printf(buf, "%-24s", "rule");
        for (size_t i = 0; i < CW_ARRAY_SIZE(columns); i++)
                cw_buf_printf(buf, " %*s", width_of(report, &columns[i]), columns[i].title);
        cw_buf_putc(buf, '\n');
        for (size_t i = 0; i < report->score->n_rules; i++)
                if (is_wanted(report, report->score->rules[i].name))
                        text_rule(buf, report, report->score->rules[i].name);
        for (size_t i = 0; report->other && i < report->other->n_rules; i++)
                if (is_wanted(report, report->other->rules[i].name) &&
                    !find_rule(report->score, report->other->rules[i].name))
                        text_rule(buf, report, report->other->rules[i].name);
}

/* SIZE_MAX: that configuration has none of this name. */
static size_t notifier_of(const struct cw_score *score, const char *name)
{
        const struct cw_config *config = score->settings->config;

        for (size_t i = 0; i < config->n_notifiers; i++)
                if (strcmp(config->notifiers[i].name, name) == 0)
                        return i;
        return SIZE_MAX;
}

static void write_messages(struct cw_buf *buf, const struct cw_backtest_report *report, const struct cw_score *score,
                           const char *name)
{
        size_t notifier = notifier_of(score, name);
        int64_t daily;

        if (notifier == SIZE_MAX) {
                cw_buf_putc(buf, '-');
                return;
        }
        daily = per_day(report, score->messages[notifier]);
        cw_buf_printf(buf, "%" PRIu32 " (%" PRId64 ".%02d a day)", score->messages[notifier], daily / 100,
                      (int)(daily % 100));
}

static void text_notifier(struct cw_buf *buf, const struct cw_backtest_report *report, const char *name)
{
        cw_buf_printf(buf, "%-24s ", name);
        write_messages(buf, report, report->score, name);
        if (report->other) {
                cw_buf_puts(buf, " -> ");
                write_messages(buf, report, report->other, name);
        }
        cw_buf_putc(buf, '\n');
}

static void text_notifiers(struct cw_buf *buf, const struct cw_backtest_report *report)
{
        const struct cw_config *config = report->score->settings->config;
        const struct cw_config *other = report->other ? report->other->settings->config : NULL;

        cw_buf_printf(buf, "\n%-24s messages\n", "notifier");
        for (size_t i = 0; i < config->n_notifiers; i++)
                text_notifier(buf, report, config->notifiers[i].name);
        for (size_t i = 0; other && i < other->n_notifiers; i++)
                if (notifier_of(report->score, other->notifiers[i].name) == SIZE_MAX)
                        text_notifier(buf, report, other->notifiers[i].name);
}

static void text_cards(struct cw_buf *buf, const struct cw_score *score, const char *title)
{
        if (score->n_cards)
                cw_buf_printf(buf, "\n%s\n", title);
        for (size_t i = 0; i < score->n_cards && i < NOISIEST; i++) {
                const struct cw_score_card *card = &score->cards[i];

                cw_buf_printf(buf, "  card %" PRId64 " of customer %" PRId64 " (%s): ", card->card, card->customer,
                              score->settings->config->sources[card->source].name);
                cw_buf_printf(buf, "%" PRIu32 " alert%s, %" PRIu32 " event%s, the last of %s\n", card->alerts,
                              card->alerts == 1 ? "" : "s", card->events, card->events == 1 ? "" : "s", card->rule);
        }
}

static void put_time(struct cw_buf *buf, int64_t at)
{
        time_t seconds = (time_t)(at / CW_SECOND_MS);
        struct tm parts;
        char text[64] = "";

        if (localtime_r(&seconds, &parts))
                strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &parts);
        cw_buf_puts(buf, text);
}

void cw_backtest_text(struct cw_buf *buf, const struct cw_backtest_report *report)
{
        put_time(buf, report->from_at);
        cw_buf_puts(buf, " to ");
        put_time(buf, report->to_at);
        cw_buf_puts(buf, ": ");
        cw_duration_format_human(buf, report->to_at - report->from_at);
        cw_buf_puts(buf, "\n\n");
        text_rules(buf, report);
        text_notifiers(buf, report);
        text_cards(buf, report->score, "the noisiest cards");
        if (report->other)
                text_cards(buf, report->other, "the noisiest cards of the other configuration");
        if (report->notes->len)
                cw_buf_printf(buf, "\n%s", cw_buf_text(report->notes));
}

static void json_maybe(struct cw_json_out *out, const char *name, int64_t value)
{
        if (value >= 0)
                cw_json_out_int(out, name, value);
        else
                cw_json_out_null(out, name);
}

static void json_rules(struct cw_json_out *out, const struct cw_backtest_report *report, const struct cw_score *score)
{
        cw_json_out_open(out, "rules", '[');
        for (size_t i = 0; i < score->n_rules; i++) {
                const struct cw_score_rule *rule = &score->rules[i];

                if (!is_wanted(report, rule->name))
                        continue;
                cw_json_out_open(out, NULL, '{');
                cw_json_out_string(out, "rule", rule->name);
                cw_json_out_int(out, "alerts", rule->alerts);
                cw_json_out_int(out, "events", rule->events);
                cw_json_out_int(out, "flaps", rule->flaps);
                cw_json_out_int(out, "firing", rule->firing);
                json_maybe(out, "median_ms", cw_score_median_ms(rule));
                json_maybe(out, "longest_ms", cw_score_longest_ms(rule));
                cw_json_out_close(out, '}');
        }
        cw_json_out_close(out, ']');
}

static void json_notifiers(struct cw_json_out *out, const struct cw_backtest_report *report,
                           const struct cw_score *score)
{
        const struct cw_config *config = score->settings->config;

        cw_json_out_open(out, "notifiers", '[');
        for (size_t i = 0; i < config->n_notifiers; i++) {
                int64_t daily = per_day(report, score->messages[i]);
                char text[32];

                snprintf(text, sizeof(text), "%" PRId64 ".%02d", daily / 100, (int)(daily % 100));
                cw_json_out_open(out, NULL, '{');
                cw_json_out_string(out, "notifier", config->notifiers[i].name);
                cw_json_out_int(out, "messages", score->messages[i]);
                cw_json_out_string(out, "per_day", text);
                cw_json_out_close(out, '}');
        }
        cw_json_out_close(out, ']');
}

static void json_cards(struct cw_json_out *out, const struct cw_score *score)
{
        cw_json_out_open(out, "cards", '[');
        for (size_t i = 0; i < score->n_cards && i < NOISIEST; i++) {
                const struct cw_score_card *card = &score->cards[i];

                cw_json_out_open(out, NULL, '{');
                cw_json_out_string(out, "source", score->settings->config->sources[card->source].name);
                cw_json_out_int(out, "customer", card->customer);
                cw_json_out_int(out, "card", card->card);
                cw_json_out_int(out, "alerts", card->alerts);
                cw_json_out_int(out, "events", card->events);
                cw_json_out_close(out, '}');
        }
        cw_json_out_close(out, ']');
}

static void json_score(struct cw_json_out *out, const struct cw_backtest_report *report, const struct cw_score *score)
{
        cw_json_out_string(out, "config", score->settings->config->path);
        json_rules(out, report, score);
        json_notifiers(out, report, score);
        json_cards(out, score);
}

static void json_notes(struct cw_json_out *out, const char *notes)
{
        cw_json_out_open(out, "notes", '[');
        while (*notes) {
                size_t len = strcspn(notes, "\n");
                cw_cleanup(cw_buf_deinit) struct cw_buf line = CW_BUF_NULL;

                cw_buf_append(&line, notes, len);
                cw_json_out_string(out, NULL, cw_buf_text(&line));
                notes += len + (notes[len] == '\n');
        }
        cw_json_out_close(out, ']');
}

void cw_backtest_json(struct cw_buf *buf, const struct cw_backtest_report *report)
{
        struct cw_json_out out = {.buf = buf};

        cw_json_out_open(&out, NULL, '{');
        cw_json_out_time(&out, "asked_from", report->asked_at);
        cw_json_out_time(&out, "from", report->from_at);
        cw_json_out_time(&out, "to", report->to_at);
        json_score(&out, report, report->score);
        if (report->other) {
                cw_json_out_open(&out, "compare", '{');
                json_score(&out, report, report->other);
                cw_json_out_close(&out, '}');
        }
        json_notes(&out, cw_buf_text(report->notes));
        cw_json_out_close(&out, '}');
        cw_buf_putc(buf, '\n');
}
