/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_TRUTH_H
#define CARDWATCH_TESTS_TRUTH_H

#include "world.h"

/*
 * Truth: which alerts ought to fire, worked out naively.
 *
 * Every rule is looked at for every card at every observation, without expressions, staging, or any thought of cost. It
 * is a plain value: copying it is remembering it.
 */

enum kind { LOW, DEEP, FALL, RICH, KINDS };

/* What a history's rules are; each kind has two variants. */
struct sim_rules {
        bool has[KINDS];
        int variant[KINDS];
        bool has_event;
        bool ladder; /* LOW becomes critical below zero */
        struct ruleset_spec spec; /* the rest: sources, notifiers, grouping, clocks */
};

struct cw_ruleset *sim_rules_build(const struct sim_rules *rules);

struct truth_card {
        bool known;
        size_t source;
        struct cw_card card;
        int missing;
        bool fires[KINDS];
};

struct truth_bad {
        bool fires;
        size_t source;
        int64_t customer, card;
};

struct truth {
        struct truth_card cards[WORLD_CARDS]; /* by id */
        struct truth_bad bad[64];
        size_t n_bad;
        uint64_t customers[SPEC_SOURCES]; /* ids ever seen, as bits */
        uint32_t failed_polls[SPEC_SOURCES];
        bool down[SPEC_SOURCES], auth_failed[SPEC_SOURCES];
};

void truth_poll(struct truth *truth, const struct sim_rules *rules, const struct world *world,
                const struct world_poll *poll);
void truth_reload(struct truth *truth, const struct sim_rules *before, const struct sim_rules *after);

/* Ends the test when the engine thinks otherwise. */
void truth_compare(const struct truth *truth, struct world *world);

#endif
