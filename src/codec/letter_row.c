/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the balance now, the one before and the limit stand in columns; all else is a remark, said only when it is not
 * what everybody expects.
 */
#include "letter_row.h"

#include <inttypes.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/render.h"
#include "render_json.h"
#include "render_measure.h"
#include "render_person.h"

enum { WORD_LINES_MAX = 20 };

enum cw_letter_tone cw_letter_tone_of(enum cw_severity severity)
{
        switch (severity) {
        case CW_SEVERITY_CRITICAL:
                return CW_TONE_CRITICAL;
        case CW_SEVERITY_WARNING:
                return CW_TONE_WARNING;
        default:
                return CW_TONE_INFO;
        }
}

uint32_t cw_letter_colour(enum cw_letter_tone tone)
{
        static const uint32_t colours[] = {
                [CW_TONE_INFO] = 0x1d6fb8,
                [CW_TONE_WARNING] = 0xb35900,
                [CW_TONE_CRITICAL] = 0xc62828,
                [CW_TONE_RESOLVED] = 0x2e7d32,
        };

        return colours[tone];
}

struct cw_buf *cw_letter_remark(struct cw_buf *remarks)
{
        if (remarks->len > 0)
                cw_buf_puts(remarks, " \u00b7 ");
        return remarks;
}

int cw_letter_take(struct cw_buf *buf, char **ret_text)
{
        int r = cw_buf_error(buf);

        if (r < 0 || buf->len == 0)
                return r;
        return cw_buf_take(buf, ret_text);
}

/* Said by the engine, not a condition that the rule writes. */
static bool is_prose(const char *reason)
{
        return strspn(reason, "abcdefghijklmnopqrstuvwxyz ") == strlen(reason);
}

/* That what was the reason is so no longer, everybody takes for granted. */
void cw_letter_reason(struct cw_buf *remarks, const struct cw_entry *entry, bool name_rule)
{
        bool over = entry->state == CW_ENTRY_RESOLVED;

        if (!entry->has_card)
                return;
        if (name_rule) {
                cw_buf_puts(cw_letter_remark(remarks), "rule ");
                cw_render_visible(remarks, entry->rule, CW_PERSON_REFERENCE_MAX);
        }
        if (!entry->reason || !*entry->reason || (over && strcmp(entry->reason, CW_REASON_NOT_TRUE) == 0))
                return;
        if (name_rule && !over)
                cw_buf_puts(remarks, ": ");
        else
                cw_buf_puts(cw_letter_remark(remarks), !over                     ? "rule: "
                                                       : is_prose(entry->reason) ? "ended: "
                                                                                 : "ended by: ");
        cw_render_visible(remarks, entry->reason, CW_PERSON_TEXT_MAX);
}

static int set_mark(struct cw_letter_row *row, const struct cw_letter_common *common, const struct cw_card *card)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf mark = CW_BUF_NULL;

        if (card->last4[0]) {
                cw_buf_puts(&mark, "\u00b7\u00b7\u00b7\u00b7");
                cw_render_visible(&mark, card->last4, 4);
                cw_buf_puts(&mark, " (");
        }
        cw_buf_printf(&mark, "card %" PRId64, card->id);
        if (!common->one_customer) {
                cw_buf_puts(&mark, ", ");
                cw_person_customer(&mark, card);
        }
        if (card->last4[0])
                cw_buf_putc(&mark, ')');
        return cw_letter_take(&mark, &row->mark);
}

static int set_amounts(struct cw_letter_row *row, const struct cw_entry *entry, const struct cw_person_shown *shown)
{
        static const char *const states[] = {"firing", "resolved", "happened"};
        cw_cleanup(cw_buf_deinit) struct cw_buf amount = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf was = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf limit = CW_BUF_NULL;
        int r;

        if (entry->figures == CW_FIGURES_NONE)
                cw_buf_puts(&amount, states[entry->state]);
        else
                cw_person_money(&amount, shown->now, entry);
        if (entry->state != CW_ENTRY_RESOLVED && shown->was.known && shown->was.amount != shown->now)
                cw_person_amount(&was, shown->was.amount, entry);
        if (entry->state != CW_ENTRY_RESOLVED && (was.len == 0 || !cw_person_limit_is_previous(entry)))
                cw_render_limit(&limit, entry);
        r = cw_letter_take(&amount, &row->amount);
        if (r == 0)
                r = cw_letter_take(&was, &row->was);
        return r < 0 ? r : cw_letter_take(&limit, &row->limit);
}

static bool is_where_it_stands(const struct cw_entry *entry)
{
        return entry->current.known && entry->worst.amount == entry->current.amount;
}

void cw_render_end(struct cw_buf *remarks, const struct cw_entry *entry)
{
        int64_t since = cw_person_since(entry);

        if (since && entry->resolved_at >= since) {
                cw_buf_puts(cw_letter_remark(remarks), "lasted ");
                cw_duration_format_human(remarks, entry->resolved_at - since);
        }
        if (entry->has_card && entry->worst.known && !is_where_it_stands(entry)) {
                cw_buf_puts(cw_letter_remark(remarks), cw_person_went_up(entry) ? "highest " : "lowest ");
                cw_person_amount(remarks, entry->worst.amount, entry);
        }
}

