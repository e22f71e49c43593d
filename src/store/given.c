/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the least that SQLite asks of a virtual table: rows in one order, read once. */
#include "given.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/hash.h"
#include "db.h"

/* What is given now. */
struct cw_given_rows {
        size_t from, to;
        cw_given_fn fn;
        void *data;
};

struct table {
        sqlite3_vtab base;
        struct cw_store *store;
};

struct cursor {
        sqlite3_vtab_cursor base;
        struct cw_given_rows *rows;
        size_t next; /* behind the row at hand */
        struct cw_given given;
};

static struct cw_given_value *add(struct cw_given *given, int type)
{
        struct cw_given_value *value = &given->values[given->n++];

        assert(given->n <= CW_GIVEN_COLUMNS);
        value->type = type;
        return value;
}

void cw_given_i64(struct cw_given *given, int64_t value)
{
        add(given, SQLITE_INTEGER)->number = value;
}

void cw_given_nulls(struct cw_given *given, size_t n)
{
        for (size_t i = 0; i < n; i++)
                add(given, 0);
}

void cw_given_text(struct cw_given *given, const char *text)
{
        struct cw_given_value *value = add(given, text ? SQLITE_TEXT : 0);

        value->data = text;
        value->len = text ? strlen(text) : 0;
}

void cw_given_hex64(struct cw_given *given, uint64_t number)
{
        struct cw_given_value *value = add(given, SQLITE_TEXT);

        cw_hash_hex64(number, value->hex);
        value->data = value->hex;
        value->len = sizeof(value->hex) - 1;
}

void cw_given_blob(struct cw_given *given, const void *data, size_t len)
{
        struct cw_given_value *value = add(given, data ? SQLITE_BLOB : 0);

        value->data = data;
        value->len = len;
}

static int connect_table(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **ret_table,
                         char **ret_error)
{
        struct table *table = calloc(1, sizeof(*table));

        (void)argc;
        (void)argv;
        (void)ret_error;
        if (!table)
                return SQLITE_NOMEM;
        table->store = aux;
        *ret_table = &table->base;
        return sqlite3_declare_vtab(
                db, "CREATE TABLE given (c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14,"
                    " c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28)");
}

static int disconnect_table(sqlite3_vtab *table)
{
        free(table);
        return SQLITE_OK;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
        (void)table;
        (void)info;
        return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **ret_cursor)
{
        struct cursor *cursor = calloc(1, sizeof(*cursor));

        if (!cursor)
                return SQLITE_NOMEM;
        cursor->rows = ((struct table *)table)->store->given;
        *ret_cursor = &cursor->base;
        return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
        free(cursor);
        return SQLITE_OK;
}

static int next_row(sqlite3_vtab_cursor *base)
{
        struct cursor *cursor = (struct cursor *)base;
        const struct cw_given_rows *rows = cursor->rows;

        if (cursor->next++ >= rows->to)
                return SQLITE_OK;
        cursor->given.n = 0;
        return rows->fn(rows->data, cursor->next - 1, &cursor->given) < 0 ? SQLITE_NOMEM : SQLITE_OK;
}

static int first_row(sqlite3_vtab_cursor *base, int number, const char *text, int argc, sqlite3_value **argv)
{
        struct cursor *cursor = (struct cursor *)base;

        (void)number;
        (void)text;
        (void)argc;
        (void)argv;
        cursor->next = cursor->rows->from;
        return next_row(base);
}

static int is_over(sqlite3_vtab_cursor *base)
{
        const struct cursor *cursor = (struct cursor *)base;

        return cursor->next > cursor->rows->to;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int i)
{
        const struct cw_given *given = &((struct cursor *)base)->given;
        const struct cw_given_value *value = &given->values[i];

        /* What was not given is NULL, and not what the row before had there. */
        if ((size_t)i >= given->n)
                return SQLITE_OK;
        if (value->type == SQLITE_INTEGER)
                sqlite3_result_int64(context, value->number);
        else if (value->type == SQLITE_TEXT)
                sqlite3_result_text(context, value->data, (int)value->len, SQLITE_STATIC);
        else if (value->type == SQLITE_BLOB)
                sqlite3_result_blob64(context, value->data, value->len, SQLITE_STATIC);
        return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *ret_id)
{
        *ret_id = (sqlite3_int64)((struct cursor *)base)->next;
        return SQLITE_OK;
}

int cw_given_declare(struct cw_store *store, struct cw_buf *message)
{
        static const sqlite3_module module = {.xConnect = connect_table,
                                              .xBestIndex = best_index,
                                              .xDisconnect = disconnect_table,
                                              .xOpen = open_cursor,
                                              .xClose = close_cursor,
                                              .xFilter = first_row,
                                              .xNext = next_row,
                                              .xEof = is_over,
                                              .xColumn = column,
                                              .xRowid = row_id};
        int rc = sqlite3_create_module_v2(store->db, "given", &module, store, NULL);

        return rc == SQLITE_OK ? 0 : cw_db_error(store, rc, message);
}

int cw_given_write(struct cw_store *store, enum cw_sql sql, size_t from, size_t to, cw_given_fn fn, void *data,
                   struct cw_buf *message)
{
        struct cw_given_rows rows = {.from = from, .to = to, .fn = fn, .data = data};
        sqlite3_stmt *statement;
        int r = cw_db_statement(store, sql, &statement, message);

        if (r < 0)
                return r;
        store->given = &rows;
        r = cw_db_step(store, statement, message);
        store->given = NULL;
        return r;
}
