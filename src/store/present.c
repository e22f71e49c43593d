/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: two sorted lists are read side by side; of a card that both have, the journal's row is the later one. */
#include "present.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/card_pack.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "db.h"
#include "gather.h"
#include "row.h"

#define GATHER_SHARE 65536

/* The checkpoint's cards one after the other; a chunk's bytes are copied, because shares have commits between them. */
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
        const void *data;
        size_t len;
        int r = cw_checkpoint_chunk(stream->store, stream->source, stream->checkpoint.sequence, stream->chunk++,
                                    &statement, stream->message);

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

/* So many rows of the journal have one id among those that ranges are made from. */
#define SAMPLE_OF 64

/* Ids that begin a range, but for the first, which begins with them all. */
struct ranges {
        int64_t *ids; /* in rising order; while they are sought, a sample */
        size_t n, capacity;
        size_t next; /* the one that ends what is gathered; n: the last range has no end */
        bool sought;
};

struct cw_present {
        struct stream stream;
        char *source;
        struct cw_journal_span journal; /* what is to be gathered still */
        size_t rows_most;
        struct ranges ranges;
        struct cw_gather gather;
        int64_t gathered; /* card rows of the journal */
        struct cw_card_past past; /* of the card that was handed out last */
        bool begun; /* the stream has its first row, if there is one */
        bool taken; /* and its row was handed out */
};

CW_DEFINE_CLEANUP(struct cw_present *, cw_present_free);

/* From the first row behind the checkpoint on. */
static void rewind_journal(struct cw_present *present)
{
        present->journal.place.sequence = present->stream.checkpoint.sequence;
        present->journal.place.part = INT64_MAX;
        present->gathered = 0;
}

int cw_present_new(struct cw_store *store, const char *source, int64_t until, size_t rows_most,
                   struct cw_present **ret_present, struct cw_buf *message)
{
        cw_cleanup(cw_present_free_cleanup) struct cw_present *present = calloc(1, sizeof(*present));
        int r;

        if (!present)
                return -ENOMEM;
        present->source = strdup(source);
        if (!present->source)
                return -ENOMEM;
        present->stream = (struct stream){.store = store, .source = present->source};
        cw_gather_begin(&present->gather);
        r = cw_checkpoint_get(store, source, &present->stream.checkpoint, message);
        if (r < 0)
                return r;
        present->journal = (struct cw_journal_span){.source = present->source, .until = until};
        rewind_journal(present);
        present->rows_most = rows_most;
        present->ranges.sought = (uint64_t)present->stream.checkpoint.journal_changes > rows_most;
        *ret_present = cw_take(present);
        return 0;
}

void cw_present_free(struct cw_present *present)
{
        if (!present)
                return;
        stream_deinit(&present->stream);
        cw_gather_deinit(&present->gather);
        free(present->ranges.ids);
        free(present->source);
        free(present);
}

const struct cw_checkpoint *cw_present_checkpoint(const struct cw_present *present)
{
        return &present->stream.checkpoint;
}

static int sample(struct ranges *ranges, int64_t id)
{
        if (ranges->n == ranges->capacity) {
                size_t capacity = ranges->capacity > 0 ? ranges->capacity * 2 : 1024;
                int64_t *ids = reallocarray(ranges->ids, capacity, sizeof(*ids));

                if (!ids)
                        return -ENOMEM;
                ranges->ids = ids;
                ranges->capacity = capacity;
        }
        ranges->ids[ranges->n++] = id;
        return 0;
}

static bool is_in_range(const struct ranges *ranges, int64_t id)
{
        return (ranges->next == 0 || id >= ranges->ids[ranges->next - 1]) &&
               (ranges->next == ranges->n || id < ranges->ids[ranges->next]);
}

static int gather_row(void *data, const struct cw_card_row *row)
{
        struct cw_present *present = data;
        bool sampled = present->gathered++ % SAMPLE_OF == 0;

        if (present->ranges.sought)
                return sampled ? sample(&present->ranges, row->card.id) : 0;
        return is_in_range(&present->ranges, row->card.id) ? cw_gather_add(&present->gather, row) : 0;
}

static int compare_ids(const void *one, const void *other)
{
        int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

        return (a > b) - (a < b);
}

