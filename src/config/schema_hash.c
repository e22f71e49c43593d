/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what a configuration means is its values under their keys, however they were written and wherever they came
 * from. */
#include <string.h>

#include "cardwatch/config_notifier.h"
#include "cardwatch/hash.h"
#include "cardwatch/rules.h"
#include "customers.h"
#include "schema.h"

static void hash_list(const struct cw_row *row, const void *field, size_t count, struct cw_hash *hash)
{
        const void *array = *(const void *const *)field;

        cw_hash_u64(hash, count);
        for (size_t i = 0; i < count; i++) {
                if (row->type == CW_ROW_LIST)
                        cw_schema_hash(row->table, (const char *)array + i * row->table->size, hash);
                if (row->type == CW_ROW_TEXTS)
                        cw_hash_string(hash, ((char *const *)array)[i]);
                if (row->type == CW_ROW_CUSTOMERS)
                        cw_customers_hash(&((const struct cw_config_customer *)array)[i], hash);
                if (row->type == CW_ROW_IDS)
                        cw_hash_u64(hash, (uint64_t)((const int64_t *)array)[i]);
                if (row->type == CW_ROW_LABELS) {
                        cw_hash_string(hash, ((const struct cw_label *)array)[i].name);
                        cw_hash_string(hash, ((const struct cw_label *)array)[i].value);
                }
        }
}

static uint64_t number(const struct cw_row *row, const void *field)
{
        uint32_t narrow;
        uint64_t wide;

        if (row->type == CW_ROW_BOOLEAN)
                return *(const bool *)field;
        if (row->type == CW_ROW_COUNT || row->type == CW_ROW_PERCENT || row->type == CW_ROW_WORD) {
                memcpy(&narrow, field, sizeof(narrow));
                return narrow;
        }
        memcpy(&wide, field, sizeof(wide));
        return wide;
}

static void hash_row(const struct cw_row *row, const void *target, struct cw_hash *hash)
{
        const void *field = (const char *)target + row->offset;

        switch (row->type) {
        case CW_ROW_TEXT:
        case CW_ROW_NAME:
                cw_hash_string(hash, *(const char *const *)field);
                break;
        case CW_ROW_SECRET:
                cw_hash_u64(hash, *(void *const *)field != NULL);
                break;
        case CW_ROW_TABLE:
                cw_schema_hash(row->table, field, hash);
                break;
        case CW_ROW_TEXTS:
        case CW_ROW_IDS:
        case CW_ROW_LABELS:
        case CW_ROW_CUSTOMERS:
        case CW_ROW_LIST:
                hash_list(row, field, *(const size_t *)((const char *)target + row->count), hash);
                break;
        case CW_ROW_NODE:
                break;
        default:
                cw_hash_u64(hash, number(row, field));
        }
}

void cw_schema_hash(const struct cw_table *table, const void *target, struct cw_hash *hash)
{
        for (size_t i = 0; i < table->n_rows; i++) {
                if (table->rows[i].flags & CW_ROW_LATER)
                        continue;
                cw_hash_string(hash, table->rows[i].name);
                hash_row(&table->rows[i], target, hash);
        }
}
