/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ALERT_H
#define CARDWATCH_CORE_ALERT_H

#include "cardwatch/engine.h"
#include "cardwatch/hash.h"
#include "cardwatch/history.h"
#include "cardwatch/map.h"
#include "cardwatch/strpool.h"

struct cw_changes;

/*
 * Alerts: one for each (rule, card), known by its fingerprint.
 *
 * An alert that fired once is remembered for good, by its counts only: message ids are derived from them, and the same
 * decision made again after a lost commit must derive the same id. What it shows (the entry) is kept while it fires or
 * while a receiver is owed its end. The table says nothing about when an alert changes.
 */

struct cw_alert {
        uint64_t fingerprint;
        const char *rule, *source; /* of the pool */
        int64_t customer, card;
        enum cw_alert_state state;
        enum cw_severity severity;
        uint32_t episode; /* how often it fired */
        uint32_t edge; /* how many transitions it had */
        uint32_t tellings; /* receivers that still have to do with it */
        bool baseline; /* waiting: what fires belongs to a baseline */
        bool flapping;
        bool shown_clear; /* to a rule that is new and arms only then */
        bool shown_clear_stored;
        int64_t since_at; /* waiting: since when the condition is true, without the time nobody was looking */
        int64_t clear_at; /* firing: since when it could resolve, 0: it could not */
        int64_t moved_at; /* the last transition */
        uint32_t insist_edge; /* a transition that is told although receivers know that it fires, 0: none */
        uint32_t n_fired_at;
        int64_t *fired_at; /* transitions to firing within a week, or the window of `flap` if that is longer, oldest
                              first */
        char *acked_by; /* who looks after it; NULL: nobody said so */
        int64_t acked_until_at;
        int64_t told_at; /* the first message that it fires as it does, 0: none yet */
        int64_t escalated_ms; /* steps up to so long after that were taken, 0: none */
        int64_t escalate_at; /* the next, 0: none; derived from the others */
        struct cw_asked *asked; /* its customer is being read once more; NULL: not */
        struct cw_entry *entry;
};

/* What an alert that is about to fire was seen by. */
struct cw_asked {
        struct cw_card previous; /* without its reference */
        bool has_previous;
};

struct cw_alerts {
        struct cw_strpool *pool; /* not owned */
        struct cw_map map;
};

struct cw_alert_key {
        const char *rule, *source; /* for the daemon's own alerts about no source, "" */
        int64_t customer, card;
};

void cw_alerts_init(struct cw_alerts *alerts, struct cw_strpool *pool);
void cw_alerts_deinit(struct cw_alerts *alerts);

uint64_t cw_alert_fingerprint(const struct cw_alert_key *key);
struct cw_alert *cw_alerts_find(const struct cw_alerts *alerts, uint64_t fingerprint);
/* One that is new where there is none; the fingerprint is that of the key. -ENOMEM. */
int cw_alerts_get(struct cw_alerts *alerts, const struct cw_alert_key *key, uint64_t fingerprint,
                  struct cw_alert **ret_alert) __attribute__((warn_unused_result));

/* It waited, and nothing came of it: as if it had never been. Only for one that never fired. `changes` NULL: it was
 * never stored. */
void cw_alerts_forget(struct cw_alerts *alerts, struct cw_alert *alert, struct cw_changes *changes);

/* Lets go of what it shows once it does not fire and nobody is owed anything. */
void cw_alert_settle(struct cw_alert *alert);

/* Somebody looks after it: it is not repeated. */
bool cw_alert_is_acknowledged(const struct cw_alert *alert, int64_t now);

/* A row of history about it, as it is now; the texts are borrowed. */
struct cw_history_row cw_alert_history(const struct cw_alert *alert, int64_t at, const char *what, const char *reason);

/* Its row, as it is now. */
void cw_alert_remember(const struct cw_alert *alert, struct cw_changes *changes);

#endif
