/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_CONTROL_H
#define CARDWATCH_SIM_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

struct cw_sim;
struct cw_sim_reply;
struct cw_sim_request;

/*
 * Control: the calls under /sim/, by which a test or a person steers the simulator and looks at what it saw.
 */

/* Answers a request whose path begins with /sim/. */
void cw_sim_control(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now, struct cw_sim_reply *reply);

#endif
