/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a complaint is a message and a node; the rest of a diagnostic follows from the node. */
#include "reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "report.h"

void cw_where_format(struct cw_buf *buf, const struct cw_where *where)
{
        if (!where)
                return;
        cw_where_format(buf, where->parent);
        if (!where->name)
                cw_buf_printf(buf, "[%zu]", where->index);
        else
                cw_buf_printf(buf, "%s%s", buf->len > 0 ? "." : "", where->name);
}

struct target {
        const struct cw_document *document;
        struct cw_span span;
        bool warning;
};

static void put(struct cw_reader *reader, const struct target *target, const char *format, va_list args)
        __attribute__((format(printf, 3, 0)));

static void put(struct cw_reader *reader, const struct target *target, const char *format, va_list args)
{
        struct cw_buf message = CW_BUF_NULL;
        int r;

        cw_buf_vprintf(&message, format, args);
        r = cw_report_put(reader->report, target->document, target->span, target->warning, cw_buf_text(&message));
        if (r < 0 || cw_buf_error(&message) < 0)
                reader->error = -ENOMEM;
        cw_buf_deinit(&message);
}

void cw_reader_complain(struct cw_reader *reader, const struct cw_node *node, const char *format, ...)
{
        struct target target = {node->document, node->span, false};
        va_list args;

        if (node->bad)
                return;
        va_start(args, format);
        put(reader, &target, format, args);
        va_end(args);
}

void cw_reader_warn(struct cw_reader *reader, const struct cw_node *node, const char *format, ...)
{
        struct target target = {node->document, node->span, true};
        va_list args;

        if (node->bad)
                return;
        va_start(args, format);
        put(reader, &target, format, args);
        va_end(args);
}

void cw_reader_complain_at(struct cw_reader *reader, const struct cw_document *document, struct cw_span span,
                           const char *format, ...)
{
        struct target target = {document, span, false};
        va_list args;

        va_start(args, format);
        put(reader, &target, format, args);
        va_end(args);
}

void cw_reader_warn_at(struct cw_reader *reader, const struct cw_document *document, struct cw_span span,
                       const char *format, ...)
{
        struct target target = {document, span, true};
        va_list args;

        va_start(args, format);
        put(reader, &target, format, args);
        va_end(args);
}

char *cw_reader_dup(struct cw_reader *reader, const char *text)
{
        char *copy = strdup(text);

        if (!copy)
                reader->error = -ENOMEM;
        return copy;
}

void *cw_reader_alloc(struct cw_reader *reader, size_t n, size_t size)
{
        void *memory = calloc(n ? n : 1, size);

        if (!memory)
                reader->error = -ENOMEM;
        return memory;
}
