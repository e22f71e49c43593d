/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: what is pruned is looked for among the oldest few only, so that a call costs the same however much history
 * there is; and nothing that a reader of the database wants to see is deleted one by one in the path of a commit.
 */
#include "statements.h"

#define HISTORY_FIELDS                                                                                                 \
        "SELECT number, at, fingerprint, rule, source, customer, card, edge, what, reason, severity, detail, "         \
        "notifier, message FROM alert_history "
#define HISTORY_SPAN "WHERE at >= ?1 AND at < ?2 AND (?3 IS NULL OR source = ?3) "

#define OUTBOX_COLUMNS                                                                                                 \
        "SELECT sequence, id, notifier, groups, kind, state, baseline, opens_thread, repeat, queued_at, next_at, "     \
        "failing_since_at, attempts, error, items, payload, mishap, released, failed_era, failed_round, "              \
        "digest, counted "                                                                                             \
        "FROM outbox "

static const char *const texts[CW_SQL_COUNT] = {
        [CW_SQL_NEXT_COMMIT] = "UPDATE commit_state SET sequence = sequence + 1, at = ?1, epoch = ?2, config = ?3 "
                               "WHERE id = 1 RETURNING sequence",
        [CW_SQL_LAST_COMMIT] = "SELECT sequence FROM commit_state WHERE id = 1",

        [CW_SQL_LOG_ADD] = "INSERT INTO change_log (sequence, at, changes) VALUES (?1, ?2, ?3)",
        [CW_SQL_LOG_ALL] = "SELECT sequence, at, changes FROM change_log ORDER BY sequence",
        [CW_SQL_LOG_DROP] = "DELETE FROM change_log WHERE sequence <= ?1",

        [CW_SQL_JOURNAL_ADD] = "INSERT INTO journal (source, sequence, part, at, epoch, config, changed, cards) "
                               "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        [CW_SQL_JOURNAL_AFTER] =
                "SELECT sequence, part, changed, cards FROM journal WHERE source = ?1 AND (sequence, part) > (?2, ?3) "
                "AND sequence <= ?4 ORDER BY sequence, part",
        [CW_SQL_JOURNAL_PRUNE] = "DELETE FROM journal WHERE source = ?1 AND (sequence, part) IN (SELECT sequence, part "
                                 "FROM (SELECT sequence, "
                                 "part, at FROM journal WHERE source = ?1 AND sequence <= ?2 ORDER BY sequence, part "
                                 "LIMIT ?4) WHERE at < ?3)",

        [CW_SQL_JOURNAL_SPAN] = "SELECT source, sequence, part, at FROM journal INDEXED BY journal_time "
                                "WHERE at >= ?1 AND at < ?2 AND (?3 IS NULL OR source = ?3) ORDER BY sequence, part",
        [CW_SQL_JOURNAL_GET] = "SELECT changed, cards FROM journal WHERE source = ?1 AND sequence = ?2 AND part = ?3",
        [CW_SQL_JOURNAL_OLDEST] = "SELECT ifnull(min(at), 0) FROM journal INDEXED BY journal_time",
        [CW_SQL_PAST_OLDEST] =
                "SELECT ifnull(min(at), 0) FROM (SELECT min(at) AS at FROM journal INDEXED BY journal_time UNION ALL "
                "SELECT at FROM (SELECT at FROM alert_history ORDER BY number LIMIT 1) UNION ALL "
                "SELECT delivered_at FROM (SELECT delivered_at FROM delivered ORDER BY number LIMIT 1))",
        [CW_SQL_JOURNAL_IDS_ADD] = "INSERT INTO journal_ids (sequence, part, ids) VALUES (?1, ?2, ?3)",
        [CW_SQL_JOURNAL_IDS_GET] = "SELECT ids FROM journal_ids WHERE sequence = ?1 AND part = ?2",

        [CW_SQL_CHECKPOINT_ALL] = "SELECT source FROM checkpoint ORDER BY source",
        [CW_SQL_CHECKPOINT_GET] = "SELECT sequence, chunks, cards, journal_changes FROM checkpoint WHERE source = ?1",
        [CW_SQL_CHECKPOINT_GREW] =
                "INSERT INTO checkpoint (source, sequence, chunks, cards, journal_changes) VALUES (?1, 0, 0, 0, ?2) "
                "ON CONFLICT (source) DO UPDATE SET journal_changes = journal_changes + ?2",
        [CW_SQL_CHECKPOINT_SET] =
                "INSERT OR REPLACE INTO checkpoint (source, sequence, chunks, cards, journal_changes) "
                "VALUES (?1, ?2, ?3, ?4, ?5)",
        [CW_SQL_CHECKPOINT_DROP] = "DELETE FROM checkpoint WHERE source = ?1 AND cards = 0 AND journal_changes = 0 "
                                   "AND NOT EXISTS (SELECT 1 FROM source WHERE name = ?1) "
                                   "AND NOT EXISTS (SELECT 1 FROM journal WHERE source = ?1)",
        [CW_SQL_CHUNK_ADD] =
                "INSERT INTO checkpoint_chunk (source, sequence, chunk, n_cards, cards) VALUES (?1, ?2, ?3, ?4, ?5)",
        [CW_SQL_CHUNK_GET] =
                "SELECT n_cards, cards FROM checkpoint_chunk WHERE source = ?1 AND sequence = ?2 AND chunk = ?3",
        [CW_SQL_CHUNK_DROP_OTHERS] = "DELETE FROM checkpoint_chunk WHERE source = ?1 AND sequence <> ?2",
        [CW_SQL_CHUNK_DROP_SOME] =
                "DELETE FROM checkpoint_chunk WHERE rowid IN (SELECT rowid FROM checkpoint_chunk WHERE source = ?1 AND "
                "(sequence < ?2 OR sequence > ?2) LIMIT ?3)",

        [CW_SQL_SOURCE_PUT] = "INSERT OR REPLACE INTO source (name, baseline_done, first_poll_at, last_poll_at, "
                              "last_complete_at, poll_ms, failed_polls, blocked_until_at, otp_step, suspicion, lack) "
                              "SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10 FROM given",
        [CW_SQL_SOURCE_DROP] = "DELETE FROM source WHERE name = ?1",
        [CW_SQL_SOURCE_ALL] = "SELECT name, baseline_done, first_poll_at, last_poll_at, last_complete_at, poll_ms, "
                              "failed_polls, blocked_until_at, otp_step, suspicion, lack FROM source ORDER BY name",
        [CW_SQL_ALERT_PUT] =
                "INSERT OR REPLACE INTO alert (fingerprint, rule, source, customer, card, state, episode, "
                "edge, severity, currency, available, pending, total, started_at, fired_at, resolved_at, "
                "reason, entry, baseline, flapping, since_at, clear_at, moved_at, insist_edge, firings, "
                "acked_by, acked_until_at, told_at, escalated_ms) SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, "
                "c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, "
                "c27, c28 FROM given",
        [CW_SQL_ALERT_DROP] = "DELETE FROM alert WHERE fingerprint = ?1",
        [CW_SQL_ALERT_ALL] =
                "SELECT fingerprint, rule, source, customer, card, state, episode, edge, entry, "
                "baseline, flapping, since_at, clear_at, moved_at, insist_edge, firings, acked_by, acked_until_at, "
                "told_at, escalated_ms "
                "FROM alert ORDER BY fingerprint",
        [CW_SQL_LEDGER_PUT] = "INSERT OR REPLACE INTO ledger (notifier, fingerprint, edge, state, severity, accepted) "
                              "SELECT c0, c1, c2, c3, c4, c5 FROM given",
        [CW_SQL_LEDGER_DROP] = "DELETE FROM ledger WHERE notifier = ?1 AND fingerprint = ?2",
        [CW_SQL_LEDGER_ALL] = "SELECT notifier, fingerprint, edge, state, severity, accepted FROM ledger ORDER BY "
                              "notifier, fingerprint",
        [CW_SQL_GROUP_PUT] = "INSERT OR REPLACE INTO alert_group (notifier, key, begun_at, told_at, due_at, repeat, "
                             "thread) SELECT c0, c1, c2, c3, c4, c5, c6 FROM given",
        [CW_SQL_GROUP_DROP] = "DELETE FROM alert_group WHERE notifier = ?1 AND key = ?2",
        [CW_SQL_GROUP_ALL] = "SELECT notifier, key, begun_at, told_at, due_at, repeat, thread FROM alert_group ORDER "
                             "BY notifier, key",
        [CW_SQL_OUTBOX_PUT] =
                "INSERT OR REPLACE INTO outbox (sequence, id, notifier, groups, kind, state, baseline, "
                "opens_thread, repeat, queued_at, next_at, failing_since_at, attempts, error, items, "
                "payload, mishap, released, failed_era, failed_round, severity, digest, counted) SELECT c0, "
                "c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, "
                "c21, c22 FROM given",
        [CW_SQL_OUTBOX_DROP] = "DELETE FROM outbox WHERE sequence = ?1",
        [CW_SQL_OUTBOX_ALL] = OUTBOX_COLUMNS "ORDER BY sequence",
        [CW_SQL_OUTBOX_PAGE] = OUTBOX_COLUMNS "WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
        [CW_SQL_OUTBOX_OF_ID] = OUTBOX_COLUMNS "WHERE id = ?1 ORDER BY sequence DESC LIMIT 1",
        [CW_SQL_DEAD_PRUNE] = "DELETE FROM outbox WHERE sequence IN (SELECT sequence FROM outbox WHERE state = 2 "
                              "AND queued_at < ?1 ORDER BY severity DESC, sequence DESC LIMIT ?2)",
        /* The least severe first, of those the oldest. */
        [CW_SQL_DEAD_LIMIT] = "DELETE FROM outbox WHERE sequence IN (SELECT sequence FROM outbox WHERE state = 2 "
                              "ORDER BY severity DESC, sequence DESC LIMIT ?2 OFFSET ?1)",
        [CW_SQL_DELIVERED_PUT] = "INSERT OR REPLACE INTO delivered (number, id, notifier, kind, attempts, queued_at, "
                                 "delivered_at) SELECT c0, c1, c2, c3, c4, c5, c6 FROM given",
        [CW_SQL_DELIVERED_PRUNE] =
                "DELETE FROM delivered WHERE number IN (SELECT number FROM (SELECT number, delivered_at "
                "FROM delivered ORDER BY number LIMIT ?2) WHERE delivered_at < ?1)",
        [CW_SQL_RULE_PUT] = "INSERT OR REPLACE INTO rule (name, meaning) SELECT c0, c1 FROM given",
        [CW_SQL_RULE_DROP] = "DELETE FROM rule WHERE name = ?1",
        [CW_SQL_RULE_ALL] = "SELECT name, meaning FROM rule ORDER BY name",
        [CW_SQL_DIGEST_PUT] =
                "INSERT OR REPLACE INTO digest (name, meaning, slot_at, since_at) SELECT c0, c1, c2, c3 FROM "
                "given",
        [CW_SQL_DIGEST_DROP] = "DELETE FROM digest WHERE name = ?1",
        [CW_SQL_DIGEST_ALL] = "SELECT name, meaning, slot_at, since_at FROM digest ORDER BY name",
        [CW_SQL_HAPPENING_PUT] =
                "INSERT OR REPLACE INTO happening (digest, fingerprint, rule, source, customer, has_card, "
                "currency, fired, ended, events, edge, entry) SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, "
                "c10, c11 FROM given",
        [CW_SQL_HAPPENING_DROP] = "DELETE FROM happening WHERE digest = ?1 AND fingerprint = ?2",
        [CW_SQL_HAPPENING_ALL] = "SELECT digest, fingerprint, rule, source, customer, has_card, currency, fired, "
                                 "ended, events, edge, entry FROM happening ORDER BY digest, fingerprint",
        [CW_SQL_HISTORY_ADD] =
                "INSERT OR FAIL INTO alert_history (at, fingerprint, rule, source, customer, card, edge, what, reason, "
                "severity, detail, notifier, message) SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12 "
                "FROM given",
        [CW_SQL_HISTORY_PRUNE] =
                "DELETE FROM alert_history WHERE number IN (SELECT number FROM (SELECT number, at FROM "
                "alert_history ORDER BY number LIMIT ?2) WHERE at < ?1)",
        /* Each by its own index: the order within a time is that of writing. */
        [CW_SQL_HISTORY_SPAN] = HISTORY_FIELDS HISTORY_SPAN "ORDER BY at, number",
        [CW_SQL_HISTORY_OF_CARD] = HISTORY_FIELDS HISTORY_SPAN
        "AND card = ?4 AND (?5 IS NULL OR fingerprint = ?5) ORDER BY at, number",
        /* Whoever does not know its card reads all there is: an index would cost each edge a page. */
        [CW_SQL_HISTORY_OF_ALERT] = HISTORY_FIELDS "NOT INDEXED " HISTORY_SPAN
                                                   "AND fingerprint = ?4 ORDER BY at, number",
        /* Newest first. Without messages: what is said of them names a notifier. */
        [CW_SQL_HISTORY_PAGE] = HISTORY_FIELDS HISTORY_SPAN "AND (at, number) < (?4, ?5) AND (?6 OR notifier IS NULL) "
                                                            "ORDER BY at DESC, number DESC LIMIT ?7",
        [CW_SQL_SILENCE_PUT] =
                "INSERT OR REPLACE INTO silence (id, terms, who, why, made_at, until_at) SELECT c0, c1, c2, "
                "c3, c4, c5 FROM given",
        [CW_SQL_SILENCE_DROP] = "DELETE FROM silence WHERE id = ?1",
        [CW_SQL_SILENCE_ALL] = "SELECT id, terms, who, why, made_at, until_at FROM silence ORDER BY id",
        [CW_SQL_RECEIVER_PUT] =
                "INSERT OR REPLACE INTO receiver (notifier, failing, failing_since_at, failed_at, next_at, "
                "token_at, probes, n_failed, era, round, unreachable) SELECT c0, c1, c2, c3, c4, c5, c6, c7, "
                "c8, c9, c10 FROM given",
        [CW_SQL_RECEIVER_DROP] = "DELETE FROM receiver WHERE notifier = ?1",
        [CW_SQL_RECEIVER_ALL] = "SELECT notifier, failing, failing_since_at, failed_at, next_at, token_at, probes, "
                                "n_failed, era, round, unreachable FROM receiver ORDER BY notifier",
        [CW_SQL_AUDIT_ADD] =
                "INSERT OR FAIL INTO audit (at, who, uid, what, target, why) SELECT c0, c1, c2, c3, c4, c5 "
                "FROM given",
        [CW_SQL_AUDIT_PRUNE] = "DELETE FROM audit WHERE number IN (SELECT number FROM (SELECT number, at FROM audit "
                               "ORDER BY number LIMIT ?2) WHERE at < ?1)",
        [CW_SQL_AUDIT_PAGE] = "SELECT number, at, who, uid, what, target, why FROM audit WHERE at >= ?1 AND at < ?2 "
                              "AND (at, number) < (?3, ?4) ORDER BY at DESC, number DESC LIMIT ?5",
};

const char *cw_sql_text(enum cw_sql sql)
{
        return texts[sql];
}
