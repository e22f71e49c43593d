/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a page begins behind a place, not behind a number of rows, so that each costs the same and none shifts. */
#include "cardwatch/store_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes_order.h"
#include "cardwatch/cleanup.h"
#include "change_log.h"
#include "db.h"
#include "late.h"
#include "read_rows.h"
#include "row.h"

static int bind_rest(struct cw_store *store, struct cw_bind *bind, const struct cw_store_page *page, bool messages,
                     struct cw_buf *message)
{
        cw_bind_i64(bind, page->before.at ? page->before.at : INT64_MAX);
        cw_bind_i64(bind, page->before.at ? page->before.number : INT64_MAX);
        if (messages)
                cw_bind_i64(bind, page->messages);
        cw_bind_i64(bind, (int64_t)page->limit);
        return bind->rc == SQLITE_OK ? 0 : cw_db_error(store, bind->rc, message);
}

static int begin(struct cw_store *store, enum cw_sql sql, const struct cw_store_page *page,
                 sqlite3_stmt **ret_statement, struct cw_buf *message)
{
        struct cw_bind bind;
        int r = cw_db_statement(store, sql, ret_statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(*ret_statement);
        cw_bind_i64(&bind, page->from_at ? page->from_at : INT64_MIN);
        cw_bind_i64(&bind, page->to_at ? page->to_at : INT64_MAX);
        if (sql == CW_SQL_HISTORY_PAGE)
                cw_bind_text(&bind, NULL);
        return bind_rest(store, &bind, page, sql == CW_SQL_HISTORY_PAGE, message);
}

static int damaged(struct cw_store *store, const char *table, sqlite3_stmt *statement, struct cw_buf *message)
{
        return cw_db_fail(store, -EBADMSG, message, "table %s is damaged at %lld", table,
                          (long long)sqlite3_column_int64(statement, 0));
}

static void read_audit(struct cw_columns *columns, struct cw_store_place *ret_place, struct cw_audit_row *ret_row)
{
        ret_place->number = cw_columns_i64(columns);
        ret_row->at = ret_place->at = cw_columns_i64(columns);
        ret_row->by = (char *)cw_columns_text(columns);
        ret_row->uid = cw_columns_i64(columns);
        ret_row->what = (char *)cw_columns_text(columns);
        ret_row->target = (char *)cw_columns_text(columns);
        ret_row->why = (char *)cw_columns_text(columns);
}

/* A page on its way: rows of the table and late ones, the newest first. */
struct paging {
        struct cw_store *store;
        const struct cw_store_page *page;
        cw_store_visit_audit visit_audit; /* one of the two */
        cw_store_visit_page_edge visit_edge;
        void *data;
        struct cw_late late;
        size_t left; /* of the late ones */
        size_t n; /* visited */
};

static void paging_deinit(struct paging *paging)
{
        cw_late_deinit(&paging->late);
}

static bool is_wanted(const struct paging *paging, const struct cw_late_record *record)
{
        const struct cw_store_page *page = paging->page;

        return (!page->from_at || record->place.at >= page->from_at) &&
               (!page->to_at || record->place.at < page->to_at) &&
               (!page->before.at || cw_place_is_before(record->place, page->before)) &&
               (paging->visit_audit || page->messages || !paging->late.rows.history.rows[record->row].notifier);
}

/* Those behind a place; NULL: all that are left. */
static int visit_late(struct paging *paging, const struct cw_store_place *behind)
{
        const struct cw_late *late = &paging->late;
        int r = 0;

        while (r == 0 && paging->n < paging->page->limit && paging->left > 0 &&
               (!behind || cw_place_is_before(*behind, late->records[paging->left - 1].place))) {
                const struct cw_late_record *record = &late->records[--paging->left];

                if (!is_wanted(paging, record))
                        continue;
                paging->n++;
                r = paging->visit_audit
                            ? paging->visit_audit(paging->data, record->place, &late->rows.audit.rows[record->row])
                            : paging->visit_edge(paging->data, record->place, &late->rows.history.rows[record->row]);
        }
        return r;
}

/* What is late before it, and then the row, if there is room. */
static int visit_audit_row(struct paging *paging, sqlite3_stmt *statement, struct cw_buf *message)
{
        struct cw_columns columns = cw_columns_begin(statement);
        struct cw_store_place place;
        struct cw_audit_row row;
        int r;

        read_audit(&columns, &place, &row);
        if (columns.bad)
                return damaged(paging->store, "audit", statement, message);
        r = visit_late(paging, &place);
        return r == 0 && paging->n++ < paging->page->limit ? paging->visit_audit(paging->data, place, &row) : r;
}

static int visit_edge_row(struct paging *paging, sqlite3_stmt *statement, struct cw_buf *message)
{
        struct cw_columns columns = cw_columns_begin(statement);
        struct cw_store_place place = {.number = cw_columns_i64(&columns)};
        struct cw_history_row row = {.at = 0};
        int r;

        if (!cw_read_edge(&columns, &row))
                return damaged(paging->store, "alert_history", statement, message);
        place.at = row.at;
        r = visit_late(paging, &place);
        return r == 0 && paging->n++ < paging->page->limit ? paging->visit_edge(paging->data, place, &row) : r;
}

static int go_through(struct paging *paging, struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        bool audit = paging->visit_audit;
        int r = cw_transaction_begin(&transaction, paging->store, false, message);

        if (r == 0)
                r = cw_late_read(paging->store, audit, &paging->late, message);
        paging->left = paging->late.n;
        if (r == 0)
                r = begin(paging->store, audit ? CW_SQL_AUDIT_PAGE : CW_SQL_HISTORY_PAGE, paging->page, &statement,
                          message);
        while (r == 0 && (r = cw_db_step(paging->store, statement, message)) == CW_DB_ROW)
                r = audit ? visit_audit_row(paging, statement, message) : visit_edge_row(paging, statement, message);
        return r == 0 ? visit_late(paging, NULL) : r;
}

int cw_store_page_audit(struct cw_store *store, const struct cw_store_page *page, cw_store_visit_audit visit,
                        void *data, struct cw_buf *message)
{
        cw_cleanup(paging_deinit) struct paging paging = {
                .store = store, .page = page, .visit_audit = visit, .data = data};

        return go_through(&paging, message);
}

int cw_store_page_edges(struct cw_store *store, const struct cw_store_page *page, cw_store_visit_page_edge visit,
                        void *data, struct cw_buf *message)
{
        cw_cleanup(paging_deinit) struct paging paging = {
                .store = store, .page = page, .visit_edge = visit, .data = data};

        return go_through(&paging, message);
}

static int read_intents(struct cw_store *store, sqlite3_stmt *statement, struct cw_changes *rows,
                        struct cw_buf *message)
{
        int r = 0;

        while (r == 0 && (r = cw_db_step(store, statement, message)) == CW_DB_ROW) {
                struct cw_columns columns = cw_columns_begin(statement);

                r = cw_read_intent(&columns, rows);
                if (r == CW_ROW_DAMAGED)
                        return damaged(store, "outbox", statement, message);
                if (r == 0)
                        r = rows->error;
        }
        return r;
}

/* The outbox and what the change log says of it. */
struct letters {
        struct cw_changes rows, late;
};

static void letters_deinit(struct letters *letters)
{
        cw_changes_deinit(&letters->rows);
        cw_changes_deinit(&letters->late);
}

/* As many of the table as `limit`, and as many more as the log may say are gone. */
static int read_letters_after(struct cw_store *store, uint64_t after, size_t limit, struct letters *letters,
                              struct cw_buf *message)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        struct cw_bind bind;
        int r = cw_db_statement(store, CW_SQL_OUTBOX_PAGE, &statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_i64(&bind, (int64_t)after);
        cw_bind_i64(&bind, (int64_t)(limit + letters->late.intents.n));
        return bind.rc == SQLITE_OK ? read_intents(store, statement, &letters->rows, message)
                                    : cw_db_error(store, bind.rc, message);
}

static int read_letters_of(struct cw_store *store, const char *id, struct letters *letters, struct cw_buf *message)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        struct cw_bind bind;
        int r = cw_db_statement(store, CW_SQL_OUTBOX_OF_ID, &statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_text(&bind, id);
        return bind.rc == SQLITE_OK ? read_intents(store, statement, &letters->rows, message)
                                    : cw_db_error(store, bind.rc, message);
}

int cw_store_page_outbox(struct cw_store *store, uint64_t after, size_t limit, struct cw_changes *rows,
                         struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        cw_cleanup(letters_deinit) struct letters letters = {.rows.error = 0};
        size_t n = 0;
        int r = cw_transaction_begin(&transaction, store, false, message);

        if (r == 0)
                r = cw_change_log_read(store, &letters.late, message);
        if (r == 0)
                r = read_letters_after(store, after, limit, &letters, message);
        if (r == 0)
                r = cw_changes_lay_over(&letters.rows, &letters.late);
        for (size_t i = 0; r == 0 && i < letters.rows.intents.n && n < limit; i++) {
                if (letters.rows.intents.rows[i].sequence <= after)
                        continue;
                cw_changes_intent(rows, &letters.rows.intents.rows[i]);
                n++;
        }
        return r < 0 ? r : rows->error;
}

int cw_store_letter(struct cw_store *store, const char *id, struct cw_changes *rows, struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        cw_cleanup(letters_deinit) struct letters letters = {.rows.error = 0};
        const struct cw_intent_row *found = NULL;
        int r = cw_transaction_begin(&transaction, store, false, message);

        if (r == 0)
                r = cw_change_log_read(store, &letters.late, message);
        if (r == 0)
                r = read_letters_of(store, id, &letters, message);
        if (r == 0)
                r = cw_changes_lay_over(&letters.rows, &letters.late);
        for (size_t i = 0; r == 0 && i < letters.rows.intents.n; i++)
                if (strcmp(letters.rows.intents.rows[i].id, id) == 0)
                        found = &letters.rows.intents.rows[i];
        if (found)
                cw_changes_intent(rows, found);
        return r < 0 ? r : rows->error;
}

/* SQLite fills an empty file; made here, so that nobody else may read it at any time. */
static int reserve(const char *path, struct cw_buf *message)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
        int error = errno;

        if (fd < 0) {
                cw_buf_printf(message, "%s: %s", path,
                              error == EEXIST ? "there is a file already, and it stays" : strerror(error));
                return -error;
        }
        close(fd);
        return 0;
}

