/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_PAST_H
#define CARDWATCH_DAEMON_PAST_H

#include <stdbool.h>
#include <stdint.h>

struct cw_buf;
struct cw_committer;
struct cw_engine;
struct cw_log;
struct cw_loop;
struct cw_ruleset;
struct cw_store;

/*
 * Past: hands the engine what its rules need to know of what was (recall.h).
 *
 * At the start in one go, before anything else happens. When a reload brings rules that look back otherwise, slice by
 * slice: a worker reads from the store, beside the committer and as it was when all that had been observed was
 * committed; the loop hands in what was read. Whoever starts it sees to it that no card is observed until it is done.
 */

struct cw_past;

struct cw_past_options {
        struct cw_loop *loop;
        struct cw_log *log;
        struct cw_engine *engine;
        struct cw_committer *committer;
        void (*done)(void *data); /* the engine knows, or it was cancelled */
        void *data;
};

/* Whether `after` asks for a past that an engine under `before` does not know. */
bool cw_past_differs(const struct cw_ruleset *before, const struct cw_ruleset *after);

/* All at once, from a store that nobody writes to. */
int cw_past_load(struct cw_engine *engine, struct cw_store *store, const struct cw_ruleset *rules, int64_t now,
                 struct cw_buf *message) __attribute__((warn_unused_result));

int cw_past_new(const struct cw_past_options *options, struct cw_past **ret_past) __attribute__((warn_unused_result));

/* Nothing may be under way. Takes NULL. */
void cw_past_free(struct cw_past *past);

/* For the rules that are in force now, from the store at `path`; begins anew when it is under way already. `done` fires
 * once, never from inside. -ENOMEM. */
int cw_past_start(struct cw_past *past, const char *path, const struct cw_ruleset *rules)
        __attribute__((warn_unused_result));

bool cw_past_busy(const struct cw_past *past);

/* It is not needed any more: `done` fires soon. */
void cw_past_cancel(struct cw_past *past);

#endif
