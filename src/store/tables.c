/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a walk over lists, each row one statement. */
#include "tables.h"

#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "db.h"
#include "items.h"
#include "row.h"
#include "times.h"

/* Rows on their way. */
struct writing {
        struct cw_store *store;
        const struct cw_changes *changes;
        int64_t at;
        struct cw_buf *message;
};

static int begin_row(struct writing *writing, enum cw_sql sql, struct cw_bind *ret_bind)
{
        sqlite3_stmt *statement;
        int r = cw_db_statement(writing->store, sql, &statement, writing->message);

        if (r < 0)
                return r;
        *ret_bind = cw_bind_begin(statement);
        return 0;
}

static int end_row(struct writing *writing, struct cw_bind *bind)
{
        if (bind->rc != SQLITE_OK)
                return cw_db_error(writing->store, bind->rc, writing->message);
        return cw_db_step(writing->store, bind->statement, writing->message);
}

static int write_source(struct writing *writing, const struct cw_source_row *row)
{
        struct cw_bind bind;
        int r = begin_row(writing, CW_SQL_SOURCE_PUT, &bind);

        if (r < 0)
                return r;
        cw_bind_text(&bind, row->source);
        cw_bind_i64(&bind, row->baseline_done);
        cw_bind_i64(&bind, row->first_poll_at);
        cw_bind_i64(&bind, row->last_poll_at);
        cw_bind_i64(&bind, row->last_complete_at);
        cw_bind_i64(&bind, row->poll_ms);
        cw_bind_i64(&bind, row->failed_polls);
        cw_bind_i64(&bind, row->blocked_until_at);
        cw_bind_i64(&bind, row->otp_step);
        cw_bind_i64(&bind, row->suspicion);
        cw_bind_text(&bind, row->lack ? row->lack : "");
        return end_row(writing, &bind);
}

static int write_sources(struct writing *writing)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < writing->changes->sources.n; i++)
                if (!writing->changes->sources.rows[i].removed)
                        r = write_source(writing, &writing->changes->sources.rows[i]);
        return r;
}

/* For people with sqlite3; what counts is the packed entry. */
static void bind_entry_columns(struct cw_bind *bind, const struct cw_entry *entry)
{
        if (!entry) {
                bind->index += 9;
                return;
        }
        cw_bind_text(bind, cw_severity_name(entry->severity));
        if (entry->has_card) {
                cw_bind_text(bind, entry->card.currency);
                cw_bind_i64(bind, entry->card.available);
                cw_bind_i64(bind, entry->card.pending);
                cw_bind_i64(bind, entry->card.total);
        } else {
                bind->index += 4;
        }
        cw_bind_i64(bind, entry->started_at);
        cw_bind_i64(bind, entry->fired_at);
        cw_bind_i64(bind, entry->resolved_at);
        cw_bind_text(bind, entry->reason);
}

static int write_alert(struct writing *writing, const struct cw_alert_row *row)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf entry = CW_BUF_NULL;
        cw_cleanup(cw_buf_deinit) struct cw_buf firings = CW_BUF_NULL;
        struct cw_bind bind;
        int r = begin_row(writing, CW_SQL_ALERT_PUT, &bind);

        if (r < 0)
                return r;
        if (row->entry)
                cw_entry_pack(row->entry, &entry);
        cw_times_pack(row->fired_at, row->n_fired_at, &firings);
        r = cw_buf_error(&entry) < 0 ? cw_buf_error(&entry) : cw_buf_error(&firings);
        if (r < 0)
                return r;
        cw_bind_hex64(&bind, row->fingerprint);
        cw_bind_text(&bind, row->rule);
        cw_bind_text(&bind, row->source);
        cw_bind_i64(&bind, row->customer);
        cw_bind_i64(&bind, row->card);
        cw_bind_i64(&bind, row->state);
        cw_bind_i64(&bind, row->episode);
        cw_bind_i64(&bind, row->edge);
        bind_entry_columns(&bind, row->entry);
        cw_bind_blob(&bind, entry.data, entry.len);
        cw_bind_i64(&bind, row->baseline);
        cw_bind_i64(&bind, row->flapping);
        cw_bind_i64(&bind, row->since_at);
        cw_bind_i64(&bind, row->clear_at);
        cw_bind_i64(&bind, row->moved_at);
        cw_bind_i64(&bind, row->insist_edge);
        cw_bind_blob(&bind, firings.data, firings.len);
        cw_bind_text(&bind, row->acked_by);
        cw_bind_i64(&bind, row->acked_until_at);
        cw_bind_i64(&bind, row->told_at);
        cw_bind_i64(&bind, row->escalated_ms);
        return end_row(writing, &bind);
}

