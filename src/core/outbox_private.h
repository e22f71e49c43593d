/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_OUTBOX_PRIVATE_H
#define CARDWATCH_CORE_OUTBOX_PRIVATE_H

#include "cardwatch/backoff.h"
#include "cardwatch/changes.h"
#include "cardwatch/map.h"
#include "cardwatch/outbox.h"
#include "due.h"
#include "group.h"
#include "intent.h"

/*
 * The outbox as the policy sees it: intents, and their lanes.
 *
 * An intent is one message to one notifier: what is to be told, and once it was rendered, its bytes. It stands in the
 * lane of every group it tells of and may be attempted when it is the first in all of them.
 */

struct cw_outbox {
        struct cw_strpool *pool; /* not owned */
        struct cw_ruleset *rules; /* not owned */
        struct cw_map intents; /* by sequence */
        struct cw_due *ready; /* one for each notifier: (next_at, sequence) */
        struct cw_outbox_pause *pauses; /* one for each notifier */
        size_t n_ready;
        uint64_t next_sequence;
        struct cw_notice notice; /* what cw_outbox_notice gave last, and its memory */
        struct cw_item *notice_items;
        struct cw_tally *notice_tallies;
        struct cw_group_value *notice_group;
        char notice_thread[33];
};

void cw_outbox_init(struct cw_outbox *outbox, struct cw_strpool *pool);
void cw_outbox_deinit(struct cw_outbox *outbox);

/* The notifiers of another ruleset: heaps are made anew. Intents of a notifier that is gone get the index SIZE_MAX. */
int cw_outbox_set_rules(struct cw_outbox *outbox, struct cw_ruleset *rules) __attribute__((warn_unused_result));

/* A message without items that stands last in the lanes of these groups; `like` gives its plain members, a sequence of
 * 0 is replaced by the next. */
int cw_outbox_add(struct cw_outbox *outbox, const struct cw_intent *like, struct cw_group *const *groups,
                  size_t n_groups, struct cw_intent **ret_intent) __attribute__((warn_unused_result));
/* Out of its lanes and freed; what waited for it may go. -ENOMEM. */
int cw_outbox_remove(struct cw_outbox *outbox, struct cw_intent *intent) __attribute__((warn_unused_result));
struct cw_intent *cw_outbox_find(const struct cw_outbox *outbox, uint64_t sequence);

/* It may have become ready: it was queued, it became first, its wait was set; if its receiver asked for the wait, all
 * messages of its notifier wait. -ENOMEM. */
int cw_outbox_offer(struct cw_outbox *outbox, const struct cw_intent *intent) __attribute__((warn_unused_result));

#endif
