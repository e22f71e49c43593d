/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SIM_SCRIPT_H
#define CARDWATCH_SIM_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

#include <cardwatch/cleanup.h>

struct cw_buf;
struct cw_sim_json;

/*
 * Script: a timeline of control calls, one JSON object a line.
 *
 *      {"loop":"60s"}
 *      {"at":"10s","do":"card","card":1,"available":"99.99"}
 *
 * Times run from the start of the script and never fall. An optional first line makes it begin anew after that time;
 * blank lines and lines that begin with '#' say nothing. All of it is checked when it is read. It knows the time only
 * as it is told.
 */

struct cw_sim_script;

/* -EINVAL: a mistake, appended to `why` as "name:line: what". -ENOMEM. */
int cw_sim_script_parse(const char *name, const char *text, size_t len, struct cw_buf *why,
                        struct cw_sim_script **ret_script) __attribute__((warn_unused_result));

/* The same from a file; further the negative errno of reading it, in `why` too. */
int cw_sim_script_load(const char *path, struct cw_buf *why, struct cw_sim_script **ret_script)
        __attribute__((warn_unused_result));
void cw_sim_script_free(struct cw_sim_script *script);
CW_DEFINE_CLEANUP(struct cw_sim_script *, cw_sim_script_free);

struct cw_sim_step {
        int64_t at_ms; /* since the script began, rounds included */
        size_t line;
        const char *what;
        const struct cw_sim_json *json;
};

/* The next step if it is due `elapsed_ms` after the beginning, and goes on to the one after it: 0. Not yet:
 * CW_SIM_SCRIPT_WAIT with the time until it is; over: CW_SIM_SCRIPT_END. */
#define CW_SIM_SCRIPT_WAIT 1
#define CW_SIM_SCRIPT_END  2
int cw_sim_script_next(struct cw_sim_script *script, int64_t elapsed_ms, struct cw_sim_step *ret_step,
                       int64_t *ret_wait_ms) __attribute__((warn_unused_result));

#endif