static int drop_alert(struct writing *writing, const struct cw_alert_row *row)
{
        struct cw_bind bind;
        int r = begin_row(writing, CW_SQL_ALERT_DROP, &bind);

        if (r < 0)
                return r;
        cw_bind_hex64(&bind, row->fingerprint);
        return end_row(writing, &bind);
}

static int write_alerts(struct writing *writing)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < writing->changes->alerts.n; i++) {
                const struct cw_alert_row *row = &writing->changes->alerts.rows[i];

                r = row->gone ? drop_alert(writing, row) : write_alert(writing, row);
        }
        return r;
}

static int write_ledger_row(struct writing *writing, const struct cw_ledger_row *row)
{
        struct cw_bind bind;
        int r = begin_row(writing, row->gone ? CW_SQL_LEDGER_DROP : CW_SQL_LEDGER_PUT, &bind);

        if (r < 0)
                return r;
        cw_bind_text(&bind, row->notifier);
        cw_bind_hex64(&bind, row->fingerprint);
        if (!row->gone) {
                cw_bind_i64(&bind, row->edge);
                cw_bind_i64(&bind, row->state);
                cw_bind_i64(&bind, row->severity);
                cw_bind_i64(&bind, row->accepted);
        }
        return end_row(writing, &bind);
}

static int write_ledger(struct writing *writing)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < writing->changes->ledger.n; i++)
                r = write_ledger_row(writing, &writing->changes->ledger.rows[i]);
        return r;
}

static int write_group(struct writing *writing, const struct cw_group_row *row)
{
        struct cw_bind bind;
        int r = begin_row(writing, row->gone ? CW_SQL_GROUP_DROP : CW_SQL_GROUP_PUT, &bind);

        if (r < 0)
                return r;
        cw_bind_text(&bind, row->notifier);
        cw_bind_text(&bind, row->key);
        if (!row->gone) {
                cw_bind_i64(&bind, row->begun_at);
                cw_bind_i64(&bind, row->told_at);
                cw_bind_i64(&bind, row->due_at);
                cw_bind_i64(&bind, row->repeat);
                cw_bind_text(&bind, row->thread);
        }
        return end_row(writing, &bind);
}

static int write_groups(struct writing *writing)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < writing->changes->groups.n; i++)
                r = write_group(writing, &writing->changes->groups.rows[i]);
        return r;
}

/* Most messages come and go between two times of settling, and never were in the table. */
static int drop_intent(struct writing *writing, const struct cw_intent_row *row)
{
        struct cw_bind bind;
        int r;

        if ((int64_t)row->sequence > writing->store->outbox_top)
                return 0;
        r = begin_row(writing, CW_SQL_OUTBOX_DROP, &bind);
        if (r < 0)
                return r;
        cw_bind_i64(&bind, (int64_t)row->sequence);
        return end_row(writing, &bind);
}

/* What was delivered leaves the outbox, and only the fact stays. */
static int record_delivery(struct writing *writing, const struct cw_intent_row *row)
{
        struct cw_bind bind;
        int r = drop_intent(writing, row);

        if (r == 0)
                r = begin_row(writing, CW_SQL_DELIVERED_PUT, &bind);
        if (r < 0)
                return r;
        cw_bind_i64(&bind, (int64_t)row->sequence);
        cw_bind_text(&bind, row->id);
        cw_bind_text(&bind, row->notifier);
        cw_bind_i64(&bind, row->kind);
        cw_bind_i64(&bind, row->attempts);
        cw_bind_i64(&bind, row->queued_at);
        cw_bind_i64(&bind, row->delivered_at ? row->delivered_at : writing->at);
        return end_row(writing, &bind);
}

static enum cw_severity worst_in(const struct cw_intent_row *row)
{
        enum cw_severity worst = CW_SEVERITY_NONE;

        for (size_t i = 0; i < row->n_items; i++)
                if (worst < row->items[i].entry->severity)
                        worst = row->items[i].entry->severity;
        return worst;
}

