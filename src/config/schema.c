/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: walk the keys of a mapping, find each one's row, let the row's type read the value to its place. */
#include "schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/config_notifier.h"
#include "cardwatch/hash.h"
#include "cardwatch/rules.h"
#include "cardwatch/secret.h"
#include "cardwatch/text.h"
#include "customers.h"

static void *field_of(void *target, size_t offset)
{
        return (char *)target + offset;
}

static bool in_kind(const struct cw_row *row, unsigned kinds)
{
        return row->kinds == 0 || kinds == 0 || (row->kinds & kinds);
}

const struct cw_row *cw_schema_row(const struct cw_table *table, const char *name)
{
        for (size_t i = 0; i < table->n_rows; i++)
                if (strcmp(table->rows[i].name, name) == 0)
                        return &table->rows[i];
        return NULL;
}

/* A key may have rows for different kinds; the one of this kind counts. */
static const struct cw_row *find_row(const struct cw_table *table, const char *name, unsigned kinds)
{
        const struct cw_row *other = NULL;

        for (size_t i = 0; i < table->n_rows; i++) {
                if (strcmp(table->rows[i].name, name) != 0)
                        continue;
                if (in_kind(&table->rows[i], kinds))
                        return &table->rows[i];
                other = &table->rows[i];
        }
        return other;
}

static const char *suggestion(const struct cw_table *table, const char *name, unsigned kinds)
{
        const char *candidates[64];
        size_t n = 0;

        for (size_t i = 0; i < table->n_rows && n < CW_ARRAY_SIZE(candidates); i++)
                if (in_kind(&table->rows[i], kinds))
                        candidates[n++] = table->rows[i].name;
        return cw_text_nearest(name, candidates, n);
}

static void complain_unknown(struct cw_reader *reader, const struct cw_table *table, const struct cw_node *key,
                             const struct cw_where *where)
{
        const char *nearest = suggestion(table, key->text, reader->kinds);
        struct cw_buf place = CW_BUF_NULL;

        cw_where_format(&place, where);
        cw_reader_complain(reader, key, "unknown key \"%s\"%s%s%s%s%s", key->text, place.len > 0 ? " in " : "",
                           cw_buf_text(&place), nearest ? " (did you mean \"" : "", nearest ? nearest : "",
                           nearest ? "\"?)" : "");
        cw_buf_deinit(&place);
}

void cw_schema_defaults(struct cw_reader *reader, const struct cw_table *table, void *target)
{
        for (size_t i = 0; i < table->n_rows; i++) {
                const struct cw_row *row = &table->rows[i];
                struct cw_node node = {.kind = CW_NODE_SCALAR, .style = CW_STYLE_PLAIN};

                if (row->flags & CW_ROW_LATER)
                        continue;
                if (row->type == CW_ROW_TABLE)
                        cw_schema_defaults(reader, row->table, field_of(target, row->offset));
                if (!row->fallback || !in_kind(row, reader->kinds) || row->type >= CW_ROW_TEXTS)
                        continue;
                node.text = (char *)row->fallback;
                node.len = strlen(row->fallback);
                cw_value_read(reader, row, &node, field_of(target, row->offset), NULL);
        }
}

static void read_row(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                     const struct cw_where *where, void *target)
{
        struct cw_where here = {where, row->name, 0};
        void *field = field_of(target, row->offset);

        if (node->bad)
                return;
        if (cw_node_is_null(node)) {
                cw_reader_complain(reader, node, "\"%s\" has no value; leave the key out for the default", row->name);
                return;
        }
        switch (row->type) {
        case CW_ROW_NODE:
                *(const struct cw_node **)field = node;
                break;
        case CW_ROW_TABLE:
                cw_schema_read(reader, row->table, node, &here, field);
                break;
        case CW_ROW_LIST:
                cw_schema_read_list(reader, row, node, &here, target);
                break;
        default:
                cw_value_read(reader, row, node, field, field_of(target, row->count));
        }
}

void cw_schema_read_key(struct cw_reader *reader, const struct cw_table *table, const struct cw_node *mapping, size_t i,
                        const struct cw_where *where, void *target)
{
        const struct cw_node *key = mapping->keys[i];
        const struct cw_row *row = find_row(table, key->text, reader->kinds);

        if (!row)
                complain_unknown(reader, table, key, where);
        else if (!in_kind(row, reader->kinds))
                cw_reader_complain(reader, key, "\"%s\" is no key of this type", key->text);
        else if (row->flags & CW_ROW_LATER)
                cw_reader_complain(reader, key, "\"%s\" is not supported yet", key->text);
        else
                read_row(reader, row, mapping->items[i], where, target);
}

static void complain_missing(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *mapping,
                             const struct cw_where *where)
{
        struct cw_buf place = CW_BUF_NULL;

        cw_where_format(&place, where);
        cw_reader_complain(reader, mapping, "%s needs \"%s\"", place.len > 0 ? cw_buf_text(&place) : "the file",
                           row->name);
        cw_buf_deinit(&place);
}