/* "08:02 to 09:30"; of what was over within a minute "at 08:02". */
static void put_span(struct cw_buf *remarks, int64_t since, int64_t until, int64_t now)
{
        if (since / CW_MINUTE_MS == until / CW_MINUTE_MS) {
                cw_buf_puts(remarks, "at ");
        } else {
                cw_person_time(remarks, since, now);
                cw_buf_puts(remarks, " to ");
        }
        cw_person_time(remarks, until, now);
}

/* How long it lasted and how low it went. */
static void remark_end(struct cw_buf *remarks, const struct cw_item *item, int64_t now)
{
        const struct cw_entry *entry = item->entry;
        int64_t since = cw_person_since(entry);

        if (item->folded && entry->resolved_at) {
                cw_letter_remark(remarks);
                put_span(remarks, since, entry->resolved_at, now);
                cw_buf_puts(remarks, ", over before it could be told");
        }
        cw_render_end(remarks, entry);
}

static void remark_severity(struct cw_buf *remarks, const struct cw_notice *notice, const struct cw_item *item)
{
        enum cw_severity now = item->entry->severity;

        if (item->entry->state == CW_ENTRY_RESOLVED)
                return;
        if (item->previous_severity)
                cw_buf_printf(cw_letter_remark(remarks), "%s from %s to %s",
                              now > item->previous_severity ? "raised" : "lowered",
                              cw_severity_name(item->previous_severity), cw_severity_name(now));
        else if (now != notice->severity)
                cw_buf_puts(cw_letter_remark(remarks), cw_severity_name(now));
}

/* Who reads of another balance asks for the one that can be spent. */
static void remark_other(struct cw_buf *remarks, const struct cw_entry *entry, const char *name)
{
        cw_buf_printf(cw_letter_remark(remarks), "that is the %s balance", name);
        if (entry->figures != CW_FIGURES_AMOUNTS)
                return;
        cw_buf_puts(remarks, ", available ");
        cw_person_amount(remarks, entry->card.available, entry);
}

static void remark_card(struct cw_buf *remarks, const struct cw_entry *entry, const struct cw_person_shown *shown,
                        int64_t now)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf empty = CW_BUF_NULL;
        bool turned = entry->has_previous && entry->previous.suppressed != entry->card.suppressed;

        if (shown->name)
                remark_other(remarks, entry, shown->name);
        else if (entry->current.known && entry->current.amount != shown->now) {
                cw_buf_puts(cw_letter_remark(remarks), "value ");
                cw_person_amount(remarks, entry->current.amount, entry);
        }
        if (!shown->name && cw_person_empty(&empty, entry, now))
                cw_buf_puts(cw_letter_remark(remarks), cw_buf_text(&empty));
        if (entry->card.pending != 0 && (!shown->name || strcmp(shown->name, "pending") != 0) &&
            !cw_measure_is(entry, "pending")) {
                cw_buf_puts(cw_letter_remark(remarks), "pending ");
                cw_person_amount(remarks, entry->card.pending, entry);
        }
        if (turned)
                cw_buf_puts(cw_letter_remark(remarks), entry->card.suppressed ? "now deactivated" : "now active again");
        else if (entry->card.suppressed)
                cw_buf_puts(cw_letter_remark(remarks), "deactivated");
}

static void remark_alert(struct cw_buf *remarks, const struct cw_letter_common *common, const struct cw_item *item,
                         bool outward)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf times = CW_BUF_NULL;
        const struct cw_entry *entry = item->entry;

        if (entry->flapping)
                cw_buf_puts(cw_letter_remark(remarks),
                            entry->state == CW_ENTRY_FIRING ? "flapping: quiet until it settles" : "flapping");
        if (entry->confirmed >= 0)
                cw_buf_puts(cw_letter_remark(remarks),
                            entry->confirmed ? "confirmed by a second look" : "not confirmed by a second look");
        if (common->names_source && entry->has_card) {
                cw_buf_puts(cw_letter_remark(remarks), "source ");
                cw_render_visible(remarks, entry->source, CW_PERSON_REFERENCE_MAX);
        }
        if (item->silenced && !outward)
                cw_buf_puts(cw_letter_remark(remarks), "silenced");
        if (entry->acknowledged_by && !outward) {
                cw_buf_puts(cw_letter_remark(remarks), "acknowledged by ");
                cw_render_visible(remarks, entry->acknowledged_by, CW_PERSON_REFERENCE_MAX);
        }
        if (entry->state != CW_ENTRY_RESOLVED && !common->one_since && cw_person_since(entry)) {
                cw_buf_puts(cw_letter_remark(remarks), entry->state == CW_ENTRY_EVENT ? "at " : "since ");
                cw_person_time(remarks, cw_person_since(entry), common->notice->sent_at);
        }
        if (!common->one_times && cw_person_times(&times, entry, common->notice->sent_at))
                cw_buf_puts(cw_letter_remark(remarks), cw_buf_text(&times));
        if ((!common->one_reason || !common->one_rule) && !outward)
                cw_letter_reason(remarks, entry, !common->one_rule);
}

