/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a walk over lists, and of each list runs of rows that are written alike: one statement takes a run. What is
 * dropped, which is little, is dropped row by row.
 */
#include "tables.h"

#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "db.h"
#include "given.h"
#include "items.h"
#include "row.h"
#include "times.h"

/* SQLite keeps a copy of each page that a statement changes until the statement is over. */
#define RUN_MOST 64

/* Rows on their way. */
struct writing {
        struct cw_store *store;
        const struct cw_changes *changes;
        int64_t at;
        struct cw_buf packed, more; /* of the row at hand */
        struct cw_buf *message;
};

static void writing_deinit(struct writing *writing)
{
        cw_buf_deinit(&writing->packed);
        cw_buf_deinit(&writing->more);
}

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

/* A list: how its rows are put, and how those that are gone are dropped. */
struct list {
        size_t n;
        enum cw_sql put;
        cw_given_fn give;
        bool (*is_gone)(const struct writing *writing, size_t i); /* NULL: none is */
        int (*drop)(struct writing *writing, size_t i);
};

static bool is_gone(const struct writing *writing, const struct list *list, size_t i)
{
        return list->is_gone && list->is_gone(writing, i);
}

static int write_list(struct writing *writing, const struct list *list)
{
        size_t i = 0;
        int r = 0;

        while (r == 0 && i < list->n) {
                size_t from = i;

                while (i < list->n && i - from < RUN_MOST && !is_gone(writing, list, i))
                        i++;
                if (i > from)
                        r = cw_given_write(writing->store, list->put, from, i, list->give, writing, writing->message);
                for (; r == 0 && i < list->n && is_gone(writing, list, i); i++)
                        r = list->drop(writing, i);
        }
        return r;
}

/* Of what is packed nothing is NULL. */
static void give_packed(struct cw_given *given, const struct cw_buf *buf)
{
        cw_given_blob(given, buf->len > 0 ? buf->data : NULL, buf->len);
}

/* One that cannot be missing. */
static void give_some_text(struct cw_given *given, const char *text)
{
        cw_given_text(given, text ? text : "");
}

/* What stands elsewhere. */
static int pass_over(struct writing *writing, size_t i)
{
        (void)writing;
        (void)i;
        return 0;
}

static int give_source(void *data, size_t i, struct cw_given *given)
{
        const struct writing *writing = data;
        const struct cw_source_row *row = &writing->changes->sources.rows[i];

        cw_given_text(given, row->source);
        cw_given_i64(given, row->baseline_done);
        cw_given_i64(given, row->first_poll_at);
        cw_given_i64(given, row->last_poll_at);
        cw_given_i64(given, row->last_complete_at);
        cw_given_i64(given, row->poll_ms);
        cw_given_i64(given, row->failed_polls);
        cw_given_i64(given, row->blocked_until_at);
        cw_given_i64(given, row->otp_step);
        cw_given_i64(given, row->suspicion);
        give_some_text(given, row->lack);
        return 0;
}

static bool is_source_removed(const struct writing *writing, size_t i)
{
        return writing->changes->sources.rows[i].removed;
}

/* For people with sqlite3; what counts is the packed entry. */
static void give_entry_columns(struct cw_given *given, const struct cw_entry *entry)
{
        if (!entry) {
                cw_given_nulls(given, 9);
                return;
        }
        cw_given_text(given, cw_severity_name(entry->severity));
        if (entry->has_card) {
                cw_given_text(given, entry->card.currency);
                cw_given_i64(given, entry->card.available);
                cw_given_i64(given, entry->card.pending);
                cw_given_i64(given, entry->card.total);
        } else {
                cw_given_nulls(given, 4);
        }
        cw_given_i64(given, entry->started_at);
        cw_given_i64(given, entry->fired_at);
        cw_given_i64(given, entry->resolved_at);
        cw_given_text(given, entry->reason);
}

