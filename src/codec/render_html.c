/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: one narrow column that a phone shows without zooming: for each card two lines, the balance large, the rest
 * small below. Colours come from the reader's own scheme (Canvas, CanvasText), so that light and dark need no style
 * sheet, which mail programs drop; only the badge has a colour of its own, readable on both.
 */
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/letter.h"
#include "cardwatch/picture.h"
#include "cardwatch/render.h"
#include "cardwatch/render_template.h"

#define SMALL "font-size:13px;line-height:1.45;opacity:.75"

static void put_element(struct cw_buf *buf, const char *style, const char *text)
{
        if (!text)
                return;
        cw_buf_printf(buf, "<div style=\"%s\">", style);
        cw_render_escape_html(buf, text);
        cw_buf_puts(buf, "</div>\n");
}

static void put_mark(struct cw_buf *buf, const struct cw_letter_row *row)
{
        if (row->url) {
                cw_buf_puts(buf, "<a style=\"color:inherit\" href=\"");
                cw_render_escape_html(buf, row->url);
                cw_buf_puts(buf, "\">");
        }
        /* A reference may run from right to left: kept to itself, it moves nothing else. */
        cw_buf_puts(buf, "<bdi>");
        cw_render_escape_html(buf, row->mark);
        cw_buf_puts(buf, row->url ? "</bdi></a>" : "</bdi>");
}

static void put_details(struct cw_buf *buf, const struct cw_letter_row *row)
{
        if (!row->was && !row->limit && !row->remarks)
                return;
        cw_buf_puts(buf, "<div style=\"" SMALL "\">");
        if (row->was) {
                cw_buf_puts(buf, "was ");
                cw_render_escape_html(buf, row->was);
        }
        if (row->limit) {
                cw_buf_puts(buf, row->was ? ", " : "");
                cw_render_escape_html(buf, row->limit);
        }
        if (row->remarks) {
                cw_buf_puts(buf, row->was || row->limit ? " \u00b7 " : "");
                cw_render_escape_html(buf, row->remarks);
        }
        cw_buf_puts(buf, "</div>\n");
}

static void put_words(struct cw_buf *buf, const char *words)
{
        if (!words)
                return;
        cw_buf_puts(buf, "<div style=\"font-size:15px;line-height:1.45;white-space:pre-line\">");
        cw_render_escape_html(buf, words);
        cw_buf_puts(buf, "</div>\n");
}

/* As wide as the column, and no wider than it is sharp. */
static void put_picture(struct cw_buf *buf, const struct cw_notice *notice, size_t i)
{
        cw_buf_puts(buf, "<img src=\"cid:");
        cw_picture_id(notice, i, buf);
        cw_buf_puts(buf, "\" width=\"520\" style=\"display:block;width:100%;max-width:520px;height:auto;border:0;"
                         "margin:8px 0 2px\" alt=\"");
        cw_render_escape_html(buf, notice->pictures[i].words);
        cw_buf_puts(buf, "\">\n");
}

static void put_row(struct cw_buf *buf, const struct cw_notice *notice, const struct cw_letter_row *row)
{
        cw_buf_printf(buf, "<tr><td style=\"padding:8px 0 8px 10px;border-left:4px solid #%06x\">\n",
                      cw_letter_colour(row->tone));
        if (row->amount) {
                cw_buf_puts(buf, "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr>"
                                 "<td style=\"overflow-wrap:anywhere\">");
                put_mark(buf, row);
                cw_buf_puts(buf, "</td><td align=\"right\" style=\"white-space:nowrap;padding-left:12px;"
                                 "font-weight:600;font-variant-numeric:tabular-nums\">");
                cw_render_escape_html(buf, row->amount);
                cw_buf_puts(buf, "</td></tr></table>\n");
        }
        if (!row->amount)
                put_words(buf, row->words);
        put_details(buf, row);
        if (row->amount)
                put_words(buf, row->words);
        for (size_t i = 0; i < notice->n_pictures; i++)
                if (notice->pictures[i].fingerprint == row->fingerprint)
                        put_picture(buf, notice, i);
        cw_buf_puts(buf, "</td></tr>\n<tr><td style=\"height:8px\"></td></tr>\n");
}

static void put_block(struct cw_buf *buf, const struct cw_notice *notice, const struct cw_letter_block *block)
{
        if (block->n_rows == 0)
                return;
        put_element(buf, "margin:14px 0 6px;font-weight:600;text-transform:capitalize", block->heading);
        cw_buf_puts(buf, "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\">\n");
        for (size_t i = 0; i < block->n_rows; i++)
                put_row(buf, notice, &block->rows[i]);
        cw_buf_puts(buf, "</table>\n");
        put_element(buf, SMALL ";margin:0 0 10px", block->foot);
}

