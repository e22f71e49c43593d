/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_CARD_PAST_H
#define CW_STORE_CARD_PAST_H

struct cw_card_past;
struct cw_card_row;

/*
 * Card past: what the checkpoint knows of a card besides what it is: when each of its fields changed last.
 *
 * Follows the rows of the card in the order in which they were committed, as cw_recall_card would.
 */

/* A row of the card, which need not be a change. */
void cw_card_past_follow(struct cw_card_past *past, const struct cw_card_row *row);

#endif