static int give_alert(void *data, size_t i, struct cw_given *given)
{
        struct writing *writing = data;
        const struct cw_alert_row *row = &writing->changes->alerts.rows[i];
        struct cw_buf *entry = &writing->packed, *firings = &writing->more;

        cw_buf_clear(entry);
        cw_buf_clear(firings);
        if (row->entry)
                cw_entry_pack(row->entry, entry);
        cw_times_pack(row->fired_at, row->n_fired_at, firings);
        cw_given_hex64(given, row->fingerprint);
        cw_given_text(given, row->rule);
        cw_given_text(given, row->source);
        cw_given_i64(given, row->customer);
        cw_given_i64(given, row->card);
        cw_given_i64(given, row->state);
        cw_given_i64(given, row->episode);
        cw_given_i64(given, row->edge);
        give_entry_columns(given, row->entry);
        give_packed(given, entry);
        cw_given_i64(given, row->baseline);
        cw_given_i64(given, row->flapping);
        cw_given_i64(given, row->since_at);
        cw_given_i64(given, row->clear_at);
        cw_given_i64(given, row->moved_at);
        cw_given_i64(given, row->insist_edge);
        give_packed(given, firings);
        cw_given_text(given, row->acked_by);
        cw_given_i64(given, row->acked_until_at);
        cw_given_i64(given, row->told_at);
        cw_given_i64(given, row->escalated_ms);
        return cw_buf_error(entry) < 0 ? cw_buf_error(entry) : cw_buf_error(firings);
}

static bool is_alert_gone(const struct writing *writing, size_t i)
{
        return writing->changes->alerts.rows[i].gone;
}

static int drop_alert(struct writing *writing, size_t i)
{
        const struct cw_alert_row *row = &writing->changes->alerts.rows[i];
        struct cw_bind bind;
        int r = begin_row(writing, CW_SQL_ALERT_DROP, &bind);

        if (r < 0)
                return r;
        cw_bind_hex64(&bind, row->fingerprint);
        return end_row(writing, &bind);
}

static int give_ledger(void *data, size_t i, struct cw_given *given)
{
        const struct writing *writing = data;
        const struct cw_ledger_row *row = &writing->changes->ledger.rows[i];

        cw_given_text(given, row->notifier);
        cw_given_hex64(given, row->fingerprint);
        cw_given_i64(given, row->edge);
        cw_given_i64(given, row->state);
        cw_given_i64(given, row->severity);
        cw_given_i64(given, row->accepted);
        return 0;
}

static bool is_ledger_gone(const struct writing *writing, size_t i)
{
        return writing->changes->ledger.rows[i].gone;
}

static int drop_ledger(struct writing *writing, size_t i)
{
        const struct cw_ledger_row *row = &writing->changes->ledger.rows[i];
        struct cw_bind bind;
        int r = begin_row(writing, CW_SQL_LEDGER_DROP, &bind);

        if (r < 0)
                return r;
        cw_bind_text(&bind, row->notifier);
        cw_bind_hex64(&bind, row->fingerprint);
        return end_row(writing, &bind);
}

static int give_group(void *data, size_t i, struct cw_given *given)
{
        const struct writing *writing = data;
        const struct cw_group_row *row = &writing->changes->groups.rows[i];

        cw_given_text(given, row->notifier);
        cw_given_text(given, row->key);
        cw_given_i64(given, row->begun_at);
        cw_given_i64(given, row->told_at);
        cw_given_i64(given, row->due_at);
        cw_given_i64(given, row->repeat);
        cw_given_text(given, row->thread);
        return 0;
}

static bool is_group_gone(const struct writing *writing, size_t i)
{
        return writing->changes->groups.rows[i].gone;
}

static int drop_group(struct writing *writing, size_t i)
{
        const struct cw_group_row *row = &writing->changes->groups.rows[i];
        struct cw_bind bind;
        int r = begin_row(writing, CW_SQL_GROUP_DROP, &bind);

        if (r < 0)
                return r;
        cw_bind_text(&bind, row->notifier);
        cw_bind_text(&bind, row->key);
        return end_row(writing, &bind);
}

