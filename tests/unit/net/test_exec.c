/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: real processes, each a line of shell that misbehaves in one way; afterwards nothing of them is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cardwatch/clock.h"
#include "cardwatch/exec.h"
#include "cardwatch/loop.h"

#define FLOOD "i=0; while [ $i -lt 64 ]; do head -c 65536 /dev/zero | tr '\\0' x"

struct run {
        struct cw_loop *loop;
        struct cw_exec *exec;
        struct cw_timer *timer;
        struct cw_exec_answer answer;
        char line[CW_EXEC_LINE_MAX + 1];
        int n_done;
        int64_t took_ms;
};

static const char *const environment[] = {"PATH=/usr/bin:/bin", "CARDWATCH_KIND=alert", NULL};
static char folder[64];

static void on_done(void *data, const struct cw_exec_answer *answer)
{
        struct run *run = data;

        run->answer = *answer;
        snprintf(run->line, sizeof(run->line), "%s", answer->line);
        run->n_done++;
}

static void on_timer(void *data)
{
        struct run *run = data;

        cw_exec_cancel(run->exec);
        cw_exec_cancel(run->exec);
}

static void run_command(struct run *run, const char *const *command, const char *input, size_t len, int64_t timeout_ms)
{
        struct cw_exec_request request = {command, environment, input, len, timeout_ms};
        int64_t began = cw_clock_mono_ms();

        assert_int_equal(cw_exec_start(run->loop, &request, on_done, run, &run->exec), 0);
        assert_int_equal(run->n_done, 0);
        cw_loop_run(run->loop);
        run->took_ms = cw_clock_mono_ms() - began;
        assert_int_equal(run->n_done, 1);
        run->n_done = 0;
        /* No zombies, and nobody left whom the system gave back to us. */
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        assert_int_equal(errno, ECHILD);
}

static void run_shell(struct run *run, const char *script, const char *input, size_t len, int64_t timeout_ms)
{
        run_command(run, (const char *const[]){"/bin/sh", "-c", script, NULL}, input, len, timeout_ms);
}

static int enter(void **state)
{
        static struct run run;

        run = (struct run){0};
        strcpy(folder, "/tmp/cw-exec-XXXXXX");
        assert_non_null(mkdtemp(folder));
        assert_int_equal(setenv("CW_TEST_FOLDER", folder, 1), 0);
        assert_int_equal(cw_loop_new(&run.loop), 0);
        *state = &run;
        return 0;
}

static int leave(void **state)
{
        struct run *run = *state;
        char command[128];

        cw_loop_free(run->loop);
        snprintf(command, sizeof(command), "rm -rf '%s'", folder);
        return system(command);
}

static void test_endings(void **state)
{
        static const struct {
                const char *name, *script;
                int failure, status, signal;
                const char *line;
        } cases[] = {
                {"a command that ends well has ended well", "exit 0", 0, 0, 0, ""},
                {"its exit status is told", "exit 75", 0, 75, 0, ""},
                {"the last line on stderr is told", "echo one >&2; echo two >&2; exit 3", 0, 3, 0, "two"},
                {"a last line needs no end", "printf 'one\\ntwo' >&2; exit 1", 0, 1, 0, "two"},
                {"an empty line after it says nothing", "printf 'one\\n\\n\\n' >&2; exit 1", 0, 1, 0, "one"},
                {"a NUL in it does not end it", "printf 'a\\0b' >&2; exit 1", 0, 1, 0, "ab"},
                {"/dev/stderr can be opened", "echo said >/dev/stderr; exit 1", 0, 1, 0, "said"},
                {"what it says on stdout is not told", "echo out; exit 1", 0, 1, 0, ""},
                {"/dev/stdin can be opened", "read -r x </dev/stdin; [ \"$x\" = '{\"a\": 1}' ]", 0, 0, 0, ""},
                {"its input ends", "cat >/dev/null; exit 4", 0, 4, 0, ""},
                {"a signal that ended it is told", "kill -9 $$", 0, 0, 9, ""},
                {"it has no variables but those it is given",
                 "[ -z \"$CW_TEST_FOLDER$HOME\" ] && [ \"$PATH\" = /usr/bin:/bin ] && [ \"$CARDWATCH_KIND\" = alert ]",
                 0, 0, 0, ""},
                {"it stands in /", "[ \"$(pwd)\" = / ]", 0, 0, 0, ""},
                {"it leads a session of its own", "[ \"$(ps -o sid= -p $$ | tr -d ' ')\" = $$ ]", 0, 0, 0, ""},
                {"no signal is ignored or blocked in it",
                 "grep -q '^SigIgn:.0*$' /proc/self/status && grep -q '^SigBlk:.0*$' /proc/self/status", 0, 0, 0, ""},
        };
        struct run *run = *state;

        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                print_message("  %s\n", cases[i].name);
                run_shell(run, cases[i].script, "{\"a\": 1}\n", 9, 10000);
                assert_string_equal(run->line, cases[i].line);
                assert_int_equal(run->answer.failure, cases[i].failure);
                assert_int_equal(run->answer.status, cases[i].status);
                assert_int_equal(run->answer.signal, cases[i].signal);
        }
}

