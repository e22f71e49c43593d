/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a new checkpoint is written beside the old one, under its own sequence, and takes its place within the same
 * transaction: appended in order, and whoever is interrupted finds the old one.
 */
#include "checkpoint.h"

#include <errno.h>
#include <inttypes.h>

#include "cardwatch/card_pack.h"
#include "cardwatch/cleanup.h"
#include "db.h"
#include "row.h"

int cw_checkpoint_get(struct cw_store *store, const char *source, struct cw_checkpoint *ret_checkpoint,
                      struct cw_buf *message)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        struct cw_checkpoint checkpoint = {.sequence = 0};
        struct cw_columns columns;
        struct cw_bind bind;
        int r = cw_db_statement(store, CW_SQL_CHECKPOINT_GET, &statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_text(&bind, source);
        if (bind.rc != SQLITE_OK)
                return cw_db_error(store, bind.rc, message);
        r = cw_db_step(store, statement, message);
        if (r == CW_DB_ROW) {
                columns = cw_columns_begin(statement);
                checkpoint.sequence = (int64_t)cw_columns_most(&columns, INT64_MAX);
                checkpoint.chunks = (int64_t)cw_columns_most(&columns, INT64_MAX);
                checkpoint.cards = (int64_t)cw_columns_most(&columns, INT64_MAX);
                checkpoint.journal_changes = (int64_t)cw_columns_most(&columns, INT64_MAX);
                r = columns.bad
                            ? cw_db_fail(store, -EBADMSG, message, "table checkpoint is damaged at source %s", source)
                            : 0;
        }
        if (r == 0)
                *ret_checkpoint = checkpoint;
        return r;
}

int cw_checkpoint_chunk(struct cw_store *store, const char *source, int64_t sequence, int64_t chunk,
                        sqlite3_stmt **ret_statement, struct cw_buf *message)
{
        struct cw_bind bind;
        int r = cw_db_statement(store, CW_SQL_CHUNK_GET, ret_statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(*ret_statement);
        cw_bind_text(&bind, source);
        cw_bind_i64(&bind, sequence);
        cw_bind_i64(&bind, chunk);
        return bind.rc == SQLITE_OK ? cw_db_step(store, *ret_statement, message) : cw_db_error(store, bind.rc, message);
}

static int read_past_from(sqlite3_stmt *statement, int64_t *ret_at)
{
        cw_cleanup(cw_cards_reader_deinit) struct cw_cards_reader reader = {.reference = CW_BUF_NULL};
        struct cw_columns columns = cw_columns_begin(statement);
        const void *data;
        size_t len;
        int r;

        cw_columns_i64(&columns); /* how many cards */
        data = cw_columns_blob(&columns, &len);
        r = columns.bad ? -EBADMSG : cw_cards_read(&reader, data, len);
        if (r == 0)
                *ret_at = reader.past_from;
        return r;
}

/* It stands in every chunk. Where there are no cards, those that come are known from their beginning. */
int cw_checkpoint_past_from(struct cw_store *store, const char *source, int64_t *ret_at, struct cw_buf *message)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        struct cw_checkpoint checkpoint;
        int r = cw_checkpoint_get(store, source, &checkpoint, message);

        if (r == 0 && checkpoint.chunks == 0)
                *ret_at = 0;
        if (r < 0 || checkpoint.chunks == 0)
                return r;
        r = cw_checkpoint_chunk(store, source, checkpoint.sequence, 0, &statement, message);
        if (r < 0)
                return r;
        if (r != CW_DB_ROW || read_past_from(statement, ret_at) < 0)
                return cw_db_fail(store, -EBADMSG, message,
                                  "table checkpoint_chunk is damaged at source %s, sequence %" PRId64 ", chunk 0",
                                  source, checkpoint.sequence);
        return 0;
}

int cw_checkpoint_set(struct cw_store *store, const char *source, const struct cw_checkpoint *checkpoint,
                      struct cw_buf *message)
{
        sqlite3_stmt *statement;
        struct cw_bind bind;
        int r = cw_db_statement(store, CW_SQL_CHECKPOINT_SET, &statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_text(&bind, source);
        cw_bind_i64(&bind, checkpoint->sequence);
        cw_bind_i64(&bind, checkpoint->chunks);
        cw_bind_i64(&bind, checkpoint->cards);
        cw_bind_i64(&bind, checkpoint->journal_changes);
        return bind.rc == SQLITE_OK ? cw_db_step(store, statement, message) : cw_db_error(store, bind.rc, message);
}

int cw_checkpoint_last_commit(struct cw_store *store, int64_t *ret_sequence, struct cw_buf *message)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        struct cw_columns columns;
        int r = cw_db_statement(store, CW_SQL_LAST_COMMIT, &statement, message);

        if (r == 0)
                r = cw_db_step(store, statement, message);
        if (r < 0)
                return r;
        columns = cw_columns_begin(statement);
        if (r == CW_DB_ROW)
                *ret_sequence = (int64_t)cw_columns_most(&columns, INT64_MAX);
        return r == CW_DB_ROW && !columns.bad ? 0
                                              : cw_db_fail(store, -EBADMSG, message, "table commit_state is damaged");
}

/* -1 is the sequence of none. */
int cw_checkpoint_void(struct cw_store *store, const char *source, int64_t sequence, struct cw_buf *message)
{
        struct cw_checkpoint checkpoint = {.sequence = sequence};
        sqlite3_stmt *statement;
        struct cw_bind bind;
        int r = cw_checkpoint_set(store, source, &checkpoint, message);

        if (r == 0)
                r = cw_db_statement(store, CW_SQL_CHUNK_DROP_OTHERS, &statement, message);
        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_text(&bind, source);
        cw_bind_i64(&bind, -1);
        return bind.rc == SQLITE_OK ? cw_db_step(store, statement, message) : cw_db_error(store, bind.rc, message);
}
