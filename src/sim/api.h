/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_API_H
#define CARDWATCH_SIM_API_H

#include <stdint.h>

struct cw_sim;
struct cw_sim_reply;
struct cw_sim_request;

/*
 * API: the provider's own endpoints, as design and public reference tell them.
 *
 * Counts what was asked, judges who asks, and lets a fault have its way. The body's errors stay in the
 * reply's buffer.
 */

void cw_sim_api_login(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now,
                      struct cw_sim_reply *reply);
void cw_sim_api_list(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now, struct cw_sim_reply *reply);
void cw_sim_api_customer(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now,
                         struct cw_sim_reply *reply);

/* The sink: stores the post and says {"ok":true}. */
void cw_sim_api_hook(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now, struct cw_sim_reply *reply);

#endif
