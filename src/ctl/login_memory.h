/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_LOGIN_MEMORY_H
#define CARDWATCH_CTL_LOGIN_MEMORY_H

#include "cardwatch/source.h"

/*
 * Login memory: what the daemon knows of a source's log-ins, for commands that log in beside it or before it.
 *
 * The API locks accounts: a loop of commands must cost no more log-ins than the daemon would. So the store is asked
 * before, and told after. While a daemon owns it, it is only asked, and what a command learns is stored beside it
 * (PATH.check, a small store of the same kind): the daemon's own log-ins are its own. Nothing is created unless there
 * is something to remember, and no directory ever. What cannot be read or stored is said on standard error; the command
 * goes on.
 */

struct cw_login_memory {
        const char *command; /* for messages */
        const char *store_path;
};

/* Nothing when nothing is known of these credentials. */
struct cw_source_memory cw_login_memory_recall(const struct cw_login_memory *where,
                                               const struct cw_source_options *source);

void cw_login_memory_keep(const struct cw_login_memory *where, const char *source,
                          const struct cw_source_memory *memory);

#endif
