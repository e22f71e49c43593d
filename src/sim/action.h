/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_ACTION_H
#define CARDWATCH_SIM_ACTION_H

struct cw_buf;
struct cw_sim;
struct cw_sim_json;

/*
 * Action: what can be done to the simulator from outside, by name, whether a control call or a line of a script asks
 * for it.
 */

/*
 * Does it. `sim` NULL only checks that it is understood. Appends JSON of its own to `result` if it has something to
 * say.
 *
 * -EINVAL: not understood, -ENOENT: no such card, customer or fault, -EEXIST: the card is another customer's, each with
 * the reason appended to `why`; -ENOMEM.
 */
int cw_sim_act(struct cw_sim *sim, const char *name, const struct cw_sim_json *json, struct cw_buf *why,
               struct cw_buf *result) __attribute__((warn_unused_result));

#endif
