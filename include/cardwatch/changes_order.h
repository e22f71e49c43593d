/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CHANGES_ORDER_H
#define CARDWATCH_CHANGES_ORDER_H

#include "cardwatch/changes.h"

/*
 * Changes in order: of each thing only the last that was said, for whoever writes or reads a store.
 */

/* Brings the rows of each list into the order of their keys and keeps the last of each key; cards, history and audit
 * stay as they are. Of changes that were merged packed cards, too, are kept but once, and no text that no row points
 * to. -ENOMEM. */
int cw_changes_sort(struct cw_changes *changes) __attribute__((warn_unused_result));

/* Moves all rows of `newer` but those of cards behind those of `older`, and keeps what was said twice. -ENOMEM, and
 * then nothing was moved. */
int cw_changes_append(struct cw_changes *older, struct cw_changes *newer) __attribute__((warn_unused_result));

/* Makes `rows`, what there was, to what there is after `newer`: sorted, and without what is gone or was delivered.
 * `newer` is left empty, its history and audit are dropped. -ENOMEM. */
int cw_changes_lay_over(struct cw_changes *rows, struct cw_changes *newer) __attribute__((warn_unused_result));

#endif
