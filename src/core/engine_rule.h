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
        bool baseline; /* what fires belongs to a baseline; events are silent */
        bool unchanged; /* nothing is new, neither of the card nor of the rule: what goes on stays as it is */
        bool appeared, disappeared;
};
void cw_engine_look(struct cw_engine *engine, const struct cw_look *look);
/* The alerts of a card that is no more, or not the same any more. */
void cw_engine_card_gone(struct cw_engine *engine, const struct cw_source_state *state, const struct cw_card *card,
                         const char *reason);

/* Transitions. `draft` borrows everything; the engine keeps a copy. */
void cw_engine_fire(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft);
void cw_engine_update(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft);
void cw_engine_resolve(struct cw_engine *engine, struct cw_alert *alert, struct cw_entry *draft, const char *reason);
/* With what it showed last. */
void cw_engine_resolve_as_is(struct cw_engine *engine, struct cw_alert *alert, const char *reason);

#endif
