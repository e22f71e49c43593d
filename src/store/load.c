/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: one read transaction over all tables, so that what is loaded is what one commit left. A number or text that we
 * would never have written is damage, and said with the table and the key.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes_order.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/store_history.h"
#include "change_log.h"
#include "db.h"
#include "items.h"
#include "present.h"
#include "read_rows.h"
#include "times.h"

CW_DEFINE_CLEANUP(struct cw_entry *, cw_entry_unref);

/* Reads one row; outcome besides 0: CW_ROW_DAMAGED. */
typedef int (*row_reader)(struct cw_columns *columns, struct cw_changes *rows);

static int verdict(const struct cw_columns *columns)
{
        return columns->bad ? CW_ROW_DAMAGED : 0;
}

static int read_source(struct cw_columns *columns, struct cw_changes *rows)
{
        struct cw_source_row row = {.source = NULL};

        row.source = (char *)cw_columns_text(columns);
        row.baseline_done = cw_columns_most(columns, 1);
        row.first_poll_at = cw_columns_i64(columns);
        row.last_poll_at = cw_columns_i64(columns);
        row.last_complete_at = cw_columns_i64(columns);
        row.poll_ms = cw_columns_i64(columns);
        row.failed_polls = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        row.blocked_until_at = cw_columns_i64(columns);
        row.otp_step = cw_columns_i64(columns);
        row.suspicion = (uint8_t)cw_columns_most(columns, UINT8_MAX);
        row.lack = (char *)cw_columns_text(columns);
        if (!columns->bad)
                cw_changes_source(rows, &row);
        return verdict(columns);
}

static int read_alert(struct cw_columns *columns, struct cw_changes *rows)
{
        cw_cleanup(cw_entry_unref_cleanup) struct cw_entry *entry = NULL;
        struct cw_alert_row row = {.fingerprint = 0};
        int64_t fired_at[CW_TIMES_MOST];
        const void *packed;
        size_t len;
        int r = 0;

        row.fingerprint = cw_columns_hex64(columns);
        row.rule = (char *)cw_columns_text(columns);
        row.source = (char *)cw_columns_text(columns);
        row.customer = cw_columns_i64(columns);
        row.card = cw_columns_i64(columns);
        row.state = (uint8_t)cw_columns_most(columns, UINT8_MAX);
        row.episode = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        row.edge = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        packed = cw_columns_blob(columns, &len);
        if (packed)
                r = cw_entry_unpack(packed, len, &entry);
        if (r < 0)
                return r == -ENOMEM ? r : CW_ROW_DAMAGED;
        row.baseline = cw_columns_most(columns, 1);
        row.flapping = cw_columns_most(columns, 1);
        row.since_at = cw_columns_i64(columns);
        row.clear_at = cw_columns_i64(columns);
        row.moved_at = cw_columns_i64(columns);
        row.insist_edge = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        packed = cw_columns_blob(columns, &len);
        row.acked_by = (char *)cw_columns_maybe_text(columns);
        row.acked_until_at = cw_columns_i64(columns);
        row.told_at = cw_columns_i64(columns);
        row.escalated_ms = cw_columns_i64(columns);
        if (columns->bad || (packed && cw_times_unpack(packed, len, fired_at, &row.n_fired_at) < 0))
                return CW_ROW_DAMAGED;
        row.entry = entry;
        row.fired_at = fired_at;
        cw_changes_alert(rows, &row);
        return 0;
}

static int read_ledger(struct cw_columns *columns, struct cw_changes *rows)
{
        struct cw_ledger_row row = {.notifier = NULL};

        row.notifier = (char *)cw_columns_text(columns);
        row.fingerprint = cw_columns_hex64(columns);
        row.edge = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        row.state = (uint8_t)cw_columns_most(columns, CW_ENTRY_EVENT);
        row.severity = (uint8_t)cw_columns_most(columns, CW_SEVERITY_CRITICAL);
        row.accepted = cw_columns_most(columns, 1);
        if (!columns->bad)
                cw_changes_ledger(rows, &row);
        return verdict(columns);
}

