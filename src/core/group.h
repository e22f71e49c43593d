/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_GROUP_H
#define CARDWATCH_CORE_GROUP_H

#include "cardwatch/buf.h"
#include "cardwatch/notice.h"

struct cw_alert;
struct cw_changes;
struct cw_intent;
struct cw_route;

/*
 * Group: what is told together to one notifier, and the order in which it is told.
 *
 * A group is a clock for the alerts in it (when the next message may go) and a lane for its messages (each waits for
 * the one before). It is known by its key, a text that operators can read: main{rule="low-balance",customer="11057"}. A
 * group never spans sources. It is stored while it has begun; when it has neither members nor messages it is no more.
 */

struct cw_group {
        uint64_t hash; /* of notifier and key: where it stands in the policy's map */
        const char *notifier; /* of the pool */
        size_t notifier_index; /* in the ruleset in force; SIZE_MAX: no longer configured */
        char *key;
        uint64_t route_id; /* as the key says */
        const struct cw_route *route; /* in force: whose clocks count; the root where there is no such route any more */
        struct cw_group_value *values;
        size_t n_values;
        char *values_text; /* owns what the values point to */
        int64_t begun_at, told_at, due_at; /* 0: not */
        uint32_t repeat;
        char thread[33];
        bool touched; /* in this step */
        bool astray; /* a member belongs to another group by now */
        struct cw_alert **members;
        size_t n_members, members_capacity;
        size_t most_members; /* at once, since it was made or loaded */
        struct cw_intent **lane; /* in order; the first may be attempted */
        size_t n_lane, lane_capacity;
};

/* -EBADMSG: no such key. -ENOMEM. */
int cw_group_new(const char *notifier, const char *key, struct cw_group **ret_group)
        __attribute__((warn_unused_result));
void cw_group_free(struct cw_group *group);

uint64_t cw_group_hash(const char *notifier, const char *key);

int cw_group_add_member(struct cw_group *group, struct cw_alert *alert) __attribute__((warn_unused_result));
void cw_group_remove_member(struct cw_group *group, const struct cw_alert *alert);
/* A message stands once in a lane, and counts in how many it is the first and in how many others wait for it. */
int cw_group_lane_insert(struct cw_group *group, struct cw_intent *intent, size_t at)
        __attribute__((warn_unused_result));
void cw_group_lane_remove(struct cw_group *group, struct cw_intent *intent);

/* Its row as it is now, or its end. Groups that have not begun are not stored. */
void cw_group_remember(const struct cw_group *group, struct cw_changes *changes);
void cw_group_forget(const struct cw_group *group, struct cw_changes *changes);

#endif
