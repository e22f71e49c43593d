/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one function for each type of row: a node in, a value at its place out, or a complaint that says what is
 * expected. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/rules.h"
#include "cardwatch/secret.h"
#include "cardwatch/text.h"
#include "customers.h"
#include "schema.h"
#include "secret_ref.h"
#include "shapes.h"
#include "size.h"

static bool is_plain(const struct cw_node *node, const char *text)
{
        return node->kind == CW_NODE_SCALAR && node->style == CW_STYLE_PLAIN && strcmp(node->text, text) == 0;
}

static void read_boolean(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                         bool *ret_value)
{
        if (is_plain(node, "true"))
                *ret_value = true;
        else if (is_plain(node, "false"))
                *ret_value = false;
        else
                cw_reader_complain(reader, node, "\"%s\" must be true or false", row->name);
}

bool cw_value_digits(const char *text, size_t len, int64_t *ret_value)
{
        int64_t value = 0;

        for (size_t i = 0; i < len; i++)
                if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, text[i] - '0', &value))
                        return false;
        *ret_value = value;
        return len > 0;
}

static void read_count(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       uint32_t *ret_value)
{
        const char *or_all = row->flags & CW_ROW_ALL ? ", or all" : "";
        int64_t value = 0;

        if ((row->flags & CW_ROW_ALL) && node->kind == CW_NODE_SCALAR && strcmp(node->text, "all") == 0) {
                *ret_value = 0;
                return;
        }
        if (node->kind != CW_NODE_SCALAR || node->style != CW_STYLE_PLAIN ||
            !cw_value_digits(node->text, node->len, &value) || value < row->least || value > row->most) {
                cw_reader_complain(reader, node, "\"%s\" must be a whole number from %" PRId64 " to %" PRId64 "%s",
                                   row->name, row->least, row->most, or_all);
                return;
        }
        *ret_value = (uint32_t)value;
}

static void complain_bounds(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                            void (*format)(struct cw_buf *buf, uint64_t value))
{
        struct cw_buf least = CW_BUF_NULL, most = CW_BUF_NULL;

        format(&least, (uint64_t)row->least);
        format(&most, (uint64_t)row->most);
        cw_reader_complain(reader, node, "\"%s\" must be from %s to %s", row->name, cw_buf_text(&least),
                           cw_buf_text(&most));
        cw_buf_deinit(&least);
        cw_buf_deinit(&most);
}

static void read_size(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                      uint64_t *ret_value)
{
        uint64_t value;

        if (node->kind != CW_NODE_SCALAR || !cw_size_parse(node->text, &value))
                cw_reader_complain(reader, node, "\"%s\" must be a size such as 512KiB, 32MiB or 10GiB", row->name);
        else if (value < (uint64_t)row->least || value > (uint64_t)row->most)
                complain_bounds(reader, row, node, cw_size_format);
        else
                *ret_value = value;
}

static void format_duration(struct cw_buf *buf, uint64_t ms)
{
        cw_duration_format(buf, (int64_t)ms);
}

static void read_duration(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                          int64_t *ret_value)
{
        int64_t value, digits;

        if (node->kind != CW_NODE_SCALAR || cw_duration_parse(node->text, node->len, &value) < 0) {
                bool bare = node->kind == CW_NODE_SCALAR && cw_value_digits(node->text, node->len, &digits);

                cw_reader_complain(reader, node, "\"%s\" must be a duration such as 500ms, 30s, 5m or 1h30m%s",
                                   row->name, bare ? ": the unit is missing" : "");
        } else if (value < row->least || value > row->most) {
                complain_bounds(reader, row, node, format_duration);
        } else {
                *ret_value = value;
        }
}

/* Digits, perhaps a point and up to three more, and the sign: what can be said in thousandths of a percent. */
static bool parse_percent(const char *text, int64_t *ret_thousandths)
{
        size_t whole = strspn(text, "0123456789"), places = 0;
        int64_t value, part = 0;
        const char *rest = text + whole;

        if (!cw_value_digits(text, whole, &value) || value > INT32_MAX)
                return false;
        if (*rest == '.') {
                places = strspn(++rest, "0123456789");
                if (places > 3 || !cw_value_digits(rest, places, &part))
                        return false;
                rest += places;
        }
        for (size_t i = places; i < 3; i++)
                part *= 10;
        *ret_thousandths = value * 1000 + part;
        return strcmp(rest, "%") == 0;
}

