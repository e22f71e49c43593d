/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a new checkpoint is written beside the old one, under its own sequence, and takes its place within the same
 * transaction: appended in order, and whoever is interrupted finds the old one.
 */
#include "checkpoint.h"

#include <errno.h>

#include "cards.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "db.h"
#include "row.h"

/* Small enough to be read at once, large enough for the customers of a page to share their references. */
#define CHUNK_MOST 2048

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

struct fold {
        struct cw_store *store;
        const char *source;
        int64_t sequence;
        int64_t chunks, cards;
        struct cw_cards_writer writer;
        struct cw_buf *message;
};

static void fold_deinit(struct fold *fold)
{
        cw_cards_deinit(&fold->writer);
}

static int write_chunk(struct fold *fold)
{
        sqlite3_stmt *statement;
        struct cw_bind bind;
        int r = cw_cards_end(&fold->writer);

        if (r == 0)
                r = cw_db_statement(fold->store, CW_SQL_CHUNK_ADD, &statement, fold->message);
        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_text(&bind, fold->source);
        cw_bind_i64(&bind, fold->sequence);
        cw_bind_i64(&bind, fold->chunks++);
        cw_bind_i64(&bind, (int64_t)fold->writer.n);
        cw_bind_blob(&bind, fold->writer.buf.data, fold->writer.buf.len);
        fold->cards += (int64_t)fold->writer.n;
        r = bind.rc == SQLITE_OK ? cw_db_step(fold->store, statement, fold->message)
                                 : cw_db_error(fold->store, bind.rc, fold->message);
        cw_cards_begin(&fold->writer);
        return r;
}

static int fold_card(void *data, const struct cw_card_row *row)
{
        struct fold *fold = data;

        cw_cards_add(&fold->writer, row);
        return fold->writer.n < CHUNK_MOST ? 0 : write_chunk(fold);
}

static int set(struct cw_store *store, const char *source, const struct cw_checkpoint *checkpoint,
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
        r = bind.rc == SQLITE_OK ? cw_db_step(store, statement, message) : cw_db_error(store, bind.rc, message);
        if (r < 0)
                return r;

        r = cw_db_statement(store, CW_SQL_CHUNK_DROP_OTHERS, &statement, message);
        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_text(&bind, source);
        cw_bind_i64(&bind, checkpoint->chunks > 0 ? checkpoint->sequence : -1);
        return bind.rc == SQLITE_OK ? cw_db_step(store, statement, message) : cw_db_error(store, bind.rc, message);
}

static int last_commit(struct cw_store *store, int64_t *ret_sequence, struct cw_buf *message)
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

int cw_checkpoint_fold(struct cw_store *store, const char *source, struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        cw_cleanup(fold_deinit) struct fold fold = {.store = store, .source = source, .message = message};
        struct cw_checkpoint checkpoint;
        int r = cw_transaction_begin(&transaction, store, true, message);

        if (r == 0)
                r = cw_checkpoint_get(store, source, &checkpoint, message);
        if (r < 0 || checkpoint.journal_changes == 0)
                return r;
        r = last_commit(store, &fold.sequence, message);
        if (r < 0)
                return r;

        cw_cards_begin(&fold.writer);
        r = cw_checkpoint_walk(store, source, fold_card, &fold, message);
        if (r == 0 && fold.writer.n > 0)
                r = write_chunk(&fold);
        if (r < 0)
                return r;
        checkpoint = (struct cw_checkpoint){.sequence = fold.sequence, .chunks = fold.chunks, .cards = fold.cards};
        r = set(store, source, &checkpoint, message);
        return r < 0 ? r : cw_transaction_commit(&transaction, message);
}

int cw_checkpoint_void(struct cw_store *store, const char *source, int64_t sequence, struct cw_buf *message)
{
        struct cw_checkpoint checkpoint = {.sequence = sequence};

        return set(store, source, &checkpoint, message);
}