static int put_intent(struct writing *writing, const struct cw_intent_row *row)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf items = CW_BUF_NULL;
        struct cw_bind bind;
        int r = begin_row(writing, CW_SQL_OUTBOX_PUT, &bind);

        if (r < 0)
                return r;
        if (writing->store->outbox_top < (int64_t)row->sequence)
                writing->store->outbox_top = (int64_t)row->sequence;
        cw_items_pack(row->items, row->n_items, &items);
        r = cw_buf_error(&items);
        if (r < 0)
                return r;
        cw_bind_i64(&bind, (int64_t)row->sequence);
        cw_bind_text(&bind, row->id);
        cw_bind_text(&bind, row->notifier);
        cw_bind_text(&bind, row->groups);
        cw_bind_i64(&bind, row->kind);
        cw_bind_i64(&bind, row->state);
        cw_bind_i64(&bind, row->baseline);
        cw_bind_i64(&bind, row->opens_thread);
        cw_bind_i64(&bind, row->repeat);
        cw_bind_i64(&bind, row->queued_at);
        cw_bind_i64(&bind, row->next_at);
        cw_bind_i64(&bind, row->failing_since_at);
        cw_bind_i64(&bind, row->attempts);
        cw_bind_text(&bind, row->error);
        cw_bind_blob(&bind, items.data, items.len);
        cw_bind_blob(&bind, row->payload, row->payload_len);
        cw_bind_i64(&bind, row->trouble.kind);
        cw_bind_i64(&bind, row->trouble.released);
        cw_bind_i64(&bind, row->trouble.era);
        cw_bind_i64(&bind, row->trouble.round);
        cw_bind_i64(&bind, (int64_t)worst_in(row));
        cw_bind_blob(&bind, row->digest, row->digest_len);
        cw_bind_blob(&bind, row->counted, row->counted_len);
        return end_row(writing, &bind);
}

static int write_intents(struct writing *writing)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < writing->changes->intents.n; i++) {
                const struct cw_intent_row *row = &writing->changes->intents.rows[i];

                if (row->gone)
                        r = drop_intent(writing, row);
                else if (row->state == CW_INTENT_DELIVERED)
                        r = record_delivery(writing, row);
                else
                        r = put_intent(writing, row);
        }
        return r;
}

static int write_rules(struct writing *writing)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < writing->changes->rules.n; i++) {
                const struct cw_rule_row *row = &writing->changes->rules.rows[i];
                struct cw_bind bind;

                r = begin_row(writing, row->gone ? CW_SQL_RULE_DROP : CW_SQL_RULE_PUT, &bind);
                if (r < 0)
                        return r;
                cw_bind_text(&bind, row->name);
                if (!row->gone)
                        cw_bind_hex64(&bind, row->meaning);
                r = end_row(writing, &bind);
        }
        return r;
}

static int write_digests(struct writing *writing)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < writing->changes->digests.n; i++) {
                const struct cw_digest_row *row = &writing->changes->digests.rows[i];
                struct cw_bind bind;

                r = begin_row(writing, row->gone ? CW_SQL_DIGEST_DROP : CW_SQL_DIGEST_PUT, &bind);
                if (r < 0)
                        return r;
                cw_bind_text(&bind, row->name);
                if (!row->gone) {
                        cw_bind_hex64(&bind, row->meaning);
                        cw_bind_i64(&bind, row->slot_at);
                        cw_bind_i64(&bind, row->since_at);
                }
                r = end_row(writing, &bind);
        }
        return r;
}

static int write_happening(struct writing *writing, const struct cw_happening_row *row)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf entry = CW_BUF_NULL;
        struct cw_bind bind;
        int r = begin_row(writing, row->gone ? CW_SQL_HAPPENING_DROP : CW_SQL_HAPPENING_PUT, &bind);

        if (r < 0)
                return r;
        if (row->entry)
                cw_entry_pack(row->entry, &entry);
        if (cw_buf_error(&entry) < 0)
                return cw_buf_error(&entry);
        cw_bind_text(&bind, row->digest);
        cw_bind_hex64(&bind, row->fingerprint);
        if (!row->gone) {
                cw_bind_text(&bind, row->rule);
                cw_bind_text(&bind, row->source);
                cw_bind_i64(&bind, row->customer);
                cw_bind_i64(&bind, row->has_card);
                cw_bind_text(&bind, row->currency);
                cw_bind_i64(&bind, row->fired);
                cw_bind_i64(&bind, row->ended);
                cw_bind_i64(&bind, row->events);
                cw_bind_i64(&bind, row->edge);
                cw_bind_blob(&bind, entry.data, entry.len);
        }
        return end_row(writing, &bind);
}

