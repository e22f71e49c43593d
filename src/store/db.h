/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_DB_H
#define CW_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/buf.h"
#include "cardwatch/store.h"
#include "fault.h"
#include "recent.h"
#include "statements.h"

struct cw_fold;
struct cw_given_rows;

/*
 * Db: SQLite as the rest of the store wants it.
 *
 * Prepared statements by name, negative errno instead of result codes, and one line that says what went wrong with
 * which file. It knows neither tables nor rows. Statements belong to the store and live as long as it; a step of one
 * may be followed by a step of another, but a statement is used by one caller at a time.
 */

struct cw_store {
        sqlite3 *db;
        sqlite3_stmt *statements[CW_SQL_COUNT]; /* NULL until first used */
        char *path;
        int lock_fd; /* -1: only looking */
        bool readonly;
        bool held; /* a read transaction is open for several calls (cw_store_hold) */
        struct cw_fold *fold; /* a checkpoint that is being made, NULL: none */
        bool is_pruned; /* nothing was found that is too old, ... */
        int64_t pruned_at; /* ... at that time, ... */
        struct cw_store_keep pruned_keep; /* ... by that */
        int64_t max_bytes; /* that its log was limited for */
        size_t unsettled; /* bytes in the change log; the owner's only */
        int64_t outbox_top; /* no message behind it can stand in the table of the outbox; the owner's only */
        struct cw_given_rows *given; /* what a statement is being given (given.h), NULL: nothing */
        struct cw_recent recent; /* the owner's only */
        struct cw_buf record; /* room for the next one of them */
        struct cw_fault commit_fault, settle_fault;
};

/* Appends "<path>: <text>" to the message (NULL: not wanted). Returns `error`. */
int cw_db_fail(const struct cw_store *store, int error, struct cw_buf *message, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* What SQLite just answered with `rc`, as a negative errno, and its own words in the message. */
int cw_db_error(const struct cw_store *store, int rc, struct cw_buf *message);

/* Statements without results. */
int cw_db_exec(struct cw_store *store, const char *sql, struct cw_buf *message) __attribute__((warn_unused_result));

/* The first column of the first row as a number; -EBADMSG when there is none. */
int cw_db_number(struct cw_store *store, const char *sql, int64_t *ret_number, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* The prepared statement, reset and without parameters. */
int cw_db_statement(struct cw_store *store, enum cw_sql sql, sqlite3_stmt **ret_statement, struct cw_buf *message)
        __attribute__((warn_unused_result));

/* Outcomes of a step besides 0: the rows are over, and negative. */
#define CW_DB_ROW 1

int cw_db_step(struct cw_store *store, sqlite3_stmt *statement, struct cw_buf *message)
        __attribute__((warn_unused_result));

/*
 * A transaction: ended by cw_transaction_commit, or rolled back when its variable goes out of scope.
 */
struct cw_transaction {
        struct cw_store *store; /* NULL: none is open */
};

#define CW_TRANSACTION_NULL                                                                                            \
        {                                                                                                              \
                0                                                                                                      \
        }

/* Within a held store reading needs no transaction of its own, and writing is a mistake of ours (-EBUSY).
 * `writing`: takes the write lock at once, so that nothing fails half-way for somebody else's sake. */
int cw_transaction_begin(struct cw_transaction *transaction, struct cw_store *store, bool writing,
                         struct cw_buf *message) __attribute__((warn_unused_result));
int cw_transaction_commit(struct cw_transaction *transaction, struct cw_buf *message)
        __attribute__((warn_unused_result));
void cw_transaction_deinit(struct cw_transaction *transaction);

/* Cleanup for a statement that a function steps through: lets go of its read position. */
void cw_statement_reset(sqlite3_stmt **statement);

#endif
