/* SPDX-License-Identifier: Apache-2.0 */
#include "change_log.h"

#include <errno.h>
#include <inttypes.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes_order.h"
#include "cardwatch/cleanup.h"
#include "changes_pack.h"
#include "db.h"
#include "row.h"
#include "tables.h"

/* Above it, the tables are no dearer than the record would be. */
#define RECORD_MOST (1u << 20)

/* Memory that is kept for the next record. */
#define RECORD_KEPT (128u << 10)

static int append(struct cw_store *store, const struct cw_commit *commit, struct cw_buf *message)
{
        const struct cw_buf *record = &store->record;
        struct cw_bind bind;
        sqlite3_stmt *statement;
        int r = cw_db_statement(store, CW_SQL_LOG_ADD, &statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_i64(&bind, commit->sequence);
        cw_bind_i64(&bind, commit->at);
        cw_bind_blob(&bind, record->data, record->len);
        r = bind.rc == SQLITE_OK ? cw_db_step(store, statement, message) : cw_db_error(store, bind.rc, message);
        /* What is bound must live until then, and no longer. */
        sqlite3_clear_bindings(statement);
        return r;
}

int cw_change_log_add(struct cw_store *store, const struct cw_commit *commit, const struct cw_changes *changes,
                      size_t *ret_bytes, struct cw_buf *message)
{
        struct cw_buf *record = &store->record;
        int r;

        cw_buf_clear(record);
        record->limit = RECORD_MOST;
        cw_changes_pack(changes, record);
        r = cw_buf_error(record);
        if (r == 0)
                r = append(store, commit, message);
        if (r == 0)
                *ret_bytes = record->len;
        if (record->capacity > RECORD_KEPT)
                cw_buf_deinit(record);
        return r;
}

/* Records that were read, oldest first. */
struct reading {
        struct cw_changes rows;
        int64_t last;
        size_t bytes;
};

static void reading_deinit(struct reading *reading)
{
        cw_changes_deinit(&reading->rows);
}

static int read_record(struct cw_store *store, struct cw_columns *columns, struct reading *reading,
                       struct cw_buf *message)
{
        size_t intents = reading->rows.intents.n, len;
        const void *record;
        int64_t at;
        int r;

        reading->last = cw_columns_i64(columns);
        at = cw_columns_i64(columns);
        record = cw_columns_blob(columns, &len);
        r = columns->bad || !record ? -EBADMSG : cw_changes_unpack(record, len, &reading->rows);
        if (r == -EBADMSG)
                return cw_db_fail(store, r, message, "table change_log is damaged at sequence %" PRId64, reading->last);
        for (size_t i = intents; i < reading->rows.intents.n; i++)
                if (reading->rows.intents.rows[i].state == CW_INTENT_DELIVERED)
                        reading->rows.intents.rows[i].delivered_at = at;
        reading->bytes += len;
        return r;
}

/* As many as have `most` bytes, one at least. */
static int read_records(struct cw_store *store, size_t most, struct reading *reading, struct cw_buf *message)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        int r = cw_db_statement(store, CW_SQL_LOG_ALL, &statement, message);

        while (r == 0 && reading->bytes < most && (r = cw_db_step(store, statement, message)) == CW_DB_ROW) {
                struct cw_columns columns = cw_columns_begin(statement);

                r = read_record(store, &columns, reading, message);
        }
        return r < 0 ? r : cw_changes_sort(&reading->rows);
}

static int drop_until(struct cw_store *store, int64_t sequence, struct cw_buf *message)
{
        struct cw_bind bind;
        sqlite3_stmt *statement;
        int r = cw_db_statement(store, CW_SQL_LOG_DROP, &statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_i64(&bind, sequence);
        return bind.rc == SQLITE_OK ? cw_db_step(store, statement, message) : cw_db_error(store, bind.rc, message);
}

/* All of it, without reading it. */
static int settle_recent(struct cw_store *store, size_t *ret_bytes, struct cw_buf *message)
{
        struct cw_recent *recent = &store->recent;
        int r = cw_changes_sort(&recent->rows);

        if (r == 0)
                r = cw_tables_write(store, &recent->rows, 0, message);
        if (r == 0)
                r = drop_until(store, recent->last, message);
        if (r == 0)
                *ret_bytes = recent->bytes;
        return r;
}

int cw_change_log_settle(struct cw_store *store, size_t most, size_t *ret_bytes, struct cw_buf *message)
{
        cw_cleanup(reading_deinit) struct reading reading = {.bytes = 0};
        int r;

        if (cw_recent_is_whole(&store->recent, store->unsettled))
                return settle_recent(store, ret_bytes, message);
        r = read_records(store, most, &reading, message);
        if (r == 0)
                r = cw_tables_write(store, &reading.rows, 0, message);
        if (r == 0)
                r = drop_until(store, reading.last, message);
        if (r == 0)
                *ret_bytes = reading.bytes;
        return r;
}

int cw_change_log_read(struct cw_store *store, struct cw_changes *ret_rows, struct cw_buf *message)
{
        cw_cleanup(reading_deinit) struct reading reading = {.bytes = 0};
        int r = read_records(store, SIZE_MAX, &reading, message);

        if (r < 0)
                return r;
        *ret_rows = reading.rows;
        reading.rows = (struct cw_changes)CW_CHANGES_NULL;
        return 0;
}

int cw_change_log_measure(struct cw_store *store, size_t *ret_bytes, struct cw_buf *message)
{
        int64_t bytes;
        int r = cw_db_number(store, "SELECT ifnull(sum(length(changes)), 0) FROM change_log", &bytes, message);

        if (r == 0)
                *ret_bytes = (size_t)bytes;
        return r;
}
