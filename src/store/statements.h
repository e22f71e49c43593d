/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_STATEMENTS_H
#define CW_STORE_STATEMENTS_H

/*
 * Statements: every query of the store besides its schema, by name.
 *
 * Kept in one table beside each other, so that a change of the schema meets all that depends on it. Parameters are
 * bound and columns are read in the order in which they stand here.
 */
enum cw_sql {
        CW_SQL_NEXT_COMMIT,
        CW_SQL_LAST_COMMIT,

        CW_SQL_LOG_ADD,
        CW_SQL_LOG_ALL,
        CW_SQL_LOG_DROP,

        CW_SQL_JOURNAL_ADD,
        CW_SQL_JOURNAL_AFTER,
        CW_SQL_JOURNAL_PRUNE,
        CW_SQL_JOURNAL_SPAN,
        CW_SQL_JOURNAL_GET,
        CW_SQL_JOURNAL_OLDEST,
        CW_SQL_PAST_OLDEST,
        CW_SQL_JOURNAL_IDS_ADD,
        CW_SQL_JOURNAL_IDS_GET,

        CW_SQL_CHECKPOINT_ALL,
        CW_SQL_CHECKPOINT_GET,
        CW_SQL_CHECKPOINT_GREW,
        CW_SQL_CHECKPOINT_SET,
        CW_SQL_CHECKPOINT_DROP,
        CW_SQL_CHUNK_ADD,
        CW_SQL_CHUNK_GET,
        CW_SQL_CHUNK_DROP_OTHERS,
        CW_SQL_CHUNK_DROP_SOME,

        CW_SQL_SOURCE_PUT,
        CW_SQL_SOURCE_DROP,
        CW_SQL_SOURCE_ALL,
        CW_SQL_ALERT_PUT,
        CW_SQL_ALERT_DROP,
        CW_SQL_ALERT_ALL,
        CW_SQL_LEDGER_PUT,
        CW_SQL_LEDGER_DROP,
        CW_SQL_LEDGER_ALL,
        CW_SQL_GROUP_PUT,
        CW_SQL_GROUP_DROP,
        CW_SQL_GROUP_ALL,
        CW_SQL_OUTBOX_PUT,
        CW_SQL_OUTBOX_DROP,
        CW_SQL_OUTBOX_ALL,
        CW_SQL_OUTBOX_PAGE,
        CW_SQL_OUTBOX_OF_ID,
        CW_SQL_DEAD_PRUNE,
        CW_SQL_DEAD_LIMIT,
        CW_SQL_DELIVERED_PUT,
        CW_SQL_DELIVERED_PRUNE,
        CW_SQL_RULE_PUT,
        CW_SQL_RULE_DROP,
        CW_SQL_RULE_ALL,
        CW_SQL_DIGEST_PUT,
        CW_SQL_DIGEST_DROP,
        CW_SQL_DIGEST_ALL,
        CW_SQL_HAPPENING_PUT,
        CW_SQL_HAPPENING_DROP,
        CW_SQL_HAPPENING_ALL,
        CW_SQL_HISTORY_ADD,
        CW_SQL_HISTORY_PRUNE,
        CW_SQL_HISTORY_SPAN,
        CW_SQL_HISTORY_OF_ALERT,
        CW_SQL_HISTORY_OF_CARD,
        CW_SQL_HISTORY_PAGE,
        CW_SQL_SILENCE_PUT,
        CW_SQL_SILENCE_DROP,
        CW_SQL_SILENCE_ALL,
        CW_SQL_RECEIVER_PUT,
        CW_SQL_RECEIVER_DROP,
        CW_SQL_RECEIVER_ALL,
        CW_SQL_AUDIT_ADD,
        CW_SQL_AUDIT_PRUNE,
        CW_SQL_AUDIT_PAGE,

        CW_SQL_COUNT
};

const char *cw_sql_text(enum cw_sql sql);

#endif