static void sync_directory(const char *path)
{
        cw_autofree char *copy = strdup(path);
        char *slash = copy ? strrchr(copy, '/') : NULL;
        int fd;

        if (!slash)
                return;
        slash[1] = '\0';
        fd = open(copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return;
        (void)fsync(fd);
        close(fd);
}

static int copy_into(struct cw_store *store, const char *path, struct cw_buf *message)
{
        sqlite3_stmt *statement = NULL;
        int rc = sqlite3_prepare_v2(store->db, "VACUUM INTO ?1", -1, &statement, NULL);
        int r;

        if (rc == SQLITE_OK)
                rc = sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
        if (rc == SQLITE_OK)
                rc = sqlite3_step(statement);
        r = rc == SQLITE_DONE ? 0 : cw_db_error(store, rc, message);
        sqlite3_finalize(statement);
        return r;
}

int cw_store_backup(struct cw_store *store, const char *path, struct cw_buf *message)
{
        int r = reserve(path, message);

        if (r < 0)
                return r;
        /* Which would also keep it from writing elsewhere; the file itself is open for looking only. */
        r = store->readonly ? cw_db_exec(store, "PRAGMA query_only = OFF", message) : 0;
        if (r == 0)
                r = copy_into(store, path, message);
        if (store->readonly && cw_db_exec(store, "PRAGMA query_only = ON", NULL) < 0)
                r = r < 0 ? r : -EIO;
        if (r < 0)
                unlink(path);
        else
                sync_directory(path);
        return r;
}
