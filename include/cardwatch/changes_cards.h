/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CHANGES_CARDS_H
#define CARDWATCH_CHANGES_CARDS_H

#include "cardwatch/changes.h"

/*
 * The card rows of changes, where there may be a million of them: after a first poll, or a storm.
 *
 * Up to CW_CARDS_TOGETHER lie as they are. What is more is packed, some 30 bytes a card instead of 200, just as the
 * store writes it: those rows come before the others.
 */

#define CW_CARDS_TOGETHER 4096

/* Packs the rows that lie as they are, so that none is left; a failure is remembered in changes->error. */
void cw_changes_pack_cards(struct cw_changes *changes);

/* How many there are of either kind. */
size_t cw_changes_count_cards(const struct cw_changes *changes);

/* Each of them, the earliest first. -ENOMEM. */
int cw_changes_walk_cards(const struct cw_changes *changes, cw_card_visit visit, void *data)
        __attribute__((warn_unused_result));

/* The rows of one pack, likewise; -EBADMSG: it is none. */
int cw_packed_cards_walk(const struct cw_packed_row *packed, cw_card_visit visit, void *data)
        __attribute__((warn_unused_result));

#endif
