/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the past is walked along an index that fits in memory, and only those parts of it are read that may hold what
 * is asked for.
 */
#include "cardwatch/store_history.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/card_pack.h"
#include "cardwatch/cleanup.h"
#include "db.h"
#include "idset.h"
#include "journal.h"
#include "late.h"
#include "read_rows.h"

static void bind_span(struct cw_bind *bind, const struct cw_store_span *span)
{
        cw_bind_i64(bind, span->from_at ? span->from_at : INT64_MIN);
        cw_bind_i64(bind, span->to_at ? span->to_at : INT64_MAX);
        cw_bind_text(bind, span->source);
}

/* One part of the journal, as its index names it. */
struct part {
        const char *source;
        int64_t sequence, number, at;
};

struct card_walk {
        struct cw_store *store;
        const struct cw_store_span *span;
        cw_store_visit_card visit;
        void *data;
        struct cw_buf *message;
        struct part part; /* the one that is being read */
};

static int visit_row(void *data, const struct cw_card_row *row)
{
        struct card_walk *walk = data;
        struct cw_card_row named = *row;

        if (!cw_cards_is_change(row) || (walk->span->has_card && row->card.id != walk->span->card))
                return 0;
        named.source = (char *)walk->part.source;
        return walk->visit(walk->data, walk->part.at, &named);
}

static int damaged(const struct card_walk *walk)
{
        return cw_db_fail(walk->store, -EBADMSG, walk->message,
                          "table journal is damaged at source %s, sequence %" PRId64 ", part %" PRId64,
                          walk->part.source, walk->part.sequence, walk->part.number);
}

static int begin_part(struct card_walk *walk, enum cw_sql sql, sqlite3_stmt **ret_statement)
{
        struct cw_bind bind;
        int r = cw_db_statement(walk->store, sql, ret_statement, walk->message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(*ret_statement);
        if (sql == CW_SQL_JOURNAL_GET)
                cw_bind_text(&bind, walk->part.source);
        cw_bind_i64(&bind, walk->part.sequence);
        cw_bind_i64(&bind, walk->part.number);
        if (bind.rc != SQLITE_OK)
                return cw_db_error(walk->store, bind.rc, walk->message);
        return cw_db_step(walk->store, *ret_statement, walk->message);
}

/* Outcomes: 0, it is certainly not in this part; 1, it may be. */
static int may_hold(struct card_walk *walk)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        struct cw_columns columns;
        const void *ids;
        size_t len;
        int r = begin_part(walk, CW_SQL_JOURNAL_IDS_GET, &statement);

        if (r != CW_DB_ROW)
                return r < 0 ? r : 1;
        columns = cw_columns_begin(statement);
        ids = cw_columns_blob(&columns, &len);
        if (columns.bad)
                return cw_db_fail(walk->store, -EBADMSG, walk->message,
                                  "table journal_ids is damaged at sequence %" PRId64 ", part %" PRId64,
                                  walk->part.sequence, walk->part.number);
        return cw_idset_may_hold(ids, len, walk->span->card);
}

static int walk_part(struct card_walk *walk)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        struct cw_columns columns;
        bool is_damaged = false;
        size_t changed, len;
        const void *cards;
        int r = walk->span->has_card ? may_hold(walk) : 1;

        if (r <= 0)
                return r;
        r = begin_part(walk, CW_SQL_JOURNAL_GET, &statement);
        if (r != CW_DB_ROW)
                return r < 0 ? r : damaged(walk);
        columns = cw_columns_begin(statement);
        changed = (size_t)cw_columns_most(&columns, SIZE_MAX);
        cards = cw_columns_blob(&columns, &len);
        if (columns.bad)
                return damaged(walk);
        r = cw_journal_walk_part(cards, len, changed, visit_row, walk, &is_damaged);
        return is_damaged ? damaged(walk) : r;
}

static int walk_parts(struct card_walk *walk)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        struct cw_bind bind;
        int r = cw_db_statement(walk->store, CW_SQL_JOURNAL_SPAN, &statement, walk->message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        bind_span(&bind, walk->span);
        if (bind.rc != SQLITE_OK)
                return cw_db_error(walk->store, bind.rc, walk->message);
        while ((r = cw_db_step(walk->store, statement, walk->message)) == CW_DB_ROW) {
                struct cw_columns columns = cw_columns_begin(statement);

                walk->part.source = cw_columns_text(&columns);
                walk->part.sequence = cw_columns_i64(&columns);
                walk->part.number = cw_columns_i64(&columns);
                walk->part.at = cw_columns_i64(&columns);
                r = columns.bad ? damaged(walk) : walk_part(walk);
                if (r != 0)
                        return r;
        }
        return r;
}

int cw_store_walk_cards(struct cw_store *store, const struct cw_store_span *span, cw_store_visit_card visit, void *data,
                        struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        struct card_walk walk = {.store = store, .span = span, .visit = visit, .data = data, .message = message};
        int r = cw_transaction_begin(&transaction, store, false, message);

        return r < 0 ? r : walk_parts(&walk);
}

/* The literal that the writer used, because rows are copied with a pointer to it. */
const char *cw_read_what(const char *text)
{
        static const char *const known[] = {"waiting",        "not waiting", "firing",   "severity",   "resolved",
                                            "settled",        "event",       "held",     "queued",     "sent",
                                            "dead",           "dropped",     "merged",   "taken back", "acknowledged",
                                            "unacknowledged", "counted",     "escalated"};

        for (size_t i = 0; i < CW_ARRAY_SIZE(known); i++)
                if (strcmp(text, known[i]) == 0)
                        return known[i];
        return "something that this cardwatch does not know";
}