static void put_headline(struct cw_buf *buf, const struct cw_letter *letter)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;

        cw_letter_headline(letter, &text);
        cw_render_escape_html(buf, cw_buf_text(&text));
}

static void put_head(struct cw_buf *buf, const struct cw_letter *letter)
{
        cw_buf_puts(buf, "<!DOCTYPE html>\n<html lang=\"en\" style=\"color-scheme:light dark\">\n<head>\n"
                         "<meta charset=\"utf-8\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                         "<meta name=\"color-scheme\" content=\"light dark\">\n"
                         "<meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>");
        put_headline(buf, letter);
        cw_buf_puts(buf, "</title>\n</head>\n<body style=\"margin:0;padding:16px;background:Canvas;color:CanvasText;"
                         "font:16px/1.4 -apple-system,system-ui,'Segoe UI',Roboto,sans-serif;"
                         "overflow-wrap:anywhere\">\n<div style=\"max-width:34em;margin:0 auto\">\n");
        cw_buf_puts(buf, "<div style=\"margin:0 0 12px;font-size:18px;font-weight:600\">");
        if (letter->title) {
                cw_render_escape_html(buf, letter->title);
        } else {
                cw_buf_printf(
                        buf,
                        "<span style=\"background:#%06x;color:#fff;border-radius:4px;padding:2px 8px;font-size:14px;"
                        "letter-spacing:.04em;white-space:nowrap\">%s</span> ",
                        cw_letter_colour(letter->tone), letter->word);
                cw_render_escape_html(buf, letter->topic);
        }
        cw_buf_puts(buf, "</div>\n");
}

static void put_foot(struct cw_buf *buf, const struct cw_letter *letter)
{
        put_element(buf, "margin:14px 0 4px", letter->others_head);
        for (size_t i = 0; i < letter->n_others; i++)
                put_element(buf, "padding-left:14px", letter->others[i]);
        if (letter->command)
                cw_buf_printf(buf, "<div style=\"margin:4px 0\">List them all: <code>%s</code></div>\n",
                              letter->command);
        if (letter->act)
                cw_buf_printf(buf, "<div style=\"" SMALL ";margin:10px 0 0\">Acknowledge: <code>%s</code></div>\n",
                              letter->act);
        if (letter->url) {
                cw_buf_puts(buf, "<div style=\"margin:14px 0 0\"><a href=\"");
                cw_render_escape_html(buf, letter->url);
                cw_buf_puts(buf, "\">All alerts</a></div>\n");
        }
}

static void put_letter(struct cw_buf *buf, const struct cw_notice *notice, const struct cw_letter *letter)
{
        put_element(buf, "margin:0 0 12px", letter->note);
        for (unsigned i = 0; i < CW_LETTER_BLOCKS; i++)
                put_block(buf, notice, &letter->blocks[i]);
        put_foot(buf, letter);
}

/* Line breaks of what is no HTML stay what they are. */
static int put_own(struct cw_buf *buf, const struct cw_notice *notice, const struct cw_render_options *options)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;
        int r;

        if (!options || !options->body)
                return CW_RENDER_DEFAULT;
        r = cw_render_template(options->body, notice, options, cw_render_escape_html, &text);
        if (r != 0)
                return r;
        cw_buf_printf(buf, "<div%s>", cw_render_is_html(options->body) ? "" : " style=\"white-space:pre-line\"");
        cw_buf_puts(buf, cw_buf_text(&text));
        cw_buf_puts(buf, "</div>\n");
        for (size_t i = 0; i < notice->n_pictures; i++)
                put_picture(buf, notice, i);
        return 0;
}

void cw_picture_id(const struct cw_notice *notice, size_t i, struct cw_buf *buf)
{
        cw_buf_printf(buf, "chart-%zu.%s@cardwatch", i + 1, notice->id);
}

int cw_render_html(const struct cw_notice *notice, const struct cw_render_options *options, struct cw_buf *buf)
{
        cw_cleanup(cw_letter_deinit) struct cw_letter letter = {0};
        int r;

        r = cw_letter_init(&letter, notice, options);
        if (r < 0)
                return r;
        put_head(buf, &letter);
        r = put_own(buf, notice, options);
        if (r == CW_RENDER_DEFAULT)
                put_letter(buf, notice, &letter);
        cw_buf_puts(buf, "</div>\n</body>\n</html>\n");
        return r < 0 ? r : cw_buf_error(buf);
}
