/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_LEDGER_H
#define CARDWATCH_CORE_LEDGER_H

#include "alert.h"
#include "cardwatch/map.h"
#include "cardwatch/notice.h"

struct cw_changes;
struct cw_group;

/*
 * Ledger: what each notifier was told of each alert, and what is therefore due.
 *
 * The heart of the policy. A message is due when the truth differs from what the receiver knows, never because a route,
 * a group or the configuration changed. What the receiver knows grows in three steps: an item waits in a queued message
 * (it may still be taken back), it is rendered into one (its bytes stay: the receiver may have it), it is accepted. A
 * dead letter takes the middle step back, and blocks its transition from being told again until the alert has another.
 */

enum cw_known_state { CW_KNOWN_NOTHING, CW_KNOWN_FIRING, CW_KNOWN_RESOLVED };

struct cw_known {
        enum cw_known_state state;
        enum cw_severity severity;
};

struct cw_telling {
        uint64_t fingerprint;
        const char *notifier; /* of the pool */
        struct cw_alert *alert;
        struct cw_group *group; /* where it is told; NULL: nowhere */
        struct cw_known accepted; /* the receiver has this */
        struct cw_known sent; /* and may have this */
        uint32_t accepted_edge, sent_edge; /* which transitions those were */
        uint32_t dead_edge; /* a transition that became a dead letter, 0: none */
        uint64_t queued; /* sequence of the message in which an item of it waits, 0: none */
        uint32_t queued_edge; /* which transition that item tells */
        uint64_t under_way; /* sequence of the rendered message it stands in, 0: none */
        bool stored; /* has a row */
        uint32_t held_edge; /* the transition of which it was last recorded that it is held back, */
        uint64_t held_reason; /* and by what: a hash of the words */
};

/* What to do about one alert at one notifier. */
enum cw_due_action {
        CW_DUE_NOTHING,
        CW_DUE_FIRING, /* tell, or make the waiting item say, that it fires */
        CW_DUE_RESOLVED, /* … that it is over */
        CW_DUE_FOLDED, /* … that it fired and ended before anybody could be told */
        CW_DUE_TAKE_BACK /* the waiting item says nothing any more */
};

/* The decision: pure. `send_resolved` is the notifier's setting. */
enum cw_due_action cw_ledger_decide(const struct cw_telling *telling, const struct cw_alert *alert, bool send_resolved);

/* Told now, it is part of a baseline: what was told of it before, delivered or dead, was not. */
bool cw_ledger_baseline(const struct cw_telling *telling, const struct cw_alert *alert);

/* The item such a decision asks for. */
struct cw_item cw_ledger_item(const struct cw_telling *telling, const struct cw_alert *alert,
                              enum cw_due_action action);

/* Nothing more can ever be due until the alert fires again. */
bool cw_ledger_over(const struct cw_telling *telling, const struct cw_alert *alert, bool send_resolved);

uint64_t cw_ledger_key(const char *notifier, uint64_t fingerprint);

/* Its row as it is now, or its end. */
void cw_ledger_remember(struct cw_telling *telling, struct cw_changes *changes);
void cw_ledger_forget(struct cw_telling *telling, struct cw_changes *changes);

#endif