static void read_percent(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                         uint32_t *ret_value)
{
        int64_t value;

        if (node->kind != CW_NODE_SCALAR || !parse_percent(node->text, &value))
                cw_reader_complain(reader, node, "\"%s\" must be a percentage such as 10%% or 0.5%%", row->name);
        else if (value < row->least || value > row->most)
                cw_reader_complain(reader, node, "\"%s\" must be from %" PRId64 "%% to %" PRId64 "%%", row->name,
                                   row->least / 1000, row->most / 1000);
        else
                *ret_value = (uint32_t)value;
}

static void read_word(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, void *field)
{
        const char *known[64], *nearest = NULL;
        struct cw_buf list = CW_BUF_NULL;
        size_t n = 0;

        if (row->check && node->kind == CW_NODE_SCALAR && !row->check(reader, row, node, node->text))
                return;
        for (unsigned i = 0; i < row->n_words; i++) {
                if (!row->words[i])
                        continue;
                if (node->kind == CW_NODE_SCALAR && strcmp(node->text, row->words[i]) == 0) {
                        memcpy(field, &i, sizeof(i));
                        cw_buf_deinit(&list);
                        return;
                }
                cw_buf_printf(&list, "%s%s", n > 0 ? ", " : "", row->words[i]);
                known[n++] = row->words[i];
        }
        if (node->kind == CW_NODE_SCALAR)
                nearest = cw_text_nearest(node->text, known, n);
        cw_reader_complain(reader, node, "\"%s\" must be one of %s%s%s%s", row->name, cw_buf_text(&list),
                           nearest ? " (did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?)" : "");
        cw_buf_deinit(&list);
}

/* A scalar that is a text and no boolean; NULL with a complaint. */
static const char *text_of(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node)
{
        if (node->kind != CW_NODE_SCALAR || is_plain(node, "true") || is_plain(node, "false")) {
                cw_reader_complain(reader, node, "\"%s\" must be a text", row->name);
                return NULL;
        }
        if (node->len == 0 && row->least >= 0) {
                cw_reader_complain(reader, node, "\"%s\" must not be empty", row->name);
                return NULL;
        }
        if (row->most > 0 && node->len > (size_t)row->most) {
                cw_reader_complain(reader, node, "\"%s\" must not be longer than %" PRId64 " bytes", row->name,
                                   row->most);
                return NULL;
        }
        if (row->check && !row->check(reader, row, node, node->text))
                return NULL;
        return node->text;
}

static bool is_word(const struct cw_row *row, const char *text)
{
        for (size_t i = 0; i < row->n_words; i++)
                if (row->words[i] && strcmp(row->words[i], text) == 0)
                        return true;
        return false;
}

static void read_text(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, char **ret_text)
{
        const char *text = text_of(reader, row, node);
        char *copy;

        if (!text)
                return;
        if (row->type == CW_ROW_NAME && !cw_shape_name(reader, row, node, text))
                return;
        copy = (row->flags & CW_ROW_PATH) && !is_word(row, text) ? cw_reader_path(reader, text)
                                                                 : cw_reader_dup(reader, text);
        for (size_t len = copy ? strlen(copy) : 0; (row->flags & CW_ROW_BASE) && len > 0 && copy[len - 1] == '/'; len--)
                copy[len - 1] = '\0';
        free(*ret_text);
        *ret_text = copy;
}

static void read_secret(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                        struct cw_secret **ret_secret)
{
        bool known;

        cw_secret_ref_read(reader, row, node, ret_secret, &known);
        if (known && row->check)
                (void)row->check(reader, row, node, cw_secret_reveal(*ret_secret));
}

/* A scalar is a list of one. */
static size_t items_of(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       const struct cw_node *const **ret_items, const struct cw_node **one)
{
        if (node->kind == CW_NODE_SEQUENCE && node->n_items > 0) {
                *ret_items = (const struct cw_node *const *)node->items;
                return node->n_items;
        }
        if (node->kind == CW_NODE_SCALAR) {
                *one = node;
                *ret_items = one;
                return 1;
        }
        cw_reader_complain(reader, node,
                           node->kind == CW_NODE_SEQUENCE ? "\"%s\" must not be empty"
                                                          : "\"%s\" must be a text or a list of texts",
                           row->name);
        return 0;
}

