/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ATTENTION_H
#define CARDWATCH_CORE_ATTENTION_H

#include "cardwatch/map.h"
#include "due.h"
#include "trail.h"

/*
 * Attention: what is kept of a card beyond its last observation, for the cards that need it.
 *
 * Its past, when a window looks at it, and the time from which on an observation that changes nothing is worth a look.
 * All those times lie in one heap for each source, so that a card that does nothing costs nothing. Knows cards by their
 * id only; decides nothing.
 */

struct cw_attention {
        struct cw_trail *trail; /* NULL: nothing changed since the card was first seen, or nobody needs to know */
        int64_t look_at; /* INT64_MAX: when it changes */
        int64_t folded_at; /* of the trail, as stored */
};

struct cw_attentions {
        struct cw_map map; /* by card id */
        struct cw_due due; /* of look_at, by card id; what is not look_at any more is stale */
};

void cw_attentions_deinit(struct cw_attentions *attentions);

/* NULL: the card needs none. */
struct cw_attention *cw_attention_find(const struct cw_attentions *attentions, int64_t card);
int cw_attention_get(struct cw_attentions *attentions, int64_t card, struct cw_attention **ret_attention)
        __attribute__((warn_unused_result));
void cw_attention_drop(struct cw_attentions *attentions, int64_t card);

/* From `look_at` on the card is worth a look; INT64_MAX: no more. */
int cw_attention_call(struct cw_attentions *attentions, int64_t card, int64_t look_at)
        __attribute__((warn_unused_result));

/* What was called for last, INT64_MAX: nothing. */
int64_t cw_attention_at(const struct cw_attentions *attentions, int64_t card);

/* The earliest such time, INT64_MAX: none. */
int64_t cw_attention_next(struct cw_attentions *attentions);

/* Takes out the next card whose time has come by `now`; false when there is none. It is out of the heap until it is
 * called again. */
bool cw_attention_pop(struct cw_attentions *attentions, int64_t now, int64_t *ret_card, int64_t *ret_look_at);

#endif
