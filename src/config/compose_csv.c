/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the header says what each column is, then each row goes through its columns. Reading goes on behind a mistake;
 * of many mistakes the first are shown and the others counted, as one wrong column is wrong in every row.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/overrides.h"
#include "cardwatch/text.h"
#include "cardwatch/value.h"
#include "compose_rule.h"
#include "csv.h"
#include "include.h"
#include "load_file.h"
#include "report.h"

#define ROWS_MAX    1000000
#define KEYS        4
#define COLUMNS_MAX (KEYS + CW_RULE_PARAMS_MAX)
#define SHOWN_MAX   20

static const char *const keys[KEYS] = {"source", "customer", "card", "currency"};

enum column { COLUMN_SOURCE, COLUMN_CUSTOMER, COLUMN_CARD, COLUMN_CURRENCY, COLUMN_PARAM, COLUMN_WRONG = INT32_MAX };

_Static_assert(CW_OVERRIDE_SOURCE == 1u << COLUMN_SOURCE && CW_OVERRIDE_CUSTOMER == 1u << COLUMN_CUSTOMER &&
                       CW_OVERRIDE_CARD == 1u << COLUMN_CARD && CW_OVERRIDE_CURRENCY == 1u << COLUMN_CURRENCY,
               "columns of keys are the bits of a row's pattern");

struct tally {
        size_t n;
        size_t offset; /* of the first that was not shown */
};

struct sheet {
        struct cw_composer *composer;
        const struct cw_document *document;
        const struct cw_rule *rule;
        struct cw_override_table *table;
        unsigned columns[COLUMNS_MAX]; /* enum column; COLUMN_PARAM + i: the i-th parameter */
        size_t n_columns;
        size_t n_rows;
        struct tally errors, warnings;
};

static struct cw_span span_of(const struct sheet *sheet, size_t offset, size_t len)
{
        struct cw_span span = cw_document_span(sheet->document, offset), last;

        if (len < 2)
                return span;
        last = cw_document_span(sheet->document, offset + len - 1);
        span.end_line = last.end_line;
        span.end_column = last.end_column;
        return span;
}

/* Whether one more of these is shown. */
static bool count(struct tally *tally, size_t offset)
{
        if (tally->n++ == SHOWN_MAX)
                tally->offset = offset;
        return tally->n <= SHOWN_MAX;
}

__attribute__((format(printf, 4, 5))) static void complain(struct sheet *sheet, size_t offset, size_t len,
                                                           const char *format, ...)
{
        struct cw_buf message = CW_BUF_NULL;
        va_list args;

        if (!count(&sheet->errors, offset))
                return;
        va_start(args, format);
        cw_buf_vprintf(&message, format, args);
        va_end(args);
        cw_reader_complain_at(sheet->composer->reader, sheet->document, span_of(sheet, offset, len), "%s",
                              cw_buf_text(&message));
        cw_buf_deinit(&message);
}

static void complain_cell(struct sheet *sheet, const struct cw_csv_cell *cell, const char *message)
{
        complain(sheet, cell->offset, cell->source_len, "%s", message);
}

static void complain_fault(struct sheet *sheet, const struct cw_csv_error *error)
{
        static const char *const messages[] = {
                [CW_CSV_OPEN_QUOTE] = "this quote is never closed",
                [CW_CSV_AFTER_QUOTE] =
                        "only a comma may follow a closing quote; a quote within quotes is doubled (\"\")",
                [CW_CSV_STRAY_QUOTE] =
                        "a cell with a quote in it must be quoted as a whole, and the quote doubled (\"\")",
        };

        complain(sheet, error->offset, 1, "%s", messages[error->fault]);
}

/* --- the header --- */

static unsigned column_of(const struct sheet *sheet, const char *name)
{
        for (unsigned i = 0; i < KEYS; i++)
                if (strcmp(keys[i], name) == 0)
                        return i;
        for (unsigned i = 0; i < sheet->rule->n_params; i++)
                if (strcmp(sheet->rule->param_names[i], name) == 0)
                        return COLUMN_PARAM + i;
        return COLUMN_WRONG;
}

