/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_GIVEN_H
#define CW_STORE_GIVEN_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "statements.h"

struct cw_buf;
struct cw_store;

/*
 * Given: rows in memory as a table that a statement reads from (INSERT ... SELECT c0, c1, ... FROM given).
 *
 * To begin and to end a statement costs more than the row that it writes, so many rows are written by one.
 */

#define CW_GIVEN_COLUMNS 29

struct cw_given_value {
        int type; /* SQLITE_INTEGER, SQLITE_TEXT, SQLITE_BLOB; 0: NULL */
        int64_t number;
        const void *data;
        size_t len;
        char hex[17];
};

/* One row, put together column by column. What it points to must live until the next one is asked for. */
struct cw_given {
        struct cw_given_value values[CW_GIVEN_COLUMNS];
        size_t n;
};

void cw_given_i64(struct cw_given *given, int64_t value);
void cw_given_nulls(struct cw_given *given, size_t n);
void cw_given_text(struct cw_given *given, const char *text); /* NULL is NULL */
void cw_given_hex64(struct cw_given *given, uint64_t value); /* as people know fingerprints */
void cw_given_blob(struct cw_given *given, const void *data, size_t len); /* `data` NULL is NULL */

/* Puts row `i` together. 0 or -ENOMEM. */
typedef int (*cw_given_fn)(void *data, size_t i, struct cw_given *given);

/* For a connection that is being opened. */
int cw_given_declare(struct cw_store *store, struct cw_buf *message) __attribute__((warn_unused_result));

/* Runs a statement that reads the rows from `from` to `to`, without the last. */
int cw_given_write(struct cw_store *store, enum cw_sql sql, size_t from, size_t to, cw_given_fn fn, void *data,
                   struct cw_buf *message) __attribute__((warn_unused_result));

#endif
