/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_HISTORY_H
#define CARDWATCH_TESTS_HISTORY_H

#include "beliefs.h"
#include "chance.h"
#include "receivers.h"
#include "truth.h"

/*
 * A history that is being played: the world, what ought to be true in it, and what its receivers believe; and what is
 * drawn for it.
 */

#define HISTORY_HELD 3
#define HISTORY_CUSTOMERS                                                                                              \
        4 /* each has an anchor, a card that never leaves it: only customers with cards are remembered */

struct history {
        uint64_t seed;
        bool calm, restarts, routed;
        struct chance chance; /* what happens */
        struct chance fate; /* when the process dies */
        struct world world;
        struct sim_rules rules, saved_rules;
        struct truth truth, saved_truth;
        struct beliefs beliefs;
        struct message held[HISTORY_HELD];
        char **log; /* what was accepted, with its time */
        size_t n_log, log_capacity;
};

/* Rules and clocks; whose alerts are told together; what a history begins with. */
void history_draw_rules(struct history *history, struct sim_rules *rules);
void history_draw_groups(struct history *history, struct sim_rules *rules);
void history_first_rules(struct history *history);
void history_draw_cards(struct history *history);

/* What may change from one poll to the next. */
void history_change_card(struct history *history);
void history_change_customers(struct history *history);
void history_change_moods(struct history *history);

#endif
