/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the balance that the alert is about, for a week, or for as long as it has gone on and a third more. The last
 * point is what the message itself says: the commit that records it may still be under way.
 */
#include "cardwatch/card_chart.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/chart.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/render.h"
#include "cardwatch/rows.h"
#include "letter_row.h"
#include "render_measure.h"
#include "render_person.h"

#define USUAL_MS (7 * CW_DAY_MS)
#define MOST_MS  (31 * CW_DAY_MS)
#define LEAST_MS (30 * CW_MINUTE_MS)

enum { NAME_MAX_SHOWN = 20 }; /* characters of the threshold's, which stands in the picture */

enum which { AVAILABLE, PENDING, TOTAL };

struct cw_card_chart {
        struct cw_buf source, title, unit, limit_name;
        int64_t card, from_at, now;
        int64_t entry_at; /* when what the entry says was seen, as far as it tells */
        char currency[4];
        enum which which;
        bool in_percent;
        struct cw_maybe_amount limit; /* in the card's currency */
        struct cw_balances current;
        struct cw_maybe_amount before;
        uint32_t colour;
        struct cw_chart *chart; /* NULL until it has begun */
        int64_t last_at; /* of the rows seen so far */
};

CW_DEFINE_CLEANUP(struct cw_card_chart *, cw_card_chart_free);

static cw_amount pick(const struct cw_card_chart *chart, cw_amount available, cw_amount pending, cw_amount total)
{
        return chart->which == PENDING ? pending : chart->which == TOTAL ? total : available;
}

static void choose_balance(struct cw_card_chart *chart, const struct cw_entry *entry)
{
        struct cw_person_shown shown;

        cw_person_shown(entry, &shown);
        chart->which = !shown.name ? AVAILABLE : strcmp(shown.name, "pending") == 0 ? PENDING : TOTAL;
        chart->before = shown.was;
}

/* The threshold, where it is one of this balance and neither of what was measured on it nor what the chart shows as the
 * balance before. */
static void choose_limit(struct cw_card_chart *chart, const struct cw_entry *entry)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf name = CW_BUF_NULL;
        const struct cw_card *card = &entry->card;
        cw_amount shown = pick(chart, card->available, card->pending, card->total);

        if (!entry->limit_text || cw_measure_end(entry) || cw_person_limit_is_previous(entry) ||
            !entry->current.known || entry->current.amount != shown)
                return;
        chart->limit.known = cw_amount_parse(entry->limit_text, strlen(entry->limit_text), &chart->limit.amount) == 0;
        cw_person_limit_name(&name, entry);
        cw_render_visible(&chart->limit_name, cw_buf_text(&name), NAME_MAX_SHOWN);
        if (cw_buf_error(&name) < 0)
                chart->limit_name.error = cw_buf_error(&name);
}

static void choose_times(struct cw_card_chart *chart, const struct cw_entry *entry, int64_t now)
{
        int64_t since = cw_person_since(entry), span = USUAL_MS;

        if (since && since < now && (now - since) / 3 * 4 > span)
                span = (now - since) / 3 * 4;
        chart->now = now;
        chart->from_at = now - (span < MOST_MS ? span : MOST_MS);
        chart->entry_at = entry->started_at;
        if (entry->fired_at > chart->entry_at)
                chart->entry_at = entry->fired_at;
        if (entry->resolved_at > chart->entry_at)
                chart->entry_at = entry->resolved_at;
        if (chart->entry_at > now || chart->entry_at == 0)
                chart->entry_at = now;
}

static void choose_words(struct cw_card_chart *chart, const struct cw_entry *entry)
{
        static const char *const names[] = {"available", "pending", "total"};

        if (entry->card.last4[0]) {
                cw_buf_puts(&chart->title, "\u00b7\u00b7\u00b7\u00b7");
                cw_render_visible(&chart->title, entry->card.last4, 4);
                cw_buf_puts(&chart->title, " ");
        }
        cw_buf_printf(&chart->title, "card %" PRId64 ", %s", entry->card.id, names[chart->which]);
        if (chart->in_percent)
                cw_buf_printf(&chart->unit, "%% of %s", cw_buf_text(&chart->limit_name));
        else
                cw_render_visible(&chart->unit, entry->card.currency, 3);
        cw_buf_puts(&chart->source, entry->source);
}

static int error_of(const struct cw_card_chart *chart)
{
        int r = cw_buf_error(&chart->title);

        r = r ?: cw_buf_error(&chart->unit);
        r = r ?: cw_buf_error(&chart->source);
        return r ?: cw_buf_error(&chart->limit_name);
}

int cw_card_chart_new(const struct cw_entry *entry, enum cw_detail detail, int64_t now,
                      struct cw_card_chart **ret_chart)
{
        cw_cleanup(cw_card_chart_free_cleanup) struct cw_card_chart *chart = NULL;
        int r;

