/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a message is laid out and measured; what does not fit is laid out again with fewer words, then with fewer
 * alerts written out. Whatever is not written out is counted.
 */
#include "chat.h"

#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/render.h"
#include "cardwatch/text.h"
#include "chat_own.h"

/* From all there is to what must be there. */
static const struct {
        size_t words, others;
} steps[] = {{SIZE_MAX, CW_LETTER_OTHERS_MAX + 1}, {400, CW_LETTER_OTHERS_MAX + 1}, {120, 10}, {0, 3}, {0, 1}};

enum {
        FIRST_SHORT_STEP = 2, /* from here on alerts are left out too */
        WORDS_LEAST = 200, /* of what has nothing but words */
        OWN_MOST = 1 << 20, /* no template writes more */
};

struct fitting {
        struct cw_chat chat;
        struct cw_letter *letter;
        cw_chat_lay_out_fn lay_out;
        struct cw_buf text;
};

static int try(struct fitting *fitting, size_t step, size_t n_rows)
{
        int r;

        cw_buf_clear(&fitting->text);
        r = cw_letter_shorten(fitting->letter, n_rows, steps[step].others);
        if (r < 0)
                return r;
        fitting->chat.words = steps[step].words;
        r = fitting->lay_out(&fitting->chat, &fitting->text);
        return cw_buf_error(&fitting->text) < 0 ? cw_buf_error(&fitting->text) : r;
}

/* The most rows that fit, and leaves them laid out. */
static int fit_rows(struct fitting *fitting, size_t step, size_t n_rows, size_t *ret_rows)
{
        size_t low = 0, high = n_rows, middle; /* `low` fits, unless it is 0 and was not tried; `high` does not */
        int r;

        while (high - low > 1) {
                middle = low + (high - low) / 2;
                r = try(fitting, step, middle);
                if (r < 0)
                        return r;
                if (r == CW_CHAT_TOO_LONG)
                        high = middle;
                else
                        low = middle;
        }
        *ret_rows = low;
        return try(fitting, step, low);
}

static int fit(struct fitting *fitting)
{
        size_t n_rows = fitting->chat.notice->n_listed, shown;
        int r;

        for (size_t step = 0; step < CW_ARRAY_SIZE(steps); step++) {
                r = try(fitting, step, n_rows);
                if (r != CW_CHAT_TOO_LONG)
                        return r;
        }
        for (size_t step = FIRST_SHORT_STEP; step < CW_ARRAY_SIZE(steps); step++) {
                r = fit_rows(fitting, step, n_rows, &shown);
                if (r < 0 || (r == 0 && (shown > 0 || step + 1 == CW_ARRAY_SIZE(steps))))
                        return r;
        }
        return -EMSGSIZE;
}

/* As many characters of the notifier's own words as fit; whatever is said in few is said whole. */
static int fit_own(struct fitting *fitting)
{
        size_t low = 0, high = OWN_MOST;
        int r = try(fitting, 0, 0);

        while (r == CW_CHAT_TOO_LONG && high - low > 1) {
                fitting->chat.own_most = low + (high - low) / 2;
                r = try(fitting, 0, 0);
                if (r < 0)
                        return r;
                if (r == CW_CHAT_TOO_LONG)
                        high = fitting->chat.own_most;
                else
                        low = fitting->chat.own_most;
                r = CW_CHAT_TOO_LONG;
        }
        if (r != CW_CHAT_TOO_LONG)
                return r;
        fitting->chat.own_most = low;
        r = try(fitting, 0, 0);
        return r == CW_CHAT_TOO_LONG ? -EMSGSIZE : r;
}

/* Whether they say anything: a template may fail, and may say nothing. */
static int try_own(const struct cw_sink_options *options, const struct cw_notice *notice, struct cw_chat *chat)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        int r = cw_sink_body(options, notice, &text);

        chat->own = r == 0 && text.len > 0;
        chat->own_most = OWN_MOST;
        return r < 0 ? r : 0;
}

int cw_chat_render(const struct cw_sink_options *options, const struct cw_notice *notice, cw_chat_lay_out_fn lay_out,
                   struct cw_buf *payload)
{
        struct cw_render_options how = cw_sink_words(options);
        cw_cleanup(cw_letter_deinit) struct cw_letter letter = {0};
        struct fitting fitting = {
                .chat = {.options = options, .notice = notice, .letter = &letter},
                .letter = &letter,
                .lay_out = lay_out,
        };
        int r;

        r = cw_letter_init(&letter, notice, &how);
        if (r == 0)
                r = try_own(options, notice, &fitting.chat);
        if (r < 0)
                return r;
        r = fitting.chat.own ? fit_own(&fitting) : fit(&fitting);
        if (r == 0)
                cw_buf_append(payload, fitting.text.data, fitting.text.len);
        cw_buf_deinit(&fitting.text);
        return r < 0 ? r : cw_buf_error(payload);
}

static void put_line(const struct cw_chat_style *style, const char *text, struct cw_buf *buf)
{
        style->text(buf, text);
        cw_buf_puts(buf, style->line);
}

static void put_within(const struct cw_chat_style *style, const char *const around[2], const char *text,
                       struct cw_buf *buf)
{
        cw_buf_puts(buf, around[0]);
        style->text(buf, text);
        cw_buf_puts(buf, around[1]);
}

static void put_link(const struct cw_chat_style *style, const char *url, const char *text, struct cw_buf *buf)
{
        if (url && style->link)
                style->link(buf, url, text);
        else
                style->text(buf, text);
}

