/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_OUTBOX_PRIVATE_H
#define CARDWATCH_CORE_OUTBOX_PRIVATE_H

#include "cardwatch/backoff.h"
#include "cardwatch/changes.h"
#include "cardwatch/digest.h"
#include "cardwatch/map.h"
#include "cardwatch/outbox.h"
#include "circuit.h"
#include "due.h"
#include "group.h"
#include "intent.h"

/*
 * The outbox as the policy sees it: intents, their lanes, and one line for each notifier.
 *
 * An intent is one message to one notifier: what is to be told, and once it was rendered, its bytes. It stands in the
 * lane of every group it tells of and may be attempted when it is the first in all of them. Of those the line gives out
 * the worst first, then the oldest.
 */

/* What stands between the messages of a notifier and its receiver. */
struct cw_outbox_line {
        const char *name; /* of the pool */
        struct cw_due timed; /* what is first in its lanes: (next_at, sequence) */
        struct cw_due ranked; /* of those, what may go by now: (rank, sequence) */
        struct cw_outbox_pause pause;
        struct cw_circuit circuit;
        int64_t token_at; /* when the bucket holds a token again */
        bool failing; /* for long, or a message died, and nothing was delivered since */
        uint64_t successes; /* in this process */
        size_t n, n_rendered, n_in_hand; /* messages */
};

struct cw_outbox {
        struct cw_strpool *pool; /* not owned */
        struct cw_ruleset *rules; /* not owned */
        struct cw_map intents; /* by sequence */
        struct cw_outbox_line *lines;
        size_t n_lines;
        uint64_t next_sequence;
        struct cw_notice notice; /* what cw_outbox_notice gave last, and its memory */
        struct cw_item *notice_items;
        struct cw_tally *notice_tallies;
        struct cw_group_value *notice_group;
        struct cw_digest_facts notice_digest;
        struct cw_tally *notice_counted; /* what the intent counts only */
        size_t n_notice_counted;
        char notice_thread[33];
};

void cw_outbox_init(struct cw_outbox *outbox, struct cw_strpool *pool);
void cw_outbox_deinit(struct cw_outbox *outbox);

/* The notifiers of another ruleset: lines are made anew, what they knew of their receivers stays. Intents of a notifier
 * that is gone get the index SIZE_MAX. */
int cw_outbox_set_rules(struct cw_outbox *outbox, struct cw_ruleset *rules) __attribute__((warn_unused_result));

/* A message without items that stands last in the lanes of these groups; `like` gives its plain members, a sequence of
 * 0 is replaced by the next. */
int cw_outbox_add(struct cw_outbox *outbox, const struct cw_intent *like, struct cw_group *const *groups,
                  size_t n_groups, struct cw_intent **ret_intent) __attribute__((warn_unused_result));
/* Out of its lanes and freed; what waited for it may go. -ENOMEM. */
int cw_outbox_remove(struct cw_outbox *outbox, struct cw_intent *intent) __attribute__((warn_unused_result));
struct cw_intent *cw_outbox_find(const struct cw_outbox *outbox, uint64_t sequence);

/* It may have become ready: it was queued, it became first, its wait was set, what it tells became worse; if its
 * receiver asked for the wait, all messages of its notifier wait. -ENOMEM. */
int cw_outbox_offer(struct cw_outbox *outbox, struct cw_intent *intent) __attribute__((warn_unused_result));

/* It has its bytes from now on. */
void cw_outbox_rendered(struct cw_outbox *outbox, struct cw_intent *intent);
/* It was handed out, and came back. */
void cw_outbox_returned(struct cw_outbox *outbox, struct cw_intent *intent);

#endif
