/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a bounded list of diagnostics that are complete when they are made: nothing is looked up again when they are
 * shown. */
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "load_file.h"

/* A file with more mistakes than this is no configuration. */
#define ITEMS_MAX   500
#define MESSAGE_MAX 500 /* characters */

static void diagnostic_deinit(struct cw_config_diagnostic *diagnostic)
{
        free(diagnostic->file);
        free(diagnostic->message);
        free(diagnostic->excerpt);
        *diagnostic = (struct cw_config_diagnostic){0};
}

void cw_config_report_deinit(struct cw_config_report *report)
{
        for (size_t i = 0; i < report->n_items; i++)
                diagnostic_deinit(&report->items[i]);
        free(report->items);
        *report = (struct cw_config_report)CW_CONFIG_REPORT_NULL;
}

/* Takes what is in `diagnostic` over, also on failure. */
static int append(struct cw_config_report *report, struct cw_config_diagnostic *diagnostic)
{
        struct cw_config_diagnostic *grown;

        if (diagnostic->file && diagnostic->message && report->n_items < ITEMS_MAX) {
                grown = reallocarray(report->items, report->n_items + 1, sizeof(*grown));
                if (grown) {
                        report->items = grown;
                        report->items[report->n_items++] = *diagnostic;
                        report->n_errors += !diagnostic->warning;
                        report->n_warnings += diagnostic->warning;
                        return 0;
                }
        }
        if (report->n_items >= ITEMS_MAX) {
                /* An error that is not kept must not let the file pass as right. */
                report->n_errors += !diagnostic->warning && report->n_errors == 0;
                diagnostic_deinit(diagnostic);
                return 0;
        }
        diagnostic_deinit(diagnostic);
        return -ENOMEM;
}

static char *one_line(const char *message)
{
        struct cw_buf buf = CW_BUF_NULL;
        char *text = NULL;

        cw_document_harmless(&buf, message, strlen(message), MESSAGE_MAX);
        return cw_buf_take(&buf, &text) < 0 ? NULL : text;
}

int cw_report_put(struct cw_config_report *report, const struct cw_document *document, struct cw_span span,
                  bool warning, const char *message)
{
        struct cw_config_diagnostic diagnostic = {
                .line = span.line,
                .column = span.column,
                .warning = warning,
                .order = document->order,
                .width = 1,
        };
        struct cw_excerpt excerpt;

        if (report->n_items >= ITEMS_MAX)
                return append(report, &diagnostic);
        if (cw_document_excerpt(document, span, &excerpt) < 0)
                return -ENOMEM;
        diagnostic.excerpt = excerpt.text;
        diagnostic.caret = excerpt.caret;
        diagnostic.width = excerpt.width ? excerpt.width : 1;
        diagnostic.file = strdup(document->name);
        diagnostic.message = one_line(message);
        return append(report, &diagnostic);
}

int cw_report_put_file(struct cw_config_report *report, const char *name, unsigned order, const char *message)
{
        struct cw_config_diagnostic diagnostic = {.order = order, .width = 1};

        diagnostic.file = strdup(name);
        diagnostic.message = one_line(message);
        return append(report, &diagnostic);
}

unsigned cw_report_order(const struct cw_config_report *report, const char *name, unsigned least)
{
        unsigned order = least;

        for (size_t i = 0; i < report->n_items; i++) {
                if (strcmp(report->items[i].file, name) == 0)
                        return report->items[i].order;
                if (report->items[i].order >= order)
                        order = report->items[i].order + 1;
        }
        return order;
}

static int compare(const void *a, const void *b)
{
        const struct cw_config_diagnostic *x = a, *y = b;

        if (x->order != y->order)
                return x->order < y->order ? -1 : 1;
        if (x->line != y->line)
                return x->line < y->line ? -1 : 1;
        if (x->column != y->column)
                return x->column < y->column ? -1 : 1;
        if (x->warning != y->warning)
                return x->warning ? 1 : -1;
        return strcmp(x->message, y->message);
}

void cw_report_finish(struct cw_config_report *report)
{
        size_t kept = 0;

        if (report->n_items == 0)
                return;
        qsort(report->items, report->n_items, sizeof(*report->items), compare);
        for (size_t i = 1; i < report->n_items; i++) {
                struct cw_config_diagnostic *item = &report->items[i];

                if (compare(&report->items[kept], item) != 0) {
                        report->items[++kept] = *item;
                        continue;
                }
                report->n_errors -= !item->warning;
                report->n_warnings -= item->warning;
                diagnostic_deinit(item);
        }
        report->n_items = kept + 1;
}

/* The files are gone by now: this one is read once more for the line. */
int cw_config_report_add(struct cw_config_report *report, const struct cw_config_place *place, const char *message)
{
        struct cw_span span = {place->line, place->column, place->line, place->column + 1};
        struct cw_document *document = NULL;
        unsigned order = cw_report_order(report, place->file, 0);
        int r;

        r = cw_load_file(place->file, &document, NULL);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                r = cw_report_put_file(report, place->file, order, message);
        } else {
                document->order = order;
                r = cw_report_put(report, document, span, false, message);
        }
        cw_document_free(document);
        cw_report_finish(report);
        return r;
}
