/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the checkpoint is a sorted stream; the journal is sorted in passes, each over a range of ids that holds a
 * bounded number of changes, and laid over the stream. One pass does for what a journal usually holds; a first poll of
 * a million cards takes several, and the memory of one.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cards.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "checkpoint.h"
#include "db.h"
#include "row.h"

#define PASS_MOST 65536

/* The checkpoint's cards one after the other; a chunk's bytes are copied, because visitors write to the same table. */
struct stream {
        struct cw_store *store;
        const char *source;
        struct cw_checkpoint checkpoint;
        int64_t chunk; /* the next to be read */
        struct cw_buf bytes;
        struct cw_cards_reader reader;
        struct cw_card_row row; /* the next card, when `has_row` */
        bool has_row;
        int64_t cards_read;
        struct cw_buf *message;
};

static void stream_deinit(struct stream *stream)
{
        cw_buf_deinit(&stream->bytes);
        cw_cards_reader_deinit(&stream->reader);
}

static int stream_damaged(struct stream *stream)
{
        return cw_db_fail(stream->store, -EBADMSG, stream->message,
                          "table checkpoint_chunk is damaged at source %s, sequence %" PRId64 ", chunk %" PRId64,
                          stream->source, stream->checkpoint.sequence, stream->chunk - 1);
}

static int stream_next_chunk(struct stream *stream)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        struct cw_columns columns;
        struct cw_bind bind;
        const void *data;
        size_t len;
        int r = cw_db_statement(stream->store, CW_SQL_CHUNK_GET, &statement, stream->message);

        if (r < 0)
                return r;
        bind = cw_bind_begin(statement);
        cw_bind_text(&bind, stream->source);
        cw_bind_i64(&bind, stream->checkpoint.sequence);
        cw_bind_i64(&bind, stream->chunk++);
        if (bind.rc != SQLITE_OK)
                return cw_db_error(stream->store, bind.rc, stream->message);
        r = cw_db_step(stream->store, statement, stream->message);
        if (r <= 0)
                return r < 0 ? r : stream_damaged(stream);

        columns = cw_columns_begin(statement);
        cw_columns_i64(&columns);
        data = cw_columns_blob(&columns, &len);
        cw_buf_clear(&stream->bytes);
        cw_buf_append(&stream->bytes, data, len);
        r = cw_buf_error(&stream->bytes);
        if (r == 0 && (columns.bad || cw_cards_read(&stream->reader, stream->bytes.data, stream->bytes.len) < 0))
                return stream_damaged(stream);
        return r;
}

static int stream_next(struct stream *stream)
{
        int64_t before = stream->has_row ? stream->row.card.id : INT64_MIN;
        bool first = !stream->has_row;
        int r;

        stream->has_row = false;
        /* A reader that was never begun is at its end. */
        while ((r = cw_cards_next(&stream->reader, &stream->row)) == 0 && stream->chunk < stream->checkpoint.chunks) {
                r = stream_next_chunk(stream);
                if (r < 0)
                        return r;
        }
        if (r == -ENOMEM)
                return r;
        /* Out of order, laying the journal over it would bring old states back. */
        if (r < 0 || (r == CW_CARDS_ROW && !first && stream->row.card.id <= before))
                return stream_damaged(stream);
        stream->has_row = r == CW_CARDS_ROW;
        cw_cards_settle(&stream->row);
        stream->cards_read += stream->has_row;
        if (!stream->has_row && stream->cards_read != stream->checkpoint.cards)
                return stream_damaged(stream);
        return 0;
}

/* A walk over the journal that also counts: a row that went missing must not pass for a change that never was. */
struct counting {
        cw_card_visit visit;
        void *data;
        int64_t n;
};

static int count_row(void *data, const struct cw_card_row *row)
{
        struct counting *counting = data;

        counting->n++;
        return counting->visit(counting->data, row);
}

static int walk_journal(struct stream *stream, cw_card_visit visit, void *data)
{
        struct counting counting = {.visit = visit, .data = data};
        int r = cw_journal_walk(stream->store, stream->source, stream->checkpoint.sequence, count_row, &counting,
                                stream->message);

        if (r == 0 && counting.n != stream->checkpoint.journal_changes)
                return cw_db_fail(stream->store, -EBADMSG, stream->message,
                                  "table journal is damaged at source %s: %" PRId64 " changes after sequence %" PRId64
                                  ", %" PRId64 " expected",
                                  stream->source, counting.n, stream->checkpoint.sequence,
                                  stream->checkpoint.journal_changes);
        return r;
}

/* The ids of a journal, to cut them into ranges. */
struct ids {
        int64_t *ids;
        size_t n, capacity;
};

static void ids_deinit(struct ids *ids)
{
        free(ids->ids);
}

static int ids_add(void *data, const struct cw_card_row *row)
{
        struct ids *ids = data;

        if (ids->n == ids->capacity) {
                size_t capacity = ids->capacity > 0 ? ids->capacity * 2 : PASS_MOST;
                int64_t *more = realloc(ids->ids, capacity * sizeof(*more));

                if (!more)
                        return -ENOMEM;
                ids->ids = more;
                ids->capacity = capacity;
        }
        ids->ids[ids->n++] = row->card.id;
        return 0;
}

