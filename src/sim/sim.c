/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include "options.h"
#include "totp.h"

int cw_sim_init(struct cw_sim *sim, const struct cw_sim_options *options)
{
        const struct cw_sim_world_plan plan = {
                .customers = (size_t)options->customers,
                .cards = (size_t)options->cards,
                .low = (size_t)options->low,
                .suppressed = (size_t)options->suppressed,
                .first_customer = options->first_customer,
                .currencies = options->currencies,
                .seed = (uint64_t)options->seed,
        };
        int r;

        sim->access = (struct cw_sim_access){
                .username = options->username,
                .password = options->password,
                .api_key = options->api_key,
                .seed = (uint64_t)options->seed,
                .token_lifetime_ms = options->token_lifetime_ms,
                .anybody = options->unauthenticated,
                .single_use = options->otp_single_use,
        };
        sim->page_cap = options->page_cap;
        sim->move_share = (unsigned)options->move_share;
        sim->still = options->still;
        sim->inbox = options->inbox;
        r = cw_sim_totp_new(options->totp_secret, &sim->access.totp);
        if (r < 0)
                return r;
        r = cw_sim_world_init(&sim->world, &plan);
        if (r < 0)
                cw_sim_deinit(sim);
        return r;
}

void cw_sim_deinit(struct cw_sim *sim)
{
        cw_sim_world_deinit(&sim->world);
        cw_sim_access_deinit(&sim->access);
        cw_sim_faults_deinit(&sim->faults);
        cw_sim_hooks_deinit(&sim->hooks);
}

int64_t cw_sim_clock(const struct cw_sim *sim, int64_t now)
{
        return now + sim->access.clock_offset_ms;
}
