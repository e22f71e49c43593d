/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_STAGED_H
#define CARDWATCH_CORE_STAGED_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/card.h"
#include "chunks.h"

/*
 * Staged: what a poll brought and what waits for its end.
 *
 * The first poll stages every card, later ones few. Who decides them takes all at once (cw_stage_take) and lets go of
 * what is behind it as it goes along, for each becomes a record and a row meanwhile.
 */

#define CW_STAGED_MANY 4096 /* a usual poll has fewer */

/* A card that the poll under way brought and that has to be decided. */
struct cw_staged {
        struct cw_card card;
        int64_t at;
        uint32_t kept; /* link to the card's reference (texts.h), 0: that is somebody else's */
        uint32_t leaf; /* of the page that brought it, 0: none did */
        bool watched; /* by the faster lane: says nothing about what a poll brought */
        bool second; /* the poll brought a reading of the card before, and it was taken */
        bool again; /* because an alert is about to fire: likewise */
};

struct cw_stage {
        struct cw_chunks chunks;
        size_t n;
};

/* References to texts are the owner's to give back. */
void cw_stage_deinit(struct cw_stage *stage);

/* A copy. -ENOMEM. */
int cw_stage_add(struct cw_stage *stage, const struct cw_staged *staged) __attribute__((warn_unused_result));

static inline struct cw_staged *cw_stage_at(const struct cw_stage *stage, size_t i)
{
        return cw_chunks_at(&stage->chunks, i, sizeof(struct cw_staged));
}

/* So many stay, the first ones. */
void cw_stage_cut(struct cw_stage *stage, size_t n);

/* All of it, leaving nothing staged. */
struct cw_stage cw_stage_take(struct cw_stage *stage);

/* Of what was taken, nobody looks any more at those up to this one. */
void cw_stage_is_behind(struct cw_stage *taken, size_t i);

/* All were looked at. Where few were, and nothing is staged, their memory serves for what comes next. */
void cw_stage_is_over(struct cw_stage *stage, struct cw_stage *taken);

#endif
