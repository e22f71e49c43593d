/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a process, two pipes and two timers, and one place where they come to an end. The process decides when that is:
 * who holds a pipe open after it is not waited for longer than a moment, in which its last words arrive.
 *
 * running -> (terminating) -> ended -> closed. The leader of the group is not reaped before `ended`, so that the
 * group's number cannot have become somebody else's while it is signalled. Afterwards it can only where the system has
 * gone through all of its numbers between two lines of libuv.
 */
#include "cardwatch/exec.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/loop.h"
#include "uvloop.h"

enum {
        DRAIN_MS = 200, /* for last words, after the end */
        CHUNK = 16 * 1024,
        FLOOD_MAX = 1024 * 1024, /* of stderr; then nobody listens any more */
};

struct cw_exec {
        struct cw_loop *loop;
        struct cw_call call; /* of `done` */
        uv_process_t process;
        uv_pipe_t input_pipe, error_pipe;
        uv_write_t write;
        struct cw_timer *deadline, *drain;
        unsigned open; /* handles */
        bool input_open, error_open, process_open, running, closing;
        char **command, **environment;
        char *input;
        size_t input_len;
        struct cw_exec_answer answer;
        char line[CW_EXEC_LINE_MAX + 1], next_line[CW_EXEC_LINE_MAX + 1];
        size_t next_len, heard;
        char chunk[CHUNK];
        cw_exec_done_fn done;
        void *data;
};

static void free_words(char **words)
{
        for (char **word = words; word && *word; word++)
                free(*word);
        free(words);
}

static int copy_words(const char *const *words, char ***ret_words)
{
        size_t n = 0;
        char **copy;

        while (words && words[n])
                n++;
        copy = calloc(n + 1, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                copy[i] = strdup(words[i]);
                if (!copy[i]) {
                        free_words(copy);
                        return -ENOMEM;
                }
        }
        *ret_words = copy;
        return 0;
}

static void exec_free(struct cw_exec *exec)
{
        if (!exec)
                return;
        cw_timer_free(exec->deadline);
        cw_timer_free(exec->drain);
        free_words(exec->command);
        free_words(exec->environment);
        free(exec->input);
        free(exec);
}

CW_DEFINE_CLEANUP(struct cw_exec *, exec_free);

/* The last line that holds anything, cut at its end. */
static void keep_line(struct cw_exec *exec)
{
        if (exec->next_len == 0)
                return;
        memcpy(exec->line, exec->next_line, exec->next_len);
        exec->line[exec->next_len] = '\0';
        exec->next_len = 0;
}

static void finish(void *data)
{
        struct cw_exec *exec = data;

        keep_line(exec);
        exec->answer.line = exec->line;
        exec->done(exec->data, &exec->answer);
        exec_free(exec);
}

static void on_closed(uv_handle_t *handle)
{
        struct cw_exec *exec = handle->data;

        if (--exec->open == 0 && exec->closing && !cw_loop_holds_back(exec->loop, &exec->call))
                finish(exec);
}

static void close_handle(void *handle, bool *open)
{
        if (*open)
                uv_close(handle, on_closed);
        *open = false;
}

/* Everything is let go of; `done` follows when libuv has. */
static void close_all(struct cw_exec *exec)
{
        if (exec->closing)
                return;
        exec->closing = true;
        cw_timer_stop(exec->deadline);
        cw_timer_stop(exec->drain);
        close_handle(&exec->input_pipe, &exec->input_open);
        close_handle(&exec->error_pipe, &exec->error_open);
        close_handle(&exec->process, &exec->process_open);
}

static void signal_group(const struct cw_exec *exec, int signum)
{
        if (exec->process.pid > 0)
                (void)kill(-exec->process.pid, signum);
}

static void on_exit_of(uv_process_t *process, int64_t status, int term_signal)
{
        struct cw_exec *exec = process->data;

        cw_loop_interrupted(exec->loop);
        exec->running = false;
        exec->answer.status = term_signal ? 0 : (int)status;
        exec->answer.signal = term_signal;
        signal_group(exec, SIGKILL);
        cw_timer_stop(exec->deadline);
        if (exec->error_open)
                cw_timer_start(exec->drain, DRAIN_MS);
        else
                close_all(exec);
}

static void on_drained(void *data)
{
        close_all(data);
}

static void on_deadline(void *data)
{
        struct cw_exec *exec = data;

        if (exec->answer.failure == 0) {
                exec->answer.failure = -ETIMEDOUT;
                signal_group(exec, SIGTERM);
                /* Who is stopped hears of it only when going on. */
                signal_group(exec, SIGCONT);
                cw_timer_start(exec->deadline, CW_EXEC_GRACE_MS);
        } else {
                signal_group(exec, SIGKILL);
        }
}

static void hear(struct cw_exec *exec, const char *bytes, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                if (bytes[i] == '\n' || bytes[i] == '\r')
                        keep_line(exec);
                else if (exec->next_len < CW_EXEC_LINE_MAX && bytes[i] != '\0')
                        exec->next_line[exec->next_len++] = bytes[i];
        }
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
        struct cw_exec *exec = handle->data;

        (void)suggested;
        *ret_buf = uv_buf_init(exec->chunk, sizeof(exec->chunk));
}

