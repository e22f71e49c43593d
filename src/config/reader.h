/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_READER_H
#define CARDWATCH_CONFIG_READER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "node.h"

struct cw_buf;
struct cw_config_report;

/*
 * Reader: what everybody who turns nodes into values needs: where to complain, and what is known of the load.
 *
 * Reading goes on after a mistake, so that one pass finds them all; only running out of memory is remembered in `error`
 * and ends the load.
 */
struct cw_reader {
        struct cw_config_report *report;
        const char *directory; /* of the main file */
        bool offline;
        const char *system_zone; /* see struct cw_config_load_options */
        unsigned kinds; /* which rows count just now, see schema.h; 0: all */
        int error; /* sticky -ENOMEM */
};

/* Where a value stands, for messages: a chain on the stack. */
struct cw_where {
        const struct cw_where *parent;
        const char *name; /* NULL: an item of a list */
        size_t index;
};

/* Appends "rules[0].match"; nothing for the top. */
void cw_where_format(struct cw_buf *buf, const struct cw_where *where);

void cw_reader_complain(struct cw_reader *reader, const struct cw_node *node, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void cw_reader_warn(struct cw_reader *reader, const struct cw_node *node, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* The same about a part of a file. */
void cw_reader_complain_at(struct cw_reader *reader, const struct cw_document *document, struct cw_span span,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));
void cw_reader_warn_at(struct cw_reader *reader, const struct cw_document *document, struct cw_span span,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* strdup and calloc that remember a failure. */
char *cw_reader_dup(struct cw_reader *reader, const char *text);
void *cw_reader_alloc(struct cw_reader *reader, size_t n, size_t size);

#endif
