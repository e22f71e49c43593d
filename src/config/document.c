/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: lines are found once, by the breaks that YAML knows (so that they agree with the reader's marks). */
#include "document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/text.h"
#include "node.h"

CW_DEFINE_CLEANUP(struct cw_document *, cw_document_free);

/* Bytes of the line break at `text`, 0: there is none. YAML 1.1, section 4.1.4. */
static size_t break_len(const char *text, size_t len)
{
        if (len >= 2 && memcmp(text, "\r\n", 2) == 0)
                return 2;
        if (len >= 1 && (*text == '\n' || *text == '\r'))
                return 1;
        if (len >= 2 && memcmp(text, "\xc2\x85", 2) == 0)
                return 2;
        if (len >= 3 && (memcmp(text, "\xe2\x80\xa8", 3) == 0 || memcmp(text, "\xe2\x80\xa9", 3) == 0))
                return 3;
        return 0;
}

static int find_lines(struct cw_document *document)
{
        size_t capacity = 64, n = 0;
        size_t *lines = malloc(capacity * sizeof(*lines));

        if (!lines)
                return -ENOMEM;
        lines[n++] = 0;
        for (size_t i = 0; i < document->len;) {
                size_t step = break_len(document->text + i, document->len - i);

                i += step ? step : 1;
                if (step == 0)
                        continue;
                if (n + 1 >= capacity) {
                        size_t *grown = reallocarray(lines, capacity *= 2, sizeof(*lines));

                        if (!grown) {
                                free(lines);
                                return -ENOMEM;
                        }
                        lines = grown;
                }
                lines[n++] = i;
        }
        lines[n] = document->len;
        document->lines = lines;
        document->n_lines = n;
        return 0;
}

int cw_document_new(const char *name, char *text, size_t len, struct cw_document **ret_document)
{
        cw_cleanup(cw_document_free_cleanup) struct cw_document *document = calloc(1, sizeof(*document));

        if (!document) {
                explicit_bzero(text, len);
                free(text);
                return -ENOMEM;
        }
        document->text = text;
        document->len = len;
        document->name = strdup(name);
        if (!document->name || find_lines(document) < 0)
                return -ENOMEM;
        *ret_document = cw_take(document);
        return 0;
}

void cw_document_free(struct cw_document *document)
{
        if (!document)
                return;
        while (document->nodes) {
                struct cw_node *node = document->nodes;

                document->nodes = node->link;
                cw_node_free(node);
        }
        explicit_bzero(document->text, document->len);
        free(document->text);
        free(document->lines);
        free(document->hidden);
        free(document->name);
        free(document);
}

const char *cw_document_line(const struct cw_document *document, unsigned line, size_t *ret_len)
{
        const char *text = document->text + document->lines[line - 1];
        size_t len = document->lines[line] - document->lines[line - 1], n = 0;

        while (n < len && break_len(text + n, len - n) == 0)
                n++;
        *ret_len = n;
        return text;
}

struct cw_span cw_document_span(const struct cw_document *document, size_t offset)
{
        size_t low = 0, high = document->n_lines, at, end;
        unsigned column = 1;

        if (offset > document->len)
                offset = document->len;
        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (document->lines[middle] <= offset)
                        low = middle;
                else
                        high = middle;
        }
        at = document->lines[low];
        end = document->lines[low + 1];
        while (at < offset && at < end) {
                at += cw_text_prefix(document->text + at, end - at, 1);
                column++;
        }
        return (struct cw_span){(unsigned)low + 1, column, (unsigned)low + 1, column + 1};
}

int cw_document_hide(struct cw_document *document, struct cw_span span)
{
        if (document->n_hidden == document->hidden_capacity) {
                size_t capacity = document->hidden_capacity ? document->hidden_capacity * 2 : 8;
                struct cw_span *grown = reallocarray(document->hidden, capacity, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                document->hidden = grown;
                document->hidden_capacity = capacity;
        }
        document->hidden[document->n_hidden++] = span;
        return 0;
}