static void test_a_long_line_is_cut(void **state)
{
        struct run *run = *state;

        run_shell(run, "head -c 100000 /dev/zero | tr '\\0' x >&2", "", 0, 10000);
        assert_int_equal(strlen(run->line), CW_EXEC_LINE_MAX);
        assert_int_equal(strspn(run->line, "x"), CW_EXEC_LINE_MAX);
}

static void test_words_are_handed_over_as_they_are(void **state)
{
        struct run *run = *state;

        run_command(run,
                    (const char *const[]){"/bin/sh", "-c", "[ \"$1\" = '$(id); x' ] && [ -z \"$2\" ] && [ $# = 2 ]",
                                          "name", "$(id); x", "", NULL},
                    "", 0, 10000);
        assert_int_equal(run->answer.status, 0);
}

static void test_what_cannot_be_run_is_an_answer(void **state)
{
        static const struct {
                const char *command;
                int failure;
        } cases[] = {{"/no/such/command", -ENOENT}, {"/etc/passwd", -EACCES}, {"/etc", -EACCES}};
        struct run *run = *state;

        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                print_message("  %s\n", cases[i].command);
                run_command(run, (const char *const[]){cases[i].command, NULL}, "{}", 2, 1000);
                assert_int_equal(run->answer.failure, cases[i].failure);
        }
}

static void test_a_relative_command_is_refused(void **state)
{
        struct run *run = *state;
        struct cw_exec_request request = {(const char *const[]){"true", NULL}, environment, "", 0, 1000};

        assert_int_equal(cw_exec_start(run->loop, &request, on_done, run, &run->exec), -EINVAL);
        request.command = (const char *const[]){NULL};
        assert_int_equal(cw_exec_start(run->loop, &request, on_done, run, &run->exec), -EINVAL);
}

/* Four times what a pipe holds, and nobody who reads it; and somebody who reads all of it. */
static void test_a_large_input(void **state)
{
        size_t len = 4 << 20;
        char *input = malloc(len);
        struct run *run = *state;

        assert_non_null(input);
        memset(input, 'x', len);
        run_shell(run, "[ \"$(wc -c)\" = 4194304 ]", input, len, 20000);
        assert_int_equal(run->answer.failure, 0);
        assert_int_equal(run->answer.status, 0);
        run_shell(run, "exec <&-; exit 0", input, len, 10000);
        assert_int_equal(run->answer.failure, 0);
        assert_int_equal(run->answer.status, 0);
        run_shell(run, "exec <&-; sleep 0.2; exit 75", input, len, 10000);
        assert_int_equal(run->answer.status, 75);
        run_shell(run, "exec sleep 60", input, len, 300);
        assert_int_equal(run->answer.failure, -ETIMEDOUT);
        free(input);
}