static void complain_unknown(struct sheet *sheet, const struct cw_csv_cell *cell, const char *name)
{
        const char *candidates[COLUMNS_MAX], *nearest;
        size_t n = 0;

        for (size_t i = 0; i < KEYS; i++)
                candidates[n++] = keys[i];
        for (size_t i = 0; i < sheet->rule->n_params; i++)
                candidates[n++] = sheet->rule->param_names[i];
        nearest = cw_text_nearest(name, candidates, n);
        if (strpbrk(name, ";\t|"))
                complain_cell(sheet, cell, "columns must be separated by commas");
        else if (nearest)
                complain(sheet, cell->offset, cell->source_len, "unknown column \"%s\" (did you mean \"%s\"?)", name,
                         nearest);
        else
                complain(sheet, cell->offset, cell->source_len,
                         "unknown column \"%s\": the first line names source, customer, card or currency, and "
                         "parameters of the rule",
                         name);
}

static unsigned read_name(struct sheet *sheet, const struct cw_csv_cell *cell)
{
        cw_autofree char *name = strndup(cell->text, cell->len);
        unsigned column;

        if (!name) {
                sheet->composer->reader->error = -ENOMEM;
                return COLUMN_WRONG;
        }
        if (cell->len == 0) {
                complain(sheet, cell->offset, 1, "a column needs a name");
                return COLUMN_WRONG;
        }
        column = column_of(sheet, name);
        if (column == COLUMN_WRONG)
                complain_unknown(sheet, cell, name);
        for (size_t i = 0; column != COLUMN_WRONG && i < sheet->n_columns; i++)
                if (sheet->columns[i] == column) {
                        complain(sheet, cell->offset, cell->source_len, "there is another column \"%s\"", name);
                        return COLUMN_WRONG;
                }
        return column;
}

/* False: rows would make no sense. */
static bool read_header(struct sheet *sheet, const struct cw_csv_row *row)
{
        bool has_key = false, has_param = false;

        if (row->n > COLUMNS_MAX) {
                complain(sheet, row->offset, 1, "there are %zu columns, and at most %d are possible", row->n,
                         COLUMNS_MAX);
                return false;
        }
        while (sheet->n_columns < row->n) {
                unsigned column = read_name(sheet, &row->cells[sheet->n_columns]);

                has_key = has_key || column < COLUMN_PARAM;
                has_param = has_param || (column >= COLUMN_PARAM && column != COLUMN_WRONG);
                sheet->columns[sheet->n_columns++] = column;
        }
        if (sheet->errors.n == 0 && !has_key)
                complain(sheet, row->offset, 1,
                         "no column says which cards a row is for: source, customer, card or currency");
        if (sheet->errors.n == 0 && !has_param)
                complain(sheet, row->offset, 1, "no column is a parameter of the rule");
        return has_key && has_param;
}

/* --- rows --- */

/* A row while it is read. */
struct draft {
        struct cw_override_row row;
        struct cw_value params[CW_RULE_PARAMS_MAX];
        bool given[CW_RULE_PARAMS_MAX];
        size_t errors_before;
};

static void read_id(struct sheet *sheet, const struct cw_csv_cell *cell, const char *name, int64_t *ret_id)
{
        if (!cw_value_digits(cell->text, cell->len, ret_id))
                complain(sheet, cell->offset, cell->source_len, "\"%s\" must be a whole number (an id)", name);
}

static void read_currency(struct sheet *sheet, const struct cw_csv_cell *cell, char ret_currency[static 4])
{
        bool good = cell->len == 3;

        for (size_t i = 0; good && i < cell->len; i++) {
                char c = cell->text[i];

                good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
                ret_currency[i] = c >= 'a' ? (char)(c - 'a' + 'A') : c;
        }
        if (!good)
                complain_cell(sheet, cell, "\"currency\" must be an ISO 4217 code such as USD");
}

