/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_ROUTING_H
#define CARDWATCH_TESTS_ROUTING_H

#include "chance.h"
#include "world.h"

/*
 * Random trees of routes with windows, inhibitions and escalations, and what operators do meanwhile.
 */

/* For notifiers n0, n1, … and the rules of truth.h. Windows open and close within two hours of the world's begin. */
void routing_draw(struct chance *chance, struct routing_spec *spec);
/* The same without what holds back. */
void routing_open(struct routing_spec *spec);

/* Perhaps somebody silences something for some minutes, or ends that; perhaps somebody acknowledges an alert, or takes
 * that back. Stepped, not committed. */
void routing_act(struct chance *chance, struct world *world);
void routing_end_silences(struct world *world);

#endif
