/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_ENGINE_RULE_H
#define CARDWATCH_CORE_ENGINE_RULE_H

#include "engine_state.h"

/*
 * One rule, one observation (engine_rule.c), and the transitions that follow (engine_alert.c).
 */

/* Evaluates one rule on one observation. `previous` NULL: there is nothing to compare with. */
struct cw_look {
        struct cw_source_state *state;
        size_t rule;
        const struct cw_record *record; /* already shows `card` */
        const struct cw_card *card, *previous;
        const struct cw_trail *trail;
        int64_t at; /* when it was observed */
        int64_t away_ms; /* nobody was looking for so long before it, 0: for no longer than usual */
        int64_t *look_at; /* in and out, as of expr.h */
        bool baseline; /* what fires belongs to a baseline; events are silent */
        bool unchanged; /* nothing is new, neither of the card nor of the rule: what goes on stays as it is */
        bool newly; /* the rule sees the card for the first time, or is fresh */
        bool fresh; /* it is new or changed, and was not shown every card yet */
        bool again; /* read once more because an alert is about to fire */
        bool repeated; /* and nothing differs: only the alerts that asked for it look */
        bool counted; /* it is the last of the record's observations; else it came after that and changed nothing */
        bool unreadable; /* that failed: what is known is all there is */
        bool appeared, disappeared;
};
void cw_engine_look(struct cw_engine *engine, const struct cw_look *look);

/* How an alert stops waiting, or being unarmed, without anything being told: it may be gone after that. */
void cw_engine_stop_waiting(struct cw_engine *engine, struct cw_alert *alert, const char *reason);

/* Not all cards were shown to all new rules yet: the next observation may be after a restart. */
void cw_engine_remember_shown_clear(struct cw_engine *engine, const struct cw_source_state *state);
/* The rule is new no more, or gone; likewise. */
void cw_engine_forget_shown_clear(struct cw_engine *engine, struct cw_alert *alert);

/* The alerts of a card that is no more, or not the same any more. */
void cw_engine_card_gone(struct cw_engine *engine, const struct cw_source_state *state, const struct cw_card *card,
                         const char *reason);

/* Transitions. `draft` borrows everything; the engine keeps a copy. */
void cw_engine_fire(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft);
void cw_engine_update(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft);
void cw_engine_resolve(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft, const char *reason);
/* Its history gets a row. `reason` NULL: the entry's. */
void cw_engine_record(struct cw_engine *engine, const struct cw_alert *alert, const char *what, const char *reason);
/* With what it showed last. */
void cw_engine_resolve_as_is(struct cw_engine *engine, struct cw_alert *alert, const char *reason);

#endif
