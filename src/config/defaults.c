/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the tables written out as the file that they read. What has a default stands with it; what has none stands
 * commented out with an example, save the few keys without which there would be nothing to look at.
 */
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"
#include "draft.h"

#define WIDTH 100 /* of comments */

/* Where lines begin: `indent` spaces, a mark if they are commented out, `inner` more spaces behind it. */
struct margin {
        unsigned indent, inner;
        bool commented;
};

static void put_margin(struct cw_buf *buf, struct margin margin)
{
        cw_buf_printf(buf, "%*s%s%*s", (int)margin.indent, "", margin.commented ? "# " : "", (int)margin.inner, "");
}

static struct margin deeper(struct margin margin)
{
        if (margin.commented)
                margin.inner += 2;
        else
                margin.indent += 2;
        return margin;
}

static void put_help(struct cw_buf *buf, struct margin margin, const char *help)
{
        size_t column = 0;

        for (const char *word = help; *word; word += strspn(word, " ")) {
                size_t len = strcspn(word, " ");

                if (column > 0 && column + len > WIDTH - margin.indent - margin.inner) {
                        cw_buf_putc(buf, '\n');
                        column = 0;
                }
                if (column == 0) {
                        put_margin(buf, margin);
                        cw_buf_putc(buf, '#');
                }
                cw_buf_putc(buf, ' ');
                cw_buf_append(buf, word, len);
                column += len + 1;
                word += len;
        }
        cw_buf_putc(buf, '\n');
}

static bool is_shown(const struct cw_row *row)
{
        return row->fallback || (row->flags & (CW_ROW_REQUIRED | CW_ROW_OFFERED));
}

static bool is_listed(const struct cw_row *row, unsigned kind)
{
        return !(row->flags & CW_ROW_LATER) && (row->kinds == 0 || (row->kinds & kind));
}

/* A mapping of which nothing would be left is commented out as a whole. */
static bool has_values(const struct cw_table *table)
{
        for (size_t i = 0; i < table->n_rows; i++)
                if (is_shown(&table->rows[i]) && is_listed(&table->rows[i], ~0u))
                        return true;
        return false;
}

static void put_table(struct cw_buf *buf, const struct cw_table *table, unsigned kind, struct margin margin);

/* One row without its help; the margin is there already. */
static void put_row(struct cw_buf *buf, const struct cw_row *row, unsigned kind, struct margin margin)
{
        const char *value = row->fallback ? row->fallback : row->example;

        /* A notifier of each type is shown, named after it. */
        if (kind != 0 && (strcmp(row->name, "type") == 0 || strcmp(row->name, "name") == 0))
                value = cw_notifier_type_names[__builtin_ctz(kind)];
        if ((row->type != CW_ROW_TABLE && row->type != CW_ROW_LIST) || (row->flags & CW_ROW_AGAIN)) {
                cw_buf_printf(buf, "%s: %s\n", row->name, value);
                return;
        }
        cw_buf_printf(buf, "%s:\n", row->name);
        if (row->type == CW_ROW_TABLE) {
                put_table(buf, row->table, kind, deeper(margin));
                return;
        }
        for (unsigned i = 0; i < (row->table->kinds ? CW_NOTIFIER_TYPES : 1u); i++) {
                unsigned item_kind = row->table->kinds ? CW_KIND_OF(i) : 0;
                const struct cw_row *first = &row->table->rows[0];
                struct cw_table rest = {.rows = row->table->rows + 1, .n_rows = row->table->n_rows - 1};

                put_help(buf, deeper(margin), first->help);
                put_margin(buf, deeper(margin));
                cw_buf_puts(buf, "- ");
                put_row(buf, first, item_kind, deeper(deeper(margin)));
                put_table(buf, &rest, item_kind, deeper(deeper(margin)));
        }
}

static void put_table(struct cw_buf *buf, const struct cw_table *table, unsigned kind, struct margin margin)
{
        for (size_t i = 0; i < table->n_rows; i++) {
                const struct cw_row *row = &table->rows[i];
                bool nested = row->type == CW_ROW_TABLE || row->type == CW_ROW_LIST;
                struct margin here = margin;

                if (!is_listed(row, kind))
                        continue;
                here.commented = here.commented || (row->flags & CW_ROW_IDLE) ||
                                 (nested ? !has_values(row->table) : !is_shown(row));
                put_help(buf, margin, row->help);
                put_margin(buf, here);
                put_row(buf, row, kind, here);
        }
}

void cw_config_defaults(struct cw_buf *buf)
{
        cw_buf_puts(
                buf,
                "# Every key with its default. Keys that are commented out have none; what they show is an example.\n"
                "# Names, addresses and secrets are examples too.\n");
        put_table(buf, &cw_schema_top, 0, (struct margin){0});
}