        if (!entry->has_card || !entry->source || detail == CW_DETAIL_NONE || entry->figures != CW_FIGURES_AMOUNTS)
                return CW_CARD_CHART_NOTHING;
        chart = calloc(1, sizeof(*chart));
        if (!chart)
                return -ENOMEM;
        chart->card = entry->card.id;
        memcpy(chart->currency, entry->card.currency, sizeof(chart->currency));
        chart->current = (struct cw_balances){entry->card.available, entry->card.pending, entry->card.total, false};
        chart->in_percent = detail == CW_DETAIL_BAND;
        chart->colour = cw_letter_colour(entry->state == CW_ENTRY_RESOLVED ? CW_TONE_RESOLVED : CW_TONE_INFO);
        choose_balance(chart, entry);
        choose_limit(chart, entry);
        if (chart->in_percent && (!chart->limit.known || chart->limit.amount == 0))
                return CW_CARD_CHART_NOTHING;
        choose_times(chart, entry, now);
        choose_words(chart, entry);
        r = error_of(chart);
        if (r == 0)
                *ret_chart = cw_take(chart);
        return r;
}

void cw_card_chart_free(struct cw_card_chart *chart)
{
        if (!chart)
                return;
        cw_buf_deinit(&chart->source);
        cw_buf_deinit(&chart->title);
        cw_buf_deinit(&chart->unit);
        cw_buf_deinit(&chart->limit_name);
        cw_chart_free(chart->chart);
        free(chart);
}

const char *cw_card_chart_source(const struct cw_card_chart *chart)
{
        return chart->source.data;
}

int64_t cw_card_chart_card(const struct cw_card_chart *chart)
{
        return chart->card;
}

int64_t cw_card_chart_from(const struct cw_card_chart *chart)
{
        return chart->from_at;
}

static cw_amount drawn(const struct cw_card_chart *chart, cw_amount amount)
{
        int64_t percent = 0;

        if (!chart->in_percent)
                return amount;
        (void)cw_disguise_percent(amount, chart->limit.amount, &percent);
        return percent * CW_AMOUNT_UNIT;
}

static void add(struct cw_card_chart *chart, int64_t at, cw_amount amount)
{
        cw_chart_add(chart->chart, at, drawn(chart, amount));
}

static int begin(struct cw_card_chart *chart)
{
        struct cw_chart_options options = {
                .from_at = chart->from_at,
                .to_at = chart->now,
                .title = cw_buf_text(&chart->title),
                .unit = cw_buf_text(&chart->unit),
                .digits = chart->in_percent ? 0 : cw_currency_digits(chart->currency),
                .limit_name = chart->limit.known ? cw_buf_text(&chart->limit_name) : NULL,
                .limit = chart->limit.known ? drawn(chart, chart->limit.amount) : 0,
                .colour = chart->colour,
        };

        return cw_chart_new(&options, &chart->chart);
}

int cw_card_chart_begin(struct cw_card_chart *chart, const struct cw_card_row *first)
{
        int64_t known_from = first->observed_at;
        int r;

        if (!first->has_before && known_from > chart->from_at) {
                int64_t span = chart->now - known_from;

                chart->from_at = known_from - span / 20;
                if (chart->now - chart->from_at < LEAST_MS)
                        chart->from_at = chart->now - LEAST_MS;
        }
        r = begin(chart);
        if (r == 0 && first->has_before && strcmp(first->card.currency, chart->currency) == 0)
                add(chart, chart->from_at,
                    pick(chart, first->before.available, first->before.pending, first->before.total));
        return r;
}

void cw_card_chart_see(struct cw_card_chart *chart, const struct cw_card_row *row)
{
        const struct cw_card *card = &row->card;

        if (row->gone || strcmp(card->currency, chart->currency) != 0 || row->observed_at < chart->last_at)
                return;
        chart->last_at = row->observed_at;
        add(chart, row->observed_at, pick(chart, card->available, card->pending, card->total));
}

/* Nothing is recorded of that time: what the message says of before and now. */
static int begin_without_past(struct cw_card_chart *chart)
{
        int r = begin(chart);

        if (r == 0 && chart->before.known)
                add(chart, chart->from_at, chart->before.amount);
        return r;
}

int cw_card_chart_draw(struct cw_card_chart *chart, struct cw_buf *png, struct cw_buf *words)
{
        int r;

        if (!chart->chart) {
                r = begin_without_past(chart);
                if (r < 0)
                        return r;
        }
        if (cw_chart_is_empty(chart->chart))
                return CW_CARD_CHART_NOTHING;
        if (chart->last_at < chart->entry_at)
                add(chart, chart->entry_at,
                    pick(chart, chart->current.available, chart->current.pending, chart->current.total));
        cw_chart_describe(chart->chart, words);
        r = cw_buf_error(words);
        return r < 0 ? r : cw_chart_png(chart->chart, png);
}