static int write_happenings(struct writing *writing)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < writing->changes->happenings.n; i++)
                r = write_happening(writing, &writing->changes->happenings.rows[i]);
        return r;
}

static int write_history(struct writing *writing)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < writing->changes->history.n; i++) {
                const struct cw_history_row *row = &writing->changes->history.rows[i];
                struct cw_bind bind;

                r = begin_row(writing, CW_SQL_HISTORY_ADD, &bind);
                if (r < 0)
                        return r;
                cw_bind_i64(&bind, row->at);
                cw_bind_hex64(&bind, row->fingerprint);
                cw_bind_text(&bind, row->rule);
                cw_bind_text(&bind, row->source);
                cw_bind_i64(&bind, row->customer);
                cw_bind_i64(&bind, row->card);
                cw_bind_i64(&bind, row->edge);
                cw_bind_text(&bind, row->what);
                cw_bind_text(&bind, row->reason);
                cw_bind_text(&bind, cw_severity_name(row->severity));
                cw_bind_text(&bind, row->detail);
                cw_bind_text(&bind, row->notifier);
                cw_bind_text(&bind, row->message);
                r = end_row(writing, &bind);
        }
        return r;
}

static int write_silence(struct writing *writing, const struct cw_silence_row *row)
{
        struct cw_bind bind;
        int r = begin_row(writing, row->gone ? CW_SQL_SILENCE_DROP : CW_SQL_SILENCE_PUT, &bind);

        if (r < 0)
                return r;
        cw_bind_text(&bind, row->id);
        if (!row->gone) {
                cw_bind_text(&bind, row->match);
                cw_bind_text(&bind, row->by);
                cw_bind_text(&bind, row->why);
                cw_bind_i64(&bind, row->made_at);
                cw_bind_i64(&bind, row->until_at);
        }
        return end_row(writing, &bind);
}

static int write_silences(struct writing *writing)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < writing->changes->silences.n; i++)
                r = write_silence(writing, &writing->changes->silences.rows[i]);
        return r;
}

static int write_receiver(struct writing *writing, const struct cw_receiver_row *row)
{
        struct cw_bind bind;
        int r = begin_row(writing, row->gone ? CW_SQL_RECEIVER_DROP : CW_SQL_RECEIVER_PUT, &bind);

        if (r < 0)
                return r;
        cw_bind_text(&bind, row->notifier);
        if (!row->gone) {
                cw_bind_i64(&bind, row->failing);
                cw_bind_i64(&bind, row->failing_since_at);
                cw_bind_i64(&bind, row->failed_at);
                cw_bind_i64(&bind, row->next_at);
                cw_bind_i64(&bind, row->token_at);
                cw_bind_i64(&bind, row->probes);
                cw_bind_i64(&bind, row->n_failed);
                cw_bind_i64(&bind, row->era);
                cw_bind_i64(&bind, row->round);
                cw_bind_i64(&bind, row->unreachable);
        }
        return end_row(writing, &bind);
}

static int write_receivers(struct writing *writing)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < writing->changes->receivers.n; i++)
                r = write_receiver(writing, &writing->changes->receivers.rows[i]);
        return r;
}

static int write_audit(struct writing *writing)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < writing->changes->audit.n; i++) {
                const struct cw_audit_row *row = &writing->changes->audit.rows[i];
                struct cw_bind bind;

                r = begin_row(writing, CW_SQL_AUDIT_ADD, &bind);
                if (r < 0)
                        return r;
                cw_bind_i64(&bind, row->at);
                cw_bind_text(&bind, row->by ? row->by : "");
                cw_bind_i64(&bind, row->uid);
                cw_bind_text(&bind, row->what);
                cw_bind_text(&bind, row->target ? row->target : "");
                cw_bind_text(&bind, row->why ? row->why : "");
                r = end_row(writing, &bind);
        }
        return r;
}

static int (*const steps[])(struct writing *writing) = {
        write_sources, write_alerts,     write_ledger,  write_groups,   write_intents, write_rules,
        write_digests, write_happenings, write_history, write_silences, write_audit,   write_receivers,
};

int cw_tables_write(struct cw_store *store, const struct cw_changes *changes, int64_t at, struct cw_buf *message)
{
        struct writing writing = {.store = store, .changes = changes, .at = at, .message = message};
        int r = 0;

        for (size_t i = 0; r == 0 && i < CW_ARRAY_SIZE(steps); i++)
                r = steps[i](&writing);
        return r;
}
