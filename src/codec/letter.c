/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: three blocks in the order in which they matter (what fires, what is over, what happened); what all rows of a
 * block share is said once below it.
 */
#include "cardwatch/letter.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/hash.h"
#include "cardwatch/render.h"
#include "letter_digest.h"
#include "letter_others.h"
#include "letter_row.h"
#include "render_json.h"
#include "render_person.h"
#include "render_topic.h"

CW_DEFINE_CLEANUP(struct cw_render_words *, cw_render_words_free);

struct writer {
        struct cw_letter *letter;
        const struct cw_notice *notice;
        const struct cw_render_options *options;
        struct cw_render_words *words;
};

static bool same_text(const char *a, const char *b)
{
        return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Whether a reader would see the same time. */
static bool same_minute(int64_t a, int64_t b)
{
        return a / CW_MINUTE_MS == b / CW_MINUTE_MS;
}

static void compare(struct cw_letter_common *common, const struct cw_entry *first, const struct cw_entry *entry)
{
        common->one_since &= same_minute(cw_person_since(first), cw_person_since(entry));
        common->one_times &= first->fired_this_week == entry->fired_this_week;
        common->one_reason &= same_text(first->reason, entry->reason);
        common->one_rule &= same_text(first->rule, entry->rule);
        common->one_source &= same_text(first->source, entry->source);
        if (first->has_card && entry->has_card)
                common->one_customer &= first->card.customer == entry->card.customer &&
                                        same_text(first->source, entry->source);
}

/* Over all that is listed: the topic names a customer or rule only when there is one in the whole message. */
static void find_common(const struct cw_notice *notice, enum cw_entry_state state, struct cw_letter_common *common)
{
        const struct cw_entry *first = NULL, *any = notice->items[0].entry;
        struct cw_letter_common all = {.one_customer = true, .one_rule = true};

        *common = (struct cw_letter_common){.notice = notice,
                                            .one_since = true,
                                            .one_times = true,
                                            .one_reason = true,
                                            .one_rule = true,
                                            .one_source = true};
        for (size_t i = 0; i < notice->n_items; i++)
                compare(&all, any, notice->items[i].entry);
        for (size_t i = 0; i < notice->n_listed; i++) {
                const struct cw_entry *entry = notice->items[i].entry;

                if (entry->state != state)
                        continue;
                if (!first)
                        first = entry;
                compare(common, first, entry);
        }
        common->one_customer = all.one_customer;
        common->one_rule = all.one_rule;
}

static int64_t earliest(const struct cw_notice *notice)
{
        int64_t found = 0, since;

        for (size_t i = 0; i < notice->n_items; i++) {
                since = cw_person_since(notice->items[i].entry);
                if (notice->items[i].entry->state == CW_ENTRY_FIRING && since && (!found || since < found))
                        found = since;
        }
        return found;
}

/* "since 08:02, for 1 h 30 min". */
static void put_since(struct cw_buf *buf, int64_t since, int64_t now)
{
        cw_buf_puts(buf, "since ");
        cw_person_time(buf, since, now);
        if (now - since >= CW_MINUTE_MS) {
                cw_buf_puts(buf, ", for ");
                cw_duration_format_human(buf, now - since);
        }
}

static bool is_repeat(const struct cw_notice *notice)
{
        return notice->repeat > 0 && notice->kind == CW_NOTICE_ALERT && !notice->baseline;
}

/* A repeat's note has said it. */
static bool note_says_since(const struct cw_notice *notice, int64_t since)
{
        return is_repeat(notice) && same_minute(since, earliest(notice));
}

static int write_foot(const struct writer *writer, const struct cw_letter_common *common, const struct cw_entry *entry,
                      struct cw_letter_block *block)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf foot = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf times = CW_BUF_NULL;
        int64_t since = cw_person_since(entry), now = common->notice->sent_at;

        if (entry->state == CW_ENTRY_EVENT && since && common->one_since) {
                cw_buf_puts(&foot, "at ");
                cw_person_time(&foot, since, now);
        } else if (entry->state == CW_ENTRY_FIRING && since && common->one_since &&
                   !note_says_since(common->notice, since)) {
                put_since(&foot, since, now);
        }
        if (common->one_times && cw_person_times(&times, entry, now))
                cw_buf_puts(cw_letter_remark(&foot), cw_buf_text(&times));
        if (writer->options->names_source && entry->has_card && common->one_source) {
                cw_buf_puts(cw_letter_remark(&foot), "source ");
                cw_render_visible(&foot, entry->source, CW_PERSON_REFERENCE_MAX);
        }
        if (common->one_reason && common->one_rule && !writer->options->outward)
                cw_letter_reason(&foot, entry, false);
        return cw_letter_take(&foot, &block->foot);
}

