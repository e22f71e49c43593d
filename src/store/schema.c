/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: what an operator may ask about with sqlite3 stands in columns of its own (amounts count 10^-6 of the currency's
 * unit, times are milliseconds since 1970, fingerprints are written as messages show them); what only we read back is
 * packed.
 */
#include "schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "cardwatch/cleanup.h"
#include "db.h"

/* "CWst", in the file's header: `file` and we tell it from other databases. */
#define APPLICATION_ID INT64_C(0x43577374)

static const char version_1[] =
        /* One row: the last commit, and under which lease and configuration it was made. */
        "CREATE TABLE commit_state ("
        " id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL, at INTEGER NOT NULL,"
        " epoch INTEGER NOT NULL, config INTEGER NOT NULL);"
        "INSERT INTO commit_state VALUES (1, 0, 0, 1, 0);"

        "CREATE TABLE source ("
        " name TEXT PRIMARY KEY, baseline_done INTEGER NOT NULL, first_poll_at INTEGER NOT NULL,"
        " last_poll_at INTEGER NOT NULL, last_complete_at INTEGER NOT NULL, poll_ms INTEGER NOT NULL,"
        " failed_polls INTEGER NOT NULL) WITHOUT ROWID;"

        /* Changes of cards as they were observed: the truth. `part` counts what one commit was cut into. */
        "CREATE TABLE journal ("
        " source TEXT NOT NULL, sequence INTEGER NOT NULL, part INTEGER NOT NULL, at INTEGER NOT NULL,"
        " epoch INTEGER NOT NULL, config INTEGER NOT NULL, changed INTEGER NOT NULL, cards BLOB NOT NULL,"
        " PRIMARY KEY (source, sequence, part));"

        /* All cards as they were after commit `sequence`; `journal_changes` counts what came later. */
        "CREATE TABLE checkpoint ("
        " source TEXT PRIMARY KEY, sequence INTEGER NOT NULL, chunks INTEGER NOT NULL, cards INTEGER NOT NULL,"
        " journal_changes INTEGER NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE checkpoint_chunk ("
        " source TEXT NOT NULL, sequence INTEGER NOT NULL, chunk INTEGER NOT NULL, n_cards INTEGER NOT NULL,"
        " cards BLOB NOT NULL, PRIMARY KEY (source, sequence, chunk));"

        "CREATE TABLE alert ("
        " fingerprint TEXT PRIMARY KEY, rule TEXT NOT NULL, source TEXT NOT NULL, customer INTEGER NOT NULL,"
        " card INTEGER NOT NULL, state INTEGER NOT NULL, episode INTEGER NOT NULL, edge INTEGER NOT NULL,"
        " severity TEXT, currency TEXT, available INTEGER, pending INTEGER, total INTEGER, started_at INTEGER,"
        " fired_at INTEGER, resolved_at INTEGER, reason TEXT, entry BLOB) WITHOUT ROWID;"
        "CREATE TABLE ledger ("
        " notifier TEXT NOT NULL, fingerprint TEXT NOT NULL, edge INTEGER NOT NULL, state INTEGER NOT NULL,"
        " severity INTEGER NOT NULL, accepted INTEGER NOT NULL, PRIMARY KEY (notifier, fingerprint)) WITHOUT ROWID;"
        "CREATE TABLE alert_group ("
        " notifier TEXT NOT NULL, key TEXT NOT NULL, begun_at INTEGER NOT NULL, told_at INTEGER NOT NULL,"
        " due_at INTEGER NOT NULL, repeat INTEGER NOT NULL, PRIMARY KEY (notifier, key)) WITHOUT ROWID;"

        /* What is still to be delivered and what could not be; the record of what was. */
        "CREATE TABLE outbox ("
        " sequence INTEGER PRIMARY KEY, id TEXT NOT NULL, notifier TEXT NOT NULL, groups TEXT, kind INTEGER NOT NULL,"
        " state INTEGER NOT NULL, baseline INTEGER NOT NULL, opens_thread INTEGER NOT NULL, repeat INTEGER NOT NULL,"
        " queued_at INTEGER NOT NULL, next_at INTEGER NOT NULL, failing_since_at INTEGER NOT NULL,"
        " attempts INTEGER NOT NULL, error TEXT, items BLOB NOT NULL, payload BLOB);"
        "CREATE TABLE delivered ("
        " number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, notifier TEXT NOT NULL, kind INTEGER NOT NULL,"
        " attempts INTEGER NOT NULL, queued_at INTEGER NOT NULL, delivered_at INTEGER NOT NULL);"

        "CREATE TABLE rule (name TEXT PRIMARY KEY, meaning TEXT NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE alert_history ("
        " number INTEGER PRIMARY KEY, at INTEGER NOT NULL, fingerprint TEXT NOT NULL, rule TEXT NOT NULL,"
        " source TEXT NOT NULL, customer INTEGER NOT NULL, card INTEGER NOT NULL, edge INTEGER NOT NULL,"
        " what TEXT NOT NULL, reason TEXT);";

