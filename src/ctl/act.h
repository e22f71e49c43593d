/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_ACT_H
#define CARDWATCH_CTL_ACT_H

#include <stdbool.h>

#include "daemon_call.h"
#include "options.h"

struct cw_buf;
struct cw_command;

/*
 * Act: what commands share that have the daemon do something about alerts.
 */

struct cw_act_wish {
        struct cw_daemon_place place;
        const char *by, *why, *lasts, *until; /* NULL: not said */
        struct cw_option_words match;
        bool all, preview, end, json;
};

/* The body of the request. Not a usage error: CW_EXIT_OK; what is wrong is said. */
int cw_act_body(const struct cw_command *command, const struct cw_act_wish *wish, struct cw_buf *body);

/* Who and why were said where they are needed; false: it is said. */
bool cw_act_has_actor(const struct cw_command *command, const struct cw_act_wish *wish, bool needs_why);

/* The alerts of an answer as a table, "and 7 more" below; a sentence when there is none. To standard error unless it is
 * what was asked for. An exit status. */
int cw_act_show_alerts(const struct cw_command *command, struct cw_buf *answer, const char *none);

#endif