/* Most messages come and go between two times of settling, and never were in the table. */
static int drop_letter(struct writing *writing, const struct cw_intent_row *row)
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

static enum cw_severity worst_in(const struct cw_intent_row *row)
{
        enum cw_severity worst = CW_SEVERITY_NONE;

        for (size_t i = 0; i < row->n_items; i++)
                if (worst < row->items[i].entry->severity)
                        worst = row->items[i].entry->severity;
        return worst;
}

static int give_letter(void *data, size_t i, struct cw_given *given)
{
        struct writing *writing = data;
        const struct cw_intent_row *row = &writing->changes->intents.rows[i];
        struct cw_buf *items = &writing->packed;

        if (writing->store->outbox_top < (int64_t)row->sequence)
                writing->store->outbox_top = (int64_t)row->sequence;
        cw_buf_clear(items);
        cw_items_pack(row->items, row->n_items, items);
        cw_given_i64(given, (int64_t)row->sequence);
        cw_given_text(given, row->id);
        cw_given_text(given, row->notifier);
        cw_given_text(given, row->groups);
        cw_given_i64(given, row->kind);
        cw_given_i64(given, row->state);
        cw_given_i64(given, row->baseline);
        cw_given_i64(given, row->opens_thread);
        cw_given_i64(given, row->repeat);
        cw_given_i64(given, row->queued_at);
        cw_given_i64(given, row->next_at);
        cw_given_i64(given, row->failing_since_at);
        cw_given_i64(given, row->attempts);
        cw_given_text(given, row->error);
        give_packed(given, items);
        cw_given_blob(given, row->payload, row->payload_len);
        cw_given_i64(given, row->trouble.kind);
        cw_given_i64(given, row->trouble.released);
        cw_given_i64(given, row->trouble.era);
        cw_given_i64(given, row->trouble.round);
        cw_given_i64(given, (int64_t)worst_in(row));
        cw_given_blob(given, row->digest, row->digest_len);
        cw_given_blob(given, row->counted, row->counted_len);
        return cw_buf_error(items);
}

static int give_delivery(void *data, size_t i, struct cw_given *given)
{
        const struct writing *writing = data;
        const struct cw_intent_row *row = &writing->changes->intents.rows[i];

        cw_given_i64(given, (int64_t)row->sequence);
        cw_given_text(given, row->id);
        cw_given_text(given, row->notifier);
        cw_given_i64(given, row->kind);
        cw_given_i64(given, row->attempts);
        cw_given_i64(given, row->queued_at);
        cw_given_i64(given, row->delivered_at ? row->delivered_at : writing->at);
        return 0;
}

static bool is_delivered(const struct cw_intent_row *row)
{
        return !row->gone && row->state == CW_INTENT_DELIVERED;
}

static bool is_letter_gone(const struct writing *writing, size_t i)
{
        const struct cw_intent_row *row = &writing->changes->intents.rows[i];

        return row->gone || is_delivered(row);
}

static int drop_gone_letter(struct writing *writing, size_t i)
{
        return drop_letter(writing, &writing->changes->intents.rows[i]);
}

static bool is_no_delivery(const struct writing *writing, size_t i)
{
        return !is_delivered(&writing->changes->intents.rows[i]);
}

static int give_rule(void *data, size_t i, struct cw_given *given)
{
        const struct writing *writing = data;
        const struct cw_rule_row *row = &writing->changes->rules.rows[i];

        cw_given_text(given, row->name);
        cw_given_hex64(given, row->meaning);
        return 0;
}

static bool is_rule_gone(const struct writing *writing, size_t i)
{
        return writing->changes->rules.rows[i].gone;
}

static int drop_rule(struct writing *writing, size_t i)
{
        const struct cw_rule_row *row = &writing->changes->rules.rows[i];
        struct cw_bind bind;
        int r = begin_row(writing, CW_SQL_RULE_DROP, &bind);

        if (r < 0)
                return r;
        cw_bind_text(&bind, row->name);
        return end_row(writing, &bind);
}

