/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a line is copied character by character; what would steer a terminal becomes a '?', a hidden span becomes three
 * stars, and the place of the caret moves along. What is left is cut around the caret.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/text.h"
#include "document.h"
#include "secrecy.h"

#define SHOWN_MAX 200 /* characters of a line */

static uint32_t code_point(const unsigned char *text, size_t len)
{
        switch (len) {
        case 2:
                return (text[0] & 0x1fu) << 6 | (text[1] & 0x3fu);
        case 3:
                return (text[0] & 0xfu) << 12 | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu);
        case 4:
                return (text[0] & 7u) << 18 | (text[1] & 0x3fu) << 12 | (text[2] & 0x3fu) << 6 | (text[3] & 0x3fu);
        default:
                return text[0];
        }
}

/* Controls, and what reverses or hides text around it. */
static bool deceives(uint32_t c)
{
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
               (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

/* Appends one character of the input and returns its bytes. */
static size_t append_character(struct cw_buf *buf, const char *text, size_t len)
{
        size_t n = cw_text_prefix(text, len, 1);

        if (*text == '\t')
                cw_buf_putc(buf, ' ');
        else if (cw_text_valid_utf8(text, n) != n || deceives(code_point((const unsigned char *)text, n)))
                cw_buf_putc(buf, '?');
        else
                cw_buf_append(buf, text, n);
        return n;
}

void cw_document_harmless(struct cw_buf *buf, const char *text, size_t len, size_t characters)
{
        size_t i = 0;

        for (; i < len && characters > 0; characters--)
                i += append_character(buf, text + i, len - i);
        if (i < len)
                cw_buf_puts(buf, "\u2026");
}

/* What of a line is looked at: around the caret, so that a line of megabytes costs no more than another. */
#define WINDOW 600

struct walk {
        struct cw_buf out;
        unsigned first; /* column with which `out` begins */
        unsigned shown; /* characters in it */
        unsigned caret, end;
        bool more; /* the line goes on behind it */
        struct cw_span hidden[WINDOW]; /* what touches the window, as columns of this line */
        size_t n_hidden;
};

static void collect_hidden(const struct cw_document *document, unsigned line, struct walk *walk)
{
        unsigned guess = document->parsed ? 0 : cw_secrecy_guess(document, line);

        if (guess > 0)
                walk->hidden[walk->n_hidden++] = (struct cw_span){line, guess, line, UINT_MAX};
        for (size_t i = 0; i < document->n_hidden; i++) {
                struct cw_span h = document->hidden[i];

                if (line < h.line || line > h.end_line)
                        continue;
                h.column = h.line == line ? h.column : 1;
                h.end_column = h.end_line == line ? h.end_column : UINT_MAX;
                if (h.end_column <= walk->first || h.column >= walk->first + WINDOW)
                        continue;
                /* Spans that do not overlap cannot be more than the window is wide; if they do, all of it is hidden. */
                if (walk->n_hidden == WINDOW - 1)
                        h = (struct cw_span){line, 1, line, UINT_MAX};
                if (walk->n_hidden < WINDOW)
                        walk->hidden[walk->n_hidden++] = h;
        }
}

/* Where what is hidden at the column ends; 0: the character is not hidden. */
static unsigned hidden_until(const struct walk *walk, unsigned column)
{
        unsigned until = 0;

        for (size_t i = 0; i < walk->n_hidden; i++)
                if (column >= walk->hidden[i].column && column < walk->hidden[i].end_column &&
                    walk->hidden[i].end_column > until)
                        until = walk->hidden[i].end_column;
        return until;
}

static void walk_line(const struct cw_document *document, struct cw_span span, struct walk *walk)
{
        unsigned column = 1, until = 0, last = span.end_line == span.line ? span.end_column : UINT_MAX;
        size_t len, at;
        const char *text = cw_document_line(document, span.line, &len);

        walk->first = span.column > WINDOW / 2 ? span.column - WINDOW / 2 : 1;
        collect_hidden(document, span.line, walk);
        column = walk->first;
        at = cw_text_prefix(text, len, column - 1);
        for (; at < len && column < walk->first + WINDOW; column++) {
                if (column == span.column)
                        walk->caret = walk->shown + 1;
                if (column == last)
                        walk->end = walk->shown + 1;
                if (column >= until) {
                        until = hidden_until(walk, column);
                        if (until > 0) {
                                cw_buf_puts(&walk->out, "***");
                                walk->shown += 3;
                        }
                }
                if (column < until) {
                        at += cw_text_prefix(text + at, len - at, 1);
                        continue;
                }
                at += append_character(&walk->out, text + at, len - at);
                walk->shown++;
        }
        walk->more = at < len;
        if (walk->caret == 0)
                walk->caret = walk->shown + 1;
        if (walk->end == 0)
                walk->end = walk->shown + 1;
}

/* Keeps SHOWN_MAX characters, the caret among them. */
static void cut(struct walk *walk, struct cw_buf *buf)
{
        unsigned skip = walk->shown > SHOWN_MAX && walk->caret > SHOWN_MAX / 2 ? walk->caret - SHOWN_MAX / 2 : 0;
        bool before = skip > 0 || walk->first > 1;
        const char *text = cw_buf_text(&walk->out);
        size_t from = cw_text_prefix(text, walk->out.len, skip);
        size_t n = cw_text_prefix(text + from, walk->out.len - from, SHOWN_MAX);

        if (before)
                cw_buf_puts(buf, "\u2026");
        cw_buf_append(buf, text + from, n);
        if (walk->more || from + n < walk->out.len)
                cw_buf_puts(buf, "\u2026");
        if (walk->end > skip + SHOWN_MAX + 1)
                walk->end = skip + SHOWN_MAX + 1;
        walk->caret = walk->caret - skip + before;
        walk->end = walk->end - skip + before;
}

int cw_document_excerpt(const struct cw_document *document, struct cw_span span, struct cw_excerpt *ret_excerpt)
{
        cw_autofree struct walk *walk = NULL;
        struct cw_buf shown = CW_BUF_NULL;
        int r;

        *ret_excerpt = (struct cw_excerpt){0};
        if (span.line == 0 || span.line > document->n_lines)
                return 0;
        walk = calloc(1, sizeof(*walk));
        if (!walk)
                return -ENOMEM;
        walk_line(document, span, walk);
        cut(walk, &shown);
        r = cw_buf_error(&walk->out);
        if (r == 0)
                r = cw_buf_take(&shown, &ret_excerpt->text);
        else
                cw_buf_deinit(&shown);
        cw_buf_deinit(&walk->out);
        ret_excerpt->caret = walk->caret;
        ret_excerpt->width = walk->end > walk->caret ? walk->end - walk->caret : 1;
        return r;
}
