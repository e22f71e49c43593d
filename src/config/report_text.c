/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: diagnostics as compilers write them, and the same as JSON for programs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/config_report.h"
#include "cardwatch/text.h"
#include "document.h"

static void text_excerpt(const struct cw_config_diagnostic *item, struct cw_buf *buf)
{
        int width = snprintf(NULL, 0, "%u", item->line);

        if (width < 5)
                width = 5;
        cw_buf_printf(buf, "%*u | %s\n", width, item->line, item->excerpt);
        cw_buf_printf(buf, "%*s | %*s^", width, "", (int)item->caret - 1, "");
        for (unsigned i = 1; i < item->width; i++)
                cw_buf_putc(buf, '~');
        cw_buf_putc(buf, '\n');
}

void cw_config_report_text(const struct cw_config_report *report, struct cw_buf *buf)
{
        for (size_t i = 0; i < report->n_items; i++) {
                const struct cw_config_diagnostic *item = &report->items[i];

                cw_document_harmless(buf, item->file, strlen(item->file), SIZE_MAX);
                if (item->line > 0)
                        cw_buf_printf(buf, ":%u:%u", item->line, item->column);
                cw_buf_printf(buf, ": %s: %s\n", item->warning ? "warning" : "error", item->message);
                if (item->excerpt)
                        text_excerpt(item, buf);
        }
}

void cw_config_report_first(const struct cw_config_report *report, const char *main_path, struct cw_buf *buf)
{
        const struct cw_config_diagnostic *first = report->items, *end = first + report->n_items;
        bool named;

        while (first < end && first->warning)
                first++;
        if (first == end) {
                cw_buf_puts(buf, "it cannot be read");
                return;
        }
        /* Else its reader would look at a line of the main one. What is wrong with a whole file has no line. */
        named = first->line == 0 || strcmp(first->file, main_path) != 0;
        cw_buf_printf(buf, "%zu %s, the first in ", report->n_errors, report->n_errors == 1 ? "error" : "errors");
        if (named)
                cw_buf_puts(buf, first->file);
        if (first->line > 0)
                cw_buf_printf(buf, "%sline %u", named ? ", " : "", first->line);
        cw_buf_printf(buf, ": %s", first->message);
}

/* Messages and excerpts are harmless UTF-8 already; a file's name is whatever the file system holds. */
static void json_string(struct cw_buf *buf, const char *text)
{
        size_t len = strlen(text);

        cw_buf_putc(buf, '"');
        for (size_t i = 0; i < len;) {
                size_t n = cw_text_prefix(text + i, len - i, 1);
                unsigned char c = (unsigned char)text[i];

                if (c == '"' || c == '\\')
                        cw_buf_printf(buf, "\\%c", c);
                else if (c < 0x20 || c == 0x7f)
                        cw_buf_printf(buf, "\\u%04x", c);
                else if (cw_text_valid_utf8(text + i, n) != n)
                        cw_buf_puts(buf, "\\ufffd");
                else
                        cw_buf_append(buf, text + i, n);
                i += n;
        }
        cw_buf_putc(buf, '"');
}

static void json_number(struct cw_buf *buf, const char *name, unsigned value)
{
        if (value > 0)
                cw_buf_printf(buf, ", \"%s\": %u", name, value);
        else
                cw_buf_printf(buf, ", \"%s\": null", name);
}

void cw_config_report_json(const struct cw_config_report *report, struct cw_buf *buf)
{
        cw_buf_putc(buf, '[');
        for (size_t i = 0; i < report->n_items; i++) {
                const struct cw_config_diagnostic *item = &report->items[i];

                cw_buf_puts(buf, i > 0 ? ",\n {\"file\": " : "\n {\"file\": ");
                json_string(buf, item->file);
                json_number(buf, "line", item->line);
                json_number(buf, "column", item->column);
                cw_buf_printf(buf, ", \"severity\": \"%s\", \"message\": ", item->warning ? "warning" : "error");
                json_string(buf, item->message);
                cw_buf_puts(buf, ", \"excerpt\": ");
                if (item->excerpt)
                        json_string(buf, item->excerpt);
                else
                        cw_buf_puts(buf, "null");
                cw_buf_putc(buf, '}');
        }
        cw_buf_puts(buf, report->n_items > 0 ? "\n]\n" : "]\n");
}