static int give_digest(void *data, size_t i, struct cw_given *given)
{
        const struct writing *writing = data;
        const struct cw_digest_row *row = &writing->changes->digests.rows[i];

        cw_given_text(given, row->name);
        cw_given_hex64(given, row->meaning);
        cw_given_i64(given, row->slot_at);
        cw_given_i64(given, row->since_at);
        return 0;
}

static bool is_digest_gone(const struct writing *writing, size_t i)
{
        return writing->changes->digests.rows[i].gone;
}

static int drop_digest(struct writing *writing, size_t i)
{
        const struct cw_digest_row *row = &writing->changes->digests.rows[i];
        struct cw_bind bind;
        int r = begin_row(writing, CW_SQL_DIGEST_DROP, &bind);

        if (r < 0)
                return r;
        cw_bind_text(&bind, row->name);
        return end_row(writing, &bind);
}

static int give_happening(void *data, size_t i, struct cw_given *given)
{
        struct writing *writing = data;
        const struct cw_happening_row *row = &writing->changes->happenings.rows[i];
        struct cw_buf *entry = &writing->packed;

        cw_buf_clear(entry);
        if (row->entry)
                cw_entry_pack(row->entry, entry);
        cw_given_text(given, row->digest);
        cw_given_hex64(given, row->fingerprint);
        cw_given_text(given, row->rule);
        cw_given_text(given, row->source);
        cw_given_i64(given, row->customer);
        cw_given_i64(given, row->has_card);
        cw_given_text(given, row->currency);
        cw_given_i64(given, row->fired);
        cw_given_i64(given, row->ended);
        cw_given_i64(given, row->events);
        cw_given_i64(given, row->edge);
        give_packed(given, entry);
        return cw_buf_error(entry);
}

static bool is_happening_gone(const struct writing *writing, size_t i)
{
        return writing->changes->happenings.rows[i].gone;
}

static int drop_happening(struct writing *writing, size_t i)
{
        const struct cw_happening_row *row = &writing->changes->happenings.rows[i];
        struct cw_bind bind;
        int r = begin_row(writing, CW_SQL_HAPPENING_DROP, &bind);

        if (r < 0)
                return r;
        cw_bind_text(&bind, row->digest);
        cw_bind_hex64(&bind, row->fingerprint);
        return end_row(writing, &bind);
}

static int give_history(void *data, size_t i, struct cw_given *given)
{
        const struct writing *writing = data;
        const struct cw_history_row *row = &writing->changes->history.rows[i];

        cw_given_i64(given, row->at);
        cw_given_hex64(given, row->fingerprint);
        cw_given_text(given, row->rule);
        cw_given_text(given, row->source);
        cw_given_i64(given, row->customer);
        cw_given_i64(given, row->card);
        cw_given_i64(given, row->edge);
        cw_given_text(given, row->what);
        cw_given_text(given, row->reason);
        cw_given_text(given, cw_severity_name(row->severity));
        cw_given_text(given, row->detail);
        cw_given_text(given, row->notifier);
        cw_given_text(given, row->message);
        return 0;
}

static int give_silence(void *data, size_t i, struct cw_given *given)
{
        const struct writing *writing = data;
        const struct cw_silence_row *row = &writing->changes->silences.rows[i];

        cw_given_text(given, row->id);
        give_some_text(given, row->match);
        give_some_text(given, row->by);
        give_some_text(given, row->why);
        cw_given_i64(given, row->made_at);
        cw_given_i64(given, row->until_at);
        return 0;
}

static bool is_silence_gone(const struct writing *writing, size_t i)
{
        return writing->changes->silences.rows[i].gone;
}

