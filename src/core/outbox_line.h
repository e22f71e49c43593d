/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_OUTBOX_LINE_H
#define CARDWATCH_CORE_OUTBOX_LINE_H

#include "outbox_private.h"

/*
 * Line: what stands between the messages of a notifier and its receiver, as it goes on.
 */

/* It became the first in one of its lanes. A message of a storm stands in thousands: what it tells is not looked at. */
int cw_outbox_freed(struct cw_outbox *outbox, struct cw_intent *intent) __attribute__((warn_unused_result));

/* Its attempt succeeded or failed, and what follows for the others of its notifier. -ENOMEM. */
int cw_outbox_succeeded(struct cw_outbox *outbox, struct cw_intent *intent, int64_t now, struct cw_changes *changes)
        __attribute__((warn_unused_result));
void cw_outbox_failed(struct cw_outbox *outbox, struct cw_intent *intent, enum cw_mishap kind, uint32_t chance,
                      int64_t now);
/* The line's row as it is now; does nothing for a notifier that is gone. */
void cw_outbox_line_remember(const struct cw_outbox *outbox, size_t notifier, struct cw_changes *changes);

#endif
