/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_DISPATCHER_H
#define CARDWATCH_DAEMON_DISPATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_attempt_result;
struct cw_committer;
struct cw_engine;
struct cw_event;
struct cw_http;
struct cw_log;
struct cw_loop;
struct cw_settings;

/*
 * Dispatcher: carries messages from the outbox to their receivers.
 *
 * Asks the outbox what may go, renders it once, waits until its bytes are committed, carries out the attempt, and
 * reports the result to the engine. It decides nothing: order, waits and dead letters are the outbox's. Every notifier
 * has its own attempts, so that one that hangs delays no other.
 */

struct cw_dispatcher;

struct cw_dispatcher_options {
        struct cw_loop *loop;
        struct cw_http *http;
        struct cw_log *log;
        struct cw_engine *engine;
        struct cw_committer *committer;
        bool once; /* each message is attempted once */
        /* Steps the engine with an event of the dispatcher's. */
        void (*step)(void *data, const struct cw_event *event);
        /* The same where nothing else is to be done: `done` follows, at once or after a while in which nobody is
         * called. */
        void (*step_aside)(void *data, const struct cw_event *event, void (*done)(void *data), void *done_data);
        /* An attempt ended. */
        void (*progress)(void *data);
        void *data;
};

int cw_dispatcher_new(const struct cw_dispatcher_options *options, struct cw_settings *settings,
                      struct cw_dispatcher **ret_dispatcher) __attribute__((warn_unused_result));

/* Nothing may be under way (cw_dispatcher_cancel, then a turn of the loop). */
void cw_dispatcher_free(struct cw_dispatcher *dispatcher);

/* The notifiers of another configuration, when the engine has its ruleset; attempts under way go on with theirs.
 * -ENOMEM. */
int cw_dispatcher_configure(struct cw_dispatcher *dispatcher, struct cw_settings *settings)
        __attribute__((warn_unused_result));

/* Starts whatever may be started now. */
void cw_dispatcher_pump(struct cw_dispatcher *dispatcher);

/* A test message to the notifier of this name, at once and once: it takes no part in the outbox, and says nothing of
 * the receiver to whoever waits there. `done` fires exactly once, never from inside, with NULL when it was cancelled.
 * -ENOENT: no such notifier. -EBUSY: one is under way to it. -EBADMSG, -EINVAL (attempt.h), -ENOMEM. */
typedef void (*cw_tested_fn)(void *data, const struct cw_attempt_result *result);
int cw_dispatcher_test(struct cw_dispatcher *dispatcher, const char *name, cw_tested_fn done, void *data)
        __attribute__((warn_unused_result));

/* Attempts under way. */
size_t cw_dispatcher_busy(const struct cw_dispatcher *dispatcher);
/* Attempts that failed so far. */
size_t cw_dispatcher_failed(const struct cw_dispatcher *dispatcher);

/* No further attempts; those under way are cancelled and count as not made. */
void cw_dispatcher_cancel(struct cw_dispatcher *dispatcher);

#endif