static int drop_silence(struct writing *writing, size_t i)
{
        const struct cw_silence_row *row = &writing->changes->silences.rows[i];
        struct cw_bind bind;
        int r = begin_row(writing, CW_SQL_SILENCE_DROP, &bind);

        if (r < 0)
                return r;
        cw_bind_text(&bind, row->id);
        return end_row(writing, &bind);
}

static int give_receiver(void *data, size_t i, struct cw_given *given)
{
        const struct writing *writing = data;
        const struct cw_receiver_row *row = &writing->changes->receivers.rows[i];

        cw_given_text(given, row->notifier);
        cw_given_i64(given, row->failing);
        cw_given_i64(given, row->failing_since_at);
        cw_given_i64(given, row->failed_at);
        cw_given_i64(given, row->next_at);
        cw_given_i64(given, row->token_at);
        cw_given_i64(given, row->probes);
        cw_given_i64(given, row->n_failed);
        cw_given_i64(given, row->era);
        cw_given_i64(given, row->round);
        cw_given_i64(given, row->unreachable);
        return 0;
}

static bool is_receiver_gone(const struct writing *writing, size_t i)
{
        return writing->changes->receivers.rows[i].gone;
}

static int drop_receiver(struct writing *writing, size_t i)
{
        const struct cw_receiver_row *row = &writing->changes->receivers.rows[i];
        struct cw_bind bind;
        int r = begin_row(writing, CW_SQL_RECEIVER_DROP, &bind);

        if (r < 0)
                return r;
        cw_bind_text(&bind, row->notifier);
        return end_row(writing, &bind);
}

static int give_audit(void *data, size_t i, struct cw_given *given)
{
        const struct writing *writing = data;
        const struct cw_audit_row *row = &writing->changes->audit.rows[i];

        cw_given_i64(given, row->at);
        give_some_text(given, row->by);
        cw_given_i64(given, row->uid);
        cw_given_text(given, row->what);
        give_some_text(given, row->target);
        give_some_text(given, row->why);
        return 0;
}

int cw_tables_write(struct cw_store *store, const struct cw_changes *changes, int64_t at, struct cw_buf *message)
{
        cw_cleanup(writing_deinit) struct writing writing = {
                .store = store, .changes = changes, .at = at, .message = message};
        const struct list lists[] = {
                /* Whoever commits has removed those that are. */
                {changes->sources.n, CW_SQL_SOURCE_PUT, give_source, is_source_removed, pass_over},
                {changes->alerts.n, CW_SQL_ALERT_PUT, give_alert, is_alert_gone, drop_alert},
                {changes->ledger.n, CW_SQL_LEDGER_PUT, give_ledger, is_ledger_gone, drop_ledger},
                {changes->groups.n, CW_SQL_GROUP_PUT, give_group, is_group_gone, drop_group},
                {changes->intents.n, CW_SQL_OUTBOX_PUT, give_letter, is_letter_gone, drop_gone_letter},
                /* What was delivered leaves the outbox, and only the fact stays. */
                {changes->intents.n, CW_SQL_DELIVERED_PUT, give_delivery, is_no_delivery, pass_over},
                {changes->rules.n, CW_SQL_RULE_PUT, give_rule, is_rule_gone, drop_rule},
                {changes->digests.n, CW_SQL_DIGEST_PUT, give_digest, is_digest_gone, drop_digest},
                {changes->happenings.n, CW_SQL_HAPPENING_PUT, give_happening, is_happening_gone, drop_happening},
                {changes->history.n, CW_SQL_HISTORY_ADD, give_history, NULL, NULL},
                {changes->silences.n, CW_SQL_SILENCE_PUT, give_silence, is_silence_gone, drop_silence},
                {changes->audit.n, CW_SQL_AUDIT_ADD, give_audit, NULL, NULL},
                {changes->receivers.n, CW_SQL_RECEIVER_PUT, give_receiver, is_receiver_gone, drop_receiver},
        };
        int r = 0;

        for (size_t i = 0; r == 0 && i < CW_ARRAY_SIZE(lists); i++)
                r = write_list(&writing, &lists[i]);
        return r;
}
