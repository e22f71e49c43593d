/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a run of rows of one source becomes a part; that is one part for a poll, which is about one source. */
#include "journal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cardwatch/card_pack.h"
#include "cardwatch/changes_cards.h"
#include "cardwatch/cleanup.h"
#include "db.h"
#include "idset.h"
#include "row.h"

#define PART_MOST CW_CARDS_TOGETHER

/* As cheap to read as to be told that it need not be. */
#define PART_SMALL 16

/* Says beside the part which cards are in it. */
static int add_ids(struct cw_store *store, const struct cw_commit *commit, int64_t part, const struct cw_buf *ids,
                   struct cw_buf *message)
{
        struct cw_bind bind;
        sqlite3_stmt *statement;
        int r = cw_db_statement(store, CW_SQL_JOURNAL_IDS_ADD, &statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_i64(&bind, commit->sequence);
        cw_bind_i64(&bind, part);
        cw_bind_blob(&bind, ids->data, ids->len);
        return bind.rc == SQLITE_OK ? cw_db_step(store, statement, message) : cw_db_error(store, bind.rc, message);
}

static int add_part(struct cw_store *store, const struct cw_commit *commit, const struct cw_packed_row *packed,
                    int64_t part, struct cw_buf *message)
{
        struct cw_bind bind;
        sqlite3_stmt *statement;
        int r = cw_db_statement(store, CW_SQL_JOURNAL_ADD, &statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_text(&bind, packed->source);
        cw_bind_i64(&bind, commit->sequence);
        cw_bind_i64(&bind, part);
        cw_bind_i64(&bind, commit->at);
        cw_bind_i64(&bind, CW_STORE_EPOCH);
        cw_bind_i64(&bind, CW_STORE_CONFIG);
        cw_bind_i64(&bind, (int64_t)packed->n);
        cw_bind_blob(&bind, packed->bytes, packed->len);
        r = bind.rc == SQLITE_OK ? cw_db_step(store, statement, message) : cw_db_error(store, bind.rc, message);
        if (r < 0)
                return r;

        r = cw_db_statement(store, CW_SQL_CHECKPOINT_GREW, &statement, message);
        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_text(&bind, packed->source);
        cw_bind_i64(&bind, (int64_t)packed->n);
        return bind.rc == SQLITE_OK ? cw_db_step(store, statement, message) : cw_db_error(store, bind.rc, message);
}

static int add_id(void *data, const struct cw_card_row *row)
{
        cw_idset_add(data, row->card.id);
        return 0;
}

/* It was made while its rows came. */
static int add_packed(struct cw_store *store, const struct cw_commit *commit, const struct cw_packed_row *packed,
                      int64_t part, struct cw_buf *message)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf ids = CW_BUF_NULL;
        int r = add_part(store, commit, packed, part, message);

        if (r < 0 || packed->n <= PART_SMALL)
                return r;
        cw_idset_begin(&ids, packed->n);
        r = cw_buf_error(&ids);
        if (r == 0)
                r = cw_packed_cards_walk(packed, add_id, &ids);
        return r < 0 ? r : add_ids(store, commit, part, &ids, message);
}

/* A run of rows of one source. */
static int add_rows(struct cw_store *store, const struct cw_commit *commit, const struct cw_card_row *rows,
                    int64_t part, struct cw_cards_writer *writer, struct cw_buf *message)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf ids = CW_BUF_NULL;
        struct cw_packed_row packed = {
                .source = rows->source, .bytes = writer->buf.data, .len = writer->buf.len, .n = writer->n};
        int r = add_part(store, commit, &packed, part, message);

        if (r < 0 || packed.n <= PART_SMALL)
                return r;
        cw_idset_begin(&ids, packed.n);
        r = cw_buf_error(&ids);
        for (size_t i = 0; r == 0 && i < packed.n; i++)
                cw_idset_add(&ids, rows[i].card.id);
        return r < 0 ? r : add_ids(store, commit, part, &ids, message);
}

int cw_journal_add(struct cw_store *store, const struct cw_commit *commit, const struct cw_changes *changes,
                   struct cw_buf *message)
{
        cw_cleanup(cw_cards_deinit) struct cw_cards_writer writer = {.buf = CW_BUF_NULL};
        int64_t part = 0;
        int r = 0;

        for (size_t i = 0; r == 0 && i < changes->packed.n; i++)
                r = add_packed(store, commit, &changes->packed.rows[i], part++, message);
        for (size_t i = 0; r == 0 && i < changes->cards.n; part++) {
                const struct cw_card_row *first = &changes->cards.rows[i];

                cw_cards_begin(&writer);
                while (i < changes->cards.n && writer.n < PART_MOST &&
                       strcmp(changes->cards.rows[i].source, first->source) == 0)
                        cw_cards_add(&writer, &changes->cards.rows[i++]);
                r = cw_cards_end(&writer);
                if (r == 0)
                        r = add_rows(store, commit, first, part, &writer, message);
        }
        return r;
}

int cw_journal_walk_part(const void *cards, size_t len, size_t expected, cw_card_visit visit, void *data,
                         bool *ret_damaged)
{
        cw_cleanup(cw_cards_reader_deinit) struct cw_cards_reader reader = {.reference = CW_BUF_NULL};
        struct cw_card_row row;
        size_t n = 0;
        int r = cw_cards_read(&reader, cards, len);

        while (r == 0 && (r = cw_cards_next(&reader, &row)) == CW_CARDS_ROW) {
                n++;
                r = visit(data, &row);
                if (r != 0)
                        return r;
        }
        if (r == -ENOMEM)
                return r;
        *ret_damaged = r < 0 || n != expected;
        return *ret_damaged ? -EBADMSG : 0;
}

static int begin_reading(struct cw_store *store, const struct cw_journal_span *span, sqlite3_stmt **ret_statement,
                         struct cw_buf *message)
{
        struct cw_bind bind;
        int r = cw_db_statement(store, CW_SQL_JOURNAL_AFTER, ret_statement, message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(*ret_statement);
        cw_bind_text(&bind, span->source);
        cw_bind_i64(&bind, span->place.sequence);
        cw_bind_i64(&bind, span->place.part);
        cw_bind_i64(&bind, span->until);
        return bind.rc == SQLITE_OK ? 0 : cw_db_error(store, bind.rc, message);
}

int cw_journal_read(struct cw_store *store, struct cw_journal_span *span, cw_card_visit visit, void *data,
                    struct cw_buf *message)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        size_t read = 0;
        int r = begin_reading(store, span, &statement, message);

        while (r == 0 && (r = cw_db_step(store, statement, message)) == CW_DB_ROW) {
                struct cw_columns columns = cw_columns_begin(statement);
                size_t len, changed;
                const void *cards;
                bool damaged = false;

                span->place.sequence = cw_columns_i64(&columns);
                span->place.part = cw_columns_i64(&columns);
                changed = (size_t)cw_columns_i64(&columns);
                cards = cw_columns_blob(&columns, &len);
                r = cw_journal_walk_part(cards, len, changed, visit, data, &damaged);
                if (columns.bad || damaged)
                        return cw_db_fail(store, -EBADMSG, message,
                                          "table journal is damaged at source %s, sequence %" PRId64 ", part %" PRId64,
                                          span->source, span->place.sequence, span->place.part);
                read += changed;
                if (r == 0 && read >= span->most)
                        return CW_JOURNAL_MORE;
        }
        return r;
}
