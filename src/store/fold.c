/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: what commits add meanwhile comes after the commit that is folded up to, so nothing of what is read moves. Only
 * the transaction that puts the new checkpoint in force has to be on the disk before it returns: in a WAL whatever was
 * written before is, too, once a later commit is.
 */
#include "fold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/card_pack.h"
#include "cardwatch/cleanup.h"
#include "checkpoint.h"
#include "db.h"
#include "present.h"
#include "row.h"

/* Small enough to be read at once, large enough for the customers of a page to share their references. */
#define CHUNK_MOST 2048

/* Rows of the journal in memory at once: more than there are as a rule, but after a first poll of a million, or a
 * storm.
 */
#define ROWS_MOST (512u << 10)

/* Shares: some milliseconds each. */
#define GATHER_MOST 8192
#define CHUNKS_MOST 4
#define SWEEP_MOST  16

struct cw_fold {
        struct cw_store *store;
        char *source;
        int64_t until; /* the commit that it is as of */
        int (*step)(struct cw_fold *fold, struct cw_buf *message); /* the next; NULL: it is done */
        struct cw_present *present;
        struct cw_cards_writer writer;
        int64_t past_from; /* of what is written */
        int64_t chunks, cards;
};

CW_DEFINE_CLEANUP(struct cw_fold *, cw_fold_free);

static int sweep_before(struct cw_fold *fold, struct cw_buf *message);

/* A checkpoint of before cards had a past knows of none: the changes of the journal behind it are the first. */
static int find_past_from(struct cw_fold *fold, struct cw_buf *message)
{
        int r = cw_checkpoint_past_from(fold->store, fold->source, &fold->past_from, message);

        if (r < 0 || fold->past_from < INT64_MAX)
                return r;
        return cw_db_number(fold->store, "SELECT ifnull(max(at), 0) + 1 FROM journal", &fold->past_from, message);
}

int cw_fold_new(struct cw_store *store, const char *source, struct cw_fold **ret_fold, struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        cw_cleanup(cw_fold_free_cleanup) struct cw_fold *fold = calloc(1, sizeof(*fold));
        int r;

        if (!fold)
                return -ENOMEM;
        fold->store = store;
        fold->step = sweep_before;
        fold->source = strdup(source);
        if (!fold->source)
                return -ENOMEM;
        r = cw_transaction_begin(&transaction, store, false, message);
        if (r == 0)
                r = cw_checkpoint_last_commit(store, &fold->until, message);
        if (r == 0)
                r = cw_present_new(store, source, fold->until, ROWS_MOST, &fold->present, message);
        if (r == 0)
                r = find_past_from(fold, message);
        if (r == 0)
                r = cw_transaction_commit(&transaction, message);
        if (r < 0)
                return r;
        cw_cards_begin_present(&fold->writer, fold->past_from);
        *ret_fold = cw_take(fold);
        return 0;
}

void cw_fold_free(struct cw_fold *fold)
{
        if (!fold)
                return;
        cw_present_free(fold->present);
        cw_cards_deinit(&fold->writer);
        free(fold->source);
        free(fold);
}