/* The id of a message: at most 32 characters. */
static void read_id(struct cw_columns *columns, char ret_id[static 33])
{
        const char *id = cw_columns_text(columns);

        if (strlen(id) > 32)
                columns->bad = true;
        else
                memcpy(ret_id, id, strlen(id) + 1);
}

static int read_group(struct cw_columns *columns, struct cw_changes *rows)
{
        struct cw_group_row row = {.notifier = NULL};

        row.notifier = (char *)cw_columns_text(columns);
        row.key = (char *)cw_columns_text(columns);
        row.begun_at = cw_columns_i64(columns);
        row.told_at = cw_columns_i64(columns);
        row.due_at = cw_columns_i64(columns);
        row.repeat = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        read_id(columns, row.thread);
        if (!columns->bad)
                cw_changes_group(rows, &row);
        return verdict(columns);
}

int cw_read_intent(struct cw_columns *columns, struct cw_changes *rows)
{
        struct cw_intent_row row = {.sequence = 0};
        const void *items;
        size_t len;
        int r;

        row.sequence = (uint64_t)cw_columns_i64(columns);
        read_id(columns, row.id);
        row.notifier = (char *)cw_columns_text(columns);
        row.groups = (char *)cw_columns_maybe_text(columns);
        row.kind = (uint8_t)cw_columns_most(columns, CW_NOTICE_TEST);
        row.state = (uint8_t)cw_columns_most(columns, CW_INTENT_DEAD);
        row.baseline = cw_columns_most(columns, 1);
        row.opens_thread = cw_columns_most(columns, 1);
        row.repeat = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        row.queued_at = cw_columns_i64(columns);
        row.next_at = cw_columns_i64(columns);
        row.failing_since_at = cw_columns_i64(columns);
        row.attempts = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        row.error = (char *)cw_columns_maybe_text(columns);
        items = cw_columns_blob(columns, &len);
        row.payload = (char *)cw_columns_blob(columns, &row.payload_len);
        row.trouble.kind = (uint8_t)cw_columns_most(columns, UINT8_MAX);
        row.trouble.released = cw_columns_most(columns, 1);
        row.trouble.era = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        row.trouble.round = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        row.digest = (char *)cw_columns_blob(columns, &row.digest_len);
        row.counted = (char *)cw_columns_blob(columns, &row.counted_len);
        if (columns->bad || !items)
                return CW_ROW_DAMAGED;
        r = cw_items_unpack(items, len, &row.items, &row.n_items);
        if (r < 0)
                return r == -ENOMEM ? r : CW_ROW_DAMAGED;
        cw_changes_intent(rows, &row);
        cw_items_free(row.items, row.n_items);
        return 0;
}

static int read_rule(struct cw_columns *columns, struct cw_changes *rows)
{
        struct cw_rule_row row = {.name = NULL};

        row.name = (char *)cw_columns_text(columns);
        row.meaning = cw_columns_hex64(columns);
        if (!columns->bad)
                cw_changes_rule(rows, &row);
        return verdict(columns);
}

static int read_digest(struct cw_columns *columns, struct cw_changes *rows)
{
        struct cw_digest_row row = {.name = NULL};

        row.name = (char *)cw_columns_text(columns);
        row.meaning = cw_columns_hex64(columns);
        row.slot_at = cw_columns_i64(columns);
        row.since_at = cw_columns_i64(columns);
        if (!columns->bad)
                cw_changes_digest(rows, &row);
        return verdict(columns);
}

static int read_happening(struct cw_columns *columns, struct cw_changes *rows)
{
        struct cw_happening_row row = {.digest = NULL};
        const char *currency;
        const void *entry;
        size_t len;
        int r;

        row.digest = (char *)cw_columns_text(columns);
        row.fingerprint = cw_columns_hex64(columns);
        row.rule = (char *)cw_columns_text(columns);
        row.source = (char *)cw_columns_text(columns);
        row.customer = cw_columns_i64(columns);
        row.has_card = cw_columns_most(columns, 1);
        currency = cw_columns_text(columns);
        row.fired = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        row.ended = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        row.events = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        row.edge = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        entry = cw_columns_blob(columns, &len);
        if (columns->bad || strlen(currency) >= sizeof(row.currency))
                return CW_ROW_DAMAGED;
        memcpy(row.currency, currency, strlen(currency) + 1);
        r = entry ? cw_entry_unpack(entry, len, &row.entry) : 0;
        if (r < 0)
                return r == -ENOMEM ? r : CW_ROW_DAMAGED;
        cw_changes_happening(rows, &row);
        cw_entry_unref(row.entry);
        return 0;
}

