/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_EXEC_H
#define CARDWATCH_EXEC_H

#include <stddef.h>
#include <stdint.h>

struct cw_loop;

/*
 * Exec: runs a command, gives it bytes to read, and says how it ended.
 *
 * No shell: the words are handed over as they are. The command leads a session and a process group of its own and has
 * nothing of ours but the environment it is given: its output goes nowhere, of what it says on stderr only the last
 * line is kept. It ends with its whole group: when its time is up (SIGTERM, a grace later SIGKILL), when it is
 * cancelled, and whatever it left running when it ended by itself. A command that does not read is no failure.
 *
 * It does not know what an exit status means. `done` fires exactly once, never from inside start.
 */

struct cw_exec;

enum { CW_EXEC_GRACE_MS = 2000, CW_EXEC_LINE_MAX = 160 };

struct cw_exec_request {
        const char *const *command; /* ended by NULL; the first is an absolute path. Copied, like all of this. */
        const char *const *environment; /* "NAME=value", ended by NULL */
        const char *input;
        size_t input_len;
        int64_t timeout_ms;
};

struct cw_exec_answer {
        int failure; /* 0: it ended by itself; -ETIMEDOUT, -ECANCELED, or why it could not be run */
        int status; /* its exit status; 0 unless it ended by itself and not by a signal */
        int signal; /* that ended it; 0: none */
        const char *line; /* the last it said on stderr; "": nothing */
};

typedef void (*cw_exec_done_fn)(void *data, const struct cw_exec_answer *answer);

/* -EINVAL: no command, or not an absolute path. -ENOMEM. A command that cannot be run is an answer. */
int cw_exec_start(struct cw_loop *loop, const struct cw_exec_request *request, cw_exec_done_fn done, void *data,
                  struct cw_exec **ret_exec) __attribute__((warn_unused_result));

/* The group is killed at once; `done` fires soon. Idempotent until then. */
void cw_exec_cancel(struct cw_exec *exec);

#endif