static void on_heard(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
        struct cw_exec *exec = stream->data;

        if (n > 0) {
                hear(exec, buf->base, (size_t)n);
                exec->heard += (size_t)n;
        }
        if (n >= 0 && exec->heard <= FLOOD_MAX)
                return;
        close_handle(&exec->error_pipe, &exec->error_open);
        if (!exec->running)
                close_all(exec);
}

/* Whether it was read is the command's business. */
static void on_written(uv_write_t *write, int status)
{
        struct cw_exec *exec = write->data;

        (void)status;
        close_handle(&exec->input_pipe, &exec->input_open);
}

/* A pipe and no socket, which is what libuv would make: nobody could open /dev/stdin or /dev/stderr. `ours` is the end
 * that stays here, 0 to read from; the other one is returned. */
static int open_pipe(struct cw_exec *exec, uv_pipe_t *pipe, bool *open, int ours)
{
        uv_file ends[2];
        int r;

        /* Cannot fail: it only fills in fields (its source says so). */
        (void)uv_pipe_init(cw_loop_uv(exec->loop), pipe, 0);
        pipe->data = exec;
        *open = true;
        exec->open++;
        r = uv_pipe(ends, ours == 0 ? UV_NONBLOCK_PIPE : 0, ours == 1 ? UV_NONBLOCK_PIPE : 0);
        if (r < 0)
                return r;
        r = uv_pipe_open(pipe, ends[ours]);
        if (r < 0) {
                close(ends[0]);
                close(ends[1]);
                return r;
        }
        return ends[1 - ours];
}

static int spawn(struct cw_exec *exec, int input, int error)
{
        uv_stdio_container_t stdio[] = {
                {.flags = UV_INHERIT_FD, .data.fd = input},
                {.flags = UV_IGNORE},
                {.flags = UV_INHERIT_FD, .data.fd = error},
        };
        uv_process_options_t options = {
                .exit_cb = on_exit_of,
                .file = exec->command[0],
                .args = exec->command,
                .env = exec->environment,
                .cwd = "/",
                .flags = UV_PROCESS_DETACHED,
                .stdio_count = CW_ARRAY_SIZE(stdio),
                .stdio = stdio,
        };
        int r;

        /* A handle that libuv has seen is closed, whether it became a process or not. */
        exec->process.data = exec;
        exec->process_open = true;
        exec->open++;
        r = uv_spawn(cw_loop_uv(exec->loop), &exec->process, &options);
        exec->running = r == 0;
        return r;
}

static int run(struct cw_exec *exec)
{
        int input = open_pipe(exec, &exec->input_pipe, &exec->input_open, 1);
        int error = open_pipe(exec, &exec->error_pipe, &exec->error_open, 0);
        int r = input < 0 ? input : error < 0 ? error : spawn(exec, input, error);

        if (input >= 0)
                close(input);
        if (error >= 0)
                close(error);
        return r;
}

/* Pipes that work no better than this are none: the command sees the end of its input, or is not heard. */
static void converse(struct cw_exec *exec)
{
        uv_buf_t input = uv_buf_init(exec->input, (unsigned)exec->input_len);

        exec->write.data = exec;
        if (uv_write(&exec->write, (uv_stream_t *)&exec->input_pipe, &input, 1, on_written) < 0)
                close_handle(&exec->input_pipe, &exec->input_open);
        if (uv_read_start((uv_stream_t *)&exec->error_pipe, on_allocate, on_heard) < 0)
                close_handle(&exec->error_pipe, &exec->error_open);
}

static int prepare(struct cw_exec *exec, const struct cw_exec_request *request)
{
        int r;

        r = copy_words(request->command, &exec->command);
        if (r == 0)
                r = copy_words(request->environment, &exec->environment);
        if (r < 0)
                return r;
        exec->input = malloc(request->input_len + 1);
        if (!exec->input)
                return -ENOMEM;
        if (request->input_len > 0)
                memcpy(exec->input, request->input, request->input_len);
        exec->input_len = request->input_len;
        r = cw_timer_new(exec->loop, on_deadline, exec, &exec->deadline);
        return r < 0 ? r : cw_timer_new(exec->loop, on_drained, exec, &exec->drain);
}

int cw_exec_start(struct cw_loop *loop, const struct cw_exec_request *request, cw_exec_done_fn done, void *data,
                  struct cw_exec **ret_exec)
{
        cw_cleanup(exec_free_cleanup) struct cw_exec *exec = NULL;
        int r;

        if (!request->command || !request->command[0] || request->command[0][0] != '/' || request->timeout_ms <= 0 ||
            request->input_len > UINT32_MAX)
                return -EINVAL;
        exec = calloc(1, sizeof(*exec));
        if (!exec)
                return -ENOMEM;
        exec->loop = loop;
        exec->call = (struct cw_call){.fn = finish, .data = exec};
        exec->done = done;
        exec->data = data;
        r = prepare(exec, request);
        if (r < 0)
                return r;
        r = run(exec);
        *ret_exec = exec;
        if (r < 0) {
                exec->answer.failure = r;
                close_all(cw_take(exec));
                return 0;
        }
        converse(exec);
        cw_timer_start(exec->deadline, (uint64_t)request->timeout_ms);
        exec = NULL;
        return 0;
}

void cw_exec_cancel(struct cw_exec *exec)
{
        if (!exec->running)
                return;
        if (exec->answer.failure == 0)
                exec->answer.failure = -ECANCELED;
        signal_group(exec, SIGKILL);
}
