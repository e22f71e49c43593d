/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_SNAPSHOT_H
#define CARDWATCH_CORE_SNAPSHOT_H

#include "cardwatch/card.h"
#include "cardwatch/map.h"
#include "chunks.h"
#include "id_index.h"
#include "leaves.h"
#include "record.h"
#include "texts.h"

/*
 * Snapshot: the last observation of every card of one source.
 *
 * An array of small records in chunks that never move, with an index over the card ids beside it, so that a million
 * cards cost some seventy megabytes, none of them is ever copied to make room, and a walk over all is a walk over
 * memory. The last record takes the place of one that is removed: a pointer is good until the next removal. References
 * are kept in one place for all sources (texts.h). What an odd card (record.h) shows stands in a map beside. A record
 * that is got from here knows what its leaf knows (leaves.h). Decides nothing.
 */

struct cw_snapshot {
        struct cw_texts *texts; /* not owned */
        const struct cw_leaves *leaves; /* likewise */
        struct cw_chunks records;
        size_t n;
        size_t expected; /* as cw_snapshot_expect has it, of pages */
        struct cw_id_index index;
        struct cw_map odd; /* id -> struct cw_card */
};

void cw_snapshot_init(struct cw_snapshot *snapshot, struct cw_texts *texts, const struct cw_leaves *leaves);
void cw_snapshot_deinit(struct cw_snapshot *snapshot);

/* NULL when it is not there. */
struct cw_record *cw_snapshot_find(const struct cw_snapshot *snapshot, int64_t id);

/* The same, and fast for cards in the order in which they were added: *expected is where the next one most likely
 * stands, behind the one before. */
struct cw_record *cw_snapshot_expect(const struct cw_snapshot *snapshot, int64_t id, size_t *expected);

/* By its position, from 0 to n. */
struct cw_record *cw_snapshot_at(const struct cw_snapshot *snapshot, size_t position);

/* A new record for an id that is not there yet, all zero but the id. -ENOMEM. */
int cw_snapshot_add(struct cw_snapshot *snapshot, int64_t id, struct cw_record **ret_record)
        __attribute__((warn_unused_result));
void cw_snapshot_remove(struct cw_snapshot *snapshot, struct cw_record *record);

/* Memory taken, for as many cards as there are. */
size_t cw_snapshot_bytes(const struct cw_snapshot *snapshot);

/* What the card shows now; the record keeps its reference, as one more of `kept` where that is a link to it, 0: it is
 * nowhere kept yet. -ENOMEM, the record untouched. */
int cw_snapshot_observe(struct cw_snapshot *snapshot, struct cw_record *record, const struct cw_card *card,
                        uint32_t kept) __attribute__((warn_unused_result));

/* The record as a card; the reference is borrowed. */
struct cw_card cw_snapshot_card(const struct cw_snapshot *snapshot, const struct cw_record *record);

/* Whether an observation differs from what is known. */
bool cw_snapshot_differs(const struct cw_snapshot *snapshot, const struct cw_record *record,
                         const struct cw_card *card);

/* In which fields that rules can name: a bit (1 << enum cw_field) each. */
#define CW_FIELDS_ALL UINT16_MAX
uint16_t cw_snapshot_changes(const struct cw_snapshot *snapshot, const struct cw_record *record,
                             const struct cw_card *card);

#endif
