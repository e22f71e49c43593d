/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CHANGES_H
#define CARDWATCH_CHANGES_H

#include "cardwatch/acts.h"
#include "cardwatch/arena.h"
#include "cardwatch/rows.h"

/*
 * Changes: what one step wants remembered.
 *
 * Rows by value, each the whole present state of one thing under its key, so that a later row of the same key replaces
 * an earlier one: changes whose commit failed are merged with the next ones (cw_changes_merge) and cannot grow beyond
 * the things there are. The store writes one cw_changes in one transaction and knows nothing of what they mean. Keys
 * carry the source's name, never a number of a row.
 *
 * Owned by whoever initialised it; what rows point to are copies that belong to the changes.
 */

#define CW_ROWS(type)                                                                                                  \
        struct {                                                                                                       \
                struct type *rows;                                                                                     \
                size_t n, capacity;                                                                                    \
        }

/* Card rows of one source in the order in which they were made, packed (card_pack.h). */
struct cw_packed_row {
        char *source;
        char *bytes;
        size_t len, n;
};

struct cw_changes {
        CW_ROWS(cw_packed_row) packed; /* before what follows, where there are many (changes_cards.h) */
        CW_ROWS(cw_card_row) cards;
        CW_ROWS(cw_source_row) sources;
        CW_ROWS(cw_alert_row) alerts;
        CW_ROWS(cw_ledger_row) ledger;
        CW_ROWS(cw_group_row) groups;
        CW_ROWS(cw_intent_row) intents;
        CW_ROWS(cw_rule_row) rules;
        CW_ROWS(cw_digest_row) digests;
        CW_ROWS(cw_happening_row) happenings;
        CW_ROWS(cw_history_row) history;
        CW_ROWS(cw_silence_row) silences;
        CW_ROWS(cw_audit_row) audit;
        CW_ROWS(cw_receiver_row) receivers;
        struct cw_arena texts; /* of all rows but those of cards */
        bool loose; /* there are some in it that no row points to any more */
        bool merged; /* some of it was: cw_changes_sort has more to do */
        int error; /* sticky -ENOMEM */
};

#define CW_CHANGES_NULL                                                                                                \
        {                                                                                                              \
                0                                                                                                      \
        }

void cw_changes_deinit(struct cw_changes *changes);
bool cw_changes_empty(const struct cw_changes *changes);

/* Moves `newer` behind `older` and keeps the last row of each key (history and audit: the last 10,000). `newer` is left
 * empty. What may take long is left to cw_changes_sort, which comes before the next attempt: to keep the last row of
 * packed cards, and to let go of texts. -ENOMEM. */
int cw_changes_merge(struct cw_changes *older, struct cw_changes *newer) __attribute__((warn_unused_result));

/* Append a deep copy; a failure is remembered in changes->error. */
void cw_changes_card(struct cw_changes *changes, const struct cw_card_row *row);
void cw_changes_source(struct cw_changes *changes, const struct cw_source_row *row);
void cw_changes_alert(struct cw_changes *changes, const struct cw_alert_row *row);
void cw_changes_ledger(struct cw_changes *changes, const struct cw_ledger_row *row);
void cw_changes_group(struct cw_changes *changes, const struct cw_group_row *row);
void cw_changes_intent(struct cw_changes *changes, const struct cw_intent_row *row);
void cw_changes_rule(struct cw_changes *changes, const struct cw_rule_row *row);
void cw_changes_history(struct cw_changes *changes, const struct cw_history_row *row);

#endif
