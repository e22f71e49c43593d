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
struct cw_digest;
struct cw_inhibitor;
struct cw_silence;

/* What the engine knows of the cards; said in digests. */
struct cw_policy_watch {
        uint64_t n_cards;
        int64_t looked_at; /* when the source that was read least recently was read completely, 0: one never was */
        bool all_tried; /* since the start, every source was */
};

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
        struct cw_silence *silences;
        size_t n_silences;
        struct cw_inhibitor *inhibitors; /* as in the ruleset */
        size_t n_inhibitors;
        bool *windows_open; /* as in the ruleset, from … until (exclusive); NULL: nothing hangs on any */
        int64_t windows_from, windows_until;
        bool hold_ended; /* in this step one may have */
        struct cw_due escalations; /* of alerts, by fingerprint */
        struct cw_digest *digests;
        size_t n_digests;
        bool has_digests; /* those of the ruleset, and of the store */
        struct cw_policy_watch watch;
        int64_t begun_at; /* when the first step was */
        struct cw_changes *changes; /* of the step under way */
        int64_t now;
        uint64_t first_sequence; /* of the messages of this step */
        bool loading; /* what comes is stored already */
        bool replanned; /* in this step: every group was touched */
        int64_t behind_ms; /* while loading: what is stored was told by a clock so far ahead */
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

/* After another ruleset: what concerns notifiers that are gone becomes dead letters and is forgotten. */
void cw_policy_bury_orphans(struct cw_policy *policy);

/* policy_clock.c: the wall clock was set, forward or (negative) back: what waits moves along. */
void cw_policy_clock_set(struct cw_policy *policy, int64_t by_ms);

/* policy_load.c: takes over what was stored; alerts are loaded before. `behind_ms`: the wall clock is so far behind the
 * one it was stored by. -EBADMSG, -ENOMEM. */
int cw_policy_load(struct cw_policy *policy, const struct cw_changes *stored, int64_t behind_ms)
        __attribute__((warn_unused_result));

#endif
