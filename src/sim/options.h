/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_OPTIONS_H
#define CARDWATCH_SIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct cw_buf;

/*
 * Options: the command line of cardwatch-sim, as one table of rows that also writes --help.
 */

struct cw_sim_options {
        const char *host, *username, *password, *totp_secret, *api_key, *currencies;
        const char *script; /* NULL: none */
        int64_t port, customers, cards, seed, page_cap, first_customer, low, suppressed, move_share;
        int64_t move_every_ms, token_lifetime_ms;
        bool still, unauthenticated, inbox, otp_single_use;
};

/* Outcomes: print the message to standard output and end with 0, or to standard error and end with 64. */
#define CW_SIM_OPTIONS_SHOW  1
#define CW_SIM_OPTIONS_USAGE 2

/* The texts in *ret_options are those of argv. 0 or an outcome. */
int cw_sim_options_parse(int argc, char *const *argv, struct cw_sim_options *ret_options, struct cw_buf *message)
        __attribute__((warn_unused_result));

#endif
