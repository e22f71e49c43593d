/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: to find a byte of a scalar's text in the file, the scalar's source is walked beside its text, one piece of each
 * at a time; where the two cannot be told to agree (odd escapes) the place is the scalar's start.
 */
#include "node.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/text.h"

void cw_node_free(struct cw_node *node)
{
        if (!node)
                return;
        if (node->text)
                explicit_bzero(node->text, node->len);
        free(node->text);
        free(node->keys);
        free(node->items);
        free(node);
}

static size_t find(const struct cw_node *node, const char *key)
{
        for (size_t i = 0; node && node->kind == CW_NODE_MAPPING && i < node->n_items; i++)
                if (strcmp(node->keys[i]->text, key) == 0)
                        return i;
        return SIZE_MAX;
}

const struct cw_node *cw_node_get(const struct cw_node *node, const char *key)
{
        size_t i = find(node, key);

        return i == SIZE_MAX ? NULL : node->items[i];
}

const struct cw_node *cw_node_key(const struct cw_node *node, const char *key)
{
        size_t i = find(node, key);

        return i == SIZE_MAX ? NULL : node->keys[i];
}

bool cw_node_key_meant(const struct cw_node *node, const char *key)
{
        if (cw_node_key(node, key))
                return true;
        for (size_t i = 0; node->kind == CW_NODE_MAPPING && i < node->n_items; i++)
                if (cw_text_nearest(node->keys[i]->text, &key, 1))
                        return true;
        return false;
}

bool cw_node_is_null(const struct cw_node *node)
{
        return node->kind == CW_NODE_SCALAR && node->style == CW_STYLE_PLAIN &&
               (node->len == 0 || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A place in the source of a scalar, and the text that is still to be found from there. */
struct cursor {
        const char *source, *end;
        const char *text, *text_end;
        enum cw_node_style style;
};

/* One space or some line feeds of the text stand for a folded line break of the source. */
static bool step_fold(struct cursor *cursor)
{
        while (cursor->source < cursor->end && is_space(*cursor->source))
                cursor->source++;
        while (cursor->text < cursor->text_end && is_space(*cursor->text))
                cursor->text++;
        return true;
}

static bool at_fold(const struct cursor *cursor)
{
        const char *s = cursor->source;

        while (s < cursor->end && (*s == ' ' || *s == '\t'))
                s++;
        return s < cursor->end && (*s == '\n' || *s == '\r');
}

static bool step_escape(struct cursor *cursor)
{
        static const char escapes[] = "\"\\/tnrabevf ";
        char c = cursor->source + 1 < cursor->end ? cursor->source[1] : '\0';

        if (c == '\0' || !strchr(escapes, c))
                return false;
        cursor->source += 2;
        cursor->text++;
        return true;
}

/* Moves both on by one piece. False: they cannot be told to agree. */
static bool step(struct cursor *cursor)
{
        if (cursor->source >= cursor->end)
                return false;
        if (at_fold(cursor))
                return step_fold(cursor);
        if (cursor->style == CW_STYLE_DOUBLE && *cursor->source == '\\')
                return step_escape(cursor);
        if (*cursor->source != *cursor->text)
                return false;
        cursor->source += cursor->style == CW_STYLE_SINGLE && *cursor->source == '\'' ? 2 : 1;
        cursor->text++;
        return true;
}

static bool walked_offset(const struct cw_node *node, size_t begin, size_t offset, size_t *ret_offset)
{
        const struct cw_document *document = node->document;
        struct cursor cursor = {
                .source = document->text + begin,
                .end = document->text + document->len,
                .text = node->text,
                .text_end = node->text + node->len,
                .style = node->style,
        };

        if (node->style == CW_STYLE_FOLDED)
                step_fold(&cursor);
        else if (node->style != CW_STYLE_PLAIN)
                cursor.source++;
        while (cursor.text < node->text + offset)
                if (!step(&cursor))
                        return false;
        if (cursor.text != node->text + offset)
                return false;
        *ret_offset = (size_t)(cursor.source - document->text);
        return true;
}

/* Line n of a literal block's text is line n below its indicator, indented by as much as the block is. */
static bool literal_offset(const struct cw_node *node, size_t offset, size_t *ret_offset)
{
        const struct cw_document *document = node->document;
        unsigned line = node->span.line + 1;
        size_t begin = 0, end, len;
        const char *source;

        for (size_t i = 0; i < offset; i++)
                if (node->text[i] == '\n') {
                        begin = i + 1;
                        line++;
                }
        for (end = begin; end < node->len && node->text[end] != '\n'; end++)
                ;
        if (line > document->n_lines)
                return false;
        source = cw_document_line(document, line, &len);
        if (len < end - begin || memcmp(source + len - (end - begin), node->text + begin, end - begin) != 0)
                return false;
        *ret_offset = (size_t)(source - document->text) + len - (end - begin) + (offset - begin);
        return true;
}

static bool source_offset(const struct cw_node *node, size_t offset, size_t *ret_offset)
{
        const struct cw_document *document = node->document;
        size_t len, begin;
        const char *line;

        if (offset > node->len || node->span.line == 0 || node->span.line > document->n_lines)
                return false;
        if (node->style == CW_STYLE_LITERAL)
                return literal_offset(node, offset, ret_offset);
        /* A folded block begins below its indicator. */
        if (node->style == CW_STYLE_FOLDED)
                return node->span.line < document->n_lines &&
                       walked_offset(node, document->lines[node->span.line], offset, ret_offset);
        line = cw_document_line(document, node->span.line, &len);
        begin = (size_t)(line - document->text) + cw_text_prefix(line, len, node->span.column - 1);
        return walked_offset(node, begin, offset, ret_offset);
}

struct cw_span cw_node_locate(const struct cw_node *node, size_t offset, size_t len)
{
        struct cw_span span, last;
        size_t begin, end;

        if (node->kind != CW_NODE_SCALAR || !source_offset(node, offset, &begin))
                return node->span;
        span = cw_document_span(node->document, begin);
        if (len > 0 && source_offset(node, offset + len - 1, &end)) {
                last = cw_document_span(node->document, end);
                span.end_line = last.end_line;
                span.end_column = last.end_column;
        }
        return span;
}