static int read_silence(struct cw_columns *columns, struct cw_changes *rows)
{
        struct cw_silence_row row = {.match = NULL};
        const char *id = cw_columns_text(columns);

        if (strlen(id) < sizeof(row.id))
                memcpy(row.id, id, strlen(id) + 1);
        else
                columns->bad = true;
        row.match = (char *)cw_columns_text(columns);
        row.by = (char *)cw_columns_text(columns);
        row.why = (char *)cw_columns_text(columns);
        row.made_at = cw_columns_i64(columns);
        row.until_at = cw_columns_i64(columns);
        if (!columns->bad)
                cw_changes_silence(rows, &row);
        return verdict(columns);
}

static int read_receiver(struct cw_columns *columns, struct cw_changes *rows)
{
        struct cw_receiver_row row = {.notifier = (char *)cw_columns_text(columns)};

        row.failing = cw_columns_most(columns, 1);
        row.failing_since_at = cw_columns_i64(columns);
        row.failed_at = cw_columns_i64(columns);
        row.next_at = cw_columns_i64(columns);
        row.token_at = cw_columns_i64(columns);
        row.probes = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        row.n_failed = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        row.era = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        row.round = (uint32_t)cw_columns_most(columns, UINT32_MAX);
        row.unreachable = cw_columns_most(columns, 1);
        if (!columns->bad)
                cw_changes_receiver(rows, &row);
        return verdict(columns);
}

static const struct table {
        const char *name;
        enum cw_sql all;
        int keys; /* how many of the first columns say which row it is */
        row_reader read;
} source_table = {"source", CW_SQL_SOURCE_ALL, 1, read_source},
  tables[] = {
          {"alert", CW_SQL_ALERT_ALL, 1, read_alert},
          {"ledger", CW_SQL_LEDGER_ALL, 2, read_ledger},
          {"alert_group", CW_SQL_GROUP_ALL, 2, read_group},
          {"outbox", CW_SQL_OUTBOX_ALL, 1, cw_read_intent},
          {"rule", CW_SQL_RULE_ALL, 1, read_rule},
          {"silence", CW_SQL_SILENCE_ALL, 1, read_silence},
          {"receiver", CW_SQL_RECEIVER_ALL, 1, read_receiver},
          {"digest", CW_SQL_DIGEST_ALL, 1, read_digest},
          {"happening", CW_SQL_HAPPENING_ALL, 2, read_happening},
};

static int fail_damaged(struct cw_store *store, const struct table *table, sqlite3_stmt *statement,
                        struct cw_buf *message)
{
        const unsigned char *key = sqlite3_column_text(statement, 0);
        const unsigned char *more = table->keys > 1 ? sqlite3_column_text(statement, 1) : NULL;

        return cw_db_fail(store, -EBADMSG, message, "table %s is damaged at %s%s%s", table->name,
                          key ? (const char *)key : "an empty key", more ? ", " : "", more ? (const char *)more : "");
}

static int load_table(struct cw_store *store, const struct table *table, struct cw_changes *rows,
                      struct cw_buf *message)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        int r = cw_db_statement(store, table->all, &statement, message);

        while (r == 0 && (r = cw_db_step(store, statement, message)) == CW_DB_ROW) {
                struct cw_columns columns = cw_columns_begin(statement);

                r = table->read(&columns, rows);
                if (r == CW_ROW_DAMAGED)
                        return fail_damaged(store, table, statement, message);
                if (r == 0)
                        r = rows->error;
                if (r < 0)
                        return r;
        }
        return r;
}

static int load_card(void *data, const struct cw_card_row *row)
{
        struct cw_changes *rows = data;

        cw_changes_card(rows, row);
        return rows->error;
}

