/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the instants of the timeline and of what is expected are lived through in order; at each one the sources show
 * what stands there, then the world looks, then it is compared. A failure keeps what it needs to be told at the end,
 * when it is known what happened afterwards.
 */
#include "rehearsal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/engine.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/fingerprint.h"
#include "cardwatch/history.h"
#include "cardwatch/map.h"
#include "cardwatch/money.h"
#include "cardwatch/render.h"
#include "cardwatch/scenario.h"
#include "cardwatch/settings.h"
#include "world.h"

#define LINES_MOST   100000
#define EXPLAIN_MOST 3 /* alerts of one failure */

struct play {
        struct cw_rehearsal *rehearsal;
        struct cw_settings *settings;
        const struct cw_scenario *test;
        struct cw_world *world;
        struct cw_actual *messages;
        size_t n_messages, messages_capacity;
        size_t lines_capacity;
        struct cw_map *totals; /* of each source: cards whose total was said */
        int error;
};

static void add_line(struct play *play, int64_t at, struct cw_buf *text)
{
        struct cw_rehearsal *rehearsal = play->rehearsal;
        struct cw_trace_line line = {.at_ms = at - play->test->start_at};

        if (cw_buf_take(text, &line.text) < 0) {
                play->error = -ENOMEM;
                return;
        }
        if (rehearsal->n_lines == play->lines_capacity) {
                size_t capacity = play->lines_capacity ? play->lines_capacity * 2 : 64;
                struct cw_trace_line *lines = reallocarray(rehearsal->lines, capacity, sizeof(*lines));

                if (!lines || capacity > LINES_MOST) {
                        rehearsal->lines = lines ? lines : rehearsal->lines;
                        free(line.text);
                        return;
                }
                rehearsal->lines = lines;
                play->lines_capacity = capacity;
        }
        rehearsal->lines[rehearsal->n_lines++] = line;
}

