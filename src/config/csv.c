/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one pass, cell by cell; a cell that is the bytes of the file is not copied. */
#include "csv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void cw_csv_deinit(struct cw_csv *csv)
{
        free(csv->scratch);
        csv->scratch = NULL;
        csv->scratch_len = 0;
}

static bool at_end(const struct cw_csv *csv)
{
        return csv->at >= csv->len;
}

static bool at_break(const struct cw_csv *csv)
{
        return at_end(csv) || csv->text[csv->at] == '\n' || csv->text[csv->at] == '\r';
}

static void skip_break(struct cw_csv *csv)
{
        if (!at_end(csv) && csv->text[csv->at] == '\r')
                csv->at++;
        if (!at_end(csv) && csv->text[csv->at] == '\n')
                csv->at++;
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t';
}

static void skip_blanks(struct cw_csv *csv)
{
        while (!at_end(csv) && is_blank(csv->text[csv->at]))
                csv->at++;
}

static void set_fault(struct cw_csv_error *error, enum cw_csv_fault fault, size_t offset)
{
        if (error->fault == CW_CSV_NO_FAULT)
                *error = (struct cw_csv_error){fault, offset};
}

static void read_plain(struct cw_csv *csv, struct cw_csv_cell *cell, struct cw_csv_error *error)
{
        size_t begin = csv->at, end;

        for (; !at_break(csv) && csv->text[csv->at] != ','; csv->at++)
                if (csv->text[csv->at] == '"')
                        set_fault(error, CW_CSV_STRAY_QUOTE, csv->at);
        end = csv->at;
        while (end > begin && is_blank(csv->text[end - 1]))
                end--;
        *cell = (struct cw_csv_cell){csv->text + begin, end - begin, begin, end - begin};
}

/*
 * The scratch is as large as the text before anything points into it: what it takes of a row is never more than what
 * is left of the text.
 */
static int make_scratch(struct cw_csv *csv)
{
        if (csv->scratch)
                return 0;
        csv->scratch = malloc(csv->len);
        return csv->scratch ? 0 : -ENOMEM;
}

static int unquote(struct cw_csv *csv, size_t begin, size_t end, struct cw_csv_cell *cell)
{
        if (make_scratch(csv) < 0)
                return -ENOMEM;
        cell->text = csv->scratch + csv->scratch_len;
        cell->len = 0;
        for (size_t i = begin; i < end; i++) {
                csv->scratch[csv->scratch_len + cell->len++] = csv->text[i];
                i += csv->text[i] == '"';
        }
        csv->scratch_len += cell->len;
        return 0;
}

static int read_quoted(struct cw_csv *csv, struct cw_csv_cell *cell, struct cw_csv_error *error)
{
        size_t opening = csv->at++, begin = csv->at, end;
        bool doubled = false;

        for (;; csv->at++) {
                if (at_end(csv)) {
                        set_fault(error, CW_CSV_OPEN_QUOTE, opening);
                        return 0;
                }
                if (csv->text[csv->at] != '"')
                        continue;
                if (csv->at + 1 >= csv->len || csv->text[csv->at + 1] != '"')
                        break;
                doubled = true;
                csv->at++;
        }
        end = csv->at++;
        *cell = (struct cw_csv_cell){csv->text + begin, end - begin, opening, csv->at - opening};
        skip_blanks(csv);
        if (!at_break(csv) && csv->text[csv->at] != ',')
                set_fault(error, CW_CSV_AFTER_QUOTE, csv->at);
        while (!at_break(csv) && csv->text[csv->at] != ',')
                csv->at++;
        return doubled ? unquote(csv, begin, end, cell) : 0;
}

static int read_row(struct cw_csv *csv, struct cw_csv_row *row, struct cw_csv_error *error, bool *ret_empty)
{
        struct cw_csv_cell cell;
        int r;

        row->n = 0;
        row->offset = csv->at;
        *ret_empty = true;
        csv->scratch_len = 0;
        for (;; csv->at++) {
                cell = (struct cw_csv_cell){.text = "", .offset = csv->at};
                skip_blanks(csv);
                r = 0;
                if (!at_end(csv) && csv->text[csv->at] == '"')
                        r = read_quoted(csv, &cell, error);
                else
                        read_plain(csv, &cell, error);
                if (r < 0)
                        return r;
                *ret_empty = *ret_empty && cell.len == 0;
                if (row->n < row->most)
                        row->cells[row->n] = cell;
                row->n++;
                if (at_break(csv))
                        break;
        }
        skip_break(csv);
        return 0;
}

int cw_csv_next(struct cw_csv *csv, struct cw_csv_row *row, struct cw_csv_error *ret_error)
{
        bool empty = true;
        int r;

        *ret_error = (struct cw_csv_error){CW_CSV_NO_FAULT, 0};
        while (!at_end(csv)) {
                r = read_row(csv, row, ret_error, &empty);
                if (r < 0)
                        return r;
                if (!empty || ret_error->fault != CW_CSV_NO_FAULT)
                        return 0;
        }
        return CW_CSV_END;
}