static void check_required(struct cw_reader *reader, const struct cw_table *table, const struct cw_node *mapping,
                           const struct cw_where *where)
{
        for (size_t i = 0; i < table->n_rows; i++) {
                const struct cw_row *row = &table->rows[i];

                if (!(row->flags & CW_ROW_REQUIRED) || cw_node_key_meant(mapping, row->name))
                        continue;
                if (in_kind(row, reader->kinds) && (row->kinds == 0 || reader->kinds != 0))
                        complain_missing(reader, row, mapping, where);
        }
}

void cw_schema_read(struct cw_reader *reader, const struct cw_table *table, const struct cw_node *node,
                    const struct cw_where *where, void *target)
{
        unsigned outer = reader->kinds;

        if (node->bad)
                return;
        if (node->kind != CW_NODE_MAPPING) {
                struct cw_buf place = CW_BUF_NULL;

                cw_where_format(&place, where);
                cw_reader_complain(reader, node, "%s must be a mapping (key: value)",
                                   place.len > 0 ? cw_buf_text(&place) : "the file");
                cw_buf_deinit(&place);
                return;
        }
        if (table->kinds)
                reader->kinds = table->kinds(node);
        for (size_t i = 0; i < node->n_items; i++)
                cw_schema_read_key(reader, table, node, i, where, target);
        check_required(reader, table, node, where);
        reader->kinds = outer;
}

/* Defaults depend on the kind, so that each item gets its own. */
static void read_item(struct cw_reader *reader, const struct cw_table *table, const struct cw_node *node,
                      const struct cw_where *where, void *target)
{
        unsigned outer = reader->kinds;

        if (table->kinds)
                reader->kinds = table->kinds(node);
        cw_schema_defaults(reader, table, target);
        reader->kinds = outer;
        if (table->node != CW_TABLE_NOWHERE)
                *(const struct cw_node **)field_of(target, table->node) = node;
        cw_schema_read(reader, table, node, where, target);
}

void cw_schema_read_list(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                         const struct cw_where *where, void *target)
{
        void **array = field_of(target, row->offset);
        size_t *count = field_of(target, row->count);
        char *grown;

        if (node->kind != CW_NODE_SEQUENCE) {
                cw_reader_complain(reader, node, "\"%s\" must be a list", row->name);
                return;
        }
        if (node->n_items == 0)
                return;
        grown = reallocarray(*array, *count + node->n_items, row->table->size);
        if (!grown) {
                reader->error = -ENOMEM;
                return;
        }
        *array = grown;
        memset(grown + *count * row->table->size, 0, node->n_items * row->table->size);
        for (size_t i = 0; i < node->n_items; i++) {
                struct cw_where item = {where, NULL, i};

                read_item(reader, row->table, node->items[i], &item, grown + *count * row->table->size);
                (*count)++;
        }
}

static void release_list(const struct cw_row *row, void *target)
{
        void **array = field_of(target, row->offset);
        size_t *count = field_of(target, row->count);

        for (size_t i = 0; i < *count; i++) {
                if (row->type == CW_ROW_LIST)
                        cw_schema_deinit(row->table, (char *)*array + i * row->table->size);
                if (row->type == CW_ROW_TEXTS)
                        free(((char **)*array)[i]);
                if (row->type == CW_ROW_CUSTOMERS)
                        cw_customers_deinit(&((struct cw_config_customer *)*array)[i]);
                if (row->type == CW_ROW_LABELS) {
                        free(((struct cw_label *)*array)[i].name);
                        free(((struct cw_label *)*array)[i].value);
                }
        }
        free(*array);
        *array = NULL;
        *count = 0;
}

static void release(const struct cw_row *row, void *target)
{
        switch (row->type) {
        case CW_ROW_TEXT:
        case CW_ROW_NAME:
                free(*(char **)field_of(target, row->offset));
                *(char **)field_of(target, row->offset) = NULL;
                break;
        case CW_ROW_SECRET:
                cw_secret_free(*(struct cw_secret **)field_of(target, row->offset));
                *(struct cw_secret **)field_of(target, row->offset) = NULL;
                break;
        case CW_ROW_TABLE:
                cw_schema_deinit(row->table, field_of(target, row->offset));
                break;
        case CW_ROW_TEXTS:
        case CW_ROW_IDS:
        case CW_ROW_LABELS:
        case CW_ROW_CUSTOMERS:
        case CW_ROW_LIST:
                release_list(row, target);
                break;
        default:
                break;
        }
}

void cw_schema_deinit(const struct cw_table *table, void *target)
{
        for (size_t i = 0; i < table->n_rows; i++)
                if (!(table->rows[i].flags & CW_ROW_LATER))
                        release(&table->rows[i], target);
}
