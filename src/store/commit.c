/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: appended, not scattered. Card rows are packed into the journal, all others into one record of the change log;
 * the tables follow when there is time (settling). Two kinds of commits go to their tables at once: the small one of a
 * daemon with little to do, which so stays readable for people, and the one that is too large to be written twice.
 */
#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/store_settle.h"
#include "change_log.h"
#include "checkpoint.h"
#include "db.h"
#include "journal.h"
#include "row.h"
#include "tables.h"

/* Rows that are no dearer in their tables than in a record that has to be settled afterwards. */
#define FEW 16

/* Bytes of the log that a share reads again, where its rows are not in memory any more (recent.h). */
#define SETTLE_SHARE (2u << 20)

/* One commit on its way. */
struct writing {
        struct cw_store *store;
        const struct cw_changes *changes;
        struct cw_commit commit;
        size_t unsettled; /* after it */
        size_t appended; /* to the log */
        struct cw_buf *message;
};

static int remove_source(struct writing *writing, const char *source)
{
        sqlite3_stmt *statement;
        struct cw_bind bind;
        int r = cw_db_statement(writing->store, CW_SQL_SOURCE_DROP, &statement, writing->message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_text(&bind, source);
        r = bind.rc == SQLITE_OK ? cw_db_step(writing->store, statement, writing->message)
                                 : cw_db_error(writing->store, bind.rc, writing->message);
        /* Up to the commit before: what this one says of its cards was said after the removal. */
        return r < 0 ? r : cw_checkpoint_void(writing->store, source, writing->commit.sequence - 1, writing->message);
}

static bool removes_sources(const struct cw_changes *changes)
{
        for (size_t i = 0; i < changes->sources.n; i++)
                if (changes->sources.rows[i].removed)
                        return true;
        return false;
}

/* They come first, because the rest of the same commit may speak of a source that came back. */
static int remove_sources(struct writing *writing)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < writing->changes->sources.n; i++)
                if (writing->changes->sources.rows[i].removed)
                        r = remove_source(writing, writing->changes->sources.rows[i].source);
        return r;
}

static size_t count_rows(const struct cw_changes *changes)
{
        return changes->sources.n + changes->alerts.n + changes->ledger.n + changes->groups.n + changes->intents.n +
               changes->rules.n + changes->digests.n + changes->happenings.n + changes->history.n +
               changes->silences.n + changes->audit.n + changes->receivers.n;
}

/* What stands in the log was said before. */
static int write_to_tables(struct writing *writing)
{
        size_t settled;
        int r = 0;

        if (writing->unsettled > 0)
                r = cw_change_log_settle(writing->store, SIZE_MAX, &settled, writing->message);
        if (r == 0)
                r = remove_sources(writing);
        if (r == 0)
                r = cw_tables_write(writing->store, writing->changes, writing->commit.at, writing->message);
        writing->unsettled = 0;
        return r;
}

static int write_rows(struct writing *writing)
{
        size_t n = count_rows(writing->changes), bytes;
        int r;

        if (n == 0)
                return 0;
        if (removes_sources(writing->changes) || (n <= FEW && writing->unsettled == 0))
                return write_to_tables(writing);
        r = cw_change_log_add(writing->store, &writing->commit, writing->changes, &bytes, writing->message);
        if (r == -EMSGSIZE)
                return write_to_tables(writing);
        if (r == 0)
                writing->unsettled += writing->appended = bytes;
        return r;
}

static int write_cards(struct writing *writing)
{
        return cw_journal_add(writing->store, &writing->commit, writing->changes, writing->message);
}

static int number_commit(struct writing *writing)
{
        struct cw_columns columns;
        sqlite3_stmt *statement;
        struct cw_bind bind;
        int r = cw_db_statement(writing->store, CW_SQL_NEXT_COMMIT, &statement, writing->message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_i64(&bind, writing->commit.at);
        cw_bind_i64(&bind, CW_STORE_EPOCH);
        cw_bind_i64(&bind, CW_STORE_CONFIG);
        r = bind.rc == SQLITE_OK ? cw_db_step(writing->store, statement, writing->message)
                                 : cw_db_error(writing->store, bind.rc, writing->message);
        if (r < 0)
                return r;
        columns = cw_columns_begin(statement);
        if (r == CW_DB_ROW)
                writing->commit.sequence = (int64_t)cw_columns_most(&columns, INT64_MAX);
        sqlite3_reset(statement);
        if (r != CW_DB_ROW || columns.bad)
                return cw_db_fail(writing->store, -EBADMSG, writing->message, "table commit_state is damaged");
        return 0;
}

/* Rows before cards: a removal makes the journal void up to here. */
static int (*const steps[])(struct writing *writing) = {number_commit, write_rows, write_cards};

/* As a test asked for. */
static int fail_by_fault(struct cw_store *store, int error, struct cw_buf *message)
{
        return cw_db_fail(store, error, message, "%s (a test asked for this)", strerror(-error));
}

int cw_store_commit(struct cw_store *store, const struct cw_changes *changes, int64_t at, struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        struct writing writing = {.store = store,
                                  .changes = changes,
                                  .commit = {.at = at},
                                  .unsettled = store->unsettled,
                                  .message = message};
        int r;

        cw_recent_await_no_more(&store->recent);
        if (changes->error < 0)
                return changes->error;
        if (store->readonly)
                return cw_db_fail(store, -EROFS, message, "is open for looking only");
        if (cw_changes_empty(changes))
                return 0;

        r = cw_transaction_begin(&transaction, store, true, message);
        for (size_t i = 0; r == 0 && i < CW_ARRAY_SIZE(steps); i++)
                r = steps[i](&writing);
        if (r == 0) {
                r = cw_fault_before(&store->commit_fault);
                if (r < 0)
                        return fail_by_fault(store, r, message);
                r = cw_transaction_commit(&transaction, message);
        }
        if (r < 0)
                return r;
        if (writing.appended > 0)
                cw_recent_await(&store->recent, writing.commit.sequence, at, writing.appended);
        else if (store->unsettled > 0 && writing.unsettled == 0)
                cw_recent_begin(&store->recent, 0);
        store->unsettled = writing.unsettled;
        cw_fault_after(&store->commit_fault);
        return 0;
}

int cw_store_settle(struct cw_store *store, struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        size_t settled = 0;
        int r;

        if (store->readonly)
                return cw_db_fail(store, -EROFS, message, "is open for looking only");
        if (store->unsettled == 0)
                return 0;
        r = cw_transaction_begin(&transaction, store, true, message);
        if (r == 0)
                r = cw_change_log_settle(store, SETTLE_SHARE, &settled, message);
        if (r == 0) {
                r = cw_fault_before(&store->settle_fault);
                if (r < 0)
                        return fail_by_fault(store, r, message);
                r = cw_transaction_commit(&transaction, message);
        }
        if (r < 0)
                return r;
        store->unsettled -= settled;
        cw_recent_begin(&store->recent, store->unsettled);
        cw_fault_after(&store->settle_fault);
        return store->unsettled > 0 ? CW_STORE_MORE : 0;
}

void cw_store_hand_over(struct cw_store *store, struct cw_changes *changes)
{
        cw_recent_take(&store->recent, changes);
        cw_changes_deinit(changes);
}

size_t cw_store_unsettled(const struct cw_store *store)
{
        return store->unsettled;
}
