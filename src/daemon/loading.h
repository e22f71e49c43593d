/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_LOADING_H
#define CARDWATCH_DAEMON_LOADING_H

#include <stdint.h>

struct cw_buf;
struct cw_changes;
struct cw_engine;
struct cw_ruleset;
struct cw_store;

/*
 * Loading: the engine as it was left, what its rules look back at, and what the present configuration makes of that.
 */

struct cw_loading {
        struct cw_store *store;
        struct cw_ruleset *rules;
        struct cw_changes *changes; /* where to note what follows from the rules */
        int64_t now;
};

/* Whatever it returns, *ret_engine is the caller's, or still NULL. */
int cw_loading_run(const struct cw_loading *loading, struct cw_engine **ret_engine, struct cw_buf *message)
        __attribute__((warn_unused_result));

#endif