static void read_texts(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       char ***ret_texts, size_t *ret_n)
{
        const struct cw_node *const *items, *one;
        size_t n = items_of(reader, row, node, &items, &one);
        char **texts = n > 0 ? cw_reader_alloc(reader, n, sizeof(*texts)) : NULL;

        *ret_n = 0;
        free(*ret_texts);
        *ret_texts = texts;
        for (size_t i = 0; texts && i < n; i++) {
                const char *text = items[i]->bad ? NULL : text_of(reader, row, items[i]);

                if (!text)
                        continue;
                texts[*ret_n] = cw_reader_dup(reader, text);
                if (texts[*ret_n])
                        (*ret_n)++;
        }
}

static int compare_ids(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

static void read_ids(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, int64_t **ret_ids,
                     size_t *ret_n)
{
        const struct cw_node *const *items, *one;
        size_t n = items_of(reader, row, node, &items, &one);
        int64_t *ids = n > 0 ? cw_reader_alloc(reader, n, sizeof(*ids)) : NULL;

        *ret_n = 0;
        free(*ret_ids);
        *ret_ids = ids;
        for (size_t i = 0; ids && i < n; i++) {
                const struct cw_node *item = items[i];

                if (item->kind == CW_NODE_SCALAR && item->style == CW_STYLE_PLAIN &&
                    cw_value_digits(item->text, item->len, &ids[*ret_n]))
                        (*ret_n)++;
                else
                        cw_reader_complain(reader, item, "\"%s\" must be a whole number (an id)", row->name);
        }
        if (*ret_n > 1)
                qsort(ids, *ret_n, sizeof(*ids), compare_ids);
}

static void read_labels(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                        struct cw_label **ret_labels, size_t *ret_n)
{
        struct cw_label *labels;

        if (node->kind != CW_NODE_MAPPING) {
                cw_reader_complain(reader, node, "\"%s\" must be a mapping of names to texts", row->name);
                return;
        }
        labels = cw_reader_alloc(reader, node->n_items, sizeof(*labels));
        *ret_labels = labels;
        for (size_t i = 0; labels && i < node->n_items; i++) {
                const struct cw_node *key = node->keys[i], *value = node->items[i];

                if (value->bad)
                        continue;
                if (!(row->flags & CW_ROW_ANY) && !cw_shape_name(reader, row, key, key->text))
                        continue;
                if (value->kind != CW_NODE_SCALAR || cw_node_is_null(value)) {
                        cw_reader_complain(reader, value, "\"%s\" must be a text", key->text);
                        continue;
                }
                if (row->check && !row->check(reader, row, key, value->text))
                        continue;
                labels[*ret_n].name = cw_reader_dup(reader, key->text);
                labels[*ret_n].value = cw_reader_dup(reader, value->text);
                (*ret_n)++;
        }
}

void cw_value_read(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node, void *field,
                   size_t *count)
{
        switch (row->type) {
        case CW_ROW_BOOLEAN:
                read_boolean(reader, row, node, field);
                break;
        case CW_ROW_COUNT:
                read_count(reader, row, node, field);
                break;
        case CW_ROW_SIZE:
                read_size(reader, row, node, field);
                break;
        case CW_ROW_DURATION:
                read_duration(reader, row, node, field);
                break;
        case CW_ROW_PERCENT:
                read_percent(reader, row, node, field);
                break;
        case CW_ROW_WORD:
                read_word(reader, row, node, field);
                break;
        case CW_ROW_TEXT:
        case CW_ROW_NAME:
                read_text(reader, row, node, field);
                break;
        case CW_ROW_SECRET:
                read_secret(reader, row, node, field);
                break;
        case CW_ROW_TEXTS:
                read_texts(reader, row, node, field, count);
                break;
        case CW_ROW_IDS:
                read_ids(reader, row, node, field, count);
                break;
        case CW_ROW_LABELS:
                read_labels(reader, row, node, field, count);
                break;
        case CW_ROW_CUSTOMERS:
                cw_customers_read(reader, row, node, field, count);
                break;
        default:
                break;
        }
}
