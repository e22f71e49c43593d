/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_CONTROL_H
#define CARDWATCH_DAEMON_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_log;
struct cw_loop;
struct cw_source_view;

/*
 * Control: what operators and their programs ask of the running daemon, over HTTP on its socket.
 *
 * Knows paths, methods, bodies and problems (RFC 9457), and logs who did what. What it shows and does is behind calls:
 * it holds no state of the daemon and decides nothing.
 */

struct cw_control;

/* Who acts, as they say themselves ("" if they do not), and as the kernel says. */
struct cw_control_actor {
        const char *by, *why;
        int64_t uid; /* -1: not known */
};

/* All are called from the loop, and must not free the control. */
struct cw_control_calls {
        size_t (*n_sources)(void *data);
        void (*view_source)(void *data, size_t source, struct cw_source_view *ret_view);
        bool (*store_works)(void *data);
        void (*accept)(void *data, size_t source, const struct cw_control_actor *actor);
        /* False: refused, `why` says so. */
        bool (*reload)(void *data, struct cw_buf *why);
        void (*poll)(void *data);
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
void cw_control_free(struct cw_control *control);

#endif