static size_t count_listed(const struct cw_notice *notice, enum cw_entry_state state)
{
        size_t n = 0;

        for (size_t i = 0; i < notice->n_listed; i++)
                n += notice->items[i].entry->state == state;
        return n;
}

static int write_block(struct writer *writer, enum cw_entry_state state)
{
        static const char *const headings[] = {"firing", "resolved", "happened"};
        const struct cw_notice *notice = writer->notice;
        struct cw_letter_block *block = &writer->letter->blocks[state];
        size_t n = count_listed(notice, state);
        const struct cw_entry *first = NULL;
        struct cw_letter_common common;
        int r = 0;

        if (n == 0)
                return 0;
        if (n < notice->n_listed || (state == CW_ENTRY_RESOLVED && notice->firing))
                block->heading = headings[state];
        if (notice->digest)
                block->heading = cw_digest_heading(state);
        block->rows = calloc(n, sizeof(*block->rows));
        if (!block->rows)
                return -ENOMEM;
        find_common(notice, state, &common);
        common.names_source = writer->options->names_source && !common.one_source;
        for (size_t i = 0; r == 0 && i < notice->n_listed; i++) {
                if (notice->items[i].entry->state != state)
                        continue;
                if (!first)
                        first = notice->items[i].entry;
                r = cw_letter_row_init(&block->rows[block->n_rows], &common, &notice->items[i], writer->options,
                                       writer->words);
                block->n_rows += r == 0;
                block->n_owned = block->n_rows;
        }
        return r < 0 ? r : write_foot(writer, &common, first, block);
}

static int write_note(struct writer *writer)
{
        const struct cw_notice *notice = writer->notice;
        cw_cleanup(cw_buf_deinit) struct cw_buf note = CW_BUF_NULL;
        int64_t since = earliest(notice);

        if (notice->digest)
                cw_digest_note(notice, &note);
        else if (notice->kind == CW_NOTICE_TEST)
                cw_buf_puts(&note, "This is a TEST: nothing has happened, and no card needs attention.");
        else if (notice->baseline)
                cw_buf_puts(&note, "This is the baseline: what was already so when watching began.");
        else if (is_repeat(notice)) {
                cw_buf_printf(&note, "This is repeat %" PRIu32 ": still firing", notice->repeat);
                if (since) {
                        cw_buf_putc(&note, ' ');
                        put_since(&note, since, notice->sent_at);
                }
                cw_buf_putc(&note, '.');
        }
        return cw_letter_take(&note, &writer->letter->note);
}

