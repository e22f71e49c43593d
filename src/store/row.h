/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_ROW_H
#define CW_STORE_ROW_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Row: parameters of a statement and columns of its answer, one after the other.
 *
 * Both remember what went wrong and are asked once at the end. What is bound must live until the statement has run;
 * what is read lives until its next step.
 */

struct cw_bind {
        sqlite3_stmt *statement;
        int index;
        int rc; /* SQLITE_OK, sticky otherwise */
};

struct cw_bind cw_bind_begin(sqlite3_stmt *statement);
void cw_bind_i64(struct cw_bind *bind, int64_t value);
void cw_bind_text(struct cw_bind *bind, const char *text); /* NULL is NULL */
void cw_bind_hex64(struct cw_bind *bind, uint64_t value); /* as people know fingerprints */
void cw_bind_blob(struct cw_bind *bind, const void *data, size_t len); /* `data` NULL is NULL */

struct cw_columns {
        sqlite3_stmt *statement;
        int index;
        bool bad; /* a column held what we never write */
};

struct cw_columns cw_columns_begin(sqlite3_stmt *statement);
int64_t cw_columns_i64(struct cw_columns *columns);
uint64_t cw_columns_most(struct cw_columns *columns, uint64_t max); /* a number from 0 to max */
uint64_t cw_columns_hex64(struct cw_columns *columns);
const char *cw_columns_maybe_text(struct cw_columns *columns); /* NULL is NULL */
const char *cw_columns_text(struct cw_columns *columns); /* never NULL: "" and bad */
const void *cw_columns_blob(struct cw_columns *columns, size_t *ret_len);

#endif
