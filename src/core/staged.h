/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_STAGED_H
#define CARDWATCH_CORE_STAGED_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/card.h"

/*
 * Staged: what a poll brought and what waits for its end.
 */

#define CW_STAGED_MANY 4096 /* a usual poll has fewer */

/* A card that the poll under way brought and that has to be decided. */
struct cw_staged {
        struct cw_card card; /* the reference is one of the pool's */
        int64_t at;
        uint32_t leaf; /* of the page that brought it, 0: none did */
        bool watched; /* by the faster lane: says nothing about what a poll brought */
        bool second; /* the poll brought a reading of the card before, and it was taken */
        bool again; /* because an alert is about to fire: likewise */
};

#endif