/* What fires, as `cardwatch ack` wants it: one alert by its fingerprint, several by what they have in common. */
static int write_act(struct writer *writer)
{
        const struct cw_notice *notice = writer->notice;
        struct cw_letter_common all = {.one_customer = true, .one_rule = true};
        cw_cleanup(cw_buf_deinit) struct cw_buf act = CW_BUF_NULL;
        const struct cw_entry *first = NULL;
        char fingerprint[17];

        for (size_t i = 0; i < notice->n_items; i++) {
                const struct cw_entry *entry = notice->items[i].entry;

                if (entry->state != CW_ENTRY_FIRING || entry->acknowledged_by)
                        continue;
                first = first ? first : entry;
                compare(&all, first, entry);
        }
        if (!first || notice->kind != CW_NOTICE_ALERT || writer->options->outward || writer->letter->url ||
            (notice->n_firing > 1 && !all.one_rule))
                return 0;
        cw_hash_hex64(first->fingerprint, fingerprint);
        cw_buf_puts(&act, "cardwatch ack ");
        if (notice->n_firing == 1)
                cw_buf_puts(&act, fingerprint);
        else
                cw_buf_printf(&act, "--match rule=%s", first->rule);
        if (notice->n_firing > 1 && first->has_card && all.one_customer)
                cw_buf_printf(&act, " --match customer=%" PRId64, first->card.customer);
        cw_buf_puts(&act, " --why TEXT");
        return cw_letter_take(&act, &writer->letter->act);
}

static int write_frame(struct writer *writer)
{
        const struct cw_notice *notice = writer->notice;
        cw_cleanup(cw_buf_deinit) struct cw_buf topic = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf url = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf title = CW_BUF_NULL;
        bool over = (notice->kind == CW_NOTICE_ALERT || notice->digest) && !notice->firing;
        int r;

        writer->letter->word = cw_topic_word(notice);
        writer->letter->tone = over ? CW_TONE_RESOLVED : cw_letter_tone_of(notice->severity);
        cw_render_url(&url, writer->options, NULL);
        r = cw_topic_own(notice, writer->options, &title);
        if (r == 0)
                r = cw_letter_take(&title, &writer->letter->title);
        if (r >= 0)
                r = cw_topic_write(notice, " \u00b7 ", &topic);
        if (r == 0)
                r = cw_letter_take(&topic, &writer->letter->topic);
        if (r == 0)
                r = cw_letter_take(&url, &writer->letter->url);
        return r < 0 ? r : write_act(writer);
}

static int write_letter(struct writer *writer)
{
        int r;

        r = write_frame(writer);
        if (r == 0)
                r = write_note(writer);
        for (unsigned state = 0; r == 0 && state < CW_LETTER_BLOCKS; state++)
                r = write_block(writer, (enum cw_entry_state)state);
        return r < 0 ? r : cw_letter_count_others(writer->letter, writer->notice->n_listed, CW_LETTER_OTHERS_MAX + 1);
}

int cw_letter_init(struct cw_letter *letter, const struct cw_notice *notice, const struct cw_render_options *options)
{
        cw_cleanup(cw_render_words_free_cleanup) struct cw_render_words *words = NULL;
        struct writer writer = {letter, notice, options, NULL};
        int r;

        *letter = (struct cw_letter){.notice = notice, .outward = options->outward};
        r = cw_render_words_new(notice, options, &words);
        if (r < 0)
                return r;
        writer.words = words;
        r = write_letter(&writer);
        if (r < 0)
                cw_letter_deinit(letter);
        return r;
}

void cw_letter_headline(const struct cw_letter *letter, struct cw_buf *buf)
{
        if (letter->title)
                cw_buf_puts(buf, letter->title);
        else
                cw_buf_printf(buf, "%s \u00b7 %s", letter->word, letter->topic);
}

void cw_letter_deinit(struct cw_letter *letter)
{
        for (unsigned i = 0; i < CW_LETTER_BLOCKS; i++) {
                for (size_t j = 0; j < letter->blocks[i].n_owned; j++)
                        cw_letter_row_deinit(&letter->blocks[i].rows[j]);
                free(letter->blocks[i].rows);
                free(letter->blocks[i].foot);
        }
        cw_letter_forget_others(letter);
        free(letter->title);
        free(letter->topic);
        free(letter->note);
        free(letter->url);
        free(letter->act);
        *letter = (struct cw_letter){0};
}
