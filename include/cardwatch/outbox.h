/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_OUTBOX_H
#define CARDWATCH_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/notice.h"

/*
 * Outbox: messages on their way, in order.
 *
 * At least once, in order within (notifier, group): a message waits for every earlier one of its notifier that shares a
 * group with it. Among those that may go the worst goes first, then the oldest; none faster than the notifier's rate,
 * and while its receiver is not there only one at a time, to find out (circuit.h). The policy fills it, the engine's
 * step moves it on; whoever delivers asks here what to do next, renders it once, and reports back through events. A
 * message that was handed out is not handed out again until its result came. Read-only but for that mark.
 */

struct cw_outbox;

/* What is handed out; valid until the next step. */
struct cw_outgoing {
        uint64_t sequence;
        const char *id;
        const char *payload; /* NULL: to be rendered first (cw_outbox_notice) */
        size_t payload_len;
        uint32_t attempts; /* so far */
};

/* As a time: nothing is waited for, neither a retry nor a receiver that does not answer nor its rate; only who asked
 * for time gets nothing more. */
#define CW_OUTBOX_ALL_NOW INT64_MAX

/* The next message for the notifier (index in the ruleset) that may be attempted at `now`, marked as handed out. */
bool cw_outbox_next(struct cw_outbox *outbox, size_t notifier, int64_t now, struct cw_outgoing *ret_outgoing);

/* When something becomes ready that is not handed out, 0: never by itself. */
int64_t cw_outbox_wake_at(struct cw_outbox *outbox, size_t notifier);

/* The sequence of the message of this id that is neither delivered nor dead, 0: there is none. */
uint64_t cw_outbox_sequence(const struct cw_outbox *outbox, const char *id);

/* Messages that are neither delivered nor dead: of one notifier. */
size_t cw_outbox_waiting(const struct cw_outbox *outbox, size_t notifier);

/*
 * The message as data for rendering at `sent_at`. `list_all`: write out every alert. Valid until the next step or the
 * next call; the outbox keeps the memory. -ENOENT: no such message. -ENOMEM.
 */
int cw_outbox_notice(struct cw_outbox *outbox, uint64_t sequence, int64_t sent_at, bool list_all,
                     const struct cw_notice **ret_notice) __attribute__((warn_unused_result));

#endif
