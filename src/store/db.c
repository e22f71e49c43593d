/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the one place where SQLite's result codes become errors of ours. */
#include "db.h"

#include <errno.h>
#include <stdarg.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"

int cw_db_fail(const struct cw_store *store, int error, struct cw_buf *message, const char *format, ...)
{
        va_list args;

        if (!message)
                return error;
        cw_buf_printf(message, "%s: ", store->path);
        va_start(args, format);
        cw_buf_vprintf(message, format, args);
        va_end(args);
        return error;
}

static bool disk_is_full(const struct cw_store *store)
{
        int error = sqlite3_system_errno(store->db);

        return error == ENOSPC || error == EDQUOT;
}

static int errno_of(const struct cw_store *store, int rc)
{
        if (rc == SQLITE_IOERR_NOMEM)
                return -ENOMEM;
        switch (rc & 0xff) {
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_NOTADB:
        case SQLITE_CORRUPT:
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
                return -EBADMSG;
        case SQLITE_READONLY:
                return -EROFS;
        case SQLITE_PERM:
        case SQLITE_AUTH:
                return -EACCES;
        case SQLITE_TOOBIG:
                return -EMSGSIZE;
        /* A full disk also shows when shared memory cannot grow or a sync fails. */
        default:
                return disk_is_full(store) ? -ENOSPC : -EIO;
        }
}

int cw_db_error(const struct cw_store *store, int rc, struct cw_buf *message)
{
        return cw_db_fail(store, errno_of(store, rc), message, "%s", sqlite3_errmsg(store->db));
}

int cw_db_exec(struct cw_store *store, const char *sql, struct cw_buf *message)
{
        int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

        return rc == SQLITE_OK ? 0 : cw_db_error(store, rc, message);
}

static void finalize(sqlite3_stmt **statement)
{
        sqlite3_finalize(*statement);
}

int cw_db_number(struct cw_store *store, const char *sql, int64_t *ret_number, struct cw_buf *message)
{
        cw_cleanup(finalize) sqlite3_stmt *statement = NULL;
        int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

        if (rc == SQLITE_OK)
                rc = sqlite3_step(statement);
        if (rc == SQLITE_DONE)
                return cw_db_fail(store, -EBADMSG, message, "says nothing to: %s", sql);
        if (rc != SQLITE_ROW)
                return cw_db_error(store, rc, message);
        *ret_number = sqlite3_column_int64(statement, 0);
        return 0;
}

int cw_db_statement(struct cw_store *store, enum cw_sql sql, sqlite3_stmt **ret_statement, struct cw_buf *message)
{
        sqlite3_stmt **statement = &store->statements[sql];
        int rc;

        if (!*statement) {
                rc = sqlite3_prepare_v3(store->db, cw_sql_text(sql), -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
                if (rc != SQLITE_OK)
                        return cw_db_error(store, rc, message);
        }
        sqlite3_reset(*statement);
        sqlite3_clear_bindings(*statement);
        *ret_statement = *statement;
        return 0;
}

int cw_db_step(struct cw_store *store, sqlite3_stmt *statement, struct cw_buf *message)
{
        int rc = sqlite3_step(statement);
        int r;

        if (rc == SQLITE_ROW)
                return CW_DB_ROW;
        r = rc == SQLITE_DONE ? 0 : cw_db_error(store, rc, message);
        sqlite3_reset(statement);
        return r;
}

int cw_transaction_begin(struct cw_transaction *transaction, struct cw_store *store, bool writing,
                         struct cw_buf *message)
{
        int r;

        if (store->held)
                return writing ? cw_db_fail(store, -EBUSY, message, "is held for looking") : 0;
        r = cw_db_exec(store, writing ? "BEGIN IMMEDIATE" : "BEGIN", message);
        if (r < 0)
                return r;
        transaction->store = store;
        return 0;
}

int cw_transaction_commit(struct cw_transaction *transaction, struct cw_buf *message)
{
        int r = transaction->store ? cw_db_exec(transaction->store, "COMMIT", message) : 0;

        if (r == 0)
                transaction->store = NULL;
        return r;
}

void cw_transaction_deinit(struct cw_transaction *transaction)
{
        struct cw_store *store = transaction->store;

        transaction->store = NULL;
        if (!store)
                return;
        /* A statement in the middle of its rows would keep the transaction open. */
        for (size_t i = 0; i < CW_SQL_COUNT; i++)
                sqlite3_reset(store->statements[i]);
        /* SQLite has rolled back by itself after some errors. */
        if (!sqlite3_get_autocommit(store->db))
                sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

void cw_statement_reset(sqlite3_stmt **statement)
{
        sqlite3_reset(*statement);
}
