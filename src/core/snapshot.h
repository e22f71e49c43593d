/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_SNAPSHOT_H
#define CARDWATCH_CORE_SNAPSHOT_H

#include "cardwatch/card.h"
#include "cardwatch/strpool.h"

/*
 * Snapshot: the last observation of every card of one source.
 *
 * A dense array of small records with an open-addressed index over the card ids beside it, so that a hundred thousand
 * cards cost less than ten megabytes and a walk over all of them is a walk over memory. Records move when others are
 * added or removed: a pointer is good until the next put or remove. References are counted strings of the pool. Decides
 * nothing.
 */

struct cw_record {
        int64_t id, customer;
        cw_amount available, pending, total;
        const char *reference;
        int64_t first_seen_at, observed_at; /* when the requests were sent */
        uint32_t observations; /* that changed it */
        uint32_t seen_in; /* number of the last poll that brought it */
        uint32_t held_in; /* number of the last poll whose word about it was not believed */
        char currency[4];
        char last4[4]; /* not terminated; all zero: none */
        uint8_t missing;
        bool suppressed : 1;
        bool baseline : 1;
        bool look_again : 1;
        bool unsettled : 1; /* new rules were settled without it: they look at it when it is next observed */
        bool unseen : 1; /* an alert waits, and the last poll did not bring it: stored with when it was seen last */
        bool taken : 1; /* the poll `seen_in` brought a reading that could be trusted */
};

struct cw_snapshot {
        struct cw_strpool *pool; /* not owned */
        struct cw_record *records;
        size_t n, capacity;
        uint32_t *index; /* position + 1, 0: free */
        size_t index_size;
};

void cw_snapshot_init(struct cw_snapshot *snapshot, struct cw_strpool *pool);
void cw_snapshot_deinit(struct cw_snapshot *snapshot);

/* NULL when it is not there. */
struct cw_record *cw_snapshot_find(const struct cw_snapshot *snapshot, int64_t id);

/* A new record for an id that is not there yet, all zero but the id. -ENOMEM. */
int cw_snapshot_add(struct cw_snapshot *snapshot, int64_t id, struct cw_record **ret_record)
        __attribute__((warn_unused_result));
void cw_snapshot_remove(struct cw_snapshot *snapshot, struct cw_record *record);

/* What the card shows now; the record keeps a reference of its own to the text. -ENOMEM, the record untouched. */
int cw_record_observe(struct cw_record *record, struct cw_strpool *pool, const struct cw_card *card)
        __attribute__((warn_unused_result));

/* The record as a card; the reference is borrowed. */
struct cw_card cw_record_card(const struct cw_record *record);

/* Whether an observation differs from what is known. */
bool cw_record_differs(const struct cw_record *record, const struct cw_card *card);

/* In which fields that rules can name: a bit (1 << enum cw_field) each. */
#define CW_FIELDS_ALL UINT16_MAX
uint16_t cw_record_changes(const struct cw_record *record, const struct cw_card *card);

#endif