static void read_param(struct sheet *sheet, const struct cw_csv_cell *cell, size_t param, struct draft *draft)
{
        const struct cw_value *fallback = &sheet->rule->params[param];
        struct cw_value *value = &draft->params[param];
        struct cw_expr_error error = {0};
        int r;

        if (fallback->type == CW_VALUE_STRING)
                r = cw_value_string(cell->text, cell->len, value);
        else
                r = cw_value_parse(cell->text, cell->len, value, &error);
        draft->given[param] = r == 0;
        if (r == -ENOMEM)
                sheet->composer->reader->error = r;
        else if (r < 0)
                complain(sheet, cell->offset, cell->source_len, "\"%s\" is %s in the rule's params: %s",
                         sheet->rule->param_names[param], cw_value_type_name(fallback->type), error.message);
        else if (!cw_compose_fits(fallback, value))
                complain(sheet, cell->offset, cell->source_len, "\"%s\" is %s in the rule's params, and here %s",
                         sheet->rule->param_names[param], cw_value_type_name(fallback->type),
                         cw_value_type_name(value->type));
}

static void read_cell(struct sheet *sheet, const struct cw_csv_cell *cell, unsigned column, struct draft *draft)
{
        if (cell->len == 0 || column == COLUMN_WRONG)
                return;
        if (column < COLUMN_PARAM)
                draft->row.filled |= 1u << column;
        switch (column) {
        case COLUMN_SOURCE:
                draft->row.source = cw_compose_source(sheet->composer, cell->text, cell->len);
                if (!draft->row.source)
                        complain(sheet, cell->offset, cell->source_len, "there is no source \"%.*s\"", (int)cell->len,
                                 cell->text);
                break;
        case COLUMN_CUSTOMER:
                read_id(sheet, cell, "customer", &draft->row.customer);
                break;
        case COLUMN_CARD:
                read_id(sheet, cell, "card", &draft->row.card);
                break;
        case COLUMN_CURRENCY:
                read_currency(sheet, cell, draft->row.currency);
                break;
        default:
                read_param(sheet, cell, column - COLUMN_PARAM, draft);
        }
}

static void add_row(struct sheet *sheet, const struct cw_csv_row *row, struct draft *draft)
{
        struct cw_span span = cw_document_span(sheet->document, row->offset);
        uint32_t line = 0;
        int r;

        draft->row.params = draft->params;
        draft->row.given = draft->given;
        draft->row.line = span.line;
        r = cw_override_table_add(sheet->table, &draft->row, &line);
        if (r < 0)
                sheet->composer->reader->error = r;
        else if (r == CW_OVERRIDE_DUPLICATE && count(&sheet->warnings, row->offset))
                cw_reader_warn_at(sheet->composer->reader, sheet->document, span,
                                  "line %" PRIu32 " is for the same cards: that one counts, this one never does", line);
}

static void read_row(struct sheet *sheet, const struct cw_csv_row *row)
{
        struct draft draft = {.errors_before = sheet->errors.n};

        if (row->n != sheet->n_columns) {
                complain(sheet, row->offset, 1, "this row has %zu cell%s, and the first line names %zu", row->n,
                         row->n == 1 ? "" : "s", sheet->n_columns);
                return;
        }
        for (size_t i = 0; i < row->n; i++)
                read_cell(sheet, &row->cells[i], sheet->columns[i], &draft);
        if (sheet->errors.n == draft.errors_before && sheet->composer->reader->error == 0)
                add_row(sheet, row, &draft);
        for (size_t i = 0; i < sheet->rule->n_params; i++)
                if (draft.given[i])
                        cw_value_deinit(&draft.params[i]);
}

