/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the tables say what there is, the nodes what was written of it; values are shown as they were written, so that
 * everybody finds his own again.
 */
#include "show.h"

#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "draft.h"
#include "include.h"
#include "secrecy.h"

struct shower {
        struct cw_buf *buf;
        const struct cw_files *files;
        const char *top; /* the key of the file's top below which all this stands */
        bool dash; /* the next line begins an item */
};

/* Where keys stand, and what they have if nothing is written. */
struct level {
        const struct cw_table *table;
        const struct cw_node *node; /* NULL: nothing is written */
        unsigned indent, kinds;
};

static bool is_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Whether it can stand without quotes in a flow as well. What was written in quotes keeps them: "5" is a text. */
static bool is_plain(const struct cw_node *node)
{
        const char *text = node->text;

        if (node->style != CW_STYLE_PLAIN || !(is_letter(text[0]) || ((text[0] == '/' || text[0] == '-') && text[1])))
                return false;
        for (size_t i = 0; i < node->len; i++) {
                if (text[i] == ':' && (text[i + 1] == ' ' || !text[i + 1]))
                        return false;
                if (!is_letter(text[i]) && !strchr("-./:@+*%<>=() ", text[i]))
                        return false;
        }
        return text[node->len - 1] != ' ';
}

static void put_quoted(struct cw_buf *buf, const char *text, size_t len)
{
        cw_buf_putc(buf, '"');
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)text[i];

                if (c == '"' || c == '\\')
                        cw_buf_printf(buf, "\\%c", c);
                else if (c == '\n')
                        cw_buf_puts(buf, "\\n");
                else if (c < 0x20 || c == 0x7f)
                        cw_buf_printf(buf, "\\x%02x", c);
                else
                        cw_buf_putc(buf, (char)c);
        }
        cw_buf_putc(buf, '"');
}

static void put_scalar(struct shower *shower, const struct cw_node *node, bool secret)
{
        if (cw_secrecy_conceals(node->text, node->len, secret))
                cw_buf_puts(shower->buf, "\"***\"");
        else if (is_plain(node))
                cw_buf_puts(shower->buf, node->text);
        else
                put_quoted(shower->buf, node->text, node->len);
}

/* Whatever it is, in one line. */
static void put_flow(struct shower *shower, const struct cw_node *node, bool secret)
{
        bool is_mapping = node->kind == CW_NODE_MAPPING;

        if (node->kind == CW_NODE_SCALAR) {
                put_scalar(shower, node, secret);
                return;
        }
        cw_buf_putc(shower->buf, is_mapping ? '{' : '[');
        for (size_t i = 0; i < node->n_items; i++) {
                bool hides = secret || (is_mapping && cw_secrecy_is_key(node->keys[i], shower->top));

                cw_buf_puts(shower->buf, i ? ", " : "");
                if (is_mapping) {
                        put_scalar(shower, node->keys[i], false);
                        cw_buf_puts(shower->buf, ": ");
                }
                put_flow(shower, node->items[i], hides);
        }
        cw_buf_putc(shower->buf, is_mapping ? '}' : ']');
}

/* What the default of a whole mapping, "{severity: critical, after: 3}", says of a key of it. */
static const char *part_of(const char *whole, const char *name, size_t *ret_len)
{
        size_t len = strlen(name);

        for (const char *at = whole; at && (at = strstr(at, name)); at += len) {
                if (at == whole || !strchr("{ ", at[-1]) || strncmp(at + len, ": ", 2) != 0)
                        continue;
                *ret_len = strcspn(at + len + 2, ",}");
                return at + len + 2;
        }
        return NULL;
}

/* A mapping of which only some keys may be written, in one line with the defaults of the others. */
static void put_whole(struct shower *shower, const struct cw_row *row, const struct cw_node *node)
{
        const char *separator = "{", *value;
        size_t len;

        for (size_t i = 0; i < row->table->n_rows; i++) {
                const struct cw_row *part = &row->table->rows[i];
                const struct cw_node *written = cw_node_get(node, part->name);

                value = part_of(row->fallback, part->name, &len);
                if (!value && part->fallback) {
                        value = part->fallback;
                        len = strlen(value);
                }
                if (!written && !value)
                        continue;
                cw_buf_printf(shower->buf, "%s%s: ", separator, part->name);
                if (written)
                        put_flow(shower, written, false);
                else
                        cw_buf_append(shower->buf, value, len);
                separator = ", ";
        }
        cw_buf_putc(shower->buf, '}');
}

static void begin_line(struct shower *shower, const struct level *level, const struct cw_row *row)
{
        if (shower->dash)
                cw_buf_printf(shower->buf, "%*s- %s:", (int)level->indent - 2, "", row->name);
        else
                cw_buf_printf(shower->buf, "%*s%s:", (int)level->indent, "", row->name);
        shower->dash = false;
}

