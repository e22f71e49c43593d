/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_READINGS_H
#define CARDWATCH_TESTS_READINGS_H

#include "world.h"

/*
 * Readings: what the world shows of cards besides polls.
 */

/* Reads again whom the engine wants to be read before an alert fires; every answer is committed. */
void world_read_again(struct world *world, size_t source);

/* The faster lane reads the card. */
void world_watch(struct world *world, int64_t id);

/* Instead of polls: at every beat up to `now` a complete one brought all as it was. */
void world_polls_alike(struct world *world, size_t source);

#endif
