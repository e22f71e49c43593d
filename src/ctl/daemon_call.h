/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_DAEMON_CALL_H
#define CARDWATCH_CTL_DAEMON_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "cardwatch/buf.h"

struct cw_command;

/*
 * Daemon call: one request to the running daemon, on its socket, and what it came to.
 *
 * Finds the socket, says what went wrong, and knows the exit status that goes with it. What is asked, and what an
 * answer looks like, is the command's business.
 */

/* Where the daemon may be: what --socket or -c said, both may be NULL. */
struct cw_daemon_place {
        const char *socket, *config;
};

struct cw_daemon_call {
        const struct cw_command *command; /* whose words errors begin with */
        struct cw_daemon_place place;
        const char *method, *path; /* "/api/v1/…" */
        const char *body; /* NULL: none */
        int64_t timeout_ms; /* 0: the usual */
};

#define CW_DAEMON_LONG_MS (INT64_C(6) * 3600000) /* for what takes as long as the store is large */

/*
 * CW_EXIT_OK with the answer's body appended; CW_EXIT_UNAVAILABLE when nobody answers, CW_EXIT_FAILED when the daemon
 * refused, CW_EXIT_CONFIG when the configuration cannot be read. All but the first are already said.
 */
int cw_daemon_call(const struct cw_daemon_call *call, struct cw_buf *answer);

/* Appends {"by": …, "why": …}; what is NULL is left out. */
void cw_daemon_actor(struct cw_buf *body, const char *by, const char *why);

/* The lines of `-h` that all such commands share. */
#define CW_DAEMON_USAGE                                                                                                \
        "      --socket PATH  the daemon's socket (default " CW_CONFIG_CONTROL_SOCKET ")\n"                            \
        "  -c, --config FILE  take it from the control.socket of this configuration\n"                                 \
        "  -h, --help         this text\n"

#define CW_DAEMON_STATUS "Exit status: 0 well, 1 the daemon refused, 64 usage, 69 it is not reachable.\n"

#endif