static void read_rows(struct sheet *sheet, struct cw_csv *csv, struct cw_csv_row *row)
{
        struct cw_csv_error error;
        int r;

        while (sheet->composer->reader->error == 0 && (r = cw_csv_next(csv, row, &error)) != CW_CSV_END) {
                if (r < 0) {
                        sheet->composer->reader->error = r;
                } else if (sheet->n_rows++ == ROWS_MAX) {
                        complain(sheet, row->offset, 1, "there are more than %d rows", ROWS_MAX);
                        return;
                } else if (error.fault != CW_CSV_NO_FAULT) {
                        complain_fault(sheet, &error);
                } else {
                        read_row(sheet, row);
                }
        }
}

/* --- the file --- */

static void read_sheet(struct sheet *sheet)
{
        struct cw_csv csv = {.text = sheet->document->text, .len = sheet->document->len};
        struct cw_csv_cell cells[COLUMNS_MAX];
        struct cw_csv_row row = {.cells = cells, .most = COLUMNS_MAX};
        struct cw_csv_error error;
        int r = cw_csv_next(&csv, &row, &error);

        if (r < 0)
                sheet->composer->reader->error = r;
        else if (r == CW_CSV_END)
                complain(sheet, 0, 1, "the file is empty: its first line must name the columns");
        else if (error.fault != CW_CSV_NO_FAULT)
                complain_fault(sheet, &error);
        else if (read_header(sheet, &row))
                read_rows(sheet, &csv, &row);
        cw_csv_deinit(&csv);
}

static void tell_the_rest(struct sheet *sheet)
{
        struct cw_reader *reader = sheet->composer->reader;

        if (sheet->errors.n > SHOWN_MAX)
                cw_reader_complain_at(reader, sheet->document, span_of(sheet, sheet->errors.offset, 1),
                                      "and %zu more mistakes from here on", sheet->errors.n - SHOWN_MAX);
        if (sheet->warnings.n > SHOWN_MAX)
                cw_reader_warn_at(reader, sheet->document, span_of(sheet, sheet->warnings.offset, 1),
                                  "and %zu more rows from here on for the cards of earlier ones",
                                  sheet->warnings.n - SHOWN_MAX);
        if (sheet->errors.n == 0 && sheet->n_rows == 0)
                cw_reader_warn_at(reader, sheet->document, span_of(sheet, 0, 1), "no row follows the first line");
}

static void read_document(struct sheet *sheet)
{
        size_t valid = cw_text_valid_utf8(sheet->document->text, sheet->document->len);
        const char *nul = memchr(sheet->document->text, '\0', sheet->document->len);

        if (nul && (size_t)(nul - sheet->document->text) < valid)
                valid = (size_t)(nul - sheet->document->text);
        if (valid < sheet->document->len)
                complain(sheet, valid, 1, "this is not UTF-8 text: save the file as CSV in UTF-8");
        else
                read_sheet(sheet);
        tell_the_rest(sheet);
}

void cw_compose_csv(struct cw_composer *composer, const struct cw_node *node, const char *path,
                    const struct cw_rule *rule, struct cw_override *override)
{
        struct sheet sheet = {.composer = composer, .rule = rule};
        struct cw_document *document = NULL;
        struct cw_buf message = CW_BUF_NULL;
        int r;

        if (rule->n_params == 0) {
                cw_reader_complain(composer->reader, node, "\"csv\" sets parameters, and the rule has no \"params\"");
                return;
        }
        r = cw_load_rows(path, &document, &message);
        if (r == 0)
                r = cw_override_table_new(rule->params, rule->n_params, &override->table);
        else if (r != -ENOMEM)
                cw_reader_complain(composer->reader, node, "%s: %s", path, cw_buf_text(&message));
        if (r == 0) {
                document->parsed = true; /* nothing of it is a secret */
                document->order = cw_report_order(composer->reader->report, path, CW_FILES_MAX);
                sheet.document = document;
                sheet.table = override->table;
                read_document(&sheet);
        }
        if (r == -ENOMEM)
                composer->reader->error = r;
        cw_buf_deinit(&message);
        cw_document_free(document);
}