static int walk_present(struct cw_store *store, cw_store_visit_present visit, void *data, struct cw_buf *message)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        int r = cw_db_statement(store, CW_SQL_CHECKPOINT_ALL, &statement, message);

        while (r == 0 && (r = cw_db_step(store, statement, message)) == CW_DB_ROW) {
                struct cw_columns columns = cw_columns_begin(statement);
                const char *source = cw_columns_text(&columns);

                if (columns.bad)
                        return cw_db_fail(store, -EBADMSG, message, "table checkpoint is damaged at %s", source);
                r = cw_present_walk(store, source, visit, data, message);
        }
        return r;
}

int cw_store_past_from(struct cw_store *store, int64_t *ret_at, struct cw_buf *message)
{
        cw_cleanup(cw_statement_reset) sqlite3_stmt *statement = NULL;
        int64_t latest_at = 0, at = 0;
        int r = cw_db_statement(store, CW_SQL_CHECKPOINT_ALL, &statement, message);

        while (r == 0 && (r = cw_db_step(store, statement, message)) == CW_DB_ROW) {
                struct cw_columns columns = cw_columns_begin(statement);

                r = cw_checkpoint_past_from(store, cw_columns_text(&columns), &at, message);
                if (r == 0 && at > latest_at)
                        latest_at = at;
        }
        if (r == 0)
                *ret_at = latest_at;
        return r;
}

int cw_store_walk_present(struct cw_store *store, cw_store_visit_present visit, void *data, struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        int r = cw_transaction_begin(&transaction, store, false, message);

        return r < 0 ? r : walk_present(store, visit, data, message);
}

int cw_store_count_cards(struct cw_store *store, const char *source, int64_t *ret_cards, struct cw_buf *message)
{
        struct cw_checkpoint checkpoint;
        int r = cw_checkpoint_get(store, source, &checkpoint, message);

        if (r == 0)
                *ret_cards = checkpoint.cards;
        return r;
}

static int load_tables(struct cw_store *store, struct cw_changes *rows, struct cw_buf *message)
{
        int r = load_table(store, &source_table, rows, message);

        for (size_t i = 0; r == 0 && i < CW_ARRAY_SIZE(tables); i++)
                r = load_table(store, &tables[i], rows, message);
        return r;
}

/* What the change log says is later than what the tables say. */
static int lay_log_over(struct cw_store *store, struct cw_changes *rows, struct cw_buf *message)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes late = CW_CHANGES_NULL;
        int r = cw_change_log_read(store, &late, message);

        return r < 0 ? r : cw_changes_lay_over(rows, &late);
}

static int load(struct cw_store *store, bool cards, struct cw_changes *ret_rows, struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;
        int r = cw_transaction_begin(&transaction, store, false, message);

        if (r == 0)
                r = load_tables(store, &rows, message);
        if (r == 0)
                r = lay_log_over(store, &rows, message);
        if (r == 0 && cards)
                r = walk_present(store, load_card, &rows, message);
        if (r == 0)
                r = cw_transaction_commit(&transaction, message);
        if (r < 0)
                return r;
        *ret_rows = rows;
        rows = (struct cw_changes)CW_CHANGES_NULL;
        return 0;
}

int cw_store_load(struct cw_store *store, struct cw_changes *ret_rows, struct cw_buf *message)
{
        return load(store, true, ret_rows, message);
}

int cw_store_load_but_cards(struct cw_store *store, struct cw_changes *ret_rows, struct cw_buf *message)
{
        return load(store, false, ret_rows, message);
}

int cw_store_load_sources(struct cw_store *store, struct cw_changes *ret_rows, struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes rows = CW_CHANGES_NULL;
        cw_cleanup(cw_changes_deinit) struct cw_changes sources = CW_CHANGES_NULL;
        int r = cw_transaction_begin(&transaction, store, false, message);

        if (r == 0)
                r = load_table(store, &source_table, &rows, message);
        if (r == 0)
                r = lay_log_over(store, &rows, message);
        for (size_t i = 0; r == 0 && i < rows.sources.n; i++)
                cw_changes_source(&sources, &rows.sources.rows[i]);
        if (r == 0)
                r = sources.error;
        if (r < 0)
                return r;
        *ret_rows = sources;
        sources = (struct cw_changes)CW_CHANGES_NULL;
        return 0;
}
