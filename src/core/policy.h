/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_POLICY_H
#define CARDWATCH_CORE_POLICY_H

#include "alert.h"
#include "ledger.h"
#include "outbox_private.h"

/*
 * Policy: from what changed to what is told.
 *
 * The engine reports every transition of an alert (cw_policy_touch) and every event, then asks once, at the end of its
 * step, for what is due (cw_policy_flush): so all changes of one step that belong to one group make one message. The
 * rest of the interface moves messages on. Nothing here evaluates a rule; nothing here does I/O.
 *
 * A failed allocation is remembered in `error`; the engine asks at the end of the step.
 */

struct cw_baseline;

struct cw_policy {
        struct cw_strpool *pool; /* not owned */
        struct cw_alerts *alerts; /* not owned */
        struct cw_ruleset *rules; /* not owned */
        struct cw_map tellings; /* by cw_ledger_key */
        struct cw_map groups; /* by their hash */
        struct cw_due due; /* of groups */
        struct cw_outbox outbox;
        struct cw_group **touched;
        size_t n_touched, touched_capacity;
        uint64_t *changed; /* sequences of messages that changed in this step */
        size_t n_changed, changed_capacity;
        struct cw_baseline *baselines; /* one for each notifier */
        struct cw_changes *changes; /* of the step under way */
        int64_t now;
        bool loading; /* what comes is stored already */
        int error;
};

void cw_policy_init(struct cw_policy *policy, struct cw_strpool *pool, struct cw_alerts *alerts);
void cw_policy_deinit(struct cw_policy *policy);

/* A step begins: where its rows go, and what time it is. */
void cw_policy_begin(struct cw_policy *policy, int64_t now, struct cw_changes *changes);

/* Another ruleset: messages of notifiers that are gone become dead letters. */
void cw_policy_set_rules(struct cw_policy *policy, struct cw_ruleset *rules);

/* The alert had a transition, or a hold on it began or ended. `urgent`: it became worse. */
void cw_policy_touch(struct cw_policy *policy, struct cw_alert *alert, bool urgent);

/* Every alert that somebody has to do with belongs to a group again, and clocks are what the rules in force make of it:
 * after loading, and after another ruleset. Nobody new is told. */
void cw_policy_replan(struct cw_policy *policy);

/* An event happened; `edge` tells it from others of its rule and card. */
void cw_policy_event(struct cw_policy *policy, struct cw_entry *entry, uint32_t edge);

/* Queues all that is due by now. */
void cw_policy_flush(struct cw_policy *policy);

/* When a group is due, 0: none is. */
int64_t cw_policy_wake_at(struct cw_policy *policy);

/* policy_delivery.c: what became of a message. The name of its notifier (of the pool), or NULL when there is no such
 * message. */
const char *cw_policy_rendered(struct cw_policy *policy, uint64_t sequence, const char *payload, size_t payload_len);
const char *cw_policy_delivered(struct cw_policy *policy, uint64_t sequence);

struct cw_attempt_failure {
        uint64_t sequence;
        bool permanent;
        int64_t asked_ms;
        uint32_t chance;
        const char *reason;
};
struct cw_attempt_outcome {
        bool dead; /* it will not be tried again */
        int64_t failing_ms; /* for how long it has failed now */
};
const char *cw_policy_attempt_failed(struct cw_policy *policy, const struct cw_attempt_failure *failure,
                                     struct cw_attempt_outcome *ret_outcome);

/* After another ruleset: what concerns notifiers that are gone becomes dead letters and is forgotten. */
void cw_policy_bury_orphans(struct cw_policy *policy);

/* policy_load.c: takes over what was stored; alerts are loaded before. -EBADMSG, -ENOMEM. */
int cw_policy_load(struct cw_policy *policy, const struct cw_changes *stored) __attribute__((warn_unused_result));

/* Between the files of the policy. */
struct cw_telling *cw_policy_telling(struct cw_policy *policy, const char *notifier, struct cw_alert *alert,
                                     bool create);
void cw_policy_end_telling(struct cw_policy *policy, struct cw_telling *telling);
struct cw_group *cw_policy_group(struct cw_policy *policy, const char *notifier, const char *key);
void cw_policy_join(struct cw_policy *policy, struct cw_telling *telling, struct cw_group *group);
void cw_policy_prune(struct cw_policy *policy, struct cw_group *group);
/* It is pruned when the step ends. */
void cw_policy_visit(struct cw_policy *policy, struct cw_group *group);
/* The time at which the group may next speak about changes. */
int64_t cw_policy_speaks_at(const struct cw_policy *policy, const struct cw_group *group, bool urgent);
/* It may have something to say, as soon as its clocks allow. */
void cw_policy_touch_group(struct cw_policy *policy, struct cw_group *group, bool urgent, bool at_once);
/* What a message that was never attempted says has changed: it is settled once, when the step ends. */
void cw_policy_intent_changed(struct cw_policy *policy, struct cw_intent *intent);
/* Whether the rules in force send such an alert to this notifier (index in the ruleset). */
bool cw_policy_routed(const struct cw_policy *policy, const struct cw_alert *alert, size_t notifier);
void cw_policy_key(struct cw_policy *policy, const struct cw_entry *entry, struct cw_buf *key);
/* The group an entry belongs to at a notifier under the rules in force. */
struct cw_group *cw_policy_group_of(struct cw_policy *policy, const char *notifier, const struct cw_entry *entry);
/* What the notifier knows of the alert, in its group; NULL: it has nothing to do with it. */
struct cw_telling *cw_policy_place(struct cw_policy *policy, size_t notifier, struct cw_alert *alert, bool create);
/* What its receiver knows of the alert with this item of the message. */
struct cw_known cw_policy_known(const struct cw_policy *policy, const struct cw_intent *intent,
                                const struct cw_item *item, const struct cw_alert *alert);
size_t cw_policy_notifier_index(const struct cw_policy *policy, const char *name);

/* policy_hold.c: whether something keeps the alert from being told now, and what. NULL: nothing. */
const char *cw_policy_held_by(const struct cw_policy *policy, const struct cw_alert *alert);
/* Touches what was held by this alert. */
void cw_policy_release_held(struct cw_policy *policy, const struct cw_alert *alert);

#endif
