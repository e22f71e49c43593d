/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: every call does one share of what there is to do, so that the commit behind it waits for a moment only, and
 * says whether there is more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/store_settle.h"
#include "checkpoint.h"
#include "db.h"
#include "fold.h"
#include "row.h"
#include "size.h"

#define FOLD_CHANGES_LEAST 20000
#define FOLD_SHARE         4 /* a quarter of the cards */
#define FOLD_TO_FORGET     5000 /* when only what is in the checkpoint may be dropped */

/* Of the time that is remembered, dropped at once when there is no room for more. */
#define PAST_SHARE    64
#define PAST_LEAST_MS 60000

/* So long nothing is looked for that is too old after there was nothing. */
#define PRUNED_MS 60000

/* Rows looked at in a call. Journal rows are the heavy ones. */
#define JOURNAL_SHARE 64
#define DEAD_MOST     1000 /* letters: what happened to each alert stays in the history */
#define RECORDS_SHARE 500

/* Names are copied: what is done with them writes to the table they are read from. */
struct names {
        char **names;
        size_t n;
};

static void names_deinit(struct names *names)
{
        for (size_t i = 0; i < names->n; i++)
                free(names->names[i]);
        free(names->names);
}

static int names_add(struct names *names, const char *name)
{
        char **more = reallocarray(names->names, names->n + 1, sizeof(*more));

        if (!more)
                return -ENOMEM;
        names->names = more;
        more[names->n] = strdup(name);
        if (!more[names->n])
                return -ENOMEM;
        names->n++;
        return 0;
}

static int list_sources(struct cw_store *store, struct names *names, struct cw_buf *message)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        int r = cw_db_statement(store, CW_SQL_CHECKPOINT_ALL, &statement, message);

        while (r == 0 && (r = cw_db_step(store, statement, message)) == CW_DB_ROW) {
                struct cw_columns columns = cw_columns_begin(statement);

                r = names_add(names, cw_columns_text(&columns));
        }
        return r;
}

static bool is_due(const struct cw_checkpoint *checkpoint, bool force)
{
        int64_t share = checkpoint->cards / FOLD_SHARE;

        return checkpoint->journal_changes > (share > FOLD_CHANGES_LEAST ? share : FOLD_CHANGES_LEAST) ||
               (force && checkpoint->journal_changes > 0);
}

/* Runs a statement that forgets. Outcomes besides 0, nothing was old enough: CW_STORE_MORE. */
static int forget(struct cw_store *store, struct cw_bind *bind, struct cw_buf *message)
{
        int r = bind->rc == SQLITE_OK ? cw_db_step(store, bind->statement, message)
                                      : cw_db_error(store, bind->rc, message);

        if (r < 0)
                return r;
        return sqlite3_changes(store->db) > 0 ? CW_STORE_MORE : 0;
}

/* Only below the checkpoint: what is above it is not history yet. */
static int prune_journal(struct cw_store *store, const char *source, int64_t before, struct cw_buf *message)
{
        struct cw_checkpoint checkpoint;
        sqlite3_stmt *statement;
        struct cw_bind bind;
        int r = cw_checkpoint_get(store, source, &checkpoint, message);

        if (r == 0)
                r = cw_db_statement(store, CW_SQL_JOURNAL_PRUNE, &statement, message);
        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_text(&bind, source);
        cw_bind_i64(&bind, checkpoint.sequence);
        cw_bind_i64(&bind, before);
        cw_bind_i64(&bind, JOURNAL_SHARE);
        return forget(store, &bind, message);
}

/* The last that is known of a source that was removed. */
static int forget_checkpoint(struct cw_store *store, const char *source, struct cw_buf *message)
{
        sqlite3_stmt *statement;
        struct cw_bind bind;
        int r = cw_db_statement(store, CW_SQL_CHECKPOINT_DROP, &statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_text(&bind, source);
        r = forget(store, &bind, message);
        return r < 0 ? r : 0;
}

static int prune_records(struct cw_store *store, enum cw_sql sql, int64_t before, struct cw_buf *message)
{
        sqlite3_stmt *statement;
        struct cw_bind bind;
        int r = cw_db_statement(store, sql, &statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_i64(&bind, before);
        cw_bind_i64(&bind, RECORDS_SHARE);
        return forget(store, &bind, message);
}

static int64_t so_long_before(int64_t now, int64_t keep_ms)
{
        int64_t before;

        return __builtin_sub_overflow(now, keep_ms, &before) ? INT64_MIN : before;
}

/* A share of the checkpoint that is being made. */
static int fold_on(struct cw_store *store, struct cw_buf *message)
{
        int r = cw_fold_step(store->fold, message);

        if (r != CW_FOLD_MORE) {
                cw_fold_free(cw_take(store->fold));
                store->is_pruned = false; /* there is more that may go */
        }
        return r < 0 ? r : CW_STORE_MORE;
}

static int fold_whole(struct cw_store *store, struct cw_buf *message)
{
        int r = 0;

        while (r >= 0 && store->fold)
                r = fold_on(store, message);
        return r < 0 ? r : 0;
}

static int settle_whole(struct cw_store *store, struct cw_buf *message)
{
        int r;

        do
                r = cw_store_settle(store, message);
        while (r == CW_STORE_MORE);
        return r;
}

/* Begins a checkpoint of the source when its journal has grown enough. Outcomes besides 0: CW_STORE_MORE. */
static int begin_fold(struct cw_store *store, const char *source, bool force, struct cw_buf *message)
{
        struct cw_checkpoint checkpoint;
        int r = cw_checkpoint_get(store, source, &checkpoint, message);

        if (r < 0 || !is_due(&checkpoint, force))
                return r;
        r = cw_fold_new(store, source, &store->fold, message);
        if (r == 0 && force)
                return fold_whole(store, message);
        return r < 0 ? r : CW_STORE_MORE;
}

/* What is too old. Outcomes besides 0: CW_STORE_MORE. */
static int prune(struct cw_store *store, const struct names *sources, int64_t before, struct cw_buf *message)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < sources->n; i++) {
                r = prune_journal(store, sources->names[i], before, message);
                if (r == 0)
                        r = forget_checkpoint(store, sources->names[i], message);
        }
        if (r == 0)
                r = prune_records(store, CW_SQL_HISTORY_PRUNE, before, message);
        if (r == 0)
                r = prune_records(store, CW_SQL_DELIVERED_PRUNE, before, message);
        return r;
}