/* Outcomes besides 0, nothing was left: 1. */
static int sweep(struct cw_fold *fold, int64_t sequence, struct cw_buf *message)
{
        struct cw_bind bind;
        sqlite3_stmt *statement;
        int r = cw_db_statement(fold->store, CW_SQL_CHUNK_DROP_SOME, &statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_text(&bind, fold->source);
        cw_bind_i64(&bind, sequence);
        cw_bind_i64(&bind, SWEEP_MOST);
        r = bind.rc == SQLITE_OK ? cw_db_step(fold->store, statement, message)
                                 : cw_db_error(fold->store, bind.rc, message);
        return r < 0 ? r : sqlite3_changes(fold->store->db) > 0;
}

static int write_chunk(struct cw_fold *fold, struct cw_buf *message)
{
        sqlite3_stmt *statement;
        struct cw_bind bind;
        int r = cw_cards_end(&fold->writer);

        if (r == 0)
                r = cw_db_statement(fold->store, CW_SQL_CHUNK_ADD, &statement, message);
        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_text(&bind, fold->source);
        cw_bind_i64(&bind, fold->until);
        cw_bind_i64(&bind, fold->chunks++);
        cw_bind_i64(&bind, (int64_t)fold->writer.n);
        cw_bind_blob(&bind, fold->writer.buf.data, fold->writer.buf.len);
        fold->cards += (int64_t)fold->writer.n;
        r = bind.rc == SQLITE_OK ? cw_db_step(fold->store, statement, message)
                                 : cw_db_error(fold->store, bind.rc, message);
        cw_cards_begin_present(&fold->writer, fold->past_from);
        return r;
}

/* Outcomes besides 0, every card is written: CW_FOLD_MORE; CW_PRESENT_GATHER. */
static int write_chunks(struct cw_fold *fold, struct cw_buf *message)
{
        struct cw_card_row row;
        int r = CW_CARDS_ROW;

        for (int64_t end = fold->chunks + CHUNKS_MOST; r == CW_CARDS_ROW && fold->chunks < end;) {
                while (fold->writer.n < CHUNK_MOST &&
                       (r = cw_present_next(fold->present, &row, message)) == CW_CARDS_ROW)
                        cw_cards_add(&fold->writer, &row);
                if (r >= 0 && fold->writer.n > 0) {
                        int written = write_chunk(fold, message);

                        r = written < 0 ? written : r;
                }
        }
        return r == CW_CARDS_ROW ? CW_FOLD_MORE : r;
}

/* Its chunks are the only ones from now on. */
static int sweep_after(struct cw_fold *fold, struct cw_buf *message)
{
        int r = sweep(fold, fold->until, message);

        if (r == 0)
                fold->step = NULL;
        return r < 0 ? r : 0;
}

/* Outcomes besides 0, it is: 1, the source was removed since. */
static int is_moot(const struct cw_fold *fold, struct cw_checkpoint *ret_now, struct cw_buf *message)
{
        int r = cw_checkpoint_get(fold->store, fold->source, ret_now, message);

        return r < 0 ? r : ret_now->sequence != cw_present_checkpoint(fold->present)->sequence;
}

static int put_in_force(struct cw_fold *fold, struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        struct cw_checkpoint now, checkpoint = {.sequence = fold->until, .chunks = fold->chunks, .cards = fold->cards};
        int r = cw_transaction_begin(&transaction, fold->store, true, message);

        if (r == 0)
                r = is_moot(fold, &now, message);
        fold->step = r > 0 ? NULL : sweep_after;
        if (r != 0)
                return r < 0 ? r : 0;
        checkpoint.journal_changes = now.journal_changes - cw_present_checkpoint(fold->present)->journal_changes;
        r = cw_checkpoint_set(fold->store, fold->source, &checkpoint, message);
        return r < 0 ? r : cw_transaction_commit(&transaction, message);
}

static int gather_share(struct cw_fold *fold, struct cw_buf *message);

static int write_share(struct cw_fold *fold, struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        struct cw_checkpoint now;
        int r = cw_transaction_begin(&transaction, fold->store, true, message);

        if (r == 0)
                r = is_moot(fold, &now, message);
        if (r > 0)
                fold->step = NULL;
        if (r != 0)
                return r < 0 ? r : 0;
        r = write_chunks(fold, message);
        if (r == 0)
                fold->step = put_in_force;
        if (r == CW_PRESENT_GATHER)
                fold->step = gather_share;
        return r < 0 ? r : cw_transaction_commit(&transaction, message);
}

static int gather_share(struct cw_fold *fold, struct cw_buf *message)
{
        struct cw_checkpoint now;
        int r = is_moot(fold, &now, message);

        if (r > 0)
                fold->step = NULL;
        if (r != 0)
                return r < 0 ? r : 0;
        r = cw_present_gather(fold->present, GATHER_MOST, message);
        if (r == 0)
                fold->step = write_share;
        return r < 0 ? r : 0;
}

/* What an interrupted one left lying about; it may have been as of the same commit. */
static int sweep_before(struct cw_fold *fold, struct cw_buf *message)
{
        int r = sweep(fold, cw_present_checkpoint(fold->present)->sequence, message);

        if (r == 0)
                fold->step = gather_share;
        return r < 0 ? r : 0;
}

int cw_fold_step(struct cw_fold *fold, struct cw_buf *message)
{
        bool relaxed = fold->step && fold->step != put_in_force;
        int r = relaxed ? cw_db_exec(fold->store, "PRAGMA synchronous = NORMAL", message) : 0, restored;

        if (r == 0 && fold->step)
                r = fold->step(fold, message);
        restored = relaxed ? cw_db_exec(fold->store, "PRAGMA synchronous = FULL", message) : 0;
        if (r < 0 || restored < 0)
                return r < 0 ? r : restored;
        return fold->step ? CW_FOLD_MORE : 0;
}