static void test_a_flood(void **state)
{
        struct run *run = *state;

        run_shell(run, FLOOD "; i=$((i+1)); done; exit 7", "", 0, 20000); /* to stdout */
        assert_int_equal(run->answer.status, 7);
        /* On stderr nobody listens any more after a while, and writing becomes an error. */
        run_shell(run, "exec yes >&2", "", 0, 20000);
        assert_int_equal(run->answer.failure, 0);
        assert_true(run->answer.signal == SIGPIPE || run->answer.status != 0);
        assert_true(run->took_ms < 15000);
}

static void test_a_timeout_ends_the_group(void **state)
{
        static const struct {
                const char *name, *script;
                int64_t least_ms, most_ms;
        } cases[] = {
                {"a command that hangs is ended", "exec sleep 60", 300, 1500},
                {"its children are too", "sleep 60 & sleep 60", 300, 1500},
                {"one that is stopped hears of it", "kill -STOP $$; sleep 60", 300, 1500},
                {"one that ignores SIGTERM is killed", "trap '' TERM; while :; do sleep 0.05; done", 2200, 5000},
                {"and so is its child that ignores it when it does not", "(trap '' TERM; exec sleep 60) & sleep 60",
                 300, 1500},
        };
        struct run *run = *state;
        char script[512];

        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                char path[128], group[32] = "";
                FILE *file;

                print_message("  %s\n", cases[i].name);
                snprintf(path, sizeof(path), "%s/group", folder);
                snprintf(script, sizeof(script), "echo $$ >%s; %s", path, cases[i].script);
                run_shell(run, script, "", 0, 300);
                assert_int_equal(run->answer.failure, -ETIMEDOUT);
                assert_in_range(run->took_ms, cases[i].least_ms, cases[i].most_ms);
                file = fopen(path, "re");
                assert_non_null(file);
                assert_non_null(fgets(group, sizeof(group), file));
                fclose(file);
                /* Who was killed may be with init for a moment. */
                for (int n = 0; kill(-atoi(group), 0) == 0 && n < 200; n++)
                        usleep(10000);
                assert_int_equal(kill(-atoi(group), 0), -1);
                assert_int_equal(errno, ESRCH);
        }
}

static void test_who_is_left_behind_is_not_waited_for(void **state)
{
        struct run *run = *state;

        run_shell(run, "sleep 60 & echo gone >&2; exit 3", "", 0, 10000);
        assert_int_equal(run->answer.status, 3);
        assert_string_equal(run->line, "gone");
        assert_true(run->took_ms < 2000);
        /* Not even who left the group, and holds on to stderr: nobody can end that one, so it ends by itself. */
        run_shell(run, "setsid sleep 3 & exit 4", "", 0, 10000);
        assert_int_equal(run->answer.status, 4);
        assert_true(run->took_ms < 2000);
}

static void test_cancel(void **state)
{
        struct run *run = *state;

        assert_int_equal(cw_timer_new(run->loop, on_timer, run, &run->timer), 0);
        cw_timer_start(run->timer, 100);
        run_shell(run, "trap '' TERM; sleep 60", "", 0, 10000);
        assert_int_equal(run->answer.failure, -ECANCELED);
        assert_true(run->took_ms < 2000);
        cw_timer_free(run->timer);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_endings),
                cmocka_unit_test(test_a_long_line_is_cut),
                cmocka_unit_test(test_words_are_handed_over_as_they_are),
                cmocka_unit_test(test_what_cannot_be_run_is_an_answer),
                cmocka_unit_test(test_a_relative_command_is_refused),
                cmocka_unit_test(test_a_large_input),
                cmocka_unit_test(test_a_flood),
                cmocka_unit_test(test_a_timeout_ends_the_group),
                cmocka_unit_test(test_who_is_left_behind_is_not_waited_for),
                cmocka_unit_test(test_cancel),
        };

        return cmocka_run_group_tests(tests, enter, leave);
}