/* The oldest of what may be dropped, 0: there is nothing. */
static int oldest(struct cw_store *store, int64_t *ret_at, struct cw_buf *message)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        struct cw_columns columns;
        int r = cw_db_statement(store, CW_SQL_PAST_OLDEST, &statement, message);

        if (r == 0)
                r = cw_db_step(store, statement, message);
        if (r < 0)
                return r;
        columns = cw_columns_begin(statement);
        *ret_at = cw_columns_i64(&columns);
        return 0;
}

/* What the checkpoint does not hold yet cannot go, however much room it takes. */
static int fold_to_forget(struct cw_store *store, const struct names *sources, struct cw_buf *message)
{
        for (size_t i = 0; i < sources->n; i++) {
                struct cw_checkpoint checkpoint;
                int r = cw_checkpoint_get(store, sources->names[i], &checkpoint, message);

                if (r == 0 && checkpoint.journal_changes > FOLD_TO_FORGET) {
                        r = cw_fold_new(store, sources->names[i], &store->fold, message);
                        return r < 0 ? r : CW_STORE_MORE;
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Holds the size: a share of the oldest, of whatever kind, and then the file. Outcomes besides 0: CW_STORE_MORE. */
static int make_room(struct cw_store *store, const struct names *sources, int64_t now, int64_t max_bytes,
                     struct cw_buf *message)
{
        struct cw_store_size size;
        int64_t from_at, share_ms;
        int r = cw_size_limit(store, max_bytes, message);

        if (r == 0)
                r = cw_size_look(store, &size, message);
        if (r == 0 && cw_size_is_over(&size, max_bytes)) {
                r = oldest(store, &from_at, message);
                if (r == 0 && from_at) {
                        share_ms = (now - from_at) / PAST_SHARE;
                        r = prune(store, sources, from_at + (share_ms > PAST_LEAST_MS ? share_ms : PAST_LEAST_MS),
                                  message);
                }
                if (r == 0)
                        r = fold_to_forget(store, sources, message);
        }
        if (r == 0)
                r = cw_size_shrink(store, &size, max_bytes, message);
        return r > 0 ? CW_STORE_MORE : r;
}

/* Else a burst would have it looked for again with every few hundred messages. */
static bool is_pruned(const struct cw_store *store, int64_t now, const struct cw_store_keep *keep)
{
        return store->is_pruned && store->pruned_keep.history_ms == keep->history_ms &&
               store->pruned_keep.audit_ms == keep->audit_ms && now >= store->pruned_at &&
               now - store->pruned_at < PRUNED_MS;
}

/* All that is too old, of whatever is remembered. Outcomes besides 0: CW_STORE_MORE. */
static int prune_old(struct cw_store *store, const struct names *sources, int64_t now, const struct cw_store_keep *keep,
                     struct cw_buf *message)
{
        int r;

        if (is_pruned(store, now, keep))
                return 0;
        r = prune(store, sources, so_long_before(now, keep->history_ms), message);
        if (r == 0)
                r = prune_records(store, CW_SQL_AUDIT_PRUNE, so_long_before(now, keep->audit_ms), message);
        store->is_pruned = r == 0;
        store->pruned_at = now;
        store->pruned_keep = *keep;
        return r;
}

int cw_store_maintain(struct cw_store *store, int64_t now, const struct cw_store_keep *keep, bool force,
                      struct cw_buf *message)
{
        cw_cleanup(names_deinit) struct names names = {.names = NULL};
        int r;

        if (store->readonly)
                return cw_db_fail(store, -EROFS, message, "is open for looking only");
        if (store->fold && !force)
                return fold_on(store, message);
        r = force ? settle_whole(store, message) : 0;
        if (r == 0)
                r = fold_whole(store, message);
        if (r == 0)
                r = list_sources(store, &names, message);
        for (size_t i = 0; r == 0 && i < names.n; i++)
                r = begin_fold(store, names.names[i], force, message);
        if (r == 0)
                r = prune_old(store, &names, now, keep, message);
        if (r == 0)
                r = prune_records(store, CW_SQL_DEAD_PRUNE, so_long_before(now, keep->history_ms), message);
        if (r == 0)
                r = prune_records(store, CW_SQL_DEAD_LIMIT, DEAD_MOST, message);
        if (r == 0 && keep->max_bytes > 0)
                r = make_room(store, &names, now, keep->max_bytes, message);
        return r;
}
