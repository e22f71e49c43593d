/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: SQLite converts whatever a column holds into whatever is asked for; here the type has to be the one we wrote.
 */
#include "row.h"

#include <string.h>

#include "cardwatch/hash.h"

struct cw_bind cw_bind_begin(sqlite3_stmt *statement)
{
        return (struct cw_bind){.statement = statement, .rc = SQLITE_OK};
}

static void bound(struct cw_bind *bind, int rc)
{
        if (bind->rc == SQLITE_OK)
                bind->rc = rc;
}

void cw_bind_i64(struct cw_bind *bind, int64_t value)
{
        bound(bind, sqlite3_bind_int64(bind->statement, ++bind->index, value));
}

void cw_bind_text(struct cw_bind *bind, const char *text)
{
        bound(bind, sqlite3_bind_text(bind->statement, ++bind->index, text, -1, SQLITE_STATIC));
}

void cw_bind_hex64(struct cw_bind *bind, uint64_t value)
{
        char hex[17];

        cw_hash_hex64(value, hex);
        bound(bind, sqlite3_bind_text(bind->statement, ++bind->index, hex, -1, SQLITE_TRANSIENT));
}

void cw_bind_blob(struct cw_bind *bind, const void *data, size_t len)
{
        bound(bind, sqlite3_bind_blob64(bind->statement, ++bind->index, data, len, SQLITE_STATIC));
}

struct cw_columns cw_columns_begin(sqlite3_stmt *statement)
{
        return (struct cw_columns){.statement = statement};
}

/* The next column's index, when it is of that type. */
static int next(struct cw_columns *columns, int type)
{
        int index = columns->index++;

        if (sqlite3_column_type(columns->statement, index) != type)
                columns->bad = true;
        return index;
}

int64_t cw_columns_i64(struct cw_columns *columns)
{
        return sqlite3_column_int64(columns->statement, next(columns, SQLITE_INTEGER));
}

uint64_t cw_columns_most(struct cw_columns *columns, uint64_t max)
{
        int64_t value = cw_columns_i64(columns);

        if (value >= 0 && (uint64_t)value <= max)
                return (uint64_t)value;
        columns->bad = true;
        return 0;
}

static int nibble(char c)
{
        static const char digits[] = "0123456789abcdef";
        const char *at = c ? strchr(digits, c) : NULL;

        return at ? (int)(at - digits) : -1;
}

uint64_t cw_columns_hex64(struct cw_columns *columns)
{
        const char *text = cw_columns_text(columns);
        uint64_t value = 0;

        for (size_t i = 0; i < 16; i++) {
                int digit = nibble(text[i]);

                if (digit < 0) {
                        columns->bad = true;
                        return 0;
                }
                value = value << 4 | (uint64_t)digit;
        }
        if (text[16])
                columns->bad = true;
        return value;
}

const char *cw_columns_maybe_text(struct cw_columns *columns)
{
        if (sqlite3_column_type(columns->statement, columns->index) == SQLITE_NULL) {
                columns->index++;
                return NULL;
        }
        return cw_columns_text(columns);
}

const char *cw_columns_text(struct cw_columns *columns)
{
        const unsigned char *text = sqlite3_column_text(columns->statement, next(columns, SQLITE_TEXT));

        if (text)
                return (const char *)text;
        columns->bad = true;
        return "";
}

const void *cw_columns_blob(struct cw_columns *columns, size_t *ret_len)
{
        int index = columns->index;
        const void *data = NULL;

        if (sqlite3_column_type(columns->statement, index) == SQLITE_NULL) {
                columns->index++;
                *ret_len = 0;
                return NULL;
        }
        data = sqlite3_column_blob(columns->statement, next(columns, SQLITE_BLOB));
        *ret_len = (size_t)sqlite3_column_bytes(columns->statement, index);
        /* An empty blob is told as NULL. */
        return data ? data : "";
}
