/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/clock.h"
#include "cardwatch/json_in.h"
#include "cardwatch/render.h"

#define CELL_MAX  200 /* characters */
#define CUT_LEAST 16 /* of a cell that is cut: what is less says nothing */

void cw_table_put(struct cw_table *table, const char *text)
{
        struct cw_buf visible = CW_BUF_NULL;
        char *cell = NULL;

        if (table->n_cells == table->capacity && table->error == 0) {
                size_t capacity = table->capacity ? table->capacity * 2 : 64;
                char **cells = reallocarray(table->cells, capacity, sizeof(*cells));

                if (cells) {
                        table->cells = cells;
                        table->capacity = capacity;
                } else {
                        table->error = -ENOMEM;
                }
        }
        cw_render_visible(&visible, text ? text : "", CELL_MAX);
        if (table->error == 0 && cw_buf_take(&visible, &cell) < 0)
                table->error = -ENOMEM;
        cw_buf_deinit(&visible);
        if (table->error == 0)
                table->cells[table->n_cells++] = cell;
}

void cw_table_put_member(struct cw_table *table, const struct cw_json *object, const char *member)
{
        struct cw_buf text = CW_BUF_NULL;
        struct cw_json value;

        if (cw_json_member(object, member, &value) && cw_json_kind(&value) != CW_JSON_NULL &&
            !cw_json_string(&value, &text))
                cw_buf_append(&text, value.text, value.len);
        cw_table_put(table, cw_buf_text(&text));
        cw_buf_deinit(&text);
}

void cw_table_put_time(struct cw_table *table, const struct cw_json *object, const char *member)
{
        struct cw_buf text = CW_BUF_NULL;
        struct cw_json value;
        char shown[40] = "";
        struct tm tm;
        time_t seconds;
        int64_t at;

        if (cw_json_member(object, member, &value) && cw_json_string(&value, &text) &&
            cw_clock_parse(cw_buf_text(&text), &at) == 0) {
                seconds = (time_t)(at / CW_SECOND_MS);
                if (localtime_r(&seconds, &tm))
                        (void)strftime(shown, sizeof(shown), "%Y-%m-%d %H:%M:%S", &tm);
        }
        cw_table_put(table, shown);
        cw_buf_deinit(&text);
}

/* Characters, which is near enough to columns. */
static int width_of(const char *text)
{
        int n = 0;

        for (; *text; text++)
                n += ((unsigned char)*text & 0xc0) != 0x80;
        return n;
}

/* 0: nothing stands in it. */
static int column_width(const struct cw_table *table, size_t column)
{
        int widest = 0;

        for (size_t i = column; i < table->n_cells; i += table->n_columns)
                if (width_of(table->cells[i]) > widest)
                        widest = width_of(table->cells[i]);
        return widest && widest < width_of(table->titles[column]) ? width_of(table->titles[column]) : widest;
}

static void print_row(const struct cw_table *table, const int *widths, const char *const *row)
{
        struct cw_buf line = CW_BUF_NULL;

        for (size_t i = 0; i < table->n_columns; i++) {
                int pad = widths[i] - width_of(row[i]);

                if (widths[i] == 0)
                        continue;
                if (line.len > 0)
                        cw_buf_puts(&line, "  ");
                if (table->right & 1u << i)
                        cw_buf_printf(&line, "%*s%s", pad, "", row[i]);
                else
                        cw_buf_printf(&line, "%s%*s", row[i], pad, "");
        }
        while (line.len > 0 && line.data[line.len - 1] == ' ')
                line.len--;
        printf("%.*s\n", (int)line.len, cw_buf_text(&line));
        cw_buf_deinit(&line);
}

/* Shorter by an ellipsis at its end. */
static void cut_cells(struct cw_table *table, size_t column, int width)
{
        for (size_t i = column; i < table->n_cells && table->error == 0; i += table->n_columns) {
                struct cw_buf shown = CW_BUF_NULL;
                char *cell = NULL;

                if (width_of(table->cells[i]) <= width)
                        continue;
                cw_render_visible(&shown, table->cells[i], (size_t)width - 1);
                if (cw_buf_take(&shown, &cell) < 0) {
                        table->error = -ENOMEM;
                } else {
                        free(table->cells[i]);
                        table->cells[i] = cell;
                }
                cw_buf_deinit(&shown);
        }
}

/* Only people at a terminal need it: a file and a pipe get everything. */
static void fit(struct cw_table *table, int *widths)
{
        struct winsize terminal = {0};
        int sum = 0;

        if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &terminal) < 0 || terminal.ws_col == 0)
                return;
        for (size_t i = 0; i < table->n_columns; i++)
                sum += widths[i] ? widths[i] + (sum ? 2 : 0) : 0;
        for (size_t i = 0; i < table->n_columns && sum > terminal.ws_col; i++) {
                int narrow = widths[i] - (sum - terminal.ws_col);

                if (!(table->cut & 1u << i) || widths[i] <= CUT_LEAST)
                        continue;
                narrow = narrow < CUT_LEAST ? CUT_LEAST : narrow;
                cut_cells(table, i, narrow);
                sum -= widths[i] - narrow;
                widths[i] = narrow;
        }
}

int cw_table_print(struct cw_table *table)
{
        int widths[CW_TABLE_COLUMNS_MAX];

        for (size_t i = 0; i < table->n_columns; i++)
                widths[i] = column_width(table, i);
        fit(table, widths);
        if (table->error == 0) {
                print_row(table, widths, table->titles);
                for (size_t i = 0; i + table->n_columns <= table->n_cells; i += table->n_columns)
                        print_row(table, widths, (const char *const *)table->cells + i);
        }
        for (size_t i = 0; i < table->n_cells; i++)
                free(table->cells[i]);
        free(table->cells);
        table->cells = NULL;
        table->n_cells = table->capacity = 0;
        return table->error;
}