static void put_keys(struct shower *shower, const struct level *level);

static bool is_listed(const struct cw_row *row, unsigned kinds)
{
        return !(row->flags & CW_ROW_LATER) && (row->kinds == 0 || kinds == 0 || (row->kinds & kinds));
}

static bool has_defaults(const struct cw_table *table)
{
        for (size_t i = 0; i < table->n_rows; i++)
                if (table->rows[i].fallback && is_listed(&table->rows[i], 0))
                        return true;
        return false;
}

static void put_items(struct shower *shower, const struct level *level, const struct cw_row *row,
                      const struct cw_node *node)
{
        for (size_t i = 0; i < node->n_items; i++) {
                struct level item = {.table = row->table, .node = node->items[i], .indent = level->indent + 4};

                item.kinds = row->table->kinds ? row->table->kinds(item.node) : 0;
                shower->dash = true;
                put_keys(shower, &item);
        }
}

/* At the top every file may bring some. */
static void put_list(struct shower *shower, const struct level *level, const struct cw_row *row)
{
        const struct cw_node *lists[] = {cw_node_get(level->node, row->name)};
        size_t n = level->table == &cw_schema_top ? shower->files->n : 1, n_items = 0;

        for (size_t i = 0; i < n; i++) {
                const struct cw_node *list = n == 1 ? lists[0]
                                                    : cw_node_get(shower->files->documents[i]->root, row->name);

                if (!list)
                        continue;
                if (n_items == 0)
                        begin_line(shower, level, row);
                if (n_items == 0)
                        cw_buf_putc(shower->buf, '\n');
                n_items++;
                put_items(shower, level, row, list);
        }
}

/* What a rule of another kind has: it would be a mistake in this one, even with its default. */
static bool is_of_another_kind(const struct level *level, const struct cw_row *row)
{
        static const char *const of_conditions[] = {"arm", "for", "keep_firing_for", "confirm"};

        if (!cw_schema_row(level->table, "levels"))
                return false;
        for (size_t i = 0; i < CW_ARRAY_SIZE(of_conditions); i++)
                if (strcmp(row->name, of_conditions[i]) == 0)
                        return cw_node_get(level->node, "on");
        return strcmp(row->name, "severity") == 0 && cw_node_get(level->node, "levels");
}

static void put_value(struct shower *shower, const struct level *level, const struct cw_row *row,
                      const struct cw_node *node)
{
        const struct cw_node *key = cw_node_key(level->node, row->name);
        bool secret = row->type == CW_ROW_SECRET ||
                      (key && row->type == CW_ROW_LABELS && cw_secrecy_is_key(key, shower->top));

        if (!node && (!row->fallback || is_of_another_kind(level, row)))
                return;
        begin_line(shower, level, row);
        cw_buf_putc(shower->buf, ' ');
        if (!node)
                cw_buf_printf(shower->buf, "%s # default", row->fallback);
        else if (row->type == CW_ROW_NODE && row->table && node->kind == CW_NODE_MAPPING)
                put_whole(shower, row, node);
        else
                put_flow(shower, node, secret);
        cw_buf_putc(shower->buf, '\n');
}

static void put_row(struct shower *shower, const struct level *level, const struct cw_row *row)
{
        const struct cw_node *node = cw_node_get(level->node, row->name);
        struct level inner = {.table = row->table, .node = node, .indent = level->indent + 2, .kinds = 0};

        if (row->type == CW_ROW_LIST) {
                put_list(shower, level, row);
        } else if (row->type != CW_ROW_TABLE) {
                put_value(shower, level, row, node);
        } else if ((node && node->n_items > 0) || has_defaults(row->table)) {
                begin_line(shower, level, row);
                cw_buf_putc(shower->buf, '\n');
                put_keys(shower, &inner);
        }
}

static void put_keys(struct shower *shower, const struct level *level)
{
        for (size_t i = 0; i < level->table->n_rows; i++) {
                const struct cw_row *row = &level->table->rows[i];
                bool is_top = level->table == &cw_schema_top;

                /* What other files brought is there already. */
                if (!is_listed(row, level->kinds) || (is_top && row->offset == offsetof(struct cw_draft, include)))
                        continue;
                if (is_top)
                        shower->top = row->name;
                put_row(shower, level, row);
        }
}

void cw_show(const struct cw_files *files, struct cw_buf *buf)
{
        struct shower shower = {.buf = buf, .files = files};
        struct level top = {.table = &cw_schema_top, .node = files->documents[0]->root};

        put_keys(&shower, &top);
}
