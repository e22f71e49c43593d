/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: one walk over the items with three sets (rules, customers, cards) says all that the line needs; about one item
 * there is nothing to find out.
 */
#include "render_topic.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/digits.h"
#include "cardwatch/hash.h"
#include "cardwatch/map.h"
#include "cardwatch/render.h"
#include "cardwatch/render_template.h"
#include "letter_digest.h"
#include "render_person.h"

enum { TITLE_MAX = 500 }; /* characters */

struct survey {
        struct cw_map rules, customers, cards; /* of more than one item */
        size_t n_rules, n_customers, n_cards;
        const char *rule_names[2]; /* the first two */
        const struct cw_entry *first;
        const struct cw_card *card; /* any */
        bool has_builtin;
};

static void deinit(struct survey *survey)
{
        cw_map_deinit(&survey->rules);
        cw_map_deinit(&survey->customers);
        cw_map_deinit(&survey->cards);
}

static uint64_t key_of(const char *text, int64_t id)
{
        struct cw_hash hash;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_string(&hash, text);
        cw_hash_u64(&hash, (uint64_t)id);
        return cw_hash_end(&hash);
}

static int look_at_rule(struct survey *survey, const char *name)
{
        uint64_t key = key_of(name, 0);

        if (cw_map_get(&survey->rules, key))
                return 0;
        if (survey->rules.used < CW_ARRAY_SIZE(survey->rule_names))
                survey->rule_names[survey->rules.used] = name;
        return cw_map_put(&survey->rules, key, (void *)name);
}

static int look_at(struct survey *survey, const struct cw_entry *entry)
{
        void *seen = (void *)entry;
        int r = look_at_rule(survey, entry->rule);

        if (!survey->first)
                survey->first = entry;
        if (!entry->has_card) {
                survey->has_builtin = true;
                return r;
        }
        survey->card = &entry->card;
        if (r == 0)
                r = cw_map_put(&survey->customers, key_of(entry->source, entry->card.customer), seen);
        if (r == 0)
                r = cw_map_put(&survey->cards, key_of(entry->source, entry->card.id), seen);
        return r;
}

static void look_at_only(struct survey *survey, const struct cw_entry *entry)
{
        survey->first = entry;
        survey->rule_names[0] = entry->rule;
        survey->n_rules = 1;
        survey->has_builtin = !entry->has_card;
        survey->card = &entry->card;
        survey->n_customers = survey->n_cards = entry->has_card;
}

/* With those that it has no items of. */
static uint64_t count_all(const struct cw_notice *notice)
{
        return (uint64_t)notice->n_firing + notice->n_resolved + notice->n_events;
}

static int look_at_all(struct survey *survey, const struct cw_notice *notice)
{
        int r = 0;

        if (notice->n_items == 1 && count_all(notice) <= 1) {
                look_at_only(survey, notice->items[0].entry);
                return 0;
        }
        for (size_t i = 0; r == 0 && i < notice->n_items; i++)
                r = look_at(survey, notice->items[i].entry);
        for (size_t i = 0; r == 0 && i < notice->n_tallies && count_all(notice) > notice->n_items; i++)
                r = look_at_rule(survey, notice->tallies[i].rule);
        survey->n_rules = survey->rules.used;
        survey->n_customers = survey->customers.used;
        survey->n_cards = survey->cards.used;
        return r;
}

static void write_what(const struct survey *survey, struct cw_buf *buf)
{
        if (survey->n_rules > 2) {
                cw_buf_printf(buf, "%zu rules", survey->n_rules);
                return;
        }
        cw_render_visible(buf, survey->rule_names[0], CW_PERSON_REFERENCE_MAX);
        if (survey->n_rules == 2) {
                cw_buf_puts(buf, " and ");
                cw_render_visible(buf, survey->rule_names[1], CW_PERSON_REFERENCE_MAX);
        }
}

static void write_whose(const struct survey *survey, struct cw_buf *buf)
{
        if (survey->n_customers > 1)
                cw_buf_printf(buf, "%zu customers", survey->n_customers);
        else
                cw_person_customer(buf, survey->card);
}

/* The first clause is enough for a preview; the message itself has all of it. */
static void write_trouble(const struct cw_entry *entry, struct cw_buf *buf)
{
        bool over = entry->state == CW_ENTRY_RESOLVED && entry->reason && *entry->reason;
        const char *text = over ? entry->reason : entry->summary ? entry->summary : "";
        cw_autofree char *clause = NULL;
        size_t n = 0;

        while (text[n] && !((text[n] == '.' || text[n] == ':') && (text[n + 1] == ' ' || !text[n + 1])))
                n++;
        clause = strndup(text, n);
        if (n > 0 && clause)
                cw_render_visible(buf, clause, CW_PERSON_TEXT_MAX / 2);
        else
                cw_buf_puts(buf, over ? "over" : "firing");
}