static bool begins_with(const char *text, const char *beginning)
{
        return text && strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Messages are told when they arrive, not on their way. */
static void took_move(void *data, int64_t at, const struct cw_history_row *row)
{
        struct play *play = data;
        struct cw_buf text = CW_BUF_NULL;

        if (strcmp(row->what, "queued") == 0 || strcmp(row->what, "sent") == 0)
                return;
        cw_buf_printf(&text, "alert     %s", row->rule);
        if (row->card)
                cw_buf_printf(&text, ", card %" PRId64, row->card);
        else
                cw_buf_printf(&text, ", %s", row->source);
        cw_buf_printf(&text, ": %s", row->what);
        if (row->notifier)
                cw_buf_printf(&text, " for %s", row->notifier);
        if (row->reason && *row->reason && !begins_with(row->detail, row->reason))
                cw_buf_printf(&text, " (%s)", row->reason);
        if (row->detail && *row->detail)
                cw_buf_printf(&text, "; %s", row->detail);
        add_line(play, at, &text);
}

static void took_message(void *data, int64_t at, const struct cw_world_message *message)
{
        struct play *play = data;
        struct cw_actual *actual;
        struct cw_buf text = CW_BUF_NULL;
        int r;

        if (play->n_messages == play->messages_capacity) {
                size_t capacity = play->messages_capacity ? play->messages_capacity * 2 : 16;

                actual = reallocarray(play->messages, capacity, sizeof(*actual));
                if (!actual) {
                        play->error = -ENOMEM;
                        return;
                }
                play->messages = actual;
                play->messages_capacity = capacity;
        }
        actual = &play->messages[play->n_messages];
        r = cw_actual_init(actual, message->json, message->json_len);
        if (r < 0) {
                play->error = r;
                return;
        }
        actual->at = at;
        actual->notifier = message->notifier;
        play->n_messages++;
        cw_buf_puts(&text, "message   ");
        cw_actual_format(&text, actual);
        add_line(play, at, &text);
}

static void took_poll(void *data, int64_t at, size_t source, enum cw_world_poll result, size_t n_named)
{
        static const char *const results[] = {"complete", "partial", "failed"};
        struct play *play = data;
        struct cw_buf text = CW_BUF_NULL;

        cw_buf_printf(&text, "poll      of %s, %s", play->settings->config->sources[source].name, results[result]);
        if (result != CW_WORLD_FAILED)
                cw_buf_printf(&text, ": %zu card%s of this test in it", n_named, n_named == 1 ? "" : "s");
        add_line(play, at, &text);
}

static void put_amount(struct cw_buf *buf, const char *name, cw_amount amount, const char *currency)
{
        cw_buf_printf(buf, ", %s ", name);
        cw_amount_format(buf, amount, cw_currency_digits(currency));
}

static void trace_entry(struct play *play, const struct cw_scenario_entry *entry, size_t source,
                        const struct cw_card *card)
{
        int64_t at = play->test->start_at + entry->at_ms;
        struct cw_buf text = CW_BUF_NULL;

        cw_buf_printf(&text, "set       card %" PRId64 " of customer %" PRId64, card->id, card->customer);
        if (entry->gone)
                cw_buf_puts(&text, ", gone");
        if (entry->says & CW_SAYS_AVAILABLE)
                put_amount(&text, "available", card->available, card->currency);
        if (entry->says & CW_SAYS_PENDING)
                put_amount(&text, "pending", card->pending, card->currency);
        if (entry->says & CW_SAYS_TOTAL)
                put_amount(&text, "total", card->total, card->currency);
        if (entry->says & CW_SAYS_CURRENCY)
                cw_buf_printf(&text, ", %s", card->currency);
        if (entry->says & CW_SAYS_SUPPRESSED)
                cw_buf_printf(&text, ", suppressed %s", card->suppressed ? "true" : "false");
        if (entry->says & CW_SAYS_REFERENCE)
                cw_buf_printf(&text, ", reference \"%s\"", card->reference ? card->reference : "");
        if (!entry->gone && !cw_world_has_beat(play->world, source, at))
                cw_buf_puts(&text, "; seen alone, between polls");
        add_line(play, at, &text);
}

/* `total` is what is available until a line says otherwise. */
static bool says_total(struct play *play, const struct cw_scenario_entry *entry, size_t source)
{
        if ((entry->says & CW_SAYS_TOTAL) && cw_map_put(&play->totals[source], (uint64_t)entry->card, play) < 0)
                play->error = -ENOMEM;
        return cw_map_get(&play->totals[source], (uint64_t)entry->card);
}

static struct cw_card card_after(struct play *play, const struct cw_scenario_entry *entry, size_t source)
{
        const struct cw_card *before = cw_world_card(play->world, source, entry->card);
        struct cw_card card = before ? *before : (struct cw_card){.id = entry->card};

        if (entry->says & CW_SAYS_CUSTOMER)
                card.customer = entry->customer;
        if (entry->says & CW_SAYS_CURRENCY)
                memcpy(card.currency, entry->currency, sizeof(card.currency));
        if (entry->says & CW_SAYS_LAST4)
                memcpy(card.last4, entry->last4, sizeof(card.last4));
        if (entry->says & CW_SAYS_AVAILABLE)
                card.available = entry->available;
        if (entry->says & CW_SAYS_PENDING)
                card.pending = entry->pending;
        if (entry->says & CW_SAYS_TOTAL)
                card.total = entry->total;
        if (!says_total(play, entry, source))
                card.total = card.available;
        if (entry->says & CW_SAYS_SUPPRESSED)
                card.suppressed = entry->suppressed;
        if (entry->says & CW_SAYS_REFERENCE)
                card.reference = entry->reference;
        return card;
}

static void apply(struct play *play, const struct cw_scenario_entry *entry)
{
        static const enum cw_world_poll polls[] = {
                [CW_SCENARIO_POLL_COMPLETE] = CW_WORLD_COMPLETE,
                [CW_SCENARIO_POLL_PARTIAL] = CW_WORLD_PARTIAL,
                [CW_SCENARIO_POLL_FAILED] = CW_WORLD_FAILED,
        };
        size_t source = cw_rehearsal_source(play->settings, entry->source);
        struct cw_card card;

        if (entry->poll != CW_SCENARIO_POLL_COMPLETE)
                cw_world_spoil(play->world, source, polls[entry->poll]);
        if (!entry->has_card)
                return;
        card = card_after(play, entry, source);
        trace_entry(play, entry, source, &card);
        if (entry->gone)
                cw_world_hide(play->world, source, entry->card);
        else if (cw_world_show(play->world, source, &card) < 0)
                play->error = -ENOMEM;
}

static int add_firing(struct cw_failure *failure, struct cw_entry *entry)
{
        struct cw_item item = {.entry = entry};
        struct cw_notice notice = {
                .id = "",
                .thread = "",
                .notifier = "",
                .firing = true,
                .baseline = entry->baseline,
                .severity = entry->severity,
                .n_firing = 1,
                .items = &item,
                .n_items = 1,
                .n_listed = 1,
        };
        struct cw_render_options options = {0};
        cw_cleanup(cw_buf_deinit) struct cw_buf json = CW_BUF_NULL;
        struct cw_actual *actual;
        int r;

        actual = reallocarray(failure->actual, failure->n_actual + 1, sizeof(*actual));
        if (!actual)
                return -ENOMEM;
        failure->actual = actual;
        actual += failure->n_actual;
        r = cw_render_json(&notice, &options, &json);
        if (r == 0)
                r = cw_actual_init(actual, cw_buf_text(&json), json.len);
        if (r < 0)
                return r;
        actual->is_alert = true;
        actual->fingerprint = entry->fingerprint;
        failure->n_actual++;
        return 0;
}

static int collect(struct play *play, struct cw_failure *failure)
{
        const struct cw_entry *entry;
        size_t cursor = 0;
        int r = 0;

        if (!failure->is_messages) {
                while (r == 0 && cw_engine_next_alert(cw_world_engine(play->world), &cursor, &entry))
                        r = add_firing(failure, (struct cw_entry *)entry);
                return r;
        }
        failure->actual = calloc(play->n_messages + 1, sizeof(*failure->actual));
        if (!failure->actual)
                return -ENOMEM;
        for (; r == 0 && failure->n_actual < play->n_messages; failure->n_actual++) {
                const struct cw_actual *message = &play->messages[failure->n_actual];
                struct cw_actual *copy = &failure->actual[failure->n_actual];

                r = cw_actual_init(copy, message->json.text, message->json.len);
                if (r < 0)
                        break;
                copy->at = message->at;
                copy->notifier = message->notifier;
        }
        return r;
}

static void failure_deinit(struct cw_failure *failure)
{
        for (size_t i = 0; i < failure->n_actual; i++)
                cw_actual_deinit(&failure->actual[i]);
        free(failure->actual);
        free(failure->explanations);
}

struct explaining {
        struct play *play;
        struct cw_buf text;
        uint64_t done[EXPLAIN_MOST];
        size_t n_done;
};

/* Nobody's wall clock: times in UTC. */
static const struct cw_explain_style explain_style = {.write_time = cw_clock_format_utc,
                                                      .write_duration = cw_duration_format_human};

static void explain(struct explaining *explaining, uint64_t fingerprint)
{
        struct cw_buf one = CW_BUF_NULL;

        for (size_t i = 0; i < explaining->n_done; i++)
                if (explaining->done[i] == fingerprint)
                        return;
        if (explaining->n_done == EXPLAIN_MOST)
                return;
        explaining->done[explaining->n_done++] = fingerprint;
        if (cw_engine_explain(cw_world_engine(explaining->play->world), fingerprint, &explain_style, &one) == 0)
                cw_buf_append(&explaining->text, cw_buf_text(&one), one.len);
        if (one.len && one.data[one.len - 1] != '\n')
                cw_buf_putc(&explaining->text, '\n');
        cw_buf_deinit(&one);
}

static bool fits_text(const struct cw_expected *expected, const char *key, const char *text)
{
        const char *wanted = cw_expected_text(expected, key);

        return !wanted || strcmp(wanted, text) == 0;
}

/* The alerts of every rule about this card that may be meant. */
static void explain_card(struct explaining *explaining, const struct cw_expected *expected,
                         const struct cw_scenario_entry *entry)
{
        const struct play *play = explaining->play;
        const struct cw_ruleset *rules = play->settings->config->rules;
        size_t source = cw_rehearsal_source(play->settings, entry->source);
        const char *source_name = rules->sources[source].name, *card_text = cw_expected_text(expected, "card");
        const struct cw_card *card = cw_world_card(play->world, source, entry->card);

        if (!card || (card_text && strtoll(card_text, NULL, 10) != card->id) ||
            !fits_text(expected, "source", source_name))
                return;
        for (size_t i = 0; i < rules->n_rules; i++)
                if (rules->rules[i].enabled && !rules->rules[i].on && fits_text(expected, "rule", rules->rules[i].name))
                        explain(explaining,
                                cw_fingerprint(rules->rules[i].name, source_name, card->customer, card->id));
}

static void explain_expected(struct explaining *explaining, const struct cw_expected *expected)
{
        const struct cw_scenario *test = explaining->play->test;

        for (size_t i = 0; i < test->n_cards; i++)
                if (test->cards[i].has_card)
                        explain_card(explaining, expected, &test->cards[i]);
        for (size_t i = 0; i < test->n_timeline; i++)
                if (test->timeline[i].has_card)
                        explain_card(explaining, expected, &test->timeline[i]);
}

/* Alerts that nobody expects, and those that are expected and are not there. */
static int explain_failure(struct play *play, struct cw_failure *failure)
{
        const struct cw_expected *list = &failure->expectation->alerts;
        struct explaining explaining = {.play = play, .text = CW_BUF_NULL};

        for (size_t i = 0; !failure->is_messages && i < failure->n_actual; i++) {
                size_t j = 0;

                while (j < list->n_items &&
                       !cw_expect(&list->items[j], &failure->actual[i], play->test->start_at, "", NULL))
                        j++;
                if (j == list->n_items)
                        explain(&explaining, failure->actual[i].fingerprint);
        }
        for (size_t j = 0; !failure->is_messages && j < list->n_items; j++) {
                size_t i = 0;

                while (i < failure->n_actual &&
                       !cw_expect(&list->items[j], &failure->actual[i], play->test->start_at, "", NULL))
                        i++;
                if (i == failure->n_actual)
                        explain_expected(&explaining, &list->items[j]);
        }
        return cw_buf_take(&explaining.text, &failure->explanations);
}

static void compare(struct play *play, const struct cw_scenario_expectation *expectation, bool is_messages)
{
        struct cw_rehearsal *rehearsal = play->rehearsal;
        struct cw_failure failure = {.expectation = expectation, .is_messages = is_messages}, *failures;
        int r = collect(play, &failure);

        failure.n_lines = rehearsal->n_lines;
        if (r < 0 || cw_rehearsal_agrees(&failure, play->test->start_at)) {
                failure_deinit(&failure);
                if (r < 0)
                        play->error = r;
                return;
        }
        failures = reallocarray(rehearsal->failures, rehearsal->n_failures + 1, sizeof(*failures));
        if (failures)
                rehearsal->failures = failures;
        if (!failures || explain_failure(play, &failure) < 0) {
                failure_deinit(&failure);
                play->error = -ENOMEM;
                return;
        }
        failures[rehearsal->n_failures++] = failure;
}

/* The next instant of the test from its lists on. */
static bool next_instant(const struct cw_scenario *test, size_t i, size_t j, int64_t *ret_at_ms)
{
        int64_t at_ms = INT64_MAX;

        if (i < test->n_timeline)
                at_ms = test->timeline[i].at_ms;
        if (j < test->n_expect && test->expect[j].at_ms < at_ms)
                at_ms = test->expect[j].at_ms;
        *ret_at_ms = at_ms;
        return at_ms != INT64_MAX;
}

static int play_through(struct play *play)
{
        const struct cw_scenario *test = play->test;
        size_t i = 0, j = 0;
        int64_t at_ms = 0;
        int r = 0;

        for (size_t k = 0; k < test->n_cards; k++)
                apply(play, &test->cards[k]);
        do {
                r = cw_world_advance(play->world, test->start_at + at_ms);
                for (; i < test->n_timeline && test->timeline[i].at_ms == at_ms; i++)
                        apply(play, &test->timeline[i]);
                if (r == 0)
                        r = cw_world_look(play->world);
                for (; r == 0 && j < test->n_expect && test->expect[j].at_ms == at_ms; j++) {
                        if (test->expect[j].has_alerts)
                                compare(play, &test->expect[j], false);
                        if (test->expect[j].has_messages)
                                compare(play, &test->expect[j], true);
                }
                if (r == 0)
                        r = play->error;
        } while (r == 0 && next_instant(test, i, j, &at_ms));
        return r;
}

static void play_deinit(struct play *play)
{
        for (size_t i = 0; i < play->n_messages; i++)
                cw_actual_deinit(&play->messages[i]);
        for (size_t i = 0; play->totals && i < play->settings->config->n_sources; i++)
                cw_map_deinit(&play->totals[i]);
        free(play->totals);
        free(play->messages);
        cw_world_free(play->world);
}

static int tell(struct cw_rehearsal *rehearsal)
{
        struct cw_buf text = CW_BUF_NULL;

        if (!rehearsal->n_failures)
                return 0;
        cw_rehearsal_tell(&text, rehearsal);
        return cw_buf_take(&text, &rehearsal->text);
}

int cw_rehearse(struct cw_settings *settings, const struct cw_scenario_file *file, const struct cw_scenario *test,
                struct cw_rehearsal *rehearsal)
{
        static const struct cw_world_listener listener = {
                .moved = took_move, .sent = took_message, .polled = took_poll};
        struct play play = {.rehearsal = rehearsal, .settings = settings, .test = test};
        struct cw_world_options options = {
                .settings = settings,
                .start_at = test->start_at,
                .renders = true,
                .listener = &listener,
                .data = &play,
        };
        int64_t began_mono = cw_clock_mono_ms();
        int r;

        *rehearsal = (struct cw_rehearsal){.settings = settings, .file = file, .test = test};
        play.totals = calloc(settings->config->n_sources + 1, sizeof(*play.totals));
        r = play.totals ? cw_world_new(&options, &play.world) : -ENOMEM;
        if (r == 0)
                r = play_through(&play);
        play_deinit(&play);
        if (r == 0)
                r = tell(rehearsal);
        rehearsal->took_ms = cw_clock_mono_ms() - began_mono;
        return r;
}

void cw_rehearsal_deinit(struct cw_rehearsal *rehearsal)
{
        for (size_t i = 0; i < rehearsal->n_failures; i++)
                failure_deinit(&rehearsal->failures[i]);
        for (size_t i = 0; i < rehearsal->n_lines; i++)
                free(rehearsal->lines[i].text);
        free(rehearsal->failures);
        free(rehearsal->lines);
        free(rehearsal->text);
        *rehearsal = (struct cw_rehearsal){0};
}
