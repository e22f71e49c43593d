/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_RUN_H
#define CARDWATCH_SIM_RUN_H

struct cw_sim_options;

/* Exit statuses, as sysexits names them EX_USAGE and EX_DATAERR. */
#define CW_SIM_EXIT_USAGE  64
#define CW_SIM_EXIT_SCRIPT 65

/*
 * Run: the simulator from its first line of output to its end.
 */

/* Serves until TERM or INT. Returns the exit status: 0, 1 it failed, 64 a bad option, 65 a bad script. */
int cw_sim_run(const struct cw_sim_options *options);

#endif