static void write_how_many(const struct survey *survey, const struct cw_notice *notice, struct cw_buf *buf)
{
        bool events = notice->kind == CW_NOTICE_EVENT;
        uint64_t all = count_all(notice);

        /* Of what is only counted it is not known which cards it was. */
        if (all > notice->n_items) {
                cw_buf_printf(buf, "%" PRIu64 " %s", all, events ? "events" : "alerts");
                return;
        }
        if (survey->has_builtin) {
                if (notice->n_items == 1)
                        write_trouble(survey->first, buf);
                else
                        cw_buf_printf(buf, "%zu %s%s", notice->n_items, events ? "event" : "alert",
                                      notice->n_items == 1 ? "" : "s");
                return;
        }
        if (survey->n_cards == 1)
                cw_buf_puts(buf, "card ");
        cw_digits_put(buf, survey->n_cards == 1 ? survey->card->id : (int64_t)survey->n_cards);
        cw_buf_puts(buf, survey->n_cards == 1 ? " of " : " cards of ");
        write_whose(survey, buf);
}

static void write_remarks(const struct cw_notice *notice, struct cw_buf *buf)
{
        if (notice->n_firing > 0 && notice->n_resolved > 0)
                cw_buf_printf(buf, " (%" PRIu32 " resolved)", notice->n_resolved);
        if (notice->n_items == 1 && notice->items[0].previous_severity && notice->firing)
                cw_buf_printf(buf, " (%s from %s)",
                              notice->severity > notice->items[0].previous_severity ? "raised" : "lowered",
                              cw_severity_name(notice->items[0].previous_severity));
        if (notice->baseline)
                cw_buf_puts(buf, " (baseline)");
        if (notice->repeat > 0)
                cw_buf_puts(buf, " (repeat)");
}

const char *cw_topic_severity(enum cw_severity severity)
{
        switch (severity) {
        case CW_SEVERITY_CRITICAL:
                return "CRITICAL";
        case CW_SEVERITY_WARNING:
                return "WARNING";
        case CW_SEVERITY_INFO:
                return "INFO";
        default:
                return "NOTICE";
        }
}

const char *cw_topic_word(const struct cw_notice *notice)
{
        switch (notice->kind) {
        case CW_NOTICE_TEST:
                return "TEST";
        case CW_NOTICE_DIGEST:
                return "DIGEST";
        case CW_NOTICE_ALERT:
                if (!notice->firing)
                        return "RESOLVED";
                break;
        default:
                break;
        }
        return cw_topic_severity(notice->severity);
}

int cw_topic_write(const struct cw_notice *notice, const char *separator, struct cw_buf *buf)
{
        cw_cleanup(deinit) struct survey survey = {0};
        int r;

        if (notice->digest) {
                cw_digest_topic(notice, buf);
                return cw_buf_error(buf);
        }
        r = look_at_all(&survey, notice);
        if (r < 0)
                return r;
        if (!survey.first) {
                cw_buf_puts(buf, notice->kind == CW_NOTICE_TEST ? "test message" : "nothing to tell");
                return cw_buf_error(buf);
        }
        write_what(&survey, buf);
        cw_buf_puts(buf, separator);
        write_how_many(&survey, notice, buf);
        write_remarks(notice, buf);
        return cw_buf_error(buf);
}

/* Without the line's end that YAML's block texts have. Line breaks inside become spaces. */
static void make_line(struct cw_buf *text)
{
        size_t start = 0;

        while (text->len > 0 && strchr(" \t\r\n", text->data[text->len - 1]))
                text->len--;
        for (size_t i = 0; i < text->len; i++)
                if (strchr("\t\r\n", text->data[i]))
                        text->data[i] = ' ';
        while (start < text->len && text->data[start] == ' ')
                start++;
        if (text->data) {
                memmove(text->data, text->data + start, text->len - start);
                text->len -= start;
                text->data[text->len] = '\0';
        }
}

int cw_topic_own(const struct cw_notice *notice, const struct cw_render_options *options, struct cw_buf *buf)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        struct cw_render_options others;
        int r;

        if (!options || !options->title)
                return CW_RENDER_DEFAULT;
        others = *options;
        others.title = NULL;
        r = cw_render_template(options->title, notice, &others, NULL, &text);
        if (r != 0)
                return r;
        make_line(&text);
        if (text.len == 0)
                return CW_RENDER_DEFAULT;
        cw_render_visible(buf, text.data, TITLE_MAX);
        return cw_buf_error(buf);
}

int cw_render_title(const struct cw_notice *notice, const struct cw_render_options *options, struct cw_buf *buf)
{
        int r = cw_topic_own(notice, options, buf);

        if (r != CW_RENDER_DEFAULT)
                return r;
        if (notice->kind == CW_NOTICE_TEST)
                cw_buf_puts(buf, "TEST: ");
        return cw_topic_write(notice, ": ", buf);
}

int cw_render_subject(const struct cw_notice *notice, const struct cw_render_options *options, struct cw_buf *buf)
{
        int r = cw_topic_own(notice, options, buf);

        if (r != CW_RENDER_DEFAULT)
                return r;
        cw_buf_printf(buf, "[%s] ", cw_topic_word(notice));
        return cw_topic_write(notice, ": ", buf);
}
