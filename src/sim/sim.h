/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_SIM_H
#define CARDWATCH_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access.h"
#include "fault.h"
#include "hooks.h"
#include "world.h"

struct cw_sim_options;
struct cw_sim_reply;
struct cw_sim_request;

/*
 * Sim: the simulated provider as a whole: a request and the time in, a reply out.
 *
 * It owns the world, who may see it, what is to go wrong and what was posted. It does no I/O: connections, timers and
 * the script call it.
 */

struct cw_sim_counts {
        uint64_t requests[CW_SIM_ENDPOINT_ANY]; /* by endpoint */
        uint64_t other, polls, connections, faulted;
        uint64_t concurrent, max_concurrent;
};

struct cw_sim {
        struct cw_sim_world world;
        struct cw_sim_access access;
        struct cw_sim_faults faults;
        struct cw_sim_hooks hooks;
        struct cw_sim_counts counts;
        int64_t page_cap;
        unsigned move_share; /* percent */
        bool still, inbox, no_pages_count;
};

/* `sim` is all zero before; the texts of `options` must outlive it. -EINVAL: the TOTP secret is no base32. */
int cw_sim_init(struct cw_sim *sim, const struct cw_sim_options *options) __attribute__((warn_unused_result));
void cw_sim_deinit(struct cw_sim *sim);

/* Answers one request at `now` (wall clock). Negative: no memory; there is no reply then. */
int cw_sim_answer(struct cw_sim *sim, const struct cw_sim_request *request, int64_t now, struct cw_sim_reply *reply)
        __attribute__((warn_unused_result));

/* What the provider's clock says. */
int64_t cw_sim_clock(const struct cw_sim *sim, int64_t now);

#endif