/* Line by line, so that a description's line breaks stay and nothing else gets through. */
static void add_words(struct cw_buf *words, const char *text, size_t characters)
{
        size_t len;

        for (unsigned n = 0; *text && n < WORD_LINES_MAX; n++) {
                cw_autofree char *line = NULL;

                len = strcspn(text, "\n");
                line = strndup(text, len);
                if (line && len > 0) {
                        cw_render_visible(words, line, characters);
                        cw_buf_putc(words, '\n');
                }
                text += len + (text[len] == '\n');
        }
}

/* A rule's words are about what began; that it is over is told with them only where they know that there is an end. */
static bool is_told(const struct cw_entry *entry, const char *words)
{
        static const char *const ends[] = {"resolved_at", "state", "status"};

        if (!words || !entry->has_card || entry->state != CW_ENTRY_RESOLVED)
                return words != NULL;
        for (size_t i = 0; i < CW_ARRAY_SIZE(ends); i++)
                if (strstr(words, ends[i]))
                        return true;
        return false;
}

int cw_letter_line(struct cw_render_words *words, const struct cw_item *item, struct cw_buf *buf)
{
        struct cw_entry entry = *item->entry;
        struct cw_item told = *item;

        if (!is_told(&entry, entry.summary) && entry.has_card)
                entry.summary = NULL;
        told.entry = &entry;
        return cw_render_words_summary(words, &told, buf);
}

static int set_words(struct cw_letter_row *row, const struct cw_item *item, struct cw_render_words *words)
{
        const struct cw_entry *entry = item->entry;
        size_t characters = entry->has_card ? CW_PERSON_TEXT_MAX : CW_PERSON_LONG_MAX;
        cw_cleanup(cw_buf_deinit) struct cw_buf lines = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        int r = 0;

        if (!entry->has_card || is_told(entry, entry->summary)) {
                r = cw_render_words_summary(words, item, &text);
                cw_render_visible(&lines, cw_buf_text(&text), characters);
                cw_buf_putc(&lines, '\n');
        }
        if (!entry->has_card && entry->reason && *entry->reason && !strstr(cw_buf_text(&text), entry->reason)) {
                cw_buf_puts(&lines, "what happened: ");
                cw_render_visible(&lines, entry->reason, CW_PERSON_TEXT_MAX);
                cw_buf_putc(&lines, '\n');
        }
        cw_buf_clear(&text);
        if (r == 0 && is_told(entry, entry->description))
                r = cw_render_words_description(words, item, &text);
        add_words(&lines, cw_buf_text(&text), characters);
        if (!entry->has_card && entry->advice && entry->state == CW_ENTRY_FIRING)
                add_words(&lines, entry->advice, characters);
        return r < 0 ? r : cw_letter_take(&lines, &row->words);
}

static int fill(struct cw_letter_row *row, const struct cw_letter_common *common, const struct cw_item *item,
                const struct cw_render_options *options, struct cw_render_words *words)
{
        const struct cw_entry *entry = item->entry;
        cw_cleanup(cw_buf_deinit) struct cw_buf remarks = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf url = CW_BUF_NULL;
        struct cw_person_shown shown;
        int r = 0;

        row->fingerprint = entry->fingerprint;
        row->tone = entry->state == CW_ENTRY_RESOLVED ? CW_TONE_RESOLVED : cw_letter_tone_of(entry->severity);
        if (entry->state == CW_ENTRY_RESOLVED)
                remark_end(&remarks, item, common->notice->sent_at);
        remark_severity(&remarks, common->notice, item);
        if (entry->has_card) {
                cw_person_shown(entry, &shown);
                remark_card(&remarks, entry, &shown, common->notice->sent_at);
                r = set_mark(row, common, &entry->card);
                if (r == 0)
                        r = set_amounts(row, entry, &shown);
                cw_render_url(&url, options, entry);
        }
        remark_alert(&remarks, common, item, options->outward);
        if (r == 0)
                r = set_words(row, item, words);
        if (r == 0)
                r = cw_letter_take(&remarks, &row->remarks);
        return r < 0 ? r : cw_letter_take(&url, &row->url);
}

int cw_letter_row_init(struct cw_letter_row *row, const struct cw_letter_common *common, const struct cw_item *item,
                       const struct cw_render_options *options, struct cw_render_words *words)
{
        int r;

        *row = (struct cw_letter_row){0};
        r = fill(row, common, item, options, words);
        if (r < 0)
                cw_letter_row_deinit(row);
        return r;
}

void cw_letter_row_deinit(struct cw_letter_row *row)
{
        free(row->mark);
        free(row->amount);
        free(row->was);
        free(row->limit);
        free(row->remarks);
        free(row->words);
        free(row->url);
        *row = (struct cw_letter_row){0};
}