/* What a source knows of its log-in and of a list that was not believed. */
static const char version_2[] = "ALTER TABLE source ADD COLUMN blocked_until_at INTEGER NOT NULL DEFAULT 0;"
                                "ALTER TABLE source ADD COLUMN otp_step INTEGER NOT NULL DEFAULT 0;"
                                "ALTER TABLE source ADD COLUMN suspicion INTEGER NOT NULL DEFAULT 0;"
                                /* The message that opened the group's thread, "" before there was one. */
                                "ALTER TABLE alert_group ADD COLUMN thread TEXT NOT NULL DEFAULT '';";

/*
 * What happened to a card and to an alert, found by time. `journal_ids` says of a part of the journal which cards may
 * be in it (idset.h); a part without a row there has to be read to know.
 */
static const char version_3[] =
        "CREATE INDEX journal_time ON journal (at, sequence, part, source);"
        "CREATE TABLE journal_ids ("
        " sequence INTEGER NOT NULL, part INTEGER NOT NULL, ids BLOB NOT NULL, PRIMARY KEY (sequence, part))"
        " WITHOUT ROWID;"
        "CREATE TRIGGER journal_forgotten AFTER DELETE ON journal BEGIN"
        " DELETE FROM journal_ids WHERE sequence = old.sequence AND part = old.part; END;"

        "ALTER TABLE alert_history ADD COLUMN severity TEXT NOT NULL DEFAULT 'none';"
        "ALTER TABLE alert_history ADD COLUMN detail TEXT;"
        "ALTER TABLE alert_history ADD COLUMN notifier TEXT;"
        "ALTER TABLE alert_history ADD COLUMN message TEXT NOT NULL DEFAULT '';"
        "CREATE INDEX alert_history_time ON alert_history (at);"
        "CREATE INDEX alert_history_alert ON alert_history (fingerprint, at);"
        "CREATE INDEX alert_history_card ON alert_history (card, at);"

        /* `firings` is packed: the times of the last transitions to firing. */
        "ALTER TABLE alert ADD COLUMN baseline INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE alert ADD COLUMN flapping INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE alert ADD COLUMN since_at INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE alert ADD COLUMN clear_at INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE alert ADD COLUMN moved_at INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE alert ADD COLUMN insist_edge INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE alert ADD COLUMN firings BLOB;";

/* What operators did. `silence` holds those that last, `terms` separated by newlines; `audit` forgets after years only.
 */
static const char version_4[] =
        "CREATE TABLE silence ("
        " id TEXT PRIMARY KEY, terms TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, made_at INTEGER NOT NULL,"
        " until_at INTEGER NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE audit ("
        " number INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, uid INTEGER NOT NULL, what TEXT NOT NULL,"
        " target TEXT NOT NULL, why TEXT NOT NULL);"
        "CREATE INDEX audit_time ON audit (at);"
        "ALTER TABLE alert ADD COLUMN acked_by TEXT;"
        "ALTER TABLE alert ADD COLUMN acked_until_at INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE source ADD COLUMN lack TEXT NOT NULL DEFAULT '';";

/* The clock by which an alert that nobody looks after is escalated. */
static const char version_5[] = "ALTER TABLE alert ADD COLUMN told_at INTEGER NOT NULL DEFAULT 0;"
                                "ALTER TABLE alert ADD COLUMN escalated_ms INTEGER NOT NULL DEFAULT 0;";

/* What is known of receivers, and what a message remembers of its failures (receiver_row.h). */
static const char version_6[] =
        "CREATE TABLE receiver ("
        " notifier TEXT PRIMARY KEY, failing INTEGER NOT NULL, failing_since_at INTEGER NOT NULL,"
        " failed_at INTEGER NOT NULL, next_at INTEGER NOT NULL, token_at INTEGER NOT NULL, probes INTEGER NOT NULL,"
        " n_failed INTEGER NOT NULL, era INTEGER NOT NULL, round INTEGER NOT NULL, unreachable INTEGER NOT NULL)"
        " WITHOUT ROWID;"
        "ALTER TABLE outbox ADD COLUMN mishap INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE outbox ADD COLUMN released INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE outbox ADD COLUMN failed_era INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE outbox ADD COLUMN failed_round INTEGER NOT NULL DEFAULT 0;"
        /* What is given up first when there are too many dead letters; of those of before nothing is known. */
        "ALTER TABLE outbox ADD COLUMN severity INTEGER NOT NULL DEFAULT 0;"
        "CREATE INDEX outbox_id ON outbox (id);";

