/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_LISTENER_H
#define CARDWATCH_SIM_LISTENER_H

#include <stdint.h>

struct cw_loop;
struct cw_sim;

/*
 * Listener: HTTP connections in front of the simulator.
 *
 * Each connection reads one request at a time, has it answered, and sends the reply as the reply says: at once, late,
 * in drops, cut off, reset. What a client sends ahead waits its turn, within bounds. It decides nothing about content.
 */

struct cw_sim_listener;

/* -EADDRINUSE and the like: the address cannot be had. `sim` must outlive it. */
int cw_sim_listener_new(struct cw_loop *loop, struct cw_sim *sim, const char *host, uint16_t port,
                        struct cw_sim_listener **ret_listener, uint16_t *ret_port) __attribute__((warn_unused_result));
/* Drops every connection. */
void cw_sim_listener_free(struct cw_sim_listener *listener);

#endif
