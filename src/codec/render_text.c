/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: columns as wide as their widest entry, within reason: a reference of eighty characters pushes its own line out,
 * not everybody's. Widths are counted in characters.
 */
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/letter.h"
#include "cardwatch/render.h"
#include "cardwatch/render_template.h"
#include "cardwatch/text.h"

enum { MARK_WIDTH_MAX = 36 };

struct columns {
        size_t mark, amount, was;
};

static size_t width(const char *text)
{
        size_t n = 0;

        for (; text && *text; text++)
                n += ((unsigned char)*text & 0xc0) != 0x80;
        return n;
}

static void pad(struct cw_buf *buf, size_t from, size_t to)
{
        for (; from < to; from++)
                cw_buf_putc(buf, ' ');
}

static size_t wider(size_t so_far, const char *text, size_t most)
{
        size_t n = width(text);

        return n > so_far && n <= most ? n : so_far;
}

/* Over all blocks: the eye compares down the whole message. */
static void measure(const struct cw_letter *letter, struct columns *columns)
{
        *columns = (struct columns){0};
        for (unsigned i = 0; i < CW_LETTER_BLOCKS; i++) {
                for (size_t j = 0; j < letter->blocks[i].n_rows; j++) {
                        const struct cw_letter_row *row = &letter->blocks[i].rows[j];

                        columns->mark = wider(columns->mark, row->mark, MARK_WIDTH_MAX);
                        columns->amount = wider(columns->amount, row->amount, SIZE_MAX);
                        columns->was = wider(columns->was, row->was, SIZE_MAX);
                }
        }
}

static void put_details(struct cw_buf *buf, const struct cw_letter_row *row, const struct columns *columns)
{
        if (row->was) {
                cw_buf_puts(buf, "was ");
                pad(buf, width(row->was), columns->was);
                cw_buf_puts(buf, row->was);
        }
        if (row->limit)
                cw_buf_printf(buf, "%s%s", row->was ? ", " : "", row->limit);
        if (row->remarks)
                cw_buf_printf(buf, "%s%s", row->was || row->limit ? " \u00b7 " : "", row->remarks);
}

static void put_words(struct cw_buf *buf, const char *words, const char *indent)
{
        const char *end;

        for (; words && *words; words = end + 1) {
                end = strchrnul(words, '\n');
                cw_buf_printf(buf, "%s%.*s\n", indent, (int)(end - words), words);
                if (!*end)
                        return;
        }
}

static void put_card(struct cw_buf *buf, const struct cw_letter_row *row, const struct columns *columns)
{
        cw_buf_puts(buf, row->mark);
        pad(buf, width(row->mark), columns->mark);
        cw_buf_puts(buf, "  ");
        pad(buf, width(row->amount), columns->amount);
        cw_buf_puts(buf, row->amount);
        if (row->was || row->limit || row->remarks)
                cw_buf_puts(buf, "   ");
        put_details(buf, row, columns);
        cw_buf_putc(buf, '\n');
        put_words(buf, row->words, "    ");
}

/* What has no amount is told in words first. */
static void put_row(struct cw_buf *buf, const struct cw_letter_row *row, const struct columns *columns)
{
        if (row->amount) {
                put_card(buf, row, columns);
                return;
        }
        put_words(buf, row->words, "");
        put_words(buf, row->remarks, "");
}

static void put_block(struct cw_buf *buf, const struct cw_letter_block *block, const struct columns *columns)
{
        if (block->n_rows == 0)
                return;
        if (block->heading)
                cw_buf_printf(buf, "\n%s:\n", block->heading);
        for (size_t i = 0; i < block->n_rows; i++)
                put_row(buf, &block->rows[i], columns);
        if (block->foot)
                cw_buf_printf(buf, "%s\n", block->foot);
}

static void put_letter(struct cw_buf *buf, const struct cw_letter *letter)
{
        struct columns columns;

        measure(letter, &columns);
        if (letter->note)
                cw_buf_printf(buf, "%s\n", letter->note);
        for (unsigned i = 0; i < CW_LETTER_BLOCKS; i++)
                put_block(buf, &letter->blocks[i], &columns);
        if (letter->others_head)
                cw_buf_printf(buf, "\n%s\n", letter->others_head);
        for (size_t i = 0; i < letter->n_others; i++)
                cw_buf_printf(buf, "  %s\n", letter->others[i]);
        if (letter->command)
                cw_buf_printf(buf, "List them all: %s\n", letter->command);
        if (letter->act)
                cw_buf_printf(buf, "Acknowledge: %s\n", letter->act);
        if (letter->url)
                cw_buf_printf(buf, "%s\n", letter->url);
}

int cw_render_text(const struct cw_notice *notice, const struct cw_render_options *options, struct cw_buf *buf)
{
        cw_cleanup(cw_letter_deinit) struct cw_letter letter = {0};
        int r;

        r = cw_letter_init(&letter, notice, options);
        if (r < 0)
                return r;
        cw_letter_headline(&letter, buf);
        cw_buf_putc(buf, '\n');
        r = CW_RENDER_DEFAULT;
        if (options && options->body && !cw_render_is_html(options->body))
                r = cw_render_template(options->body, notice, options, NULL, buf);
        if (r == CW_RENDER_DEFAULT)
                put_letter(buf, &letter);
        return r < 0 ? r : cw_buf_error(buf);
}
