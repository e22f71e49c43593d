/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_BELIEFS_H
#define CARDWATCH_TESTS_BELIEFS_H

#include "receivers.h"

/*
 * Beliefs: what every receiver thinks of every alert, from nothing but the messages it accepted.
 *
 * Ends the test at a message that no receiver should get: an end without its beginning, a transition told twice under
 * two ids, an id with other bytes than before. What cannot be known is unsure and allows anything until the next word
 * of that alert: a dead letter, and what was accepted before a crash that lost the commits of it.
 */

enum belief { NOTHING, BELIEVES_FIRING, BELIEVES_OVER, UNSURE };

struct beliefs {
        struct believed *items;
        size_t n_items, items_capacity;
        struct transition *told;
        size_t n_told, told_capacity;
        struct known_message *messages;
        size_t n_messages, messages_capacity;
        uint64_t unsaved; /* number of the commit that is awaited: what was learnt since may be lost */
        bool no_ends[8]; /* by the digit in the name of the notifier */
};

void beliefs_deinit(struct beliefs *beliefs);

void beliefs_attempted(struct beliefs *beliefs, const struct message *message);
void beliefs_accepted(struct beliefs *beliefs, const struct message *message);
/* It became a dead letter. */
void beliefs_dead(struct beliefs *beliefs, const char *payload);

/* All so far is committed; all since then is lost. */
void beliefs_saved(struct beliefs *beliefs);
void beliefs_lost(struct beliefs *beliefs);

/* The notifier is another one from now on, as far as it knows. */
void beliefs_forget(struct beliefs *beliefs, const char *notifier);

enum belief beliefs_of(struct beliefs *beliefs, const char *notifier, uint64_t fingerprint);
void beliefs_unsure(struct beliefs *beliefs, const char *notifier, uint64_t fingerprint);
/* The transition to firing that died and made it unsure, 0: none. */
unsigned beliefs_dead_edge(struct beliefs *beliefs, const char *notifier, uint64_t fingerprint);

#endif
