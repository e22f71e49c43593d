/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_CONTROL_H
#define CARDWATCH_DAEMON_CONTROL_H

#include <stdbool.h>

#include "cardwatch/store.h"
#include <stddef.h>
#include <stdint.h>

struct cw_act;
struct cw_attempt_result;
struct cw_buf;
struct cw_engine;
struct cw_event;
struct cw_log;
struct cw_loop;
struct cw_settings;

/*
 * Control: what operators and their programs ask of the running daemon, over HTTP on its socket.
 *
 * Knows paths, methods, bodies and problems (RFC 9457), and logs who did what. It looks at the engine between two steps
 * and acts by events; the present comes from there, the past from the store, read on a worker. It holds no state of the
 * daemon and decides nothing.
 */

struct cw_control;

/* All are called from the loop, and must not free the control. */
struct cw_control_calls {
        struct cw_engine *(*engine)(void *data);
        const struct cw_settings *(*settings)(void *data);
        bool (*store_works)(void *data);
        struct cw_store_size (*store_size)(void *data);
        void (*step)(void *data, const struct cw_event *event);
        /* After steps: what they caused goes its way. The engine moves on. */
        void (*carry_out)(void *data);
        /* False: refused, `why` says so. */
        bool (*reload)(void *data, const struct cw_act *act, struct cw_buf *why);
        void (*poll)(void *data);
        /* `fn` once all that was said until now is on the disk, or could not be written. */
        void (*when_written)(void *data, void (*fn)(void *), void *fn_data);
        /* A test message (dispatcher.h). */
        int (*test)(void *data, const char *name, void (*done)(void *, const struct cw_attempt_result *), void *tester);
};

struct cw_control_options {
        struct cw_loop *loop;
        struct cw_log *log;
        const char *socket_path;
        const struct cw_control_calls *calls;
        void *data;
};

/* -errno, `why` in words: the socket cannot be made (httpd.h). */
int cw_control_new(const struct cw_control_options *options, struct cw_control **ret_control, struct cw_buf *why)
        __attribute__((warn_unused_result));

/* What a worker still reads for somebody is read to its end, and told to nobody. */
void cw_control_free(struct cw_control *control);

#endif
