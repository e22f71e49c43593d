/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_INTENT_H
#define CARDWATCH_CORE_INTENT_H

#include "cardwatch/backoff.h"
#include "cardwatch/changes.h"
#include "cardwatch/hash.h"
#include "cardwatch/map.h"
#include "group.h"

/*
 * Intent: one message to one notifier; what is to be told, and once it was rendered, its bytes.
 */

struct cw_intent {
        uint64_t sequence;
        char id[33];
        const char *notifier; /* of the pool */
        size_t notifier_index; /* SIZE_MAX: no longer configured */
        enum cw_notice_kind kind;
        enum cw_intent_state state;
        bool baseline, opens_thread, in_hand;
        bool changed; /* in this step: its id is derived and its row written once, at the end */
        enum cw_severity severity; /* the worst in it, when it was offered last */
        uint32_t repeat;
        int64_t queued_at, next_at;
        int64_t asked_at; /* when its receiver asked to be left alone until next_at, 0: it did not */
        struct cw_backoff backoff;
        struct cw_intent_trouble trouble;
        bool passed_on; /* to who stands in for its notifier */
        bool probe; /* in hand as one */
        uint64_t successes; /* of its line, when it was handed out */
        uint32_t attempts;
        char *error;
        struct cw_item *items; /* one reference to each entry */
        size_t n_items, items_capacity;
        struct cw_map places; /* of many items, by fingerprint; empty: not yet */
        char *digest; /* packed facts of one; NULL: it is none */
        size_t digest_len;
        uint64_t digest_key; /* which one, for its id */
        char *counted; /* packed: events that it has no items of any more, by rule and currency; NULL: none */
        size_t counted_len;
        struct cw_hash128 counted_sum; /* what they add to its id */
        char *payload;
        size_t payload_len;
        struct cw_group **groups;
        size_t n_groups;
        size_t n_first, n_followed; /* of their lanes: in which it stands first, in which others stand behind it */
};

/* A time in which nothing goes to a notifier, because its receiver said so. */
struct cw_outbox_pause {
        int64_t from, until;
};

int cw_intent_add_item(struct cw_intent *intent, const struct cw_item *item) __attribute__((warn_unused_result));
struct cw_item *cw_intent_find_item(struct cw_intent *intent, uint64_t fingerprint);
void cw_intent_set_item(struct cw_item *slot, const struct cw_item *item);
void cw_intent_remove_item(struct cw_intent *intent, struct cw_item *item);

/* What it tells beside its items, as cw_digest_facts_pack wrote it; its group is known. -EBADMSG, -ENOMEM. */
int cw_intent_set_digest(struct cw_intent *intent, const char *packed, size_t len) __attribute__((warn_unused_result));

/* Of the items of a message for a notifier with this `list`, how many go out in one piece: whoever wants all of them
 * written out gets them in parts. */
enum { CW_INTENT_PART = 500 };
size_t cw_intent_part(const struct cw_intent *intent, uint32_t list);
/* Its items in the order in which they are told. */
void cw_intent_order(struct cw_intent *intent);

/* What one item adds to the id of its message. */
struct cw_hash128 cw_item_key(const struct cw_item *item);
/* Derives the idempotency key from what it tells now. */
void cw_intent_derive_id(struct cw_intent *intent);
void cw_intent_remember(const struct cw_intent *intent, bool gone, struct cw_changes *changes);

#endif