static int compare_ids(const void *one, const void *other)
{
        int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

        return (a > b) - (a < b);
}

static void ids_sort(struct ids *ids)
{
        size_t kept = 0;

        if (ids->n == 0)
                return;
        qsort(ids->ids, ids->n, sizeof(*ids->ids), compare_ids);
        for (size_t i = 0; i < ids->n; i++)
                if (kept == 0 || ids->ids[kept - 1] != ids->ids[i])
                        ids->ids[kept++] = ids->ids[i];
        ids->n = kept;
}

/* What the journal says last of each card with an id from `first` to `last`. */
struct pass {
        const char *source;
        int64_t first, last;
        size_t compact_at; /* rows beyond which earlier states are thrown away */
        struct cw_changes rows;
};

static void pass_deinit(struct pass *pass)
{
        cw_changes_deinit(&pass->rows);
}

static int pass_compact(struct pass *pass)
{
        struct cw_changes none = CW_CHANGES_NULL;
        int r = cw_changes_merge(&pass->rows, &none);

        pass->compact_at = 2 * pass->rows.cards.n > 2 * PASS_MOST ? 2 * pass->rows.cards.n : 2 * PASS_MOST;
        return r;
}

static int pass_add(void *data, const struct cw_card_row *row)
{
        struct pass *pass = data;
        struct cw_card_row named = *row;

        if (row->card.id < pass->first || row->card.id > pass->last)
                return 0;
        /* The journal's row has no name of its own; the copy needs one to be compared by. */
        named.source = (char *)pass->source;
        cw_cards_settle(&named);
        cw_changes_card(&pass->rows, &named);
        if (pass->rows.error == 0 && pass->rows.cards.n > pass->compact_at)
                return pass_compact(pass);
        return pass->rows.error;
}

static int compare_rows(const void *one, const void *other)
{
        const struct cw_card_row *a = one, *b = other;

        return compare_ids(&a->card.id, &b->card.id);
}

static int pass_read(struct pass *pass, struct stream *stream)
{
        int r = walk_journal(stream, pass_add, pass);

        if (r == 0)
                r = pass_compact(pass);
        if (r == 0 && pass->rows.cards.n > 0)
                qsort(pass->rows.cards.rows, pass->rows.cards.n, sizeof(*pass->rows.cards.rows), compare_rows);
        return r;
}

/* Visits what the stream has before `id`, and passes over `id` itself. */
static int visit_before(struct stream *stream, int64_t id, cw_card_visit visit, void *data)
{
        int r = 0;

        while (r == 0 && stream->has_row && stream->row.card.id < id) {
                stream->row.source = (char *)stream->source;
                r = visit(data, &stream->row);
                if (r == 0)
                        r = stream_next(stream);
        }
        if (r == 0 && stream->has_row && stream->row.card.id == id)
                r = stream_next(stream);
        return r;
}

static int overlay(struct stream *stream, int64_t first, int64_t last, cw_card_visit visit, void *data)
{
        cw_cleanup(pass_deinit) struct pass pass = {
                .source = stream->source, .first = first, .last = last, .compact_at = 2 * PASS_MOST};
        int r = pass_read(&pass, stream);

        for (size_t i = 0; r == 0 && i < pass.rows.cards.n; i++) {
                const struct cw_card_row *row = &pass.rows.cards.rows[i];

                r = visit_before(stream, row->card.id, visit, data);
                if (r == 0 && !row->gone)
                        r = visit(data, row);
        }
        return r;
}

/* Cuts the ids into ranges of PASS_MOST and lays one after the other over the stream. */
static int overlay_in_passes(struct stream *stream, cw_card_visit visit, void *data)
{
        cw_cleanup(ids_deinit) struct ids ids = {.ids = NULL};
        int r = walk_journal(stream, ids_add, &ids);

        if (r == 0)
                ids_sort(&ids);
        for (size_t i = 0; r == 0 && i < ids.n; i += PASS_MOST) {
                size_t last = ids.n - i > PASS_MOST ? i + PASS_MOST - 1 : ids.n - 1;

                r = overlay(stream, ids.ids[i], ids.ids[last], visit, data);
        }
        return r;
}

int cw_checkpoint_walk(struct cw_store *store, const char *source, cw_card_visit visit, void *data,
                       struct cw_buf *message)
{
        cw_cleanup(stream_deinit) struct stream stream = {.store = store, .source = source, .message = message};
        int r = cw_checkpoint_get(store, source, &stream.checkpoint, message);

        if (r == 0)
                r = stream_next(&stream);
        if (r == 0 && stream.checkpoint.journal_changes > PASS_MOST)
                r = overlay_in_passes(&stream, visit, data);
        else if (r == 0)
                r = overlay(&stream, INT64_MIN, INT64_MAX, visit, data);
        while (r == 0 && stream.has_row) {
                stream.row.source = (char *)source;
                r = visit(data, &stream.row);
                if (r == 0)
                        r = stream_next(&stream);
        }
        return r;
}