/* Out of the sample, the ids at which ranges of equal weight begin. */
static void find_ranges(struct cw_present *present)
{
        struct ranges *ranges = &present->ranges;
        size_t n = (size_t)present->gathered / present->rows_most, kept = 0; /* of ids: one less than of ranges */

        qsort(ranges->ids, ranges->n, sizeof(*ranges->ids), compare_ids);
        for (size_t i = 1; i <= n; i++) {
                int64_t id = ranges->ids[ranges->n / (n + 1) * i];

                if (kept == 0 || id > ranges->ids[kept - 1])
                        ranges->ids[kept++] = id; /* at or before the place where it was */
        }
        ranges->n = kept;
        ranges->sought = false;
}

/* A row that went missing must not pass for a change that never was. */
static int check_gathered(const struct cw_present *present, struct cw_buf *message)
{
        const struct cw_checkpoint *checkpoint = &present->stream.checkpoint;

        if (present->gathered == checkpoint->journal_changes)
                return 0;
        return cw_db_fail(present->stream.store, -EBADMSG, message,
                          "table journal is damaged at source %s: %" PRId64 " changes after sequence %" PRId64
                          ", %" PRId64 " expected",
                          present->source, present->gathered, checkpoint->sequence, checkpoint->journal_changes);
}

int cw_present_gather(struct cw_present *present, size_t most, struct cw_buf *message)
{
        int r, settled;

        present->journal.most = most;
        r = cw_journal_read(present->stream.store, &present->journal, gather_row, present, message);
        if (r < 0)
                return r;
        settled = cw_gather_settle(&present->gather);
        if (settled < 0)
                return settled;
        if (r == 0)
                r = check_gathered(present, message);
        if (r != 0 || !present->ranges.sought)
                return r;
        find_ranges(present);
        rewind_journal(present);
        return CW_JOURNAL_MORE;
}

/* All of what was gathered is handed out, and the stream stands behind it. */
static bool is_range_over(const struct cw_present *present)
{
        const struct ranges *ranges = &present->ranges;
        const struct stream *stream = &present->stream;

        return ranges->next < ranges->n && (!stream->has_row || stream->row.card.id >= ranges->ids[ranges->next]);
}

static void begin_range(struct cw_present *present)
{
        cw_gather_deinit(&present->gather);
        cw_gather_begin(&present->gather);
        present->ranges.next++;
        rewind_journal(present);
}

static int advance(struct cw_present *present)
{
        if (present->begun && !present->taken)
                return 0;
        present->begun = true;
        present->taken = false;
        return stream_next(&present->stream);
}

/* What the journal says of a card follows on what the checkpoint knew of it. */
static int take_gathered(struct cw_present *present, bool is_in_stream, struct cw_card_row *ret_row)
{
        const struct cw_card_row *older = &present->stream.row;
        int r;

        present->past = is_in_stream && older->past ? *older->past : (struct cw_card_past){.first_seen_at = INT64_MIN};
        if (is_in_stream)
                present->past.first_seen_at = older->first_seen_at;
        r = cw_gather_take(&present->gather, &present->past, ret_row);
        ret_row->past = present->past.fields ? &present->past : NULL;
        return r;
}

int cw_present_next(struct cw_present *present, struct cw_card_row *ret_row, struct cw_buf *message)
{
        struct stream *stream = &present->stream;
        int64_t id;
        int r;

        stream->message = message;
        while ((r = advance(present)) == 0) {
                if (cw_gather_peek(&present->gather, &id) && (!stream->has_row || id <= stream->row.card.id)) {
                        present->taken = stream->has_row && id == stream->row.card.id;
                        r = take_gathered(present, present->taken, ret_row);
                        if (r == 0 && ret_row->gone)
                                continue;
                } else if (is_range_over(present)) {
                        begin_range(present);
                        return CW_PRESENT_GATHER;
                } else if (stream->has_row) {
                        present->taken = true;
                        *ret_row = stream->row;
                } else {
                        return 0;
                }
                ret_row->source = present->source;
                return r < 0 ? r : CW_CARDS_ROW;
        }
        return r;
}

int cw_present_walk(struct cw_store *store, const char *source, cw_card_visit visit, void *data, struct cw_buf *message)
{
        cw_cleanup(cw_present_free_cleanup) struct cw_present *present = NULL;
        struct cw_card_row row;
        int r = cw_present_new(store, source, INT64_MAX, SIZE_MAX, &present, message);

        while (r == 0 && (r = cw_present_gather(present, GATHER_SHARE, message)) == CW_JOURNAL_MORE)
                r = 0;
        while (r == 0 && (r = cw_present_next(present, &row, message)) == CW_CARDS_ROW)
                r = visit(data, &row);
        return r;
}
