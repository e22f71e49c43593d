/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_LOADING_H
#define CARDWATCH_DAEMON_LOADING_H

#include <stdint.h>

#include "cardwatch/buf.h"
#include "cardwatch/changes.h"

struct cw_engine;
struct cw_loop;
struct cw_ruleset;
struct cw_store;

/*
 * Loading: the engine as it was left, what its rules look back at, and what the present configuration makes of that.
 *
 * In two parts. After the first the engine says what each source remembers (cw_engine_source_memory), and nothing else;
 * the second, which takes long where there are many cards, is done on a worker while the loop turns.
 */

struct cw_loading {
        struct cw_store *store;
        struct cw_ruleset *rules;
        struct cw_changes *changes; /* where to note what follows from the rules */
        int64_t now;
        struct cw_loop *loop;
        /* The caller's, whatever becomes of the loading: */
        struct cw_engine *engine;
        struct cw_buf message; /* what is wrong with the store */
        /* Its own: */
        struct cw_changes stored;
        int result;
};

/* Over a loading whose first members are set, the others zero. Let go of it in any case. */
int cw_loading_begin(struct cw_loading *loading) __attribute__((warn_unused_result));

/* Turns the loop until all is loaded. Until it returns nobody else may touch the engine, the store or the changes: the
 * caller keeps signals waiting. */
int cw_loading_run(struct cw_loading *loading) __attribute__((warn_unused_result));

/* Keeps the engine. */
void cw_loading_deinit(struct cw_loading *loading);

#endif
