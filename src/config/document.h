/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_DOCUMENT_H
#define CARDWATCH_CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

struct cw_node;

/*
 * Document: the text of one file, by lines, and what of it may be shown.
 *
 * Lines and columns count from 1, columns in characters, lines as YAML breaks them. Spans that were hidden never reach
 * an excerpt; until the tree is known (`parsed`), whatever follows something that looks like a secret's key is hidden
 * too. Owns text, nodes and everything else in it; the text is wiped when it is freed.
 */

#define CW_DOCUMENT_MAX (16u << 20) /* bytes of a file */
#define CW_ROWS_MAX     (64u << 20) /* bytes of a file of rows */

struct cw_span {
        unsigned line, column; /* 0: none */
        unsigned end_line, end_column; /* the first character behind it */
};

struct cw_document {
        char *name; /* as diagnostics call it */
        char *text;
        size_t len;
        size_t *lines; /* where each begins; one more at the end */
        size_t n_lines;
        unsigned order; /* among the files of one load */
        bool readable; /* by others */
        bool holds_secrets; /* as they are, not as references */
        bool parsed;
        struct cw_span *hidden;
        size_t n_hidden, hidden_capacity;
        struct cw_node *root; /* NULL: there is none */
        struct cw_node *nodes; /* all of them, linked: how they are freed */
};

/* Takes `text` over (malloc'd, `len` bytes and a NUL), also on failure. -ENOMEM. */
int cw_document_new(const char *name, char *text, size_t len, struct cw_document **ret_document)
        __attribute__((warn_unused_result));
void cw_document_free(struct cw_document *document);

/* The bytes of a line without its break; `line` must exist. */
const char *cw_document_line(const struct cw_document *document, unsigned line, size_t *ret_len);

/* Where a byte stands. */
struct cw_span cw_document_span(const struct cw_document *document, size_t offset);

int cw_document_hide(struct cw_document *document, struct cw_span span) __attribute__((warn_unused_result));

struct cw_excerpt {
        char *text;
        unsigned caret, width;
};

/* The line of `span` as it may be shown; *ret_excerpt is empty when there is no such line. -ENOMEM. */
int cw_document_excerpt(const struct cw_document *document, struct cw_span span, struct cw_excerpt *ret_excerpt)
        __attribute__((warn_unused_result));

/* Appends text as it may reach a terminal: one line, nothing that steers or deceives, at most `characters`. */
struct cw_buf;
void cw_document_harmless(struct cw_buf *buf, const char *text, size_t len, size_t characters);

#endif
