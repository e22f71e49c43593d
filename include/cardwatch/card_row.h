/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CARD_ROW_H
#define CARDWATCH_CARD_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/card.h"
#include "cardwatch/entry.h"

/*
 * Card row: what is remembered of a card (rows.h), and of its past.
 */

/* When each field changed last, since the card was first seen. */
#define CW_CARD_FIELDS 9

struct cw_card_past {
        int64_t first_seen_at; /* the life of the card that it is about */
        uint16_t fields; /* that changed, a bit (1 << enum cw_field) each */
        int64_t changed_at[CW_CARD_FIELDS]; /* of these */
};

struct cw_card_row {
        char *source;
        struct cw_card card; /* `reference` is a copy */
        uint16_t changed; /* fields that this observation changed, a bit (1 << enum cw_field) each; 0: none */
        bool has_before; /* false: it was not known before, or there is nothing to compare with (another currency) */
        struct cw_balances before; /* at the observation before; of a row that changed nothing, as now */
        int64_t first_seen_at; /* wall times of requests */
        int64_t observed_at;
        uint32_t observations; /* that changed it: part of derived event ids */
        uint8_t missing; /* complete polls in a row without it */
        bool baseline; /* first seen before the source's first complete poll */
        bool look_again; /* a rule that looks back wants the next observation too */
        bool unseen; /* not observed by the last polls: observed_at says since when */
        int64_t folded_at; /* when its past was folded to save memory (trail.h), 0: never */
        bool gone; /* delete it */
        const struct cw_card_past *past; /* borrowed, only in rows of the present that a store gives; NULL: nothing of
                                            it is known to have changed */
};

/* Anything but 0 ends the walk over rows and is its value. The row lives during the call. */
typedef int (*cw_card_visit)(void *data, const struct cw_card_row *row);

#endif
