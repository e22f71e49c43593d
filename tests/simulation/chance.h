/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_CHANCE_H
#define CARDWATCH_TESTS_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Chance: numbers drawn from a seed, the same for ever (SplitMix64).
 */

struct chance {
        uint64_t state;
};

uint64_t chance_draw(struct chance *chance);
unsigned chance_below(struct chance *chance, unsigned n);
bool chance_one_in(struct chance *chance, unsigned n);

#endif