bool cw_read_edge(struct cw_columns *columns, struct cw_history_row *ret_row)
{
        const char *severity, *message;

        ret_row->at = cw_columns_i64(columns);
        ret_row->fingerprint = cw_columns_hex64(columns);
        ret_row->rule = (char *)cw_columns_text(columns);
        ret_row->source = (char *)cw_columns_text(columns);
        ret_row->customer = cw_columns_i64(columns);
        ret_row->card = cw_columns_i64(columns);
        ret_row->edge = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        ret_row->what = cw_read_what(cw_columns_text(columns));
        ret_row->reason = (char *)cw_columns_maybe_text(columns);
        severity = cw_columns_text(columns);
        ret_row->severity = (uint8_t)cw_severity_parse(severity);
        ret_row->detail = (char *)cw_columns_maybe_text(columns);
        ret_row->notifier = (char *)cw_columns_maybe_text(columns);
        message = cw_columns_text(columns);
        if (strlen(message) < sizeof(ret_row->message))
                memcpy(ret_row->message, message, strlen(message) + 1);
        else
                columns->bad = true;
        return !columns->bad && strcmp(severity, cw_severity_name(ret_row->severity)) == 0;
}

static int begin_edges(struct cw_store *store, const struct cw_store_span *span, sqlite3_stmt **ret_statement,
                       struct cw_buf *message)
{
        enum cw_sql sql = span->has_card      ? CW_SQL_HISTORY_OF_CARD
                          : span->fingerprint ? CW_SQL_HISTORY_OF_ALERT
                                              : CW_SQL_HISTORY_SPAN;
        struct cw_bind bind;
        int r = cw_db_statement(store, sql, ret_statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(*ret_statement);
        bind_span(&bind, span);
        if (span->has_card)
                cw_bind_i64(&bind, span->card);
        if (span->fingerprint)
                cw_bind_hex64(&bind, span->fingerprint);
        return bind.rc == SQLITE_OK ? 0 : cw_db_error(store, bind.rc, message);
}

/* Edges of the table and late ones, in the order of time. */
struct edge_walk {
        const struct cw_store_span *span;
        cw_store_visit_edge visit;
        void *data;
        struct cw_late late;
        size_t next; /* of the late ones */
};

static void edge_walk_deinit(struct edge_walk *walk)
{
        cw_late_deinit(&walk->late);
}

static bool is_wanted(const struct cw_store_span *span, const struct cw_history_row *row)
{
        return (!span->from_at || row->at >= span->from_at) && (!span->to_at || row->at < span->to_at) &&
               (!span->source || strcmp(row->source, span->source) == 0) &&
               (!span->fingerprint || row->fingerprint == span->fingerprint) &&
               (!span->has_card || row->card == span->card);
}

/* Those before a place; NULL: all that are left. */
static int visit_late(struct edge_walk *walk, const struct cw_store_place *before)
{
        const struct cw_late *late = &walk->late;
        int r = 0;

        while (r == 0 && walk->next < late->n &&
               (!before || cw_place_is_before(late->records[walk->next].place, *before))) {
                const struct cw_history_row *row = &late->rows.history.rows[late->records[walk->next++].row];

                if (is_wanted(walk->span, row))
                        r = walk->visit(walk->data, row);
        }
        return r;
}

static int visit_edge(struct cw_store *store, struct edge_walk *walk, sqlite3_stmt *statement, struct cw_buf *message)
{
        struct cw_columns columns = cw_columns_begin(statement);
        struct cw_store_place place = {.number = cw_columns_i64(&columns)};
        struct cw_history_row row = {.at = 0};
        int r;

        if (!cw_read_edge(&columns, &row))
                return cw_db_fail(store, -EBADMSG, message, "table alert_history is damaged at %lld",
                                  (long long)place.number);
        place.at = row.at;
        r = visit_late(walk, &place);
        return r == 0 ? walk->visit(walk->data, &row) : r;
}

int cw_store_walk_edges(struct cw_store *store, const struct cw_store_span *span, cw_store_visit_edge visit, void *data,
                        struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        cw_cleanup(edge_walk_deinit) struct edge_walk walk = {.span = span, .visit = visit, .data = data};
        int r = cw_transaction_begin(&transaction, store, false, message);

        if (r == 0)
                r = cw_late_read(store, false, &walk.late, message);
        if (r == 0)
                r = begin_edges(store, span, &statement, message);
        while (r == 0 && (r = cw_db_step(store, statement, message)) == CW_DB_ROW)
                r = visit_edge(store, &walk, statement, message);
        return r == 0 ? visit_late(&walk, NULL) : r;
}

int cw_store_oldest(struct cw_store *store, int64_t *ret_at, struct cw_buf *message)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        struct cw_columns columns;
        int r = cw_db_statement(store, CW_SQL_JOURNAL_OLDEST, &statement, message);

        if (r == 0)
                r = cw_db_step(store, statement, message);
        if (r < 0)
                return r;
        columns = cw_columns_begin(statement);
        *ret_at = cw_columns_i64(&columns);
        return 0;
}

int cw_store_hold(struct cw_store *store, struct cw_buf *message)
{
        struct cw_transaction transaction = CW_TRANSACTION_NULL;
        int64_t ignored;
        int r = cw_transaction_begin(&transaction, store, false, message);

        if (r < 0)
                return r;
        store->held = true;
        /* A transaction begins with the first look. */
        r = cw_store_oldest(store, &ignored, message);
        if (r < 0)
                cw_store_release(store);
        return r;
}

void cw_store_release(struct cw_store *store)
{
        struct cw_transaction transaction = {.store = store};

        if (!store->held)
                return;
        store->held = false;
        cw_transaction_deinit(&transaction);
}
