/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one item of an mdoc list for each key, named by the path to it; bounds and defaults come from the row. */
#include <inttypes.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/config.h"
#include "draft.h"
#include "size.h"

static const char *noun(const struct cw_row *row)
{
        switch (row->type) {
        case CW_ROW_BOOLEAN:
                return "true or false";
        case CW_ROW_COUNT:
                return "number";
        case CW_ROW_SIZE:
                return "size";
        case CW_ROW_DURATION:
                return "duration";
        case CW_ROW_PERCENT:
                return "percentage";
        case CW_ROW_WORD:
                return "word";
        case CW_ROW_NAME:
                return "name";
        case CW_ROW_SECRET:
                return "secret";
        case CW_ROW_TEXTS:
                return "text or list of texts";
        case CW_ROW_IDS:
                return "id or list of ids";
        case CW_ROW_LABELS:
        case CW_ROW_CUSTOMERS:
        case CW_ROW_TABLE:
                return "mapping";
        case CW_ROW_LIST:
                return "list";
        case CW_ROW_TEXT:
        case CW_ROW_NODE:
                break;
        }
        return "text";
}

static const char *shown_of(const struct cw_row *row)
{
        return row->fallback ? row->fallback : row->example;
}

/* Keys that code of its own reads, by what their example looks like. */
static const char *node_noun(const struct cw_row *row)
{
        const char *shown = shown_of(row);

        if (shown[0] == '[')
                return "list";
        return shown[0] == '{' ? "mapping" : "expression";
}

static void put_bound(struct cw_buf *buf, const struct cw_row *row, int64_t value)
{
        if (row->type == CW_ROW_DURATION)
                cw_duration_format(buf, value);
        else if (row->type == CW_ROW_SIZE)
                cw_size_format(buf, (uint64_t)value);
        else if (row->type == CW_ROW_PERCENT)
                cw_buf_printf(buf, "%" PRId64 "%%", value / 1000);
        else
                cw_buf_printf(buf, "%" PRId64, value);
}

static void put_bounds(struct cw_buf *buf, const struct cw_row *row)
{
        if (row->type < CW_ROW_COUNT || row->type > CW_ROW_PERCENT)
                return;
        /* A bound that nobody will meet is not worth a line. */
        if (row->type == CW_ROW_DURATION && row->most > 365 * CW_DAY_MS)
                return;
        cw_buf_puts(buf, "From ");
        put_bound(buf, row, row->least);
        cw_buf_puts(buf, " to ");
        put_bound(buf, row, row->most);
        cw_buf_puts(buf, row->flags & CW_ROW_ALL ? ", or all.\n" : ".\n");
}

static void put_kinds(struct cw_buf *buf, const struct cw_row *row)
{
        unsigned left = row->kinds & (CW_KIND_OF(CW_NOTIFIER_TYPES) - 1);
        const char *separator = "Of type ";

        for (unsigned i = 0; left != 0; i++) {
                if (!(left & CW_KIND_OF(i)))
                        continue;
                left &= ~CW_KIND_OF(i);
                cw_buf_printf(buf, "%s%s", separator, cw_notifier_type_names[i]);
                separator = left & (left - 1) ? ", " : " and ";
        }
        if (row->kinds != 0)
                cw_buf_puts(buf, ".\n");
}

/* Sentences begin lines, as mdoc wants them; a backslash would begin an escape. */
static void put_text(struct cw_buf *buf, const char *text)
{
        for (const char *c = text; *c; c++) {
                if (*c == '\\')
                        cw_buf_puts(buf, "\\e");
                else if (*c == ' ' && c > text && c[-1] == '.')
                        cw_buf_putc(buf, '\n');
                else
                        cw_buf_putc(buf, *c);
        }
        cw_buf_putc(buf, '\n');
}

static void put_item(struct cw_buf *buf, const struct cw_row *row, const char *path)
{
        cw_buf_printf(buf, ".It Va %s Pq %s\n", path, row->type == CW_ROW_NODE ? node_noun(row) : noun(row));
        put_kinds(buf, row);
        put_text(buf, row->help);
        put_bounds(buf, row);
        if (row->flags & CW_ROW_REQUIRED)
                cw_buf_puts(buf, "Required.\n");
        if (row->fallback)
                cw_buf_printf(buf, "The default is\n.Ql %s .\n", row->fallback);
}

static void put_table(struct cw_buf *buf, const struct cw_table *table, const char *prefix)
{
        for (size_t i = 0; i < table->n_rows; i++) {
                const struct cw_row *row = &table->rows[i];
                bool list = row->type == CW_ROW_LIST ||
                            (row->type == CW_ROW_NODE && row->table && shown_of(row)[0] == '[');
                struct cw_buf path = CW_BUF_NULL;

                if (row->flags & CW_ROW_LATER)
                        continue;
                cw_buf_printf(&path, "%s%s", prefix, row->name);
                put_item(buf, row, cw_buf_text(&path));
                cw_buf_puts(&path, list ? "[]." : ".");
                if (row->table && !(row->flags & CW_ROW_AGAIN))
                        put_table(buf, row->table, cw_buf_text(&path));
                cw_buf_deinit(&path);
        }
}

void cw_config_man(struct cw_buf *buf)
{
        put_table(buf, &cw_schema_top, "");
}