/* Digests: when each was told, what happened since, and what a message of one says beside its alerts (packed). */
static const char version_7[] =
        "CREATE TABLE digest ("
        " name TEXT PRIMARY KEY, meaning TEXT NOT NULL, slot_at INTEGER NOT NULL, since_at INTEGER NOT NULL)"
        " WITHOUT ROWID;"
        "CREATE TABLE happening ("
        " digest TEXT NOT NULL, fingerprint TEXT NOT NULL, rule TEXT NOT NULL, source TEXT NOT NULL,"
        " customer INTEGER NOT NULL, has_card INTEGER NOT NULL, currency TEXT NOT NULL, fired INTEGER NOT NULL,"
        " ended INTEGER NOT NULL, events INTEGER NOT NULL, edge INTEGER NOT NULL, entry BLOB,"
        " PRIMARY KEY (digest, fingerprint)) WITHOUT ROWID;"
        "ALTER TABLE outbox ADD COLUMN digest BLOB;";

/* Dead letters, those that are given up last in front. */
static const char version_8[] = "CREATE INDEX outbox_dead ON outbox (severity DESC, sequence DESC) WHERE state = 2;";

/* Events that a message only counts, because its receiver was not there for long (packed). */
static const char version_9[] = "ALTER TABLE outbox ADD COLUMN counted BLOB;";

/* What was committed and does not stand in its tables yet (change_log.h). */
static const char version_10[] =
        "CREATE TABLE change_log (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, changes BLOB NOT NULL);"
        /* Numbered as the outbox was, so that it is appended to; nobody looks for an id. */
        "ALTER TABLE delivered RENAME TO delivered_by_id;"
        "CREATE TABLE delivered ("
        " number INTEGER PRIMARY KEY, id TEXT NOT NULL, notifier TEXT NOT NULL, kind INTEGER NOT NULL,"
        " attempts INTEGER NOT NULL, queued_at INTEGER NOT NULL, delivered_at INTEGER NOT NULL);"
        "INSERT INTO delivered SELECT number, id, notifier, kind, attempts, queued_at, delivered_at"
        " FROM delivered_by_id;"
        "DROP TABLE delivered_by_id;"
        /* Whoever asks about an alert knows its card, and there it is found among few. */
        "DROP INDEX alert_history_alert;";

static const char *const migrations[] = {version_1, version_2, version_3, version_4, version_5,
                                         version_6, version_7, version_8, version_9, version_10};

#define VERSION ((int64_t)CW_ARRAY_SIZE(migrations))

int cw_schema_check(struct cw_store *store, struct cw_buf *message)
{
        int64_t id, version, tables;
        int r;

        r = cw_db_number(store, "PRAGMA application_id", &id, message);
        if (r == 0)
                r = cw_db_number(store, "PRAGMA user_version", &version, message);
        if (r == 0)
                r = cw_db_number(store, "SELECT count(*) FROM sqlite_schema", &tables, message);
        if (r < 0)
                return r;
        if (id == 0 && version == 0 && tables == 0)
                return CW_SCHEMA_EMPTY;
        if (id != APPLICATION_ID)
                return cw_db_fail(store, -EBADMSG, message, "is the database of another program");
        if (version > VERSION)
                return cw_db_fail(store, -EBADMSG, message,
                                  "is from a newer cardwatch (its version is %" PRId64 ", this program knows %" PRId64
                                  ")",
                                  version, VERSION);
        return version < VERSION ? CW_SCHEMA_OLD : 0;
}

static int migrate_to(struct cw_store *store, int64_t version, struct cw_buf *message)
{
        cw_cleanup(cw_transaction_deinit) struct cw_transaction transaction = CW_TRANSACTION_NULL;
        char mark[96];
        int r;

        snprintf(mark, sizeof(mark), "PRAGMA application_id = %" PRId64 "; PRAGMA user_version = %" PRId64,
                 APPLICATION_ID, version);
        r = cw_transaction_begin(&transaction, store, true, message);
        if (r == 0)
                r = cw_db_exec(store, migrations[version - 1], message);
        if (r == 0)
                r = cw_db_exec(store, mark, message);
        return r < 0 ? r : cw_transaction_commit(&transaction, message);
}

int cw_schema_migrate(struct cw_store *store, struct cw_buf *message)
{
        int64_t version;
        int r = cw_db_number(store, "PRAGMA user_version", &version, message);

        while (r == 0 && version < VERSION)
                r = migrate_to(store, ++version, message);
        return r;
}