/* Line by line: a line's end is not the text's to write. */
static void put_lines(const struct cw_chat_style *style, const char *text, size_t len, struct cw_buf *buf)
{
        size_t n;

        for (; len > 0; text += n, len -= n) {
                cw_autofree char *line = NULL;

                n = strcspn(text, "\n");
                n = n < len ? n : len;
                line = strndup(text, n);
                if (line)
                        style->text(buf, line);
                else
                        buf->error = -ENOMEM;
                n += n < len;
                cw_buf_puts(buf, len > n || text[n - 1] == '\n' || !text[n] || text[n] == '\n' ? style->line : "");
        }
}

void cw_chat_put_words(const struct cw_chat *chat, const struct cw_chat_style *style, const struct cw_letter_row *row,
                       struct cw_buf *buf)
{
        size_t most = row->amount || chat->words > WORDS_LEAST ? chat->words : WORDS_LEAST;
        size_t len = row->words ? strlen(row->words) : 0, n = most < len ? cw_text_prefix(row->words, len, most) : len;

        put_lines(style, row->words, n, buf);
        if (n > 0 && n < len && row->words[n] != '\n' && row->words[n - 1] != '\n')
                cw_buf_printf(buf, "\u2026%s", style->line);
}

void cw_chat_put_details(const struct cw_chat_style *style, const struct cw_letter_row *row, struct cw_buf *buf)
{
        if (row->was) {
                cw_buf_puts(buf, "was ");
                style->text(buf, row->was);
        }
        if (row->limit) {
                cw_buf_puts(buf, row->was ? ", " : "");
                style->text(buf, row->limit);
        }
        if (row->remarks) {
                cw_buf_puts(buf, row->was || row->limit ? " \u00b7 " : "");
                style->text(buf, row->remarks);
        }
        if (row->was || row->limit || row->remarks)
                cw_buf_puts(buf, style->line);
}

void cw_chat_put_headline(const struct cw_chat *chat, const struct cw_chat_style *style, struct cw_buf *buf)
{
        if (chat->letter->title) {
                style->text(buf, chat->letter->title);
                return;
        }
        put_within(style, style->strong, chat->letter->word, buf);
        cw_buf_puts(buf, " \u00b7 ");
        style->text(buf, chat->letter->topic);
}

void cw_chat_put_title(const struct cw_chat *chat, size_t characters, struct cw_buf *buf)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf headline = CW_BUF_NULL;

        cw_chat_put_headline(chat, &cw_chat_plain, &headline);
        cw_chat_carry(buf, &headline);
        cw_render_visible(buf, cw_buf_text(&headline), characters);
}

void cw_chat_put_row(const struct cw_chat *chat, const struct cw_chat_style *style, const struct cw_letter_row *row,
                     struct cw_buf *buf)
{
        if (row->amount) {
                put_link(style, row->url, row->mark, buf);
                cw_buf_puts(buf, "  ");
                put_within(style, style->strong, row->amount, buf);
                cw_buf_puts(buf, style->line);
                cw_chat_put_details(style, row, buf);
        }
        cw_chat_put_words(chat, style, row, buf);
        if (!row->amount)
                cw_chat_put_details(style, row, buf);
}

void cw_chat_put_others(const struct cw_chat *chat, const struct cw_chat_style *style, struct cw_buf *buf)
{
        const struct cw_letter *letter = chat->letter;

        if (letter->others_head)
                put_line(style, letter->others_head, buf);
        for (size_t i = 0; i < letter->n_others; i++)
                put_line(style, letter->others[i], buf);
        if (letter->command) {
                cw_buf_puts(buf, "List them all: ");
                put_within(style, style->code, letter->command, buf);
                cw_buf_puts(buf, style->line);
        }
        if (letter->act) {
                cw_buf_puts(buf, "Acknowledge: ");
                put_within(style, style->code, letter->act, buf);
                cw_buf_puts(buf, style->line);
        }
}

/* An empty line, except at the beginning. */
static void put_gap(const struct cw_chat_style *style, struct cw_buf *buf)
{
        if (buf->len > 0)
                cw_buf_puts(buf, style->line);
}

static void put_block(const struct cw_chat *chat, const struct cw_chat_style *style,
                      const struct cw_letter_block *block, struct cw_buf *buf)
{
        if (block->n_rows == 0)
                return;
        put_gap(style, buf);
        if (block->heading) {
                put_within(style, style->strong, block->heading, buf);
                cw_buf_printf(buf, ":%s", style->line);
        }
        for (size_t i = 0; i < block->n_rows; i++)
                cw_chat_put_row(chat, style, &block->rows[i], buf);
        if (block->foot)
                put_line(style, block->foot, buf);
}

void cw_chat_put_body(const struct cw_chat *chat, const struct cw_chat_style *style, struct cw_buf *buf)
{
        const struct cw_letter *letter = chat->letter;

        if (chat->own) {
                cw_chat_put_own(chat, style, buf);
                return;
        }
        if (letter->note)
                put_line(style, letter->note, buf);
        for (unsigned i = 0; i < CW_LETTER_BLOCKS; i++)
                put_block(chat, style, &letter->blocks[i], buf);
        if (letter->others_head)
                put_gap(style, buf);
        cw_chat_put_others(chat, style, buf);
        if (letter->url && style->link) {
                style->link(buf, letter->url, "All alerts");
                cw_buf_puts(buf, style->line);
        }
}

size_t cw_chat_units(const char *text)
{
        size_t n = 0;

        for (; *text; text++) {
                n += ((unsigned char)*text & 0xc0) != 0x80;
                n += ((unsigned char)*text & 0xf8) == 0xf0; /* beyond the first plane: two */
        }
        return n;
}
