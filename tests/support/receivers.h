/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_RECEIVERS_H
#define CARDWATCH_TESTS_RECEIVERS_H

#include "world.h"

/*
 * Receivers: the dispatcher and those it delivers to, played.
 *
 * A message is rendered once, into a text that says all that a message can say, and committed before its first attempt.
 * What a receiver accepts becomes a line that tests compare:
 *
 *   chat firing: low/1 firing 99.99, low/2 resolved 130.00 folded
 *   chat firing baseline: low/1 firing 12.00
 *   chat firing repeat 2: source-down firing
 *   chat event: switched/7 event
 *   chat digest daily +1 -0 !0: low/1 firing 12.00
 *
 * and, where the world is `in_full`, severity and marks after the amount: "low/1 firing 99.99 warning flapping".
 */

/* One message in the dispatcher's hands. */
struct message {
        uint64_t sequence;
        size_t notifier;
        char id[33];
        char *payload;
};

/* Takes the next message of the notifier, rendered and committed; false: there is none now. */
bool receiver_take(struct world *world, size_t notifier, struct message *ret_message);

/* What became of it; lets go of it. */
void receiver_accepts(struct world *world, struct message *message);
void receiver_fails(struct world *world, struct message *message, bool permanent, int64_t asked_ms);
/* The process died meanwhile: nobody says. */
void message_drop(struct message *message);

/* Every receiver takes all that is ready, by its mood, until nothing is. */
void world_deliver(struct world *world);

/* A minute passes, then there is a complete poll and all that follows: what was told meanwhile. */
const char *world_polled(struct world *world);

/* Lets time pass: the clock stops wherever something is due, and everything ready is delivered. */
void world_pass(struct world *world, int64_t ms);

#endif
